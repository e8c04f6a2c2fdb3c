use crate::error::ParseError;

/// A cursor that reads big-endian fields and says by name which one was cut short.
///
/// Parsers end with [`Reader::end`], so that nothing is silently left over.
///
/// ```
/// use anteroom_media_transport::wire::Reader;
///
/// let mut reader = Reader::new(&[0x12, 0x34, 0x05]);
/// assert_eq!(reader.u16("pid").unwrap(), 0x1234);
/// assert!(reader.end("nack").is_err());
/// assert_eq!(reader.u8("blp").unwrap(), 5);
/// assert!(reader.end("nack").is_ok());
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Starts at the first byte of `bytes`.
    #[must_use]
    #[inline]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next byte.
    ///
    /// # Errors
    /// [`ParseError`] naming `field` when the input has ended.
    #[inline]
    pub fn u8(&mut self, field: &'static str) -> Result<u8, ParseError> {
        self.array::<1>(field).map(|[byte]| byte)
    }

    /// The next two bytes as a big-endian number.
    ///
    /// # Errors
    /// [`ParseError`] naming `field` when fewer are left.
    #[inline]
    pub fn u16(&mut self, field: &'static str) -> Result<u16, ParseError> {
        self.array(field).map(u16::from_be_bytes)
    }

    /// The next three bytes as a big-endian number.
    ///
    /// # Errors
    /// [`ParseError`] naming `field` when fewer are left.
    #[inline]
    pub fn u24(&mut self, field: &'static str) -> Result<u32, ParseError> {
        self.array(field)
            .map(|[a, b, c]| u32::from_be_bytes([0, a, b, c]))
    }

    /// The next four bytes as a big-endian number.
    ///
    /// # Errors
    /// [`ParseError`] naming `field` when fewer are left.
    #[inline]
    pub fn u32(&mut self, field: &'static str) -> Result<u32, ParseError> {
        self.array(field).map(u32::from_be_bytes)
    }

    /// The next eight bytes as a big-endian number.
    ///
    /// # Errors
    /// [`ParseError`] naming `field` when fewer are left.
    #[inline]
    pub fn u64(&mut self, field: &'static str) -> Result<u64, ParseError> {
        self.array(field).map(u64::from_be_bytes)
    }

    /// The next `N` bytes.
    ///
    /// # Errors
    /// [`ParseError`] naming `field` when fewer are left.
    #[inline]
    pub fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], ParseError> {
        let (head, tail) = self
            .rest
            .split_first_chunk::<N>()
            .ok_or_else(|| ParseError::truncated(field))?;
        self.rest = tail;
        Ok(*head)
    }

    /// The next `length` bytes, borrowed.
    ///
    /// # Errors
    /// [`ParseError`] naming `field` when fewer are left.
    #[inline]
    pub fn bytes(&mut self, length: usize, field: &'static str) -> Result<&'a [u8], ParseError> {
        let (head, tail) = self
            .rest
            .split_at_checked(length)
            .ok_or_else(|| ParseError::truncated(field))?;
        self.rest = tail;
        Ok(head)
    }

    /// Everything that is left; the cursor is at the end afterwards.
    #[inline]
    pub fn rest(&mut self) -> &'a [u8] {
        core::mem::take(&mut self.rest)
    }

    /// How many bytes are left.
    #[must_use]
    #[inline]
    pub const fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// Whether nothing is left.
    #[must_use]
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// [`ParseError`] naming `what` when bytes are left over.
    #[inline]
    pub fn end(&self, what: &'static str) -> Result<(), ParseError> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(ParseError::leftover(what))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ParseErrorKind;

    #[test]
    fn reads_every_width_in_network_order() {
        let bytes: Vec<u8> = (1..=19).collect();
        let mut reader = Reader::new(&bytes);
        assert_eq!(reader.u8("a"), Ok(1));
        assert_eq!(reader.u16("b"), Ok(0x0203));
        assert_eq!(reader.u24("c"), Ok(0x0004_0506));
        assert_eq!(reader.u32("d"), Ok(0x0708_090a));
        assert_eq!(reader.u64("e"), Ok(0x0b0c_0d0e_0f10_1112));
        assert_eq!(reader.remaining(), 1);
        assert_eq!(reader.rest(), &[19]);
        assert!(reader.is_empty());
    }

    #[test]
    fn names_the_truncated_field_and_stays_put() {
        let mut reader = Reader::new(&[1, 2]);
        let error = reader.u32("ssrc").unwrap_err();
        assert_eq!(
            error,
            ParseError {
                field: "ssrc",
                kind: ParseErrorKind::Truncated
            }
        );
        assert_eq!(reader.bytes(3, "name").unwrap_err().field, "name");
        assert_eq!(reader.u16("rest"), Ok(0x0102));
    }

    #[test]
    fn refuses_left_over_bytes() {
        assert_eq!(
            Reader::new(&[0]).end("packet"),
            Err(ParseError::leftover("packet"))
        );
        assert_eq!(Reader::new(&[]).end("packet"), Ok(()));
    }
}
