/** Effects on a camera's picture. */

import { Effect } from './effect.js';

/** How much is blurred. */
export interface BackgroundBlurConfig {
  /** 0 to 1; what the app sets is kept, and has no effect. */
  blurLevel?: number;
}

/** What is seen in place of the room. */
export interface BackgroundReplacementConfig {
  /** Address of a picture. It is kept, and never fetched. */
  backgroundImageUrl: string;
}

/** The room behind somebody, out of focus. */
export class BackgroundBlurEffect extends Effect<'BackgroundBlur'> {
  readonly name = 'BackgroundBlur';
  /** What was asked for last. */
  config: BackgroundBlurConfig;

  constructor(config: BackgroundBlurConfig = {}) {
    super();
    this.config = { ...config };
  }

  /** Asks for something else. */
  configure(config: BackgroundBlurConfig): Promise<void> {
    this.config = { ...config };
    return Promise.resolve();
  }
}

/** A picture in place of the room behind somebody. */
export class BackgroundReplacementEffect extends Effect<'BackgroundReplacement'> {
  readonly name = 'BackgroundReplacement';
  /** What was asked for last. */
  config: BackgroundReplacementConfig;

  constructor(config: BackgroundReplacementConfig) {
    super();
    this.config = { ...config };
  }

  /** Asks for something else. */
  configure(config: BackgroundReplacementConfig): Promise<void> {
    this.config = { ...config };
    return Promise.resolve();
  }
}
