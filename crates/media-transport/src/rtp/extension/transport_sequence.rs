use crate::error::ParseError;
use crate::wire::Reader;

/// The number of a packet on its transport, over all streams
/// (draft-holmer-rmcat-transport-wide-cc-extensions-01 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TransportSequence(pub u16);

impl TransportSequence {
    /// Reads the extension: two bytes. The four bytes of its second version begin with the same two.
    ///
    /// # Errors
    /// [`ParseError`] for a shorter value.
    #[inline]
    pub fn read(value: &[u8]) -> Result<Self, ParseError> {
        Reader::new(value).u16("transport-wide sequence number").map(Self)
    }

    /// The value as it is sent.
    #[must_use]
    #[inline]
    pub const fn to_bytes(self) -> [u8; 2] {
        self.0.to_be_bytes()
    }
}
