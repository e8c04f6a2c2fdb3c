/**
 * Why something cannot be done, as sentences.
 * @module reasons
 */

const SENTENCES = {
  NotCapable: 'Guests cannot do this.',
  UserPolicyRestricted: 'The organizer’s policy does not allow this.',
  MeetingRestricted: 'This is turned off in this meeting.',
  RoleRestricted: 'Your role in this meeting does not allow this.',
  ExplicitConsentRequired: 'Agree to the recording first.',
  FeatureNotSupported: 'This is not available here.',
  CapabilityNotApplicableForTheCallType: 'This is not available in this kind of call.',
};

/**
 * @param {import('./session.js').Conference} call
 * @param {string} capability name as in the ACS Capabilities API
 * @returns {string} empty when the person may do it
 */
export function whyNot(call, capability) {
  if (call.can(capability)) return '';
  return SENTENCES[call.reasons.get(capability)] ?? 'You cannot do this at the moment.';
}
