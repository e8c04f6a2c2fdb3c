/** What the page gets from the company's own back end: who the person is, their token, where the service is. */

import { AzureCommunicationTokenCredential } from '@azure/communication-common';
import type { CommunicationTokenCredential, CommunicationUserIdentifier } from '@azure/communication-common';

/** The answer of `POST /api/token` (server.mjs). */
interface Pass {
  userId: string;
  token: string;
  /** Where chat is, `https://host:port`; calls learn it from the token. */
  endpoint: string;
  /** A meeting to try; absent without a demo. */
  meetingLink?: string;
}

/** A person who may join meetings. */
export interface Session {
  userId: CommunicationUserIdentifier;
  credential: CommunicationTokenCredential;
  endpoint: string;
  meetingLink: string;
}

/** Signs in; the back end knows us by a cookie, so that a token that is asked for later is the same person's. */
export async function openSession(): Promise<Session> {
  const { userId, token, endpoint, meetingLink = '' } = await askForPass();
  const credential = new AzureCommunicationTokenCredential({
    token,
    refreshProactively: true,
    tokenRefresher: async () => (await askForPass()).token,
  });
  return { userId: { communicationUserId: userId }, credential, endpoint, meetingLink };
}

async function askForPass(): Promise<Pass> {
  const response = await fetch('/api/token', { method: 'POST' });
  if (!response.ok) throw new Error(`the back end answered ${response.status}`);
  return (await response.json()) as Pass;
}
