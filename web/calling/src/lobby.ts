/** Who waits to be let in. Known only to those who may let them in. */

import type { CommunicationIdentifierKind } from '@azure/communication-common';

import { bindMethods } from './bind.js';
import { Emitter } from './emitter.js';
import { CommunicationError } from './errors.js';
import { rawIdOf } from './identifiers.js';
import { Person } from './participant.js';
import type { ParticipantHost } from './participant.js';
import type { ClientBodies } from './session/messages.js';
import type { Changes, Waiting } from './session/roster.js';
import type { Lobby, LobbyAdmitResult, RemoteParticipant } from './types/index.js';

type LobbyEvents = { lobbyParticipantsUpdated: { added: RemoteParticipant[]; removed: RemoteParticipant[] } };

/** @throws {CommunicationError} when it is refused */
type Ask = <K extends 'admit' | 'reject'>(kind: K, body: ClientBodies[K]) => Promise<unknown>;

export class CallLobby extends Emitter<LobbyEvents> implements Lobby {
  /** By participant id of the session: who waits with two devices is here twice. @internal */
  readonly _people = new Map<string, Person>();
  /** @internal */
  _participants: RemoteParticipant[] = [];
  /** @internal */
  readonly _ask: Ask;
  /** @internal */
  readonly _host: ParticipantHost;

  /** @internal */
  constructor(ask: Ask, host: ParticipantHost) {
    super();
    this._ask = ask;
    this._host = host;
    bindMethods(this);
  }

  get participants(): ReadonlyArray<RemoteParticipant> {
    return this._participants;
  }

  /** @throws {CommunicationError} 404 for somebody who does not wait, 403 when that is not allowed */
  async admit(participant: CommunicationIdentifierKind): Promise<void> {
    await this._ask('admit', { participantIds: this._idsOf(participant) });
  }

  async admitAll(): Promise<LobbyAdmitResult> {
    const count = this._participants.length;
    await this._ask('admit', { all: true });
    return { successCount: count, failureCount: 0 };
  }

  /** @throws {CommunicationError} as `admit` */
  async reject(participant: CommunicationIdentifierKind): Promise<void> {
    await this._ask('reject', { participantIds: this._idsOf(participant) });
  }

  /** @internal */
  _update({ upserted, left }: Changes<Waiting>): void {
    const before = new Set(this._people.values());
    for (const id of left) {
      this._people.get(id)?._exit(id);
      this._people.delete(id);
    }
    for (const one of upserted) {
      const known = this._people.get(one.id);
      if (known) known._set('displayName', one.displayName, 'displayNameChanged');
      else this._enter(one);
    }
    const now = new Set(this._people.values());
    const added = [...now].filter((person) => !before.has(person));
    const removed = [...before].filter((person) => !now.has(person));
    for (const person of removed) person._setState('Disconnected');
    if (added.length === 0 && removed.length === 0) return;
    this._participants = [...now];
    this._emit('lobbyParticipantsUpdated', { added, removed });
  }

  /** @internal */
  _enter({ id, rawId, displayName }: Waiting): void {
    let person = [...this._people.values()].find(({ _rawId }) => _rawId === rawId);
    if (!person) {
      person = new Person(rawId || id, displayName, this._host);
      person.state = 'InLobby';
    }
    person._enter(id);
    this._people.set(id, person);
  }

  /** @internal */
  _idsOf(identifier: CommunicationIdentifierKind): string[] {
    const rawId = rawIdOf(identifier);
    const person = [...this._people.values()].find(({ _rawId }) => _rawId === rawId);
    if (!person) throw new CommunicationError('They do not wait in the lobby.', 404);
    return person._ids;
  }
}
