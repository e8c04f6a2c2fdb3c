/// The header extensions this crate reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum ExtensionKind {
    /// [`AudioLevel`](super::AudioLevel).
    AudioLevel = 1,
    /// [`AbsSendTime`](super::AbsSendTime).
    AbsSendTime = 2,
    /// [`TransportSequence`](super::TransportSequence).
    TransportSequence = 3,
    /// The media section a packet belongs to, a [`StreamId`](super::StreamId).
    Mid = 4,
    /// The simulcast layer a packet belongs to, a [`StreamId`](super::StreamId).
    Rid = 5,
    /// The simulcast layer a retransmission belongs to, a [`StreamId`](super::StreamId).
    RepairedRid = 6,
    /// [`VideoOrientation`](super::VideoOrientation).
    VideoOrientation = 7,
    /// [`PlayoutDelay`](super::PlayoutDelay).
    PlayoutDelay = 8,
    /// [`VideoContentType`](super::VideoContentType).
    VideoContentType = 9,
    /// [`AbsCaptureTime`](super::AbsCaptureTime).
    AbsCaptureTime = 10,
    /// [`FrameMarking`](super::FrameMarking).
    FrameMarking = 11,
    /// [`DependencyReader`](crate::rtp::dependency::DependencyReader) reads it.
    DependencyDescriptor = 12,
}

/// Places for values by [`ExtensionKind`]; a power of two, so that a mask keeps within.
pub(super) const KIND_SLOTS: usize = 16;

impl ExtensionKind {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::AudioLevel,
        Self::AbsSendTime,
        Self::TransportSequence,
        Self::Mid,
        Self::Rid,
        Self::RepairedRid,
        Self::VideoOrientation,
        Self::PlayoutDelay,
        Self::VideoContentType,
        Self::AbsCaptureTime,
        Self::FrameMarking,
        Self::DependencyDescriptor,
    ];

    /// The name by which `a=extmap` negotiates it (RFC 8285 §5).
    #[must_use]
    pub const fn uri(self) -> &'static str {
        match self {
            Self::AudioLevel => "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
            Self::AbsSendTime => "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
            Self::TransportSequence => {
                "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
            }
            Self::Mid => "urn:ietf:params:rtp-hdrext:sdes:mid",
            Self::Rid => "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
            Self::RepairedRid => "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
            Self::VideoOrientation => "urn:3gpp:video-orientation",
            Self::PlayoutDelay => "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
            Self::VideoContentType => "http://www.webrtc.org/experiments/rtp-hdrext/video-content-type",
            Self::AbsCaptureTime => "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time",
            Self::FrameMarking => "urn:ietf:params:rtp-hdrext:framemarking",
            Self::DependencyDescriptor => {
                "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension"
            }
        }
    }

    /// The extension of that name.
    #[must_use]
    pub fn from_uri(uri: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.uri() == uri)
    }

    #[inline]
    pub(super) const fn slot(self) -> usize {
        self as usize
    }
}

/// Which header extension has which id in one media section, as negotiated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ExtensionMap {
    /// By id: the slot of its kind; 0 for none.
    slots: [u8; 256],
    /// By slot: the id of the kind; 0 for none.
    ids: [u8; KIND_SLOTS],
}

impl ExtensionMap {
    /// A map without extensions.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            slots: [0; 256],
            ids: [0; KIND_SLOTS],
        }
    }

    /// Gives an extension an id; what had the id, and the id the extension had, are free afterwards. The id 0 only frees.
    pub fn set(&mut self, kind: ExtensionKind, id: u8) {
        let before = self.id(kind).unwrap_or_default();
        if let Some(slot) = self.slots.get_mut(usize::from(before)) {
            *slot = 0;
        }
        let mut taken = 0;
        if let Some(slot) = self.slots.get_mut(usize::from(id)).filter(|_| id != 0) {
            taken = std::mem::replace(slot, kind as u8);
        }
        if let Some(other) = self.ids.get_mut(usize::from(taken)) {
            *other = 0;
        }
        if let Some(ours) = self.ids.get_mut(kind.slot()) {
            *ours = id;
        }
    }

    /// The same map with one extension more.
    #[must_use]
    pub fn with(mut self, kind: ExtensionKind, id: u8) -> Self {
        self.set(kind, id);
        self
    }

    /// The id of an extension, 1..=255; `None` when it is not negotiated.
    #[must_use]
    #[inline]
    pub fn id(&self, kind: ExtensionKind) -> Option<u8> {
        self.ids.get(kind.slot()).copied().filter(|id| *id != 0)
    }

    /// The extension with this id.
    #[must_use]
    pub fn kind(&self, id: u8) -> Option<ExtensionKind> {
        let slot = self.slot(id);
        ExtensionKind::ALL.into_iter().find(|kind| *kind as u8 == slot)
    }

    /// The slot of the extension with this id; 0 for none.
    #[inline]
    pub(super) fn slot(&self, id: u8) -> u8 {
        self.slots.get(usize::from(id)).copied().unwrap_or_default()
    }
}

impl Default for ExtensionMap {
    fn default() -> Self {
        Self::new()
    }
}
