/** The chat of a stay in a meeting: what was said, who writes, who has read how far. */

import type { ChatEntry } from './roster.js';

/** How long somebody counts as writing after the last sign of it, in milliseconds. */
const TYPING_MS = 8_000;
/** A sign of writing is sent at most this often, in milliseconds: the service counts one in two seconds, on its own clock. */
export const TYPING_EVERY_MS = 2_250;

export type ChatTopic = 'chat' | 'typing' | 'receipts';

export class ChatLog {
  messages: ChatEntry[] = [];
  typing = new Map<string, number>();
  receipts = new Map<string, string>();
  #changed: (topic: ChatTopic) => void;
  /** Places in `messages`. */
  #places = new Map<string, number>();
  /** Raw identifiers of who writes: a message names its sender like that. */
  #writers = new Map<string, string>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #typedAt = 0;
  /** Says that the caller writes as soon as it counts. */
  #typingSoon: ReturnType<typeof setTimeout> | undefined;
  /** Whether the service knows of these. */
  #typingKnown = true;
  #receiptsKnown = true;

  constructor(changed: (topic: ChatTopic) => void) {
    this.#changed = changed;
  }

  /** A message that is known already has been changed, or is the service's echo of an own one. */
  add(entry: ChatEntry): void {
    const place = entry.id ? this.#places.get(entry.id) : undefined;
    if (place !== undefined) {
      if (entry.edited || entry.deleted) {
        this.messages[place] = entry;
        this.#changed('chat');
      }
      return;
    }
    if (entry.id) this.#places.set(entry.id, this.messages.length);
    this.messages.push(entry);
    for (const [id, rawId] of this.#writers) {
      if (rawId && rawId === entry.senderRawId && this.#stopped(id)) this.#changed('typing');
    }
    this.#changed('chat');
  }

  typed(participantId: string, rawId: string): void {
    this.typing.set(participantId, Date.now() + TYPING_MS);
    this.#writers.set(participantId, rawId);
    this.#expire();
    this.#changed('typing');
  }

  read(participantId: string, messageId: string): void {
    this.receipts.set(participantId, messageId);
    this.#changed('receipts');
  }

  /** The caller writes; may be called at every key. */
  sendTyping(send: () => Promise<unknown>): void {
    if (!this.#typingKnown || this.#typingSoon !== undefined) return;
    const say = () => {
      this.#typingSoon = undefined;
      this.#typedAt = Date.now();
      send().catch(() => {
        this.#typingKnown = false;
      });
    };
    const pause = this.#typedAt + TYPING_EVERY_MS - Date.now();
    // Not dropped: who begins again right after a message, and rests then, writes all the same.
    if (pause > 0) this.#typingSoon = setTimeout(say, pause);
    else say();
  }

  /** The caller writes no more: the message is on its way. */
  stopTyping(): void {
    clearTimeout(this.#typingSoon);
    this.#typingSoon = undefined;
  }

  sendReceipt(send: () => Promise<unknown>): void {
    if (!this.#receiptsKnown) return;
    send().catch(() => {
      this.#receiptsKnown = false;
    });
  }

  /** With a new session the history comes again. */
  clear(): void {
    clearTimeout(this.#timer);
    this.stopTyping();
    this.messages = [];
    this.typing.clear();
    this.receipts.clear();
    this.#places.clear();
    this.#writers.clear();
  }

  /** Nothing runs out any more. */
  stop(): void {
    clearTimeout(this.#timer);
    this.stopTyping();
  }

  #stopped(participantId: string): boolean {
    this.#writers.delete(participantId);
    return this.typing.delete(participantId);
  }

  #expire(): void {
    clearTimeout(this.#timer);
    if (this.typing.size === 0) return;
    const next = Math.min(...this.typing.values());
    this.#timer = setTimeout(() => {
      const now = Date.now();
      for (const [id, until] of this.typing) if (until <= now) this.#stopped(id);
      this.#changed('typing');
      this.#expire();
    }, Math.max(next - Date.now(), 0) + 1);
  }
}
