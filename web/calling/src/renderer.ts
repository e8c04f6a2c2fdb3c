/**
 * Shows streams on the page. Views come and go with every change of a layout: making one moves an element and touches
 * neither the stream nor its track.
 */

import { CommunicationError } from './errors.js';
import type { LocalVideoStream } from './devices/local-video-stream.js';
import type { Renderable } from './internal.js';
import type { CreateViewOptions, RemoteVideoStream, ScalingMode, StreamSize, VideoStreamRendererView } from './types/index.js';

const OBJECT_FIT: Record<ScalingMode, string> = { Stretch: 'fill', Crop: 'cover', Fit: 'contain' };
const DEFAULT_SCALING: ScalingMode = 'Crop';

const isScalingMode = (mode: unknown): mode is ScalingMode => typeof mode === 'string' && Object.hasOwn(OBJECT_FIT, mode);

/** Makes views of one stream. */
export class VideoStreamRenderer {
  /** @internal */
  readonly _stream: Renderable;
  /** @internal */
  readonly _views = new Set<View>();
  /** @internal */
  _disposed = false;

  /** @throws {CommunicationError} for anything that is no stream of this package */
  constructor(stream: LocalVideoStream | RemoteVideoStream) {
    const shown = stream as Partial<Renderable> | undefined;
    if (typeof shown?._show !== 'function' || typeof shown._hide !== 'function') {
      throw new CommunicationError('A local or remote video stream is needed.', 412, 43200);
    }
    this._stream = shown as Renderable;
  }

  /** Size of the pictures in pixels, as the newest view shows them; 0 by 0 before the first. */
  get size(): StreamSize {
    const video = [...this._views].at(-1)?._video;
    return { width: video?.videoWidth ?? 0, height: video?.videoHeight ?? 0 };
  }

  /**
   * Makes a view; put its `target` into the page. Does not wait for the first picture.
   *
   * @throws {CommunicationError} 412/43200 when the stream is not available
   * @throws {DeviceError} for a camera that cannot be opened
   */
  async createView(options: CreateViewOptions = {}): Promise<VideoStreamRendererView> {
    if (this._disposed) throw new CommunicationError('The renderer was disposed of.', 412, 43200);
    const view = new View(this._stream, options, () => this._views.delete(view));
    this._views.add(view);
    try {
      await view._start();
    } catch (error) {
      view.dispose();
      throw error;
    }
    if (view._disposed) throw new CommunicationError('The view was disposed of before it was there.', 404, 43202);
    return view;
  }

  dispose(): void {
    this._disposed = true;
    for (const view of [...this._views]) view.dispose();
  }
}

class View implements VideoStreamRendererView {
  /** A wrapper with the `<video>` inside: UI libraries look for a child. */
  readonly target: HTMLElement;
  scalingMode: ScalingMode;
  isMirrored: boolean;
  /** @internal */
  readonly _video: HTMLVideoElement;
  /** @internal */
  readonly _stream: Renderable;
  /** @internal */
  readonly _gone: () => void;
  /** @internal */
  _disposed = false;

  constructor(stream: Renderable, { scalingMode = DEFAULT_SCALING, isMirrored = false }: CreateViewOptions, gone: () => void) {
    this._stream = stream;
    this._gone = gone;
    this.scalingMode = isScalingMode(scalingMode) ? scalingMode : DEFAULT_SCALING;
    this.isMirrored = isMirrored;
    this.target = document.createElement('div');
    style(this.target, { width: '100%', height: '100%', overflow: 'hidden' });
    const video = document.createElement('video');
    video.autoplay = true;
    // Sound comes from elsewhere.
    video.muted = true;
    video.playsInline = true;
    video.disablePictureInPicture = true;
    // In the flow: in a place without a height of its own the picture has the one that it needs, and none would be unseen.
    style(video, { display: 'block', width: '100%', height: '100%' });
    if (isMirrored) style(video, { transform: 'rotateY(180deg)' });
    this._video = video;
    this._fit();
    this.target.append(video);
  }

  async updateScalingMode(scalingMode: ScalingMode): Promise<void> {
    if (!isScalingMode(scalingMode)) throw new CommunicationError('The scaling mode is Stretch, Crop or Fit.', 400);
    this.scalingMode = scalingMode;
    this._fit();
  }

  dispose(): void {
    if (this._disposed) return;
    this._disposed = true;
    this._video.srcObject = null;
    this.target.remove();
    this._stream._hide(this.target);
    this._gone();
  }

  /** @internal */
  async _start(): Promise<void> {
    const media = await this._stream._show(this.target);
    // Disposed while the camera was opened: the use of it has to be given back.
    if (this._disposed) {
      this._stream._hide(this.target);
      return;
    }
    this._video.srcObject = media;
    // Muted pictures may play without a gesture; where they do not, the browser says so in its own way.
    this._video.play().catch(() => {});
  }

  /** @internal */
  _fit(): void {
    style(this._video, { 'object-fit': OBJECT_FIT[this.scalingMode] });
  }
}

/** Through the object model, which a strict policy for styles allows. */
function style(element: HTMLElement, properties: Record<string, string>): void {
  for (const [name, value] of Object.entries(properties)) element.style.setProperty(name, value);
}
