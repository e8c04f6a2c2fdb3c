/** Everything that a page asks of the network, and everything its content security policy forbade. */

import assert from 'node:assert/strict';

/** What never leaves the machine. */
const LOCAL = /^(data|blob|about):/;

/**
 * Watches a page of Chromium from before its first navigation on.
 * @param {import('puppeteer-core').Page} page
 *
 * @typedef {object} Watch
 * @property {string[]} requests addresses, in their order
 * @property {string[]} policy what the content security policy forbade
 * @property {(origin: string) => string[]} foreign requests to anywhere else than `origin`, servers for media among them
 * @property {(origin: string, who: string) => void} stayed fails if there are any, or if the policy forbade something
 *
 * @returns {Promise<Watch>}
 */
export async function watched(page) {
  const requests = [];
  const policy = [];
  const client = await page.createCDPSession();
  client.on('Network.requestWillBeSent', ({ request }) => requests.push(request.url));
  client.on('Network.webSocketCreated', ({ url }) => requests.push(url));
  client.on('Network.webTransportCreated', ({ url }) => requests.push(url));
  client.on('Audits.issueAdded', ({ issue }) => {
    if (issue.code === 'ContentSecurityPolicyIssue') policy.push(JSON.stringify(issue.details.contentSecurityPolicyIssueDetails));
  });
  await client.send('Network.enable');
  await client.send('Audits.enable');
  // Servers for media are asked without a request.
  await page.exposeFunction('reportIceServer', (url) => requests.push(url));
  await page.exposeFunction('reportViolation', (text) => policy.push(text));
  await page.evaluateOnNewDocument(() => {
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile, lineNumber }) =>
      window.reportViolation(`${violatedDirective}: ${blockedURI} (${sourceFile}:${lineNumber})`));
    const Real = window.RTCPeerConnection;
    window.RTCPeerConnection = class extends Real {
      constructor(options) {
        super(options);
        for (const { urls } of options?.iceServers ?? []) for (const url of [urls].flat()) window.reportIceServer(url);
      }
    };
  });
  const foreign = (origin) => {
    const { host } = new URL(origin);
    return requests.filter((url) => !LOCAL.test(url) && new URL(url).host !== host);
  };
  return {
    requests,
    policy,
    foreign,
    stayed(origin, who) {
      assert.ok(requests.length > 0, `${who}: nothing was recorded`);
      assert.deepEqual(foreign(origin), [], `${who} asked another origin`);
      assert.deepEqual(policy, [], `${who} broke the content security policy`);
    },
  };
}
