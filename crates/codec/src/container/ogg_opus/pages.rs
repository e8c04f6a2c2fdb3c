//! Pages to packets of one logical stream (RFC 3533), with memory bounded.
#![warn(clippy::indexing_slicing)]

use std::io::{Read, Seek, SeekFrom};

use crate::Error;

/// Longest packet put together from pages: a comment header with a picture in it.
const MAX_PACKET_BYTES: usize = 1 << 20;

/// Bytes of a page before its segment table (RFC 3533 §6).
const HEADER_BYTES: usize = 27;

/// Longest page: header, 255 segments, 255 bytes in each.
pub(super) const MAX_PAGE_BYTES: usize = HEADER_BYTES + 255 + 255 * 255;

/// Things that look like pages and are none, one after another, before a file is given up: each costs a checksum.
const MAX_DAMAGE: usize = 64;

const CAPTURE_PATTERN: &[u8; 4] = b"OggS";

const CONTINUED: u8 = 1;
const FIRST: u8 = 2;
const LAST: u8 = 4;

/// A page whose checksum is right.
#[derive(Debug, Clone)]
pub(super) struct Page {
    /// Where it starts in the source.
    pub(super) start: u64,
    flags: u8,
    /// The position at the end of the last packet that ends here; `None` when none does.
    pub(super) granule: Option<u64>,
    pub(super) serial: u32,
    sequence: u32,
    lacing: Vec<u8>,
    body: Vec<u8>,
}

impl Page {
    pub(super) const fn is_first(&self) -> bool {
        self.flags & FIRST != 0
    }

    pub(super) const fn is_last(&self) -> bool {
        self.flags & LAST != 0
    }

    fn length(&self) -> u64 {
        (HEADER_BYTES + self.lacing.len() + self.body.len()) as u64
    }

    pub(super) fn end(&self) -> u64 {
        self.start + self.length()
    }
}

/// A packet and what its page says.
#[derive(Debug)]
pub(super) struct Packet {
    pub(super) data: Vec<u8>,
    /// It is the last that ends on its page, and this is the position there.
    pub(super) granule: Option<u64>,
    /// The last that ends on its page.
    pub(super) is_last_in_page: bool,
    /// On the first page of the stream.
    pub(super) is_first: bool,
    /// The last of the stream.
    pub(super) is_last: bool,
    /// Where the sound ends, on the last page of the stream: at its last packet or earlier.
    pub(super) sound_end: Option<u64>,
    /// Pages were lost before it.
    pub(super) after_hole: bool,
}

/// What to do with bytes that are no page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Damage {
    /// Say so.
    Refuse,
    /// Look for the next page (RFC 3533 §3, "capture pattern").
    Skip,
}

/// Reads the packets of one logical stream; pages of streams beside it are skipped.
pub(super) struct Pages<R> {
    source: R,
    /// Bytes read; those before `front` are done with. Never more than two pages.
    buffer: Vec<u8>,
    front: usize,
    /// Where `buffer` starts in the source.
    offset: u64,
    /// The stream being read, once known.
    serial: Option<u32>,
    /// The page being taken apart: its lacing values and bytes not yet used, from the back of these.
    page: Option<(Page, usize, usize)>,
    /// The start of a packet that goes on on the next page.
    unfinished: Option<Vec<u8>>,
    /// Number of the page that should come next.
    next_sequence: Option<u32>,
    after_hole: bool,
    is_over: bool,
    /// The first page of the stream behind this one.
    chained: Option<Page>,
    /// The first pages of all streams side by side are over.
    is_under_way: bool,
}

impl<R: Read> Pages<R> {
    pub(super) const fn new(source: R) -> Self {
        Self {
            source,
            buffer: Vec::new(),
            front: 0,
            offset: 0,
            serial: None,
            page: None,
            unfinished: None,
            next_sequence: None,
            after_hole: false,
            is_over: false,
            chained: None,
            is_under_way: false,
        }
    }

    /// The next packet; `None` at the end of the stream, and also where the file breaks off.
    pub(super) fn next(&mut self, damage: Damage) -> Result<Option<Packet>, Error> {
        loop {
            if let Some(packet) = self.packet_of_page()? {
                return Ok(Some(packet));
            }
            if self.is_over {
                return Ok(None);
            }
            match self.next_page(damage)? {
                Some(page) => self.begin(page),
                None => self.is_over = true,
            }
        }
    }

    /// Goes on to the stream behind this one (chaining, RFC 3533 §4); false when there is none.
    pub(super) fn next_stream(&mut self) -> Result<bool, Error> {
        while self.chained.is_none() {
            // What follows the end of this stream are ends of streams beside it, or the start of the next.
            match self.next_page(Damage::Skip)? {
                Some(page) if page.is_first() => self.chained = Some(page),
                Some(_) => {}
                None => return Ok(false),
            }
        }
        if let Some(page) = self.chained.take() {
            self.restart();
            self.serial = Some(page.serial);
            self.is_under_way = false;
            self.begin(page);
        }
        Ok(true)
    }

    /// The stream being read, once its first page is.
    pub(super) const fn serial(&self) -> Option<u32> {
        self.serial
    }

    /// Where the next page starts, at the earliest.
    pub(super) const fn position(&self) -> u64 {
        self.offset + self.front as u64
    }

    /// The next page of any stream.
    pub(super) fn next_page(&mut self, damage: Damage) -> Result<Option<Page>, Error> {
        let mut failures = 0;
        loop {
            if !self.fill(HEADER_BYTES)? {
                return Ok(None);
            }
            let fault = match self.try_page()? {
                Ok(page) => return Ok(Some(page)),
                Err(fault) => fault,
            };
            let rest = self.buffer.get(self.front..).unwrap_or_default();
            failures += usize::from(rest.starts_with(CAPTURE_PATTERN));
            if damage == Damage::Refuse || failures > MAX_DAMAGE {
                return Err(Error::Ogg(fault));
            }
            let next = rest
                .windows(CAPTURE_PATTERN.len())
                .skip(1)
                .position(|window| window == CAPTURE_PATTERN);
            // The pattern may be cut by the end of what is there.
            self.front += next.map_or_else(|| rest.len().saturating_sub(3).max(1), |at| at + 1);
        }
    }

    /// The page at `front`, or why there is none. A page that the file does not hold to its end is none.
    fn try_page(&mut self) -> Result<Result<Page, &'static str>, Error> {
        let header: [u8; HEADER_BYTES] = match self.buffer.get(self.front..).and_then(<[u8]>::first_chunk) {
            Some(header) => *header,
            None => return Ok(Err("it ends inside a page")),
        };
        let [b'O', b'g', b'g', b'S', version, flags, rest @ ..] = header else {
            return Ok(Err("no Ogg page where one should start"));
        };
        if version != 0 {
            return Ok(Err("a page of an unknown Ogg version"));
        }
        let mut rest = rest.as_slice();
        let granule = u64::from_le_bytes(take(&mut rest));
        let serial = u32::from_le_bytes(take(&mut rest));
        let sequence = u32::from_le_bytes(take(&mut rest));
        let checksum = u32::from_le_bytes(take(&mut rest));
        let segments = usize::from(u8::from_le_bytes(take(&mut rest)));
        let mut lacing = Vec::new();
        if self.fill(HEADER_BYTES + segments)? {
            let from = self.front + HEADER_BYTES;
            lacing = self
                .buffer
                .get(from..from + segments)
                .unwrap_or_default()
                .to_vec();
        }
        let body_length = lacing.iter().map(|length| usize::from(*length)).sum::<usize>();
        let length = HEADER_BYTES + segments + body_length;
        if lacing.len() < segments || !self.fill(length)? {
            return Ok(Err("it ends inside a page"));
        }
        let bytes = self
            .buffer
            .get(self.front..self.front + length)
            .unwrap_or_default();
        if crc(bytes) != checksum {
            return Ok(Err("a page with a wrong checksum"));
        }
        let page = Page {
            start: self.position(),
            flags,
            // All ones say that no packet ends here.
            granule: Some(granule).filter(|granule| *granule != u64::MAX),
            serial,
            sequence,
            lacing,
            body: bytes.get(HEADER_BYTES + segments..).unwrap_or_default().to_vec(),
        };
        self.front += length;
        Ok(Ok(page))
    }

    fn begin(&mut self, page: Page) {
        // The first pages of all streams side by side come before any other (RFC 3533 §4); a later one is chained.
        if page.is_first() && self.is_under_way {
            self.chained = Some(page);
            self.is_over = true;
            return;
        }
        self.is_under_way |= !page.is_first();
        if *self.serial.get_or_insert(page.serial) != page.serial {
            return;
        }
        let is_next = self.next_sequence.is_none_or(|next| next == page.sequence);
        let continues = page.flags & CONTINUED != 0;
        if !is_next || !continues && self.unfinished.is_some() {
            self.after_hole = true;
            self.unfinished = None;
        }
        self.next_sequence = Some(page.sequence.wrapping_add(1));
        self.is_over = page.is_last();
        let (mut segment, mut at) = (0, 0);
        if continues && self.unfinished.is_none() {
            // The end of a packet whose start is not here.
            while let Some(length) = page.lacing.get(segment) {
                segment += 1;
                at += usize::from(*length);
                if *length < 255 {
                    break;
                }
            }
        }
        self.page = Some((page, segment, at));
    }

    fn packet_of_page(&mut self) -> Result<Option<Packet>, Error> {
        let Some((page, segment, at)) = &mut self.page else {
            return Ok(None);
        };
        let lengths = page.lacing.get(*segment..).unwrap_or_default();
        if lengths.is_empty() {
            self.page = None;
            return Ok(None);
        }
        let end = lengths.iter().position(|length| *length < 255);
        let used = end.map_or(lengths.len(), |end| end + 1);
        let length: usize = lengths.iter().take(used).map(|length| usize::from(*length)).sum();
        let mut data = self.unfinished.take().unwrap_or_default();
        if data.len() + length > MAX_PACKET_BYTES {
            return Err(Error::Ogg("a packet over one megabyte"));
        }
        data.extend(page.body.get(*at..*at + length).unwrap_or_default());
        *segment += used;
        *at += length;
        if end.is_none() {
            self.unfinished = Some(data);
            self.page = None;
            return Ok(None);
        }
        let rest = page.lacing.get(*segment..).unwrap_or_default();
        let is_last_in_page = rest.iter().all(|length| *length == 255);
        Ok(Some(Packet {
            data,
            granule: page.granule.filter(|_| is_last_in_page),
            is_last_in_page,
            is_first: page.is_first(),
            is_last: is_last_in_page && page.is_last(),
            sound_end: page.granule.filter(|_| page.is_last()),
            after_hole: std::mem::take(&mut self.after_hole),
        }))
    }

    /// Brings `wanted` bytes from `front` on into the buffer; false when the file ends first.
    fn fill(&mut self, wanted: usize) -> Result<bool, Error> {
        let missing = wanted.saturating_sub(self.buffer.len().saturating_sub(self.front));
        if missing > 0 {
            self.buffer.drain(..self.front.min(self.buffer.len()));
            self.offset += self.front as u64;
            self.front = 0;
            self.source
                .by_ref()
                .take(missing as u64)
                .read_to_end(&mut self.buffer)?;
        }
        Ok(self.buffer.len().saturating_sub(self.front) >= wanted)
    }

    /// Forgets all that was begun.
    fn restart(&mut self) {
        self.page = None;
        self.unfinished = None;
        self.next_sequence = None;
        self.after_hole = false;
        self.is_over = false;
        self.chained = None;
    }
}

impl<R: Read + Seek> Pages<R> {
    /// Goes to a place in the source; the next page is the first that starts there or behind.
    pub(super) fn jump(&mut self, to: u64) -> Result<(), Error> {
        self.source.seek(SeekFrom::Start(to))?;
        self.buffer.clear();
        self.front = 0;
        self.offset = to;
        self.restart();
        Ok(())
    }

    /// Goes to a page and through the packets that end on it, to the first that starts there and ends later, or to
    /// the next page.
    pub(super) fn jump_past(&mut self, page: &Page) -> Result<(), Error> {
        self.jump(page.start)?;
        // A packet from the page before is put together, too, whatever is missing of it.
        self.unfinished = Some(Vec::new());
        while let Some(packet) = self.next(Damage::Skip)? {
            if packet.is_last_in_page {
                break;
            }
        }
        Ok(())
    }

    /// Reads pages from elsewhere in the source; afterwards things are as they were.
    pub(super) fn aside<T>(
        &mut self,
        look: impl FnOnce(&mut Pages<&mut R>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut pages = Pages::new(&mut self.source);
        pages.serial = self.serial;
        let found = look(&mut pages);
        let back = self.offset + self.buffer.len() as u64;
        self.source.seek(SeekFrom::Start(back))?;
        found
    }

    /// Length of the source in bytes; a [`jump`](Self::jump) has to follow.
    pub(super) fn source_length(&mut self) -> Result<u64, Error> {
        Ok(self.source.seek(SeekFrom::End(0))?)
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> [u8; N] {
    match rest.split_first_chunk() {
        Some((bytes, after)) => {
            *rest = after;
            *bytes
        }
        None => [0; N],
    }
}

/// The checksum of a page, its own field taken as zero (RFC 3533 §6): polynomial 04c11db7, nothing inverted.
fn crc(page: &[u8]) -> u32 {
    let mut sum = 0u32;
    for (i, byte) in page.iter().enumerate() {
        let byte = if (22..26).contains(&i) { 0 } else { *byte };
        let [top, ..] = sum.to_be_bytes();
        sum = sum << 8 ^ TABLE.get(usize::from(top ^ byte)).copied().unwrap_or_default();
    }
    sum
}

const TABLE: [u32; 256] = table();

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "below 256")]
        let mut value = (i as u32) << 24;
        let mut bit = 0;
        while bit < 8 {
            value = value << 1 ^ if value >> 31 == 1 { 0x04c1_1db7 } else { 0 };
            bit += 1;
        }
        table[i] = value;
        i += 1;
    }
    table
}
