/**
 * What can be said of a meeting link without asking the service: so that nobody allows camera and microphone for a link
 * that leads nowhere. The service decides; what is not known here goes to it.
 * @module meeting-link
 */

/** Hosts of meeting links, and of those that cannot be joined. The service has the same list (teams-link, `cloud.rs`). */
const GOVERNMENT = ['gov.teams.microsoft.us', 'dod.teams.microsoft.us'];
const TEAMS = ['teams.microsoft.com', 'teams.cloud.microsoft', 'teams.live.com', 'teams.microsoftonline.cn'];
/** Pages of Teams that are no meetings. */
const OTHERS = ['events.teams.microsoft.com', 'dialin.teams.microsoft.com', 'visit.teams.microsoft.com'];
const SAFE_LINKS = ['.safelinks.protection.outlook.com', '.safelinks.protection.office365.us'];
/** Longest link the service reads, in bytes of UTF-8. */
const MAX_BYTES = 8_192;

/** @typedef {'empty'|'long'|'malformed'|'scheme'|'government'|'other-page'|'not-meeting'|'unknown-host'} LinkProblem */

/**
 * @param {string} text
 * @param {string} ownOrigin of this page: links of this service are read, too
 * @returns {{link: string, problem: LinkProblem|null}} `link` without what mail programs put around it
 */
export function checkLink(text, ownOrigin) {
  const link = ofOwnPage(text.trim().replace(/^<(.*)>$/, '$1'), ownOrigin);
  return { link, problem: problemOf(link, ownOrigin) };
}

/** The address of this very page has the link in it. */
function ofOwnPage(link, ownOrigin) {
  try {
    const url = new URL(link);
    const inner = url.origin === ownOrigin && url.pathname === '/join' && url.searchParams.get('link')?.trim();
    return inner || link;
  } catch {
    return link;
  }
}

function problemOf(link, ownOrigin) {
  if (link === '') return 'empty';
  if (new TextEncoder().encode(link).length > MAX_BYTES) return 'long';
  if (/\s/.test(link)) return 'malformed';
  let url;
  try {
    url = new URL(link.replace(/^msteams:(\/\/)?/i, 'https://'));
  } catch {
    return 'malformed';
  }
  const own = new URL(ownOrigin);
  const host = url.hostname.replace(/\.$/, '');
  if (host === own.hostname) return meetingPath(url) ? null : 'not-meeting';
  if (url.protocol !== 'https:') return 'scheme';
  if (GOVERNMENT.includes(host)) return 'government';
  if (OTHERS.includes(host)) return 'other-page';
  if (SAFE_LINKS.some((suffix) => host.endsWith(suffix)) || host === 'statics.teams.cdn.office.net') return null;
  if (TEAMS.includes(host)) return null;
  // The service may have other names than the one in this page's address.
  return meetingPath(url) ? null : 'unknown-host';
}

function meetingPath({ pathname }) {
  return /^\/(meet\/|l\/meetup-join\/)/.test(pathname);
}
