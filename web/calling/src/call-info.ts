/** What a call says of itself. A class: libraries freeze plain objects, and this one learns. */

import { CommunicationError } from './errors.js';
import type { CallInfo, CustomContext, PropertyChangedEvent } from './types/index.js';

type InfoEvent = 'groupIdChanged' | 'threadIdChanged';

export class CallInformation implements CallInfo {
  participantId: string;
  groupId: string | undefined;
  threadId: string | undefined;
  context: CustomContext | undefined;
  /** @internal */
  _callId = '';
  /** @internal */
  readonly _listeners: Record<InfoEvent, Set<PropertyChangedEvent>> = { groupIdChanged: new Set(), threadIdChanged: new Set() };

  /** @internal */
  constructor(participantId: string, groupId: string | undefined) {
    this.participantId = participantId;
    this.groupId = groupId;
    this.getServerCallId = this.getServerCallId.bind(this);
    this.getConnectedCallId = this.getConnectedCallId.bind(this);
    this.on = this.on.bind(this);
    this.off = this.off.bind(this);
  }

  /** The same for everybody in the call. @throws {CommunicationError} before the call is connected */
  async getServerCallId(): Promise<string> {
    if (!this._callId) throw new CommunicationError('The call is not connected.', 412);
    return this._callId;
  }

  async getConnectedCallId(): Promise<string> {
    return this.getServerCallId();
  }

  on(event: InfoEvent, listener: PropertyChangedEvent): void {
    this._listeners[event]?.add(listener);
  }

  off(event: InfoEvent, listener: PropertyChangedEvent): void {
    this._listeners[event]?.delete(listener);
  }

  /** @internal */
  _setThreadId(threadId: string | undefined): void {
    if (this.threadId === threadId) return;
    this.threadId = threadId;
    for (const listener of [...this._listeners.threadIdChanged]) listener();
  }
}
