/**
 * Which of the others' tracks are received: a meeting of hundreds has more than a browser can decode, and more than anybody
 * sees or hears.
 *
 * Of pictures, those that are shown: screens first, then what stands out, then the largest; what is no longer shown stays a
 * few seconds, since people page to and fro. Of voices, whoever speaks or has spoken last. Knows no connection: it is told,
 * and says what it would have.
 */

import { MICROPHONE, SCREEN } from './media.js';
import type { View } from './messages.js';
import type { RemoteTrack } from './roster.js';

/** How many tracks of a kind are received at most. */
export interface Limits {
  video: number;
  audio: number;
}

export const DEFAULT_LIMITS: Limits = { video: 24, audio: 32 };

/** A picture that is shown no more is received for so long, in milliseconds. */
export const LINGER_MS = 5_000;
/** With at most so many cameras, all are received until somebody says what is shown. */
const FEW_CAMERAS = 9;
/** With at most so many microphones, the muted ones are received, too: who unmutes is heard from the first word. */
const FEW_MICROPHONES = 16;

/** Reads what is known of a participant: whether they are muted. */
export type IsMuted = (participantId: string) => boolean;

export class Subscriptions {
  limits: Limits = { ...DEFAULT_LIMITS };
  /** Nothing is received, as on hold. */
  paused = false;
  #isMuted: IsMuted;
  /** Whether cameras that nobody has spoken of may be received. */
  #eager: boolean;
  #views = new Map<string, View>();
  #toldViews = false;
  /** Until when (Unix milliseconds) a picture that is hidden now is received all the same. */
  #lingering = new Map<string, number>();
  /** When participants spoke or unmuted last, in steps of a clock of its own. */
  #active = new Map<string, number>();
  #clock = 0;
  #speaking = new Set<string>();
  #chosen = new Set<string>();
  #pictures: RemoteTrack[] = [];

  constructor(isMuted: IsMuted, { eager = true } = {}) {
    this.#isMuted = isMuted;
    this.#eager = eager;
  }

  /** The tracks of the last choice. */
  get chosen(): ReadonlySet<string> {
    return this.#chosen;
  }

  /** What is seen. A picture that is not named is not shown. */
  setViews(views: readonly View[], now: number): void {
    const before = this.#views;
    const first = !this.#toldViews;
    this.#toldViews = true;
    this.#views = new Map(views.map((view) => [view.trackId, view]));
    for (const { id } of this.#pictures) {
      const view = before.get(id);
      const wasShown = first || (view !== undefined && !view.hidden);
      if (wasShown && !this.#shown(id)) this.#lingering.set(id, now + LINGER_MS);
    }
    for (const id of this.#views.keys()) if (this.#shown(id)) this.#lingering.delete(id);
  }

  /** What is seen of the pictures of the last choice: nothing else is worth telling the service. */
  views(): View[] {
    if (!this.#toldViews) return [];
    return this.#pictures.map(({ id }) => this.#views.get(id) ?? { trackId: id, hidden: true });
  }

  /** @param ids of participants, the loudest first */
  setSpeaking(ids: ReadonlySet<string>): void {
    this.#speaking = new Set(ids);
    for (const id of [...ids].reverse()) this.#active.set(id, (this.#clock += 1));
  }

  /** Somebody has unmuted, and may be about to speak. */
  unmuted(participantId: string): void {
    this.#active.set(participantId, (this.#clock += 1));
  }

  /** Somebody has left. */
  forget(participantId: string): void {
    this.#active.delete(participantId);
    this.#speaking.delete(participantId);
  }

  /** Begins anew, with a new session, whose tracks are others. */
  clear(): void {
    this.#views.clear();
    this.#lingering.clear();
    this.#active.clear();
    this.#speaking.clear();
    this.#chosen.clear();
    this.#pictures = [];
    this.#toldViews = false;
  }

  /**
   * What to receive of all there is, and when to ask again (Unix milliseconds) though nothing else happens.
   */
  choose(tracks: Iterable<RemoteTrack>, now: number): { tracks: RemoteTrack[]; again: number | null } {
    const video: RemoteTrack[] = [];
    const audio: RemoteTrack[] = [];
    for (const track of tracks) (track.kind === 'video' ? video : audio).push(track);
    this.#pictures = this.paused ? [] : this.#choosePictures(video, now);
    const chosen = this.paused ? [] : [...this.#pictures, ...this.#chooseVoices(audio)];
    this.#chosen = new Set(chosen.map(({ id }) => id));
    for (const [id, until] of this.#lingering) if (until <= now || !this.#chosen.has(id)) this.#lingering.delete(id);
    const again = this.#lingering.size > 0 ? Math.min(...this.#lingering.values()) : null;
    return { tracks: chosen, again };
  }

  #choosePictures(tracks: RemoteTrack[], now: number): RemoteTrack[] {
    const few = this.#eager && !this.#toldViews && tracks.length <= FEW_CAMERAS;
    const wanted = tracks.filter((track) => {
      if (this.#shown(track.id) || (this.#lingering.get(track.id) ?? 0) > now) return true;
      return this.#eager && !this.#toldViews && (few || track.source === SCREEN);
    });
    const rank = new Map(wanted.map((track) => [track, this.#rank(track)]));
    wanted.sort((a, b) => compare(rank.get(a) ?? [], rank.get(b) ?? []));
    return wanted.slice(0, this.limits.video);
  }

  /** Larger comes first; what is received already before what is not. */
  #rank(track: RemoteTrack): number[] {
    const view = this.#views.get(track.id);
    const area = (view?.width ?? 0) * (view?.height ?? 0);
    return [
      Number(this.#shown(track.id)),
      Number(track.source === SCREEN),
      Number(view?.pinned ?? false),
      view?.priority ?? 0,
      area,
      Number(this.#chosen.has(track.id)),
    ];
  }

  #chooseVoices(tracks: RemoteTrack[]): RemoteTrack[] {
    const few = tracks.length <= Math.min(FEW_MICROPHONES, this.limits.audio);
    // A sound that is no microphone belongs to what is shared, and is never muted.
    const open = few ? tracks : tracks.filter((track) => track.source !== MICROPHONE || this.#audible(track.participantId));
    if (open.length <= this.limits.audio) return open;
    const rank = (track: RemoteTrack) => [
      Number(this.#speaking.has(track.participantId)),
      this.#active.get(track.participantId) ?? 0,
      Number(this.#chosen.has(track.id)),
    ];
    return open.sort((a, b) => compare(rank(a), rank(b))).slice(0, this.limits.audio);
  }

  /** The news that somebody speaks may come before the news that they have unmuted. */
  #audible(participantId: string): boolean {
    return this.#speaking.has(participantId) || !this.#isMuted(participantId);
  }

  #shown(id: string): boolean {
    const view = this.#views.get(id);
    return view !== undefined && !view.hidden;
  }
}

/** Orders lists of numbers, the larger first. */
function compare(a: number[], b: number[]): number {
  for (let at = 0; at < a.length; at += 1) {
    const difference = (b[at] ?? 0) - (a[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
