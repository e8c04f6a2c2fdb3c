/** What the app of `calling-app.mjs` imports: the package from its sources, and the identifiers' package. */

export * as common from '@azure/communication-common';
export * as sdk from '../../../web/calling/src/index.ts';
