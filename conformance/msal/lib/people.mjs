/** A person at the sign-in page: follows the link, fills in the form, and is sent back. */

const text = (html) =>
  html.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');

/**
 * @param {string} url of the authorization request
 * @param {{upn: string, password: string}} user
 * @returns {Promise<URLSearchParams>} what the person is sent back with
 */
export async function signIn(url, { upn, password }) {
  const page = await fetch(url, { redirect: 'manual' });
  if (page.status === 303) return new URL(page.headers.get('location')).searchParams;
  const html = await page.text();
  if (page.status !== 200) throw new Error(`${page.status}: ${html}`);
  const cookies = page.headers.getSetCookie().map((cookie) => cookie.split(';')[0]);
  const hidden = [...html.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)];
  const fields = new URLSearchParams(hidden.map(([, name, value]) => [name, text(value)]));
  fields.set('username', upn);
  fields.set('password', password);
  fields.set('step', 'password');
  const action = /<form [^>]*action="([^"]*)"/.exec(html)[1];
  const back = await fetch(new URL(text(action), url), {
    method: 'POST',
    body: fields,
    headers: { cookie: cookies.join('; '), origin: new URL(url).origin },
    redirect: 'manual',
  });
  if (back.status !== 303) throw new Error(`${back.status}: ${await back.text()}`);
  return new URL(back.headers.get('location')).searchParams;
}
