/** What all effects have in common: a name, and that they cannot be started. */

/** What starting an effect rejects with. */
export class EffectNotSupportedError extends Error {
  /** As the calling package's errors have it; 412: something that is needed is missing. */
  readonly code = 412;
  /** None of the documented ones fits. */
  readonly subCode = 0;

  constructor(
    /** Name of the effect. */
    readonly effect: string,
  ) {
    super(`${effect} is not available: @anteroom/calling-effects has the names of effects, not the effects themselves`);
    this.name = 'EffectNotSupportedError';
  }
}

/** Ordinary fields, here as in the calling package: UI libraries wrap objects in `Proxy`. */
export abstract class Effect<Name extends string> {
  /** What `activeEffects` would call it. */
  abstract readonly name: Name;

  /** Whether it can be started in this browser: never. */
  isSupported(): Promise<boolean> {
    return Promise.resolve(false);
  }

  /**
   * Begins to change the track; called by whoever sends it.
   * @throws {EffectNotSupportedError} always
   */
  start(_track: MediaStreamTrack): Promise<MediaStreamTrack> {
    return Promise.reject(new EffectNotSupportedError(this.name));
  }

  /** Nothing runs, so there is nothing to end. */
  stop(): Promise<void> {
    return Promise.resolve();
  }

  /** Holds nothing. */
  dispose(): void {}
}
