use super::{MAX_PACKET_BYTES, library, packet::Bandwidth, settings::EncoderConfig};
use crate::Error;

/// Encodes 48 kHz 16-bit PCM, one packet per call.
///
/// All settings but channels and application may be changed between packets.
#[derive(Debug)]
pub struct Encoder {
    inner: Inner,
    config: EncoderConfig,
    lookahead: u16,
    /// Length of the last packet, in bytes.
    last_len: usize,
}

impl Encoder {
    /// An encoder with the given settings.
    ///
    /// # Errors
    /// [`Error::Setting`] for a value out of range, or DRED without the feature `dred`; [`Error::Opus`] when libopus cannot
    /// allocate.
    pub fn new(config: EncoderConfig) -> Result<Self, Error> {
        config.validate()?;
        let mut inner = Inner::new(&config)?;
        let lookahead = inner.lookahead()?;
        Ok(Self {
            inner,
            config,
            lookahead,
            last_len: 0,
        })
    }

    /// Encodes one packet and returns its length in bytes.
    ///
    /// `pcm` has exactly [`EncoderConfig::frame_len`] samples (interleaved when stereo). `out` bounds the packet:
    /// libopus lowers the quality to fit; [`MAX_PACKET_BYTES`] is always enough.
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
        let room = out.len().min(MAX_PACKET_BYTES);
        let out = out.get_mut(..room).unwrap_or_default();
        self.last_len = match &mut self.inner {
            Inner::Plain(encoder) => encoder.encode(pcm, out)?,
            #[cfg(feature = "dred")]
            Inner::Deep(encoder) => encoder.encode_to_slice(bytemuck::cast_slice(pcm), out)?,
        };
        Ok(self.last_len)
    }

    /// Changes settings. They hold from the next packet on.
    ///
    /// # Errors
    /// [`Error::Setting`] for a value out of range, when the application or the channels differ, or for DRED in an encoder
    /// that was made without; the old settings stay then.
    pub fn set_config(&mut self, config: EncoderConfig) -> Result<(), Error> {
        config.validate()?;
        if config.application != self.config.application || config.channels != self.config.channels {
            return Err(Error::Setting("application and channels of an encoder are fixed"));
        }
        match &mut self.inner {
            Inner::Plain(_) if !config.dred.is_zero() => {
                return Err(Error::Setting("this encoder was made without DRED"));
            }
            Inner::Plain(encoder) => library::plain::apply(encoder, &config, Some(&self.config))?,
            #[cfg(feature = "dred")]
            Inner::Deep(encoder) => library::deep::apply(encoder, &config, Some(&self.config))?,
        }
        self.config = config;
        Ok(())
    }

    /// Changes the target bitrate, 500 to 512 000 bit/s, or [`BITRATE_AUTO`](super::BITRATE_AUTO) or
    /// [`BITRATE_MAX`](super::BITRATE_MAX).
    ///
    /// # Errors
    /// [`Error::Setting`] when out of range.
    pub fn set_bitrate_bps(&mut self, bitrate_bps: u32) -> Result<(), Error> {
        self.change(|config| config.bitrate_bps = bitrate_bps)
    }

    /// Changes the loss to protect against, in percent: what receivers report.
    ///
    /// # Errors
    /// [`Error::Setting`] when above 100.
    pub fn set_expected_loss_percent(&mut self, percent: u8) -> Result<(), Error> {
        self.change(|config| config.expected_loss_percent = percent)
    }

    /// Changes the computational complexity, 0 to 10.
    ///
    /// # Errors
    /// [`Error::Setting`] when above 10.
    pub fn set_complexity(&mut self, complexity: u8) -> Result<(), Error> {
        self.change(|config| config.complexity = complexity)
    }

    /// Switches in-band FEC.
    ///
    /// # Errors
    /// [`Error::Opus`] when libopus refuses.
    pub fn set_in_band_fec(&mut self, on: bool) -> Result<(), Error> {
        self.change(|config| config.in_band_fec = on)
    }

    /// Switches discontinuous transmission.
    ///
    /// # Errors
    /// [`Error::Opus`] when libopus refuses.
    pub fn set_dtx(&mut self, on: bool) -> Result<(), Error> {
        self.change(|config| config.dtx = on)
    }

    /// Forgets all signal history, as at the start of a stream.
    ///
    /// # Errors
    /// [`Error::Opus`] when libopus refuses.
    pub fn reset(&mut self) -> Result<(), Error> {
        self.last_len = 0;
        match &mut self.inner {
            Inner::Plain(encoder) => encoder.reset_state()?,
            #[cfg(feature = "dred")]
            Inner::Deep(encoder) => encoder.reset()?,
        }
        Ok(())
    }

    /// Whether the encoder is in a pause of discontinuous transmission: nothing is being said, and packets are one byte
    /// long but for one in 400 ms. (An encoder with DRED only knows that its last packet was one of those.)
    ///
    /// # Errors
    /// [`Error::Opus`] when libopus refuses.
    pub fn in_dtx(&mut self) -> Result<bool, Error> {
        Ok(match &mut self.inner {
            Inner::Plain(encoder) => encoder.get_in_dtx()?,
            #[cfg(feature = "dred")]
            Inner::Deep(_) => self.config.dtx && (1..=2).contains(&self.last_len),
        })
    }

    /// The state of the range coder after the last packet. A decoder that has it too after the same packet has decoded the
    /// same bits ([`Decoder::final_range`](super::Decoder::final_range)). `None` for an encoder with DRED: its binding
    /// cannot tell.
    ///
    /// # Errors
    /// [`Error::Opus`] when libopus refuses.
    pub fn final_range(&mut self) -> Result<Option<u32>, Error> {
        Ok(match &mut self.inner {
            Inner::Plain(encoder) => Some(encoder.get_final_range()?),
            #[cfg(feature = "dred")]
            Inner::Deep(_) => None,
        })
    }

    /// The bandwidth libopus currently codes.
    ///
    /// # Errors
    /// [`Error::Opus`] when libopus refuses.
    pub fn bandwidth(&mut self) -> Result<Option<Bandwidth>, Error> {
        Ok(match &mut self.inner {
            Inner::Plain(encoder) => library::plain::read_bandwidth(encoder.get_bandwidth()?),
            #[cfg(feature = "dred")]
            Inner::Deep(encoder) => library::deep::read_bandwidth(encoder.get_bandwidth()?),
        })
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
        self.set_config(config)
    }
}

enum Inner {
    Plain(::opus::Encoder),
    #[cfg(feature = "dred")]
    Deep(opusic_c::Encoder),
}

impl Inner {
    fn new(config: &EncoderConfig) -> Result<Self, Error> {
        #[cfg(feature = "dred")]
        if !config.dred.is_zero() {
            return Ok(Self::Deep(library::deep::encoder(config)?));
        }
        Ok(Self::Plain(library::plain::encoder(config)?))
    }

    fn lookahead(&mut self) -> Result<u16, Error> {
        let samples = match self {
            Self::Plain(encoder) => encoder.get_lookahead()?,
            #[cfg(feature = "dred")]
            Self::Deep(encoder) => encoder.get_look_ahead()?.try_into().unwrap_or(0),
        };
        Ok(u16::try_from(samples).unwrap_or(0))
    }
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Plain(_) => "Plain",
            #[cfg(feature = "dred")]
            Self::Deep(_) => "Deep",
        })
    }
}
