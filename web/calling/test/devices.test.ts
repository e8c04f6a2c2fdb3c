import assert from 'node:assert/strict';
import { test } from 'node:test';

import { forget, open, users } from '../src/devices/capture.js';
import { Devices } from '../src/devices/device-manager.js';
import { LocalAudioStream } from '../src/devices/local-audio-stream.js';
import { LocalVideoStream } from '../src/devices/local-video-stream.js';
import { Features } from '../src/features/registry.js';
import {
  CAMERA,
  FakeMediaDevices,
  FakeStream,
  FakeTrack,
  HEADSET,
  MICROPHONE,
  SECOND_CAMERA,
  SPEAKER,
  browser,
  settle,
} from './surface-fakes.js';

const ALL = [CAMERA, SECOND_CAMERA, MICROPHONE, HEADSET, SPEAKER];
const camera = (id: string) => ({ id: `camera:${id}`, name: id, deviceType: 'UsbCamera' as const });

test('placeholders before permission have no name and ids that differ', async () => {
  browser(new FakeMediaDevices(ALL));
  const devices = new Devices();
  const cameras = await devices.getCameras();
  assert.deepEqual(cameras.map(({ name }) => name), ['', '']);
  assert.equal(new Set(cameras.map(({ id }) => id)).size, 2);
  assert.equal(devices.selectedMicrophone, undefined);
  devices._dispose();
});

test('after the first permission both lists are told, with ids that stay', async () => {
  const fake = browser(new FakeMediaDevices(ALL));
  const devices = new Devices();
  await devices.getCameras();
  const told: string[] = [];
  devices.on('videoDevicesUpdated', ({ added }) => told.push(`video ${added.map(({ id }) => id)}`));
  devices.on('audioDevicesUpdated', ({ added }) => told.push(`audio ${added.map(({ id }) => id)}`));
  devices.on('selectedMicrophoneChanged', () => told.push('microphone'));
  assert.deepEqual(await devices.askDevicePermission({ audio: true, video: true }), { audio: true, video: true });
  assert.equal(fake.requests.length, 1, 'one question for both');
  assert.ok(fake.opened.every(({ readyState }) => readyState === 'ended'), 'nothing stays open');
  assert.deepEqual(told, [
    'microphone',
    'video camera:cam1,camera:cam2',
    'audio microphone:mic1,microphone:mic2,speaker:out1',
  ]);
  assert.equal(devices.selectedMicrophone?.id, 'microphone:mic1');
  assert.equal(devices.selectedSpeaker?.id, 'speaker:out1');
  assert.deepEqual(await devices.getCameras(), await devices.getCameras());
  devices._dispose();
});

test('who has permission is not asked, and no device is opened', async () => {
  const fake = browser(new FakeMediaDevices(ALL));
  fake.states.camera = fake.states.microphone = 'granted';
  fake.granted = { audio: true, video: true };
  const devices = new Devices();
  assert.deepEqual(await devices.askDevicePermission({ audio: true, video: true }), { audio: true, video: true });
  assert.equal(fake.requests.length, 0);
  // A browser that goes on saying `prompt` after it was allowed.
  const other = browser(new FakeMediaDevices(ALL));
  const second = new Devices();
  await second.askDevicePermission({ audio: false, video: true });
  await second.askDevicePermission({ audio: false, video: true });
  assert.equal(other.requests.length, 1);
  devices._dispose();
  second._dispose();
});

test('who has permission in a browser that names nothing before a device was opened gets names, too', async () => {
  const fake = browser(new FakeMediaDevices(ALL));
  fake.states.camera = fake.states.microphone = 'granted';
  const devices = new Devices();
  assert.deepEqual(await devices.askDevicePermission({ audio: true, video: true }), { audio: true, video: true });
  assert.equal(fake.requests.length, 1);
  assert.ok((await devices.getCameras()).every(({ name }) => name));
  await devices.askDevicePermission({ audio: true, video: true });
  assert.equal(fake.requests.length, 1, 'once');
  // One that another program has open is allowed nonetheless.
  const busy = browser(new FakeMediaDevices(ALL));
  busy.states.camera = 'granted';
  busy.refuse.video = 'NotReadableError';
  const second = new Devices();
  assert.deepEqual(await second.askDevicePermission({ audio: false, video: true }), { audio: false, video: true });
  devices._dispose();
  second._dispose();
});

test('what is denied or missing is answered with false, not with an error', async () => {
  const fake = browser(new FakeMediaDevices([MICROPHONE]));
  fake.refuse.video = 'NotFoundError';
  const devices = new Devices();
  assert.deepEqual(await devices.askDevicePermission({ audio: true, video: true }), { audio: true, video: false });
  assert.equal(fake.requests.length, 3, 'both, then each alone');
  fake.states.camera = 'denied';
  await devices.askDevicePermission({ audio: false, video: true });
  assert.equal(fake.requests.length, 3, 'who has said no is not asked');
  devices._dispose();
});

test('a chosen device that is unplugged is replaced by the first of the list', async () => {
  const fake = browser(new FakeMediaDevices(ALL));
  fake.granted = { audio: true, video: true };
  const devices = new Devices();
  const [, headset] = await devices.getMicrophones();
  assert.ok(headset);
  await devices.selectMicrophone(headset);
  assert.equal(devices.selectedMicrophone?.id, 'microphone:mic2');
  let told = 0;
  devices.on('selectedMicrophoneChanged', () => (told += 1));
  fake.plug([CAMERA, MICROPHONE]);
  await settle();
  assert.equal(devices.selectedMicrophone?.id, 'microphone:mic1');
  assert.equal(devices.selectedSpeaker, undefined);
  fake.plug(ALL);
  await settle();
  assert.equal(devices.selectedMicrophone?.id, 'microphone:mic1', 'it stays with what it has');
  assert.equal(told, 1);
  await assert.rejects(devices.selectMicrophone({ ...headset, id: 'microphone:gone' }), { code: 400 });
  devices._dispose();
});

test('another default of the system is told, though its id is the same', async () => {
  const standard = (groupId: string) => ({ kind: 'audioinput' as const, deviceId: 'default', label: 'Default', groupId });
  const fake = browser(new FakeMediaDevices([standard('a'), MICROPHONE]));
  fake.granted.audio = true;
  const devices = new Devices();
  await devices.getMicrophones();
  assert.equal(devices.selectedMicrophone?.isSystemDefault, true);
  let told = 0;
  devices.on('selectedMicrophoneChanged', () => (told += 1));
  fake.plug([standard('b'), MICROPHONE]);
  await settle();
  assert.equal(told, 1);
  devices._dispose();
});

test('a microphone whose default moved is opened anew under the same id', async () => {
  const fake = browser(new FakeMediaDevices(ALL));
  const source = { id: 'microphone:default', name: '', isSystemDefault: true, deviceType: 'Microphone' as const };
  const stream = new LocalAudioStream(source);
  const before = await stream._use('call');
  await stream.switchSource(source);
  assert.equal(fake.requests.length, 1);
  forget('microphone', 'default');
  await stream.switchSource({ ...source, name: 'Other' });
  assert.equal(fake.requests.length, 2);
  assert.notEqual(stream._track, before);
  assert.equal(before.readyState, 'ended');
  stream.dispose();
  assert.equal(users('microphone', 'default'), 0);
});

test('where the system chooses speakers, asking for them is an error with numbers', async () => {
  browser(new FakeMediaDevices(ALL));
  Object.assign(globalThis, { HTMLMediaElement: class {} });
  const devices = new Devices();
  assert.equal(devices.isSpeakerSelectionAvailable, false);
  await assert.rejects(devices.getSpeakers(), { code: 405, subCode: 40606 });
  devices._dispose();
});

test('one capture per device, stopped when the last user has gone', async () => {
  const fake = browser(new FakeMediaDevices(ALL));
  const [one, other] = await Promise.all([open('camera', 'cam1'), open('camera', 'cam1')]);
  assert.equal(one.track, other.track);
  assert.equal(fake.requests.length, 1);
  assert.equal(users('camera', 'cam1'), 2);
  one.release();
  one.release();
  assert.equal(users('camera', 'cam1'), 1);
  assert.equal(one.track.readyState, 'live');
  other.release();
  assert.equal(one.track.readyState, 'ended');
  const again = await open('camera', 'cam1');
  assert.notEqual(again.track, one.track);
  again.release();
});

test('a track that an app has stopped is not handed out again', async () => {
  browser(new FakeMediaDevices(ALL));
  const first = await open('microphone', '');
  first.track.stop();
  const second = await open('microphone', '');
  assert.equal(second.track.readyState, 'live');
  first.release();
  assert.equal(users('microphone', ''), 1, 'the old one is not counted with the new');
  second.release();
});

test('what is denied, missing or busy is an error with the documented numbers', async () => {
  const fake = browser(new FakeMediaDevices(ALL));
  const tried = async (name: string) => {
    fake.refuse.video = name;
    const error = await new LocalVideoStream(camera('cam1'))._use('somebody').catch((reason) => reason);
    return [error.problem, error.code, error.subCode];
  };
  assert.deepEqual(await tried('NotAllowedError'), ['denied', 403, 43001]);
  assert.deepEqual(await tried('NotFoundError'), ['missing', 412, 43013]);
  assert.deepEqual(await tried('NotReadableError'), ['busy', 412, 43000]);
  assert.deepEqual(await tried('SomethingElse'), ['failed', 500, 43002]);
  assert.equal(users('camera', 'cam1'), 0);
});

test('preview and call overlap, and the camera stays on in between', async () => {
  const fake = browser(new FakeMediaDevices(ALL));
  const [preview, call] = [new LocalVideoStream(camera('cam1')), new LocalVideoStream(camera('cam1'))];
  const shown = await preview._show({} as HTMLElement);
  const track = await call._use('call');
  assert.equal(shown.getTracks()[0], track);
  preview.dispose();
  assert.equal(track.readyState, 'live');
  call._unuse('call');
  assert.equal(track.readyState, 'ended');
  assert.equal(fake.requests.length, 1);
  await assert.rejects(preview._use('anybody'), { code: 412 });
});

test('a switched camera keeps its MediaStream; one that cannot be opened leaves the old one', async () => {
  const fake = browser(new FakeMediaDevices(ALL));
  const stream = new LocalVideoStream(camera('cam1'));
  const element = {} as HTMLElement;
  const media = await stream._show(element);
  const before = media.getTracks()[0];
  const told: string[] = [];
  stream.on('videoSourceChanged', ({ id }) => told.push(id));
  const heard: unknown[] = [];
  stream._onTrack((track) => heard.push(track));
  await stream.switchSource(camera('cam2'));
  assert.equal(media.getTracks().length, 1);
  assert.notEqual(media.getTracks()[0], before);
  assert.equal(before?.readyState, 'ended');
  assert.equal(await stream.getMediaStream(), media);
  assert.deepEqual(heard, media.getTracks());
  assert.equal(fake.requests.at(-1)?.deviceId, 'cam2');
  fake.refuse.video = 'NotReadableError';
  await assert.rejects(stream.switchSource(camera('cam1')), { subCode: 43000 });
  assert.equal(stream.source.id, 'camera:cam2');
  assert.equal(media.getTracks()[0]?.readyState, 'live');
  assert.deepEqual(told, ['camera:cam2']);
  stream._hide(element);
  assert.equal(users('camera', 'cam2'), 0);
});

test('a stream nobody uses can be switched without opening anything', async () => {
  const fake = browser(new FakeMediaDevices(ALL));
  const stream = new LocalVideoStream(camera('cam1'));
  await stream.switchSource(camera('cam2'));
  assert.equal(stream.source.id, 'camera:cam2');
  assert.equal(fake.requests.length, 0);
  await assert.rejects(stream.switchSource(undefined as never), { code: 400, subCode: 43004 });
});

test('a MediaStream that an app asked for lasts until somebody has used the stream', async () => {
  browser(new FakeMediaDevices(ALL));
  const stream = new LocalVideoStream(camera('cam1'));
  const media = await stream.getMediaStream();
  assert.equal(users('camera', 'cam1'), 1);
  await stream._use('call');
  stream._unuse('call');
  assert.equal(users('camera', 'cam1'), 0);
  assert.equal(media.getTracks()[0]?.readyState, 'ended');
});

test('a stream that is stopped while its camera opens lets go of it', async () => {
  browser(new FakeMediaDevices(ALL));
  const stream = new LocalVideoStream(camera('cam1'));
  const showing = stream._use('view');
  stream._unuse('view');
  await assert.rejects(showing, { code: 412 });
  await settle();
  assert.equal(users('camera', 'cam1'), 0);
});

test('a camera that is unplugged is told, and does not become another one', async () => {
  const fake = browser(new FakeMediaDevices(ALL));
  const stream = new LocalVideoStream(camera('cam1'));
  await stream._use('call');
  const heard: unknown[] = [];
  stream._onTrack((track) => heard.push(track));
  fake.opened.at(-1)?.end();
  await settle();
  assert.deepEqual(heard, [null]);
  assert.equal(fake.requests.length, 1);
  stream.dispose();
});

test('a microphone that is unplugged goes on with the one the browser has', async () => {
  const fake = browser(new FakeMediaDevices(ALL));
  const stream = new LocalAudioStream({ id: 'microphone:mic2', name: '', isSystemDefault: false, deviceType: 'Microphone' });
  const before = await stream._use('call');
  const heard: (MediaStreamTrack | null)[] = [];
  stream._onTrack((track) => heard.push(track));
  fake.opened.at(-1)?.end();
  await settle();
  assert.equal(heard.length, 1);
  assert.notEqual(heard[0], before);
  assert.equal(heard[0]?.readyState, 'live');
  assert.deepEqual(fake.requests.map(({ deviceId }) => deviceId), ['mic2', '']);
  stream.dispose();
  assert.equal(heard[0]?.readyState, 'ended');
});

test("an app's own track is never stopped, a screen is", async () => {
  browser(new FakeMediaDevices(ALL));
  const own = new FakeTrack('video');
  const stream = new LocalVideoStream(new FakeStream([own]) as unknown as MediaStream);
  assert.equal(stream.mediaStreamType, 'Video');
  await stream._use('call');
  stream._unuse('call');
  assert.equal(own.readyState, 'live');
  stream.dispose();
  assert.equal(own.readyState, 'live');
  const screen = await LocalVideoStream._screen();
  assert.equal(screen.mediaStreamType, 'ScreenSharing');
  const track = (await screen._use('call')) as unknown as FakeTrack;
  assert.equal(track.contentHint, 'detail');
  const heard: unknown[] = [];
  screen._onTrack((now) => heard.push(now));
  track.end();
  assert.deepEqual(heard, [null], "the browser's own button");
  const second = await LocalVideoStream._screen();
  const other = await second._use('call');
  second._unuse('call');
  assert.equal(other.readyState, 'ended');
});

test('what is no device and no stream is refused', () => {
  browser(new FakeMediaDevices(ALL));
  assert.throws(() => new LocalVideoStream({} as never), { code: 412, subCode: 43019 });
  assert.throws(() => new LocalVideoStream(new FakeStream() as never), { code: 412, subCode: 43017 });
  assert.throws(() => new LocalAudioStream(new FakeTrack('video') as never), { code: 412, subCode: 43017 });
});

test('effects are there and say that there are none', async () => {
  browser(new FakeMediaDevices(ALL));
  const stream = new LocalVideoStream(camera('cam1'));
  const effects = stream.feature(Features.VideoEffects);
  assert.equal(stream.feature({ ...Features.VideoEffects }), effects, 'entries are compared by name');
  assert.deepEqual(effects.activeEffects, []);
  await assert.rejects(effects.startEffects({} as never), { code: 405 });
  await effects.stopEffects();
});
