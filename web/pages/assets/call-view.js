/**
 * What a person sees from asking to join until the end: connecting, the lobby, the call, the end reason.
 * @module call-view
 */

import { announcementText, say, toast } from './announce.js';
import { AudioOutput } from './audio.js';
import { Banner } from './banner.js';
import { Chat } from './chat.js';
import { openDetails } from './details.js';
import { h, setAttribute, setText, showView } from './dom.js';
import { endView } from './end-view.js';
import { Hints } from './hints.js';
import { catalogues, noticeText, t, withoutIsolates } from './i18n.js';
import { icon } from './icons.js';
import { REACTIONS } from './meeting-controls.js';
import { LobbyPanel, People } from './people.js';
import { QualityWatch, qualityMark, qualityText, showQuality } from './quality.js';
import { Redraw } from './redraw.js';
import { openSettings } from './settings.js';
import { Shortcuts } from './shortcuts.js';
import { Stage } from './stage.js';
import { Toolbar } from './toolbar.js';
import { viewMenu } from './view-menu.js';
import { waitingView } from './waiting-view.js';

// Whoever shows a call has its texts.
await catalogues('common', 'people', 'call');

/** From this width on the panels stand beside the pictures; the style sheet has the same figure. */
const WIDE = matchMedia('(min-width: 720px)');
/** From this width on there is room for both panels from the start. */
const ROOMY = matchMedia('(min-width: 1000px)');
/** Of a message that is read out, at most. */
const READ_OUT = 200;

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
    const make = { connecting: waiting, lobby: waiting, connected: () => inCall(call, local, { guestLink }), ended };
    view = make[call.state]();
    document.body.dataset.view = call.state;
    showView(container, view.element, { focus: call.state !== 'connected' });
    view.update('state');
  }

  function waiting() {
    return waitingView(call, local);
  }

  function ended() {
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

/** The call itself. */
function inCall(call, local, { guestLink }) {
  const stage = new Stage(call, local);
  const pictures = new Redraw(call, () => stage.update());
  const people = new People(call);
  const lobby = new LobbyPanel(call);
  const chat = new Chat(call);
  const banner = new Banner(call);
  const toolbar = new Toolbar(call, local, { togglePeople: () => toggle('people'), toggleChat: () => toggle('chat') });
  const hints = new Hints(call, local, () => audio.unlock());
  const audio = new AudioOutput((blocked) => hints.showBlocked(blocked));
  const head = header(call, stage, local, { guestLink, shortcuts: () => shortcuts.show() });
  const side = h('aside', { class: 'side', 'aria-label': t('call-people-and-chat') }, people.element, chat.element);
  const element = h(
    'main',
    { class: 'call', testid: 'in-call' },
    head.element,
    lobby.element,
    h('div', { class: 'call-stage' }, banner.element, stage.element, hints.element),
    side,
    toolbar.element,
    audio.element,
  );
  const shortcuts = new Shortcuts({
    mute: () => toolbar.toggleMute(),
    camera: () => toolbar.toggleCamera(),
    share: () => toolbar.toggleShare(),
    hand: () => toolbar.toggleHand(),
    talk: (speaking) => hints.showTalking(toolbar.talk(speaking) && speaking),
  });
  const quality = new QualityWatch(
    () => call.pc,
    ({ own, tracks }) => {
      head.showQuality(own);
      stage.showQuality(tracks);
    },
  );
  /** Messages there were when last looked. */
  let known = call.messages.length;

  /** Beside the pictures panels show from the start; on a phone one at a time covers them. */
  function showPanels(people, chat) {
    element.dataset.people = String(people);
    element.dataset.chat = String(chat);
  }

  function open(panel) {
    return element.dataset[panel] === 'true';
  }

  function toggle(panel) {
    const wanted = { people: open('people'), chat: open('chat') };
    wanted[panel] = !wanted[panel];
    const other = panel === 'chat' ? 'people' : 'chat';
    if (!WIDE.matches && wanted[panel]) wanted[other] = false;
    showPanels(wanted.people, wanted.chat);
    update('chat');
    if (panel === 'chat' && wanted.chat) chat.focus();
  }

  function update(topic) {
    if (topic === 'speaking') {
      stage.updateSpeaking();
      people.updateSpeaking();
      return;
    }
    if (topic === 'typing') {
      chat.updateTyping();
      return;
    }
    if (topic === 'roster' || topic === 'tracks' || topic === 'meeting') pictures.soon();
    if (topic === 'state' || topic === 'local') pictures.now();
    if (topic === 'meeting' || topic === 'state') banner.update();
    if (topic === 'tracks' || topic === 'state') audio.update(call.tracks.values());
    if (topic === 'roster' || topic === 'access' || topic === 'meeting' || topic === 'state') people.update();
    if (topic === 'waiting' || topic === 'state') lobby.update();
    if (topic === 'chat' || topic === 'access' || topic === 'state' || topic === 'receipts') chat.update();
    if (topic === 'chat') readOut();
    if (topic === 'local' || topic === 'state') {
      audio.play(local.speaker);
      hints.update();
    }
    toolbar.update({ unread: chat.unread, waiting: lobby.count, people: open('people'), chat: open('chat') });
    setAttribute(element, 'data-lobby', lobby.count > 0);
    const troubled = call.reconnecting || call.mediaState === 'disconnected' || call.mediaState === 'failed';
    hints.showTrouble(troubled);
    element.dataset.connection = troubled ? 'interrupted' : 'good';
    element.dataset.media = call.mediaState;
    head.update();
    document.title = withoutIsolates(lobby.count > 0 ? t('call-title-waiting', { count: lobby.count, subject: subject() }) : `${subject()} · Anteroom`);
  }

  function subject() {
    return call.subject || t('call-meeting');
  }

  /** The log of the chat reads out what is in it; nobody hears a panel that is closed. */
  function readOut() {
    const fresh = call.messages.slice(known);
    known = call.messages.length;
    if (chat.element.offsetParent !== null || fresh.length === 0) return;
    const last = fresh.at(-1);
    if (last.history || last.senderRawId === call.rawId) return;
    say(t('call-chat-from', { name: last.sender || t('call-somebody'), text: last.text.slice(0, READ_OUT) }));
  }

  const onReaction = ({ detail }) => {
    const reaction = REACTIONS[detail.kind];
    if (!reaction) return;
    stage.react(detail.participantId, reaction.symbol);
    if (detail.participantId === call.participantId) return;
    const name = call.participants.get(detail.participantId)?.displayName || t('call-somebody');
    say(t('call-reacted', { name, reaction: reaction.name }));
  };
  // Comings and goings, for screen readers, where the meeting announces them.
  const onAnnouncement = ({ detail }) => say(announcementText(detail));
  const onLocal = () => update('local');
  const onWidth = () => {
    showPanels(WIDE.matches && ROOMY.matches, WIDE.matches);
    toolbar.movePanels(WIDE.matches ? null : head.panels);
    update('chat');
  };
  // Closing the window is leaving, as everybody knows; what would be lost by mistake is asked about.
  const onClose = (event) => {
    if (local.screen || chat.draft) event.preventDefault();
  };
  call.addEventListener('reaction', onReaction);
  call.addEventListener('announcement', onAnnouncement);
  local.addEventListener('change', onLocal);
  window.addEventListener('beforeunload', onClose);
  for (const width of [WIDE, ROOMY]) width.addEventListener('change', onWidth);
  onWidth();
  say(t('call-entered'));
  return {
    element,
    update,
    close() {
      call.removeEventListener('reaction', onReaction);
      call.removeEventListener('announcement', onAnnouncement);
      local.removeEventListener('change', onLocal);
      window.removeEventListener('beforeunload', onClose);
      for (const width of [WIDE, ROOMY]) width.removeEventListener('change', onWidth);
      if (document.fullscreenElement) document.exitFullscreen().catch(() => {});
      for (const part of [pictures, people, banner, stage, audio, chat, hints, head, shortcuts, quality]) part.close();
    },
  };
}

/** The line above the pictures: subject, time, quality; what is not about talking. */
function header(call, stage, local, { guestLink, shortcuts }) {
  const subject = h('h1');
  const clock = h('time', { class: 'call-clock', 'aria-hidden': 'true' });
  const mark = qualityMark();
  const quality = h('button', { type: 'button', class: 'quiet square quality-button', testid: 'quality', hidden: true, on: { click: showDetails } }, mark);
  const copy = h('button', { type: 'button', class: 'small quiet copy-link', testid: 'copy-link', hidden: !guestLink, on: { click: () => copyGuestLink(call) } }, icon('copy'), h('span', { text: t('call-guest-link') }));
  const panels = h('span', { class: 'head-panels' });
  const settings = t('call-settings');
  let closeDetails = () => {};
  const ticking = setInterval(tick, 1_000);

  function showDetails() {
    closeDetails();
    closeDetails = openDetails(call);
  }

  function tick() {
    const seconds = Math.max(0, Math.floor((Date.now() - call.connectedAt) / 1000));
    const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
    setText(clock, (parts[0] ? parts : parts.slice(1)).map((part) => String(part).padStart(2, '0')).join(':'));
  }

  tick();
  return {
    element: h(
      'header',
      { class: 'call-head' },
      h('span', { class: 'mark', 'aria-hidden': 'true' }, icon('arch')),
      subject,
      clock,
      h('span', { class: 'head-gap' }),
      quality,
      copy,
      panels,
      viewMenu({ stage, details: showDetails, shortcuts }),
      h('button', { type: 'button', class: 'quiet square', testid: 'settings-open', title: settings, 'aria-label': settings, on: { click: () => openSettings(local) } }, icon('settings')),
    ),
    panels,
    update() {
      setText(subject, call.subject || t('call-meeting'));
      setAttribute(subject, 'title', subject.textContent);
    },
    /** @param {import('./quality.js').Level} level */
    showQuality(level) {
      quality.hidden = level === 0;
      showQuality(mark, level);
      const text = t('call-quality', { quality: qualityText(level) });
      setAttribute(quality, 'title', text);
      setAttribute(quality, 'aria-label', text);
    },
    close() {
      clearInterval(ticking);
      closeDetails();
    },
  };
}

async function copyGuestLink(call) {
  const link = new URL('/join', location.href);
  link.searchParams.set('link', call.joinUrl);
  try {
    await navigator.clipboard.writeText(link.href);
    toast(t('call-guest-link-copied'));
  } catch {
    toast(link.href);
  }
}
