/**
 * Events as the documented API has them: `on(event, listener)`, `off(event, listener)`.
 *
 * Ordinary fields throughout, here and in every class of the API: UI libraries wrap our objects in `Proxy`, and a method
 * that runs with the proxy as `this` cannot see `#private` fields.
 */

/** Payloads by event name. */
export type Events = Record<string, unknown>;

/** What is called with an event's payload. */
export type Listener<T> = (payload: T) => void;

/** Something with events. */
export class Emitter<E extends Events> {
  /** @internal */
  readonly _listeners = new Map<keyof E, Set<Listener<never>>>();

  on<K extends keyof E>(event: K, listener: Listener<E[K]>): void {
    let listeners = this._listeners.get(event);
    if (!listeners) this._listeners.set(event, (listeners = new Set()));
    listeners.add(listener as Listener<never>);
  }

  /** A listener that is not known is no error: UI libraries unsubscribe with functions made anew. */
  off<K extends keyof E>(event: K, listener: Listener<E[K]>): void {
    this._listeners.get(event)?.delete(listener as Listener<never>);
  }

  /**
   * Calls every listener. One that throws does not keep the event from the others, nor from us; its error goes where
   * uncaught errors go.
   * @internal
   */
  _emit<K extends keyof E>(event: K, payload: E[K]): void {
    for (const listener of [...(this._listeners.get(event) ?? [])]) {
      try {
        (listener as Listener<E[K]>)(payload);
      } catch (error) {
        reportError(error);
      }
    }
  }

  /** @internal */
  _dropListeners(): void {
    this._listeners.clear();
  }
}

/** As the browser's own; outside of browsers (tests) the console has to do. */
function reportError(error: unknown): void {
  if (typeof globalThis.reportError === 'function') globalThis.reportError(error);
  else console.error(error);
}
