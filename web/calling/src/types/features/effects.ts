/** Effects on the local camera and microphone. */

import type { LocalStreamFeature } from '../feature.js';

// Pictures.

export type VideoEffectName = 'BackgroundBlur' | 'BackgroundReplacement' | (string & {});

/** What an effects package has: takes a picture track, gives a changed one. */
export interface VideoEffectProcessor {
  readonly name: VideoEffectName;
  isSupported(): Promise<boolean>;
  initialize(track: MediaStreamTrack): Promise<void>;
  process(track: MediaStreamTrack): Promise<MediaStreamTrack>;
  dispose(): Promise<void>;
}

export interface BackgroundBlurConfig {
  /** 0 to 1. */
  intensity?: number;
}

export interface BackgroundReplacementConfig {
  backgroundImageUrl: string;
}

export interface BackgroundBlurEffect extends VideoEffectProcessor {
  configure(options: BackgroundBlurConfig): Promise<void>;
}

export interface BackgroundReplacementEffect extends VideoEffectProcessor {
  configure(options: BackgroundReplacementConfig): Promise<void>;
}

export interface VideoEffectErrorPayload {
  readonly code: string;
  readonly message: string;
  readonly name?: string;
}

export type VideoEffectsListener = (activeEffects: VideoEffectName[]) => void;
export type VideoEffectErrorListener = (error: VideoEffectErrorPayload) => void;

export interface VideoEffectsFeature extends LocalStreamFeature {
  readonly activeEffects: VideoEffectName[];
  isSupported(effect: VideoEffectProcessor): Promise<boolean>;
  startEffects(effect: VideoEffectProcessor): Promise<void>;
  stopEffects(): Promise<void>;
  on(event: 'effectsStarted' | 'effectsStopped', listener: VideoEffectsListener): void;
  on(event: 'effectsError', listener: VideoEffectErrorListener): void;
  off(event: 'effectsStarted' | 'effectsStopped', listener: VideoEffectsListener): void;
  off(event: 'effectsError', listener: VideoEffectErrorListener): void;
}

// Sound.

export type AudioEffectName = 'AutoGainControl' | 'EchoCancellation' | 'NoiseSuppression' | (string & {});
export type AutoGainControl = 'BrowserAutoGainControl';
export type EchoCancellation = 'BrowserEchoCancellation';
export type NoiseSuppression = 'BrowserNoiseSuppression';

/** What an effects package has: takes a microphone track, gives a changed one. */
export interface AudioEffectProcessor {
  readonly name: AudioEffectName;
  isSupported?(): Promise<boolean>;
}

/** Cleans the microphone's sound of noise. */
export interface DeepNoiseSuppressionEffect extends AudioEffectProcessor {}

export interface AudioEffectsStartConfig {
  autoGainControl?: AutoGainControl | AudioEffectProcessor;
  echoCancellation?: EchoCancellation | AudioEffectProcessor;
  noiseSuppression?: NoiseSuppression | DeepNoiseSuppressionEffect | AudioEffectProcessor;
}

export interface AudioEffectsStopConfig {
  autoGainControl?: boolean;
  echoCancellation?: boolean;
  noiseSuppression?: boolean;
}

export interface AudioEffectErrorPayload {
  readonly code: number | string;
  readonly message: string;
}

export interface ActiveAudioEffects {
  readonly autoGainControl?: AudioEffectName[];
  readonly echoCancellation?: AudioEffectName[];
  readonly noiseSuppression?: AudioEffectName[];
}

export type AudioEffectsListener = (activeEffects: ActiveAudioEffects) => void;
export type AudioEffectErrorListener = (error: AudioEffectErrorPayload) => void;

export interface AudioEffectsFeature extends LocalStreamFeature {
  readonly activeEffects: ActiveAudioEffects;
  isSupported(effect: AutoGainControl | EchoCancellation | NoiseSuppression | AudioEffectProcessor): Promise<boolean>;
  startEffects(config: AudioEffectsStartConfig): Promise<void>;
  stopEffects(config: AudioEffectsStopConfig): Promise<void>;
  on(event: 'effectsStarted' | 'effectsStopped', listener: AudioEffectsListener): void;
  on(event: 'effectsError', listener: AudioEffectErrorListener): void;
  off(event: 'effectsStarted' | 'effectsStopped', listener: AudioEffectsListener): void;
  off(event: 'effectsError', listener: AudioEffectErrorListener): void;
}
