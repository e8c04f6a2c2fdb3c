/**
 * What is received of a call: keeps the media connection in line with the choice, learns the media of what arrives, and
 * tells the service what is seen.
 */

import type { Media } from './media.js';
import type { View } from './messages.js';
import { Pace } from './pace.js';
import type { RemoteTrack } from './roster.js';
import { RequestRefused, SessionOver } from './signaling.js';
import { Subscriptions } from './subscriptions.js';
import type { IsMuted, Limits } from './subscriptions.js';

/** Pause before the service is told again of what is seen, when it was told too often. */
const VIEWS_RETRY_MS = 1_000;
/** The choice is made anew at most once in so many milliseconds. */
const PACE_MS = 100;

export interface ReceptionOptions {
  /** What there is to be received; its `media` is written here. */
  tracks: ReadonlyMap<string, RemoteTrack>;
  isMuted: IsMuted;
  /** Whether a few pictures are received before anybody says what is shown. */
  eager: boolean;
  /** Tells the service. @throws {RequestRefused|SessionOver} */
  tell(views: View[]): Promise<unknown>;
  /** The media of a track is there, or gone. */
  changed(): void;
}

export class Reception {
  readonly #options: ReceptionOptions;
  readonly #subscriptions: Subscriptions;
  readonly #pace = new Pace<'choose'>(PACE_MS, () => this.update());
  #media: Media | null = null;
  #again: ReturnType<typeof setTimeout> | undefined;
  /** Ids of tracks whose media is there. */
  readonly #received = new Set<string>();
  /** What is seen, as long as it has not been told. */
  #views: View[] | null = null;
  #toldViews = '[]';
  #telling = false;

  constructor(options: ReceptionOptions) {
    this.#options = options;
    this.#subscriptions = new Subscriptions(options.isMuted, { eager: options.eager });
  }

  /** How many tracks of a kind are received at most. */
  get limits(): Readonly<Limits> {
    return this.#subscriptions.limits;
  }

  set limits(limits: Partial<Limits>) {
    this.#subscriptions.limits = { ...this.#subscriptions.limits, ...limits };
    this.touch();
  }

  /** Nothing is received while `paused`; to be followed by `update`. */
  set paused(paused: boolean) {
    this.#subscriptions.paused = paused;
  }

  /** Begins with a media connection, or ends with the one there was. */
  use(media: Media | null): void {
    clearTimeout(this.#again);
    this.#media = media;
    if (media) return;
    this.#toldViews = '[]';
    this.#received.clear();
    this.#subscriptions.clear();
  }

  /** For good. */
  stop(): void {
    clearTimeout(this.#again);
    this.#pace.stop();
  }

  /** Something is another that the choice goes by. */
  touch(): void {
    this.#pace.touch('choose');
  }

  setViews(views: View[]): void {
    this.#subscriptions.setViews(views, Date.now());
    this.update();
  }

  /** @param ids of participants, the loudest first */
  setSpeaking(ids: ReadonlySet<string>): void {
    this.#subscriptions.setSpeaking(ids);
    this.touch();
  }

  /** A participant has unmuted. */
  unmuted(participantId: string): void {
    this.#subscriptions.unmuted(participantId);
  }

  /** A participant has left. */
  forget(participantId: string): void {
    this.#subscriptions.forget(participantId);
  }

  /** A track is no more. */
  drop(trackId: string): void {
    this.#received.delete(trackId);
  }

  /** Brings what is received in line with what is to be seen and heard. */
  update(): void {
    clearTimeout(this.#again);
    if (!this.#media) return;
    const now = Date.now();
    const { tracks, again } = this.#subscriptions.choose(this.#options.tracks.values(), now);
    if (again !== null) this.#again = setTimeout(() => this.update(), Math.max(again - now, 0) + 1);
    this.#media.receive(tracks);
    this.adopt();
    this.#planViews();
  }

  /** Learns the media of what is received. */
  adopt(): void {
    const { chosen } = this.#subscriptions;
    let changed = false;
    for (const id of new Set([...chosen, ...this.#received])) {
      const track = this.#options.tracks.get(id);
      const media = this.#media?.track(id) ?? null;
      if (media) this.#received.add(id);
      else this.#received.delete(id);
      if (!track || track.media === media) continue;
      track.media = media;
      changed = true;
    }
    if (changed) this.#options.changed();
  }

  #planViews(): void {
    const views = this.#subscriptions.views();
    const text = JSON.stringify(views);
    if (text === this.#toldViews) return;
    this.#toldViews = text;
    this.#views = views;
    if (!this.#telling) void this.#tellViews();
  }

  async #tellViews(): Promise<void> {
    this.#telling = true;
    while (this.#views) {
      const next: View[] = this.#views;
      this.#views = null;
      try {
        await this.#options.tell(next);
      } catch (error) {
        if (error instanceof SessionOver) break;
        // A service that does not know of views sends everything; one that is asked too often is asked again later.
        if (!(error instanceof RequestRefused) || error.key !== 'rate_limited') continue;
        this.#views ??= next;
        await new Promise((resolve) => setTimeout(resolve, VIEWS_RETRY_MS));
      }
    }
    this.#telling = false;
  }
}
