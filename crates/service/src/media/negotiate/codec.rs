//! Codecs and extensions as the router knows them.

use anteroom_media_transport::router::{
    CodecName, ExtensionIds, Publication, RtpCodec, Subscription, TrackId,
};
use anteroom_signaling::sdp::{
    AUDIO_LEVEL_URI, Accept, Codec, Extension, MID_URI, MediaSection, VIDEO_ORIENTATION_URI,
};

use super::PublishedTrack;

pub(super) fn publication(
    track: &PublishedTrack,
    section: &MediaSection,
    accept: &Accept,
    paused: bool,
) -> Publication {
    Publication {
        track: track.track,
        mid: section.mid.clone(),
        kind: track.kind,
        ssrcs: section.ssrcs.clone(),
        codecs: accept.codecs.iter().filter_map(codec).collect(),
        extensions: extensions(&accept.extensions),
        paused,
    }
}

pub(super) fn subscription(
    track: TrackId,
    ssrc: u32,
    section: &MediaSection,
    accept: &Accept,
) -> Subscription {
    Subscription {
        track,
        mid: section.mid.clone(),
        ssrc,
        codecs: accept.codecs.iter().filter_map(codec).collect(),
        extensions: extensions(&accept.extensions),
    }
}

/// Whether a publisher may send with this codec.
pub(super) fn publishes(publication: &Publication, wanted: &Codec) -> bool {
    let Some(wanted) = codec(wanted) else { return false };
    publication.codecs.iter().any(|published| {
        published.clock_rate == wanted.clock_rate
            && match (&published.name, &wanted.name) {
                // Profiles are the decoder's business; what counts on the wire is the packetization.
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

fn codec(codec: &Codec) -> Option<RtpCodec> {
    let name = if codec.is("opus") {
        CodecName::Opus
    } else if codec.is("VP8") {
        CodecName::Vp8
    } else if codec.is("H264") {
        CodecName::H264 {
            profile: parameter(codec, "profile-level-id")
                .and_then(|id| u32::from_str_radix(id, 16).ok())
                .unwrap_or(0),
            packetization_mode: parameter(codec, "packetization-mode")
                .and_then(|mode| mode.parse().ok())
                .unwrap_or(0),
        }
    } else {
        return None;
    };
    Some(RtpCodec {
        payload_type: codec.payload_type,
        name,
        clock_rate: codec.clock_rate,
    })
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
    }
}

fn parameter<'a>(codec: &'a Codec, name: &str) -> Option<&'a str> {
    codec
        .fmtp
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
}
