/** What the features of a call have in common. */

import { getIdentifierRawId } from '@azure/communication-common';
import type { CommunicationIdentifier } from '@azure/communication-common';

import { Emitter } from '../emitter.js';
import type { Events } from '../emitter.js';
import { CommunicationError } from '../errors.js';
import { identifierOf } from '../identifiers.js';
import type { Identifier } from '../identifiers.js';
import type { FeatureContext } from '../internal.js';
import type { Topic } from '../session/conference.js';
import type { ClientBodies, ClientKind } from '../session/messages.js';
import { RequestRefused } from '../session/signaling.js';

export type { Identifier };

/** Sub codes of a feature's documented error table; 0 where it has none. */
export interface SubCodes {
  notAllowed?: number;
  notConnected?: number;
}

/** One entry of `Features` in one call. */
export abstract class Feature<E extends Events> extends Emitter<E> {
  /** @internal */
  readonly _context: FeatureContext;
  /** @internal */
  readonly _stops: (() => void)[] = [];
  /** @internal */
  _subCodes: SubCodes = {};

  constructor(
    readonly name: string,
    context: FeatureContext,
  ) {
    super();
    this._context = context;
  }

  dispose(): void {
    for (const stop of this._stops.splice(0)) stop();
    this._dropListeners();
  }

  /** Does something whenever one of these topics changes. @internal */
  _when(topics: Topic[], action: () => void): void {
    this._hear('change', ({ detail }) => {
      if (topics.includes((detail as { topic: Topic }).topic)) action();
    });
  }

  /** @internal */
  _hear(type: string, listener: (event: CustomEvent) => void): void {
    const { conference } = this._context;
    conference.addEventListener(type, listener as EventListener);
    this._stops.push(() => conference.removeEventListener(type, listener as EventListener));
  }

  /** @throws {CommunicationError} when it is refused, or there is no call (any more) @internal */
  async _request<K extends ClientKind>(kind: K, body: ClientBodies[K]): Promise<void> {
    const { conference } = this._context;
    if (conference.state !== 'connected') throw this._notConnected();
    try {
      await conference.request(kind, body);
    } catch (error) {
      if (!(error instanceof RequestRefused)) throw this._notConnected();
      const code = error.key === 'rate_limited' ? 429 : error.key === 'not_allowed' ? 403 : 400;
      throw new CommunicationError(error.message, code, code === 403 ? this._subCodes.notAllowed : 0);
    }
  }

  /** @internal */
  _notConnected(): CommunicationError {
    return new CommunicationError('This can be done in a connected call only.', 412, this._subCodes.notConnected);
  }

  /** Participant ids of those who are in the call. @throws {CommunicationError} when nobody of them is @internal */
  _ids(participants: CommunicationIdentifier[]): string[] {
    if (!Array.isArray(participants)) throw new CommunicationError('A list of participants is needed.', 400);
    const ids = participants.flatMap((participant) => this._participantIds(getIdentifierRawId(participant)));
    if (ids.length === 0) throw new CommunicationError('There is no such participant in the call.', 404);
    return ids;
  }

  /** @internal */
  _participantIds(rawId: string): string[] {
    const { conference } = this._context;
    return rawId === conference.rawId ? [conference.participantId] : this._context.participantIds(rawId);
  }

  /** Who it is; `undefined` for who is not known (yet). @internal */
  _identifier(participantId: string): Identifier | undefined {
    const { conference } = this._context;
    const rawId = participantId === conference.participantId ? conference.rawId : this._context.rawId(participantId);
    return rawId ? identifierOf(rawId) : undefined;
  }

  /** Who they are by participant id, those not known (yet) left out, and each once: two devices have one identifier. @internal */
  _identifiers(participantIds: Iterable<string>): Map<string, Identifier> {
    const found = new Map<string, Identifier>();
    const seen = new Set<string>();
    for (const id of participantIds) {
      const identifier = this._identifier(id);
      if (!identifier || seen.has(identifier.rawId)) continue;
      seen.add(identifier.rawId);
      found.set(id, identifier);
    }
    return found;
  }
}
