/**
 * The meeting's chat: what was said since joining, who types, who has read it.
 * @module chat
 */

import { arrange, h, initials, setAttribute, setText, tone } from './dom.js';
import { Window, parts } from './chat-text.js';
import { formatDate, formatList, t } from './i18n.js';
import { icon } from './icons.js';

/** The service refuses longer texts (UTF-8 bytes). */
const MAX_BYTES = 28_672;
const TIME = { hour: 'numeric', minute: '2-digit' };
const DAY_AND_TIME = { weekday: 'short', day: 'numeric', month: 'short', hour: 'numeric', minute: '2-digit' };
/** Messages in the page: at first and with each step back, and altogether. */
const WINDOW = { step: 60, most: 180 };
/** Messages of one person within this time stand together, in milliseconds. */
const TOGETHER_MS = 4 * 60_000;
/** This close to its end, in pixels, the log follows what comes. */
const NEAR_END_PX = 48;
/** So many names are named. */
const NAMES = 3;

/** The chat panel. */
export class Chat {
  #call;
  #window = new Window(WINDOW);
  /** What is in the page, by entry: an edited message is another entry. @type {Map<object, HTMLElement>} */
  #items = new Map();
  #list = h('ol', { class: 'chat-list' });
  #log;
  #empty = h('p', { class: 'chat-empty', text: t('call-chat-empty') });
  #typing = h('p', { class: 'chat-typing', role: 'status', testid: 'typing' });
  #latest;
  #input;
  #send;
  #sending = false;
  /** Whether the log stays at its end: until somebody scrolls away from it, whatever becomes of its size. */
  #follows = true;
  #resize = new ResizeObserver(() => this.#follows && this.#stay());
  /** How many messages there were at the last update: more may have come since, and are drawn by the next. */
  #known = 0;
  /** Of the messages before this one all have been seen. */
  #seen = 0;
  /** Where "New" stands, -1: nowhere. */
  #newFrom = -1;
  #newMark = h('li', { class: 'chat-new', testid: 'chat-new', text: t('call-chat-new') });
  #seenBy = h('li', { class: 'seen-by', testid: 'seen-by' });
  #read = '';
  #onVisible = () => this.update();

  /** @param {import('./session.js').Conference} call */
  constructor(call) {
    this.#call = call;
    this.#log = h(
      'div',
      { class: 'chat-log', role: 'log', 'aria-live': 'polite', 'aria-label': t('call-chat-messages'), tabindex: 0, on: { scroll: () => this.#scrolled() } },
      this.#list,
    );
    this.#input = h('textarea', {
      testid: 'chat-input',
      rows: 1,
      'aria-label': t('call-chat-message'),
      on: {
        keydown: (event) => {
          if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
          event.preventDefault();
          this.#submit();
        },
        input: () => this.#typed(),
      },
    });
    const label = t('call-chat-send');
    this.#send = h('button', { type: 'submit', class: 'square primary', testid: 'chat-send', 'aria-label': label, title: label }, icon('send'));
    this.#latest = h('button', { type: 'button', class: 'small chat-latest', testid: 'chat-latest', hidden: true, on: { click: () => this.#toEnd() } }, icon('down'), h('span'));
    const submit = (event) => {
      event.preventDefault();
      this.#submit();
    };
    this.element = h(
      'section',
      { class: 'panel chat', 'aria-label': t('call-chat') },
      h('h2', { text: t('call-chat') }),
      this.#empty,
      h('div', { class: 'chat-place' }, this.#log, this.#latest),
      this.#typing,
      h('form', { class: 'chat-form', on: { submit } }, this.#input, this.#send),
    );
    document.addEventListener('visibilitychange', this.#onVisible);
    this.#resize.observe(this.#log);
    this.update();
  }

  /** How many messages nobody has looked at yet. */
  get unread() {
    return Math.max(0, this.#call.messages.length - this.#seen);
  }

  /** Whether there is a text that was not sent. */
  get draft() {
    return this.#input.value.trim() !== '';
  }

  update() {
    const { messages, chatAllowed } = this.#call;
    const visible = this.#visible();
    // Several may have come at once.
    const following = this.#window.end === 0 || (this.#follows && this.#window.end >= this.#known);
    this.#known = messages.length;
    if (messages.length < this.#seen || messages.length < this.#window.end) this.#startOver();
    this.#markNew(visible);
    if (this.#window.end === 0) this.#window.toEnd(messages.length);
    else if (following || !visible) this.#window.follow(messages.length);
    this.#draw();
    if (following && visible) this.#stay();
    if (visible && following) {
      this.#seen = messages.length;
      this.#sayRead();
    }
    this.#showLatest();
    this.#empty.hidden = messages.length > 0;
    this.#input.disabled = !chatAllowed;
    this.#send.disabled = !chatAllowed;
    setAttribute(this.#input, 'placeholder', t(chatAllowed ? 'call-chat-placeholder' : 'call-chat-unavailable'));
  }

  /** Who types; this changes often. */
  updateTyping() {
    const { typing, participants } = this.#call;
    const names = [...(typing?.keys() ?? [])].map((id) => participants.get(id)?.displayName).filter(Boolean);
    let text = '';
    if (names.length > NAMES) text = t('call-chat-typing-many');
    else if (names.length > 0) text = t('call-chat-typing', { names: formatList(names), count: names.length });
    setText(this.#typing, text);
  }

  /** Puts the cursor into the message field. */
  focus() {
    this.#toEnd();
    this.#input.focus();
  }

  close() {
    document.removeEventListener('visibilitychange', this.#onVisible);
    this.#resize.disconnect();
  }

  #visible() {
    return this.element.offsetParent !== null && document.visibilityState === 'visible';
  }

  #nearEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#log;
    return this.#window.end >= this.#known && scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
  }

  /** Another stay: the chat begins anew. */
  #startOver() {
    this.#items.clear();
    this.#window = new Window(WINDOW);
    this.#follows = true;
    this.#known = this.#call.messages.length;
    this.#seen = 0;
    this.#newFrom = -1;
    this.#read = '';
  }

  /** "New" stands before what came while nobody looked, until the next time nobody looks. */
  #markNew(visible) {
    const { messages } = this.#call;
    if (visible) return;
    if (this.#newFrom !== -1 && this.#newFrom < this.#seen) this.#newFrom = -1;
    if (this.#newFrom !== -1 || messages.length <= this.#seen) return;
    const first = messages.findIndex((message, index) => index >= this.#seen && !this.#own(message));
    this.#newFrom = first;
  }

  #draw() {
    const { messages } = this.#call;
    const kept = new Map();
    const elements = [];
    for (let index = this.#window.start; index < this.#window.end; index += 1) {
      const message = messages[index];
      if (index === this.#newFrom) elements.push(this.#newMark);
      const together = index > this.#window.start && index !== this.#newFrom && this.#together(messages[index - 1], message);
      const element = this.#items.get(message) ?? this.#item(message);
      element.classList.toggle('together', together);
      kept.set(message, element);
      elements.push(element);
      if (index === this.#lastRead(messages)) elements.push(this.#seenBy);
    }
    this.#items = kept;
    arrange(this.#list, elements);
  }

  /** Index of the own message under which stands who has seen it; -1 without one. Fills in who. */
  #lastRead(messages) {
    const { receipts, participants } = this.#call;
    if (!receipts || receipts.size === 0) return -1;
    let index = messages.length - 1;
    while (index >= 0 && !this.#own(messages[index])) index -= 1;
    if (index < 0) return -1;
    const place = new Map(messages.slice(index).map(({ id }) => [id, true]));
    const names = [...receipts]
      .filter(([, id]) => place.has(id))
      .map(([participant]) => participants.get(participant)?.displayName)
      .filter(Boolean);
    if (names.length === 0) return -1;
    const more = names.length - NAMES;
    const shown = more > 0 ? [...names.slice(0, NAMES), t('call-chat-more', { count: more })] : names;
    setText(this.#seenBy, t('call-chat-seen', { names: formatList(shown) }));
    setAttribute(this.#seenBy, 'title', formatList(names));
    return index;
  }

  #own({ senderRawId }) {
    return senderRawId !== '' && senderRawId === (this.#call.rawId || this.#call.me?.rawId);
  }

  #together(before, message) {
    return before.senderRawId === message.senderRawId && before.sender === message.sender && message.at - before.at < TOGETHER_MS;
  }

  #item(message) {
    const own = this.#own(message);
    const name = own ? t('call-you') : message.sender || t('call-somebody');
    const date = new Date(message.at);
    const today = date.toDateString() === new Date().toDateString();
    return h(
      'li',
      { class: own ? 'message own' : 'message', testid: 'chat-message' },
      !own && h('span', { class: 'avatar small', 'aria-hidden': 'true', data: { tone: tone(name) }, text: initials(name) }),
      h(
        'span',
        { class: 'message-head' },
        h('b', { text: name }),
        h('time', { datetime: date.toISOString(), text: formatDate(date, today ? TIME : DAY_AND_TIME) }),
        message.edited && !message.deleted && h('span', { text: t('call-chat-edited') }),
      ),
      message.deleted
        ? h('span', { class: 'message-text deleted', text: t('call-chat-deleted') })
        : h('span', { class: 'message-text', dir: 'auto' }, ...linked(message.text)),
    );
  }

  #scrolled() {
    const { scrollTop, scrollHeight } = this.#log;
    if (scrollTop < NEAR_END_PX && this.#window.older()) {
      this.#draw();
      // What was read stays where it was.
      this.#log.scrollTop = scrollTop + (this.#log.scrollHeight - scrollHeight);
    } else if (scrollHeight - scrollTop - this.#log.clientHeight < NEAR_END_PX && this.#window.newer(this.#known)) {
      const last = this.#list.lastElementChild;
      const at = last.offsetTop;
      this.#draw();
      this.#log.scrollTop = scrollTop + (last.offsetTop - at);
    }
    this.#follows = this.#nearEnd();
    if (this.#visible() && this.#follows && this.#seen < this.#known) {
      this.#seen = this.#known;
      this.#sayRead();
    }
    this.#showLatest();
  }

  #toEnd() {
    this.#known = this.#call.messages.length;
    this.#window.toEnd(this.#known);
    this.#draw();
    this.#stay();
    this.#scrolled();
  }

  #stay() {
    this.#log.scrollTop = this.#log.scrollHeight;
  }

  #showLatest() {
    const away = this.#visible() && !this.#nearEnd() && this.#call.messages.length > 0;
    this.#latest.hidden = !away;
    if (away) setText(this.#latest.querySelector('span'), this.unread > 0 ? t('call-chat-unread', { count: this.unread }) : t('call-chat-latest'));
  }

  /** Tells the others what was read; each message once. */
  #sayRead() {
    const newest = this.#call.messages.findLast((message) => message.id && !this.#own(message));
    if (!newest || newest.id === this.#read) return;
    this.#read = newest.id;
    this.#call.sendReadReceipt?.(newest.id);
  }

  #typed() {
    this.#grow();
    if (this.draft) this.#call.sendTyping?.();
  }

  async #submit() {
    const text = this.#input.value.trim();
    if (!text || this.#sending || !this.#call.chatAllowed) return;
    if (new TextEncoder().encode(text).length > MAX_BYTES) {
      this.#input.setCustomValidity(t('call-chat-too-long'));
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
    this.#toEnd();
  }

  #grow() {
    this.#input.setCustomValidity('');
    this.#input.style.setProperty('height', 'auto');
    this.#input.style.setProperty('height', `${this.#input.scrollHeight + 2}px`);
  }
}

/** Text with links made clickable; everything else stays text. */
function linked(text) {
  return parts(text).map(({ text: written, href }) =>
    href === null ? written : h('a', { href, target: '_blank', rel: 'noopener noreferrer', text: written }),
  );
}
