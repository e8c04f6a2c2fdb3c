/**
 * What can be done about somebody in the meeting, by the rights of who looks.
 * @module person-actions
 */

import { t } from './i18n.js';

/**
 * @param {import('./session.js').Conference} call
 * @param {import('./person-row.js').Standing} standing
 * @returns {import('./menu.js').Item[]} none for whom nothing can be done
 */
export function personActions(call, { person, hand, spotlit }) {
  const { id } = person;
  const own = id === call.participantId;
  return [
    ...(own || !call.can('muteOthers') ? [] : quieting(call, person, hand)),
    ...spotlight(call, id, own, spotlit),
    ...(person.role === 'ROLE_ATTENDEE' ? attending(call, person) : []),
    ...(own ? [] : roles(call, person)),
  ];
}

function quieting(call, { id, micMuted }, hand) {
  const items = [{ testid: 'mute-participant', text: t('people-mute'), disabled: micMuted, title: micMuted ? t('people-state-muted') : '', action: () => call.mute([id]) }];
  if (hand > 0) items.push({ testid: 'lower-hand', text: t('people-lower-hand'), action: () => call.setHand(false, id) });
  return items;
}

function spotlight(call, id, own, spotlit) {
  if (spotlit && (own || call.can('removeParticipantsSpotlight'))) {
    return [{ testid: 'unspotlight', text: t('people-unspotlight'), action: () => call.spotlight([id], { remove: true }) }];
  }
  if (!call.can('spotlightParticipant')) return [];
  return [{ testid: 'spotlight', text: t('people-spotlight'), action: () => call.spotlight([id]) }];
}

/** Microphone and camera can be taken from attendees only. */
function attending(call, { id, micForbidden, cameraForbidden }) {
  const items = [];
  if (call.can('forbidOthersAudio')) {
    const text = micForbidden ? t('people-allow-mic') : t('people-forbid-mic');
    items.push({ testid: 'forbid-mic', text, action: () => call.allowAttendees({ mic: micForbidden }, [id]) });
  }
  if (call.can('forbidOthersVideo')) {
    const text = cameraForbidden ? t('people-allow-camera') : t('people-forbid-camera');
    items.push({ testid: 'forbid-camera', text, action: () => call.allowAttendees({ camera: cameraForbidden }, [id]) });
  }
  return items;
}

function roles(call, { id, role, external }) {
  const leads = call.colleague && call.is('ROLE_ORGANIZER', 'ROLE_CO_ORGANIZER', 'ROLE_PRESENTER');
  const above = role === 'ROLE_ORGANIZER' || (role === 'ROLE_CO_ORGANIZER' && !call.is('ROLE_ORGANIZER'));
  if (!leads || above) return [];
  const items = [];
  if (role !== 'ROLE_PRESENTER') {
    items.push({ testid: 'make-presenter', text: t('people-make-presenter'), action: () => call.setRole(id, 'ROLE_PRESENTER') });
  }
  if (role !== 'ROLE_ATTENDEE') {
    items.push({ testid: 'make-attendee', text: t('people-make-attendee'), action: () => call.setRole(id, 'ROLE_ATTENDEE') });
  }
  if (call.is('ROLE_ORGANIZER') && !external && role !== 'ROLE_CO_ORGANIZER') {
    items.push({ testid: 'make-co-organizer', text: t('people-make-co-organizer'), action: () => call.setRole(id, 'ROLE_CO_ORGANIZER') });
  }
  return items;
}
