use super::Form;
use super::map::KIND_SLOTS;
use super::{
    AbsCaptureTime, AbsSendTime, AudioLevel, ExtensionKind, ExtensionMap, Extensions, FrameMarking,
    PlayoutDelay, StreamId, TransportSequence, VideoContentType, VideoOrientation,
};

/// The values of a packet's header extensions, found in one walk over the block.
///
/// Of several elements with one id the first counts. A value that does not follow its specification is `None`.
#[derive(Debug, Clone, Copy)]
pub struct ExtensionValues<'a> {
    block: &'a [u8],
    /// By slot of the kind: where in the block the value begins, and in the lower eight bits its length. 0 for no value:
    /// the first value begins behind its id, at 1 or later.
    places: [u32; KIND_SLOTS],
}

impl<'a> ExtensionValues<'a> {
    #[inline]
    pub(in crate::rtp) fn find(extensions: Extensions<'a>, map: &ExtensionMap) -> Self {
        let (form, block) = extensions.parts();
        let mut places = [0_u32; KIND_SLOTS];
        // What is not negotiated goes to slot 0, which nobody reads. A block has less than 2¹⁸ bytes, a value less than 2⁸.
        #[expect(clippy::cast_possible_truncation, reason = "see above")]
        let mut note = |id: u8, start: usize, length: usize| {
            if let Some(place) = places.get_mut(usize::from(map.slot(id)) % KIND_SLOTS)
                && *place == 0
            {
                *place = (start << 8 | length) as u32;
            }
        };
        // The same walk as that of the iterator, without making slices.
        let mut at = 0;
        while let Some(&head) = block.get(at) {
            at += 1;
            if head == 0 {
                continue;
            }
            let (id, length) = match form {
                Form::OneByte if matches!(head >> 4, 0 | 15) => break,
                Form::OneByte => (head >> 4, usize::from(head & 0x0f) + 1),
                Form::TwoByte => {
                    let Some(&length) = block.get(at) else { break };
                    at += 1;
                    (head, usize::from(length))
                }
            };
            if length > block.len() - at {
                break;
            }
            note(id, at, length);
            at += length;
        }
        Self { block, places }
    }

    /// The bytes of an extension.
    #[must_use]
    #[inline]
    pub fn value(&self, kind: ExtensionKind) -> Option<&'a [u8]> {
        let place = self
            .places
            .get(kind.slot())
            .copied()
            .filter(|place| *place != 0)?;
        let start = (place >> 8) as usize;
        self.block.get(start..start + (place & 0xff) as usize)
    }

    /// How loud it is.
    #[must_use]
    #[inline]
    pub fn audio_level(&self) -> Option<AudioLevel> {
        AudioLevel::read(self.value(ExtensionKind::AudioLevel)?).ok()
    }

    /// When it was sent.
    #[must_use]
    #[inline]
    pub fn abs_send_time(&self) -> Option<AbsSendTime> {
        AbsSendTime::read(self.value(ExtensionKind::AbsSendTime)?).ok()
    }

    /// Its number on the transport.
    #[must_use]
    #[inline]
    pub fn transport_sequence(&self) -> Option<TransportSequence> {
        TransportSequence::read(self.value(ExtensionKind::TransportSequence)?).ok()
    }

    /// Its media section.
    #[must_use]
    #[inline]
    pub fn mid(&self) -> Option<StreamId> {
        StreamId::read(self.value(ExtensionKind::Mid)?).ok()
    }

    /// Its simulcast layer.
    #[must_use]
    #[inline]
    pub fn rid(&self) -> Option<StreamId> {
        StreamId::read(self.value(ExtensionKind::Rid)?).ok()
    }

    /// The simulcast layer of which it is a retransmission.
    #[must_use]
    #[inline]
    pub fn repaired_rid(&self) -> Option<StreamId> {
        StreamId::read(self.value(ExtensionKind::RepairedRid)?).ok()
    }

    /// How to turn the picture.
    #[must_use]
    #[inline]
    pub fn video_orientation(&self) -> Option<VideoOrientation> {
        VideoOrientation::read(self.value(ExtensionKind::VideoOrientation)?).ok()
    }

    /// How long a receiver shall wait.
    #[must_use]
    #[inline]
    pub fn playout_delay(&self) -> Option<PlayoutDelay> {
        PlayoutDelay::read(self.value(ExtensionKind::PlayoutDelay)?).ok()
    }

    /// What the picture shows.
    #[must_use]
    #[inline]
    pub fn video_content_type(&self) -> Option<VideoContentType> {
        VideoContentType::read(self.value(ExtensionKind::VideoContentType)?).ok()
    }

    /// When it was captured.
    #[must_use]
    #[inline]
    pub fn abs_capture_time(&self) -> Option<AbsCaptureTime> {
        AbsCaptureTime::read(self.value(ExtensionKind::AbsCaptureTime)?).ok()
    }

    /// Where in its frame it is.
    #[must_use]
    #[inline]
    pub fn frame_marking(&self) -> Option<FrameMarking> {
        FrameMarking::read(self.value(ExtensionKind::FrameMarking)?).ok()
    }

    /// The dependency descriptor, for a [`DependencyReader`](crate::rtp::dependency::DependencyReader).
    #[must_use]
    #[inline]
    pub fn dependency_descriptor(&self) -> Option<&'a [u8]> {
        self.value(ExtensionKind::DependencyDescriptor)
    }
}
