/** Hands, reactions, the spotlight, who speaks, and who may. */

import type { CommunicationIdentifier, CommunicationIdentifierKind } from '@azure/communication-common';

import { CommunicationError } from '../errors.js';
import type { FeatureContext } from '../internal.js';
import type {
  DominantSpeakersCallFeature,
  DominantSpeakersInfo,
  MediaAccess,
  MediaAccessCallFeature,
  MediaAccessChangedEvent,
  MeetingMediaAccess,
  MeetingMediaAccessChangedEvent,
  RaiseHandCallFeature,
  RaiseHandEvent,
  RaisedHand,
  RaisedHandChangedEvent,
  Reaction,
  ReactionCallFeature,
  ReactionEventPayload,
  ReactionMessage,
  SpotlightCallFeature,
  SpotlightedParticipant,
} from '../types/index.js';
import { Feature } from './feature.js';

/** What of a list came and went, by value. */
const without = (list: readonly string[], other: readonly string[]) => list.filter((one) => !other.includes(one));

export class RaiseHand extends Feature<Record<RaiseHandEvent, RaisedHandChangedEvent>> implements RaiseHandCallFeature {
  /** Participant ids. @internal */
  _known: string[];

  constructor(context: FeatureContext) {
    super('RaiseHand', context);
    this._known = this._hands();
    this._when(['meeting', 'state'], () => this._update());
  }

  getRaisedHands(): RaisedHand[] {
    return [...this._identifiers(this._hands()).values()].map((identifier, index) => ({ identifier, order: index + 1 }));
  }

  raiseHand(): Promise<void> {
    return this._request('setHand', { raised: true });
  }

  lowerHand(): Promise<void> {
    return this._request('setHand', { raised: false });
  }

  async lowerHands(participants: CommunicationIdentifier[]): Promise<void> {
    await this._lower(this._ids(participants));
  }

  async lowerAllHands(): Promise<void> {
    await this._lower(this._hands());
  }

  /** @internal */
  async _lower(ids: string[]): Promise<void> {
    const { participantId: me } = this._context.conference;
    // One's own needs no right.
    await Promise.all(ids.map((id) => this._request('setHand', { raised: false, participantId: id === me ? '' : id })));
  }

  /** Those whose owners are known. @internal */
  _hands(): string[] {
    return this._context.conference.meeting.hands.filter((id) => this._identifier(id));
  }

  /** @internal */
  _update(): void {
    const [old, now] = [this._known, this._hands()];
    this._known = now;
    this._tell(['raisedHandEvent', 'raisedHandChanged'], without(now, old));
    this._tell(['loweredHandEvent', 'loweredHandChanged'], without(old, now));
  }

  /** Of who has left, only what was known before. @internal */
  readonly _names = new Map<string, CommunicationIdentifierKind>();

  /** @internal */
  _tell(events: RaiseHandEvent[], ids: string[]): void {
    for (const id of ids) {
      const identifier = this._identifier(id) ?? this._names.get(id);
      if (!identifier) continue;
      this._names.set(id, identifier);
      for (const event of events) this._emit(event, { identifier: { ...identifier } });
    }
  }
}

const REACTIONS: Record<Reaction, string> = {
  like: 'REACTION_KIND_LIKE',
  heart: 'REACTION_KIND_LOVE',
  applause: 'REACTION_KIND_APPLAUSE',
  laugh: 'REACTION_KIND_LAUGH',
  surprised: 'REACTION_KIND_SURPRISED',
};
const reactionOf = new Map(Object.entries(REACTIONS).map(([name, kind]) => [kind, name as Reaction]));

export class Reactions extends Feature<{ reaction: ReactionEventPayload }> implements ReactionCallFeature {
  constructor(context: FeatureContext) {
    super('Reaction', context);
    this._hear('reaction', ({ detail }) => {
      const { participantId, kind } = detail as { participantId: string; kind: string };
      const reactionType = reactionOf.get(kind);
      const identifier = this._identifier(participantId);
      if (!reactionType || !identifier) return;
      // UI libraries take it for the raw id.
      this._emit('reaction', { identifier: identifier.rawId, reactionMessage: { reactionType } });
    });
  }

  async sendReaction(reactionMessage: ReactionMessage): Promise<void> {
    const reaction = reactionMessage?.reactionType;
    if (!Object.hasOwn(REACTIONS, reaction)) throw new CommunicationError('There is no such reaction.', 400);
    await this._request('sendReaction', { kind: REACTIONS[reaction] });
  }
}

type Spotlighted = { added: SpotlightedParticipant[]; removed: SpotlightedParticipant[] };

export class Spotlight extends Feature<{ spotlightChanged: Spotlighted }> implements SpotlightCallFeature {
  readonly maxParticipantsToSpotlight = 7;
  /** By participant id. @internal */
  _known: Map<string, SpotlightedParticipant>;

  constructor(context: FeatureContext) {
    super('Spotlight', context);
    this._known = this._now();
    this._when(['meeting', 'state'], () => this._update());
  }

  getSpotlightedParticipants(): SpotlightedParticipant[] {
    return [...this._now().values()];
  }

  async startSpotlight(participants?: CommunicationIdentifier[]): Promise<void> {
    const participantIds = this._idsOrMine(participants);
    if (new Set([...this._now().keys(), ...participantIds]).size > this.maxParticipantsToSpotlight) {
      throw new CommunicationError(`There are at most ${this.maxParticipantsToSpotlight} in the spotlight.`, 400);
    }
    await this._request('spotlight', { participantIds, remove: false });
  }

  async stopSpotlight(participants?: CommunicationIdentifier[]): Promise<void> {
    await this._request('spotlight', { participantIds: this._idsOrMine(participants), remove: true });
  }

  async stopAllSpotlight(): Promise<void> {
    await this._request('spotlight', { participantIds: [], remove: true });
  }

  /** @internal */
  _idsOrMine(participants: CommunicationIdentifier[] | undefined): string[] {
    return participants?.length ? this._ids(participants) : [this._context.conference.participantId];
  }

  /** @internal */
  _now(): Map<string, SpotlightedParticipant> {
    const now = new Map<string, SpotlightedParticipant>();
    for (const [id, identifier] of this._identifiers(this._context.conference.meeting.spotlight)) {
      now.set(id, { identifier, order: now.size + 1 });
    }
    return now;
  }

  /** @internal */
  _update(): void {
    const [old, now] = [this._known, this._now()];
    this._known = now;
    // Who has moved up is told again, with the new place.
    const added = [...now].filter(([id, { order }]) => old.get(id)?.order !== order).map(([, one]) => one);
    const removed = [...old].filter(([id]) => !now.has(id)).map(([, one]) => one);
    if (added.length + removed.length > 0) this._emit('spotlightChanged', { added, removed });
  }
}

/**
 * Who is shown first: those who speak now, the loudest first, then those who spoke before.
 *
 * @param present who is in the call
 */
export function rank(before: readonly string[], speaking: Iterable<string>, present: (id: string) => boolean): string[] {
  return [...new Set([...speaking, ...before])].filter(present).slice(0, MAX_SPEAKERS);
}

const MAX_SPEAKERS = 20;

export class DominantSpeakers extends Feature<{ dominantSpeakersChanged: void }> implements DominantSpeakersCallFeature {
  /** Participant ids. @internal */
  _ranking: string[] = [];
  /** @internal */
  _at = new Date();

  constructor(context: FeatureContext) {
    super('DominantSpeakers', context);
    this._update();
    this._when(['speaking', 'roster'], () => this._update());
  }

  get dominantSpeakers(): DominantSpeakersInfo {
    return {
      speakersList: [...this._identifiers(this._ranking).values()],
      timestamp: new Date(this._at),
    };
  }

  /** @internal */
  _update(): void {
    const { conference } = this._context;
    const others = (id: string) => id !== conference.participantId && conference.participants.has(id);
    const ranking = rank(this._ranking, conference.speaking, others);
    if (ranking.join('\n') === this._ranking.join('\n')) return;
    this._ranking = ranking;
    this._at = new Date();
    this._emit('dominantSpeakersChanged', undefined);
  }
}

type AccessEvents = {
  mediaAccessChanged: MediaAccessChangedEvent;
  meetingMediaAccessChanged: MeetingMediaAccessChangedEvent;
};

export class MediaAccesses extends Feature<AccessEvents> implements MediaAccessCallFeature {
  /** @internal */
  _known: string;
  /** @internal */
  _knownMeeting: string;

  constructor(context: FeatureContext) {
    super('MediaAccess', context);
    this._subCodes = { notAllowed: 46502, notConnected: 46505 };
    this._known = JSON.stringify(this.getAllOthersMediaAccess());
    this._knownMeeting = JSON.stringify(this.getMeetingMediaAccess());
    this._when(['roster', 'meeting', 'state'], () => this._update());
  }

  permitAudio = (participants: CommunicationIdentifier[]) => this._set({ micAllowed: true }, participants);
  forbidAudio = (participants: CommunicationIdentifier[]) => this._set({ micAllowed: false }, participants);
  permitVideo = (participants: CommunicationIdentifier[]) => this._set({ cameraAllowed: true }, participants);
  forbidVideo = (participants: CommunicationIdentifier[]) => this._set({ cameraAllowed: false }, participants);
  permitOthersAudio = () => this._request('setAttendeeMedia', { micAllowed: true });
  forbidOthersAudio = () => this._request('setAttendeeMedia', { micAllowed: false });
  permitOthersVideo = () => this._request('setAttendeeMedia', { cameraAllowed: true });
  forbidOthersVideo = () => this._request('setAttendeeMedia', { cameraAllowed: false });

  getAllOthersMediaAccess(): MediaAccess[] {
    const { participants, participantId } = this._context.conference;
    const others = [...participants.keys()].filter((id) => id !== participantId);
    return [...this._identifiers(others)].map(([id, participant]) => {
      const { micForbidden, cameraForbidden } = participants.get(id)!;
      return { participant, isAudioPermitted: !micForbidden, isVideoPermitted: !cameraForbidden };
    });
  }

  getMeetingMediaAccess(): MeetingMediaAccess {
    const { state, meeting } = this._context.conference;
    // Before anything is known, nothing is forbidden.
    const known = state === 'connected';
    return {
      isAudioPermitted: !known || meeting.attendeeMicAllowed,
      isVideoPermitted: !known || meeting.attendeeCameraAllowed,
    };
  }

  /** @internal */
  async _set(
    allowed: { micAllowed: boolean } | { cameraAllowed: boolean },
    participants: CommunicationIdentifier[],
  ): Promise<void> {
    const participantIds = this._ids(participants);
    const roles = this._context.conference.participants;
    if (participantIds.some((id) => roles.get(id)?.role !== 'ROLE_ATTENDEE')) {
      throw new CommunicationError('Only of attendees microphone and camera can be forbidden.', 403, 46504);
    }
    await this._request('setAttendeeMedia', { participantIds, ...allowed });
  }

  /** @internal */
  _update(): void {
    const mediaAccesses = this.getAllOthersMediaAccess();
    const meetingMediaAccess = this.getMeetingMediaAccess();
    const [known, knownMeeting] = [this._known, this._knownMeeting];
    this._known = JSON.stringify(mediaAccesses);
    this._knownMeeting = JSON.stringify(meetingMediaAccess);
    if (known !== this._known) this._emit('mediaAccessChanged', { mediaAccesses });
    if (knownMeeting !== this._knownMeeting) this._emit('meetingMediaAccessChanged', { meetingMediaAccess });
  }
}
