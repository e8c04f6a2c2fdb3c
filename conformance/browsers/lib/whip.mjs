/** Clients of WHIP and WHEP made of nothing but what browsers have. */

import { Person } from './person.mjs';

/**
 * A page of the service's origin, with the few lines that every client of WHIP and WHEP has.
 * @returns {Promise<Person>}
 */
export async function client(browser, service, name) {
  const person = new Person(name, await browser.person());
  await person.open(`${service.origin}/`);
  await person.page.evaluate(() => {
    window.begin = async (url, token, pc) => {
      await pc.setLocalDescription();
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/sdp' };
      const response = await fetch(url, { method: 'POST', headers, body: pc.localDescription.sdp });
      const text = await response.text();
      if (response.status !== 201) return { status: response.status, text };
      await pc.setRemoteDescription({ type: 'answer', sdp: text });
      window.session = { url: new URL(response.headers.get('location'), url).href, etag: response.headers.get('etag'), token };
      return { status: 201, text };
    };
    window.stats = async (type, kind) => {
      const found = [...(await window.pc.getStats()).values()].filter((entry) => entry.type === type && entry.kind === kind);
      return found[0] ?? {};
    };
  });
  return person;
}

/** An address of `dev.json`, without TLS. */
export const url = (service, of) => new URL(new URL(of).pathname + new URL(of).search, service.origin).href;

/** Ends the session; the status of the answer. */
export const ends = (person) =>
  person.page.evaluate(async () => {
    const { url, token } = window.session;
    return (await fetch(url, { method: 'DELETE', headers: { authorization: `Bearer ${token}` } })).status;
  });
