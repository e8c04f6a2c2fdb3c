/**
 * The row of buttons below the pictures.
 * @module toolbar
 */

import { toast } from './announce.js';
import { canShareScreen, explain } from './devices.js';
import { h, setAttribute, setText } from './dom.js';
import { icon, setIcon } from './icons.js';
import { MeetingControls } from './meeting-controls.js';
import { whyNot } from './reasons.js';

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

  /**
   * @param {import('./session.js').Conference} call
   * @param {import('./devices.js').LocalMedia} local
   * @param {{togglePeople: () => void, toggleChat: () => void}} panels
   */
  constructor(call, local, { togglePeople, toggleChat }) {
    this.#call = call;
    this.#local = local;
    this.#mute = button('mute', 'mic', () => this.#toggleMute());
    this.#camera = button('camera', 'camera', () => this.#toggleCamera());
    this.#share = button('share', 'screen', () => this.#toggleShare());
    this.#people = button('people', 'people', togglePeople);
    this.#chat = button('chat', 'chat', toggleChat);
    this.#people.classList.add('panel-toggle');
    this.#chat.classList.add('panel-toggle');
    this.#meeting = new MeetingControls(call);
    this.#end = button('end-meeting', 'end', () => this.#confirmEnd());
    const leave = button('leave', 'leave', () => call.leave());
    leave.classList.add('danger');
    this.#end.classList.add('danger-quiet');
    label(leave, 'Leave', 'Leave the meeting');
    label(this.#end, 'End', 'End the meeting for everyone');
    label(this.#people, 'People');
    label(this.#chat, 'Chat');
    this.element = h(
      'div',
      { class: 'toolbar', role: 'group', 'aria-label': 'Call controls' },
      this.#mute,
      this.#camera,
      this.#share,
      ...this.#meeting.elements,
      this.#people,
      this.#chat,
      h('span', { class: 'toolbar-gap' }),
      this.#end,
      leave,
    );
    this.update();
  }

  /** @param {{unread?: number, waiting?: number}} [counts] shown on the buttons of the panels */
  update({ unread = 0, waiting = 0 } = {}) {
    const { muted, camera, screen } = this.#local;
    setIcon(this.#mute, muted ? 'mic-off' : 'mic');
    label(this.#mute, muted ? 'Unmute' : 'Mute');
    off(this.#mute, muted);
    forbid(this.#mute, whyNot(this.#call, 'unmuteMic'));
    setIcon(this.#camera, camera ? 'camera' : 'camera-off');
    label(this.#camera, camera ? 'Stop video' : 'Start video');
    off(this.#camera, camera === null);
    forbid(this.#camera, whyNot(this.#call, 'turnVideoOn'));
    setIcon(this.#share, screen ? 'screen-off' : 'screen');
    label(this.#share, screen ? 'Stop sharing' : 'Share', screen ? 'Stop sharing the screen' : 'Share a screen');
    setAttribute(this.#share, 'data-active', String(screen !== null));
    this.#share.hidden = !canShareScreen();
    forbid(this.#share, whyNot(this.#call, 'shareScreen'));
    this.#meeting.update();
    this.#end.hidden = !this.#call.can('hangUpForEveryOne');
    setAttribute(this.#chat, 'data-count', unread > 0 ? String(unread) : null);
    setAttribute(this.#people, 'data-count', waiting > 0 ? String(waiting) : null);
  }

  async #toggleMute() {
    const unmuting = this.#local.muted;
    await this.#local.setMuted(!unmuting);
    if (unmuting && this.#local.muted) toast(explain('microphone', this.#local.problems.microphone ?? 'missing'));
  }

  async #toggleCamera() {
    const on = this.#local.camera === null;
    this.#camera.disabled = true;
    await this.#local.setCamera(on);
    this.update();
    if (on && !this.#local.camera) toast(explain('camera', this.#local.problems.camera ?? 'missing'));
  }

  async #toggleShare() {
    if (this.#local.screen) {
      this.#local.stopScreen();
      return;
    }
    try {
      await this.#local.startScreen();
    } catch {
      toast('The screen could not be shared.');
    }
  }

  #confirmEnd() {
    const close = () => dialog.close();
    const dialog = h(
      'dialog',
      { class: 'dialog', 'aria-labelledby': 'end-title', on: { close: () => dialog.remove() } },
      h('h2', { id: 'end-title', text: 'End the meeting for everyone?' }),
      h('p', { text: 'All participants are disconnected, and guests lose the chat.' }),
      h(
        'div',
        { class: 'dialog-actions' },
        h('button', { type: 'button', class: 'quiet', text: 'Cancel', on: { click: close } }),
        h('button', {
          type: 'button',
          class: 'danger',
          testid: 'end-meeting-confirm',
          text: 'End meeting',
          on: {
            click: () => {
              close();
              this.#call.endMeeting();
            },
          },
        }),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
  }
}

function button(testid, symbol, action) {
  return h(
    'button',
    { type: 'button', class: 'tool', testid, data: { icon: symbol }, on: { click: action } },
    icon(symbol),
    h('span', { class: 'tool-label' }),
  );
}

function label(element, text, title = text) {
  setText(element.querySelector('.tool-label'), text);
  setAttribute(element, 'title', title);
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
