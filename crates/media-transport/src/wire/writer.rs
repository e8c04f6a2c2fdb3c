use thiserror::Error;

/// The slice under a [`Writer`] is full; what was written before stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the buffer is full")]
pub struct BufferFull;

/// A cursor that writes big-endian fields into the caller's slice.
///
/// ```
/// use anteroom_media_transport::wire::Writer;
///
/// let mut bytes = [0; 4];
/// let mut writer = Writer::new(&mut bytes);
/// writer.u16(0).unwrap();
/// writer.u16(7).unwrap();
/// writer.set_u16(0, 4).unwrap();
/// assert!(writer.u8(1).is_err());
/// assert_eq!(writer.written(), &[0, 4, 0, 7]);
/// ```
#[derive(Debug)]
pub struct Writer<'a> {
    buffer: &'a mut [u8],
    /// Invariant: `position <= buffer.len()`.
    position: usize,
}

impl<'a> Writer<'a> {
    /// Starts at the first byte of `buffer`.
    #[must_use]
    pub const fn new(buffer: &'a mut [u8]) -> Self {
        Self { buffer, position: 0 }
    }

    /// Writes one byte.
    ///
    /// # Errors
    /// [`BufferFull`] when it does not fit; nothing is written then.
    #[inline]
    pub fn u8(&mut self, value: u8) -> Result<(), BufferFull> {
        self.bytes(&[value])
    }

    /// Writes two bytes, big-endian.
    ///
    /// # Errors
    /// [`BufferFull`] when they do not fit; nothing is written then.
    #[inline]
    pub fn u16(&mut self, value: u16) -> Result<(), BufferFull> {
        self.bytes(&value.to_be_bytes())
    }

    /// Writes the lower three bytes of `value`, big-endian.
    ///
    /// # Errors
    /// [`BufferFull`] when they do not fit; nothing is written then.
    #[inline]
    pub fn u24(&mut self, value: u32) -> Result<(), BufferFull> {
        let [_, a, b, c] = value.to_be_bytes();
        self.bytes(&[a, b, c])
    }

    /// Writes four bytes, big-endian.
    ///
    /// # Errors
    /// [`BufferFull`] when they do not fit; nothing is written then.
    #[inline]
    pub fn u32(&mut self, value: u32) -> Result<(), BufferFull> {
        self.bytes(&value.to_be_bytes())
    }

    /// Writes eight bytes, big-endian.
    ///
    /// # Errors
    /// [`BufferFull`] when they do not fit; nothing is written then.
    #[inline]
    pub fn u64(&mut self, value: u64) -> Result<(), BufferFull> {
        self.bytes(&value.to_be_bytes())
    }

    /// Writes all of `bytes`.
    ///
    /// # Errors
    /// [`BufferFull`] when they do not fit; nothing is written then.
    #[inline]
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<(), BufferFull> {
        let target = self.buffer.get_mut(self.position..).ok_or(BufferFull)?;
        let target = target.get_mut(..bytes.len()).ok_or(BufferFull)?;
        target.copy_from_slice(bytes);
        self.position += bytes.len();
        Ok(())
    }

    /// Writes zeros until the position is a multiple of `alignment` bytes.
    ///
    /// # Errors
    /// [`BufferFull`] when they do not fit.
    pub fn align(&mut self, alignment: usize) -> Result<(), BufferFull> {
        while !self.position.is_multiple_of(alignment) {
            self.u8(0)?;
        }
        Ok(())
    }

    /// Overwrites two bytes written before, for lengths known only at the end.
    ///
    /// # Errors
    /// [`BufferFull`] when `at + 2` is past what has been written.
    pub fn set_u16(&mut self, at: usize, value: u16) -> Result<(), BufferFull> {
        let written = self.buffer.get_mut(..self.position).ok_or(BufferFull)?;
        let target = written
            .get_mut(at..)
            .and_then(<[u8]>::first_chunk_mut)
            .ok_or(BufferFull)?;
        *target = value.to_be_bytes();
        Ok(())
    }

    /// How many bytes have been written.
    #[must_use]
    #[inline]
    pub const fn position(&self) -> usize {
        self.position
    }

    /// What has been written.
    #[must_use]
    pub fn written(&self) -> &[u8] {
        self.buffer.get(..self.position).unwrap_or_default()
    }

    /// Ends the writing and gives the written part of the buffer back.
    #[must_use]
    pub fn into_written(self) -> &'a [u8] {
        let written: &'a [u8] = self.buffer;
        written.get(..self.position).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Reader;

    #[test]
    fn what_is_written_reads_back() {
        let mut buffer = [0xff; 20];
        let mut writer = Writer::new(&mut buffer);
        writer.u8(1).unwrap();
        writer.u16(2).unwrap();
        writer.u24(3).unwrap();
        writer.u32(4).unwrap();
        writer.u64(5).unwrap();
        writer.align(4).unwrap();
        assert_eq!(writer.position(), 20);
        let mut reader = Reader::new(writer.written());
        assert_eq!(reader.u8("u8"), Ok(1));
        assert_eq!(reader.u16("u16"), Ok(2));
        assert_eq!(reader.u24("u24"), Ok(3));
        assert_eq!(reader.u32("u32"), Ok(4));
        assert_eq!(reader.u64("u64"), Ok(5));
        assert_eq!(reader.rest(), &[0, 0]);
    }

    #[test]
    fn refuses_what_does_not_fit_and_writes_none_of_it() {
        let mut buffer = [9; 3];
        let mut writer = Writer::new(&mut buffer);
        assert_eq!(writer.u32(1), Err(BufferFull));
        assert_eq!(writer.set_u16(0, 1), Err(BufferFull));
        assert_eq!(writer.position(), 0);
        assert_eq!(buffer, [9; 3]);
    }
}
