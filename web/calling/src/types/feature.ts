/** How features hang on calls, clients and streams. */

/** What `feature(entry)` hands out has at least this. */
export interface FeatureBase {
  /** As in `Features`: `Capabilities`, `RaiseHand`, … */
  readonly name: string;
  /** Lets go of everything. */
  dispose?(): void;
}

/** An entry of `Features`. Two are the same when their names are. */
export interface FeatureFactory<T, Of extends string> {
  readonly name: string;
  readonly of: Of;
  /** Never there; carries the type. */
  readonly feature?: T;
}

export interface CallFeature extends FeatureBase {}
export interface CallAgentFeature extends FeatureBase {}
export interface CallClientFeature extends FeatureBase {}
export interface LocalStreamFeature extends FeatureBase {}

export interface CallFeatureFactory<T extends CallFeature> extends FeatureFactory<T, 'call'> {}
export interface CallAgentFeatureFactory<T extends CallAgentFeature> extends FeatureFactory<T, 'agent'> {}
export interface CallClientFeatureFactory<T extends CallClientFeature> extends FeatureFactory<T, 'client'> {}
export interface LocalStreamFeatureFactory<T extends LocalStreamFeature> extends FeatureFactory<T, 'video' | 'audio'> {}
/** Feature of a local picture. */
export interface LocalVideoStreamFeatureFactory<T extends LocalStreamFeature> extends FeatureFactory<T, 'video'> {}
/** Feature of a local microphone. */
export interface LocalAudioStreamFeatureFactory<T extends LocalStreamFeature> extends FeatureFactory<T, 'audio'> {}
