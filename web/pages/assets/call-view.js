/**
 * What a person sees from asking to join until the end: connecting, the lobby, the call, the end reason.
 * @module call-view
 */

import { announcementText, say, toast } from './announce.js';
import { AudioOutput } from './audio.js';
import { Banner } from './banner.js';
import { Chat } from './chat.js';
import { h, setAttribute, setText, showView } from './dom.js';
import { endView } from './end-view.js';
import { noticeText } from './i18n.js';
import { icon } from './icons.js';
import { REACTIONS } from './meeting-controls.js';
import { LobbyPanel, People } from './people.js';
import { Stage } from './stage.js';
import { Toolbar } from './toolbar.js';

/** From this width on the panels stand beside the pictures; the style sheet has the same figure. */
const WIDE = matchMedia('(min-width: 720px)');

/**
 * Shows a call in `container` until it has ended.
 *
 * @param {HTMLElement} container
 * @param {import('./session.js').Conference} call not yet started
 * @param {import('./devices.js').LocalMedia} local
 * @param {{rejoin: () => void, back?: {label: string, action: () => void}, guestLink?: boolean}} options
 */
export function showCall(container, call, local, { rejoin, back, guestLink = false }) {
  const plainTitle = document.title;
  /** @type {{element: HTMLElement, update: (topic: string) => void, close: () => void}|null} */
  let view = null;
  let shown = '';

  function enter() {
    if (call.state === shown) {
      view?.update('state');
      return;
    }
    shown = call.state;
    view?.close();
    view = { connecting: waitingView, lobby: waitingView, connected: inCallView, ended: endedView }[call.state]();
    document.body.dataset.view = call.state;
    showView(container, view.element, { focus: call.state !== 'connected' });
    view.update('state');
  }

  function waitingView() {
    return waitingRoom(call, local);
  }

  function inCallView() {
    return inCall(call, local, { guestLink });
  }

  function endedView() {
    local.close();
    document.title = plainTitle;
    return { element: endView(call.end, { rejoin, back }), update() {}, close() {} };
  }

  call.addEventListener('change', ({ detail }) => {
    if (detail.topic === 'state') enter();
    else view?.update(detail.topic);
  });
  call.addEventListener('notice', ({ detail }) => toast(noticeText(detail)));
  enter();
  call.start();
}

/** "Connecting …", then the lobby. */
function waitingRoom(call, local) {
  const title = h('h1');
  const text = h('p', { class: 'waiting-text' });
  const video = h('video', { class: 'preview-video', 'aria-label': 'Your camera', props: { autoplay: true, muted: true, playsInline: true } });
  if (local.camera) video.srcObject = new MediaStream([local.camera]);
  const frame = h('div', { class: 'preview-frame waiting-frame' }, video);
  frame.hidden = !local.camera;
  const status = h('div', { role: 'status', 'aria-live': 'polite' }, title, text);
  const element = h(
    'main',
    { class: 'page narrow waiting' },
    h('div', { class: 'card' }, h('div', { class: 'pulse', 'aria-hidden': 'true' }, icon('arch')), status, frame,
      h('button', { type: 'button', class: 'wide', testid: 'leave', text: 'Leave', on: { click: () => call.leave() } })),
  );
  return {
    element,
    update() {
      if (call.reconnecting) {
        setText(text, 'The connection dropped. Reconnecting …');
        return;
      }
      if (call.state === 'connecting') {
        setText(title, 'Joining …');
        setText(text, 'Connecting to the meeting.');
        return;
      }
      element.dataset.testid = 'lobby';
      element.dataset.reason = call.lobbyReason;
      const forStart = call.lobbyReason === 'REASON_WAIT_FOR_START';
      setText(title, call.subject || 'You’re in the lobby');
      setText(
        text,
        forStart
          ? 'You’re in the lobby. The meeting has not started yet; you get in as soon as it does.'
          : 'You’re in the lobby. Someone in the meeting has to let you in.',
      );
    },
    close() {
      video.srcObject = null;
    },
  };
}

/** The call itself. */
function inCall(call, local, { guestLink }) {
  const stage = new Stage(call, local);
  const people = new People(call);
  const lobby = new LobbyPanel(call);
  const chat = new Chat(call);
  const banner = new Banner(call);
  const toolbar = new Toolbar(call, local, { togglePeople: () => toggle('people'), toggleChat: () => toggle('chat') });
  const unlock = h('button', { type: 'button', class: 'unlock primary', testid: 'unlock-audio', hidden: true, on: { click: () => audio.unlock() } }, icon('speaker'), 'Click to hear the others');
  const audio = new AudioOutput((blocked) => {
    unlock.hidden = !blocked;
  });
  const clock = h('time', { class: 'call-clock', 'aria-hidden': 'true' });
  const connection = h('span', { class: 'connection', role: 'status' });
  const subject = h('h1', { text: call.subject || 'Meeting' });
  const copy = h('button', { type: 'button', class: 'small quiet copy-link', testid: 'copy-link', on: { click: () => copyGuestLink(call) } }, icon('copy'), h('span', { text: 'Guest link' }));
  copy.hidden = !guestLink;
  const side = h('aside', { class: 'side', 'aria-label': 'People and chat' }, people.element, chat.element);
  const element = h(
    'main',
    { class: 'call', testid: 'in-call' },
    h('header', { class: 'call-head' }, h('span', { class: 'mark', 'aria-hidden': 'true' }, icon('arch')), subject, clock, connection, copy),
    lobby.element,
    h('div', { class: 'call-stage' }, banner.element, stage.element, unlock),
    side,
    toolbar.element,
    audio.element,
  );
  const ticking = setInterval(tick, 1_000);
  let seen = 0;

  /** Beside the pictures both panels show from the start; on a phone one at a time covers them. */
  function showPanels(people, chat) {
    element.dataset.people = String(people);
    element.dataset.chat = String(chat);
  }

  function toggle(panel) {
    const open = { people: element.dataset.people === 'true', chat: element.dataset.chat === 'true' };
    open[panel] = !open[panel];
    const other = panel === 'chat' ? 'people' : 'chat';
    if (!WIDE.matches && open[panel]) open[other] = false;
    showPanels(open.people, open.chat);
    update('chat');
    if (panel === 'chat' && open.chat) chat.focus();
  }

  function chatVisible() {
    return chat.element.offsetParent !== null;
  }

  function tick() {
    const seconds = Math.floor((Date.now() - call.connectedAt) / 1000);
    const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
    setText(clock, (parts[0] ? parts : parts.slice(1)).map((part) => String(part).padStart(2, '0')).join(':'));
  }

  function update(topic) {
    if (topic === 'speaking') {
      stage.updateSpeaking();
      people.updateSpeaking();
      return;
    }
    if (topic === 'roster' || topic === 'tracks' || topic === 'meeting' || topic === 'state' || topic === 'local') stage.update();
    if (topic === 'meeting' || topic === 'state') banner.update();
    if (topic === 'tracks' || topic === 'state') audio.update(call.tracks.values());
    if (topic === 'roster' || topic === 'access' || topic === 'meeting' || topic === 'state') people.update();
    if (topic === 'waiting' || topic === 'state') lobby.update();
    if (topic === 'chat' || topic === 'access' || topic === 'state') chat.update();
    if (chatVisible()) seen = chat.count;
    toolbar.update({ unread: chat.count - seen, waiting: lobby.count });
    setAttribute(element, 'data-lobby', lobby.count > 0);
    const troubled = call.reconnecting || call.mediaState === 'disconnected' || call.mediaState === 'failed';
    setText(connection, troubled ? 'Reconnecting …' : '');
    element.dataset.connection = troubled ? 'interrupted' : 'good';
    element.dataset.media = call.mediaState;
    document.title = `${lobby.count > 0 ? `(${lobby.count} waiting) ` : ''}${call.subject || 'Meeting'} · Anteroom`;
  }

  const onReaction = ({ detail }) => {
    const reaction = REACTIONS[detail.kind];
    if (!reaction) return;
    stage.react(detail.participantId, reaction.symbol);
    const own = detail.participantId === call.participantId;
    const name = call.participants.get(detail.participantId)?.displayName ?? 'Somebody';
    if (!own) say(`${name}: ${reaction.name}`);
  };
  // Comings and goings, for screen readers, where the meeting announces them.
  const onAnnouncement = ({ detail }) => say(announcementText(detail));
  const onLocal = () => update('local');
  const onWidth = () => showPanels(WIDE.matches, WIDE.matches);
  call.addEventListener('reaction', onReaction);
  call.addEventListener('announcement', onAnnouncement);
  local.addEventListener('change', onLocal);
  WIDE.addEventListener('change', onWidth);
  onWidth();
  tick();
  say('You are in the meeting.');
  return {
    element,
    update,
    close() {
      clearInterval(ticking);
      call.removeEventListener('reaction', onReaction);
      call.removeEventListener('announcement', onAnnouncement);
      local.removeEventListener('change', onLocal);
      banner.close();
      WIDE.removeEventListener('change', onWidth);
      stage.close();
      audio.close();
    },
  };
}

async function copyGuestLink(call) {
  const link = new URL('/join', location.href);
  link.searchParams.set('link', call.joinUrl);
  try {
    await navigator.clipboard.writeText(link.href);
    toast('The link for guests was copied.');
  } catch {
    toast(link.href);
  }
}
