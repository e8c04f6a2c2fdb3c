/** Pictures and sound, local and remote, and how they are shown. */

import type { PropertyChangedEvent } from './common.js';

export type MediaStreamType = 'Video' | 'ScreenSharing' | 'RawMedia';

/** Width and height in pixels. */
export interface StreamSize {
  width: number;
  height: number;
}

export interface VideoStreamCommon {
  readonly mediaStreamType: MediaStreamType;
}

/** Camera or screen of somebody else. */
export interface RemoteVideoStream extends VideoStreamCommon {
  /** Unique among a participant's streams. */
  readonly id: number;
  /** Whether it is being sent. */
  readonly isAvailable: boolean;
  /** Whether pictures arrive. */
  readonly isReceiving: boolean;
  /** Of what arrives; 0 by 0 before. */
  readonly size: StreamSize;
  getMediaStream(): Promise<MediaStream>;
  on(event: 'isAvailableChanged' | 'isReceivingChanged' | 'sizeChanged', listener: PropertyChangedEvent): void;
  off(event: 'isAvailableChanged' | 'isReceivingChanged' | 'sizeChanged', listener: PropertyChangedEvent): void;
}

/** What is heard of the others. */
export interface RemoteAudioStream {
  readonly mediaStreamType: 'Audio';
  getMediaStream(): Promise<MediaStream>;
  getVolume(): Promise<AudioStreamVolume>;
}

/** How loud sound is, now and from now on. */
export interface AudioStreamVolume {
  /** 0 to 100. */
  readonly level: number;
  on(event: 'levelChanged', listener: PropertyChangedEvent): void;
  off(event: 'levelChanged', listener: PropertyChangedEvent): void;
}

export type ScalingMode = 'Stretch' | 'Crop' | 'Fit';

export interface CreateViewOptions {
  isMirrored?: boolean;
  scalingMode?: ScalingMode;
}

/** A picture on the page. */
export interface VideoStreamRendererView {
  readonly scalingMode: ScalingMode;
  readonly isMirrored: boolean;
  /** Element to put into the page. */
  readonly target: HTMLElement;
  updateScalingMode(scalingMode: ScalingMode): Promise<void>;
  dispose(): void;
}

/** Limits on what is sent, for `Call.setConstraints` and the options of joining. */
export interface MediaConstraints {
  video?: VideoConstraints;
}

export interface VideoConstraints {
  send?: VideoSendConstraints;
}

export interface VideoSendConstraints {
  /** Pixels. */
  frameHeight?: { max?: number };
  /** Pictures a second. */
  frameRate?: { max?: number };
  /** Bits a second. */
  bitrate?: { max?: number };
}
