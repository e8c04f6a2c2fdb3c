//! What this system forwards, out of what a section offers.

use super::{Codec, Extension, MediaKind, MediaSection};

/// Which section a packet belongs to (RFC 9143 §15).
pub const MID_URI: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";
/// Loudness of a packet's sound (RFC 6464).
pub const AUDIO_LEVEL_URI: &str = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";
/// Rotation of a picture (3GPP TS 26.114).
pub const VIDEO_ORIENTATION_URI: &str = "urn:3gpp:video-orientation";

/// Parameters in our answers for Opus: short packets welcome, loss repaired from the next packet (RFC 7587 §6.1).
const OPUS_FMTP: &str = "minptime=10;useinbandfec=1";
/// Feedback that is acted on.
const VIDEO_FEEDBACK: [&str; 4] = ["goog-remb", "ccm fir", "nack", "nack pli"];
/// Ids that fit one-byte extension headers (RFC 8285 §4.2).
const ONE_BYTE_IDS: std::ops::RangeInclusive<u8> = 1..=14;

/// The codecs to accept in a section, the preferred one first: Opus (48 kHz, stereo) for audio, VP8 and H.264 in
/// packetization mode 1 for video. Each under its payload type in the offer, with the parameters and the feedback
/// for the answer. Empty when nothing fits.
///
/// Of several H.264 entries the Baseline ones are taken when there are any, since every browser that has H.264 decodes
/// those.
#[must_use]
pub fn select_codecs(section: &MediaSection) -> Vec<Codec> {
    match section.kind {
        MediaKind::Audio => section
            .codecs
            .iter()
            .find(|codec| codec.is("opus") && codec.clock_rate == 48_000 && codec.channels == Some(2))
            .map(|codec| Codec {
                fmtp: OPUS_FMTP.to_owned(),
                feedback: Vec::new(),
                ..codec.clone()
            })
            .into_iter()
            .collect(),
        MediaKind::Video => {
            let vp8 = section
                .codecs
                .iter()
                .find(|codec| codec.is("VP8") && codec.clock_rate == 90_000);
            let h264: Vec<&Codec> = section
                .codecs
                .iter()
                .filter(|codec| is_h264_mode_1(codec))
                .collect();
            let any_baseline = h264.iter().any(|codec| is_baseline(codec));
            let vp8 = vp8.map(|codec| Codec {
                fmtp: String::new(),
                ..video(codec)
            });
            let h264 = h264
                .into_iter()
                .filter(|codec| !any_baseline || is_baseline(codec))
                .map(video);
            vp8.into_iter().chain(h264).collect()
        }
        MediaKind::Application | MediaKind::Other => Vec::new(),
    }
}

/// The header extensions to accept in a section: the section's name, the audio level, the picture's rotation. Each under
/// its id in the offer, and only ids of one-byte headers.
#[must_use]
pub fn select_extensions(section: &MediaSection) -> Vec<Extension> {
    let wanted: &[&str] = match section.kind {
        MediaKind::Audio => &[MID_URI, AUDIO_LEVEL_URI],
        MediaKind::Video => &[MID_URI, VIDEO_ORIENTATION_URI],
        MediaKind::Application | MediaKind::Other => &[],
    };
    wanted
        .iter()
        .filter_map(|uri| {
            section
                .extensions
                .iter()
                .find(|offered| offered.uri == *uri && ONE_BYTE_IDS.contains(&offered.id))
        })
        .cloned()
        .collect()
}

/// H.264 in packetization mode 1 (RFC 6184 §8.1).
#[must_use]
pub fn is_h264_mode_1(codec: &Codec) -> bool {
    codec.is("H264") && codec.clock_rate == 90_000 && parameter(codec, "packetization-mode") == Some("1")
}

fn is_baseline(codec: &Codec) -> bool {
    // The default without the parameter is Baseline too.
    parameter(codec, "profile-level-id").is_none_or(|id| id.starts_with("42"))
}

fn parameter<'a>(codec: &'a Codec, name: &str) -> Option<&'a str> {
    codec
        .fmtp
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

fn video(codec: &Codec) -> Codec {
    let feedback = VIDEO_FEEDBACK
        .iter()
        .filter(|wanted| codec.feedback.iter().any(|offered| offered == *wanted))
        .map(|feedback| (*feedback).to_owned())
        .collect();
    Codec {
        feedback,
        ..codec.clone()
    }
}
