/** Effects on local streams. There are none yet: what asks for one is told so, and the picture stays as it is. */

import { Emitter } from '../emitter.js';
import { CommunicationError } from '../errors.js';
import type {
  ActiveAudioEffects,
  AudioEffectErrorPayload,
  AudioEffectsFeature,
  LocalStreamFeature,
  VideoEffectErrorPayload,
  VideoEffectName,
  VideoEffectsFeature,
} from '../types/index.js';

type Started<T> = { effectsStarted: T; effectsStopped: T };

class VideoEffects extends Emitter<Started<VideoEffectName[]> & { effectsError: VideoEffectErrorPayload }>
  implements VideoEffectsFeature
{
  readonly name = 'VideoEffects';

  get activeEffects(): VideoEffectName[] {
    return [];
  }

  async isSupported(): Promise<boolean> {
    return false;
  }

  async startEffects(): Promise<void> {
    throw unsupported();
  }

  async stopEffects(): Promise<void> {}

  dispose(): void {
    this._dropListeners();
  }
}

class AudioEffects extends Emitter<Started<ActiveAudioEffects> & { effectsError: AudioEffectErrorPayload }>
  implements AudioEffectsFeature
{
  readonly name = 'AudioEffects';

  get activeEffects(): ActiveAudioEffects {
    return {};
  }

  async isSupported(): Promise<boolean> {
    return false;
  }

  async startEffects(): Promise<void> {
    throw unsupported();
  }

  async stopEffects(): Promise<void> {}

  dispose(): void {
    this._dropListeners();
  }
}

const unsupported = () => new CommunicationError('There are no effects on pictures and sound here.', 405);

/** What `feature` of a local stream hands out: sound effects for that name, picture effects for any other. */
export function createEffects(name: string): LocalStreamFeature {
  return name === 'AudioEffects' ? new AudioEffects() : new VideoEffects();
}
