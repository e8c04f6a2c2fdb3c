/** Whether the meeting is recorded or transcribed, and the consent to it. */

import { CommunicationError } from '../errors.js';
import type { FeatureContext } from '../internal.js';
import type { RecordingCallFeature, RecordingInfo, TranscriptionCallFeature } from '../types/index.js';
import { Feature } from './feature.js';

type RunEvents = {
  isRecordingActiveChanged: void;
  isTranscriptionActiveChanged: void;
  isTeamsConsentRequiredChanged: void;
  recordingsUpdated: { added: RecordingInfo[]; removed: RecordingInfo[] };
};

/** What recording and transcription share. */
abstract class Run extends Feature<RunEvents> {
  /** @internal */
  readonly _which: 'recording' | 'transcription';
  /** @internal */
  _active: boolean;
  /** @internal */
  _required: boolean;

  constructor(name: string, which: 'recording' | 'transcription', context: FeatureContext) {
    super(name, context);
    this._which = which;
    this._active = this._running;
    this._required = this.isTeamsConsentRequired;
    this._when(['meeting', 'state'], () => this._update());
  }

  get isTeamsConsentRequired(): boolean {
    const { meeting, consented } = this._context.conference;
    return this._running && meeting.consentRequired && !consented;
  }

  async grantTeamsConsent(): Promise<void> {
    const { conference } = this._context;
    if (conference.state !== 'connected') throw this._notConnected();
    await conference.consent();
    if (!conference.consented) throw new CommunicationError('The consent was not taken.', 500);
  }

  /** @internal */
  get _running(): boolean {
    return this._context.conference.meeting[this._which];
  }

  /** @internal */
  _update(): void {
    const [active, required] = [this._active, this._required];
    this._active = this._running;
    this._required = this.isTeamsConsentRequired;
    if (active !== this._active) this._changed();
    if (required !== this._required) this._emit('isTeamsConsentRequiredChanged', undefined);
  }

  /** @internal */
  abstract _changed(): void;
}

export class Recording extends Run implements RecordingCallFeature {
  constructor(context: FeatureContext) {
    super('Recording', 'recording', context);
  }

  get isRecordingActive(): boolean {
    return this._running;
  }

  get recordings(): RecordingInfo[] {
    return this._running ? [{ state: 'Started' }] : [];
  }

  /** @internal */
  override _changed(): void {
    this._emit('isRecordingActiveChanged', undefined);
    const removed: RecordingInfo[] = this._running ? [] : [{ state: 'Ended' }];
    this._emit('recordingsUpdated', { added: this.recordings, removed });
  }
}

export class Transcription extends Run implements TranscriptionCallFeature {
  constructor(context: FeatureContext) {
    super('Transcription', 'transcription', context);
  }

  get isTranscriptionActive(): boolean {
    return this._running;
  }

  /** @internal */
  override _changed(): void {
    this._emit('isTranscriptionActiveChanged', undefined);
  }
}
