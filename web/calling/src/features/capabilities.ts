/** What the local participant may do, as the service says; it decides which buttons a UI shows. */

import type { FeatureContext } from '../internal.js';
import type {
  CapabilitiesChangeInfo,
  CapabilitiesChangedReason,
  CapabilitiesFeature,
  CapabilityResolutionReason,
  ParticipantCapabilities,
  ParticipantCapabilityName,
} from '../types/index.js';
import { Feature } from './feature.js';

/** What the service calls it; `null` for what there is none of here. */
const NAMES: Record<ParticipantCapabilityName, string | null> = {
  turnVideoOn: 'turnVideoOn',
  unmuteMic: 'unmuteMic',
  shareScreen: 'shareScreen',
  removeParticipant: 'removeParticipant',
  hangUpForEveryOne: 'hangUpForEveryOne',
  addCommunicationUser: null,
  addTeamsUser: null,
  addPhoneNumber: null,
  manageLobby: 'manageLobby',
  spotlightParticipant: 'spotlightParticipant',
  removeParticipantsSpotlight: 'removeParticipantsSpotlight',
  startLiveMeetingCaptions: null,
  startLiveCallingCaptions: null,
  setCaptionLanguage: null,
  raiseHand: 'raiseHand',
  pstnDialOut: null,
  muteOthers: 'muteOthers',
  useReactions: 'reaction',
  viewAttendeeNames: 'viewAttendeeNames',
  startTogetherMode: null,
  joinBreakoutRooms: null,
  forbidOthersAudio: 'forbidOthersAudio',
  forbidOthersVideo: 'forbidOthersVideo',
  realTimeText: null,
};
const ALL = Object.keys(NAMES) as ParticipantCapabilityName[];

/** What the service says of rights. */
export interface Rights {
  role: string;
  capabilities: ReadonlySet<string>;
  reasons: ReadonlyMap<string, string>;
}

/** All of them. Without rights, before the call is up, none is there, and that is not known for good. */
export function capabilitiesOf(rights: Rights | null): ParticipantCapabilities {
  const one = (name: ParticipantCapabilityName) => {
    const theirs = NAMES[name];
    if (!rights) return { isPresent: false, reason: 'NotInitialized' as const };
    if (!theirs) return { isPresent: false, reason: 'FeatureNotSupported' as const };
    const isPresent = rights.capabilities.has(theirs);
    const reason = rights.reasons.get(theirs) || (isPresent ? 'Capable' : 'NotCapable');
    return { isPresent, reason: reason as CapabilityResolutionReason };
  };
  return Object.fromEntries(ALL.map((name) => [name, one(name)])) as ParticipantCapabilities;
}

/**
 * What is another one now, or `null`. At the beginning, what is not there because of the role is no news: a UI would say
 * that it was taken away.
 */
export function changesOf(
  old: ParticipantCapabilities,
  now: ParticipantCapabilities,
  reason: CapabilitiesChangedReason,
): CapabilitiesChangeInfo | null {
  const changed = ALL.filter((name) => {
    const [before, after] = [old[name], now[name]];
    if (before.isPresent !== after.isPresent) return true;
    if (before.reason === 'NotInitialized') return after.reason === 'MeetingRestricted';
    return before.reason !== after.reason;
  });
  if (changed.length === 0) return null;
  const only = (all: ParticipantCapabilities) => Object.fromEntries(changed.map((name) => [name, { ...all[name] }]));
  return { oldValue: only(old), newValue: only(now), reason };
}

export class Capabilities extends Feature<{ capabilitiesChanged: CapabilitiesChangeInfo }> implements CapabilitiesFeature {
  /** @internal */
  _rights: Rights | null = null;
  /** @internal */
  _known: ParticipantCapabilities;

  constructor(context: FeatureContext) {
    super('Capabilities', context);
    this._learn();
    this._known = capabilitiesOf(this._rights);
    this._when(['state', 'access', 'meeting'], () => this._update());
  }

  /** Always all 24. */
  get capabilities(): ParticipantCapabilities {
    // The call may be further than the last event.
    this._learn();
    return capabilitiesOf(this._rights);
  }

  /** Rights hold to the end of the call and beyond. @internal */
  _learn(): void {
    const { conference } = this._context;
    if (conference.state !== 'connected') return;
    const { role, capabilities, reasons } = conference;
    this._rights = { role, capabilities, reasons };
  }

  /** @internal */
  _update(): void {
    const before = this._known;
    const first = before.unmuteMic.reason === 'NotInitialized';
    const role = this._role;
    this._learn();
    const now = capabilitiesOf(this._rights);
    this._known = now;
    this._role = this._rights?.role ?? '';
    const reason = first || role !== this._role ? 'RoleChanged' : 'MeetingOptionOrOrganizerPolicyChanged';
    const changes = changesOf(before, now, reason);
    if (changes) this._emit('capabilitiesChanged', changes);
  }

  /** As of the last event. @internal */
  _role = '';
}
