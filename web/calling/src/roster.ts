/** The others in a call: one object per person, with however many devices, for as long as the call lasts. */

import { Person } from './participant.js';
import type { ParticipantHost } from './participant.js';
import type { Conference } from './session/conference.js';
import type { Changes, Participant, RemoteTrack } from './session/roster.js';
import type { RemoteParticipant } from './types/index.js';

/** Tells of who came and went; those who came are not yet `Connected`. */
type Report = (change: { added: RemoteParticipant[]; removed: RemoteParticipant[] }) => void;

export class Roster {
  /** As the app sees them; another array after each change. */
  participants: readonly RemoteParticipant[] = [];
  #conference: Conference;
  #host: ParticipantHost;
  #report: Report;
  /** By participant id of the session: who is in the call with two devices is here twice. */
  #people = new Map<string, Person>();
  /** Everybody there has been, by raw id: who comes back is the same object. */
  #known = new Map<string, Person>();
  #speaking = new Set<string>();

  constructor(conference: Conference, host: ParticipantHost, report: Report) {
    this.#conference = conference;
    this.#host = host;
    this.#report = report;
  }

  byId(participantId: string): Person | undefined {
    return this.#people.get(participantId);
  }

  /** Participant ids of somebody in the call, one for each of their devices. */
  idsOf(rawId: string): string[] {
    return this.#known.get(rawId)?._ids ?? [];
  }

  update({ upserted, left }: Changes<Participant>): void {
    const before = new Set(this.#people.values());
    for (const id of left) {
      this.#people.get(id)?._exit(id);
      this.#people.delete(id);
      this.#speaking.delete(id);
    }
    const others = upserted.filter(({ id }) => id !== this.#conference.participantId);
    for (const known of others) if (!this.#people.has(known.id)) this.#enter(known);
    const now = new Set(this.#people.values());
    const added = [...now].filter((person) => !before.has(person));
    const removed = [...before].filter((person) => !now.has(person));
    for (const person of removed) person._leave();
    if (added.length > 0 || removed.length > 0) {
      this.participants = [...now];
      this.#report({ added, removed });
    }
    for (const known of others) this.#people.get(known.id)?._learn(known);
    this.updateTracks();
    this.updateSpeaking();
  }

  /** Brings everybody's streams in line with the tracks there are. */
  updateTracks(): void {
    const tracks = new Map<string, RemoteTrack[]>();
    for (const track of this.#conference.tracks.values()) {
      const own = tracks.get(track.participantId);
      if (own) own.push(track);
      else tracks.set(track.participantId, [track]);
    }
    for (const [id, person] of this.#people) person._setTracks(id, tracks.get(id) ?? []);
  }

  updateSpeaking(): void {
    const before = this.#speaking;
    this.#speaking = new Set(this.#conference.speaking);
    for (const id of before) if (!this.#speaking.has(id)) this.#people.get(id)?._setSpeaking(id, false);
    for (const id of this.#speaking) this.#people.get(id)?._setSpeaking(id, true);
  }

  /** The call is over: nobody is there any more. */
  clear(): void {
    for (const person of this.#people.values()) person._leave();
    this.#people.clear();
  }

  #enter({ id, rawId, displayName }: Participant): void {
    const key = rawId || id;
    let person = this.#known.get(key);
    if (!person) this.#known.set(key, (person = new Person(key, displayName, this.#host)));
    this.#people.set(id, person);
    person._enter(id);
  }
}
