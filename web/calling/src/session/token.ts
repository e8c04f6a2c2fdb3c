/** Access tokens: what stands in them, and keeping the service supplied with one that holds. */

/** A token is renewed so long before it expires, in milliseconds; a short-lived one after two thirds of its time. */
const AHEAD_MS = 3 * 60_000;
/** A credential may give the old token until it has expired; it is asked so soon after that, in milliseconds. */
const BEHIND_MS = 500;
/** Pause after a renewal that failed, in milliseconds. */
const RETRY_MS = 20_000;
/** Timers cannot be set further ahead. */
const LONGEST_MS = 2 ** 31 - 1;

/** A token, or what gets one: it is asked before every connection, so that an expired one is not used again. */
export type TokenSource = string | (() => Promise<string>);

/** The claims of a JWT, unchecked; `null` if it is none. */
export function claims(token: string): Record<string, unknown> | null {
  try {
    const part = (token.split('.')[1] ?? '').replace(/-/g, '+').replace(/_/g, '/');
    const bytes = Uint8Array.from(atob(part), (character) => character.charCodeAt(0));
    const parsed: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** When a token expires, in Unix milliseconds; `null` if it does not say. */
export function expiry(token: string): number | null {
  const exp = claims(token)?.exp;
  return typeof exp === 'number' && Number.isFinite(exp) ? exp * 1_000 : null;
}

/** Gets tokens for new connections, and a fresh one in time for the one that stands. */
export class TokenKeeper {
  #source: TokenSource;
  #renewed: (token: string) => Promise<unknown>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #last = '';
  #stopped = false;

  /** @param renewed passes a fresh token on; whether that succeeds makes no difference */
  constructor(source: TokenSource, renewed: (token: string) => Promise<unknown>) {
    this.#source = source;
    this.#renewed = renewed;
  }

  /** The token for a new connection. */
  async get(): Promise<string> {
    if (typeof this.#source === 'string') return this.#source;
    const token = await this.#source();
    this.#last = token;
    this.#plan(token);
    return token;
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #plan(token: string): void {
    const at = expiry(token);
    if (at === null || this.#stopped) return;
    const left = at - Date.now();
    this.#wait(left <= 0 ? RETRY_MS : left > 3 * AHEAD_MS ? left - AHEAD_MS : (left * 2) / 3);
  }

  #wait(delay: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#renew(), Math.min(Math.max(delay, 1_000), LONGEST_MS));
  }

  async #renew(): Promise<void> {
    if (this.#stopped || typeof this.#source === 'string') return;
    try {
      const token = await this.#source();
      if (this.#stopped) return;
      if (token === this.#last) {
        // Whoever gives it does not find it old enough yet. The service waits a minute for the next one.
        const left = (expiry(token) ?? 0) - Date.now();
        this.#wait(left > 0 ? Math.min(RETRY_MS, left + BEHIND_MS) : RETRY_MS);
        return;
      }
      this.#last = token;
      this.#plan(token);
      // A service that does not know of this goes on with the old one as long as that holds.
      await this.#renewed(token).catch(() => {});
    } catch {
      this.#wait(RETRY_MS);
    }
  }
}
