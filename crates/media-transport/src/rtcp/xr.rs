use super::NtpTime;
use crate::error::ParseError;
use crate::wire::Reader;

/// Receiver reference time report block (RFC 3611 §4.4).
pub(super) const RECEIVER_REFERENCE_TIME: u8 = 4;
/// DLRR report block (RFC 3611 §4.5).
pub(super) const DELAY_SINCE_LAST: u8 = 5;

/// An extended report (RFC 3611), borrowed and checked. By its blocks one that only receives measures the round trip.
#[derive(Debug, Clone, Copy)]
pub struct ExtendedReport<'a> {
    /// Who reports.
    pub ssrc: u32,
    blocks: &'a [u8],
}

/// One block of an extended report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum XrBlock<'a> {
    /// The time at which a receiver sent the report.
    ReceiverReferenceTime(NtpTime),
    /// When the reporter had such times from whom; for each a [`ReceptionTime`].
    DelaySinceLast(&'a [[u8; ReceptionTime::LEN]]),
    /// A block this crate does not read.
    Unknown {
        /// Its type.
        block_type: u8,
        /// What follows its header.
        body: &'a [u8],
    },
}

/// Says to a receiver how long ago its reference time had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ReceptionTime {
    /// The receiver.
    pub ssrc: u32,
    /// [`NtpTime::middle`] of its last reference time; 0 when there was none.
    pub last: u32,
    /// Delay since that in 1/65536 s.
    pub delay: u32,
}

impl ReceptionTime {
    /// Length on the wire in bytes.
    pub const LEN: usize = 12;

    /// Reads an entry of a [`XrBlock::DelaySinceLast`].
    #[must_use]
    pub const fn read(bytes: &[u8; Self::LEN]) -> Self {
        let [a, b, c, d, e, f, g, h, i, j, k, l] = *bytes;
        Self {
            ssrc: u32::from_be_bytes([a, b, c, d]),
            last: u32::from_be_bytes([e, f, g, h]),
            delay: u32::from_be_bytes([i, j, k, l]),
        }
    }
}

impl<'a> ExtendedReport<'a> {
    pub(super) fn read(body: &'a [u8]) -> Result<Self, ParseError> {
        let mut reader = Reader::new(body);
        let ssrc = reader.u32("extended report")?;
        let blocks = reader.rest();
        let mut rest = Reader::new(blocks);
        while !rest.is_empty() {
            read_block(&mut rest)?;
        }
        Ok(Self { ssrc, blocks })
    }

    /// The blocks in wire order.
    #[must_use]
    pub const fn blocks(&self) -> XrBlocks<'a> {
        XrBlocks {
            reader: Reader::new(self.blocks),
        }
    }
}

/// Iterates over the blocks of an [`ExtendedReport`].
#[derive(Debug, Clone)]
pub struct XrBlocks<'a> {
    reader: Reader<'a>,
}

impl<'a> Iterator for XrBlocks<'a> {
    type Item = XrBlock<'a>;

    fn next(&mut self) -> Option<XrBlock<'a>> {
        read_block(&mut self.reader).ok()
    }
}

fn read_block<'a>(reader: &mut Reader<'a>) -> Result<XrBlock<'a>, ParseError> {
    const FIELD: &str = "XR block";
    let block_type = reader.u8(FIELD)?;
    reader.u8(FIELD)?;
    let words = reader.u16(FIELD)?;
    let body = reader.bytes(usize::from(words) * 4, FIELD)?;
    Ok(match block_type {
        RECEIVER_REFERENCE_TIME => {
            let mut time = Reader::new(body);
            let ntp = time.u64("XR reference time")?;
            time.end("XR reference time")?;
            XrBlock::ReceiverReferenceTime(NtpTime(ntp))
        }
        DELAY_SINCE_LAST => match body.as_chunks() {
            (entries, []) => XrBlock::DelaySinceLast(entries),
            _ => return Err(ParseError::leftover("XR DLRR")),
        },
        _ => XrBlock::Unknown { block_type, body },
    })
}
