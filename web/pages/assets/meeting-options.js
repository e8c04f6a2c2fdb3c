/**
 * The dialog with the options of the organizer's own meeting.
 * @module meeting-options
 */

import { toast } from './announce.js';
import { ApiError, changeMeeting, onlineMeeting } from './api.js';
import { showDialog } from './dialog.js';
import { t } from './i18n.js';
import { optionFields } from './option-fields.js';

/**
 * Asks the service for the options as they are, and shows them. Most changes hold at once in a call that runs.
 * @param {import('./api.js').Token} token directory token of the organizer
 * @param {string} joinUrl the meeting's link
 */
export async function showMeetingOptions(token, joinUrl) {
  let meeting;
  try {
    meeting = await onlineMeeting(token, joinUrl);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    toast(error.message);
    return;
  }
  if (!meeting) {
    toast(t('people-options-not-yours'));
    return;
  }
  const fields = optionFields(meeting);
  showDialog({
    title: t('people-meeting-options'),
    testid: 'options',
    wide: true,
    content: fields.elements,
    confirm: t('common-save'),
    async act() {
      const changes = fields.changes();
      if (Object.keys(changes).length > 0) await changeMeeting(token, meeting.id, changes);
      toast(t('people-options-saved'));
    },
  });
}
