use std::time::Duration;

/// Bounds of a [`Pacer`](super::Pacer). The defaults suit a subscriber of a meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PacerConfig {
    /// How much faster than the target packets leave, in percent of it, so that what an encoder sends too much at a
    /// time goes soon. 100 or more.
    pub speed_percent: u32,
    /// How much may leave at once, as time at that speed.
    pub burst: Duration,
    /// The same while nothing fills the path ([`Congestion::Clear`](crate::bwe::Congestion::Clear)).
    pub clear_burst: Duration,
    /// Most bytes that wait, of all classes together.
    pub max_bytes: usize,
    /// Longest wait of a frame.
    pub max_delay: Duration,
    /// Longest wait of audio, which only waits when nobody polls, and of a retransmission.
    pub max_other_delay: Duration,
    /// Size of the padding asked for at a time when a probe cluster has nothing else to send, in bytes; 0 when the
    /// peer cannot be sent padding.
    pub padding_bytes: usize,
}

impl Default for PacerConfig {
    fn default() -> Self {
        Self {
            speed_percent: 125,
            burst: Duration::from_millis(5),
            clear_burst: Duration::from_millis(40),
            max_bytes: 512 * 1024,
            max_delay: Duration::from_millis(500),
            max_other_delay: Duration::from_millis(300),
            padding_bytes: 1200,
        }
    }
}

/// What a packet carries, in the order in which it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Never waits for the budget.
    Audio,
    /// Somebody waits for it already.
    Retransmission,
    /// Shared with video; a screen has three times a camera's part while both have something to send.
    Screen,
    /// A camera.
    Video,
}

/// What the pacer knows of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PacketInfo {
    /// What it carries.
    pub class: Class,
    /// Which stream it belongs to; the owner's numbering.
    pub stream: u32,
    /// Its size on the wire.
    pub bytes: usize,
    /// The frame it belongs to; counts for [`Class::Screen`] and [`Class::Video`].
    pub frame: Frame,
}

/// A frame of a video stream, as far as one packet tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// Tells frames that follow each other in a stream apart, as the RTP timestamp does.
    pub number: u64,
    /// What depends on it.
    pub kind: FrameKind,
    /// Whether this is its last packet (the RTP marker bit).
    pub is_last: bool,
}

/// What depends on a frame, and what it depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameKind {
    /// Depends on nothing before.
    Key,
    /// Depends on frames before, and others depend on it.
    Delta,
    /// Nothing depends on it.
    Discardable,
}
