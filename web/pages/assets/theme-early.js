// Not a module, so that it runs before the first picture: a dark page does not flash in white. theme.js has the rest.
try {
  const { theme } = JSON.parse(localStorage.getItem('anteroom.preferences')) ?? {};
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Without storage it is as the system has it.
}
