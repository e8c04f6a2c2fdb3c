use super::settings::EncoderConfig;
use crate::{Error, SAMPLE_RATE_HZ};

/// Encodes 48 kHz 16-bit PCM, one packet per call.
///
/// Bitrate, complexity, FEC, expected loss and DTX may be changed between packets; channels, application and
/// packet length are fixed.
#[derive(Debug)]
pub struct Encoder {
    inner: ::opus::Encoder,
    config: EncoderConfig,
    lookahead: u16,
}

impl Encoder {
    /// An encoder with the given settings.
    ///
    /// # Errors
    /// [`Error::Setting`] for a value out of range, [`Error::Opus`] when libopus cannot allocate.
    pub fn new(config: EncoderConfig) -> Result<Self, Error> {
        config.validate()?;
        let mut inner =
            ::opus::Encoder::new(SAMPLE_RATE_HZ, config.channels.into(), config.application.into())?;
        inner.set_complexity(i32::from(config.complexity))?;
        inner.set_inband_fec(config.in_band_fec)?;
        inner.set_packet_loss_perc(i32::from(config.expected_loss_percent))?;
        inner.set_dtx(config.dtx)?;
        inner.set_bitrate(bits(config.bitrate_bps))?;
        if config.application == super::Application::Voip {
            inner.set_signal(::opus::Signal::Voice)?;
        }
        let lookahead = u16::try_from(inner.get_lookahead()?).unwrap_or(0);
        Ok(Self {
            inner,
            config,
            lookahead,
        })
    }

    /// Encodes one packet and returns its length in bytes.
    ///
    /// `pcm` has exactly [`EncoderConfig::frame_len`] samples (interleaved when stereo). `out` bounds the packet:
    /// libopus lowers the quality to fit; [`MAX_PACKET_BYTES`](super::MAX_PACKET_BYTES) is always enough.
    ///
    /// # Errors
    /// [`Error::Buffer`] for a wrong PCM length, [`Error::Opus`] when `out` is too small for any packet.
    pub fn encode(&mut self, pcm: &[i16], out: &mut [u8]) -> Result<usize, Error> {
        if pcm.len() != self.config.frame_len() {
            return Err(Error::Buffer {
                expected: "one whole packet was expected",
                got: pcm.len(),
            });
        }
        // Lengths beyond i32 would panic in the binding; no packet is that long.
        let room = out.len().min(super::MAX_PACKET_BYTES);
        let out = out.get_mut(..room).unwrap_or_default();
        Ok(self.inner.encode(pcm, out)?)
    }

    /// Changes the target bitrate, 500 to 512 000 bit/s.
    ///
    /// # Errors
    /// [`Error::Setting`] when out of range.
    pub fn set_bitrate_bps(&mut self, bitrate_bps: u32) -> Result<(), Error> {
        self.change(|config| config.bitrate_bps = bitrate_bps)?;
        Ok(self.inner.set_bitrate(bits(bitrate_bps))?)
    }

    /// Changes the loss to protect against, in percent: what receivers report.
    ///
    /// # Errors
    /// [`Error::Setting`] when above 100.
    pub fn set_expected_loss_percent(&mut self, percent: u8) -> Result<(), Error> {
        self.change(|config| config.expected_loss_percent = percent)?;
        Ok(self.inner.set_packet_loss_perc(i32::from(percent))?)
    }

    /// Changes the computational complexity, 0 to 10.
    ///
    /// # Errors
    /// [`Error::Setting`] when above 10.
    pub fn set_complexity(&mut self, complexity: u8) -> Result<(), Error> {
        self.change(|config| config.complexity = complexity)?;
        Ok(self.inner.set_complexity(i32::from(complexity))?)
    }

    /// Switches in-band FEC.
    ///
    /// # Errors
    /// [`Error::Opus`] when libopus refuses.
    pub fn set_in_band_fec(&mut self, on: bool) -> Result<(), Error> {
        self.change(|config| config.in_band_fec = on)?;
        Ok(self.inner.set_inband_fec(on)?)
    }

    /// Switches discontinuous transmission.
    ///
    /// # Errors
    /// [`Error::Opus`] when libopus refuses.
    pub fn set_dtx(&mut self, on: bool) -> Result<(), Error> {
        self.change(|config| config.dtx = on)?;
        Ok(self.inner.set_dtx(on)?)
    }

    /// Forgets all signal history, as at the start of a stream.
    ///
    /// # Errors
    /// [`Error::Opus`] when libopus refuses.
    pub fn reset(&mut self) -> Result<(), Error> {
        Ok(self.inner.reset_state()?)
    }

    /// The settings in force.
    #[must_use]
    pub const fn config(&self) -> &EncoderConfig {
        &self.config
    }

    /// Samples by which the decoded sound lags the input: the pre-skip of a file (RFC 7845 §4.2).
    #[must_use]
    pub const fn lookahead(&self) -> u16 {
        self.lookahead
    }

    fn change(&mut self, edit: impl FnOnce(&mut EncoderConfig)) -> Result<(), Error> {
        let mut config = self.config.clone();
        edit(&mut config);
        config.validate()?;
        self.config = config;
        Ok(())
    }
}

fn bits(bitrate_bps: u32) -> ::opus::Bitrate {
    ::opus::Bitrate::Bits(i32::try_from(bitrate_bps).unwrap_or(i32::MAX))
}
