/**
 * A small app on an origin of its own, written against the documented calling API, with the calling package in it. Its
 * buttons and pictures have the names that `Person` knows from the pages.
 */

import { once } from 'node:events';
import http from 'node:http';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

import { user as account } from './back_end.mjs';
import { Person } from './person.mjs';

const PACKAGE = fileURLToPath(new URL('../../../web/calling/', import.meta.url));
const PAGE = `<!doctype html><html lang="en"><meta charset="utf-8"><title>App</title>
<button data-testid="share">Share</button><main id="stage"></main><script type="module" src="/app.js"></script></html>`;

/** @returns {Promise<{origin: string, close: () => Promise<void>}>} */
export async function serveApp() {
  const { build } = createRequire(`${PACKAGE}package.json`)('esbuild');
  const { outputFiles } = await build({
    stdin: { contents: `(${app})(sdk, common);`, resolveDir: PACKAGE, sourcefile: 'app.js' },
    inject: [fileURLToPath(new URL('calling-app-imports.mjs', import.meta.url))],
    bundle: true,
    format: 'esm',
    target: ['es2022'],
    nodePaths: [`${PACKAGE}node_modules`],
    write: false,
    logLevel: 'warning',
  });
  const server = http.createServer((request, response) => {
    const script = request.url === '/app.js';
    response.setHeader('content-type', script ? 'text/javascript' : 'text/html');
    response.end(script ? outputFiles[0].text : request.url === '/' ? PAGE : '');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Somebody in front of the app. */
export class AppUser extends Person {
  /**
   * Opens the app and joins by the demo meeting's link.
   * @param {{muted?: boolean, camera?: boolean, link?: string, prepare?: any, token?: string, renews?: () => Promise<string>}} [options]
   *   `renews` gives the app's credential another token
   */
  static async join(browser, service, origin, name, { muted = false, camera = true, link, prepare, renews, token: brought } = {}) {
    const user = new AppUser(name, await browser.person(prepare));
    if (renews) await user.page.exposeFunction('freshToken', renews);
    await user.open(`${origin}/`);
    const token = brought ?? (await account(service)).token;
    await user.until('has the app', () => window.app !== undefined);
    await user.page.evaluate((options) => window.app.join(options), {
      token,
      name,
      server: service.origin,
      link: link ?? service.dev.meeting.join_url,
      muted,
      camera,
    });
    return user;
  }

  async reaches(state) {
    await this.until(`reaches ${state}`, (wanted) => window.app.call.state === wanted, state);
  }

  /** What has been announced since joining. @returns {Promise<string[]>} */
  log() {
    return this.page.evaluate(() => window.app.log);
  }

  /** Runs in the page; `app` has `call`, `agent`, `client`, `sdk`. */
  does(action, ...args) {
    return this.page.evaluate(action, ...args);
  }
}

// What follows runs in the page.

/* eslint-env browser */

/** The app: joins, shows whoever sends pictures, writes down what is announced. */
function app(sdk, common) {
  const { CallClient, LocalVideoStream, VideoStreamRenderer } = sdk;
  const log = [];
  const views = new Map();
  const state = { sdk, log, join, views };
  window.app = state;
  // For `Person`, as the pages have it.
  window.anteroom = {
    get pc() {
      return state.call?._conference.pc ?? null;
    },
    get call() {
      return state.call && { state: state.call.state };
    },
  };
  document.querySelector('[data-testid="share"]').addEventListener('click', () => {
    const { call } = state;
    (call.isScreenSharingOn ? call.stopScreenSharing() : call.startScreenSharing()).catch((error) => console.error(`${error}`));
  });

  async function join({ token, name, server, link, muted, camera }) {
    const client = (state.client = new CallClient({ anteroom: { url: server } }));
    const renews = window.freshToken && { tokenRefresher: () => window.freshToken() };
    const credential = new common.AzureCommunicationTokenCredential(renews ? { token, ...renews } : token);
    const agent = (state.agent = await client.createCallAgent(credential, { displayName: name }));
    agent.on('callsUpdated', ({ added, removed }) => {
      log.push(`calls +${added.length} -${removed.length}`);
      state.removed = removed[0];
    });
    agent.on('connectionStateChanged', ({ newValue }) => log.push(`agent ${newValue}`));
    const devices = await client.getDeviceManager();
    await devices.askDevicePermission({ audio: true, video: true });
    const [first] = await devices.getCameras();
    state.camera = new LocalVideoStream(first);
    const call = (state.call = agent.join(
      { meetingLink: link },
      { audioOptions: { muted }, videoOptions: { localVideoStreams: camera ? [state.camera] : [] } },
    ));
    state.first = call.state;
    call.on('stateChanged', () => {
      const { state: now, info, callEndReason: end } = call;
      log.push(now === 'Disconnected' ? `${now} ${end.code}/${end.subCode}` : now);
      if (now === 'Connected') log.push(`thread ${Boolean(info.threadId)} role ${call.role}`);
    });
    call.on('isMutedChanged', () => log.push(`muted ${call.isMuted}`));
    call.on('mutedByOthers', ({ participant }) => log.push(`muted by ${participant?.displayName}`));
    call.on('localVideoStreamsUpdated', () => log.push(`local ${call.localVideoStreams.map((one) => one.mediaStreamType).join('+')}`));
    call.on('remoteParticipantsUpdated', ({ added, removed }) => {
      for (const one of added) watchParticipant(one);
      for (const one of removed) log.push(`-${one.displayName} ${one.state}`);
    });
    for (const one of call.remoteParticipants) watchParticipant(one);
  }

  function watchParticipant(participant) {
    log.push(`+${participant.displayName} ${participant.identifier.kind} ${participant.state}`);
    participant.on('stateChanged', () => log.push(`${participant.displayName} ${participant.state}`));
    participant.on('videoStreamsUpdated', ({ added }) => added.forEach((stream) => watchStream(participant, stream)));
    participant.videoStreams.forEach((stream) => watchStream(participant, stream));
  }

  function watchStream(participant, stream) {
    const update = async () => {
      const shown = views.get(stream);
      if (stream.isAvailable && !shown) {
        const renderer = new VideoStreamRenderer(stream);
        views.set(stream, renderer);
        const view = await renderer.createView();
        view.target.style.setProperty('width', '640px');
        view.target.style.setProperty('height', '360px');
        const video = view.target.querySelector('video');
        video.dataset.testid = 'tile-video';
        video.dataset.source = stream.mediaStreamType === 'Video' ? 'camera' : 'screen';
        document.querySelector('#stage').append(view.target);
      } else if (!stream.isAvailable && shown) {
        views.delete(stream);
        shown.dispose();
      }
    };
    stream.on('isAvailableChanged', update);
    stream.on('isReceivingChanged', () => log.push(`${stream.mediaStreamType} ${stream.isReceiving}`));
    stream.on('sizeChanged', () => {
      state.size = stream.size;
    });
    update();
  }
}
