/**
 * The administrators' page, `/admin`: signs in, then shows {@link module:admin/shell}.
 * @module admin
 */

import { Service } from './admin/service.js';
import { closeShell, showShell } from './admin/shell.js';
import { prepareAnnouncements } from './announce.js';
import { ApiError } from './api.js';
import { catalogues, t } from './i18n.js';
import { comeBack, forget, freshToken, recall, showSignIn, signOut as endSession } from './sign-in.js';

const container = document.getElementById('app');

prepareAnnouncements();
await Promise.all([catalogues('common', 'people', 'admin'), comeBack().catch(() => {})]);
start();

/** The sections, or the sign-in. */
async function start() {
  if (!recall()) {
    signIn('');
    return;
  }
  const service = new Service(freshToken, () => {
    forget();
    closeShell();
    signIn(t('admin-sign-in-again'));
  });
  try {
    const me = await service.me();
    showShell(container, { service, me, signOut });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    // The service has said so itself.
    if (error.status === 401) return;
    forget();
    signIn(error.status === 403 ? t('admin-not-an-administrator') : error.message);
  }
}

function signIn(message) {
  document.title = `${t('admin-title')} · ${t('common-app')}`;
  showSignIn(container, { lead: () => t('admin-lead'), message, signedIn: start });
}

function signOut() {
  endSession();
  start();
}
