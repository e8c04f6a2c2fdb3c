/** A person at the sign-in page: follows the link, fills in the form, and is sent back. */

const text = (html) =>
  html.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');

const hidden = (html) =>
  new URLSearchParams(
    [...html.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)].map(([, name, value]) => [name, text(value)]),
  );

/**
 * Types the code that a device shows, and signs in.
 *
 * @param {string} url of the page
 * @param {string} code
 * @param {{upn: string, password: string}} user
 * @returns {Promise<string>} what the last page says
 */
export async function signInForDevice(url, code, { upn, password }) {
  const page = await fetch(url);
  const cookie = page.headers.getSetCookie().map((set) => set.split(';')[0]).join('; ');
  const send = async (html, answers) => {
    const body = hidden(html);
    for (const [name, value] of Object.entries(answers)) body.set(name, value);
    const action = /<form [^>]*action="([^"]*)"/.exec(html)[1];
    const headers = { cookie, origin: new URL(url).origin };
    const answer = await fetch(new URL(text(action), url), { method: 'POST', body, headers });
    const said = await answer.text();
    if (answer.status !== 200) throw new Error(`${answer.status}: ${said}`);
    return said;
  };
  const form = await send(await page.text(), { user_code: code });
  return send(form, { username: upn, password, step: 'password' });
}

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
  const fields = hidden(html);
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
