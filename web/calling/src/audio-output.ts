/**
 * Plays what the others say: an element per track, hidden, on the speaker that was chosen. A browser that lets nothing
 * sound before a gesture gets another chance with the next one.
 */

const GESTURES = ['pointerdown', 'keydown', 'touchend'] as const;

/** Events: `blocked` (`detail: {blocked}`): whether the browser waits for a gesture. */
export class AudioOutput extends EventTarget {
  /** By track id of the session. */
  readonly #elements = new Map<string, HTMLAudioElement>();
  #box: HTMLElement | null = null;
  #muted = false;
  #sinkId = '';
  #blocked = false;
  readonly #retry = () => void this.#playAll();

  /** Plays exactly these tracks; one whose media is another one now is changed in place. */
  play(tracks: ReadonlyMap<string, MediaStreamTrack>): void {
    for (const [id, element] of this.#elements) {
      if (tracks.has(id)) continue;
      this.#elements.delete(id);
      silence(element);
    }
    for (const [id, track] of tracks) {
      let element = this.#elements.get(id);
      if (!element) this.#elements.set(id, (element = this.#make()));
      const playing = (element.srcObject as MediaStream | null)?.getAudioTracks()[0];
      if (playing === track) continue;
      element.srcObject = new MediaStream([track]);
      void this.#start(element);
    }
  }

  /** What is played, for tests and statistics. */
  get size(): number {
    return this.#elements.size;
  }

  get muted(): boolean {
    return this.#muted;
  }

  /** Whether the others are not heard; what they say goes on arriving. */
  set muted(muted: boolean) {
    this.#muted = muted;
    for (const element of this.#elements.values()) element.muted = muted;
  }

  /** Whether nothing sounds until the person clicks or types somewhere. */
  get blocked(): boolean {
    return this.#blocked;
  }

  /**
   * Plays on another speaker.
   *
   * @param deviceId as the browser has it; empty is the system's
   * @returns whether all of it does; what does not stays where it was
   */
  async setSpeaker(deviceId: string): Promise<boolean> {
    this.#sinkId = deviceId;
    const results = await Promise.all([...this.#elements.values()].map((element) => this.#direct(element)));
    return results.every(Boolean);
  }

  close(): void {
    this.play(new Map());
    this.#setBlocked(false);
    this.#box?.remove();
    this.#box = null;
  }

  #make(): HTMLAudioElement {
    if (!this.#box) {
      this.#box = document.createElement('div');
      this.#box.hidden = true;
      document.body.append(this.#box);
    }
    const element = document.createElement('audio');
    element.autoplay = true;
    element.muted = this.#muted;
    this.#box.append(element);
    void this.#direct(element);
    return element;
  }

  async #direct(element: HTMLAudioElement): Promise<boolean> {
    const { setSinkId } = element as { setSinkId?: (id: string) => Promise<void> };
    if (!setSinkId || (this.#sinkId === '' && !element.sinkId)) return true;
    try {
      await setSinkId.call(element, this.#sinkId);
      return true;
    } catch {
      // Unplugged just now: the list of devices says so, too, and another one is chosen.
      return false;
    }
  }

  async #start(element: HTMLAudioElement): Promise<void> {
    try {
      await element.play();
    } catch (error) {
      if ((error as Error).name === 'NotAllowedError' && element.isConnected) this.#setBlocked(true);
    }
  }

  async #playAll(): Promise<void> {
    this.#setBlocked(false);
    await Promise.all([...this.#elements.values()].filter(({ paused }) => paused).map((element) => this.#start(element)));
  }

  #setBlocked(blocked: boolean): void {
    if (this.#blocked === blocked) return;
    this.#blocked = blocked;
    for (const gesture of GESTURES) {
      if (blocked) window.addEventListener(gesture, this.#retry, { capture: true, passive: true });
      else window.removeEventListener(gesture, this.#retry, { capture: true });
    }
    this.dispatchEvent(new CustomEvent('blocked', { detail: { blocked } }));
  }
}

function silence(element: HTMLAudioElement): void {
  element.srcObject = null;
  element.remove();
}
