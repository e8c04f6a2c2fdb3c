//! Clients and a router, one clock, one seeded network.

mod client;
mod encoder;
mod forwarding;
mod hostile;
mod joins;
mod layers;
mod memory;
mod network;
mod paths;
mod quality;
mod retransmission;
mod rtcp;
mod tap;
mod trains;
mod video;
mod voices;

use std::time::Duration;

use super::*;

const OPUS: u8 = 111;
const VP8: u8 = 96;

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn opus(payload_type: u8) -> RtpCodec {
    RtpCodec::new(payload_type, CodecName::Opus, 48_000)
}

fn vp8(payload_type: u8) -> RtpCodec {
    RtpCodec::new(payload_type, CodecName::Vp8, 90_000)
}

const PUBLISHER_IDS: ExtensionIds = ExtensionIds {
    mid: Some(4),
    audio_level: Some(1),
    video_orientation: Some(3),
    ..ExtensionIds::NONE
};
const SUBSCRIBER_IDS: ExtensionIds = ExtensionIds {
    mid: Some(9),
    audio_level: Some(10),
    video_orientation: Some(11),
    ..ExtensionIds::NONE
};

fn microphone(track: u64, ssrcs: &[u32]) -> Publication {
    Publication {
        ssrcs: ssrcs.to_vec(),
        codecs: vec![opus(OPUS)],
        extensions: PUBLISHER_IDS,
        ..Publication::new(TrackId(track), MediaKind::Audio, "a")
    }
}

fn camera(track: u64, ssrcs: &[u32]) -> Publication {
    Publication {
        ssrcs: ssrcs.to_vec(),
        codecs: vec![vp8(VP8)],
        extensions: PUBLISHER_IDS,
        ..Publication::new(TrackId(track), MediaKind::Video, "v")
    }
}

/// Subscribes with payload types of its own: Opus 100, VP8 101.
fn subscription(track: u64, ssrc: u32) -> Subscription {
    Subscription {
        codecs: vec![opus(100), vp8(101)],
        extensions: SUBSCRIBER_IDS,
        ..Subscription::new(TrackId(track), format!("s{track}"), ssrc)
    }
}
