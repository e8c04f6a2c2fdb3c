/** An app that joins a meeting, written against the documented names: it has to compile, it is not run. */

import { CallClient, DiagnosticQuality, Features, LocalVideoStream, VideoStreamRenderer } from '@azure/communication-calling';
import type {
  Call,
  CallAgent,
  CallState,
  CommunicationServicesError,
  DeviceManager,
  RemoteParticipant,
  RemoteVideoStream,
  TeamsMeetingLinkLocator,
  VideoStreamRendererView,
} from '@azure/communication-calling';
import { AzureCommunicationTokenCredential } from '@azure/communication-common';
import type { CommunicationIdentifierKind } from '@azure/communication-common';

export async function join(token: string, meetingLink: string): Promise<Call> {
  const client = new CallClient({ diagnostics: { appName: 'sample', tags: ['one'] } });
  const credential = new AzureCommunicationTokenCredential({
    tokenRefresher: async () => token,
    refreshProactively: true,
  });
  const agent: CallAgent = await client.createCallAgent(credential, { displayName: 'Ann' });
  const devices: DeviceManager = await client.getDeviceManager();
  const access = await devices.askDevicePermission({ audio: true, video: true });
  const [camera] = await devices.getCameras();
  const localVideoStreams = camera && access.video ? [new LocalVideoStream(camera)] : [];
  const locator: TeamsMeetingLinkLocator = { meetingLink };
  agent.on('callsUpdated', ({ added, removed }) => {
    added.forEach(watch);
    removed.forEach((call) => console.log(call.callEndReason?.code, call.callEndReason?.subCode));
  });
  agent.on('incomingCall', async ({ incomingCall }) => {
    console.log(incomingCall.callerInfo.displayName);
    const call = await incomingCall.accept();
    watch(call);
  });
  const call = agent.join(locator, { videoOptions: { localVideoStreams }, audioOptions: { muted: true } });
  agent.join({ meetingId: '123', passcode: 'abc' });
  agent.join({ roomId: '99' });
  agent.join({ groupId: crypto.randomUUID() });
  agent.join({ threadId: '19:meeting_x@thread.v2', organizerId: 'o', tenantId: 't', messageId: '0' });
  agent.startCall([{ communicationUserId: '8:acs:a' }, { phoneNumber: '+1' }], { alternateCallerId: { phoneNumber: '+2' } });
  watch(call);
  return call;
}

function watch(call: Call): void {
  let state: CallState = call.state;
  call.on('stateChanged', () => (state = call.state));
  call.on('idChanged', () => console.log(call.id, state, call.kind, call.direction));
  call.on('isMutedChanged', () => console.log(call.isMuted));
  call.on('roleChanged', () => console.log(call.role === 'Presenter'));
  call.on('mutedByOthers', () => console.log('muted'));
  call.on('isScreenSharingOnChanged', () => console.log(call.isScreenSharingOn));
  const people = (participants: ReadonlyArray<RemoteParticipant>) => participants.forEach(watchParticipant);
  people(call.remoteParticipants);
  call.on('remoteParticipantsUpdated', (e) => people(e.added));
  call.on('localVideoStreamsUpdated', (e) => {
    const streams: LocalVideoStream[] = e.added;
    streams.forEach((stream) => void showLocal(stream));
  });
  const [first] = call.localVideoStreams;
  if (first) void call.stopVideo(first);
  call.lobby.on('lobbyParticipantsUpdated', ({ added }) => added.forEach(({ identifier }) => void call.lobby.admit(identifier)));
  console.log(call.info.threadId, call.info.groupId, call.info.participantId);
}

function watchParticipant(participant: RemoteParticipant): void {
  const identifier: CommunicationIdentifierKind = participant.identifier;
  if (identifier.kind === 'communicationUser') console.log(identifier.communicationUserId);
  participant.videoStreams.forEach((stream) => void show(stream));
  participant.on('videoStreamsUpdated', ({ added }) => added.forEach((stream) => void show(stream)));
  participant.on('isSpeakingChanged', () => console.log(participant.displayName, participant.isSpeaking));
}

async function show(stream: RemoteVideoStream): Promise<void> {
  const renderer = new VideoStreamRenderer(stream);
  let view: VideoStreamRendererView | undefined;
  const update = async () => {
    if (stream.isAvailable) {
      view = await renderer.createView({ scalingMode: 'Fit' });
      document.body.append(view.target);
    } else view?.dispose();
  };
  stream.on('isAvailableChanged', update);
  stream.on('sizeChanged', () => console.log(stream.size.width, stream.size.height));
  if (stream.mediaStreamType === 'ScreenSharing') await view?.updateScalingMode('Crop');
  await update();
}

async function showLocal(stream: LocalVideoStream): Promise<void> {
  const view = await new VideoStreamRenderer(stream).createView({ isMirrored: true });
  document.body.append(view.target);
  const [track] = (await stream.getMediaStream()).getVideoTracks();
  if (track) await stream.setMediaStream(new MediaStream([track]));
}

export async function control(call: Call, devices: DeviceManager): Promise<void> {
  try {
    await call.unmute();
    await call.startScreenSharing();
    await call.muteAllRemoteParticipants();
    await call.setConstraints({ video: { send: { frameHeight: { max: 360 }, bitrate: { max: 500_000 } } } });
    if (devices.isSpeakerSelectionAvailable) {
      const [speaker] = await devices.getSpeakers();
      if (speaker) await devices.selectSpeaker(speaker);
    }
    await call.hangUp({ forEveryone: true });
  } catch (error) {
    const { code, subCode, message } = error as CommunicationServicesError;
    console.error(code, subCode, message);
  }
}

export function diagnose(call: Call): void {
  const diagnostics = call.feature(Features.UserFacingDiagnostics);
  diagnostics.network.on('diagnosticChanged', ({ diagnostic, value, valueType }) => {
    if (valueType === 'DiagnosticQuality' && value === DiagnosticQuality.Bad) console.log(diagnostic);
  });
  diagnostics.media.on('diagnosticChanged', ({ diagnostic, value }) => {
    if (diagnostic === 'speakingWhileMicrophoneIsMuted' && value === true) console.log('You are muted.');
  });
  const good: number = DiagnosticQuality.Good;
  console.log(diagnostics.network.getLatest().networkReconnect?.value === good);
}
