/**
 * The meeting's chat.
 * @module chat
 */

import { h } from './dom.js';
import { icon } from './icons.js';

/** The service refuses longer texts (UTF-8 bytes). */
const MAX_BYTES = 28_672;
const TIME = new Intl.DateTimeFormat([], { hour: 'numeric', minute: '2-digit' });

/** The chat panel. */
export class Chat {
  #call;
  #shown = new Set();
  #list = h('ol', { class: 'chat-list' });
  #log = h('div', { class: 'chat-log', role: 'log', 'aria-live': 'polite', 'aria-label': 'Messages', tabindex: 0 }, this.#list);
  #empty = h('p', { class: 'chat-empty', text: 'No messages yet. What is said here is gone for guests once they leave.' });
  #input;
  #send;
  #sending = false;

  /** @param {import('./session.js').Conference} call */
  constructor(call) {
    this.#call = call;
    this.#input = h('textarea', {
      testid: 'chat-input',
      rows: 1,
      placeholder: 'Type a message',
      'aria-label': 'Message',
      on: {
        keydown: (event) => {
          if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
          event.preventDefault();
          this.#submit();
        },
        input: () => this.#grow(),
      },
    });
    this.#send = h('button', { type: 'submit', class: 'square primary', testid: 'chat-send', 'aria-label': 'Send', title: 'Send' }, icon('send'));
    const form = h(
      'form',
      {
        class: 'chat-form',
        on: {
          submit: (event) => {
            event.preventDefault();
            this.#submit();
          },
        },
      },
      this.#input,
      this.#send,
    );
    this.element = h('section', { class: 'panel chat', 'aria-label': 'Chat' }, h('h2', { text: 'Chat' }), this.#empty, this.#log, form);
    this.update();
  }

  /** How many messages there are. */
  get count() {
    return this.#call.messages.length;
  }

  update() {
    const { messages, chatAllowed } = this.#call;
    if (messages.length < this.#shown.size) {
      this.#shown.clear();
      this.#list.replaceChildren();
    }
    const atEnd = this.#log.scrollHeight - this.#log.scrollTop - this.#log.clientHeight < 40;
    for (const message of messages) {
      const key = message.id || message;
      if (this.#shown.has(key)) continue;
      this.#shown.add(key);
      this.#list.append(this.#item(message));
    }
    this.#empty.hidden = messages.length > 0;
    if (atEnd) this.#log.scrollTop = this.#log.scrollHeight;
    this.#input.disabled = !chatAllowed;
    this.#send.disabled = !chatAllowed;
    this.#input.placeholder = chatAllowed ? 'Type a message' : 'Chat is not available';
  }

  /** Puts the cursor into the message field. */
  focus() {
    this.#input.focus();
  }

  #item({ senderRawId, sender, text, at }) {
    const own = senderRawId !== '' && senderRawId === (this.#call.rawId || this.#call.me?.rawId);
    const date = new Date(at);
    return h(
      'li',
      { class: own ? 'message own' : 'message', testid: 'chat-message' },
      h('span', { class: 'message-head' }, h('b', { text: own ? 'You' : sender || 'Somebody' }), h('time', { datetime: date.toISOString(), text: TIME.format(date) })),
      h('span', { class: 'message-text' }, ...linked(text)),
    );
  }

  async #submit() {
    const text = this.#input.value.trim();
    if (!text || this.#sending || !this.#call.chatAllowed) return;
    if (new TextEncoder().encode(text).length > MAX_BYTES) {
      this.#input.setCustomValidity('This message is too long.');
      this.#input.reportValidity();
      return;
    }
    // Without a connection this waits until there is one again.
    this.#sending = true;
    this.#input.readOnly = true;
    const sent = await this.#call.sendChat(text);
    this.#sending = false;
    this.#input.readOnly = false;
    if (!sent) return;
    this.#input.value = '';
    this.#grow();
    this.#log.scrollTop = this.#log.scrollHeight;
  }

  #grow() {
    this.#input.setCustomValidity('');
    const lines = Math.min(5, this.#input.value.split('\n').length);
    this.#input.rows = lines;
  }
}

/** Text with https links made clickable; everything else stays text. */
function linked(text) {
  return text.split(/(https:\/\/[^\s<>"']+)/).map((part, index) =>
    index % 2 === 1 ? h('a', { href: part, target: '_blank', rel: 'noopener noreferrer', text: part }) : part,
  );
}
