//! DTLS records and handshake fragments in a datagram (RFC 6347 §4.1, §4.2.2), as far as they are in the clear.

use crate::error::ParseError;
use crate::wire::Reader;

#[cfg(any(test, feature = "webrtc-dtls"))]
pub(super) const CONTENT_ALERT: u8 = 21;
pub(super) const CONTENT_HANDSHAKE: u8 = 22;
pub(super) const HANDSHAKE_CLIENT_HELLO: u8 = 1;

/// One record; what is in it is encrypted when the epoch is not 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Record<'a> {
    pub(super) content: u8,
    pub(super) epoch: u16,
    pub(super) body: &'a [u8],
}

/// One fragment of a handshake message; a message that is not fragmented is one fragment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fragment<'a> {
    pub(super) kind: u8,
    /// Length of the whole message, in bytes.
    pub(super) total: u32,
    pub(super) message: u16,
    pub(super) offset: u32,
    pub(super) body: &'a [u8],
}

/// The records of a datagram, up to the first that runs past its end.
pub(super) fn records(datagram: &[u8]) -> impl Iterator<Item = Result<Record<'_>, ParseError>> {
    let mut reader = Reader::new(datagram);
    until_error(move || (!reader.is_empty()).then(|| record(&mut reader)))
}

/// The handshake fragments of a record in the clear, up to the first that runs past its end.
pub(super) fn fragments<'a>(
    record: &Record<'a>,
) -> impl Iterator<Item = Result<Fragment<'a>, ParseError>> + use<'a> {
    let mut reader = Reader::new(record.body);
    until_error(move || (!reader.is_empty()).then(|| fragment(&mut reader)))
}

fn until_error<T>(
    mut next: impl FnMut() -> Option<Result<T, ParseError>>,
) -> impl Iterator<Item = Result<T, ParseError>> {
    let mut is_broken = false;
    std::iter::from_fn(move || {
        let item = if is_broken { None } else { next() };
        is_broken = matches!(item, Some(Err(_)));
        item
    })
}

fn record<'a>(reader: &mut Reader<'a>) -> Result<Record<'a>, ParseError> {
    let content = reader.u8("content type")?;
    reader.u16("record version")?;
    let epoch = reader.u16("epoch")?;
    reader.bytes(6, "sequence number")?;
    let length = reader.u16("record length")?;
    let body = reader.bytes(usize::from(length), "record")?;
    Ok(Record { content, epoch, body })
}

fn fragment<'a>(reader: &mut Reader<'a>) -> Result<Fragment<'a>, ParseError> {
    let kind = reader.u8("handshake type")?;
    let total = reader.u24("handshake length")?;
    let message = reader.u16("message sequence")?;
    let offset = reader.u24("fragment offset")?;
    let length = reader.u24("fragment length")?;
    if offset.checked_add(length).is_none_or(|end| end > total) {
        return Err(ParseError::invalid("fragment length"));
    }
    let length = usize::try_from(length).map_err(|_| ParseError::invalid("fragment length"))?;
    Ok(Fragment {
        kind,
        total,
        message,
        offset,
        body: reader.bytes(length, "fragment")?,
    })
}

#[cfg(test)]
pub(super) mod write {
    //! The way back, for tests.

    pub(in crate::dtls) fn record(content: u8, epoch: u16, sequence: u8, body: &[u8]) -> Vec<u8> {
        let mut record = vec![content, 0xfe, 0xfd];
        record.extend(epoch.to_be_bytes());
        record.extend([0, 0, 0, 0, 0, sequence]);
        record.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
        record.extend(body);
        record
    }

    pub(in crate::dtls) fn fragment(
        kind: u8,
        total: usize,
        message: u16,
        offset: usize,
        body: &[u8],
    ) -> Vec<u8> {
        let mut fragment = vec![kind];
        fragment.extend(len24(total));
        fragment.extend(message.to_be_bytes());
        fragment.extend(len24(offset));
        fragment.extend(len24(body.len()));
        fragment.extend(body);
        fragment
    }

    pub(in crate::dtls) fn len24(length: usize) -> [u8; 3] {
        let [_, high, middle, low] = u32::try_from(length).unwrap().to_be_bytes();
        [high, middle, low]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_and_fragments_are_found_and_what_runs_over_is_named() {
        let first = write::fragment(1, 5, 0, 0, b"abc");
        let second = write::fragment(1, 5, 0, 3, b"de");
        let body = [&*first, &*second].concat();
        let mut datagram = write::record(CONTENT_HANDSHAKE, 0, 1, &body);
        datagram.extend(write::record(CONTENT_ALERT, 1, 0, &[9; 24]));
        let read: Vec<_> = records(&datagram).collect::<Result<_, _>>().unwrap();
        assert_eq!((read[0].content, read[0].epoch), (CONTENT_HANDSHAKE, 0));
        assert_eq!(
            (read[1].content, read[1].epoch, read[1].body),
            (CONTENT_ALERT, 1, &[9; 24][..])
        );
        let read: Vec<_> = fragments(&read[0]).collect::<Result<_, _>>().unwrap();
        assert_eq!((read[0].offset, read[0].body), (0, &b"abc"[..]));
        assert_eq!((read[1].offset, read[1].body, read[1].total), (3, &b"de"[..], 5));

        datagram.pop();
        let read: Vec<_> = records(&datagram).collect();
        assert_eq!(read.len(), 2);
        assert_eq!(read[1], Err(ParseError::truncated("record")));
        let over = write::record(CONTENT_HANDSHAKE, 0, 0, &write::fragment(1, 4, 0, 3, b"de"));
        let over = records(&over).next().unwrap().unwrap();
        assert_eq!(
            fragments(&over).collect::<Vec<_>>(),
            [Err(ParseError::invalid("fragment length"))]
        );
    }
}
