/** Joins calls for one user. */

import { bindMethods } from './bind.js';
import { MeetingCall } from './call.js';
import { signalingUrl } from './credential.js';
import type { Identity, ServerOptions } from './credential.js';
import type { Devices } from './devices/device-manager.js';
import { Emitter } from './emitter.js';
import { CommunicationError } from './errors.js';
import { wireLocator } from './locator.js';
import type * as api from './types/index.js';
import { CallAgentKind } from './types/index.js';

/** What names may be at most, in characters. */
const MAX_NAME = 256;

/** What an agent needs of its client. */
export interface AgentOptions {
  identity: Identity;
  /** @throws {CommunicationError} */
  token: () => Promise<string>;
  displayName: string;
  server: ServerOptions;
  devices: Devices;
  joined: (callId: string) => void;
  disposed: () => void;
}

type AgentEvents = {
  callsUpdated: { added: api.Call[]; removed: api.Call[] };
  incomingCall: { incomingCall: api.IncomingCall };
  connectionStateChanged: api.ConnectionStateChangedEventArgs;
};

export class UserAgent extends Emitter<AgentEvents> implements api.CallAgent {
  readonly kind: CallAgentKind = CallAgentKind.CallAgent;
  readonly displayName: string;
  /** Of the calls there are: `Reconnecting` while one of them has lost the service. */
  connectionState: api.ConnectionState = 'Connected';
  calls: ReadonlyArray<MeetingCall> = [];
  /** @internal */
  readonly _options: AgentOptions;

  /** @internal */
  constructor(options: AgentOptions) {
    super();
    this._options = options;
    this.displayName = options.displayName;
    bindMethods(this);
  }

  /**
   * Joins a meeting, a room or a group call. Returns at once; the call's state and `callEndReason` say how it goes.
   *
   * @throws {CommunicationError} 400 for what is no locator, or when the server is not known
   */
  join(locator: api.CallLocator, options: api.JoinCallOptions = {}): MeetingCall {
    if (this.connectionState === 'Disconnected') throw new CommunicationError('The agent was disposed of.', 410);
    const { identity, server, token, devices } = this._options;
    const wire = wireLocator(locator);
    const url = signalingUrl(identity, server, 'meetingLink' in wire ? wire.meetingLink : '');
    const call = new MeetingCall({
      url,
      token,
      displayName: printable(this.displayName),
      rawId: identity.rawId,
      locator: wire,
      devices,
      join: options ?? {},
      ended: (ended) => this._remove(ended),
    });
    call._conference.addEventListener('change', () => this._learnConnection());
    this.calls = [...this.calls, call];
    this._options.joined(call.id);
    // As the call's own events, not before the app has the call.
    queueMicrotask(() => this._emit('callsUpdated', { added: [call], removed: [] }));
    return call;
  }

  /** People join meetings here; nobody is rung. @throws {CommunicationError} always */
  startCall(): never {
    throw new CommunicationError('Calling people directly is not supported: join a meeting, a room or a group call.', 405);
  }

  /** There is nothing to ask of agents. */
  feature<T extends api.CallAgentFeature>(factory: api.CallAgentFeatureFactory<T>): T {
    throw new CommunicationError(`Agents have no feature ${factory?.name}.`, 400);
  }

  /** Leaves all calls, and lets another agent be made. */
  async dispose(): Promise<void> {
    await Promise.allSettled(this.calls.map((call) => call.hangUp()));
    this._setConnection('Disconnected');
    this._options.disposed();
    this._dropListeners();
  }

  /** @internal */
  _remove(call: MeetingCall): void {
    this.calls = this.calls.filter((one) => one !== call);
    this._emit('callsUpdated', { added: [], removed: [call] });
    this._learnConnection();
  }

  /** @internal */
  _learnConnection(): void {
    if (this.connectionState === 'Disconnected') return;
    this._setConnection(this.calls.some(({ _conference }) => _conference.reconnecting) ? 'Reconnecting' : 'Connected');
  }

  /** @internal */
  _setConnection(state: api.ConnectionState): void {
    const before = this.connectionState;
    if (before === state) return;
    this.connectionState = state;
    this._emit('connectionStateChanged', { oldValue: before, newValue: state, oldState: before, newState: state });
  }
}

/** A name that the service takes. */
function printable(name: string): string {
  return [...name.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').trim()].slice(0, MAX_NAME).join('') || 'Guest';
}
