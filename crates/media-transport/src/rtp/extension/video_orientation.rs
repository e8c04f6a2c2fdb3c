use crate::error::ParseError;
use crate::wire::Reader;

/// How a picture has to be turned to be upright (coordination of video orientation, 3GPP TS 26.114 §7.4.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct VideoOrientation {
    /// Whether it comes from the camera on the back.
    pub is_back_camera: bool,
    /// Whether it has to be mirrored, before it is turned.
    pub is_flipped: bool,
    /// How far it has to be turned.
    pub rotation: Rotation,
}

/// Clockwise, in steps of a quarter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Rotation {
    /// Upright as it is.
    #[default]
    Degrees0,
    /// A quarter to the right.
    Degrees90,
    /// Upside down.
    Degrees180,
    /// A quarter to the left.
    Degrees270,
}

impl VideoOrientation {
    /// Reads the one byte of the extension; its upper four bits have no meaning.
    ///
    /// # Errors
    /// [`ParseError`] for another length.
    pub fn read(value: &[u8]) -> Result<Self, ParseError> {
        const FIELD: &str = "video orientation";
        let mut reader = Reader::new(value);
        let bits = reader.u8(FIELD)?;
        reader.end(FIELD)?;
        Ok(Self {
            is_back_camera: bits & 0x08 != 0,
            is_flipped: bits & 0x04 != 0,
            rotation: match bits & 0x03 {
                0 => Rotation::Degrees0,
                1 => Rotation::Degrees90,
                2 => Rotation::Degrees180,
                _ => Rotation::Degrees270,
            },
        })
    }

    /// The value as it is sent.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 1] {
        let rotation = match self.rotation {
            Rotation::Degrees0 => 0,
            Rotation::Degrees90 => 1,
            Rotation::Degrees180 => 2,
            Rotation::Degrees270 => 3,
        };
        [(self.is_back_camera as u8) << 3 | (self.is_flipped as u8) << 2 | rotation]
    }
}
