// The customer's page: keeps an access token fresh, and opens the meeting with it.

const csrf = document.querySelector('meta[name=csrf]').content;
const join = document.getElementById('join');
const state = document.getElementById('state');

/** How long to wait after a failure, in ms. */
const PAUSE = 15_000;

let current = null;

async function refresh() {
  let wait = PAUSE;
  try {
    const response = await fetch('/api/token', { method: 'POST', headers: { 'x-csrf-token': csrf } });
    if (response.status === 401) {
      location.assign('/');
      return;
    }
    if (!response.ok) throw new Error(await response.text());
    current = await response.json();
    wait = current.refreshAfter * 1000;
    join.disabled = false;
    state.textContent = 'Ready.';
  } catch (error) {
    // A token that is still good serves on.
    if (!current || Date.parse(current.expiresOn) <= Date.now()) {
      join.disabled = true;
      state.textContent = error.message;
    }
  }
  setTimeout(refresh, wait);
}

join.addEventListener('click', () => {
  // After `#`, so that the token is in no server's log; the page takes it out of the address bar.
  const fragment = new URLSearchParams({ token: current.token });
  window.open(`${current.joinPage}#${fragment}`, '_blank', 'noopener');
});

refresh();
