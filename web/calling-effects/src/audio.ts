/** Effects on what a microphone hears. */

import { Effect } from './effect.js';

/**
 * Noise suppression by a model of its own. Browsers have one built in, which the calling package leaves switched on; this
 * one is not there.
 */
export class DeepNoiseSuppressionEffect extends Effect<'DeepNoiseSuppression'> {
  readonly name = 'DeepNoiseSuppression';
}
