use std::fmt;

use crate::session::{PeerConfig, RemoteParameters};
use crate::{CloseReason, Error, IceCredentials, SrtpProfile};

use super::stats::PeerStats;

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
    /// RFC 6184.
    H264 {
        /// `profile-level-id`, 24 bits.
        profile: u32,
        /// `packetization-mode`, 0..=2.
        packetization_mode: u8,
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
    /// The SSRCs announced in signaling; may be empty when the peer sends the `mid` extension.
    pub ssrcs: Vec<u32>,
    /// The codecs the peer may send. Packets of another payload type are dropped.
    pub codecs: Vec<RtpCodec>,
    /// The peer's extension ids.
    pub extensions: ExtensionIds,
    /// Nothing of it is forwarded, whatever the peer sends. Subscriptions stay, and go on when this is lifted.
    pub paused: bool,
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
    /// The codecs the peer accepts.
    pub codecs: Vec<RtpCodec>,
    /// The peer's extension ids.
    pub extensions: ExtensionIds,
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
            | Self::SetForwarding { peer, .. }
            | Self::RestartIce { peer, .. }
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
