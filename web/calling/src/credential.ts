/** The app's credential: tokens of it, and the server's address that they carry. */

import type { CommunicationTokenCredential } from '@azure/communication-common';

import { CommunicationError } from './errors.js';
import { claims, expiry } from './session/token.js';

/** What stands in a token. */
export interface Identity {
  /** Raw id of the user; empty if the token does not say. */
  rawId: string;
  /** Origin of the server that has issued it; empty if it does not say. */
  server: string;
}

/**
 * A token of the credential that may be used.
 *
 * @throws {CommunicationError} 401 when there is none, or it is no JWT, or has expired
 */
export async function tokenOf(credential: CommunicationTokenCredential): Promise<string> {
  let token: string | undefined;
  try {
    ({ token } = await credential.getToken());
  } catch (error) {
    throw new CommunicationError(`The credential gave no token: ${String((error as Error)?.message ?? error)}`, 401);
  }
  if (typeof token !== 'string' || !claims(token)) throw new CommunicationError('The access token is no JWT.', 401);
  const expires = expiry(token);
  if (expires !== null && expires <= Date.now()) throw new CommunicationError('The access token has expired.', 401);
  return token;
}

export function identityOf(token: string): Identity {
  const { skypeid, anteroom } = claims(token) ?? {};
  return {
    rawId: typeof skypeid === 'string' && skypeid ? (skypeid.startsWith('8:') ? skypeid : `8:${skypeid}`) : '',
    server: typeof anteroom === 'string' ? anteroom : '',
  };
}

/** Where the server is, if its tokens do not say: `new CallClient({ anteroom: { … } })`. */
export interface ServerOptions {
  /** Origin of the server: `https://meet.example.com`. A token that names another one wins. */
  url?: string;
  /**
   * Use the origin of the meeting link if nothing else says where the server is. Whoever makes a link then decides where
   * the user's token goes: only for links that your own app has made.
   */
  trustMeetingLinks?: boolean;
}

/**
 * The signaling address: on the server that the token names, else on the one in the options, else on the link's where that
 * is allowed.
 *
 * @throws {CommunicationError} 400 when none says where, or what it says is no https origin (http only on this computer)
 */
export function signalingUrl(identity: Identity, options: ServerOptions, meetingLink: string): string {
  const address = identity.server || options.url || (options.trustMeetingLinks ? meetingLink : '');
  if (!address) {
    throw new CommunicationError(
      'The server is not known: the access token has no claim "anteroom", and the option "anteroom.url" of CallClient is not set.',
      400,
    );
  }
  const url = URL.canParse(address) ? new URL(address) : null;
  const secure = url?.protocol === 'https:' || (url?.protocol === 'http:' && isThisComputer(url.hostname));
  if (!url || !secure) throw new CommunicationError('The address of the server has to be an https origin.', 400);
  return `${url.protocol === 'https:' ? 'wss:' : 'ws:'}//${url.host}/signaling`;
}

const isThisComputer = (host: string) => host === 'localhost' || host === '[::1]' || /^127(?:\.\d+){3}$/.test(host);
