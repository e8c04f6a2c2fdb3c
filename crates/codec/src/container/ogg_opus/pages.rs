//! Pages to packets of one logical stream, with memory bounded.

use std::io::{ErrorKind, Read};

use ogg::reading::{BasePacketReader, OggReadError, PageParser};

use crate::Error;

/// Longest packet put together from pages: a comment header with a picture in it.
const MAX_PACKET_BYTES: usize = 1 << 20;

/// Reads the packets of the first logical stream; pages of other streams are skipped.
pub(super) struct Pages<R> {
    source: R,
    packets: BasePacketReader,
    serial: Option<u32>,
    /// Body bytes read since a packet was last completed; at most [`MAX_PACKET_BYTES`] and one page.
    unfinished: usize,
    last_page: bool,
}

impl<R: Read> Pages<R> {
    pub(super) fn new(source: R) -> Self {
        Self {
            source,
            packets: BasePacketReader::new(),
            serial: None,
            unfinished: 0,
            last_page: false,
        }
    }

    /// The next packet; `None` at the end of the stream, and also where the file breaks off.
    pub(super) fn next(&mut self) -> Result<Option<ogg::Packet>, Error> {
        loop {
            if let Some(packet) = self.packets.read_packet() {
                self.unfinished = 0;
                return Ok(Some(packet));
            }
            if self.last_page || !self.read_page()? {
                return Ok(None);
            }
        }
    }

    fn read_page(&mut self) -> Result<bool, Error> {
        let mut header = [0; 27];
        if !self.fill(&mut header)? {
            return Ok(false);
        }
        let [
            b'O',
            b'g',
            b'g',
            b'S',
            _,
            flags,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            s0,
            s1,
            s2,
            s3,
            ..,
        ] = header
        else {
            return Err(Error::Ogg("no Ogg page where one should start"));
        };
        let serial = u32::from_le_bytes([s0, s1, s2, s3]);
        let (mut page, segments) = PageParser::new(header).map_err(read_error)?;
        let mut table = vec![0; segments];
        if !self.fill(&mut table)? {
            return Ok(false);
        }
        let mut body = vec![0; page.parse_segments(table)];
        if !self.fill(&mut body)? {
            return Ok(false);
        }
        if *self.serial.get_or_insert(serial) != serial {
            return Ok(true);
        }
        self.unfinished += body.len();
        if self.unfinished > MAX_PACKET_BYTES {
            return Err(Error::Ogg("a packet over one megabyte"));
        }
        self.last_page = flags & 4 != 0;
        let page = page.parse_packet_data(body).map_err(read_error)?;
        self.packets.push_page(page).map_err(read_error)?;
        Ok(true)
    }

    /// Fills the buffer, or says `false` when the file ends first.
    fn fill(&mut self, buffer: &mut [u8]) -> Result<bool, Error> {
        match self.source.read_exact(buffer) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

fn read_error(error: OggReadError) -> Error {
    match error {
        OggReadError::NoCapturePatternFound => Error::Ogg("no Ogg page where one should start"),
        OggReadError::InvalidStreamStructVer(_) => Error::Ogg("a page of an unknown Ogg version"),
        OggReadError::HashMismatch(..) => Error::Ogg("a page with a wrong checksum"),
        OggReadError::ReadError(error) => Error::Io(error),
        OggReadError::InvalidData => Error::Ogg("pages that do not follow each other"),
    }
}
