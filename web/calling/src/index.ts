/**
 * `@anteroom/calling`: calls on an Anteroom server, in the documented shape of the ACS Calling Web SDK.
 * @packageDocumentation
 */

export { CommunicationError } from './errors.js';
