/**
 * Why something cannot be done, as sentences.
 * @module reasons
 */

import { t, textId } from './i18n.js';

const SENTENCES = {
  NotCapable: textId('people-not-capable'),
  UserPolicyRestricted: textId('people-policy-restricted'),
  MeetingRestricted: textId('people-meeting-restricted'),
  RoleRestricted: textId('people-role-restricted'),
  ExplicitConsentRequired: textId('people-consent-first'),
  FeatureNotSupported: textId('people-not-available'),
  CapabilityNotApplicableForTheCallType: textId('people-not-in-this-call'),
};

/**
 * @param {import('./session.js').Conference} call
 * @param {string} capability name as in the ACS Capabilities API
 * @returns {string} empty when the person may do it
 */
export function whyNot(call, capability) {
  if (call.can(capability)) return '';
  return t(SENTENCES[call.reasons.get(capability)] ?? 'people-not-now');
}
