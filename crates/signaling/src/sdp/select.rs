//! What this system forwards, out of what a section offers.

use super::{Codec, Extension, MediaKind, MediaSection};

/// Which section a packet belongs to (RFC 9143 §15).
pub const MID_URI: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";
/// Which encoding of its section a packet belongs to (RFC 8852).
pub const RID_URI: &str = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id";
/// Of which encoding a packet repeats another (RFC 8852).
pub const REPAIRED_RID_URI: &str = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id";
/// Loudness of a packet's sound (RFC 6464).
pub const AUDIO_LEVEL_URI: &str = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";
/// Rotation of a picture (3GPP TS 26.114).
pub const VIDEO_ORIENTATION_URI: &str = "urn:3gpp:video-orientation";
/// Number of a packet in its transport (draft-holmer-rmcat-transport-wide-cc-extensions-01).
pub const TRANSPORT_SEQUENCE_URI: &str =
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
/// What a frame depends on (AV1 RTP payload format, appendix A).
pub const DEPENDENCY_DESCRIPTOR_URI: &str =
    "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension";

/// Parameters in our answers for Opus: short packets welcome, loss repaired from the next packet (RFC 7587 §6.1).
const OPUS_FMTP: &str = "minptime=10;useinbandfec=1";
/// Feedback that is acted on.
const VIDEO_FEEDBACK: [&str; 5] = ["goog-remb", "transport-cc", "ccm fir", "nack", "nack pli"];
/// The same of sound.
const AUDIO_FEEDBACK: [&str; 1] = ["transport-cc"];
/// Ids that fit one-byte extension headers (RFC 8285 §4.2).
const ONE_BYTE_IDS: std::ops::RangeInclusive<u8> = 1..=14;
/// The id that one-byte headers reserve, so that it is of no use where both forms are mixed.
const RESERVED_ID: u8 = 15;
/// VP9 has profiles up to this one.
const MAX_VP9_PROFILE: u8 = 3;
/// AV1 has profiles up to this one.
const MAX_AV1_PROFILE: u8 = 2;

/// The codecs to accept in a section, the preferred one first: Opus (48 kHz, stereo) for audio; VP8, H.264 in packetization
/// mode 1, VP9 and AV1 for video. Each under its payload type in the offer, with the parameters and the feedback for the
/// answer, and followed by its retransmissions (`rtx`, RFC 4588); Opus with its redundant form (`red`, RFC 2198). Empty
/// when nothing fits.
///
/// The first one is what a publisher sends. VP8 is put first, since every browser decodes it: what one sends in H.264
/// (which Safari prefers) another may not see. An offer that begins with VP9 or AV1, which no browser's does by itself,
/// says what its application wants, and keeps its order. The rest stays in the client's order. In the same way `red`
/// stands behind Opus unless the client has it before.
///
/// Of several H.264 entries the Baseline ones are taken when there are any, since every browser that has H.264 decodes
/// those. `ulpfec` and `flexfec` are not taken: they cost bandwidth whether packets are lost or not.
#[must_use]
pub fn select_codecs(section: &MediaSection) -> Vec<Codec> {
    let chosen = match section.kind {
        MediaKind::Audio => voices(section),
        MediaKind::Video => pictures(section),
        MediaKind::Application | MediaKind::Other => Vec::new(),
    };
    let mut codecs = Vec::with_capacity(chosen.len() * 2);
    for codec in chosen {
        let payload_type = codec.payload_type;
        codecs.push(codec);
        let rtx = section
            .codecs
            .iter()
            .find(|rtx| rtx.repeats() == Some(payload_type));
        codecs.extend(rtx.map(|rtx| Codec {
            feedback: Vec::new(),
            ..rtx.clone()
        }));
    }
    codecs
}

/// Keeps some codecs of a selection, with what belongs to them.
pub fn retain_codecs(codecs: &mut Vec<Codec>, keep: impl Fn(&Codec) -> bool) {
    let base = |codec: &Codec| codec.repeats().or_else(|| codec.carries());
    let mut kept: Vec<u8> = codecs
        .iter()
        .filter(|codec| base(codec).is_none() && keep(codec))
        .map(|codec| codec.payload_type)
        .collect();
    // The redundant form may have retransmissions of its own.
    for _ in 0..2 {
        let more: Vec<u8> = codecs
            .iter()
            .filter(|codec| base(codec).is_some_and(|base| kept.contains(&base)))
            .map(|codec| codec.payload_type)
            .collect();
        kept.extend(more);
    }
    codecs.retain(|codec| kept.contains(&codec.payload_type));
}

/// The header extensions to accept in a section: its name and those of its encodings, the audio level, the picture's
/// rotation, the number in the transport. Each under its id in the offer, in the direction of the answer.
///
/// Ids that only two-byte headers have, and the dependency descriptor, which mostly needs them for its length, are taken
/// where both forms may be mixed. `abs-send-time` is not: the number in the transport serves the same end.
#[must_use]
pub fn select_extensions(section: &MediaSection) -> Vec<Extension> {
    let wanted: &[&str] = match section.kind {
        MediaKind::Audio => &[MID_URI, AUDIO_LEVEL_URI, TRANSPORT_SEQUENCE_URI],
        MediaKind::Video => &[
            MID_URI,
            RID_URI,
            REPAIRED_RID_URI,
            VIDEO_ORIENTATION_URI,
            TRANSPORT_SEQUENCE_URI,
            DEPENDENCY_DESCRIPTOR_URI,
        ],
        MediaKind::Application | MediaKind::Other => &[],
    };
    let mixed = section.extmap_allow_mixed;
    let usable = |extension: &Extension| {
        ONE_BYTE_IDS.contains(&extension.id) || (mixed && extension.id != RESERVED_ID)
    };
    wanted
        .iter()
        .filter(|uri| mixed || **uri != DEPENDENCY_DESCRIPTOR_URI)
        .filter_map(|uri| {
            section
                .extensions
                .iter()
                .find(|offered| offered.uri == *uri && usable(offered))
        })
        .map(|offered| Extension {
            direction: offered.direction.reversed(),
            ..offered.clone()
        })
        .collect()
}

/// H.264 in packetization mode 1 (RFC 6184 §8.1).
#[must_use]
pub fn is_h264_mode_1(codec: &Codec) -> bool {
    codec.is("H264") && codec.clock_rate == 90_000 && codec.parameter("packetization-mode") == Some("1")
}

/// Opus and its redundant form.
fn voices(section: &MediaSection) -> Vec<Codec> {
    let is_stereo = |codec: &Codec| codec.clock_rate == 48_000 && codec.channels == Some(2);
    let place = |wanted: &dyn Fn(&Codec) -> bool| section.codecs.iter().position(wanted);
    let Some(at) = place(&|codec| codec.is("opus") && is_stereo(codec)) else {
        return Vec::new();
    };
    let Some(opus) = section.codecs.get(at) else {
        return Vec::new();
    };
    let redundant = place(&|codec| is_stereo(codec) && codec.carries() == Some(opus.payload_type));
    let red = redundant.and_then(|at| section.codecs.get(at)).map(|red| Codec {
        feedback: Vec::new(),
        ..red.clone()
    });
    let opus = Codec {
        fmtp: OPUS_FMTP.to_owned(),
        feedback: feedback(opus, &AUDIO_FEEDBACK),
        ..opus.clone()
    };
    if redundant.is_some_and(|redundant| redundant < at) {
        red.into_iter().chain([opus]).collect()
    } else {
        [opus].into_iter().chain(red).collect()
    }
}

fn pictures(section: &MediaSection) -> Vec<Codec> {
    let any_baseline = section
        .codecs
        .iter()
        .any(|codec| is_h264_mode_1(codec) && is_baseline(codec));
    let mut has_vp8 = false;
    let is_wanted = |codec: &&Codec| {
        if codec.is("VP8") {
            // There is only one, whatever it is called.
            !std::mem::replace(&mut has_vp8, true)
        } else if codec.is("VP9") {
            profile(codec, "profile-id").is_some_and(|profile| profile <= MAX_VP9_PROFILE)
        } else if codec.is("AV1") {
            profile(codec, "profile").is_some_and(|profile| profile <= MAX_AV1_PROFILE)
        } else {
            is_h264_mode_1(codec) && (!any_baseline || is_baseline(codec))
        }
    };
    let mut codecs: Vec<Codec> = section
        .codecs
        .iter()
        .filter(|codec| codec.clock_rate == 90_000)
        .filter(is_wanted)
        .map(|codec| Codec {
            // VP8 has parameters for what is sent, not for what is received.
            fmtp: if codec.is("VP8") {
                String::new()
            } else {
                codec.fmtp.clone()
            },
            feedback: feedback(codec, &VIDEO_FEEDBACK),
            ..codec.clone()
        })
        .collect();
    let is_chosen = codecs
        .first()
        .is_some_and(|first| first.is("VP9") || first.is("AV1"));
    if !is_chosen {
        codecs.sort_by_key(|codec| !codec.is("VP8"));
    }
    codecs
}

/// The profile in a parameter that means 0 when it is not there; `None` when it is no number.
fn profile(codec: &Codec, parameter: &str) -> Option<u8> {
    codec
        .parameter(parameter)
        .map_or(Some(0), |profile| profile.parse().ok())
}

fn is_baseline(codec: &Codec) -> bool {
    // The default without the parameter is Baseline too.
    codec
        .parameter("profile-level-id")
        .is_none_or(|id| id.starts_with("42"))
}

fn feedback(codec: &Codec, wanted: &[&str]) -> Vec<String> {
    wanted
        .iter()
        .filter(|wanted| codec.feedback.iter().any(|offered| offered == *wanted))
        .map(|feedback| (*feedback).to_owned())
        .collect()
}
