use std::time::Duration;

use crate::Error;

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

/// Settings of an [`Encoder`](super::Encoder). The default is what a meeting wants: mono speech at 32 kbit/s in
/// packets of 20 ms, protected by in-band FEC against 10 % loss.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncoderConfig {
    /// What to tune for.
    pub application: Application,
    /// Channels of the input.
    pub channels: Channels,
    /// Target bitrate in bits per second, 500 to 512 000.
    pub bitrate_bps: u32,
    /// Computational complexity, 0 to 10; 9 and 10 cost about a third more than 5.
    pub complexity: u8,
    /// Whether packets carry a coarse copy of the frame before them (LBRR, RFC 6716 §2.1.7).
    pub in_band_fec: bool,
    /// The loss to protect against, 0 to 100 percent. With 0, libopus sends no FEC even when it is switched on.
    pub expected_loss_percent: u8,
    /// Whether silence is sent as an almost empty packet now and then (discontinuous transmission).
    pub dtx: bool,
    /// Sound per packet; the slice given to `encode` must have exactly this length.
    pub frame: FrameDuration,
}

impl Default for EncoderConfig {
    fn default() -> Self {
        Self {
            application: Application::Voip,
            channels: Channels::Mono,
            bitrate_bps: 32_000,
            complexity: 9,
            in_band_fec: true,
            expected_loss_percent: 10,
            dtx: false,
            frame: FrameDuration::Ms20,
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
        if !(500..=512_000).contains(&self.bitrate_bps) {
            return Err(Error::Setting("bitrate must be 500 to 512000 bit/s"));
        }
        if self.complexity > 10 {
            return Err(Error::Setting("complexity must be 0 to 10"));
        }
        if self.expected_loss_percent > 100 {
            return Err(Error::Setting("expected loss must be 0 to 100 percent"));
        }
        Ok(())
    }
}

impl From<Channels> for ::opus::Channels {
    fn from(channels: Channels) -> Self {
        match channels {
            Channels::Mono => Self::Mono,
            Channels::Stereo => Self::Stereo,
        }
    }
}

impl From<Application> for ::opus::Application {
    fn from(application: Application) -> Self {
        match application {
            Application::Voip => Self::Voip,
            Application::Audio => Self::Audio,
            Application::LowDelay => Self::LowDelay,
        }
    }
}
