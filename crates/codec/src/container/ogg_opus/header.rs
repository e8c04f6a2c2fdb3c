//! The two header packets (RFC 7845 §5).
#![warn(clippy::indexing_slicing)]

use crate::{Error, opus::Channels};

/// The identification header (RFC 7845 §5.1), channel mapping family 0: mono or stereo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpusHead {
    /// Channels of the stream.
    pub channels: Channels,
    /// Samples at 48 kHz to drop from the start of the decoder's output.
    pub pre_skip: u16,
    /// Rate of the sound before it was encoded, in hertz; information only, 0 when unknown.
    pub input_sample_rate_hz: u32,
    /// Gain to apply when decoding, in 1/256 dB.
    pub output_gain_q8: i16,
}

impl OpusHead {
    /// The header for what `encoder` makes out of 48 kHz sound.
    #[must_use]
    pub const fn for_encoder(encoder: &crate::opus::Encoder) -> Self {
        Self {
            channels: encoder.config().channels,
            pre_skip: encoder.lookahead(),
            input_sample_rate_hz: crate::SAMPLE_RATE_HZ,
            output_gain_q8: 0,
        }
    }

    pub(super) fn parse(packet: &[u8]) -> Result<Self, Error> {
        let Some((&head, _)) = packet.split_first_chunk::<19>() else {
            return Err(Error::Ogg("the first packet is no OpusHead"));
        };
        let [
            b'O',
            b'p',
            b'u',
            b's',
            b'H',
            b'e',
            b'a',
            b'd',
            version,
            channels,
            s0,
            s1,
            r0,
            r1,
            r2,
            r3,
            g0,
            g1,
            family,
        ] = head
        else {
            return Err(Error::Ogg("the first packet is no OpusHead"));
        };
        // The upper four bits are the major version (§5.1, item 2).
        if version >> 4 != 0 {
            return Err(Error::Ogg("OpusHead of a later major version"));
        }
        if family != 0 {
            return Err(Error::Ogg(
                "only mono and stereo streams (mapping family 0) are read",
            ));
        }
        let channels = match channels {
            1 => Channels::Mono,
            2 => Channels::Stereo,
            _ => return Err(Error::Ogg("mapping family 0 with neither 1 nor 2 channels")),
        };
        Ok(Self {
            channels,
            pre_skip: u16::from_le_bytes([s0, s1]),
            input_sample_rate_hz: u32::from_le_bytes([r0, r1, r2, r3]),
            output_gain_q8: i16::from_le_bytes([g0, g1]),
        })
    }

    pub(in crate::container) fn to_bytes(self) -> Vec<u8> {
        let mut out = b"OpusHead\x01".to_vec();
        out.push(match self.channels {
            Channels::Mono => 1,
            Channels::Stereo => 2,
        });
        out.extend(self.pre_skip.to_le_bytes());
        out.extend(self.input_sample_rate_hz.to_le_bytes());
        out.extend(self.output_gain_q8.to_le_bytes());
        out.push(0);
        out
    }
}

/// The comment header (RFC 7845 §5.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpusTags {
    /// The encoder library that made the stream.
    pub vendor: String,
    /// Comments, usually `NAME=value`.
    pub comments: Vec<String>,
}

impl Default for OpusTags {
    fn default() -> Self {
        Self {
            vendor: crate::opus::libopus_version().to_owned(),
            comments: Vec::new(),
        }
    }
}

impl OpusTags {
    pub(super) fn parse(packet: &[u8]) -> Result<Self, Error> {
        let Some(rest) = packet.strip_prefix(b"OpusTags") else {
            return Err(Error::Ogg("the second packet is no OpusTags"));
        };
        let (vendor, rest) = text(rest)?;
        let (count, mut rest) = number(rest)?;
        // Each comment takes four bytes at least, so a larger count is a lie.
        if count > rest.len() / 4 {
            return Err(Error::Ogg("OpusTags announces more comments than it holds"));
        }
        let mut comments = Vec::with_capacity(count.min(64));
        for _ in 0..count {
            let (comment, after) = text(rest)?;
            comments.push(comment);
            rest = after;
        }
        Ok(Self { vendor, comments })
    }

    pub(super) fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let size = |length: usize| {
            u32::try_from(length)
                .map(u32::to_le_bytes)
                .map_err(|_| Error::Ogg("comments beyond 4 GiB"))
        };
        let mut out = b"OpusTags".to_vec();
        out.extend(size(self.vendor.len())?);
        out.extend(self.vendor.as_bytes());
        out.extend(size(self.comments.len())?);
        for comment in &self.comments {
            out.extend(size(comment.len())?);
            out.extend(comment.as_bytes());
        }
        Ok(out)
    }
}

fn number(bytes: &[u8]) -> Result<(usize, &[u8]), Error> {
    let (&number, rest) = bytes
        .split_first_chunk::<4>()
        .ok_or(Error::Ogg("OpusTags is truncated"))?;
    let number =
        usize::try_from(u32::from_le_bytes(number)).map_err(|_| Error::Ogg("OpusTags is truncated"))?;
    Ok((number, rest))
}

/// A length and that much text; what is not UTF-8 is replaced.
fn text(bytes: &[u8]) -> Result<(String, &[u8]), Error> {
    let (length, rest) = number(bytes)?;
    let (text, rest) = rest
        .split_at_checked(length)
        .ok_or(Error::Ogg("OpusTags is truncated"))?;
    Ok((String::from_utf8_lossy(text).into_owned(), rest))
}
