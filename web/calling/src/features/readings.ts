/** Readings of the media connection's statistics, one a second for everybody who wants them. */

import type { FeatureContext } from '../internal.js';
import type { Conference } from '../session/conference.js';

const INTERVAL_MS = 1_000;

/** An entry of `RTCStatsReport`: which members there are depends on its type and on the browser. */
export type Stat = { id: string; type: string } & Record<string, unknown>;

/** What was read, and what a second before. */
export interface Reading {
  /** Milliseconds since the last one. */
  elapsed: number;
  now: ReadonlyMap<string, Stat>;
  before: ReadonlyMap<string, Stat>;
}

interface Poll {
  listeners: Set<(reading: Reading) => void>;
  timer: ReturnType<typeof setInterval> | undefined;
  busy: boolean;
  at: number;
  last: Map<string, Stat> | null;
}

const polls = new WeakMap<Conference, Poll>();

/** Reads while somebody listens and there is a media connection. */
export function watchReadings({ conference }: FeatureContext, listener: (reading: Reading) => void): () => void {
  let poll = polls.get(conference);
  if (!poll) polls.set(conference, (poll = { listeners: new Set(), timer: undefined, busy: false, at: 0, last: null }));
  const shared = poll;
  shared.listeners.add(listener);
  shared.timer ??= setInterval(() => void read(conference, shared), INTERVAL_MS);
  return () => {
    shared.listeners.delete(listener);
    if (shared.listeners.size > 0) return;
    clearInterval(shared.timer);
    shared.timer = undefined;
    shared.last = null;
  };
}

async function read({ pc, state }: Conference, poll: Poll): Promise<void> {
  if (state === 'ended') {
    clearInterval(poll.timer);
    return;
  }
  if (poll.busy || !pc || pc.connectionState === 'closed') return;
  poll.busy = true;
  try {
    const report = await pc.getStats();
    const at = performance.now();
    const now = new Map<string, Stat>();
    report.forEach((stat: Stat) => now.set(stat.id, stat));
    const { last } = poll;
    const elapsed = at - poll.at;
    poll.last = now;
    poll.at = at;
    if (last && elapsed > 0) for (const listener of [...poll.listeners]) listener({ elapsed, now, before: last });
  } catch {
    // The connection was closed meanwhile.
  } finally {
    poll.busy = false;
  }
}

/** Entries of a type. */
export function ofType(stats: ReadonlyMap<string, Stat>, type: string): Stat[] {
  return [...stats.values()].filter((stat) => stat.type === type);
}

/** A number of an entry, if there is one. */
export function number(stat: Stat | undefined, field: string): number | undefined {
  const value = stat?.[field];
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** By how much a counter has risen since the last reading; one that fell has started anew. */
export function rise({ before }: Reading, stat: Stat, field: string): number {
  const [old, now] = [number(before.get(stat.id), field) ?? 0, number(stat, field) ?? 0];
  return now >= old ? now - old : now;
}

/** The entry that another one names. */
export function linked(stats: ReadonlyMap<string, Stat>, stat: Stat, field: string): Stat | undefined {
  const id = stat[field];
  return typeof id === 'string' ? stats.get(id) : undefined;
}

/** The pair of addresses in use. */
export function candidatePair(stats: ReadonlyMap<string, Stat>): Stat | undefined {
  for (const transport of ofType(stats, 'transport')) {
    const pair = linked(stats, transport, 'selectedCandidatePairId');
    if (pair) return pair;
  }
  // Firefox has no transports.
  return ofType(stats, 'candidate-pair').find(({ nominated, state }) => nominated && state === 'succeeded');
}
