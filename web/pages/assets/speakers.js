/**
 * Who stands large, and in what order the others stand: without a page and without a clock.
 * @module speakers
 */

/** Nobody is replaced as the active speaker before this many milliseconds. */
const HOLD_MS = 2_500;
/** How long the other one has to speak, and the active speaker to be silent, in milliseconds. */
const LEAD_MS = 900;

/** The one who speaks: stays through pauses and short interjections of others. */
export class ActiveSpeaker {
  /** @type {string|null} */
  current = null;
  #since = 0;
  #heard = 0;
  /** @type {string|null} */
  #candidate = null;
  #candidateSince = 0;

  /**
   * @param {Iterable<string>} speaking ids of who speaks now, the loudest first
   * @param {number} now milliseconds
   * @returns {number} milliseconds after which this has to be asked again even if nothing is heard; 0: no need
   */
  update(speaking, now) {
    const ids = [...speaking];
    if (this.current !== null && ids.includes(this.current)) this.#heard = now;
    const candidate = ids.find((id) => id !== this.current) ?? null;
    if (candidate !== this.#candidate) {
      this.#candidate = candidate;
      this.#candidateSince = now;
    }
    if (candidate === null) return 0;
    if (this.current === null) return this.#become(candidate, now);
    const due = Math.max(this.#since + HOLD_MS, this.#heard + LEAD_MS, this.#candidateSince + LEAD_MS);
    if (now >= due) return this.#become(candidate, now);
    return due - now;
  }

  /** Somebody who went away is not waited for. @param {(id: string) => boolean} present */
  keep(present) {
    if (this.current !== null && !present(this.current)) this.current = null;
    if (this.#candidate !== null && !present(this.#candidate)) this.#candidate = null;
  }

  #become(id, now) {
    this.current = id;
    this.#since = now;
    this.#heard = now;
    this.#candidate = null;
    return 0;
  }
}

/**
 * The order of the tiles. Everybody keeps their place; who speaks without being seen changes places with the one on the
 * first page who has not spoken for longest.
 */
export class Order {
  /** @type {string[]} */
  #ids = [];
  #spoke = new Map();
  #turn = 0;

  /** Takes in who came, forgets who left. @param {string[]} ids */
  sync(ids) {
    const present = new Set(ids);
    const kept = this.#ids.filter((id) => present.has(id));
    const known = new Set(kept);
    this.#ids = [...kept, ...ids.filter((id) => !known.has(id))];
    for (const id of [...this.#spoke.keys()]) if (!present.has(id)) this.#spoke.delete(id);
  }

  /**
   * @param {string} id of who speaks
   * @param {number} page size of the first page
   * @returns {boolean} whether the order is another one
   */
  spoke(id, page) {
    this.#turn += 1;
    this.#spoke.set(id, this.#turn);
    const at = this.#ids.indexOf(id);
    if (at < page) return false;
    let quietest = 0;
    for (let place = 1; place < page; place += 1) {
      if ((this.#spoke.get(this.#ids[place]) ?? 0) < (this.#spoke.get(this.#ids[quietest]) ?? 0)) quietest = place;
    }
    [this.#ids[quietest], this.#ids[at]] = [this.#ids[at], this.#ids[quietest]];
    return true;
  }

  /** @param {string[]} first ids that come before all others */
  ids(first = []) {
    const ahead = first.filter((id) => this.#ids.includes(id));
    return [...ahead, ...this.#ids.filter((id) => !ahead.includes(id))];
  }
}
