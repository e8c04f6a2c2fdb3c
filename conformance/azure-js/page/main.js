/**
 * What runs in the browser: unmodified chat clients, as a web application would have them. The test's side of the page is
 * the function `report(name, event)` and, for tokens, `token(user)`.
 */

import { ChatClient } from '@azure/communication-chat';

const EVENTS = [
  'chatMessageReceived',
  'chatMessageEdited',
  'chatMessageDeleted',
  'typingIndicatorReceived',
  'readReceiptReceived',
  'chatThreadCreated',
  'chatThreadPropertiesUpdated',
  'chatThreadDeleted',
  'participantsAdded',
  'participantsRemoved',
  'realTimeNotificationConnected',
  'realTimeNotificationDisconnected',
];

let client;

/** Starts listening; `window.token()` gives a token whenever the client asks for one. */
window.start = async (endpoint) => {
  const credential = {
    getToken: async () => window.token(),
    dispose() {},
  };
  client = new ChatClient(endpoint, credential);
  await window.listen();
};

window.listen = async () => {
  await client.startRealtimeNotifications();
  for (const name of EVENTS) client.on(name, (event) => window.report(name, event ?? null));
};

window.stop = () => client.stopRealtimeNotifications();
window.ready = true;
