/** People, as raw identifiers on the wire and as the identifiers of `@azure/communication-common` in the API. */

import { createIdentifierFromRawId, getIdentifierRawId } from '@azure/communication-common';
import type { CommunicationIdentifier, CommunicationIdentifierKind } from '@azure/communication-common';

import { CommunicationError } from './errors.js';

export type Identifier = CommunicationIdentifierKind & { rawId: string };

/** With its kind and its raw id, which libraries read without asking. A new object each time: some freeze it. */
export function identifierOf(rawId: string): Identifier {
  const identifier = createIdentifierFromRawId(rawId);
  const complete = identifier.kind === 'microsoftTeamsUser' ? { isAnonymous: false, cloud: 'public' as const, ...identifier } : identifier;
  return { ...complete, rawId } as Identifier;
}

/** @throws {CommunicationError} for what is no identifier */
export function rawIdOf(identifier: CommunicationIdentifier): string {
  try {
    const rawId = getIdentifierRawId(identifier);
    if (rawId) return rawId;
  } catch {
    // Said below.
  }
  throw new CommunicationError('An identifier of a participant is needed.', 400);
}
