use crate::error::ParseError;
use crate::wire::Reader;

/// What a picture shows (libwebrtc's `video-content-type`); unknown values are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct VideoContentType(pub u8);

impl VideoContentType {
    /// A camera's picture, or nothing is known.
    pub const UNSPECIFIED: Self = Self(0);
    /// A screen that is shared.
    pub const SCREENSHARE: Self = Self(1);

    /// Reads the one byte of the extension.
    ///
    /// # Errors
    /// [`ParseError`] for another length.
    pub fn read(value: &[u8]) -> Result<Self, ParseError> {
        const FIELD: &str = "video content type";
        let mut reader = Reader::new(value);
        let kind = reader.u8(FIELD)?;
        reader.end(FIELD)?;
        Ok(Self(kind))
    }

    /// Whether it is a shared screen. Upper bits have carried experiments; the lowest has always meant this.
    #[must_use]
    pub const fn is_screenshare(self) -> bool {
        self.0 & 1 == 1
    }

    /// The value as it is sent.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 1] {
        [self.0]
    }
}
