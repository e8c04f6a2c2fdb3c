/** Every feature, used as its article shows it: it has to compile, it is not run. */

import { Features, LocalAudioStream } from '@azure/communication-calling';
import type {
  BreakoutRoomsUpdatedListener,
  Call,
  CallClient,
  CapabilitiesChangeInfo,
  CaptionsCallFeature,
  CaptionsInfo,
  DominantSpeakersInfo,
  EnvironmentInfo,
  LocalVideoStream,
  MediaStatsCollectorOptions,
  MediaStatsReportSample,
  ParticipantCapabilities,
  PropertyChangedEvent,
  RaisedHand,
  ReactionMessage,
  RealTimeTextInfo,
  SpotlightedParticipant,
  TeamsCaptions,
  TeamsMeetingAudioConferencingDetails,
  TogetherModeSeatingMap,
  TransferEventArgs,
} from '@azure/communication-calling';
import type { CommunicationIdentifier } from '@azure/communication-common';

const people: CommunicationIdentifier[] = [{ communicationUserId: '8:acs:a' }, { microsoftTeamsUserId: 'b' }];

export async function meeting(call: Call): Promise<void> {
  const capabilities = call.feature(Features.Capabilities);
  const all: ParticipantCapabilities = capabilities.capabilities;
  if (all.turnVideoOn.isPresent && all.unmuteMic.reason === 'Capable') console.log('may');
  capabilities.on('capabilitiesChanged', (info: CapabilitiesChangeInfo) => console.log(info.newValue.shareScreen?.isPresent));

  const speakers = call.feature(Features.DominantSpeakers);
  const changed: PropertyChangedEvent = () => {
    const { speakersList, timestamp }: DominantSpeakersInfo = speakers.dominantSpeakers;
    console.log(speakersList.length, timestamp.getTime());
  };
  speakers.on('dominantSpeakersChanged', changed);
  speakers.off('dominantSpeakersChanged', changed);

  const hands = call.feature(Features.RaiseHand);
  const raised: RaisedHand[] = hands.getRaisedHands();
  hands.on('raisedHandEvent', ({ identifier }) => console.log(identifier, raised[0]?.order));
  hands.on('loweredHandChanged', ({ identifier }) => console.log(identifier));
  await hands.raiseHand();
  await hands.lowerHands(people);

  const message: ReactionMessage = { reactionType: 'like' };
  const reaction = call.feature(Features.Reaction);
  reaction.on('reaction', (event) => console.log(event.identifier, event.reactionMessage.reactionType));
  await reaction.sendReaction(message);

  const spotlight = call.feature(Features.Spotlight);
  const inIt: SpotlightedParticipant[] = spotlight.getSpotlightedParticipants();
  spotlight.on('spotlightChanged', ({ added, removed }) => console.log(added[0]?.order, removed, inIt));
  await spotlight.startSpotlight(people);
  await spotlight.stopAllSpotlight();

  const access = call.feature(Features.MediaAccess);
  access.on('mediaAccessChanged', ({ mediaAccesses }) => mediaAccesses.forEach((one) => console.log(one.isAudioPermitted)));
  access.on('meetingMediaAccessChanged', ({ meetingMediaAccess }) => console.log(meetingMediaAccess.isVideoPermitted));
  await Promise.all([access.forbidAudio(people), access.permitOthersVideo()]);

  const recording = call.feature(Features.Recording);
  recording.on('isRecordingActiveChanged', () => console.log(recording.isRecordingActive));
  if (recording.isTeamsConsentRequired) await recording.grantTeamsConsent();
  const transcription = call.feature(Features.Transcription);
  transcription.on('isTranscriptionActiveChanged', () => console.log(transcription.isTranscriptionActive));

  const pictures = call.feature(Features.OptimalVideoCount);
  pictures.on('optimalVideoCountChanged', () => console.log(pictures.optimalVideoCount));

  const survey = await call.feature(Features.CallSurvey).submitSurvey({
    overallRating: { score: 5, issues: ['HadToRejoin'], scale: { lowerBound: 0, upperBound: 5, lowScoreThreshold: 2 } },
    audioRating: { score: 3, issues: ['Echo'] },
  });
  console.log(survey.id, survey.callId, survey.localParticipantId);
}

export async function statistics(call: Call): Promise<void> {
  const options: MediaStatsCollectorOptions = { aggregationInterval: 10, dataPointsPerAggregation: 6 };
  const collector = call.feature(Features.MediaStats).createCollector(options);
  collector.on('sampleReported', (sample: MediaStatsReportSample) => {
    console.log(sample.video.receive[0]?.streamId, sample.audio.send[0]?.bitrate, sample.transports[0]?.rttInMs);
    console.log(sample.screenShare.send[0]?.altLayouts?.length);
  });
  collector.on('summaryReported', (summary) => console.log(summary.audio.receive[0]?.jitterInMs?.length));
  collector.dispose();
}

export async function others(call: Call): Promise<void> {
  const feature: CaptionsCallFeature = call.feature(Features.Captions);
  if (feature.captions.kind === 'TeamsCaptions') await (feature.captions as TeamsCaptions).setCaptionLanguage('fr');
  feature.captions.on('CaptionsActiveChanged', () => console.log(feature.captions.isCaptionsFeatureActive));
  await feature.captions.startCaptions({ spokenLanguage: 'en-us' });
  const show = (caption: CaptionsInfo) => console.log(caption.speaker.displayName, caption.spokenText, caption.resultType === 'Final');
  console.log(show);

  const text = call.feature(Features.RealTimeText);
  text.on('realTimeTextReceived', (info: RealTimeTextInfo) => console.log(info.sender.displayName, info.text));
  await text.sendRealTimeText('Hello', true);

  const rooms: BreakoutRoomsUpdatedListener = (event) => {
    if (event.type === 'join') console.log(event.data.id);
    else if (event.type === 'assignedBreakoutRooms') console.log(event.data?.state === 'open' && event.data.displayName);
  };
  call.feature(Features.BreakoutRooms).on('breakoutRoomsUpdated', rooms);

  const together = call.feature(Features.TogetherMode);
  together.sceneSize = { width: 500, height: 500 };
  together.on('togetherModeSceneUpdated', (map: TogetherModeSeatingMap) => map.forEach((seat, id) => console.log(id, seat.top)));
  together.on('togetherModeStreamsUpdated', ({ added }) => added.forEach(({ id }) => console.log(id)));

  const slides = call.feature(Features.PPTLive);
  slides.on('isActiveChanged', () => console.log(slides.isActive, slides.activePresenterId, slides.target));

  const transfers = call.feature(Features.Transfer);
  transfers.on('transferAccepted', ({ targetCall }: TransferEventArgs) => console.log(targetCall.id));
  const transfer = transfers.transfer({ targetParticipant: { communicationUserId: '8:acs:a' } });
  transfer.on('stateChanged', () => console.log(transfer.state, transfer.error?.code));

  const details: TeamsMeetingAudioConferencingDetails = await call
    .feature(Features.TeamsMeetingAudioConferencing)
    .getTeamsMeetingAudioConferencingDetails();
  details.phoneNumbers.forEach((one) => console.log(one.tollPhoneNumber?.phoneNumber, one.countryName));

  const channel = call.feature(Features.DataChannel);
  channel.on('dataChannelReceiverCreated', (receiver) => receiver.on('messageReady', () => console.log(receiver.readMessage()?.data)));
  await channel.createDataChannelSender({ channelId: 1_000 }).sendMessage(new Uint8Array([1]));
}

export async function effects(picture: LocalVideoStream): Promise<void> {
  const feature = picture.feature(Features.VideoEffects);
  feature.on('effectsError', (error) => console.log(error.message));
  feature.on('effectsStarted', (active) => console.log(active.length, feature.activeEffects));
  await feature.stopEffects();

  const voice = new LocalAudioStream({ id: 'microphone:a', name: 'A', isSystemDefault: true, deviceType: 'Microphone' });
  const sound = voice.feature(Features.AudioEffects);
  if (await sound.isSupported('BrowserNoiseSuppression')) await sound.startEffects({ noiseSuppression: 'BrowserNoiseSuppression' });
  (await voice.getVolume()).on('levelChanged', () => console.log('louder or not'));
}

export async function debug(client: CallClient): Promise<void> {
  const info: EnvironmentInfo = await client.feature(Features.DebugInfo).getEnvironmentInfo();
  console.log(info.environment.browser, info.environment.platform, info.isSupportedEnvironment);
}
