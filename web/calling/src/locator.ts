/** Where a call goes: the locators of the API, and what they are on the wire. */

import { CommunicationError } from './errors.js';
import type { Locator } from './session/messages.js';

/**
 * The wire's form of whatever the app passes.
 *
 * @throws {CommunicationError} 400 for what is no locator
 */
export function wireLocator(locator: object): Locator {
  const given = (locator ?? {}) as Record<string, unknown>;
  const text = (name: string): string => {
    const value = given[name];
    if (typeof value !== 'string' || value === '') throw new CommunicationError(`The locator's ${name} is missing.`, 400, 5751);
    return value;
  };
  if ('meetingLink' in given) return { meetingLink: text('meetingLink') };
  if ('meetingId' in given) {
    const passcode = given.passcode;
    return { meetingId: { meetingId: text('meetingId'), passcode: typeof passcode === 'string' ? passcode : '' } };
  }
  if ('roomId' in given) return { roomId: text('roomId') };
  if ('groupId' in given) return { groupId: text('groupId') };
  if ('threadId' in given && 'organizerId' in given) {
    const messageId = given.messageId;
    return {
      coordinates: {
        threadId: text('threadId'),
        organizerId: text('organizerId'),
        tenantId: text('tenantId'),
        messageId: typeof messageId === 'string' && messageId ? messageId : '0',
      },
    };
  }
  throw new CommunicationError('Not a locator of a meeting, a room or a group call.', 400, 5751);
}
