use super::ebml::{self, Id};
use crate::{
    Error, SAMPLE_RATE_HZ,
    container::{
        ogg_opus::OpusHead,
        video::{Av1Config, AvcConfig},
    },
    opus::Channels,
};

/// How much sound an Opus decoder has to hear before its output is right, in nanoseconds (RFC 7845 §4.6).
const SEEK_PRE_ROLL_NS: u64 = 80_000_000;

/// One track of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Track {
    pub(super) kind: Kind,
    name: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Opus(OpusHead),
    Video {
        codec: VideoCodec,
        width: u16,
        height: u16,
    },
}

/// The coding of a video track, with what a decoder has to be told first.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum VideoCodec {
    /// VP8 (RFC 6386).
    Vp8,
    /// VP9.
    Vp9,
    /// H.264; frames are given in Annex B form, see [`MatroskaWriter::write`](super::MatroskaWriter::write).
    H264(AvcConfig),
    /// AV1; frames are temporal units.
    Av1(Av1Config),
}

impl Track {
    /// Sound; [`OpusHead::pre_skip`] is what players drop from the start.
    #[must_use]
    pub const fn opus(head: OpusHead) -> Self {
        Self {
            kind: Kind::Opus(head),
            name: String::new(),
        }
    }

    /// Pictures of `width` times `height` pixels. Later pictures may have other sizes; players scale them.
    #[must_use]
    pub const fn video(codec: VideoCodec, width: u16, height: u16) -> Self {
        Self {
            kind: Kind::Video { codec, width, height },
            name: String::new(),
        }
    }

    /// Gives the track a name, which players show where one of several can be chosen.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Whether the track is pictures.
    #[must_use]
    pub const fn is_video(&self) -> bool {
        matches!(self.kind, Kind::Video { .. })
    }

    /// Whether WebM allows it.
    pub(super) const fn is_webm(&self) -> bool {
        !matches!(
            self.kind,
            Kind::Video {
                codec: VideoCodec::H264(_),
                ..
            }
        )
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        match self.kind {
            Kind::Video { width: 0, .. } | Kind::Video { height: 0, .. } => {
                Err(Error::Setting("a video track without width or height"))
            }
            _ => Ok(()),
        }
    }

    /// The track's entry (RFC 9559 §5.1.4.1). `number` is at least 1.
    pub(super) fn entry(&self, number: u8) -> Vec<u8> {
        let mut out = Vec::new();
        ebml::unsigned(&mut out, Id::TRACK_NUMBER, u64::from(number));
        ebml::unsigned(&mut out, Id::TRACK_UID, u64::from(number));
        ebml::unsigned(&mut out, Id::TRACK_TYPE, if self.is_video() { 1 } else { 2 });
        ebml::unsigned(&mut out, Id::FLAG_LACING, 0);
        // Without this a track is English.
        ebml::binary(&mut out, Id::LANGUAGE, b"und");
        if !self.name.is_empty() {
            ebml::binary(&mut out, Id::NAME, self.name.as_bytes());
        }
        match &self.kind {
            Kind::Opus(head) => {
                ebml::binary(&mut out, Id::CODEC_ID, b"A_OPUS");
                ebml::binary(&mut out, Id::CODEC_PRIVATE, &head.to_bytes());
                let delay = u64::from(head.pre_skip) * 1_000_000_000 / u64::from(SAMPLE_RATE_HZ);
                ebml::unsigned(&mut out, Id::CODEC_DELAY, delay);
                ebml::unsigned(&mut out, Id::SEEK_PRE_ROLL, SEEK_PRE_ROLL_NS);
                let channels = match head.channels {
                    Channels::Mono => 1,
                    Channels::Stereo => 2,
                };
                ebml::master(&mut out, Id::AUDIO, |audio| {
                    ebml::float(audio, Id::SAMPLING_FREQUENCY, f64::from(SAMPLE_RATE_HZ));
                    ebml::unsigned(audio, Id::CHANNELS, channels);
                });
            }
            Kind::Video { codec, width, height } => {
                let (name, private) = match codec {
                    VideoCodec::Vp8 => ("V_VP8", None),
                    VideoCodec::Vp9 => ("V_VP9", None),
                    VideoCodec::H264(config) => ("V_MPEG4/ISO/AVC", Some(config.as_bytes())),
                    VideoCodec::Av1(config) => ("V_AV1", Some(config.as_bytes())),
                };
                ebml::binary(&mut out, Id::CODEC_ID, name.as_bytes());
                if let Some(private) = private {
                    ebml::binary(&mut out, Id::CODEC_PRIVATE, private);
                }
                ebml::master(&mut out, Id::VIDEO, |video| {
                    ebml::unsigned(video, Id::PIXEL_WIDTH, u64::from(*width));
                    ebml::unsigned(video, Id::PIXEL_HEIGHT, u64::from(*height));
                });
            }
        }
        out
    }
}
