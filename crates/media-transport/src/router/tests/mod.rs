//! Clients and a router, one clock, one seeded network.

mod client;
mod forwarding;
mod hostile;
mod network;
mod rtcp;
mod video;

use std::time::Duration;

use super::*;

const OPUS: u8 = 111;
const VP8: u8 = 96;

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn opus(payload_type: u8) -> RtpCodec {
    RtpCodec {
        payload_type,
        name: CodecName::Opus,
        clock_rate: 48_000,
    }
}

fn vp8(payload_type: u8) -> RtpCodec {
    RtpCodec {
        payload_type,
        name: CodecName::Vp8,
        clock_rate: 90_000,
    }
}

const PUBLISHER_IDS: ExtensionIds = ExtensionIds {
    mid: Some(4),
    audio_level: Some(1),
    video_orientation: Some(3),
};
const SUBSCRIBER_IDS: ExtensionIds = ExtensionIds {
    mid: Some(9),
    audio_level: Some(10),
    video_orientation: Some(11),
};

fn microphone(track: u64, ssrcs: &[u32]) -> Publication {
    Publication {
        track: TrackId(track),
        mid: "a".to_owned(),
        kind: MediaKind::Audio,
        ssrcs: ssrcs.to_vec(),
        codecs: vec![opus(OPUS)],
        extensions: PUBLISHER_IDS,
        paused: false,
    }
}

fn camera(track: u64, ssrcs: &[u32]) -> Publication {
    Publication {
        track: TrackId(track),
        mid: "v".to_owned(),
        kind: MediaKind::Video,
        ssrcs: ssrcs.to_vec(),
        codecs: vec![vp8(VP8)],
        extensions: PUBLISHER_IDS,
        paused: false,
    }
}

/// Subscribes with payload types of its own: Opus 100, VP8 101.
fn subscription(track: u64, ssrc: u32) -> Subscription {
    Subscription {
        track: TrackId(track),
        mid: format!("s{track}"),
        ssrc,
        codecs: vec![opus(100), vp8(101)],
        extensions: SUBSCRIBER_IDS,
    }
}
