// A meeting on an Anteroom server: a token and a link in, pictures and sound out. Sound plays by itself.
import { AzureCommunicationTokenCredential } from '@azure/communication-common';
import { CallClient, LocalVideoStream, VideoStreamRenderer } from '@anteroom/calling';

const at = (id) => document.getElementById(id);

at('door').addEventListener('submit', async (event) => {
  event.preventDefault();
  const { token, link, name } = Object.fromEntries(new FormData(event.target));
  event.target.hidden = true;
  try {
    await join(token, link, name);
  } catch (error) {
    at('state').textContent = error.message;
  }
});

async function join(token, meetingLink, displayName) {
  const client = new CallClient();
  const devices = await client.getDeviceManager();
  await devices.askDevicePermission({ audio: true, video: true });
  const [camera] = await devices.getCameras();
  const agent = await client.createCallAgent(new AzureCommunicationTokenCredential(token), { displayName });
  const videoOptions = camera && { localVideoStreams: [new LocalVideoStream(camera)] };
  const call = agent.join({ meetingLink }, { videoOptions });

  call.on('stateChanged', () => {
    at('state').textContent = call.state;
    at('leave').disabled = at('mute').disabled = call.state !== 'Connected' && call.state !== 'InLobby';
    if (call.state === 'Disconnected') at('state').textContent += ` (${call.callEndReason.code}/${call.callEndReason.subCode})`;
  });
  call.on('isMutedChanged', () => (at('mute').textContent = call.isMuted ? 'Unmute' : 'Mute'));
  at('mute').onclick = () => (call.isMuted ? call.unmute() : call.mute());
  at('leave').onclick = () => call.hangUp();

  call.on('remoteParticipantsUpdated', ({ added }) => added.forEach(meet));
  call.remoteParticipants.forEach(meet);
}

/** Shows every stream of a person for as long as there is something to see. */
function meet(person) {
  person.on('videoStreamsUpdated', ({ added }) => added.forEach(show));
  person.videoStreams.forEach(show);
}

function show(stream) {
  let renderer;
  async function update() {
    if (stream.isAvailable === Boolean(renderer)) return;
    renderer?.dispose();
    renderer = stream.isAvailable ? new VideoStreamRenderer(stream) : undefined;
    if (renderer) at('others').append((await renderer.createView()).target);
  }
  stream.on('isAvailableChanged', update);
  update();
}
