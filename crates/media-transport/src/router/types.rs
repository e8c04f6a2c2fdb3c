use std::fmt;

use crate::allocator::View;
use crate::session::{PeerConfig, RemoteParameters};
use crate::{CloseReason, Error, IceCredentials, SrtpProfile};

use super::stats::PeerStats;
use super::tap::TapSink;

/// One connected participant; chosen by the control plane, unique in a router.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(pub u64);

/// A group of peers that may hear each other; chosen by the control plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomId(pub u64);

/// One published source (a microphone, a camera, a screen); chosen by the control plane, unique in a router.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrackId(pub u64);

impl fmt::Display for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for RoomId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for TrackId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Audio or video.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MediaKind {
    /// Sound.
    Audio,
    /// Pictures: a camera or a screen.
    Video,
}

/// A codec and what distinguishes its variants on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CodecName {
    /// RFC 7587.
    Opus,
    /// RFC 7741.
    Vp8,
    /// RFC 9628.
    Vp9 {
        /// `profile-id`, 0..=3.
        profile: u8,
    },
    /// RFC 6184.
    H264 {
        /// `profile-level-id`, 24 bits.
        profile: u32,
        /// `packetization-mode`, 0..=2.
        packetization_mode: u8,
    },
    /// The Alliance for Open Media's *RTP Payload Format For AV1*.
    Av1 {
        /// `profile`, 0..=2.
        profile: u8,
    },
}

/// A codec as one peer negotiated it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RtpCodec {
    /// 0..=127.
    pub payload_type: u8,
    /// Which codec.
    pub name: CodecName,
    /// RTP clock rate in hertz.
    pub clock_rate: u32,
    /// The payload type of its retransmissions (RFC 4588), where they are streams of their own.
    pub rtx: Option<u8>,
    /// The payload type under which it is sent with older frames added (RFC 2198).
    pub red: Option<u8>,
}

impl RtpCodec {
    /// A codec alone, without retransmission and redundancy.
    #[must_use]
    pub const fn new(payload_type: u8, name: CodecName, clock_rate: u32) -> Self {
        Self {
            payload_type,
            name,
            clock_rate,
            rtx: None,
            red: None,
        }
    }
}

/// The ids of the header extensions one peer negotiated for a media section (RFC 8285), 1..=255.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ExtensionIds {
    /// `urn:ietf:params:rtp-hdrext:sdes:mid`, RFC 9143.
    pub mid: Option<u8>,
    /// `urn:ietf:params:rtp-hdrext:ssrc-audio-level`, RFC 6464.
    pub audio_level: Option<u8>,
    /// `urn:3gpp:video-orientation`.
    pub video_orientation: Option<u8>,
    /// Transport-wide sequence numbers (draft-holmer-rmcat-transport-wide-cc-extensions-01).
    pub transport_sequence: Option<u8>,
    /// `urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id`, RFC 8852.
    pub rid: Option<u8>,
    /// `urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id`, RFC 8852.
    pub repaired_rid: Option<u8>,
    /// The dependency descriptor of the AV1 RTP specification.
    pub dependency_descriptor: Option<u8>,
}

impl ExtensionIds {
    /// No extension at all.
    pub const NONE: Self = Self {
        mid: None,
        audio_level: None,
        video_orientation: None,
        transport_sequence: None,
        rid: None,
        repaired_rid: None,
        dependency_descriptor: None,
    };
}

/// What a video track shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Content {
    /// Motion before sharpness.
    #[default]
    Camera,
    /// Sharpness before motion.
    Screen,
}

/// A stream of retransmissions that signaling announced (`a=ssrc-group:FID`, RFC 5576, RFC 4588 §8.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Repair {
    /// Its SSRC.
    pub ssrc: u32,
    /// The SSRC whose packets it repeats.
    pub of: u32,
}

/// What a peer sends in one media section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// The name subscribers know it by.
    pub track: TrackId,
    /// The section's `mid`, by which packets with an unknown SSRC are recognised.
    pub mid: String,
    /// Audio or video.
    pub kind: MediaKind,
    /// What a video shows.
    pub content: Content,
    /// The SSRCs announced in signaling, without those of retransmissions; may be empty when the peer sends the `mid`
    /// extension.
    pub ssrcs: Vec<u32>,
    /// The announced streams of retransmissions; those of simulcast layers tell themselves by the `repaired_rid`
    /// extension.
    pub repairs: Vec<Repair>,
    /// The simulcast layers by their `rid` (RFC 8851, RFC 8853), in any order; empty without simulcast.
    pub rids: Vec<String>,
    /// The codecs the peer may send. Packets of another payload type are dropped.
    pub codecs: Vec<RtpCodec>,
    /// The peer's extension ids.
    pub extensions: ExtensionIds,
    /// Nothing of it is forwarded, whatever the peer sends. Subscriptions stay, and go on when this is lifted.
    pub paused: bool,
}

impl Publication {
    /// A track without codecs, of which nothing but the section is known.
    #[must_use]
    pub fn new(track: TrackId, kind: MediaKind, mid: impl Into<String>) -> Self {
        Self {
            track,
            mid: mid.into(),
            kind,
            content: Content::default(),
            ssrcs: Vec::new(),
            repairs: Vec::new(),
            rids: Vec::new(),
            codecs: Vec::new(),
            extensions: ExtensionIds::default(),
            paused: false,
        }
    }
}

/// When a subscription to a microphone is sent what comes from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Voice {
    /// While it is among the loudest of its room; see [`max_voices`](super::RouterConfig::max_voices).
    #[default]
    AmongLoudest,
    /// Always: whoever subscribes has chosen by itself.
    Always,
}

/// What a peer receives in one media section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// The track. One that is not published (yet) is waited for; one of another room is never forwarded.
    pub track: TrackId,
    /// The section's `mid`.
    pub mid: String,
    /// The SSRC we send with. Unique in a peer, and never used for another track under the same keys.
    pub ssrc: u32,
    /// The SSRC of our retransmissions, under the same conditions; `None` when packets are sent again as they were.
    pub rtx_ssrc: Option<u32>,
    /// The codecs the peer accepts.
    pub codecs: Vec<RtpCodec>,
    /// The peer's extension ids.
    pub extensions: ExtensionIds,
    /// Which packets of a microphone it is sent.
    pub voice: Voice,
}

impl Subscription {
    /// A subscription without codecs, which is sent nothing.
    #[must_use]
    pub fn new(track: TrackId, mid: impl Into<String>, ssrc: u32) -> Self {
        Self {
            track,
            mid: mid.into(),
            ssrc,
            rtx_ssrc: None,
            codecs: Vec::new(),
            extensions: ExtensionIds::default(),
            voice: Voice::default(),
        }
    }
}

/// How a peer shows a track.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrackView {
    /// The track; one that is not subscribed to (yet) counts when it is.
    pub track: TrackId,
    /// What is seen of it. Until it is told, a screen is pinned and a camera a tile, both of unknown size.
    pub view: View,
    /// Higher is served earlier among its like.
    pub priority: u8,
}

/// What the control plane asks of a router.
#[derive(Debug, Clone)]
pub enum Command {
    /// A new peer, without publications and subscriptions.
    AddPeer {
        /// Its id.
        peer: PeerId,
        /// The room it is in for its whole life.
        room: RoomId,
        /// Our side of its transport.
        config: PeerConfig,
        /// Its side.
        remote: RemoteParameters,
    },
    /// The whole list of what a peer publishes. Tracks that stay the same keep their state.
    SetPublications {
        /// The publisher.
        peer: PeerId,
        /// All of its publications.
        publications: Vec<Publication>,
    },
    /// The whole list of what a peer receives. Subscriptions that stay the same keep their state.
    SetSubscriptions {
        /// The subscriber.
        peer: PeerId,
        /// All of its subscriptions.
        subscriptions: Vec<Subscription>,
    },
    /// The whole list of what the peer shows and how. Tracks that are not in it are shown as if nothing had been said.
    SetViews {
        /// The subscriber.
        peer: PeerId,
        /// At most as many as subscriptions are allowed; later ones of the same track replace earlier ones.
        views: Vec<TrackView>,
    },
    /// Whether anything is forwarded to or from the peer; it is until said otherwise.
    SetForwarding {
        /// The peer.
        peer: PeerId,
        /// `false`: nothing from or to this peer.
        enabled: bool,
    },
    /// New ICE credentials on both sides (RFC 8445 §9); everything else stays.
    RestartIce {
        /// The peer.
        peer: PeerId,
        /// Ours.
        local: IceCredentials,
        /// The peer's.
        remote: IceCredentials,
    },
    /// Says goodbye to a peer and forgets it. No [`Event::PeerClosed`] follows. A peer that is already gone is fine.
    RemovePeer {
        /// The peer.
        peer: PeerId,
    },
    /// Listens to everything that is published in a room; see [`tap`](super::tap). It ends with
    /// [`RemovePeer`](Self::RemovePeer).
    AddTap {
        /// Its id, among those of peers.
        peer: PeerId,
        /// The room; no more than one tap listens to it.
        room: RoomId,
        /// Where packets go.
        sink: TapSink,
    },
    /// Asks a publisher for a keyframe, on behalf of a tap. A track that is gone, or of another room, is fine.
    WantKeyframe {
        /// The tap.
        peer: PeerId,
        /// The track.
        track: TrackId,
    },
    /// Asks for an [`Event::Stats`].
    RequestStats {
        /// The peer.
        peer: PeerId,
    },
}

impl Command {
    /// The peer the command is about.
    #[must_use]
    pub const fn peer(&self) -> PeerId {
        match self {
            Self::AddPeer { peer, .. }
            | Self::SetPublications { peer, .. }
            | Self::SetSubscriptions { peer, .. }
            | Self::SetViews { peer, .. }
            | Self::SetForwarding { peer, .. }
            | Self::RestartIce { peer, .. }
            | Self::AddTap { peer, .. }
            | Self::WantKeyframe { peer, .. }
            | Self::RemovePeer { peer }
            | Self::RequestStats { peer } => *peer,
        }
    }
}

/// What a router tells the control plane.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// ICE and DTLS completed.
    PeerConnected {
        /// The peer.
        peer: PeerId,
        /// The SRTP profile in use.
        profile: SrtpProfile,
    },
    /// The peer's transport is over. The router has forgotten the peer.
    PeerClosed {
        /// The peer.
        peer: PeerId,
        /// Why.
        reason: CloseReason,
    },
    /// Who speaks in a room, loudest first; said when the list changes, at most five times a second.
    ActiveSpeakers {
        /// The room.
        room: RoomId,
        /// Peer, track, and smoothed level in -dBov (0 is the loudest, 127 silence; RFC 6464).
        speakers: Vec<(PeerId, TrackId, u8)>,
    },
    /// The first packet of a published track arrived.
    FirstPacket {
        /// The publisher.
        peer: PeerId,
        /// The track.
        track: TrackId,
    },
    /// What of a video track anybody watches has changed: its publisher need not send the rest. Said first when the
    /// track's first packet has arrived.
    Demand {
        /// The publisher.
        peer: PeerId,
        /// The track.
        track: TrackId,
        /// Whether anybody watches it at all.
        is_watched: bool,
        /// The `rid`s of the simulcast layers that somebody watches, from small to large; empty without simulcast.
        rids: Vec<String>,
    },
    /// The answer to [`Command::RequestStats`].
    Stats {
        /// The peer.
        peer: PeerId,
        /// Its figures.
        stats: PeerStats,
    },
    /// A command was refused; nothing has changed. Only a media thread says this: a [`Router`](super::Router) returns it.
    Refused {
        /// The peer the command was about.
        peer: PeerId,
        /// Why.
        error: Error,
    },
}
