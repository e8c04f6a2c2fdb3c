/**
 * What a stay in a meeting says to the person. It knows no language: a notice has a key and arguments, and an English
 * sentence for who has no translation.
 */

import type { AnnouncementMessage, EndReasonMessage } from './messages.js';

/** Why a stay is over. */
export interface EndReason {
  /** As in `callEndReason` of ACS. */
  code: number;
  subCode: number;
  /** Stable key: `left`, `lobby_denied`, `connection_lost`, … */
  key: string;
  message: string;
}

/**
 * Something to tell the person, by key:
 * - `muted-by` (`{name}`, empty when it is not known): somebody muted them
 * - `media-trouble`: audio or video could not be set up
 * - `refused` (`{key, reason}`, as the service says): what they asked for is not allowed or not possible
 */
export interface Notice {
  key: 'muted-by' | 'media-trouble' | 'refused';
  args: Record<string, string>;
  /** In English. */
  message: string;
}

/** Who came and went; names may be fewer than there are people. */
export interface Announcement {
  entered: string[];
  left: string[];
  enteredCount: number;
  leftCount: number;
  /** In English. */
  message: string;
}

export const CONNECTION_LOST: EndReason = {
  code: 0,
  subCode: 4521,
  key: 'connection_lost',
  message: 'The connection to the service was lost and could not be restored.',
};
export const LEFT: EndReason = { code: 0, subCode: 0, key: 'left', message: 'You left the meeting.' };
export const JOIN_REFUSED: EndReason = {
  code: 400,
  subCode: 0,
  key: 'refused',
  message: 'The service refused the request to join.',
};

export function endReason(raw: EndReasonMessage): EndReason {
  return { code: raw.code ?? 0, subCode: raw.subCode ?? 0, key: raw.key ?? '', message: raw.message ?? '' };
}

export function mutedBy(name: string): Notice {
  return { key: 'muted-by', args: { name }, message: `${name || 'Somebody'} muted you.` };
}

export const MEDIA_TROUBLE: Notice = {
  key: 'media-trouble',
  args: {},
  message: 'Audio or video could not be set up. Leave and join again if it does not come back.',
};

export function announcement(raw: AnnouncementMessage): Announcement {
  const { entered = [], left = [], enteredCount = 0, leftCount = 0 } = raw;
  const parts: string[] = [];
  if (enteredCount > 0) parts.push(`${people(entered, enteredCount)} joined.`);
  if (leftCount > 0) parts.push(`${people(left, leftCount)} left.`);
  return { entered, left, enteredCount, leftCount, message: parts.join(' ') };
}

/** "Ann, Bo and 3 others". */
function people(names: string[], count: number): string {
  const shown = names.slice(0, 3);
  const more = count - shown.length;
  if (more > 0) shown.push(`${more} ${more === 1 ? 'other' : 'others'}`);
  return new Intl.ListFormat('en').format(shown);
}
