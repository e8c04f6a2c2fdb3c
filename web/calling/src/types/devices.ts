/** Cameras, microphones and speakers of this computer. */

import type { CollectionUpdatedEvent, PropertyChangedEvent } from './common.js';

export type VideoDeviceType = 'Unknown' | 'UsbCamera' | 'CaptureAdapter' | 'Virtual' | 'ScreenSharing';
export type AudioDeviceType = 'Microphone' | 'Speaker' | 'CompositeAudioDevice';

/** A camera. Its name is empty until the person has allowed cameras. */
export interface VideoDeviceInfo {
  readonly name: string;
  readonly id: string;
  readonly deviceType: VideoDeviceType;
}

/** A microphone or a speaker. Its name is empty until the person has allowed microphones. */
export interface AudioDeviceInfo {
  readonly name: string;
  readonly id: string;
  readonly isSystemDefault: boolean;
  readonly deviceType: AudioDeviceType;
}

/** What to ask the person for. */
export interface PermissionConstraints {
  audio: boolean;
  video: boolean;
}

/** What the person allows. */
export interface DeviceAccess {
  audio: boolean;
  video: boolean;
}

/** Where the person's permission for a kind of device stands. */
export enum DevicePermissionAccess {
  Granted = 'Granted',
  Denied = 'Denied',
  Unknown = 'Unknown',
}

/** Lists devices, asks for permission, and says which microphone and speaker calls use. */
export interface DeviceManager {
  readonly isSpeakerSelectionAvailable: boolean;
  readonly selectedMicrophone?: AudioDeviceInfo;
  readonly selectedSpeaker?: AudioDeviceInfo;
  getCameras(): Promise<VideoDeviceInfo[]>;
  getMicrophones(): Promise<AudioDeviceInfo[]>;
  getSpeakers(): Promise<AudioDeviceInfo[]>;
  /** @throws when there is no such microphone */
  selectMicrophone(microphone: AudioDeviceInfo): Promise<void>;
  /** @throws when there is no such speaker, or speakers cannot be chosen in this browser */
  selectSpeaker(speaker: AudioDeviceInfo): Promise<void>;
  askDevicePermission(permissionConstraints: PermissionConstraints): Promise<DeviceAccess>;
  /** Opens devices ahead of a call, so that it begins faster. */
  startPreheatDevices(options?: PreheatDevicesOptions): Promise<void>;
  stopPreheatDevices(): Promise<void>;
  on(event: 'videoDevicesUpdated', listener: CollectionUpdatedEvent<VideoDeviceInfo>): void;
  on(event: 'audioDevicesUpdated', listener: CollectionUpdatedEvent<AudioDeviceInfo>): void;
  on(event: 'selectedMicrophoneChanged', listener: PropertyChangedEvent): void;
  on(event: 'selectedSpeakerChanged', listener: PropertyChangedEvent): void;
  off(event: 'videoDevicesUpdated', listener: CollectionUpdatedEvent<VideoDeviceInfo>): void;
  off(event: 'audioDevicesUpdated', listener: CollectionUpdatedEvent<AudioDeviceInfo>): void;
  off(event: 'selectedMicrophoneChanged', listener: PropertyChangedEvent): void;
  off(event: 'selectedSpeakerChanged', listener: PropertyChangedEvent): void;
}

export interface PreheatDevicesOptions {
  audio?: boolean;
  video?: boolean;
}
