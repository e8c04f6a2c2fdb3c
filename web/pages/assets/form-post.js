// Sends the answer on without a click; without scripts, the page has a button.
document.forms[0].submit();
