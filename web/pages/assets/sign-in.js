/**
 * The sign-in of directory users, shared by the pages of the Teams side: the form, and the session it makes.
 * @module sign-in
 */

import { ApiError, browserSession, endBrowserSession, signIn, signInWays } from './api.js';
import { h, setText, showView } from './dom.js';
import { languagePicker, onLanguage, t } from './i18n.js';
import { icon } from './icons.js';

const KEY = 'anteroom.directory';

/**
 * The token is kept as long as the tab; who is signed in in this browser gets others.
 * @param {{token: string, expiresAt: number}} session
 */
export function keep(session) {
  sessionStorage.setItem(KEY, JSON.stringify(session));
}

/** Forgets the token. */
export function forget() {
  sessionStorage.removeItem(KEY);
}

/** Signs out, also who signed in at the issuer's page or a provider. */
export function signOut() {
  forget();
  endBrowserSession().catch(() => {});
}

/**
 * Who comes back from the issuer's page or a provider has a session in this browser, and gets a token for this tab; so does who
 * loads the page again when its token has expired.
 */
export async function comeBack() {
  const signedIn = location.hash === '#signed-in';
  if (signedIn) history.replaceState(history.state, '', location.pathname + location.search);
  else if (!stored() || recall()) return;
  const session = await browserSession();
  if (session) keep(session);
}

/** A token is renewed so long before it expires, in milliseconds. */
const AHEAD_MS = 5 * 60_000;

/**
 * The token, renewed in time: a call may take longer than one lives. Where there is no other, the old one, and whoever is asked
 * with it says that it is over.
 * @returns {Promise<string>}
 */
export async function freshToken() {
  const kept = stored();
  if (kept && kept.expiresAt > Date.now() + AHEAD_MS) return kept.token;
  const session = await browserSession();
  // Who has signed out meanwhile stays so.
  if (session && stored()) keep(session);
  return session?.token ?? kept?.token ?? '';
}

/** @returns {{token: string, expiresAt: number}|null} that is good for a while yet */
export function recall() {
  const session = stored();
  return session && session.expiresAt > Date.now() + 60_000 ? session : null;
}

/** @returns {{token: string, expiresAt: number}|null} */
function stored() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? 'null');
  } catch {
    return null;
  }
}

/**
 * Shows the form.
 * @param {Element} container
 * @param {{lead: string|(() => string), message?: string, signedIn: () => Promise<void>}} options `lead` says for whom the page is,
 *   a function if it can do so in another language;
 *   `signedIn` is called with a session kept, and what it throws as an {@link ApiError} is shown in the form
 */
export function showSignIn(container, { lead, message = '', signedIn }) {
  document.body.dataset.view = 'sign-in';
  const relabel = onLanguage(() => {
    relabel();
    showSignIn(container, { lead, message: '', signedIn });
    /** @type {HTMLInputElement} */ (document.getElementById('upn')).value = upn.value;
    document.querySelector('[data-testid="language"]')?.focus();
  });
  const upn = h('input', { testid: 'upn', id: 'upn', name: 'username', type: 'text', inputmode: 'email', autocomplete: 'username', required: true, autofocus: true, placeholder: 'alice@contoso.example', spellcheck: 'false', autocapitalize: 'none' });
  const password = h('input', { testid: 'password', id: 'password', name: 'password', type: 'password', autocomplete: 'current-password', required: true });
  const problem = h('p', { class: 'form-problem', role: 'alert', testid: 'problem', text: message });
  const button = h('button', { type: 'submit', class: 'primary wide', testid: 'sign-in', text: t('common-sign-in') });

  const providers = h('div', { class: 'providers' });
  const fields = h(
    'div',
    { class: 'fields' },
    h('label', { class: 'field', for: 'upn' }, h('span', { text: t('common-user-name') }), upn),
    h('label', { class: 'field', for: 'password' }, h('span', { text: t('common-password') }), password),
  );
  offerProviders(providers, [fields, button]).catch(() => {});

  async function submit(event) {
    event.preventDefault();
    button.disabled = true;
    setText(problem, '');
    try {
      keep(await signIn(upn.value.trim(), password.value));
      relabel();
      await signedIn();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setText(problem, error.message);
      password.select();
    } finally {
      button.disabled = false;
    }
  }

  showView(
    container,
    h(
      'div',
      { class: 'page narrow' },
      h('header', { class: 'brand' }, icon('arch'), h('span', { text: t('common-app') })),
      h(
        'main',
        {},
        h(
          'form',
          { class: 'card', on: { submit } },
          h('h1', { text: t('common-sign-in') }),
          h('p', { class: 'lead', text: typeof lead === 'function' ? lead() : lead }),
          fields,
          problem,
          button,
          providers,
        ),
      ),
      h('footer', { class: 'page-foot' }, languagePicker()),
    ),
  );
}

/** A link for each external provider; where passwords are off, nothing else. */
async function offerProviders(container, withPasswords) {
  const page = new URLSearchParams(location.search);
  const ways = await signInWays(page.get('tenant') ?? '');
  const request = new URLSearchParams({ own_page: location.pathname.slice(1) });
  if (page.get('link')) request.set('link', page.get('link'));
  for (const { id, name } of ways.providers) {
    const href = `/${encodeURIComponent(ways.tenant)}/login/${id}?${request}`;
    container.append(h('a', { class: 'button wide', testid: 'provider', href, text: t('common-sign-in-with', { name }) }));
  }
  if (!ways.passwords) for (const element of withPasswords) element.hidden = true;
}
