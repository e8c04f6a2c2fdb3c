use crate::opus::packet::ParseError;

/// Why an operation of this crate was refused.
///
/// None of the messages contains file names or sound; they are safe to log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes are not a valid Opus packet.
    #[error("malformed Opus packet: {0}")]
    Packet(#[from] ParseError),
    /// A setting is outside the range the codec supports.
    #[error("unsupported setting: {0}")]
    Setting(&'static str),
    /// A buffer handed in has the wrong number of samples.
    #[error("buffer of {got} samples where {expected}")]
    Buffer {
        /// What would have been right.
        expected: &'static str,
        /// Samples handed in, all channels together.
        got: usize,
    },
    /// libopus refused the call; the text names what it complained about.
    #[error("libopus: {0}")]
    Opus(&'static str),
    /// The file is no RIFF/WAVE file at all.
    #[error("not a WAV file: {0}")]
    NotWav(&'static str),
    /// It is a WAV file, but a broken one or of an encoding that is not plain PCM or float.
    #[error("unreadable WAV file: {0}")]
    Wav(&'static str),
    /// The file is no Ogg stream with Opus in it, or breaks RFC 3533 or RFC 7845.
    #[error("unreadable Ogg Opus file: {0}")]
    Ogg(&'static str),
    /// The file is not Matroska or WebM as this crate writes it.
    #[error("unreadable Matroska file: {0}")]
    Matroska(&'static str),
    /// The file is not IVF, or holds a coding that is not read.
    #[error("unreadable IVF file: {0}")]
    Ivf(&'static str),
    /// A compressed picture, or the parameters that come with it, cannot be read.
    #[error("unreadable video: {0}")]
    Video(&'static str),
    /// The file holds more sound than the caller wants to have in memory.
    #[error("the file holds more than {limit_seconds} s of sound")]
    TooLong {
        /// The caller's limit, in seconds.
        limit_seconds: u64,
    },
    /// Reading or writing failed underneath.
    #[error("input/output: {0}")]
    Io(#[from] std::io::Error),
}

impl From<::opus::Error> for Error {
    fn from(error: ::opus::Error) -> Self {
        Self::Opus(error.description())
    }
}
