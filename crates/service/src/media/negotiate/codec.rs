//! Codecs and extensions as the router knows them.

use anteroom_media_transport::router::{
    CodecName, Content, ExtensionIds, Publication, Repair, RtpCodec, Subscription, TrackId,
};
use anteroom_signaling::proto::TrackSource;
use anteroom_signaling::sdp::{
    AUDIO_LEVEL_URI, Accept, Codec, DEPENDENCY_DESCRIPTOR_URI, Extension, MID_URI, MediaSection,
    REPAIRED_RID_URI, RID_URI, TRANSPORT_SEQUENCE_URI, VIDEO_ORIENTATION_URI,
};

use super::PublishedTrack;

pub(super) fn publication(
    track: &PublishedTrack,
    section: &MediaSection,
    accept: &Accept,
    paused: bool,
) -> Publication {
    let repairs = section.repairs.iter().filter(|_| accept.has_rtx());
    Publication {
        content: match track.source {
            TrackSource::Screen => Content::Screen,
            TrackSource::Unspecified | TrackSource::Microphone | TrackSource::Camera => Content::Camera,
        },
        ssrcs: section.ssrcs.clone(),
        repairs: repairs
            .map(|source| Repair {
                ssrc: source.ssrc,
                of: source.of,
            })
            .collect(),
        rids: accept.rids.iter().map(|rid| rid.id.clone()).collect(),
        codecs: codecs(&accept.codecs),
        extensions: extensions(&accept.extensions),
        paused,
        ..Publication::new(track.track, track.kind, section.mid.clone())
    }
}

pub(super) fn subscription(
    track: TrackId,
    (ssrc, rtx_ssrc): (u32, Option<u32>),
    section: &MediaSection,
    accept: &Accept,
) -> Subscription {
    Subscription {
        rtx_ssrc,
        codecs: codecs(&accept.codecs),
        extensions: extensions(&accept.extensions),
        ..Subscription::new(track, section.mid.clone(), ssrc)
    }
}

/// Whether a publisher may send with this codec.
pub(super) fn publishes(publication: &Publication, wanted: &Codec) -> bool {
    let Some(name) = name(wanted) else { return false };
    publication.codecs.iter().any(|published| {
        published.clock_rate == wanted.clock_rate
            && match (&published.name, &name) {
                // Of H.264 the Baseline entries are taken alone, which all decode; what counts is the packetization. A
                // profile of VP9 or AV1 is another number of bits and colours, which a decoder has or has not.
                (
                    CodecName::H264 {
                        packetization_mode: published,
                        ..
                    },
                    CodecName::H264 {
                        packetization_mode: wanted,
                        ..
                    },
                ) => published == wanted,
                (published, wanted) => published == wanted,
            }
    })
}

/// Each codec with the payload types of its retransmissions and its redundant form.
fn codecs(codecs: &[Codec]) -> Vec<RtpCodec> {
    let companion = |of: &dyn Fn(&Codec) -> Option<u8>, payload_type: u8| {
        let found = codecs.iter().find(|codec| of(codec) == Some(payload_type));
        found.map(|codec| codec.payload_type)
    };
    let described = |codec: &Codec| {
        Some(RtpCodec {
            rtx: companion(&Codec::repeats, codec.payload_type),
            red: companion(&Codec::carries, codec.payload_type),
            ..RtpCodec::new(codec.payload_type, name(codec)?, codec.clock_rate)
        })
    };
    codecs.iter().filter_map(described).collect()
}

fn name(codec: &Codec) -> Option<CodecName> {
    let number = |name: &str| codec.parameter(name).and_then(|number| number.parse().ok());
    if codec.is("opus") {
        Some(CodecName::Opus)
    } else if codec.is("VP8") {
        Some(CodecName::Vp8)
    } else if codec.is("H264") {
        Some(CodecName::H264 {
            profile: codec
                .parameter("profile-level-id")
                .and_then(|id| u32::from_str_radix(id, 16).ok())
                .unwrap_or(0),
            packetization_mode: number("packetization-mode").unwrap_or(0),
        })
    } else if codec.is("VP9") {
        Some(CodecName::Vp9 {
            profile: number("profile-id").unwrap_or(0),
        })
    } else if codec.is("AV1") {
        Some(CodecName::Av1 {
            profile: number("profile").unwrap_or(0),
        })
    } else {
        None
    }
}

fn extensions(extensions: &[Extension]) -> ExtensionIds {
    let id = |uri: &str| {
        extensions
            .iter()
            .find(|extension| extension.uri == uri)
            .map(|extension| extension.id)
    };
    ExtensionIds {
        mid: id(MID_URI),
        audio_level: id(AUDIO_LEVEL_URI),
        video_orientation: id(VIDEO_ORIENTATION_URI),
        transport_sequence: id(TRANSPORT_SEQUENCE_URI),
        rid: id(RID_URI),
        repaired_rid: id(REPAIRED_RID_URI),
        dependency_descriptor: id(DEPENDENCY_DESCRIPTOR_URI),
    }
}
