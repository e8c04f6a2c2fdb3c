/** What this browser is and can. */

import type { PropertyChangedEvent } from '../common.js';
import type { CallClientFeature } from '../feature.js';

export interface Environment {
  /** `windows`, `mac`, `linux`, `android`, `ios`, … */
  readonly platform: string;
  /** `chrome`, `edge`, `firefox`, `safari`, … */
  readonly browser: string;
  readonly browserVersion: string;
}

export interface EnvironmentInfo {
  readonly environment: Environment;
  readonly isSupportedPlatform: boolean;
  readonly isSupportedBrowser: boolean;
  readonly isSupportedBrowserVersion: boolean;
  readonly isSupportedEnvironment: boolean;
}

export interface DebugInfoFeature extends CallClientFeature {
  /** Always false: other tabs are not looked for. */
  readonly isCallClientActiveInAnotherTab: boolean;
  /** Ids of the calls of this page, the newest last. */
  readonly callIds?: string[];
  readonly lastCallId?: string;
  readonly localParticipantId?: string;
  getEnvironmentInfo(): Promise<EnvironmentInfo>;
  /** What the package logged: nothing is kept. */
  dumpDebugInfo(): object;
  on(event: 'isCallClientActiveInAnotherTabChanged', listener: PropertyChangedEvent): void;
  off(event: 'isCallClientActiveInAnotherTabChanged', listener: PropertyChangedEvent): void;
}
