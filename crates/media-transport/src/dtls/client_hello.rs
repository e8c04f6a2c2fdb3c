//! A look at the first ClientHello, to choose the protocol version by (RFC 8446 §4.1.2, RFC 5764 §4.1.1).

use crate::error::ParseError;
use crate::srtp::SrtpProfile;
use crate::wire::Reader;

const CONTENT_HANDSHAKE: u8 = 22;
const HANDSHAKE_CLIENT_HELLO: u8 = 1;
const EXTENSION_USE_SRTP: u16 = 14;

/// Whether a datagram begins with a ClientHello or a fragment of one; nothing else opens a connection.
pub(super) fn is_client_hello(datagram: &[u8]) -> bool {
    handshake_record(datagram).is_ok()
}

/// Whether DTLS 1.3, where the backend takes the client's first profile, would end with the best kind of profile that is
/// offered.
///
/// `false` also when that cannot be told, because the ClientHello is fragmented or broken.
pub(super) fn first_profile_is_best(datagram: &[u8]) -> bool {
    let Ok(profiles) = srtp_profiles(datagram) else {
        return false;
    };
    let is_gcm = |profile: &SrtpProfile| *profile != SrtpProfile::Aes128CmHmacSha1_80;
    let mut known = profiles
        .as_chunks::<2>()
        .0
        .iter()
        .filter_map(|id| SrtpProfile::from_wire_id(u16::from_be_bytes(*id)));
    match known.next() {
        Some(first) => is_gcm(&first) || !known.any(|other| is_gcm(&other)),
        None => true,
    }
}

/// The fragment's header fields up to its offset, and the reader behind them.
fn handshake_record(datagram: &[u8]) -> Result<(u32, u32, Reader<'_>), ParseError> {
    let mut reader = Reader::new(datagram);
    if reader.u8("content type")? != CONTENT_HANDSHAKE {
        return Err(ParseError::invalid("content type"));
    }
    reader.bytes(10, "record version, epoch, sequence number")?;
    let length = reader.u16("record length")?;
    let mut record = Reader::new(reader.bytes(usize::from(length), "record")?);
    if record.u8("handshake type")? != HANDSHAKE_CLIENT_HELLO {
        return Err(ParseError::invalid("handshake type"));
    }
    let total = record.u24("handshake length")?;
    record.u16("message sequence")?;
    let offset = record.u24("fragment offset")?;
    Ok((total, offset, record))
}

fn srtp_profiles(datagram: &[u8]) -> Result<&[u8], ParseError> {
    let (total, offset, mut record) = handshake_record(datagram)?;
    let fragment = record.u24("fragment length")?;
    if offset != 0 || fragment != total {
        return Err(ParseError::truncated("ClientHello"));
    }
    let length = usize::try_from(fragment).map_err(|_| ParseError::invalid("fragment length"))?;
    let mut hello = Reader::new(record.bytes(length, "ClientHello")?);
    hello.bytes(2 + 32, "version and random")?;
    let session_id = hello.u8("session id length")?;
    hello.bytes(usize::from(session_id), "session id")?;
    let cookie = hello.u8("cookie length")?;
    hello.bytes(usize::from(cookie), "cookie")?;
    let suites = hello.u16("cipher suites length")?;
    hello.bytes(usize::from(suites), "cipher suites")?;
    let compression = hello.u8("compression methods length")?;
    hello.bytes(usize::from(compression), "compression methods")?;
    let extensions = hello.u16("extensions length")?;
    let mut extensions = Reader::new(hello.bytes(usize::from(extensions), "extensions")?);
    while !extensions.is_empty() {
        let kind = extensions.u16("extension type")?;
        let length = extensions.u16("extension length")?;
        let mut body = Reader::new(extensions.bytes(usize::from(length), "extension")?);
        if kind == EXTENSION_USE_SRTP {
            let length = body.u16("profiles length")?;
            return body.bytes(usize::from(length), "profiles");
        }
    }
    Ok(&[])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn client_hello(profiles: &[u16]) -> Vec<u8> {
        let len16 = |bytes: &[u8]| u16::try_from(bytes.len()).unwrap().to_be_bytes();
        let len24 = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap().to_be_bytes()[1..].to_vec();
        let mut list: Vec<u8> = profiles.iter().flat_map(|id| id.to_be_bytes()).collect();
        list.splice(0..0, len16(&list));
        list.push(0);
        let mut extensions = vec![0, 23, 0, 0, 0, 14];
        extensions.extend(len16(&list));
        extensions.extend(list);
        let mut hello = vec![0xfe, 0xfd];
        hello.extend([7; 32]);
        hello.extend([0, 0, 0, 2, 0xc0, 0x2b, 1, 0]);
        hello.extend(len16(&extensions));
        hello.extend(extensions);
        let mut record = vec![1];
        record.extend(len24(&hello));
        record.extend([0, 0, 0, 0, 0]);
        record.extend(len24(&hello));
        record.extend(hello);
        let mut datagram = vec![22, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0, 0];
        datagram.extend(len16(&record));
        datagram.extend(record);
        datagram
    }

    #[test]
    fn gcm_decides_the_version() {
        for (profiles, expected) in [
            (&[0x0001, 0x0008, 0x0007][..], false),
            (&[0x0002, 0x0001, 0x0007], false),
            (&[0x0007, 0x0008, 0x0001], true),
            (&[0x0002, 0x0008, 0x0001], true),
            (&[0x0001, 0x0002], true),
            (&[], true),
        ] {
            let datagram = client_hello(profiles);
            assert!(is_client_hello(&datagram));
            assert_eq!(first_profile_is_best(&datagram), expected, "{profiles:x?}");
        }
    }

    #[test]
    fn a_fragment_is_a_client_hello_without_known_profiles() {
        let mut datagram = client_hello(&[7]);
        let last = datagram.len() - 1;
        datagram.truncate(last);
        assert!(!is_client_hello(&datagram), "a cut record");
        let mut datagram = client_hello(&[7]);
        datagram[13 + 3] += 1;
        assert!(is_client_hello(&datagram), "one byte is in another datagram");
        assert!(!first_profile_is_best(&datagram));
        datagram[13] = 2;
        assert!(!is_client_hello(&datagram), "a ServerHello");
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), at in 0_usize..120, value: u8) {
            let _ = first_profile_is_best(&bytes);
            let mut datagram = client_hello(&[1, 7]);
            if let Some(byte) = datagram.get_mut(at) {
                *byte = value;
            }
            let _ = first_profile_is_best(&datagram);
        }
    }
}
