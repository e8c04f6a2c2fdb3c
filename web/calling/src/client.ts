/** Where everything begins. */

import type { CommunicationTokenCredential } from '@azure/communication-common';

import { UserAgent } from './agent.js';
import { bindMethods } from './bind.js';
import { identityOf, tokenOf } from './credential.js';
import type { ServerOptions } from './credential.js';
import { Devices } from './devices/device-manager.js';
import { CommunicationError } from './errors.js';
import { createDebugInfo } from './features/index.js';
import type * as api from './types/index.js';

/** What `CallClient` is made with; all of it may be left out. */
export interface AnteroomClientOptions extends api.CallClientOptions {
  /** Where the server is, for tokens that do not say. */
  anteroom?: ServerOptions;
}

/** Makes the agent of a user, and knows the devices of this computer. */
export class CallClient {
  /** @internal */
  readonly _options: AnteroomClientOptions;
  /** @internal */
  _devices: Devices | null = null;
  /** @internal */
  _agent: Promise<UserAgent> | null = null;
  /** @internal */
  readonly _features = new Map<string, api.CallClientFeature>();
  /** Of all calls there have been, the newest last. @internal */
  readonly _callIds: string[] = [];

  constructor(options?: AnteroomClientOptions) {
    this._options = options ?? {};
    bindMethods(this);
  }

  /**
   * The agent of the user whose tokens the credential gives.
   *
   * @throws {CommunicationError} 401 for a token that cannot be used; 409 while there is another agent
   */
  async createCallAgent(credential: CommunicationTokenCredential, options?: api.CallAgentOptions): Promise<api.CallAgent> {
    if (this._agent) throw new CommunicationError('There is an agent already: dispose of it first.', 409);
    const agent = this._createAgent(credential, options);
    this._agent = agent;
    try {
      return await agent;
    } catch (error) {
      if (this._agent === agent) this._agent = null;
      throw error;
    }
  }

  /** Teams users join with the pages of the server. @throws {CommunicationError} always */
  async createTeamsCallAgent(
    _credential: CommunicationTokenCredential,
    _options?: api.TeamsCallAgentOptions,
  ): Promise<api.TeamsCallAgent> {
    throw new CommunicationError('Agents of Teams users are not supported: use createCallAgent.', 405);
  }

  /** The same object each time. */
  async getDeviceManager(): Promise<api.DeviceManager> {
    return this._deviceManager();
  }

  feature<T extends api.CallClientFeature>(factory: api.CallClientFeatureFactory<T>): T {
    const name = factory?.name ?? '';
    let feature = this._features.get(name);
    if (!feature) this._features.set(name, (feature = name === 'DebugInfo' ? createDebugInfo(() => this._callIds) : { name }));
    return feature as T;
  }

  /** Ends all calls and gives devices back. */
  async dispose(): Promise<void> {
    const agent = await this._agent?.catch(() => null);
    await agent?.dispose();
    this._devices?._dispose();
    this._devices = null;
    for (const feature of this._features.values()) feature.dispose?.();
    this._features.clear();
  }

  /** @internal */
  async _createAgent(credential: CommunicationTokenCredential, options: api.CallAgentOptions = {}): Promise<UserAgent> {
    if (typeof credential?.getToken !== 'function') throw new CommunicationError('A token credential is needed.', 400);
    const token = await tokenOf(credential);
    return new UserAgent({
      identity: identityOf(token),
      token: () => tokenOf(credential),
      displayName: options?.displayName ?? '',
      server: this._options.anteroom ?? {},
      devices: this._deviceManager(),
      joined: (id) => this._callIds.push(id),
      disposed: () => {
        this._agent = null;
      },
    });
  }

  /** @internal */
  _deviceManager(): Devices {
    return (this._devices ??= new Devices());
  }
}
