//! A look at the first ClientHello, to choose the protocol version and the SRTP profile by (RFC 8446 §4.1.2, RFC 5764
//! §4.1.1).

use super::records::{CONTENT_HANDSHAKE, Fragment, HANDSHAKE_CLIENT_HELLO, fragments, records};
use crate::error::ParseError;
use crate::srtp::SrtpProfile;
use crate::wire::Reader;

const EXTENSION_USE_SRTP: u16 = 14;

/// Whether a datagram begins with a ClientHello or a fragment of one; nothing else opens a connection.
pub(super) fn is_client_hello(datagram: &[u8]) -> bool {
    first_fragment(datagram).is_some()
}

/// Whether DTLS 1.3, where the backend takes the client's first profile, would end with the best kind of profile that is
/// offered.
///
/// `false` also when that cannot be told, because the ClientHello is fragmented or broken.
pub(super) fn first_profile_is_best(datagram: &[u8]) -> bool {
    let whole = first_fragment(datagram).filter(|fragment| {
        fragment.offset == 0 && usize::try_from(fragment.total) == Ok(fragment.body.len())
    });
    let Some(Ok(profiles)) = whole.map(|hello| srtp_profiles(hello.body)) else {
        return false;
    };
    let is_gcm = |profile: &SrtpProfile| *profile != SrtpProfile::Aes128CmHmacSha1_80;
    // What the backend does not know it does not take either.
    let mut known = profiles
        .into_iter()
        .filter(|profile| SrtpProfile::PREFERENCE.contains(profile));
    match known.next() {
        Some(first) => is_gcm(&first) || !known.any(|other| is_gcm(&other)),
        None => true,
    }
}

fn first_fragment(datagram: &[u8]) -> Option<Fragment<'_>> {
    let record = records(datagram).next()?.ok()?;
    if record.content != CONTENT_HANDSHAKE || record.epoch != 0 {
        return None;
    }
    let fragment = fragments(&record).next()?.ok()?;
    (fragment.kind == HANDSHAKE_CLIENT_HELLO).then_some(fragment)
}

/// What `use_srtp` lists of what we know; empty without that extension.
fn srtp_profiles(hello: &[u8]) -> Result<Vec<SrtpProfile>, ParseError> {
    let mut hello = Reader::new(hello);
    hello.bytes(2 + 32, "version and random")?;
    let session_id = hello.u8("session id length")?;
    hello.bytes(usize::from(session_id), "session id")?;
    let cookie = hello.u8("cookie length")?;
    hello.bytes(usize::from(cookie), "cookie")?;
    let suites = hello.u16("cipher suites length")?;
    hello.bytes(usize::from(suites), "cipher suites")?;
    let compression = hello.u8("compression methods length")?;
    hello.bytes(usize::from(compression), "compression methods")?;
    if hello.is_empty() {
        return Ok(vec![]);
    }
    let extensions = hello.u16("extensions length")?;
    let mut extensions = Reader::new(hello.bytes(usize::from(extensions), "extensions")?);
    while !extensions.is_empty() {
        let kind = extensions.u16("extension type")?;
        let length = extensions.u16("extension length")?;
        let mut body = Reader::new(extensions.bytes(usize::from(length), "extension")?);
        if kind == EXTENSION_USE_SRTP {
            let length = body.u16("profiles length")?;
            let ids = body.bytes(usize::from(length), "profiles")?.as_chunks::<2>().0;
            let known = ids
                .iter()
                .filter_map(|id| SrtpProfile::from_wire_id(u16::from_be_bytes(*id)));
            return Ok(known.collect());
        }
    }
    Ok(vec![])
}

/// Holds datagrams back until the first ClientHello is whole.
#[cfg(feature = "webrtc-dtls")]
#[derive(Debug, Default)]
pub(super) struct FirstHello {
    /// At most [`FirstHello::MAX_DATAGRAMS`], none the same as another.
    datagrams: Vec<Vec<u8>>,
}

#[cfg(feature = "webrtc-dtls")]
impl FirstHello {
    /// A ClientHello with a post-quantum key share takes two datagrams.
    const MAX_DATAGRAMS: usize = 6;

    /// Adds a datagram that begins with a ClientHello. Once it is whole: what it offers of what we know, and the datagrams
    /// to hand over. When it cannot become whole, what came is forgotten.
    pub(super) fn push(&mut self, datagram: &[u8]) -> Option<(Vec<SrtpProfile>, Vec<Vec<u8>>)> {
        if self.datagrams.iter().all(|known| known != datagram) {
            if self.datagrams.len() == Self::MAX_DATAGRAMS {
                self.datagrams.clear();
            }
            self.datagrams.push(datagram.to_vec());
        }
        let hello = self.assemble()?;
        let datagrams = std::mem::take(&mut self.datagrams);
        Some((srtp_profiles(&hello).ok()?, datagrams))
    }

    fn assemble(&self) -> Option<Vec<u8>> {
        let mut pieces: Vec<_> = self
            .datagrams
            .iter()
            .flat_map(|datagram| records(datagram).map_while(Result::ok))
            .filter(|record| record.content == CONTENT_HANDSHAKE && record.epoch == 0)
            .flat_map(|record| fragments(&record).map_while(Result::ok))
            .filter(|fragment| fragment.kind == HANDSHAKE_CLIENT_HELLO && fragment.message == 0)
            .collect();
        pieces.sort_by_key(|piece| piece.offset);
        let total = usize::try_from(pieces.first()?.total).ok()?;
        let mut hello = Vec::new();
        for piece in pieces {
            let known = hello.len().checked_sub(usize::try_from(piece.offset).ok()?)?;
            hello.extend_from_slice(piece.body.get(known..).unwrap_or_default());
        }
        (hello.len() == total).then_some(hello)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::records::write;
    use super::*;

    fn hello(profiles: &[u16]) -> Vec<u8> {
        let len16 = |bytes: &[u8]| u16::try_from(bytes.len()).unwrap().to_be_bytes();
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
        hello
    }

    fn client_hello(profiles: &[u16]) -> Vec<u8> {
        let hello = hello(profiles);
        write::record(
            CONTENT_HANDSHAKE,
            0,
            0,
            &write::fragment(1, hello.len(), 0, 0, &hello),
        )
    }

    #[test]
    fn gcm_decides_the_version() {
        for (profiles, expected) in [
            (&[0x0001, 0x0008, 0x0007][..], false),
            (&[0x0002, 0x0001, 0x0007], false),
            (&[0x0007, 0x0008, 0x0001], true),
            (&[0x0002, 0x0008, 0x0001], true),
            (&[0x0001, 0x0002], true),
            (&[0x0007], true),
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

    #[cfg(feature = "webrtc-dtls")]
    #[test]
    fn a_fragmented_hello_is_put_together_in_any_order_and_only_so_much_is_kept() {
        let hello = hello(&[1, 8, 7]);
        let piece = |from: usize, to: usize| {
            let fragment = write::fragment(1, hello.len(), 0, from, &hello[from..to]);
            write::record(CONTENT_HANDSHAKE, 0, 0, &fragment)
        };
        let mut first = FirstHello::default();
        assert!(first.push(&piece(30, hello.len())).is_none());
        assert!(first.push(&piece(30, hello.len())).is_none(), "the same again");
        assert!(first.push(&piece(0, 20)).is_none());
        let (profiles, datagrams) = first.push(&piece(10, 40)).unwrap();
        assert_eq!(
            profiles,
            [
                SrtpProfile::Aes128CmHmacSha1_80,
                SrtpProfile::AeadAes256Gcm,
                SrtpProfile::AeadAes128Gcm
            ]
        );
        assert_eq!(datagrams.len(), 3);
        for at in 0..100 {
            assert!(first.push(&piece(at % 30, 31 + at % 7)).is_none());
            assert!(first.datagrams.len() <= FirstHello::MAX_DATAGRAMS);
        }
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
            #[cfg(feature = "webrtc-dtls")]
            if is_client_hello(&datagram) {
                let _ = FirstHello::default().push(&datagram);
            }
        }
    }
}
