/**
 * What happens to the page: it goes offline, is frozen, comes back. Without effect outside of browsers.
 */

/**
 * Calls `listener` whenever the page is back: out of the background, from a freeze or the back-forward cache, or with a
 * network again. Timers may not have run for hours.
 *
 * @returns ends it
 */
export function onReturn(listener: () => void): () => void {
  const shown = () => document.visibilityState === 'visible' && listener();
  const restored = (event: Event) => (event as PageTransitionEvent).persisted && listener();
  return listen([
    [page(), 'online', listener],
    [page(), 'pageshow', restored],
    [tab(), 'resume', listener],
    [tab(), 'visibilitychange', shown],
  ]);
}

/**
 * Calls `listener` when the page is left for good. One that may be restored from the back-forward cache counts as left,
 * too: a browser that keeps it does not keep its connections.
 *
 * @returns ends it
 */
export function onLeave(listener: () => void): () => void {
  return listen([[page(), 'pagehide', listener]]);
}

function listen(entries: [EventTarget | null, string, (event: Event) => void][]): () => void {
  for (const [target, type, listener] of entries) target?.addEventListener(type, listener);
  return () => {
    for (const [target, type, listener] of entries) target?.removeEventListener(type, listener);
  };
}

const page = (): EventTarget | null => (typeof window === 'undefined' ? null : window);
const tab = (): EventTarget | null => (typeof document === 'undefined' ? null : document);
