use crate::Error;

/// Reads bits, most significant first.
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    /// In bits, at most eight times the bytes.
    position: usize,
    /// What running out of bits means here.
    truncated: &'static str,
}

impl<'a> Bits<'a> {
    pub(super) const fn new(bytes: &'a [u8], truncated: &'static str) -> Self {
        Self {
            bytes,
            position: 0,
            truncated,
        }
    }

    pub(super) fn bit(&mut self) -> Result<bool, Error> {
        let byte = self
            .bytes
            .get(self.position / 8)
            .ok_or(Error::Video(self.truncated))?;
        let bit = byte >> (7 - self.position % 8) & 1;
        self.position += 1;
        Ok(bit == 1)
    }

    /// `count` bits, 0 to 32.
    pub(super) fn bits(&mut self, count: u32) -> Result<u32, Error> {
        let mut value = 0;
        for _ in 0..count {
            value = value << 1 | u32::from(self.bit()?);
        }
        Ok(value)
    }

    /// `count` bits, 0 to 8.
    pub(super) fn small(&mut self, count: u32) -> Result<u8, Error> {
        let value = self.bits(count.min(8))?;
        u8::try_from(value).map_err(|_| Error::Video(self.truncated))
    }

    /// An unsigned Exp-Golomb code below 2³² − 1: `ue(v)` of H.264 §9.1 and `uvlc()` of AV1 §4.10.3.
    pub(super) fn exp_golomb(&mut self) -> Result<u32, Error> {
        let mut zeros = 0;
        while !self.bit()? {
            zeros += 1;
            if zeros > 31 {
                return Err(Error::Video(self.truncated));
            }
        }
        Ok((1 << zeros) - 1 + self.bits(zeros)?)
    }

    /// A signed Exp-Golomb code, `se(v)` of H.264 §9.1.1.
    pub(super) fn signed_exp_golomb(&mut self) -> Result<i64, Error> {
        let code = i64::from(self.exp_golomb()?);
        Ok(if code % 2 == 1 {
            (code + 1) / 2
        } else {
            -(code / 2)
        })
    }
}
