/** Spoken and typed words as text. */

import type { CallerInfo, ParticipantInfo, PropertyChangedEvent } from '../common.js';
import type { CallFeature } from '../feature.js';

export type CaptionsKind = 'Captions' | 'TeamsCaptions';
export type CaptionsResultType = 'Partial' | 'Final';

export interface StartCaptionsOptions {
  /** As `en-us`. */
  spokenLanguage: string;
}

interface CaptionsInfoCommon {
  readonly speaker: CallerInfo;
  readonly timestamp: Date;
  readonly resultType: CaptionsResultType;
  readonly spokenLanguage: string;
}

export interface CaptionsInfo extends CaptionsInfoCommon {
  readonly spokenText: string;
}

export interface TeamsCaptionsInfo extends CaptionsInfoCommon {
  readonly spokenText?: string;
  readonly captionText: string;
  readonly captionLanguage: string;
}

export type CaptionsHandler = (data: CaptionsInfo) => void;
export type TeamsCaptionsHandler = (data: TeamsCaptionsInfo) => void;

export interface CaptionsCommon {
  readonly kind: CaptionsKind;
  readonly isCaptionsFeatureActive: boolean;
  readonly supportedSpokenLanguages: string[];
  readonly activeSpokenLanguage: string;
  startCaptions(options?: StartCaptionsOptions): Promise<void>;
  stopCaptions(): Promise<void>;
  setSpokenLanguage(language: string): Promise<void>;
}

export interface Captions extends CaptionsCommon {
  on(event: 'CaptionsActiveChanged' | 'SpokenLanguageChanged', listener: PropertyChangedEvent): void;
  on(event: 'CaptionsReceived', listener: CaptionsHandler): void;
  off(event: 'CaptionsActiveChanged' | 'SpokenLanguageChanged', listener: PropertyChangedEvent): void;
  off(event: 'CaptionsReceived', listener: CaptionsHandler): void;
}

export interface TeamsCaptions extends CaptionsCommon {
  readonly supportedCaptionLanguages: string[];
  readonly activeCaptionLanguage: string;
  setCaptionLanguage(language: string): Promise<void>;
  on(event: 'CaptionsActiveChanged' | 'SpokenLanguageChanged' | 'CaptionLanguageChanged', listener: PropertyChangedEvent): void;
  on(event: 'CaptionsReceived', listener: TeamsCaptionsHandler): void;
  off(event: 'CaptionsActiveChanged' | 'SpokenLanguageChanged' | 'CaptionLanguageChanged', listener: PropertyChangedEvent): void;
  off(event: 'CaptionsReceived', listener: TeamsCaptionsHandler): void;
}

export interface CaptionsCallFeature extends CallFeature {
  readonly captions: Captions | TeamsCaptions;
  on(event: 'CaptionsKindChanged', listener: PropertyChangedEvent): void;
  off(event: 'CaptionsKindChanged', listener: PropertyChangedEvent): void;
}

// Real-time text.

export type RealTimeTextResultType = 'Partial' | 'Final';

export interface RealTimeTextInfo {
  readonly sender: ParticipantInfo;
  readonly sequenceId: number;
  readonly text: string;
  readonly resultType: RealTimeTextResultType;
  readonly receivedTimestamp?: Date;
  readonly updatedTimestamp?: Date;
  readonly isLocal?: boolean;
}

export type RealTimeTextReceivedEventHandler = (data: RealTimeTextInfo) => void;

export interface RealTimeTextFeature extends CallFeature {
  sendRealTimeText(text: string, finalized?: boolean): Promise<void>;
  on(event: 'realTimeTextReceived', listener: RealTimeTextReceivedEventHandler): void;
  off(event: 'realTimeTextReceived', listener: RealTimeTextReceivedEventHandler): void;
}
