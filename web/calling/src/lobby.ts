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
  /** @internal */
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
    await this._ask('admit', { participantIds: [this._idOf(participant)] });
  }

  async admitAll(): Promise<LobbyAdmitResult> {
    const count = this._people.size;
    await this._ask('admit', { all: true });
    return { successCount: count, failureCount: 0 };
  }

  /** @throws {CommunicationError} as `admit` */
  async reject(participant: CommunicationIdentifierKind): Promise<void> {
    await this._ask('reject', { participantIds: [this._idOf(participant)] });
  }

  /** @internal */
  _update({ upserted, left }: Changes<Waiting>): void {
    const added: RemoteParticipant[] = [];
    const removed: RemoteParticipant[] = [];
    for (const { id, rawId, displayName } of upserted) {
      const known = this._people.get(id);
      if (known) {
        known._set('displayName', displayName, 'displayNameChanged');
        continue;
      }
      const person = new Person(id, rawId || id, displayName, this._host);
      person.state = 'InLobby';
      this._people.set(id, person);
      added.push(person);
    }
    for (const id of left) {
      const person = this._people.get(id);
      if (!person) continue;
      this._people.delete(id);
      person._setState('Disconnected');
      removed.push(person);
    }
    if (added.length === 0 && removed.length === 0) return;
    this._participants = [...this._people.values()];
    this._emit('lobbyParticipantsUpdated', { added, removed });
  }

  /** @internal */
  _idOf(identifier: CommunicationIdentifierKind): string {
    const rawId = rawIdOf(identifier);
    for (const [id, person] of this._people) if (person._rawId === rawId) return id;
    throw new CommunicationError('They do not wait in the lobby.', 404);
  }
}
