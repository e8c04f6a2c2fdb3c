//! The thread that forwards.
//!
//! The plainest way that is right, and no slower than it needs to be: only who is due is driven, who sent a datagram is known
//! by its address, payloads are shared, and each packet is written to each subscriber's stream and sent at once.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

use anteroom_sfu_peers::Side;
use str0m::format::Codec;
use str0m::media::{KeyframeRequestKind, MediaKind, Mid, Pt};
use str0m::net::{DatagramRecv, Protocol, Receive};
use str0m::rtp::{ExtensionValues, RtpPacket, RtpWrite};
use str0m::{Event, IceConnectionState, Input, Output, Rtc};

/// Longest datagram taken, in bytes.
const MAX_DATAGRAM: usize = 2000;

/// Longest wait for a datagram.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// The clock of sockets is no finer.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);

/// Least time between two requests for a keyframe.
const KEYFRAME_INTERVAL: Duration = Duration::from_millis(500);

/// What whoever talks to clients asks for.
pub(crate) enum Order {
    /// A client comes.
    Come { session: u64, side: Side, rtc: Box<Rtc> },
    /// A client goes.
    Go { session: u64 },
}

/// All clients.
pub(crate) struct Forwarder {
    socket: UdpSocket,
    address: SocketAddr,
    peers: Vec<Peer>,
    /// Which peer sends from where; forgotten when somebody goes.
    sources: HashMap<SocketAddr, usize>,
    /// What is to be forwarded.
    queue: Vec<(MediaKind, RtpPacket)>,
    wants_keyframe: bool,
    requested: Option<Instant>,
}

struct Peer {
    session: u64,
    side: Side,
    rtc: Box<Rtc>,
    is_connected: bool,
    due: Instant,
    tracks: Vec<Track>,
}

struct Track {
    mid: Mid,
    kind: MediaKind,
    payload_type: Pt,
    /// What is subtracted from the publisher's sequence numbers: the rollovers a subscriber cannot know of.
    base: Option<u64>,
}

impl Forwarder {
    pub(crate) fn new(socket: UdpSocket, address: SocketAddr) -> Self {
        Self {
            socket,
            address,
            peers: Vec::new(),
            sources: HashMap::new(),
            queue: Vec::new(),
            wants_keyframe: false,
            requested: None,
        }
    }

    /// Forwards until nobody is left who could order anything.
    pub(crate) fn run(mut self, orders: &Receiver<Order>) -> std::io::Result<()> {
        let mut buffer = vec![0; MAX_DATAGRAM];
        loop {
            loop {
                match orders.try_recv() {
                    Ok(order) => self.follow(order),
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return Ok(()),
                }
            }
            let now = Instant::now();
            let due = self.peers.iter().map(|peer| peer.due).min();
            let wait = due.map_or(LONGEST_WAIT, |due| due.saturating_duration_since(now));
            self.socket
                .set_read_timeout(Some(wait.clamp(SHORTEST_WAIT, LONGEST_WAIT)))?;
            match self.socket.recv_from(&mut buffer) {
                Ok((length, source)) => {
                    self.receive(source, buffer.get(..length).unwrap_or_default());
                }
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(error) => return Err(error),
            }
            let now = Instant::now();
            for index in 0..self.peers.len() {
                if self.peers.get(index).is_some_and(|peer| peer.due <= now) {
                    self.input(index, Input::Timeout(now));
                }
            }
            self.request_keyframe(now);
            self.forward();
            self.bury();
        }
    }

    fn follow(&mut self, order: Order) {
        match order {
            Order::Come { session, side, rtc } => {
                self.peers.push(Peer {
                    session,
                    side,
                    rtc,
                    is_connected: false,
                    due: Instant::now(),
                    tracks: Vec::new(),
                });
                self.drain(self.peers.len() - 1);
            }
            Order::Go { session } => {
                if let Some(peer) = self.peers.iter_mut().find(|peer| peer.session == session) {
                    peer.rtc.disconnect();
                }
            }
        }
    }

    fn receive(&mut self, source: SocketAddr, bytes: &[u8]) {
        let Ok(contents) = DatagramRecv::try_from(bytes) else {
            return;
        };
        let received = Receive {
            proto: Protocol::Udp,
            source,
            destination: self.address,
            contents,
        };
        let input = Input::Receive(Instant::now(), received);
        let known = self.sources.get(&source).copied();
        let known = known.filter(|index| {
            self.peers
                .get(*index)
                .is_some_and(|peer| peer.rtc.accepts(&input))
        });
        let index = known.or_else(|| self.peers.iter().position(|peer| peer.rtc.accepts(&input)));
        if let Some(index) = index {
            self.sources.insert(source, index);
            self.input(index, input);
        }
    }

    fn input(&mut self, index: usize, input: Input<'_>) {
        if let Some(peer) = self.peers.get_mut(index)
            && peer.rtc.handle_input(input).is_err()
        {
            peer.rtc.disconnect();
        }
        self.drain(index);
    }

    /// Sends what a peer has to send, and takes what it has to say.
    fn drain(&mut self, index: usize) {
        let Some(peer) = self.peers.get_mut(index) else {
            return;
        };
        loop {
            let event = match peer.rtc.poll_output() {
                Ok(Output::Transmit(transmit)) => {
                    // What the socket does not take is lost, as datagrams may be.
                    let _ = self.socket.send_to(&transmit.contents, transmit.destination);
                    continue;
                }
                Ok(Output::Timeout(due)) => {
                    peer.due = due;
                    return;
                }
                Ok(Output::Event(event)) => event,
                Err(_) => {
                    peer.rtc.disconnect();
                    return;
                }
            };
            match event {
                Event::Connected => {
                    peer.is_connected = true;
                    self.wants_keyframe |= peer.side == Side::Subscriber;
                }
                Event::IceConnectionStateChange(IceConnectionState::Disconnected) => peer.rtc.disconnect(),
                Event::MediaAdded(added) => peer.add_track(added.mid, added.kind),
                Event::KeyframeRequest(_) => self.wants_keyframe = true,
                Event::RtpPacket(packet) if peer.side == Side::Publisher => {
                    let payload_type = packet.header.payload_type;
                    let of = |track: &&Track| track.payload_type == payload_type;
                    if let Some(track) = peer.tracks.iter().find(of) {
                        self.queue.push((track.kind, packet));
                    }
                }
                _ => {}
            }
        }
    }

    fn forward(&mut self) {
        let mut queue = std::mem::take(&mut self.queue);
        for (kind, packet) in queue.drain(..) {
            for index in 0..self.peers.len() {
                if let Some(peer) = self.peers.get_mut(index)
                    && peer.write(kind, &packet)
                {
                    // What is written is sent when time goes on, which it has.
                    self.input(index, Input::Timeout(Instant::now()));
                }
            }
        }
        self.queue = queue;
    }

    fn request_keyframe(&mut self, now: Instant) {
        let is_early = |at| now.saturating_duration_since(at) < KEYFRAME_INTERVAL;
        if !self.wants_keyframe || self.requested.is_some_and(is_early) {
            return;
        }
        self.wants_keyframe = false;
        self.requested = Some(now);
        for index in 0..self.peers.len() {
            if let Some(peer) = self.peers.get_mut(index)
                && peer.side == Side::Publisher
            {
                peer.request_keyframe();
                self.drain(index);
            }
        }
    }

    fn bury(&mut self) {
        let before = self.peers.len();
        self.peers.retain(|peer| peer.rtc.is_alive());
        if self.peers.len() != before {
            self.sources.clear();
        }
    }
}

impl Peer {
    fn add_track(&mut self, mid: Mid, kind: MediaKind) {
        let wanted = match kind {
            MediaKind::Audio => Codec::Opus,
            MediaKind::Video => Codec::Vp8,
        };
        let Some(media) = self.rtc.media(mid) else { return };
        let agreed = self
            .rtc
            .codec_config()
            .params()
            .iter()
            .find(|params| params.spec().codec == wanted && media.remote_pts().contains(&params.pt()));
        if let Some(params) = agreed {
            let payload_type = params.pt();
            self.tracks.push(Track {
                mid,
                kind,
                payload_type,
                base: None,
            });
        }
    }

    /// Whether there was somebody to write it to.
    fn write(&mut self, kind: MediaKind, packet: &RtpPacket) -> bool {
        if self.side != Side::Subscriber || !self.is_connected {
            return false;
        }
        let Some(track) = self.tracks.iter_mut().find(|track| track.kind == kind) else {
            return false;
        };
        let sequence = *packet.seq_no;
        let base = *track.base.get_or_insert(sequence & !0xffff);
        // One from before the subscriber's first.
        let Some(sequence) = sequence.checked_sub(base) else {
            return false;
        };
        let mut direct = self.rtc.direct_api();
        let Some(stream) = direct.stream_tx_by_mid(track.mid, None) else {
            return false;
        };
        let header = &packet.header;
        let extensions = ExtensionValues {
            audio_level: header.ext_vals.audio_level,
            voice_activity: header.ext_vals.voice_activity,
            ..ExtensionValues::default()
        };
        let write = RtpWrite::new(
            track.payload_type,
            sequence.into(),
            header.timestamp,
            packet.timestamp,
            packet.payload.clone(),
        );
        stream.write_rtp(
            write
                .marker(header.marker)
                .ext_vals(extensions)
                .nackable(kind == MediaKind::Video),
        );
        true
    }

    fn request_keyframe(&mut self) {
        let pictures = self.tracks.iter().find(|track| track.kind == MediaKind::Video);
        if let Some(mid) = pictures.map(|track| track.mid)
            && let Some(stream) = self.rtc.direct_api().stream_rx_by_mid(mid, None)
        {
            stream.request_keyframe(KeyframeRequestKind::Pli);
        }
    }
}
