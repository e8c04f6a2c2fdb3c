/** A service and a browser for the session layer, moved by hand: what Node has not, and nothing that takes time. */

import { mock } from 'node:test';

import { FakeStream } from './surface-fakes.js';

type Message = Record<string, any>;

/** What a client has opened, and what it has said there. */
export class FakeSocket extends EventTarget {
  static readonly OPEN = 1;
  static all: FakeSocket[] = [];
  readyState = 0;
  sent: Message[] = [];

  constructor(
    readonly url: string,
    readonly protocols: string[],
  ) {
    super();
    FakeSocket.all.push(this);
  }

  static get last(): FakeSocket {
    return FakeSocket.all.at(-1)!;
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.dispatchEvent(new Event('close'));
  }

  /** It is open, and the client has said hello. */
  async open(): Promise<Message> {
    this.readyState = FakeSocket.OPEN;
    this.dispatchEvent(new Event('open'));
    await settle();
    return this.sent[0]!.hello;
  }

  says(message: Message): void {
    const event = new Event('message') as Event & { data: string };
    event.data = JSON.stringify(message);
    this.dispatchEvent(event);
  }

  async welcome(more: Message = {}): Promise<void> {
    await this.open();
    this.says({ welcome: { resumeToken: 'secret', resumeWindowMs: 30_000, pingIntervalMs: 15_000, rawId: '8:acs:me', ...more } });
    await settle();
  }

  /** What was asked for of this kind, the oldest first. */
  asked(kind: string): Message[] {
    return this.sent.filter((message) => kind in message);
  }

  /** Answers the newest request of this kind. */
  answers(kind: string, answer: Message): void {
    this.says({ inReplyTo: this.asked(kind).at(-1)!.id, ...answer });
  }
}

class FakeTransceiver {
  mid: string | null = null;
  currentDirection: string | null = null;
  sender: Message;
  receiver: Message;

  constructor(
    readonly kind: string,
    public direction: string,
    track: unknown,
  ) {
    const encodings: object[] = [];
    this.sender = {
      track,
      replaceTrack: async (next: unknown) => {
        this.sender.track = next;
      },
      getParameters: () => ({ encodings }),
      setParameters: async () => {},
    };
    this.receiver = { track: Object.assign(new EventTarget(), { id: `media-${(count += 1)}`, kind, muted: false }) };
  }

  setCodecPreferences(): void {}
}

let count = 0;

/** Negotiates whatever is asked of it. */
export class FakeConnection extends EventTarget {
  static all: FakeConnection[] = [];
  connectionState = 'new';
  iceConnectionState = 'new';
  signalingState = 'stable';
  localDescription: { sdp: string } | null = null;
  transceivers: FakeTransceiver[] = [];
  restarts = 0;

  constructor() {
    super();
    FakeConnection.all.push(this);
  }

  addTransceiver(track: string | { kind: string }, { direction }: { direction: string }): FakeTransceiver {
    const kind = typeof track === 'string' ? track : track.kind;
    const made = new FakeTransceiver(kind, direction, typeof track === 'string' ? null : track);
    this.transceivers.push(made);
    return made;
  }

  async createOffer(): Promise<object> {
    return {};
  }

  async setLocalDescription(): Promise<void> {
    const parts = this.transceivers.map((one, at) => {
      one.mid = String(at);
      return `m=${one.kind} 9 RTP\r\na=mid:${at}\r\na=${one.direction}\r\n`;
    });
    this.localDescription = { sdp: `v=0\r\n${parts.join('')}` };
    for (const one of this.transceivers) (one as Message).offered = one.direction;
  }

  async setRemoteDescription(): Promise<void> {
    for (const one of this.transceivers) one.currentDirection = (one as Message).offered;
  }

  restartIce(): void {
    this.restarts += 1;
  }

  close(): void {
    this.connectionState = 'closed';
  }

  becomes(state: string): void {
    this.connectionState = state;
    this.iceConnectionState = state;
    this.dispatchEvent(new Event('connectionstatechange'));
  }
}

/** From now on time stands still, and sockets and connections are these. */
export function standIn(): void {
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_800_000_000_000 });
  FakeSocket.all = [];
  FakeConnection.all = [];
  Object.assign(globalThis, {
    WebSocket: FakeSocket,
    RTCPeerConnection: FakeConnection,
    RTCRtpReceiver: { getCapabilities: () => null },
    MediaStream: FakeStream,
  });
}

export function giveBack(): void {
  mock.timers.reset();
}

/** Lets time pass, and what it sets off happen. */
export async function pass(ms: number): Promise<void> {
  mock.timers.tick(ms);
  await settle();
}

/** Lets everything happen that needs no time. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** A token that says when it expires. */
export function jwt(claims: object): string {
  return `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`;
}
