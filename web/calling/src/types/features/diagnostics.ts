/** What is wrong with the network or the devices, for a person to read. */

import type { CallFeature } from '../feature.js';

export enum DiagnosticQuality {
  Good = 1,
  Poor = 2,
  Bad = 3,
}

/** Whether something that is wrong is. */
export type DiagnosticFlag = boolean;
export type DiagnosticValueType = 'DiagnosticQuality' | 'DiagnosticFlag';

export interface LatestDiagnosticValue {
  value: DiagnosticQuality | DiagnosticFlag;
  valueType: DiagnosticValueType;
}

export type NetworkDiagnosticType =
  | 'noNetwork'
  | 'networkRelaysNotReachable'
  | 'networkReconnect'
  | 'networkReceiveQuality'
  | 'networkSendQuality'
  | 'serverConnection';

export type MediaDiagnosticType =
  | 'speakerNotFunctioning'
  | 'speakerBusy'
  | 'speakerMuted'
  | 'speakerVolumeIsZero'
  | 'noSpeakerDevicesEnumerated'
  | 'speakingWhileMicrophoneIsMuted'
  | 'noMicrophoneDevicesEnumerated'
  | 'microphoneBusy'
  | 'microphoneNotFunctioning'
  | 'microphoneMuteUnexpectedly'
  | 'microphoneVolumeIsZero'
  | 'microphonePermissionDenied'
  | 'cameraFreeze'
  | 'cameraStartFailed'
  | 'cameraStartTimedOut'
  | 'cameraStoppedUnexpectedly'
  | 'cameraPermissionDenied'
  | 'capturerStartFailed'
  | 'capturerStoppedUnexpectedly'
  | 'screenshareRecordingDisabled';

/** What has been seen so far; empty where all has been well. */
export type LatestNetworkDiagnostics = { [name in NetworkDiagnosticType]?: LatestDiagnosticValue };
export type LatestMediaDiagnostics = { [name in MediaDiagnosticType]?: LatestDiagnosticValue };

export interface DiagnosticChangedEventArgs {
  readonly value: DiagnosticQuality | DiagnosticFlag;
  readonly valueType: DiagnosticValueType;
}

export interface NetworkDiagnosticChangedEventArgs extends DiagnosticChangedEventArgs {
  readonly diagnostic: NetworkDiagnosticType;
}

export interface MediaDiagnosticChangedEventArgs extends DiagnosticChangedEventArgs {
  readonly diagnostic: MediaDiagnosticType;
}

export interface NetworkDiagnostics {
  getLatest(): LatestNetworkDiagnostics;
  on(event: 'diagnosticChanged', listener: (args: NetworkDiagnosticChangedEventArgs) => void): void;
  off(event: 'diagnosticChanged', listener: (args: NetworkDiagnosticChangedEventArgs) => void): void;
}

export interface MediaDiagnostics {
  getLatest(): LatestMediaDiagnostics;
  on(event: 'diagnosticChanged', listener: (args: MediaDiagnosticChangedEventArgs) => void): void;
  off(event: 'diagnosticChanged', listener: (args: MediaDiagnosticChangedEventArgs) => void): void;
}

export interface UserFacingDiagnosticsFeature extends CallFeature {
  readonly network: NetworkDiagnostics;
  readonly media: MediaDiagnostics;
}
