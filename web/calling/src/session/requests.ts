/** What can be asked of the service during a stay in a meeting. */

import type { ClientBodies, ClientKind, ServerMessage } from './messages.js';
import type { Notice } from './notices.js';
import { RequestRefused, SessionOver } from './signaling.js';
import type { Signaling } from './signaling.js';

/** A method's answer is `null` when the request was refused, of which the person has been told, or the stay is over. */
export abstract class Requests extends EventTarget {
  /** For statistics, debugging and tests. */
  abstract readonly signaling: Signaling;

  /** Tells the person something. */
  protected abstract notice(notice: Notice): void;

  /**
   * Asks the service for something, and leaves what to make of a refusal to the caller.
   *
   * @throws {RequestRefused|SessionOver}
   */
  request<K extends ClientKind>(kind: K, body: ClientBodies[K]): Promise<ServerMessage> {
    return this.signaling.request(kind, body);
  }

  admit(participantIds: string[]): Promise<ServerMessage | null> {
    return this.ask('admit', { participantIds });
  }

  admitAll(): Promise<ServerMessage | null> {
    return this.ask('admit', { all: true });
  }

  reject(participantIds: string[]): Promise<ServerMessage | null> {
    return this.ask('reject', { participantIds });
  }

  remove(participantIds: string[]): Promise<ServerMessage | null> {
    return this.ask('remove', { participantIds });
  }

  endMeeting(): Promise<ServerMessage | null> {
    return this.ask('endMeeting', {});
  }

  /** @param participantId whose; others' hands can be lowered only */
  setHand(raised: boolean, participantId = ''): Promise<ServerMessage | null> {
    return this.ask('setHand', { raised, participantId });
  }

  /** @param kind `REACTION_KIND_LIKE`, … */
  react(kind: string): Promise<ServerMessage | null> {
    return this.ask('sendReaction', { kind });
  }

  /** @param participantIds with `remove`, none means everybody */
  spotlight(participantIds: string[], { remove = false } = {}): Promise<ServerMessage | null> {
    return this.ask('spotlight', { participantIds, remove });
  }

  mute(participantIds: string[]): Promise<ServerMessage | null> {
    return this.ask('muteParticipants', { participantIds });
  }

  muteAll(): Promise<ServerMessage | null> {
    return this.ask('muteParticipants', { all: true });
  }

  /**
   * @param allowed what is left out stays
   * @param participantIds attendees; none means all of them
   */
  allowAttendees(
    { mic, camera }: { mic?: boolean; camera?: boolean },
    participantIds: string[] = [],
  ): Promise<ServerMessage | null> {
    return this.ask('setAttendeeMedia', { participantIds, micAllowed: mic, cameraAllowed: camera });
  }

  /** @param role `ROLE_ATTENDEE`, `ROLE_PRESENTER`, `ROLE_CO_ORGANIZER` */
  setRole(participantId: string, role: string): Promise<ServerMessage | null> {
    return this.ask('setRole', { participantId, role });
  }

  rename(name: string): Promise<ServerMessage | null> {
    return this.ask('rename', { name });
  }

  lock(locked: boolean): Promise<ServerMessage | null> {
    return this.ask('lockMeeting', { locked });
  }

  /** Says what runs. */
  record({ recording, transcription }: { recording: boolean; transcription: boolean }): Promise<ServerMessage | null> {
    return this.ask('setRecording', { recording, transcription });
  }

  /** Lets in who waits for the meeting to begin. */
  begin(): Promise<ServerMessage | null> {
    return this.ask('startMeeting', {});
  }

  /** @returns null when it was refused (the person has been told) */
  protected async ask<K extends ClientKind>(kind: K, body: ClientBodies[K]): Promise<ServerMessage | null> {
    try {
      return await this.signaling.request(kind, body);
    } catch (error) {
      if (error instanceof RequestRefused) {
        this.notice({ key: 'refused', args: { key: error.key, reason: error.reason }, message: error.message });
      } else if (!(error instanceof SessionOver)) throw error;
      return null;
    }
  }
}
