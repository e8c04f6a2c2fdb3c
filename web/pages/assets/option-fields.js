/**
 * The options of a meeting as fields of a form, by the names of Graph's `onlineMeeting`.
 * @module option-fields
 */

import { h } from './dom.js';
import { t, textId } from './i18n.js';

/** What Graph gives to a new meeting. */
const DEFAULTS = {
  lobbyBypassSettings: { scope: 'organization' },
  allowedPresenters: 'everyone',
  allowedLobbyAdmitters: 'organizerAndCoOrganizersAndPresenters',
  allowMeetingChat: 'enabled',
  allowAttendeeToEnableMic: true,
  allowAttendeeToEnableCamera: true,
  allowTeamworkReactions: true,
  allowParticipantsToChangeName: false,
  isEntryExitAnnounced: true,
  isEndToEndEncryptionEnabled: false,
};

const BYPASS = {
  everyone: textId('people-option-bypass-everyone'),
  organizationAndFederated: textId('people-option-bypass-federated'),
  organization: textId('people-option-bypass-organization'),
  organizationExcludingGuests: textId('people-option-bypass-no-guests'),
  invited: textId('people-option-bypass-invited'),
  organizer: textId('people-option-only-organizers'),
};

const PRESENTERS = {
  everyone: textId('people-option-everyone'),
  organization: textId('people-option-presenters-organization'),
  roleIsPresenter: textId('people-option-presenters-chosen'),
  organizer: textId('people-option-only-organizers'),
};

const ADMITTERS = {
  organizerAndCoOrganizersAndPresenters: textId('people-option-admitters-presenters'),
  organizerAndCoOrganizers: textId('people-option-only-organizers'),
};

const CHAT = {
  enabled: textId('people-option-chat-enabled'),
  limited: textId('people-option-chat-limited'),
  disabled: textId('people-option-chat-disabled'),
};

const SWITCHES = {
  allowAttendeeToEnableMic: textId('people-option-mic'),
  allowAttendeeToEnableCamera: textId('people-option-camera'),
  allowTeamworkReactions: textId('people-option-reactions'),
  allowParticipantsToChangeName: textId('people-option-names'),
  isEntryExitAnnounced: textId('people-option-announce'),
  isEndToEndEncryptionEnabled: textId('people-option-encryption'),
};

/**
 * @param {object} [meeting] Graph's `onlineMeeting`; a new one when left out
 * @returns {{elements: HTMLElement[], changes: () => object}} `changes` has what is another than at first
 */
export function optionFields(meeting = DEFAULTS) {
  const fields = [
    choice('bypass', t('people-option-bypass'), BYPASS, meeting.lobbyBypassSettings?.scope, (scope) => ({ lobbyBypassSettings: { scope } })),
    choice('admitters', t('people-option-admitters'), ADMITTERS, meeting.allowedLobbyAdmitters, (value) => ({ allowedLobbyAdmitters: value })),
    choice('presenters', t('people-option-presenters'), presenters(meeting), meeting.allowedPresenters, (value) => ({ allowedPresenters: value })),
    choice('chat', t('people-option-chat'), CHAT, meeting.allowMeetingChat, (value) => ({ allowMeetingChat: value })),
    ...Object.entries(SWITCHES).map(([name, id]) => toggle(name, t(id), meeting[name] === true)),
  ];
  return {
    elements: fields.map(({ element }) => element),
    changes: () => Object.assign({}, ...fields.map(({ change }) => change())),
  };
}

/** Those who present by name are chosen with the invitation; here only meetings that have them keep them. */
function presenters({ allowedPresenters }) {
  const { roleIsPresenter, ...others } = PRESENTERS;
  return allowedPresenters === 'roleIsPresenter' ? { roleIsPresenter, ...others } : others;
}

function choice(name, label, texts, value, change) {
  // A value of a newer service stays as it is.
  const known = value in texts ? [] : [h('option', { value: '', text: '…', selected: true })];
  const options = Object.entries(texts).map(([key, id]) => h('option', { value: key, text: t(id), selected: key === value }));
  const id = `option-${name}`;
  const select = h('select', { id, testid: id }, ...known, ...options);
  const first = select.value;
  return {
    element: h('label', { class: 'field', for: id }, h('span', { text: label }), select),
    change: () => (select.value === first ? {} : change(select.value)),
  };
}

function toggle(name, label, value) {
  const box = h('input', { type: 'checkbox', role: 'switch', testid: `option-${name}`, props: { checked: value } });
  return {
    element: h('label', { class: 'switch' }, box, h('span', { text: label })),
    change: () => (box.checked === value ? {} : { [name]: box.checked }),
  };
}
