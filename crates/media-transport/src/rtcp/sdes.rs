use super::SDES_CNAME;
use crate::error::ParseError;
use crate::wire::Reader;

/// Names of sources (RFC 3550 §6.5), borrowed and checked.
#[derive(Debug, Clone, Copy)]
pub struct SourceDescription<'a> {
    count: u8,
    body: &'a [u8],
}

/// What is said about one source.
#[derive(Debug, Clone, Copy)]
pub struct Chunk<'a> {
    /// The source.
    pub ssrc: u32,
    items: &'a [u8],
}

/// One item about a source; the text is UTF-8 by specification and not checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SdesItem<'a> {
    /// 1 is CNAME.
    pub kind: u8,
    /// At most 255 bytes.
    pub text: &'a [u8],
}

impl<'a> SourceDescription<'a> {
    pub(super) fn read(count: u8, body: &'a [u8]) -> Result<Self, ParseError> {
        let mut reader = Reader::new(body);
        for _ in 0..count {
            read_chunk(&mut reader, body.len())?;
        }
        reader.end("source description")?;
        Ok(Self { count, body })
    }

    /// The sources.
    #[must_use]
    pub const fn chunks(&self) -> Chunks<'a> {
        Chunks {
            left: self.count,
            reader: Reader::new(self.body),
            len: self.body.len(),
        }
    }
}

impl<'a> Chunk<'a> {
    /// The items.
    #[must_use]
    pub const fn items(&self) -> SdesItems<'a> {
        SdesItems {
            reader: Reader::new(self.items),
        }
    }

    /// The canonical name.
    #[must_use]
    pub fn cname(&self) -> Option<&'a [u8]> {
        self.items()
            .find(|item| item.kind == SDES_CNAME)
            .map(|item| item.text)
    }
}

/// Iterates over the chunks of a [`SourceDescription`].
#[derive(Debug, Clone)]
pub struct Chunks<'a> {
    left: u8,
    reader: Reader<'a>,
    len: usize,
}

impl<'a> Iterator for Chunks<'a> {
    type Item = Chunk<'a>;

    fn next(&mut self) -> Option<Chunk<'a>> {
        self.left = self.left.checked_sub(1)?;
        read_chunk(&mut self.reader, self.len).ok()
    }
}

/// Iterates over the items of a [`Chunk`].
#[derive(Debug, Clone)]
pub struct SdesItems<'a> {
    reader: Reader<'a>,
}

impl<'a> Iterator for SdesItems<'a> {
    type Item = SdesItem<'a>;

    fn next(&mut self) -> Option<SdesItem<'a>> {
        read_item(&mut self.reader).ok().flatten()
    }
}

/// Reads a chunk to its end, which is on a 32-bit boundary of the body of `len` bytes.
fn read_chunk<'a>(reader: &mut Reader<'a>, len: usize) -> Result<Chunk<'a>, ParseError> {
    let ssrc = reader.u32("SDES chunk")?;
    let mut items = *reader;
    while read_item(reader)?.is_some() {}
    let used = items.remaining() - reader.remaining();
    let items = items.bytes(used, "SDES chunk")?;
    // The list ends with one zero byte and as many more as the alignment needs. The `rtcp` crate, and so webrtc-rs, makes the
    // last of them a count, so they are not looked at.
    while !(len - reader.remaining()).is_multiple_of(4) {
        reader.u8("SDES padding")?;
    }
    Ok(Chunk { ssrc, items })
}

/// Reads an item; `None` for the zero byte that ends the list.
fn read_item<'a>(reader: &mut Reader<'a>) -> Result<Option<SdesItem<'a>>, ParseError> {
    let kind = reader.u8("SDES item")?;
    if kind == 0 {
        return Ok(None);
    }
    let length = reader.u8("SDES item length")?;
    Ok(Some(SdesItem {
        kind,
        text: reader.bytes(usize::from(length), "SDES text")?,
    }))
}

/// Sources that have ended (RFC 3550 §6.6), borrowed.
#[derive(Debug, Clone, Copy)]
pub struct Goodbye<'a> {
    sources: &'a [[u8; 4]],
    /// Why, if said; UTF-8 by specification and not checked.
    pub reason: Option<&'a [u8]>,
}

impl<'a> Goodbye<'a> {
    pub(super) fn read(count: u8, body: &'a [u8]) -> Result<Self, ParseError> {
        let mut reader = Reader::new(body);
        let sources = reader.bytes(usize::from(count) * 4, "BYE sources")?.as_chunks().0;
        let reason = if reader.is_empty() {
            None
        } else {
            let length = reader.u8("BYE reason length")?;
            Some(reader.bytes(usize::from(length), "BYE reason")?)
        };
        if reader.remaining() > 3 {
            return Err(ParseError::leftover("BYE"));
        }
        Ok(Self { sources, reason })
    }

    /// The sources.
    pub fn ssrcs(&self) -> impl ExactSizeIterator<Item = u32> + use<'a> {
        self.sources.iter().map(|source| u32::from_be_bytes(*source))
    }
}
