use crate::error::ParseError;

/// A cursor over bits, most significant first.
#[derive(Debug, Clone)]
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    /// Invariant: at most eight times the length of `bytes`.
    position: usize,
}

impl<'a> Bits<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    /// `f(count)` of the specification, for at most 16 bits.
    pub(super) fn take(&mut self, count: u32, field: &'static str) -> Result<u16, ParseError> {
        debug_assert!(count <= 16);
        let end = self.position + count as usize;
        if end > self.bytes.len() * 8 {
            return Err(ParseError::truncated(field));
        }
        // Sixteen bits are spread over three bytes at most.
        let mut window = [0; 4];
        let bytes = self.bytes.get(self.position / 8..).unwrap_or_default();
        for (target, byte) in window.iter_mut().zip(bytes) {
            *target = *byte;
        }
        let aligned = u64::from(u32::from_be_bytes(window)) << (self.position % 8) & 0xffff_ffff;
        self.position = end;
        u16::try_from(aligned >> (32 - count)).map_err(|_| ParseError::invalid(field))
    }

    pub(super) fn flag(&mut self, field: &'static str) -> Result<bool, ParseError> {
        Ok(self.take(1, field)? == 1)
    }

    /// `ns(n)` of the specification: a number below `values`, 1..=33 of them, in as few bits as it needs.
    pub(super) fn non_symmetric(&mut self, values: u16, field: &'static str) -> Result<u16, ParseError> {
        let width = u16::BITS - values.leading_zeros();
        let short = (1 << width) - values;
        let value = self.take(width.saturating_sub(1), field)?;
        if value < short {
            return Ok(value);
        }
        Ok((value << 1) - short + self.take(1, field)?)
    }

    pub(super) const fn position(&self) -> usize {
        self.position
    }

    pub(super) const fn remaining(&self) -> usize {
        self.bytes.len() * 8 - self.position
    }
}

/// A cursor that writes bits into zeroed bytes.
#[derive(Debug)]
pub(super) struct BitWriter<'a> {
    bytes: &'a mut [u8],
    position: usize,
}

impl<'a> BitWriter<'a> {
    pub(super) fn new(bytes: &'a mut [u8]) -> Self {
        bytes.fill(0);
        Self { bytes, position: 0 }
    }

    /// Writes the lower `count` bits of `value`, at most 16; `None` when they do not fit.
    pub(super) fn put(&mut self, count: u32, value: u16) -> Option<()> {
        for bit in (0..count).rev() {
            let byte = self.bytes.get_mut(self.position / 8)?;
            *byte |= u8::from(value >> bit & 1 == 1) << (7 - self.position % 8);
            self.position += 1;
        }
        Some(())
    }

    /// Copies so many bits; `None` when they are not there or do not fit.
    pub(super) fn copy(&mut self, from: &mut Bits<'_>, mut count: usize) -> Option<()> {
        while count > 0 {
            let chunk = u32::try_from(count.min(16)).ok()?;
            self.put(chunk, from.take(chunk, "copied bits").ok()?)?;
            count -= chunk as usize;
        }
        Some(())
    }

    /// How many bytes have been begun.
    pub(super) const fn len(&self) -> usize {
        self.position.div_ceil(8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_across_bytes_and_refuses_to_run_over() {
        let mut bits = Bits::new(&[0b1010_0101, 0xff, 0x00, 0b1000_0001]);
        assert_eq!(bits.take(0, "a"), Ok(0));
        assert_eq!(bits.take(3, "a"), Ok(0b101));
        assert_eq!(bits.take(16, "b"), Ok(0b0010_1111_1111_1000));
        assert_eq!(bits.take(12, "c"), Ok(0b0000_0100_0000));
        assert_eq!(bits.take(2, "d"), Err(ParseError::truncated("d")));
        assert_eq!((bits.take(1, "e"), bits.remaining()), (Ok(1), 0));
    }

    #[test]
    fn numbers_below_a_bound_take_the_bits_of_the_specification() {
        // AV1 specification §4.10.7: for five values 00, 01, 10, 110 and 111.
        let mut bits = Bits::new(&[0b0001_1011, 0b0111_0000]);
        let values: Vec<_> = (0..5).map(|_| bits.non_symmetric(5, "n").unwrap()).collect();
        assert_eq!((values, bits.position()), (vec![0, 1, 2, 3, 4], 12));
        assert_eq!(bits.non_symmetric(1, "n"), Ok(0));
        assert_eq!(bits.position(), 12, "one value needs no bits");
    }

    #[test]
    fn what_is_copied_is_the_same() {
        let from = [0x12, 0x34, 0x56, 0x78, 0x9a];
        let mut bits = Bits::new(&from);
        let mut to = [0xff; 5];
        let mut writer = BitWriter::new(&mut to);
        writer.copy(&mut bits, 37).unwrap();
        assert!(writer.copy(&mut bits, 4).is_none());
        assert_eq!(writer.len(), 5);
        let mut to = [0xff; 1];
        let mut writer = BitWriter::new(&mut to);
        writer.put(3, 0b101).unwrap();
        writer.put(5, 0b1_0001).unwrap();
        assert!(writer.put(1, 1).is_none());
        assert_eq!(to, [0b1011_0001]);
    }
}
