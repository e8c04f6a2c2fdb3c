//! The task that carries media: one UDP socket, one peer session, an encoder, a jitter buffer for each track of sound,
//! and what puts the pictures of one video track together.
//!
//! Every 20 ms it says what there is to say and collects what there is to hear. It never waits for the rest of the
//! call: events that nobody reads in time are dropped, recordings are bounded.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anteroom_codec::level::audio_level_dbov;
use anteroom_codec::mix::Mixer;
use anteroom_codec::opus::{Encoder, EncoderConfig};
use anteroom_codec::{AudioFrame, FRAME_SAMPLES, SAMPLE_RATE_HZ, SILENCE, samples_to_duration};
use anteroom_media_transport::net::PeerSocket;
use anteroom_media_transport::rtp::Packet;
use anteroom_media_transport::{PeerConfig, PeerEvent, PeerSession, Received, Role, SrtpProfile};
use rand::RngExt as _;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use super::negotiation::{Agreed, Negotiation};
use super::reports::{self, Reports};
use super::sender::Sender;
use super::track::RemoteTrack;
use super::video::{Picture, Pictures, RemoteVideo};
use super::{Error, Stats};

/// How much sound one packet carries.
const PACKET_TIME: Duration = Duration::from_millis(20);

/// Samples in one packet.
const PACKET_SAMPLES: usize = 2 * FRAME_SAMPLES;

/// Most sound kept for a recording that nobody takes: ten minutes.
const MAX_RECORDING: usize = 600 * SAMPLE_RATE_HZ as usize;

/// RTP clock of video.
const VIDEO_CLOCK_HZ: u32 = 90_000;

/// Longest datagram read.
const MAX_DATAGRAM: usize = 2048;

/// What media tells the call.
#[derive(Debug)]
pub(super) enum MediaEvent {
    Connected,
    FirstAudio(tokio::time::Instant),
    Played,
    Stats(Stats),
    Closed(String),
}

#[derive(Debug)]
enum Order {
    Agreed(Agreed),
    Play { samples: Arc<[i16]>, repeat: bool },
    TakeRecording { answer: oneshot::Sender<Vec<i16>> },
    TakePictures { answer: oneshot::Sender<Vec<Picture>> },
}

/// The handle on the task.
#[derive(Debug)]
pub(super) struct Media {
    orders: mpsc::Sender<Order>,
    events: mpsc::Receiver<MediaEvent>,
    task: JoinHandle<()>,
}

impl Media {
    pub(super) async fn start(negotiation: &Negotiation, record: bool) -> Result<Self, Error> {
        let socket = PeerSocket::bind()
            .await
            .map_err(|error| Error::Media(error.to_string()))?;
        let config = PeerConfig {
            role: Role::Client,
            local: negotiation.credentials().clone(),
            certificate: negotiation.certificate().clone(),
            srtp_profiles: SrtpProfile::PREFERENCE.to_vec(),
            seed: rand::rng().random(),
        };
        let (orders, order_queue) = mpsc::channel(16);
        let (events, event_queue) = mpsc::channel(64);
        let engine = Engine {
            session: PeerSession::new(config, Instant::now()),
            socket,
            events,
            encoder: Encoder::new(EncoderConfig::default())?,
            sender: None,
            may_send: false,
            speech: None,
            tracks: BTreeMap::new(),
            reports: Reports::default(),
            start: Instant::now(),
            cname: negotiation.cname().to_owned(),
            mixer: Mixer::new(),
            recording: record.then(Vec::new),
            recorded_samples: 0,
            video: None,
            pictures: Pictures::default(),
            connected: false,
            heard: false,
            level: 127,
            sent_level: 127,
            received: 0,
            scratch: Vec::with_capacity(MAX_DATAGRAM),
        };
        Ok(Self {
            orders,
            events: event_queue,
            task: tokio::spawn(engine.run(order_queue)),
        })
    }

    pub(super) async fn agreed(&self, agreed: Agreed) {
        let _ = self.orders.send(Order::Agreed(agreed)).await;
    }

    pub(super) async fn play(&self, samples: Arc<[i16]>, repeat: bool) {
        let _ = self.orders.send(Order::Play { samples, repeat }).await;
    }

    pub(super) async fn take_recording(&self, answer: oneshot::Sender<Vec<i16>>) {
        let _ = self.orders.send(Order::TakeRecording { answer }).await;
    }

    pub(super) async fn take_pictures(&self, answer: oneshot::Sender<Vec<Picture>>) {
        let _ = self.orders.send(Order::TakePictures { answer }).await;
    }

    pub(super) async fn next_event(&mut self) -> MediaEvent {
        match self.events.recv().await {
            Some(event) => event,
            None => MediaEvent::Closed("the media task ended".to_owned()),
        }
    }

    /// Says good-bye to the service and waits for the task.
    pub(super) async fn close(self) {
        let Self { orders, events, task } = self;
        drop(orders);
        drop(events);
        let _ = tokio::time::timeout(Duration::from_secs(2), task).await;
    }
}

/// What is being said.
struct Speech {
    samples: Arc<[i16]>,
    position: usize,
    repeat: bool,
}

struct Engine {
    session: PeerSession,
    socket: PeerSocket,
    events: mpsc::Sender<MediaEvent>,
    encoder: Encoder,
    sender: Option<Sender>,
    /// The last answer takes the microphone. The sender outlives a time without: its sequence numbers go on.
    may_send: bool,
    speech: Option<Speech>,
    /// By track id.
    tracks: BTreeMap<String, RemoteTrack>,
    reports: Reports,
    /// The zero of arrival times.
    start: Instant,
    cname: String,
    mixer: Mixer,
    recording: Option<Vec<i16>>,
    /// All samples recorded so far, taken ones too: the clock of pictures.
    recorded_samples: u64,
    video: Option<RemoteVideo>,
    pictures: Pictures,
    connected: bool,
    heard: bool,
    level: u8,
    sent_level: u8,
    received: u64,
    scratch: Vec<u8>,
}

impl Engine {
    async fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        let mut datagram = vec![0; MAX_DATAGRAM];
        let mut tick = interval(PACKET_TIME);
        // A late tick is made up for: time goes on in the sound, too.
        tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut second = interval(Duration::from_secs(1));
        second.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            if !self.drain().await {
                return;
            }
            let timeout = self.session.poll_timeout();
            tokio::select! {
                received = self.socket.recv(&mut datagram) => {
                    if let Ok((length, source, destination)) = received {
                        let bytes = datagram.get_mut(..length).unwrap_or_default();
                        self.receive(Instant::now(), source, destination, bytes);
                    }
                }
                _ = tick.tick() => self.tick(Instant::now()).await,
                _ = second.tick() => self.report(Instant::now()).await,
                () = until(timeout) => self.session.handle_timeout(Instant::now()),
                order = orders.recv() => match order {
                    Some(order) => self.obey(order),
                    None => {
                        self.session.close(Instant::now());
                        self.drain().await;
                        return;
                    }
                },
            }
        }
    }

    /// Sends what the session has to send and passes on what it has to say; false when it is over.
    async fn drain(&mut self) -> bool {
        while let Some(transmit) = self.session.poll_transmit(&mut self.scratch) {
            // A datagram that cannot be sent is a datagram lost.
            let _ = self
                .socket
                .send(&self.scratch, transmit.source, transmit.destination)
                .await;
        }
        while let Some(event) = self.session.poll_event() {
            match event {
                PeerEvent::Connected { .. } => {
                    self.connected = true;
                    self.tell(MediaEvent::Connected);
                }
                PeerEvent::Closed(reason) => {
                    self.tell(MediaEvent::Closed(reason.to_string()));
                    return false;
                }
                _ => {}
            }
        }
        true
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Agreed(agreed) => self.agree(agreed),
            Order::Play { samples, repeat } => {
                self.speech = Some(Speech {
                    samples,
                    position: 0,
                    repeat,
                })
            }
            Order::TakeRecording { answer } => {
                let recording = self.recording.as_mut().map(std::mem::take).unwrap_or_default();
                let _ = answer.send(recording);
            }
            Order::TakePictures { answer } => drop(answer.send(self.pictures.take())),
        }
    }

    fn agree(&mut self, agreed: Agreed) {
        // The transport is agreed on once; later answers repeat it.
        match self.session.set_remote(Instant::now(), agreed.remote) {
            Ok(()) | Err(anteroom_media_transport::Error::RemoteAlreadySet) => {}
            Err(error) => return self.tell(MediaEvent::Closed(error.to_string())),
        }
        self.may_send = agreed.microphone.is_some();
        if let Some(outgoing) = agreed.microphone {
            let same = self
                .sender
                .as_ref()
                .is_some_and(|sender| sender.outgoing() == outgoing);
            if !same {
                self.sender = Some(Sender::new(outgoing, &mut rand::rng()));
            }
        }
        self.tracks.retain(|id, track| {
            agreed
                .incoming
                .iter()
                .any(|new| new.track == *id && new.ssrc == track.ssrc)
        });
        if self.video.as_ref().map(RemoteVideo::incoming) != agreed.video.as_ref() {
            self.video = agreed.video.map(RemoteVideo::new);
        }
        let video = self.video.iter().map(RemoteVideo::ssrc);
        let ssrcs: Vec<u32> = agreed
            .incoming
            .iter()
            .map(|track| track.ssrc)
            .chain(video)
            .collect();
        self.reports.retain(&ssrcs);
        for incoming in agreed.incoming {
            if self.tracks.contains_key(&incoming.track) {
                continue;
            }
            match RemoteTrack::new(incoming.ssrc, incoming.payload_type) {
                Ok(track) => drop(self.tracks.insert(incoming.track, track)),
                Err(error) => self.tell(MediaEvent::Closed(error.to_string())),
            }
        }
    }

    fn receive(
        &mut self,
        now: Instant,
        source: std::net::SocketAddr,
        destination: std::net::SocketAddr,
        bytes: &mut [u8],
    ) {
        match self.session.handle_datagram(now, source, destination, bytes) {
            Received::Rtp(bytes) => {
                let Ok(packet) = Packet::parse(bytes) else { return };
                let ssrc = packet.ssrc();
                let video = self.video.as_mut().filter(|video| video.ssrc() == ssrc);
                let clock_hz = if video.is_some() {
                    VIDEO_CLOCK_HZ
                } else {
                    SAMPLE_RATE_HZ
                };
                let track = self.tracks.values_mut().find(|track| track.ssrc == ssrc);
                if video.is_none() && track.is_none() {
                    return;
                }
                let since = now.saturating_duration_since(self.start);
                self.received += 1;
                self.reports.received(
                    since,
                    clock_hz,
                    ssrc,
                    packet.sequence_number(),
                    packet.timestamp(),
                );
                if let Some(video) = video {
                    let time = samples_to_duration(self.recorded_samples);
                    video.insert(time, &packet, &mut self.pictures);
                    return;
                }
                let Some(track) = track else { return };
                track.insert(
                    now,
                    packet.payload_type(),
                    packet.sequence_number(),
                    packet.timestamp(),
                    packet.payload(),
                );
                if !self.heard {
                    self.heard = true;
                    self.tell(MediaEvent::FirstAudio(now.into()));
                }
            }
            Received::Rtcp(bytes) => self.reports.handle_rtcp(now, bytes),
            Received::Consumed | Received::Dropped(_) => {}
        }
    }

    /// 20 ms: one packet out, two frames in.
    async fn tick(&mut self, now: Instant) {
        if !self.connected {
            return;
        }
        self.say().await;
        let mut heard = [SILENCE; 2];
        for mixed in &mut heard {
            let frames: Vec<AudioFrame> = self.tracks.values_mut().map(|track| track.pull(now)).collect();
            self.mixer.mix(&frames, mixed);
            if let Some(recording) = &mut self.recording
                && recording.len() < MAX_RECORDING
            {
                recording.extend_from_slice(mixed);
            }
            self.recorded_samples += FRAME_SAMPLES as u64;
        }
        self.ask_for_keyframe(now).await;
        self.level = heard
            .iter()
            .map(|frame| audio_level_dbov(frame))
            .min()
            .unwrap_or(127);
    }

    async fn ask_for_keyframe(&mut self, now: Instant) {
        let Some(video) = self.video.as_mut().filter(|_| self.recording.is_some()) else {
            return;
        };
        if !video.wants_keyframe(now) {
            return;
        }
        let sender = self.sender.as_ref().map_or(0, |sender| sender.outgoing().ssrc);
        if let Some(length) = reports::keyframe_request(sender, video.ssrc(), &self.cname, &mut self.scratch)
            && let Ok(length) = self.session.protect_rtcp(&mut self.scratch, length)
            && let Some((local, remote)) = self.session.selected_path()
        {
            let bytes = self.scratch.get(..length).unwrap_or_default();
            let _ = self.socket.send(bytes, local, remote).await;
        }
    }

    async fn say(&mut self) {
        let Some(sender) = &mut self.sender else { return };
        // RTP time goes on while nothing is said.
        sender.advance(PACKET_SAMPLES);
        let Some(speech) = self.speech.as_mut().filter(|_| self.may_send) else {
            self.sent_level = 127;
            return;
        };
        let mut frame = [0; PACKET_SAMPLES];
        let mut filled = 0;
        while filled < PACKET_SAMPLES && !speech.samples.is_empty() {
            let rest = speech.samples.get(speech.position..).unwrap_or_default();
            let take = rest.len().min(PACKET_SAMPLES - filled);
            for (to, from) in frame.iter_mut().skip(filled).zip(rest.iter().take(take)) {
                *to = *from;
            }
            filled += take;
            speech.position += take;
            if speech.position < speech.samples.len() {
                continue;
            }
            if !speech.repeat {
                break;
            }
            speech.position = 0;
        }
        let over = !speech.repeat && speech.position >= speech.samples.len();
        let level = audio_level_dbov(&frame);
        self.sent_level = level;
        let mut opus = [0; 1276];
        if let Ok(length) = self.encoder.encode(&frame, &mut opus) {
            let payload = opus.get(..length).unwrap_or_default();
            if let Some(length) = sender.packet(&mut self.session, level, payload, &mut self.scratch)
                && let Some((local, remote)) = self.session.selected_path()
            {
                let bytes = self.scratch.get(..length).unwrap_or_default();
                let _ = self.socket.send(bytes, local, remote).await;
            }
        }
        if over {
            self.speech = None;
            self.tell(MediaEvent::Played);
        }
    }

    /// Once a second: RTCP to the service, figures to the owner.
    async fn report(&mut self, now: Instant) {
        if !self.connected {
            return;
        }
        if let Some(length) = self
            .reports
            .compound(now, self.sender.as_ref(), &self.cname, &mut self.scratch)
            && let Ok(length) = self.session.protect_rtcp(&mut self.scratch, length)
            && let Some((local, remote)) = self.session.selected_path()
        {
            let bytes = self.scratch.get(..length).unwrap_or_default();
            let _ = self.socket.send(bytes, local, remote).await;
        }
        let mut stats = Stats {
            packets_sent: self.sender.as_ref().map_or(0, Sender::packets),
            packets_received: self.received,
            rtt: self.session.rtt(),
            level: self.level,
            sent_level: self.sent_level,
            ..Stats::default()
        };
        for track in self.tracks.values() {
            let track = track.stats();
            stats.packets_lost += u64::try_from(track.packets_lost).unwrap_or(0);
            stats.jitter = stats.jitter.max(track.jitter);
            stats.concealed_samples += track.concealed_samples;
        }
        self.tell(MediaEvent::Stats(stats));
    }

    fn tell(&self, event: MediaEvent) {
        // Statistics may be dropped when nobody reads; nothing here may wait.
        let _ = self.events.try_send(event);
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}
