use std::time::Duration;

use super::packet::Bandwidth;
use crate::Error;

/// As a bitrate: libopus chooses one for the frame length, the bandwidth and the channels, about 1 bit per sample.
pub const BITRATE_AUTO: u32 = 0;

/// As a bitrate: as much as fits into the buffer given to `encode`, which thereby controls the rate.
pub const BITRATE_MAX: u32 = u32::MAX;

/// Most sound that deep redundancy (DRED) can cover: 1.04 s, what libopus has room for.
pub const MAX_DRED: Duration = Duration::from_millis(1040);

/// What the encoder is tuned for (`OPUS_APPLICATION_*`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Application {
    /// Speech first: SILK and hybrid modes, in-band FEC possible.
    #[default]
    Voip,
    /// Faithful to the input: music, shared system sound.
    Audio,
    /// CELT only: 5 ms less algorithmic delay, and neither FEC nor DTX.
    LowDelay,
}

/// Channels in the PCM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Channels {
    /// One channel.
    #[default]
    Mono,
    /// Two channels, interleaved left first.
    Stereo,
}

impl Channels {
    /// 1 or 2.
    #[must_use]
    pub const fn count(self) -> usize {
        match self {
            Self::Mono => 1,
            Self::Stereo => 2,
        }
    }
}

/// How much sound one packet carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum FrameDuration {
    /// 2.5 ms.
    Ms2_5,
    /// 5 ms.
    Ms5,
    /// 10 ms.
    Ms10,
    /// 20 ms, what WebRTC sends.
    #[default]
    Ms20,
    /// 40 ms.
    Ms40,
    /// 60 ms.
    Ms60,
    /// 80 ms, sent as several frames.
    Ms80,
    /// 100 ms, sent as several frames.
    Ms100,
    /// 120 ms, sent as several frames.
    Ms120,
}

impl FrameDuration {
    /// Samples per channel at 48 kHz, 120 to 5760.
    #[must_use]
    pub const fn samples(self) -> usize {
        match self {
            Self::Ms2_5 => 120,
            Self::Ms5 => 240,
            Self::Ms10 => 480,
            Self::Ms20 => 960,
            Self::Ms40 => 1920,
            Self::Ms60 => 2880,
            Self::Ms80 => 3840,
            Self::Ms100 => 4800,
            Self::Ms120 => 5760,
        }
    }

    /// The same as a [`Duration`].
    #[must_use]
    pub fn duration(self) -> Duration {
        crate::samples_to_duration(self.samples() as u64)
    }
}

/// How the size of packets may vary (`OPUS_SET_VBR`, `OPUS_SET_VBR_CONSTRAINT`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum RateControl {
    /// As the sound needs it: the best quality at a given mean rate.
    Variable,
    /// The same within bounds, so that no packet is much longer than the mean. What WebRTC uses. Only the CELT layer
    /// heeds it.
    #[default]
    Constrained,
    /// All packets have one size: nothing can be learned from their lengths (RFC 6562).
    Constant,
}

/// What the input is, as a hint to the choice of mode (`OPUS_SET_SIGNAL`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Signal {
    /// Voice for [`Application::Voip`], and found out for the others.
    #[default]
    ByApplication,
    /// Found out from the sound.
    Auto,
    /// Voice: SILK and hybrid modes are preferred.
    Voice,
    /// Music: the CELT mode is preferred.
    Music,
}

/// Settings of an [`Encoder`](super::Encoder). The default is what a meeting wants: mono speech at 32 kbit/s in
/// packets of 20 ms, protected by in-band FEC against 10 % loss.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncoderConfig {
    /// What to tune for. Fixed for the life of an encoder.
    pub application: Application,
    /// Channels of the input. Fixed for the life of an encoder.
    pub channels: Channels,
    /// Target bitrate in bits per second, 500 to 512 000, or [`BITRATE_AUTO`], or [`BITRATE_MAX`].
    pub bitrate_bps: u32,
    /// How the size of packets may vary.
    pub rate_control: RateControl,
    /// Computational complexity, 0 to 10; 9 and 10 cost about a third more than 5.
    pub complexity: u8,
    /// What the input is.
    pub signal: Signal,
    /// The bandwidth to code, whatever the bitrate; `None` leaves the choice to libopus, which is better.
    pub bandwidth: Option<Bandwidth>,
    /// The widest bandwidth libopus may choose; the receiver's `maxplaybackrate` (RFC 7587 §6.1).
    pub max_bandwidth: Bandwidth,
    /// The channels to code, whatever the input: mono when a stereo stream carries mono sound. `None` leaves the choice
    /// to libopus.
    pub force_channels: Option<Channels>,
    /// Whether packets carry a coarse copy of the frame before them (LBRR, RFC 6716 §2.1.7).
    pub in_band_fec: bool,
    /// The loss to protect against, 0 to 100 percent. With 0, libopus sends no FEC even when it is switched on.
    pub expected_loss_percent: u8,
    /// Whether silence is sent as an almost empty packet now and then (discontinuous transmission).
    pub dtx: bool,
    /// Whether intensity stereo may not invert phases: better when the stereo sound will be mixed down to mono, a little
    /// worse as stereo.
    pub phase_inversion_disabled: bool,
    /// Significant bits of the input, 8 to 24: 8 for sound that came through G.711. Helps to tell silence.
    pub lsb_depth: u8,
    /// Whether frames hardly depend on those before them: a loss is not heard beyond its end, at the price of quality.
    pub prediction_disabled: bool,
    /// Sound per packet; the slice given to `encode` must have exactly this length.
    pub frame: FrameDuration,
    /// How much of the past packets carry as deep redundancy (DRED), in steps of 10 ms, at most [`MAX_DRED`]; zero for
    /// none. Anything else needs the feature `dred`, and an encoder made with it ([`Encoder::new`](super::Encoder::new)
    /// with a value that is not zero). libopus sends it only when `expected_loss_percent` is high and the bitrate allows.
    pub dred: Duration,
}

impl Default for EncoderConfig {
    fn default() -> Self {
        Self {
            application: Application::Voip,
            channels: Channels::Mono,
            bitrate_bps: 32_000,
            rate_control: RateControl::Constrained,
            complexity: 9,
            signal: Signal::ByApplication,
            bandwidth: None,
            max_bandwidth: Bandwidth::Full,
            force_channels: None,
            in_band_fec: true,
            expected_loss_percent: 10,
            dtx: false,
            phase_inversion_disabled: false,
            lsb_depth: 24,
            prediction_disabled: false,
            frame: FrameDuration::Ms20,
            dred: Duration::ZERO,
        }
    }
}

impl EncoderConfig {
    /// Samples that one call of `encode` takes, all channels together.
    #[must_use]
    pub const fn frame_len(&self) -> usize {
        self.frame.samples() * self.channels.count()
    }

    pub(super) fn validate(&self) -> Result<(), Error> {
        let sensible = (500..=512_000).contains(&self.bitrate_bps);
        if !sensible && ![BITRATE_AUTO, BITRATE_MAX].contains(&self.bitrate_bps) {
            return Err(Error::Setting("bitrate must be 500 to 512000 bit/s"));
        }
        if self.complexity > 10 {
            return Err(Error::Setting("complexity must be 0 to 10"));
        }
        if self.expected_loss_percent > 100 {
            return Err(Error::Setting("expected loss must be 0 to 100 percent"));
        }
        if !(8..=24).contains(&self.lsb_depth) {
            return Err(Error::Setting("LSB depth must be 8 to 24 bits"));
        }
        if self.channels == Channels::Mono && self.force_channels == Some(Channels::Stereo) {
            return Err(Error::Setting("a mono encoder cannot be forced to stereo"));
        }
        if self.dred > MAX_DRED || !self.dred.as_nanos().is_multiple_of(10_000_000) {
            return Err(Error::Setting("DRED must be a multiple of 10 ms up to 1040 ms"));
        }
        if !self.dred.is_zero() && !cfg!(feature = "dred") {
            return Err(Error::Setting("DRED needs the feature `dred`"));
        }
        Ok(())
    }

    /// What to tell libopus about the signal.
    pub(super) const fn signal(&self) -> Signal {
        match (self.signal, self.application) {
            (Signal::ByApplication, Application::Voip) => Signal::Voice,
            (Signal::ByApplication, _) => Signal::Auto,
            (signal, _) => signal,
        }
    }
}
