use std::fmt;

use crate::error::ParseError;

/// The longest MID or RID this crate takes, in bytes. RFC 8852 §3 has no bound; what browsers send has at most 16, which
/// is what the one-byte form can carry.
pub const MAX_STREAM_ID_LEN: usize = 16;

/// A MID (RFC 8843 §15), RID or repaired RID (RFC 8852 §4), without an allocation.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct StreamId {
    /// Letters, digits, `-` and `_` in the first `len` bytes, zeros behind.
    bytes: [u8; MAX_STREAM_ID_LEN],
    /// 1..=[`MAX_STREAM_ID_LEN`].
    len: u8,
}

impl StreamId {
    /// Reads the extension, or what stands in SDP: 1 to 16 letters, digits, `-` or `_`.
    ///
    /// # Errors
    /// [`ParseError`] for anything else.
    pub fn read(value: &[u8]) -> Result<Self, ParseError> {
        const FIELD: &str = "stream id";
        let invalid = ParseError::invalid(FIELD);
        let len = u8::try_from(value.len()).map_err(|_| invalid)?;
        let mut bytes = [0; MAX_STREAM_ID_LEN];
        let target = bytes.get_mut(..value.len()).ok_or(invalid)?;
        target.copy_from_slice(value);
        let known = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if len == 0 || !value.iter().all(known) {
            return Err(invalid);
        }
        Ok(Self { bytes, len })
    }

    /// The value as it is sent.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// The same as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
}

impl fmt::Debug for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
