/** What this browser is, for a UI that words things by browser and platform. */

import { Emitter } from '../emitter.js';
import type { DebugInfoFeature, Environment, EnvironmentInfo } from '../types/index.js';

/** The versions from which on everything is there that calls need. */
const FROM: Record<string, number> = { chrome: 108, edge: 108, firefox: 115, safari: 16 };

/** From what the browser calls itself; the first that fits counts, because most also name others. */
const BROWSERS: [string, RegExp][] = [
  ['edge', /Edg(?:e|A|iOS)?\/([\d.]+)/],
  ['opera', /OPR\/([\d.]+)/],
  ['samsung', /SamsungBrowser\/([\d.]+)/],
  ['firefox', /(?:Firefox|FxiOS)\/([\d.]+)/],
  ['chrome', /(?:Chrome|CriOS|HeadlessChrome)\/([\d.]+)/],
  ['safari', /Version\/([\d.]+).*Safari\//],
];
const PLATFORMS: [string, RegExp][] = [
  ['ios', /iPhone|iPad|iPod/],
  ['android', /Android/],
  ['windows', /Windows/],
  ['mac', /Mac OS X|Macintosh/],
  ['linux', /Linux|CrOS/],
];

/** @param touchPoints an iPad calls itself a Mac that has several */
export function environmentOf(userAgent: string, touchPoints = 0): Environment {
  const found = PLATFORMS.find(([, pattern]) => pattern.test(userAgent))?.[0] ?? 'unknown';
  const platform = found === 'mac' && touchPoints > 1 ? 'ios' : found;
  for (const [browser, pattern] of BROWSERS) {
    const browserVersion = pattern.exec(userAgent)?.[1];
    if (browserVersion) return { platform, browser, browserVersion };
  }
  return { platform, browser: 'unknown', browserVersion: '' };
}

/**
 * Own properties only: UI libraries copy it member by member, and what hangs on a prototype would be lost.
 *
 * @param calls ids of the client's calls, the newest last
 */
export function createDebugInfo(calls: () => string[] = () => []): DebugInfoFeature {
  const events = new Emitter<{ isCallClientActiveInAnotherTabChanged: void }>();
  return {
    name: 'DebugInfo',
    isCallClientActiveInAnotherTab: false,
    get callIds() {
      return calls();
    },
    get lastCallId() {
      return calls().at(-1);
    },
    getEnvironmentInfo: async () => environmentInfo(),
    dumpDebugInfo: () => ({ callIds: calls() }),
    on: (event, listener) => events.on(event, listener),
    off: (event, listener) => events.off(event, listener),
    dispose: () => events._dropListeners(),
  };
}

function environmentInfo(): EnvironmentInfo {
  const { userAgent = '', maxTouchPoints = 0 } = globalThis.navigator ?? {};
  const environment = environmentOf(userAgent, maxTouchPoints);
  const from = FROM[environment.browser];
  const isSupportedPlatform = environment.platform !== 'unknown';
  const isSupportedBrowser = from !== undefined && typeof RTCPeerConnection !== 'undefined';
  const isSupportedBrowserVersion = isSupportedBrowser && Number.parseInt(environment.browserVersion, 10) >= from;
  return {
    environment,
    isSupportedPlatform,
    isSupportedBrowser,
    isSupportedBrowserVersion,
    isSupportedEnvironment: isSupportedPlatform && isSupportedBrowserVersion,
  };
}
