use std::{fmt, str::FromStr};

use super::{
    BITRATE_AUTO, BITRATE_MAX, Channels, EncoderConfig, FrameDuration, RateControl, packet::Bandwidth,
};

/// The format parameters of Opus in SDP: what follows the payload type in `a=fmtp` (RFC 7587 §6.1).
///
/// They say what whoever wrote them wants to *receive* (those called `sprop` say what it sends). The default is the
/// RFC's for what is not said. [`FromStr`] reads them, and ignores names it does not know; `Display` prints what is not the
/// default.
///
/// ```
/// use anteroom_codec::opus::{EncoderConfig, OpusParameters};
///
/// let theirs: OpusParameters = "minptime=10;useinbandfec=1;maxaveragebitrate=20000".parse()?;
/// let config = EncoderConfig::default().for_peer(&theirs);
/// assert_eq!((config.bitrate_bps, config.in_band_fec), (20_000, true));
/// # Ok::<_, anteroom_codec::opus::ParameterError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OpusParameters {
    /// `maxplaybackrate`: the highest sample rate it can play, 8000 to 48 000 Hz.
    pub max_playback_rate_hz: u32,
    /// `sprop-maxcapturerate`: the highest sample rate it is likely to send, 8000 to 48 000 Hz.
    pub max_capture_rate_hz: u32,
    /// `maxptime`: the longest packet it can take, 3 to 120 ms (2.5 ms are rounded up).
    pub max_packet_ms: u8,
    /// `ptime`: the packet length it prefers, 3 to 120 ms. The default is 20.
    pub packet_ms: u8,
    /// `minptime`: the shortest packet it can take, 3 to 120 ms. Not in the RFC but in what browsers write.
    pub min_packet_ms: u8,
    /// `maxaveragebitrate`: the most it can receive in the mean, 6000 to 510 000 bit/s; `None` for no limit.
    pub max_average_bitrate_bps: Option<u32>,
    /// `stereo`: whether it prefers stereo. A decoder must take it in any case.
    pub stereo: bool,
    /// `sprop-stereo`: whether it is likely to send stereo.
    pub sends_stereo: bool,
    /// `cbr`: whether it wants packets of constant size.
    pub constant_bitrate: bool,
    /// `useinbandfec`: whether it can use in-band FEC.
    pub in_band_fec: bool,
    /// `usedtx`: whether it prefers discontinuous transmission.
    pub dtx: bool,
}

impl Default for OpusParameters {
    fn default() -> Self {
        Self {
            max_playback_rate_hz: 48_000,
            max_capture_rate_hz: 48_000,
            max_packet_ms: 120,
            packet_ms: 20,
            min_packet_ms: 3,
            max_average_bitrate_bps: None,
            stereo: false,
            sends_stereo: false,
            constant_bitrate: false,
            in_band_fec: false,
            dtx: false,
        }
    }
}

/// A parameter has a value that RFC 7587 does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("bad value of the Opus parameter {name}")]
pub struct ParameterError {
    /// The name of the parameter.
    pub name: &'static str,
}

impl FromStr for OpusParameters {
    type Err = ParameterError;

    /// Reads `name=value` pairs between semicolons, in any order and case, with or without spaces. The last of several
    /// values of one name counts.
    fn from_str(text: &str) -> Result<Self, ParameterError> {
        let mut read = Self::default();
        for pair in text.split(';') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (name.trim(), value.trim());
            if let Some(parameter) = PARAMETERS
                .iter()
                .find(|parameter| name.eq_ignore_ascii_case(parameter.name))
            {
                let number = number(value).ok_or(ParameterError { name: parameter.name })?;
                if !(parameter.least..=parameter.most).contains(&number) {
                    return Err(ParameterError { name: parameter.name });
                }
                (parameter.set)(&mut read, number);
            }
        }
        Ok(read)
    }
}

impl fmt::Display for OpusParameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let default = Self::default();
        let mut separator = "";
        for parameter in PARAMETERS {
            let value = (parameter.get)(self);
            if value != (parameter.get)(&default) {
                write!(f, "{separator}{}={value}", parameter.name)?;
                separator = ";";
            }
        }
        Ok(())
    }
}

impl EncoderConfig {
    /// These settings within what a peer said about what it wants to receive: bandwidth, bitrate, channels, rate control,
    /// FEC, DTX and packet length.
    ///
    /// The channels of the input stay; a stereo encoder is told to code mono for a peer that prefers mono.
    #[must_use]
    pub fn for_peer(&self, peer: &OpusParameters) -> Self {
        let widest = match peer.max_playback_rate_hz {
            ..=8000 => Bandwidth::Narrow,
            8001..=12_000 => Bandwidth::Medium,
            12_001..=16_000 => Bandwidth::Wide,
            16_001..=24_000 => Bandwidth::SuperWide,
            _ => Bandwidth::Full,
        };
        let bitrate_bps = match (self.bitrate_bps, peer.max_average_bitrate_bps) {
            (own, None) => own,
            (BITRATE_AUTO | BITRATE_MAX, Some(most)) => most,
            (own, Some(most)) => own.min(most),
        };
        Self {
            bitrate_bps,
            rate_control: if peer.constant_bitrate {
                RateControl::Constant
            } else {
                self.rate_control
            },
            bandwidth: self.bandwidth.map(|bandwidth| bandwidth.min(widest)),
            max_bandwidth: self.max_bandwidth.min(widest),
            force_channels: if self.channels == Channels::Stereo && !peer.stereo {
                Some(Channels::Mono)
            } else {
                self.force_channels
            },
            in_band_fec: self.in_band_fec && peer.in_band_fec,
            dtx: peer.dtx,
            frame: peer.frame(),
            ..self.clone()
        }
    }
}

impl OpusParameters {
    /// The longest packet that is neither longer than it prefers nor than it can take, if there is one that is long enough.
    fn frame(&self) -> FrameDuration {
        let most = self.packet_ms.max(self.min_packet_ms).min(self.max_packet_ms);
        let fits = FRAMES.iter().rev().find(|(ms, _)| *ms <= most);
        fits.map_or(FrameDuration::Ms2_5, |(_, frame)| *frame)
    }
}

/// All packet lengths, in milliseconds rounded up.
const FRAMES: [(u8, FrameDuration); 9] = [
    (3, FrameDuration::Ms2_5),
    (5, FrameDuration::Ms5),
    (10, FrameDuration::Ms10),
    (20, FrameDuration::Ms20),
    (40, FrameDuration::Ms40),
    (60, FrameDuration::Ms60),
    (80, FrameDuration::Ms80),
    (100, FrameDuration::Ms100),
    (120, FrameDuration::Ms120),
];

struct Parameter {
    name: &'static str,
    least: u32,
    most: u32,
    get: fn(&OpusParameters) -> u32,
    set: fn(&mut OpusParameters, u32),
}

const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "maxplaybackrate",
        least: 8000,
        most: 48_000,
        get: |p| p.max_playback_rate_hz,
        set: |p, value| p.max_playback_rate_hz = value,
    },
    Parameter {
        name: "sprop-maxcapturerate",
        least: 8000,
        most: 48_000,
        get: |p| p.max_capture_rate_hz,
        set: |p, value| p.max_capture_rate_hz = value,
    },
    Parameter {
        name: "maxptime",
        least: 3,
        most: 120,
        get: |p| p.max_packet_ms.into(),
        set: |p, value| p.max_packet_ms = byte(value),
    },
    Parameter {
        name: "ptime",
        least: 3,
        most: 120,
        get: |p| p.packet_ms.into(),
        set: |p, value| p.packet_ms = byte(value),
    },
    Parameter {
        name: "minptime",
        least: 3,
        most: 120,
        get: |p| p.min_packet_ms.into(),
        set: |p, value| p.min_packet_ms = byte(value),
    },
    Parameter {
        name: "maxaveragebitrate",
        least: 6000,
        most: 510_000,
        // 0 is no value of it, so it can stand for none.
        get: |p| p.max_average_bitrate_bps.unwrap_or(0),
        set: |p, value| p.max_average_bitrate_bps = Some(value),
    },
    Parameter {
        name: "stereo",
        least: 0,
        most: 1,
        get: |p| p.stereo.into(),
        set: |p, value| p.stereo = value == 1,
    },
    Parameter {
        name: "sprop-stereo",
        least: 0,
        most: 1,
        get: |p| p.sends_stereo.into(),
        set: |p, value| p.sends_stereo = value == 1,
    },
    Parameter {
        name: "cbr",
        least: 0,
        most: 1,
        get: |p| p.constant_bitrate.into(),
        set: |p, value| p.constant_bitrate = value == 1,
    },
    Parameter {
        name: "useinbandfec",
        least: 0,
        most: 1,
        get: |p| p.in_band_fec.into(),
        set: |p, value| p.in_band_fec = value == 1,
    },
    Parameter {
        name: "usedtx",
        least: 0,
        most: 1,
        get: |p| p.dtx.into(),
        set: |p, value| p.dtx = value == 1,
    },
];

/// Digits and nothing else: Rust's own parser would take a sign.
fn number(value: &str) -> Option<u32> {
    if value.bytes().all(|byte| byte.is_ascii_digit()) {
        value.parse().ok()
    } else {
        None
    }
}

/// The ranges of the table keep values below 256.
fn byte(value: u32) -> u8 {
    u8::try_from(value).unwrap_or(u8::MAX)
}
