/** The pages in Chromium. */

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';

import { backEnd, user } from './lib/back_end.mjs';
import { openBrowser } from './lib/browser.mjs';
import { guest, iceRestart, organizer, wholeLoop } from './lib/flow.mjs';
import { Person } from './lib/person.mjs';
import { cable, startService } from '../lib/service.mjs';

let service;
let browser;

before(async () => {
  service = await startService();
});

after(async () => {
  await service?.stop();
});

/** A browser of its own for each test: nothing is left over from the one before. */
async function withBrowser(run) {
  browser = await openBrowser('chromium');
  await run();
}

afterEach(async () => {
  await browser?.close();
  browser = undefined;
});

test('the whole loop: lobby, admission, audio, video, screen, chat, leaving', () =>
  withBrowser(() => wholeLoop({ guest: browser, teams: browser }, service)));

test('a rejected guest is told so', () =>
  withBrowser(async () => {
    const alice = await organizer(browser, service);
    const mallory = await guest(browser, service, 'Rejected guest');
    await mallory.sees('lobby');
    await alice.decides('reject', mallory.name);
    const reason = await mallory.endReason();
    assert.deepEqual([reason.key, reason.code, reason.subCode], ['lobby_denied', 0, 5854]);
    assert.equal(await mallory.page.evaluate(() => window.anteroom.pc), null, 'there never was a media connection');
    await alice.click('leave');
  }));

test('removing a guest and ending the meeting end the guest’s call', () =>
  withBrowser(async () => {
    const alice = await organizer(browser, service);
    const removed = await guest(browser, service, 'Removed guest');
    await removed.sees('lobby');
    await alice.admits(removed.name);
    await removed.sees('in-call');
    await alice.removes(removed.name);
    const removal = await removed.endReason();
    assert.deepEqual([removal.key, removal.code, removal.subCode], ['removed', 0, 5300]);
    await alice.missesInRoster(removed.name);

    const last = await guest(browser, service, 'Last guest');
    await last.sees('lobby');
    await alice.admits(last.name);
    await last.sees('in-call');
    await alice.click('end-meeting');
    await alice.click('end-meeting-confirm');
    for (const person of [last, alice]) {
      const reason = await person.endReason();
      assert.deepEqual([reason.key, reason.code, reason.subCode], ['ended', 0, 4097]);
    }
  }));

test('links that cannot be joined are refused in plain words', () =>
  withBrowser(async () => {
    const wrong = await guest(browser, service, 'Lost guest', { link: 'https://teams.microsoft.com/not-a-meeting' });
    const locator = await wrong.endReason();
    assert.deepEqual([locator.key, locator.code, locator.subCode], ['bad_locator', 400, 990001]);

    // What mail programs wrap, the service unwraps.
    const wrapped = encodeURIComponent('https://gov.teams.microsoft.us/meet/274918305566421?p=Qm7Zt4Lw9Xc2Vb8Nk1');
    const government = await guest(browser, service, 'Government guest', {
      link: `https://nam01.safelinks.protection.outlook.com/?url=${wrapped}&data=05`,
    });
    const cloud = await government.endReason();
    assert.deepEqual([cloud.key, cloud.code, cloud.subCode], ['government_cloud', 403, 990022]);
    assert.match(cloud.text, /government/i);

    const stranger = await guest(browser, service, 'Stranger', { link: `${service.origin}/meet/100000000000009?p=wrong` });
    const unknown = await stranger.endReason();
    assert.deepEqual([unknown.key, unknown.code, unknown.subCode], ['meeting_not_found', 404, 5751]);
  }));

test('a link that is none is refused before camera and microphone are asked for, and can be put right', () =>
  withBrowser(async () => {
    const noted = (page) =>
      page.evaluateOnNewDocument(() => {
        window.asked = 0;
        const real = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
        if (real) navigator.mediaDevices.getUserMedia = (wanted) => (window.asked += 1) && real(wanted);
      });
    const link = 'https://gov.teams.microsoft.us/meet/274918305566421?p=Qm7Zt4Lw9Xc2Vb8Nk1';
    const dana = await guest(browser, service, 'Careful guest', { link, prepare: noted });
    await dana.until('is told', () => document.querySelector('[data-testid="link-problem"]').dataset.key === 'government');
    const field = await dana.sees('link');
    for (const [text, key] of [['not a link', 'malformed'], ['https://example.com/not-a-meeting', 'unknown-host'], ['', 'empty']]) {
      await field.evaluate((input) => input.select());
      await dana.page.keyboard.press('Backspace');
      await field.type(text);
      await dana.click('join');
      await dana.until(`is told of ${key}`, (wanted) => document.querySelector('[data-testid="link-problem"]').dataset.key === wanted, key);
    }
    assert.equal(await dana.page.evaluate(() => window.asked), 0, 'nothing was asked for');
    await field.type(service.dev.meeting.join_url);
    await dana.until('is asked', () => window.asked > 0);
    await dana.click('join');
    await dana.sees('lobby');
    await dana.click('leave');
    assert.equal((await dana.endReason()).key, 'left');
    dana.hasNoProblems();
  }));

test('a guest waits until somebody of the organization starts the meeting', () =>
  withBrowser(async () => {
    const early = await guest(browser, service, 'Early guest');
    await early.sees('lobby');
    await early.click('leave');
    assert.equal((await early.endReason()).key, 'left');
  }));

test('a dropped connection resumes without leaving the call', () =>
  withBrowser(async () => {
    const network = await cable(service.origin);
    let traveller;
    try {
      traveller = await openBrowser('chromium', { arguments: network.chromium });
      const alice = await organizer(browser, service);
      const dana = await guest(traveller, service, 'Travelling guest');
      await dana.sees('lobby');
      await alice.admits(dana.name);
      await dana.sees('in-call');
      await alice.seesMoving('camera');
      const before = await dana.page.evaluate(() => ({
        participant: window.anteroom.call.participantId,
        ufrag: /a=ice-ufrag:(\S+)/.exec(window.anteroom.pc.localDescription.sdp)[1],
      }));

      network.cut();
      await dana.until('notices', () => window.anteroom.call.reconnecting);
      await alice.seesInRoster(dana.name, 'reconnecting');
      // Media does not depend on the signaling connection.
      await alice.seesMoving('camera');
      await alice.says('said while you were away');
      // Asked for without a connection: carried out once it is back.
      await dana.click('mute');
      await dana.type('chat-input', 'typed while away');
      await dana.click('chat-send');
      network.mend();

      await dana.until('is back', () => !window.anteroom.call.reconnecting);
      await dana.reads('said while you were away');
      await alice.reads('typed while away');
      await alice.seesMuted(dana.name, true);
      await dana.says('and back again');
      await alice.reads('and back again');
      assert.equal(await dana.count('chat-message'), 3, 'nothing was sent twice');
      await alice.seesMoving('camera');
      await dana.seesMoving('camera');
      const later = await dana.page.evaluate(() => ({
        participant: window.anteroom.call.participantId,
        ufrag: /a=ice-ufrag:(\S+)/.exec(window.anteroom.pc.localDescription.sdp)[1],
      }));
      assert.deepEqual(later, before, 'the same participant on the same media connection');
      await dana.click('leave');
      await dana.endReason();
      await alice.missesInRoster(dana.name);
      await alice.click('leave');
    } finally {
      await traveller?.close();
      await network.close();
    }
  }));

test('after the service was killed and started again the pages are back in the meeting', async (t) => {
  if (process.env.ANTEROOM_DEV_JSON) {
    t.skip('needs a service of its own');
    return;
  }
  await withBrowser(async () => {
    const alice = await organizer(browser, service);
    const dana = await guest(browser, service, 'Patient guest');
    await dana.sees('lobby');
    await alice.admits(dana.name);
    await Promise.all([alice.seesMoving('camera'), dana.seesMoving('camera')]);
    await dana.says('said before it was killed');
    await alice.reads('said before it was killed');

    const startAgain = await service.crash();
    await Promise.all([alice, dana].map((person) => person.until('notices', () => window.anteroom.call.reconnecting)));
    await startAgain();

    await alice.until('is back', () => window.anteroom.call.state === 'connected' && !window.anteroom.call.reconnecting);
    await alice.reads('said before it was killed');
    // A guest has to be let in again, and sees only what is said from then on.
    await dana.sees('lobby');
    await alice.admits(dana.name);
    await Promise.all([alice.seesMoving('camera'), dana.seesMoving('camera')]);
    await Promise.all([alice.hears(), dana.hears()]);
    assert.equal(await dana.count('chat-message'), 0);
    await dana.click('leave');
    await alice.click('leave');
  });
});

test('a guest who closes the page is gone at once', () =>
  withBrowser(async () => {
    const alice = await organizer(browser, service);
    const dana = await guest(browser, service, 'Hasty guest');
    await dana.sees('lobby');
    await alice.admits(dana.name);
    await alice.seesMoving('camera');
    await dana.page.close();
    await alice.missesInRoster(dana.name);
    await alice.missesVideo('camera');
    await alice.click('leave');
  }));

test('media is set up again after an ICE restart', () => withBrowser(() => iceRestart(browser, service)));

test('names and messages are shown as text, never as markup', () =>
  withBrowser(async () => {
    const markup = '<img src=x onerror="window.owned = true">';
    const alice = await organizer(browser, service);
    const dana = await guest(browser, service, `<b>${'x'.repeat(60)}</b>`);
    await dana.sees('lobby');
    await alice.admits(dana.name);
    await dana.says(markup);
    await alice.reads(markup);
    await alice.seesInRoster(dana.name);
    for (const { page } of [alice, dana]) {
      assert.equal(await page.evaluate(() => window.owned), undefined);
      assert.equal((await page.$$('#app img, #app b b, .person-name *')).length, 0);
    }
    await dana.click('leave');
    await alice.click('leave');
  }));

test('hands, reactions, the spotlight and a recording are seen at the other side', () =>
  withBrowser(async () => {
    const alice = await organizer(browser, service);
    const dana = await guest(browser, service, 'Eager guest');
    await dana.sees('lobby');
    await alice.admits(dana.name);
    await dana.sees('in-call');
    await dana.click('raise-hand');
    await alice.seesHand(dana.name, 1);
    await alice.click('raise-hand');
    await dana.seesHand('Alice', 2);
    await alice.doesWith(dana.name, 'lower-hand');
    await dana.seesHand('Alice', 1);
    await dana.seesHand(dana.name, 0);

    await dana.click('reactions');
    // It shows for three seconds.
    await Promise.all([alice.sees('reaction'), dana.click('react-applause')]);

    await alice.doesWith(dana.name, 'spotlight');
    await dana.until('is in the spotlight', () => window.anteroom.call.meeting.spotlight.includes(window.anteroom.call.participantId));
    await alice.doesInMeeting('recording');
    await dana.until('sees the recording', () => /being recorded/.test(document.querySelector('[data-testid="banner"]').innerText));
    await alice.doesInMeeting('recording');
    await dana.until('sees its end', () => document.querySelector('[data-testid="banner"]').hidden);
    assert.equal(await dana.count('person-menu'), 1, 'a guest can only step out of the spotlight itself');
    await dana.click('leave');
    await alice.click('leave');
  }));

test('an attendee without the right to speak and show reaches nobody, whatever its page sends', () =>
  withBrowser(async () => {
    const alice = await organizer(browser, service);
    const dana = await guest(browser, service, 'Stubborn guest');
    await dana.sees('lobby');
    await alice.admits(dana.name);
    await Promise.all([alice.seesMoving('camera'), alice.hears()]);
    await alice.doesWith(dana.name, 'make-attendee');
    await dana.until('is an attendee', () => window.anteroom.call.role === 'ROLE_ATTENDEE');
    // From here on its page hears of nothing that takes rights away, and goes on sending.
    await dana.page.evaluate(() => {
      const { signaling } = window.anteroom.call;
      const dispatch = signaling.dispatchEvent.bind(signaling);
      signaling.dispatchEvent = (event) => event.detail?.kind === 'capabilitiesChanged' || dispatch(event);
    });
    await alice.doesInMeeting('attendee-mics');
    await alice.doesInMeeting('attendee-cameras');
    await alice.seesMuted(dana.name, true);
    await alice.missesVideo('camera');
    const [sent, received] = [await dana.packets('outbound-rtp'), await alice.packets('inbound-rtp')];
    await dana.until('goes on sending', async (before) => {
      let sum = 0;
      for (const entry of (await window.anteroom.pc.getStats()).values()) if (entry.type === 'outbound-rtp') sum += entry.packetsSent;
      return sum > before + 200;
    }, sent);
    const more = (await alice.packets('inbound-rtp')) - received;
    assert.ok(more < 20, `${more} packets reached the other side`);

    await alice.doesInMeeting('attendee-mics');
    await alice.doesInMeeting('attendee-cameras');
    // Its owner turns both on again; nothing is negotiated anew.
    await dana.page.evaluate(() =>
      window.anteroom.call.signaling.request('mediaState', { micMuted: false, cameraOn: true, screenSharing: false }));
    await alice.seesMuted(dana.name, false);
    await Promise.all([alice.seesMoving('camera'), alice.hears()]);
    await dana.click('leave');
    await alice.click('leave');
  }));

test('without camera and microphone a guest still joins, sees, hears and chats', () =>
  withBrowser(async () => {
    const alice = await organizer(browser, service);
    const dana = await guest(browser, service, 'Listener', {
      prepare: (page) =>
        page.evaluateOnNewDocument(() => {
          navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('refused', 'NotAllowedError'));
        }),
    });
    await dana.sees('lobby');
    await alice.admits(dana.name);
    await dana.sees('in-call');
    await dana.seesMoving('camera');
    await dana.hears();
    await alice.seesMuted(dana.name, true);
    await dana.click('mute');
    await dana.until('is told why', () => /microphone is blocked/.test(document.querySelector('.toasts').textContent));
    await dana.says('I can only listen.');
    await alice.reads('I can only listen.');
    await dana.click('leave');
    await alice.click('leave');
  }));

test('signing in with a wrong password says so', () =>
  withBrowser(async () => {
    const eve = new Person('Eve', await browser.person());
    await eve.open(`${service.origin}/teams`);
    await eve.type('upn', service.dev.users[0].upn);
    await eve.type('password', 'not the password');
    await eve.click('sign-in');
    await eve.until('is told', () => /do not match/.test(document.querySelector('[data-testid="problem"]').textContent));
  }));

test('a room: roles count at once, and it ends for everybody', () =>
  withBrowser(async () => {
    const version = 'api-version=2025-03-13';
    const [doctor, patient, stranger] = await Promise.all([user(service), user(service), user(service)]);
    const participants = { [doctor.id]: { role: 'Presenter' }, [patient.id]: { role: 'Consumer' } };
    const { id } = await backEnd(service, 'POST', `/rooms?${version}`, { participants });
    const enter = async (name, { token }) => {
      const person = new Person(name, await browser.person());
      await person.open(`${service.origin}/join?room=${id}#token=${token}`);
      await person.asksToJoin();
      return person;
    };

    const first = await enter('Doctor', doctor);
    await first.sees('in-call');
    const second = await enter('Patient', patient);
    await second.sees('in-call');
    await first.seesInRoster('Patient', 'Consumer');
    await second.seesInRoster('Doctor', 'Presenter');
    await Promise.all([second.seesMoving('camera'), second.hears()]);
    const sends = (kind) =>
      second.page.evaluate((wanted) => window.anteroom.pc.getSenders().some(({ track }) => track?.kind === wanted), kind);
    assert.deepEqual([await sends('audio'), await sends('video')], [false, false], 'a consumer sends nothing');

    const third = await enter('Stranger', stranger);
    const refusal = await third.endReason();
    assert.deepEqual([refusal.key, refusal.code], ['room_not_invited', 403]);

    await backEnd(service, 'PATCH', `/rooms/${id}/participants?${version}`, {
      participants: { [patient.id]: { role: 'Attendee' } },
    });
    await first.seesInRoster('Patient', 'Attendee');
    await Promise.all([first.seesMoving('camera'), first.hears()]);

    await backEnd(service, 'DELETE', `/rooms/${id}?${version}`);
    for (const person of [first, second]) {
      const end = await person.endReason();
      assert.deepEqual([end.key, end.code], ['room_closed', 0]);
    }
  }));
