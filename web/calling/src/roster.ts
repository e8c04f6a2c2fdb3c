/** The others in a call: one object per person, for as long as the call lasts. */

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
  /** By participant id of the session. */
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

  /** Participant id of somebody in the call. */
  idOf(rawId: string): string | undefined {
    const person = this.#known.get(rawId);
    return person && this.#people.get(person._id) === person ? person._id : undefined;
  }

  update({ upserted, left }: Changes<Participant>): void {
    const added: [Person, Participant][] = [];
    const removed: Person[] = [];
    for (const id of left) {
      const person = this.#people.get(id);
      if (!person) continue;
      this.#people.delete(id);
      this.#speaking.delete(id);
      removed.push(person);
    }
    for (const known of upserted) {
      if (known.id === this.#conference.participantId) continue;
      const person = this.#people.get(known.id);
      if (person) {
        person._learn(known);
        person._setState(stateOf(known));
        continue;
      }
      added.push([this.#enter(known), known]);
    }
    for (const person of removed) if (!added.some(([one]) => one === person)) person._leave();
    if (added.length === 0 && removed.length === 0) return;
    this.participants = [...this.#people.values()];
    // Who is back with another id was never gone, as far as the app is concerned.
    const stayed = new Set(removed.filter((person) => this.#people.get(person._id) === person));
    this.#report({
      added: added.map(([person]) => person).filter((person) => !stayed.has(person)),
      removed: removed.filter((person) => !stayed.has(person)),
    });
    // Apps, and Microsoft's UI library, keep people by their identifier: of somebody who is in the call twice and leaves once
    // they would forget the other, too.
    const others = removed.filter((person) => !stayed.has(person)).flatMap((person) => this.#other(person) ?? []);
    if (others.length > 0) this.#report({ added: [...new Set(others)], removed: [] });
    for (const [person, known] of added) {
      person._learn(known);
      person._setState(stateOf(known));
    }
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
    for (const [id, person] of this.#people) person._setTracks(tracks.get(id) ?? []);
  }

  updateSpeaking(): void {
    const before = this.#speaking;
    this.#speaking = new Set(this.#conference.speaking);
    for (const id of before) if (!this.#speaking.has(id)) this.#people.get(id)?._setSpeaking(false);
    for (const id of this.#speaking) this.#people.get(id)?._setSpeaking(true);
  }

  /** The call is over: nobody is there any more. */
  clear(): void {
    for (const person of this.#people.values()) person._leave();
    this.#people.clear();
  }

  /** Who is there under the identifier of somebody who has left, from another device. */
  #other({ _rawId }: Person): Person | undefined {
    const other = [...this.#people.values()].find((person) => person._rawId === _rawId);
    if (other) this.#known.set(_rawId, other);
    return other;
  }

  #enter(known: Participant): Person {
    const rawId = known.rawId || known.id;
    let person = this.#known.get(rawId);
    // Somebody may be in the call twice.
    if (person && this.#people.get(person._id) === person) person = undefined;
    if (!person) {
      person = new Person(known.id, rawId, known.displayName, this.#host);
      this.#known.set(rawId, person);
    }
    person._id = known.id;
    person.callEndReason = undefined;
    if (person.state === 'Disconnected') person.state = 'Connecting';
    this.#people.set(known.id, person);
    return person;
  }
}

const stateOf = ({ reconnecting }: Participant) => (reconnecting ? 'Reconnecting' : 'Connected');
