/**
 * The row of buttons below the pictures.
 * @module toolbar
 */

import { toast } from './announce.js';
import { canShareScreen, explain } from './devices.js';
import { h, setAttribute, setText } from './dom.js';
import { t } from './i18n.js';
import { icon, setIcon } from './icons.js';
import { MeetingControls } from './meeting-controls.js';
import { menu } from './menu.js';
import { deviceItems } from './pickers.js';
import { whyNot } from './reasons.js';
import { ariaKeysFor, keysFor } from './shortcuts.js';

/** Mute, camera, screen, hand, reactions, panels, leave. */
export class Toolbar {
  #call;
  #local;
  #mute;
  #camera;
  #share;
  #people;
  #chat;
  #end;
  #meeting;
  #panels = h('span', { class: 'tool-panels' });
  /** Unmuted by the space bar only. */
  #talking = false;

  /**
   * @param {import('./session.js').Conference} call
   * @param {import('./devices.js').LocalMedia} local
   * @param {{togglePeople: () => void, toggleChat: () => void}} panels
   */
  constructor(call, local, { togglePeople, toggleChat }) {
    this.#call = call;
    this.#local = local;
    this.#mute = button('mute', 'mic', () => this.toggleMute(), 'mute');
    this.#camera = button('camera', 'camera', () => this.toggleCamera(), 'camera');
    this.#share = button('share', 'screen', () => this.toggleShare(), 'share');
    this.#people = button('people', 'people', togglePeople);
    this.#chat = button('chat', 'chat', toggleChat);
    this.#meeting = new MeetingControls(call);
    setAttribute(this.#meeting.elements[0], 'aria-keyshortcuts', ariaKeysFor('hand'));
    this.#end = button('end-meeting', 'end', () => this.#confirmEnd());
    const leave = button('leave', 'leave', () => call.leave());
    leave.classList.add('danger');
    this.#end.classList.add('danger-quiet');
    label(leave, t('call-leave'), t('call-leave-meeting'));
    label(this.#end, t('call-end'), t('call-end-meeting'));
    label(this.#people, t('call-people'));
    label(this.#chat, t('call-chat'));
    this.#panels.append(this.#people, this.#chat);
    this.element = h(
      'div',
      { class: 'toolbar', role: 'group', 'aria-label': t('call-controls') },
      h('span', { class: 'tool-pair' }, this.#mute, this.#devices('microphone')),
      h('span', { class: 'tool-pair' }, this.#camera, this.#devices('camera')),
      this.#share,
      ...this.#meeting.elements,
      this.#panels,
      h('span', { class: 'toolbar-gap' }),
      this.#end,
      leave,
    );
    this.update();
  }

  /** The buttons of the panels: on a narrow screen they stand elsewhere. @param {Element|null} elsewhere null: back here */
  movePanels(elsewhere) {
    if (elsewhere) elsewhere.append(this.#panels);
    else this.element.querySelector('.toolbar-gap').before(this.#panels);
  }

  /** @param {{unread?: number, waiting?: number, people?: boolean, chat?: boolean}} [state] counts; which panels are open */
  update({ unread = 0, waiting = 0, people, chat } = {}) {
    const { muted, camera, screen } = this.#local;
    setIcon(this.#mute, muted ? 'mic-off' : 'mic');
    label(this.#mute, t(muted ? 'call-unmute' : 'call-mute'), undefined, keysFor('mute'));
    off(this.#mute, muted);
    forbid(this.#mute, whyNot(this.#call, 'unmuteMic'));
    setIcon(this.#camera, camera ? 'camera' : 'camera-off');
    label(this.#camera, t(camera ? 'call-camera-stop' : 'call-camera-start'), undefined, keysFor('camera'));
    off(this.#camera, camera === null);
    forbid(this.#camera, whyNot(this.#call, 'turnVideoOn'));
    setIcon(this.#share, screen ? 'screen-off' : 'screen');
    label(this.#share, t(screen ? 'call-share-stop' : 'call-share'), t(screen ? 'call-share-stop-screen' : 'call-share-screen'), keysFor('share'));
    setAttribute(this.#share, 'data-active', String(screen !== null));
    this.#share.hidden = !canShareScreen();
    forbid(this.#share, whyNot(this.#call, 'shareScreen'));
    this.#meeting.update();
    this.#end.hidden = !this.#call.can('hangUpForEveryOne');
    setAttribute(this.#chat, 'data-count', unread > 0 ? short(unread) : null);
    setAttribute(this.#chat, 'aria-label', unread > 0 ? t('call-chat-button', { count: unread }) : t('call-chat'));
    setAttribute(this.#people, 'data-count', waiting > 0 ? short(waiting) : null);
    setAttribute(this.#people, 'aria-label', waiting > 0 ? t('call-people-button', { count: waiting }) : t('call-people'));
    if (people !== undefined) setAttribute(this.#people, 'aria-expanded', String(people));
    if (chat !== undefined) setAttribute(this.#chat, 'aria-expanded', String(chat));
  }

  async toggleMute() {
    if (this.#mute.disabled) return;
    this.#talking = false;
    const unmuting = this.#local.muted;
    await this.#local.setMuted(!unmuting);
    if (unmuting && this.#local.muted) toast(explain('microphone', this.#local.problems.microphone ?? 'missing'));
  }

  async toggleCamera() {
    if (this.#camera.disabled) return;
    const on = this.#local.camera === null;
    this.#camera.disabled = true;
    await this.#local.setCamera(on);
    this.update();
    if (on && !this.#local.camera) toast(explain('camera', this.#local.problems.camera ?? 'missing'));
  }

  async toggleShare() {
    if (this.#share.disabled || this.#share.hidden) return;
    if (this.#local.screen) {
      this.#local.stopScreen();
      return;
    }
    try {
      await this.#local.startScreen();
    } catch {
      toast(t('call-share-failed'));
    }
  }

  toggleHand() {
    if (this.#call.handRaised || whyNot(this.#call, 'raiseHand') === '') this.#call.setHand(!this.#call.handRaised);
  }

  /**
   * Unmutes as long as a key is down. Who is not muted stays so.
   * @param {boolean} speaking
   * @returns {boolean} whether that changed something
   */
  talk(speaking) {
    if (speaking) {
      if (!this.#local.muted || !this.#local.microphone || this.#mute.disabled) return false;
      this.#talking = true;
    } else {
      if (!this.#talking) return false;
      this.#talking = false;
    }
    this.#local.setMuted(!speaking);
    return true;
  }

  #devices(kind) {
    const title = t(kind === 'camera' ? 'call-cameras' : 'call-microphones');
    const element = menu({ label: title, symbol: 'chevron', testid: `${kind}-menu`, items: () => deviceItems(this.#local, kind) });
    element.classList.add('tool-more');
    return element;
  }

  #confirmEnd() {
    const close = () => dialog.close();
    const confirm = () => {
      close();
      this.#call.endMeeting();
    };
    const dialog = h(
      'dialog',
      { class: 'dialog', 'aria-labelledby': 'end-title', on: { close: () => dialog.remove() } },
      h('h2', { id: 'end-title', text: t('call-end-question') }),
      h('p', { text: t('call-end-consequence') }),
      h(
        'div',
        { class: 'dialog-actions' },
        h('button', { type: 'button', class: 'quiet', text: t('common-cancel'), on: { click: close } }),
        h('button', { type: 'button', class: 'danger', testid: 'end-meeting-confirm', text: t('call-end-confirm'), on: { click: confirm } }),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
  }
}

function button(testid, symbol, action, shortcut = null) {
  return h(
    'button',
    { type: 'button', class: 'tool', testid, 'aria-keyshortcuts': shortcut && ariaKeysFor(shortcut), data: { icon: symbol }, on: { click: action } },
    icon(symbol),
    h('span', { class: 'tool-label' }),
  );
}

function label(element, text, title = text, keys = '') {
  setText(element.querySelector('.tool-label'), text);
  setAttribute(element, 'title', keys ? `${title} (${keys})` : title);
  setAttribute(element, 'aria-label', title);
}

/** Disables a button, and says why. */
function forbid(element, why) {
  element.disabled = why !== '';
  if (why) setAttribute(element, 'title', why);
}

/** For the looks; for screen readers the label says what the button will do. */
function off(element, value) {
  setAttribute(element, 'data-off', String(value));
}

function short(count) {
  return count > 99 ? '99+' : String(count);
}
