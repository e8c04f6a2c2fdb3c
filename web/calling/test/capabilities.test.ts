import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Capabilities, capabilitiesOf, changesOf } from '../src/features/capabilities.js';
import type { CapabilitiesChangeInfo } from '../src/types/index.js';
import { FakeConference, contextOf } from './surface-fakes.js';

const rights = (names: string[], reasons: Record<string, string> = {}) => ({
  role: 'ROLE_ATTENDEE',
  capabilities: new Set(names),
  reasons: new Map(Object.entries(reasons)),
});

test('before the call all 24 are there and none is initialized', () => {
  const all = Object.values(capabilitiesOf(null));
  assert.equal(all.length, 24);
  assert.ok(all.every(({ isPresent, reason }) => !isPresent && reason === 'NotInitialized'));
});

test('names and reasons of the service are mapped', () => {
  const all = capabilitiesOf(rights(['unmuteMic', 'reaction'], { shareScreen: 'RoleRestricted' }));
  assert.deepEqual(all.unmuteMic, { isPresent: true, reason: 'Capable' });
  assert.deepEqual(all.useReactions, { isPresent: true, reason: 'Capable' });
  assert.deepEqual(all.shareScreen, { isPresent: false, reason: 'RoleRestricted' });
  assert.deepEqual(all.startTogetherMode, { isPresent: false, reason: 'FeatureNotSupported' });
  assert.deepEqual(all.manageLobby, { isPresent: false, reason: 'NotCapable' });
});

test('a change names what has changed and nothing else', () => {
  const before = capabilitiesOf(rights(['unmuteMic', 'turnVideoOn']));
  const after = capabilitiesOf(rights(['unmuteMic'], { turnVideoOn: 'MeetingRestricted' }));
  const changes = changesOf(before, after, 'RoleChanged');
  assert.deepEqual(Object.keys(changes?.newValue ?? {}), ['turnVideoOn']);
  assert.deepEqual(changes?.oldValue.turnVideoOn, { isPresent: true, reason: 'Capable' });
  assert.equal(changesOf(after, capabilitiesOf(rights(['unmuteMic'], { turnVideoOn: 'MeetingRestricted' })), 'RoleChanged'), null);
});

test('what a role never had is not told as lost at the beginning, hidden names are', () => {
  const after = capabilitiesOf(rights(['unmuteMic'], { shareScreen: 'RoleRestricted', viewAttendeeNames: 'MeetingRestricted' }));
  const changes = changesOf(capabilitiesOf(null), after, 'RoleChanged');
  assert.deepEqual(Object.keys(changes?.newValue ?? {}), ['unmuteMic', 'viewAttendeeNames']);
});

test('the feature tells first with the role, then with the options of the meeting', () => {
  const conference = new FakeConference();
  const feature = new Capabilities(contextOf(conference));
  const told: CapabilitiesChangeInfo[] = [];
  feature.on('capabilitiesChanged', (info) => told.push(info));
  conference.role = 'ROLE_ATTENDEE';
  conference.capabilities = new Set(['unmuteMic']);
  conference.connect();
  conference.capabilities = new Set();
  conference.reasons = new Map([['unmuteMic', 'MeetingRestricted']]);
  conference.change('access');
  conference.role = 'ROLE_PRESENTER';
  conference.capabilities = new Set(['unmuteMic', 'shareScreen']);
  conference.reasons = new Map();
  conference.change('access');
  assert.deepEqual(
    told.map(({ reason, newValue }) => [reason, Object.keys(newValue)]),
    [
      ['RoleChanged', ['unmuteMic']],
      ['MeetingOptionOrOrganizerPolicyChanged', ['unmuteMic']],
      ['RoleChanged', ['unmuteMic', 'shareScreen']],
    ],
  );
  conference.state = 'ended';
  assert.equal(feature.capabilities.shareScreen.isPresent, true, 'they hold beyond the end');
  assert.notEqual(feature.capabilities, feature.capabilities, 'who freezes one freezes no other');
});
