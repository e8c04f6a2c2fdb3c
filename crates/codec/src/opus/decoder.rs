use super::{MAX_PACKET_SAMPLES, packet, settings::Channels};
use crate::{Error, SAMPLE_RATE_HZ};

/// Decodes packets to 48 kHz 16-bit PCM, and fills in for the ones that are missing.
///
/// Any packet of any bandwidth, frame length and channel count may be given; libopus converts to the channel
/// count chosen here. Every packet is parsed by [`packet`] first, so nothing malformed reaches C.
#[derive(Debug)]
pub struct Decoder {
    inner: ::opus::Decoder,
    channels: Channels,
}

impl Decoder {
    /// A decoder with the given output layout.
    ///
    /// # Errors
    /// [`Error::Opus`] when libopus cannot allocate.
    pub fn new(channels: Channels) -> Result<Self, Error> {
        Ok(Self {
            inner: ::opus::Decoder::new(SAMPLE_RATE_HZ, channels.into())?,
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
        Ok(self.inner.decode(bytes, out, false)?)
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
        let out = self.fit_gap(out, samples)?;
        Ok(self.inner.decode(next, out, true)?)
    }

    /// Invents `samples` samples per channel for a loss (packet loss concealment), fading out as it goes on.
    ///
    /// After a DTX packet this is the comfort noise of the pause.
    ///
    /// # Errors
    /// [`Error::Buffer`] when `samples` is not a multiple of 120 up to 5760, or `out` is shorter.
    pub fn conceal(&mut self, samples: usize, out: &mut [i16]) -> Result<usize, Error> {
        let out = self.fit_gap(out, samples)?;
        Ok(self.inner.decode(&[], out, false)?)
    }

    /// Sets a gain applied to all output, in 1/256 dB (the unit of `OpusHead`, RFC 7845 §5.1).
    ///
    /// # Errors
    /// [`Error::Opus`] when libopus refuses.
    pub fn set_gain_q8(&mut self, gain: i16) -> Result<(), Error> {
        Ok(self.inner.set_gain(i32::from(gain))?)
    }

    /// Forgets all signal history, as at the start of a stream.
    ///
    /// # Errors
    /// [`Error::Opus`] when libopus refuses.
    pub fn reset(&mut self) -> Result<(), Error> {
        Ok(self.inner.reset_state()?)
    }

    /// Layout of the output.
    #[must_use]
    pub const fn channels(&self) -> Channels {
        self.channels
    }

    fn fit_gap<'o>(&self, out: &'o mut [i16], samples: usize) -> Result<&'o mut [i16], Error> {
        if samples == 0 || samples > MAX_PACKET_SAMPLES || !samples.is_multiple_of(120) {
            return Err(Error::Buffer {
                expected: "a multiple of 2.5 ms up to 120 ms was expected",
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
