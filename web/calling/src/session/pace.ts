/** Keeps what happens often from being announced as often. */

type Timer = ReturnType<typeof setTimeout>;

/**
 * Calls `action` for a topic at once, and when it comes again soon, once more at the end of the pause, however often it came
 * meanwhile.
 */
export class Pace<T> {
  #action: (topic: T) => void;
  #pauseMs: number;
  /** Topics in their pause, and whether they came again. */
  #resting = new Map<T, { timer: Timer; again: boolean }>();

  constructor(pauseMs: number, action: (topic: T) => void) {
    this.#pauseMs = pauseMs;
    this.#action = action;
  }

  touch(topic: T): void {
    const rest = this.#resting.get(topic);
    if (rest) {
      rest.again = true;
      return;
    }
    this.#resting.set(topic, { timer: setTimeout(() => this.#rested(topic), this.#pauseMs), again: false });
    this.#action(topic);
  }

  /** Forgets what is still to come. */
  stop(): void {
    for (const { timer } of this.#resting.values()) clearTimeout(timer);
    this.#resting.clear();
  }

  #rested(topic: T): void {
    const again = this.#resting.get(topic)?.again ?? false;
    this.#resting.delete(topic);
    if (again) this.touch(topic);
  }
}
