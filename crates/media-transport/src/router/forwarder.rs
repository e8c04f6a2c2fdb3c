//! Writing a publisher's packet as a subscriber shall see it.

use super::munger::Mapped;
use super::{CodecName, ExtensionIds, Publication, RtpCodec, Subscription};
use crate::rtp::{MAX_EXTENSIONS, Packet, PacketBuilder, WriteError};

/// The most that rewriting adds to a packet: header, extension block with section name, level and orientation, in the
/// long form. Section names have at most [`MAX_MID_LEN`] bytes.
pub(super) const MAX_GROWTH: usize = 12 + 4 + 3 * 2 + MAX_MID_LEN + 2 + 4;

/// The longest section name that is sent along; browsers use numbers.
pub(super) const MAX_MID_LEN: usize = 64;

/// How one subscription's packets differ from the publisher's.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Forwarder {
    /// Payload type at the publisher, at the subscriber.
    payload_types: Vec<(u8, u8)>,
    theirs: ExtensionIds,
}

impl Forwarder {
    pub(super) fn new(publication: &Publication, subscription: &Subscription) -> Self {
        let mut payload_types = Vec::new();
        for published in &publication.codecs {
            if let Some(wanted) = matching(published, &subscription.codecs) {
                payload_types.push((published.payload_type, wanted.payload_type));
            }
        }
        Self {
            payload_types,
            theirs: publication.extensions,
        }
    }

    /// Writes `packet` for `subscription` into `buffer`; `None` when the subscriber does not take its codec or there is
    /// no room. The same input gives the same bytes, which retransmission relies on.
    pub(super) fn write(
        &self,
        subscription: &Subscription,
        packet: &Packet<'_>,
        mapped: Mapped,
        buffer: &mut [u8],
    ) -> Option<Result<usize, WriteError>> {
        let published = packet.payload_type();
        let (_, payload_type) = self
            .payload_types
            .iter()
            .find(|(theirs, _)| *theirs == published)?;
        let ours = &subscription.extensions;
        let mut builder = PacketBuilder::new(
            *payload_type,
            mapped.sequence,
            mapped.timestamp,
            subscription.ssrc,
        )
        .marker(packet.marker());
        if let Some(id) = ours.mid.filter(|_| subscription.mid.len() <= MAX_MID_LEN) {
            builder = builder.extension(id, subscription.mid.as_bytes());
        }
        if let (Some(ours), Some(theirs)) = (ours.audio_level, self.theirs.audio_level)
            && let Some(value @ [_]) = packet.extension(theirs)
        {
            builder = builder.extension(ours, value);
        }
        if let (Some(ours), Some(theirs)) = (ours.video_orientation, self.theirs.video_orientation)
            && let Some(value @ [_]) = packet.extension(theirs)
        {
            builder = builder.extension(ours, value);
        }
        const { assert!(MAX_EXTENSIONS >= 3) };
        Some(builder.write(packet.payload(), buffer))
    }
}

/// The subscriber's codec that takes what the publisher sends: the same profile if there is one, else any of the same
/// packetization, since profiles are the decoder's business.
fn matching<'a>(published: &RtpCodec, wanted: &'a [RtpCodec]) -> Option<&'a RtpCodec> {
    let is_same =
        |codec: &&RtpCodec| codec.name == published.name && codec.clock_rate == published.clock_rate;
    wanted.iter().find(is_same).or_else(|| {
        wanted.iter().find(|codec| match (codec.name, published.name) {
            (
                CodecName::H264 {
                    packetization_mode: ours,
                    ..
                },
                CodecName::H264 {
                    packetization_mode: theirs,
                    ..
                },
            ) => ours == theirs && codec.clock_rate == published.clock_rate,
            _ => false,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::router::{MediaKind, TrackId};

    fn h264(payload_type: u8, profile: u32, packetization_mode: u8) -> RtpCodec {
        let name = CodecName::H264 {
            profile,
            packetization_mode,
        };
        RtpCodec {
            payload_type,
            name,
            clock_rate: 90_000,
        }
    }

    fn vp8(payload_type: u8) -> RtpCodec {
        RtpCodec {
            payload_type,
            name: CodecName::Vp8,
            clock_rate: 90_000,
        }
    }

    fn ends() -> (Publication, Subscription) {
        let publication = Publication {
            track: TrackId(1),
            mid: "0".to_owned(),
            kind: MediaKind::Video,
            ssrcs: vec![],
            codecs: vec![vp8(96), h264(102, 0x42_e0_1f, 1), h264(104, 0x64_00_1f, 0)],
            extensions: ExtensionIds {
                mid: Some(1),
                audio_level: None,
                video_orientation: Some(3),
            },
            paused: false,
        };
        let subscription = Subscription {
            track: TrackId(1),
            mid: "v7".to_owned(),
            ssrc: 77,
            codecs: vec![h264(125, 0x4d_00_1f, 1), h264(126, 0x42_e0_1f, 1), vp8(100)],
            extensions: ExtensionIds {
                mid: Some(9),
                audio_level: Some(2),
                video_orientation: Some(4),
            },
        };
        (publication, subscription)
    }

    #[test]
    fn everything_but_the_payload_is_the_subscribers() {
        let (publication, subscription) = ends();
        let forwarder = Forwarder::new(&publication, &subscription);
        let mut incoming = [0; 100];
        let len = PacketBuilder::new(96, 5, 6, 7)
            .marker(true)
            .extension(1, b"0")
            .extension(2, b"?")
            .extension(3, &[1])
            .padding(4)
            .write(b"picture", &mut incoming)
            .unwrap();
        let packet = Packet::parse(&incoming[..len]).unwrap();
        let mapped = Mapped {
            sequence: 500,
            timestamp: 600,
        };
        let mut out = [0; 100 + MAX_GROWTH];
        let len = forwarder
            .write(&subscription, &packet, mapped, &mut out)
            .unwrap()
            .unwrap();
        let out = Packet::parse(&out[..len]).unwrap();
        assert_eq!(
            (out.ssrc(), out.sequence_number(), out.timestamp()),
            (77, 500, 600)
        );
        assert_eq!((out.payload_type(), out.marker(), out.padding()), (100, true, 0));
        let extensions: Vec<_> = out.extensions().collect();
        assert_eq!(extensions, [(9, &b"v7"[..]), (4, &[1][..])]);
        assert_eq!(out.payload(), b"picture");
    }

    #[test]
    fn codecs_match_by_packetization_and_preferably_by_profile() {
        let (publication, mut subscription) = ends();
        assert_eq!(
            Forwarder::new(&publication, &subscription).payload_types,
            [(96, 100), (102, 126)]
        );
        subscription.codecs.remove(1);
        assert_eq!(
            Forwarder::new(&publication, &subscription).payload_types,
            [(96, 100), (102, 125)]
        );
    }
}
