use super::{
    MAX_PACKET_SAMPLES, library,
    packet::{self, Bandwidth},
    settings::Channels,
};
use crate::Error;

/// Decodes packets to 48 kHz 16-bit PCM, and fills in for the ones that are missing.
///
/// Any packet of any bandwidth, frame length and channel count may be given; libopus converts to the channel
/// count chosen here. Every packet is parsed by [`packet`] first, so nothing malformed reaches C.
#[derive(Debug)]
pub struct Decoder {
    inner: Inner,
    channels: Channels,
}

impl Decoder {
    /// A decoder with the given output layout.
    ///
    /// # Errors
    /// [`Error::Opus`] when libopus cannot allocate.
    pub fn new(channels: Channels) -> Result<Self, Error> {
        Ok(Self {
            inner: Inner::Plain(library::plain::decoder(channels)?),
            channels,
        })
    }

    /// A decoder that can use deep redundancy ([`decode_dred`](Self::decode_dred)) and neural concealment
    /// ([`set_complexity`](Self::set_complexity)).
    ///
    /// # Errors
    /// [`Error::Opus`] when libopus cannot allocate.
    #[cfg(feature = "dred")]
    pub fn with_dred(channels: Channels) -> Result<Self, Error> {
        Ok(Self {
            inner: Inner::Deep(library::deep::decoder(channels)?),
            channels,
        })
    }

    /// Decodes a packet and returns the samples per channel written to the front of `out`.
    ///
    /// # Errors
    /// [`Error::Packet`] for malformed bytes, [`Error::Buffer`] when `out` cannot hold the packet
    /// ([`MAX_PACKET_SAMPLES`] per channel always suffice), [`Error::Opus`] when the content is corrupt.
    pub fn decode(&mut self, bytes: &[u8], out: &mut [i16]) -> Result<usize, Error> {
        let samples = packet::duration_samples(bytes)?;
        let out = self.fit(out, samples)?;
        self.inner.decode(bytes, out, false)
    }

    /// Reconstructs the packet that was lost *before* `next`, from the redundancy in `next`.
    ///
    /// `out` is exactly as long as what was lost: `samples` per channel, a multiple of 2.5 ms (120), at most
    /// 120 ms. What FEC does not cover is concealed. Give `next` to [`decode`](Self::decode) afterwards.
    ///
    /// # Errors
    /// As [`decode`](Self::decode), and [`Error::Buffer`] when `samples` is none of those lengths.
    pub fn decode_fec(&mut self, next: &[u8], samples: usize, out: &mut [i16]) -> Result<usize, Error> {
        packet::duration_samples(next)?;
        let out = self.fit_gap(out, samples, MAX_PACKET_SAMPLES)?;
        self.inner.decode(next, out, true)
    }

    /// Reconstructs the `samples` samples per channel that were lost just *before* `next`, from the deep redundancy in
    /// `next`, in one call for the whole loss: a multiple of 2.5 ms (120), at most
    /// [`MAX_DRED_GAP_SAMPLES`](super::MAX_DRED_GAP_SAMPLES).
    ///
    /// What the redundancy does not reach back to is concealed, all of it when `next` has none
    /// ([`packet::has_dred`]). Give `next` to [`decode`](Self::decode) afterwards. Needs about 4 bytes of stack per sample.
    ///
    /// # Errors
    /// As [`decode_fec`](Self::decode_fec), and [`Error::Setting`] for a decoder not made by
    /// [`with_dred`](Self::with_dred).
    #[cfg(feature = "dred")]
    pub fn decode_dred(&mut self, next: &[u8], samples: usize, out: &mut [i16]) -> Result<usize, Error> {
        packet::duration_samples(next)?;
        let out = self.fit_gap(out, samples, super::MAX_DRED_GAP_SAMPLES)?;
        let decoder = self.inner.deep()?;
        Ok(decoder.decode_to_slice(next, bytemuck::cast_slice_mut(out))?)
    }

    /// Sets how much the decoder computes, 0 (the default) to 10: from 5 on, losses are concealed by a neural network,
    /// and with the feature `osce`, from 6 and 7 on, speech at low rates is enhanced by two others.
    ///
    /// # Errors
    /// [`Error::Setting`] when above 10, or for a decoder not made by [`with_dred`](Self::with_dred).
    #[cfg(feature = "dred")]
    pub fn set_complexity(&mut self, complexity: u8) -> Result<(), Error> {
        if complexity > 10 {
            return Err(Error::Setting("complexity must be 0 to 10"));
        }
        Ok(self.inner.deep()?.decoder_mut().set_complexity(complexity)?)
    }

    /// Invents `samples` samples per channel for a loss (packet loss concealment), fading out as it goes on.
    ///
    /// After a DTX packet this is the comfort noise of the pause.
    ///
    /// # Errors
    /// [`Error::Buffer`] when `samples` is not a multiple of 120 up to 5760, or `out` is shorter.
    pub fn conceal(&mut self, samples: usize, out: &mut [i16]) -> Result<usize, Error> {
        let out = self.fit_gap(out, samples, MAX_PACKET_SAMPLES)?;
        self.inner.decode(&[], out, false)
    }

    /// Sets a gain applied to all output, in 1/256 dB (the unit of `OpusHead`, RFC 7845 §5.1).
    ///
    /// # Errors
    /// [`Error::Opus`] when libopus refuses.
    pub fn set_gain_q8(&mut self, gain: i16) -> Result<(), Error> {
        match &mut self.inner {
            Inner::Plain(decoder) => decoder.set_gain(i32::from(gain))?,
            #[cfg(feature = "dred")]
            Inner::Deep(decoder) => decoder.decoder_mut().set_gain(i32::from(gain))?,
        }
        Ok(())
    }

    /// Forbids or allows the phase inversion of intensity stereo: better off when the output is mixed down to mono.
    ///
    /// # Errors
    /// [`Error::Opus`] when libopus refuses.
    pub fn set_phase_inversion_disabled(&mut self, disabled: bool) -> Result<(), Error> {
        match &mut self.inner {
            Inner::Plain(decoder) => decoder.set_phase_inversion_disabled(disabled)?,
            #[cfg(feature = "dred")]
            Inner::Deep(decoder) => decoder.decoder_mut().set_phase_inversion_disabled(disabled)?,
        }
        Ok(())
    }

    /// Forgets all signal history, as at the start of a stream.
    ///
    /// # Errors
    /// [`Error::Opus`] when libopus refuses.
    pub fn reset(&mut self) -> Result<(), Error> {
        match &mut self.inner {
            Inner::Plain(decoder) => decoder.reset_state()?,
            #[cfg(feature = "dred")]
            Inner::Deep(decoder) => decoder.reset()?,
        }
        Ok(())
    }

    /// Samples per channel of the last packet that was decoded or concealed; 0 before any.
    ///
    /// # Errors
    /// [`Error::Opus`] when libopus refuses.
    pub fn last_packet_samples(&mut self) -> Result<usize, Error> {
        let samples = match &mut self.inner {
            Inner::Plain(decoder) => decoder.get_last_packet_duration()?,
            #[cfg(feature = "dred")]
            Inner::Deep(decoder) => decoder.decoder_mut().get_last_packet_duration()?,
        };
        Ok(usize::try_from(samples).unwrap_or(0))
    }

    /// The pitch period of the last frame in samples at 48 kHz; `None` when it was not voiced, or its mode codes none.
    ///
    /// # Errors
    /// [`Error::Opus`] when libopus refuses.
    pub fn pitch_samples(&mut self) -> Result<Option<usize>, Error> {
        let samples = match &mut self.inner {
            Inner::Plain(decoder) => usize::try_from(decoder.get_pitch()?).unwrap_or(0),
            #[cfg(feature = "dred")]
            Inner::Deep(decoder) => {
                let pitch = decoder.decoder_mut().get_pitch()?;
                pitch.map_or(0, |pitch| usize::try_from(pitch.get()).unwrap_or(0))
            }
        };
        Ok((samples > 0).then_some(samples))
    }

    /// The bandwidth of the last packet; `None` before any.
    ///
    /// # Errors
    /// [`Error::Opus`] when libopus refuses.
    pub fn bandwidth(&mut self) -> Result<Option<Bandwidth>, Error> {
        Ok(match &mut self.inner {
            Inner::Plain(decoder) => decoder
                .get_bandwidth()
                .ok()
                .and_then(library::plain::read_bandwidth),
            #[cfg(feature = "dred")]
            Inner::Deep(decoder) => library::deep::read_bandwidth(decoder.decoder_mut().get_bandwidth()?),
        })
    }

    /// The state of the range coder after the last packet: equal to the encoder's when both agree on every bit. `None`
    /// for a decoder with DRED: its binding cannot tell.
    ///
    /// # Errors
    /// [`Error::Opus`] when libopus refuses.
    pub fn final_range(&mut self) -> Result<Option<u32>, Error> {
        Ok(match &mut self.inner {
            Inner::Plain(decoder) => Some(decoder.get_final_range()?),
            #[cfg(feature = "dred")]
            Inner::Deep(_) => None,
        })
    }

    /// Layout of the output.
    #[must_use]
    pub const fn channels(&self) -> Channels {
        self.channels
    }

    fn fit_gap<'o>(&self, out: &'o mut [i16], samples: usize, most: usize) -> Result<&'o mut [i16], Error> {
        if samples == 0 || samples > most || !samples.is_multiple_of(120) {
            return Err(Error::Buffer {
                expected: "a multiple of 2.5 ms, not longer than a packet or a loss can be, was expected",
                got: samples,
            });
        }
        self.fit(out, samples)
    }

    fn fit<'o>(&self, out: &'o mut [i16], samples: usize) -> Result<&'o mut [i16], Error> {
        let got = out.len();
        out.get_mut(..samples * self.channels.count())
            .ok_or(Error::Buffer {
                expected: "room for the whole packet was expected",
                got,
            })
    }
}

enum Inner {
    Plain(::opus::Decoder),
    #[cfg(feature = "dred")]
    Deep(opusic_c::dred::Dred),
}

impl Inner {
    fn decode(&mut self, bytes: &[u8], out: &mut [i16], fec: bool) -> Result<usize, Error> {
        Ok(match self {
            Self::Plain(decoder) => decoder.decode(bytes, out, fec)?,
            #[cfg(feature = "dred")]
            Self::Deep(decoder) => {
                let out = bytemuck::cast_slice_mut(out);
                decoder.decoder_mut().decode_to_slice(bytes, out, fec)?
            }
        })
    }

    #[cfg(feature = "dred")]
    fn deep(&mut self) -> Result<&mut opusic_c::dred::Dred, Error> {
        match self {
            Self::Plain(_) => Err(Error::Setting("this decoder was made without DRED")),
            Self::Deep(decoder) => Ok(decoder),
        }
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
