//! RFC 6904 and RFC 9335.

use proptest::prelude::*;

use super::*;
use crate::srtp::extension::ElementKeys;
use crate::srtp::header::RtpHeader;
use crate::srtp::key_derivation::Master;

fn contexts(profile: SrtpProfile, header: HeaderEncryption) -> (OutboundSrtp, InboundSrtp) {
    let (key, salt) = keys(profile);
    contexts_with(profile, &key, &salt, header)
}

fn contexts_with(
    profile: SrtpProfile,
    key: &[u8],
    salt: &[u8],
    header: HeaderEncryption,
) -> (OutboundSrtp, InboundSrtp) {
    let config = SrtpConfig::new(profile, key, salt).header_encryption(header);
    (
        OutboundSrtp::with_config(&config).unwrap(),
        InboundSrtp::with_config(&config).unwrap(),
    )
}

/// An RTP packet with `sources` contributing sources and an extension of this kind.
fn with_header(sources: u8, extension: Option<(u16, &[u8])>, payload: &[u8]) -> Vec<u8> {
    let mut packet = rtp(0xcafe_babe, 0x1234, &[]);
    packet[0] |= sources | if extension.is_some() { 0x10 } else { 0 };
    packet.extend((0..4 * sources).map(|i| i ^ 0xc5));
    if let Some((field, body)) = extension {
        packet.extend(field.to_be_bytes());
        packet.extend(u16::try_from(body.len() / 4).unwrap().to_be_bytes());
        packet.extend(body);
    }
    packet.extend(payload);
    packet
}

/// RFC 6904 appendix A.2: elements 1, 3 and 4 of 1 to 5 are encrypted.
const RFC_6904_PLAIN: &str = "17414273A475262748220000C8308E4655996386B395FB00";
const RFC_6904_ENCRYPTED: &str = "17588A9270F4E15E1C220000C8309546A994F0BC54789700";

#[test]
fn elements_of_rfc_6904_a_2() {
    let key = hex("E1F97A0D3E018BE0D64FA32C06DE4139");
    let salt = hex("0EC675AD498AFEEBB6960B3AABE6");
    let profile = SrtpProfile::Aes128CmHmacSha1_80;
    let ids = ExtensionIds::from_iter([1, 3, 4]);
    let plain = with_header(0, Some((0xbede, &hex(RFC_6904_PLAIN))), b"payload");

    let master = Master::new(profile, &key, &salt).unwrap();
    let elements = ElementKeys::new(profile, &master, ids);
    let mut packet = plain.clone();
    let header = RtpHeader::parse(&packet).unwrap();
    elements.crypt(&mut packet, &header, 0x1234).unwrap();
    assert_eq!(packet[16..40], hex(RFC_6904_ENCRYPTED));
    assert_eq!(packet[40..], plain[40..]);
    elements.crypt(&mut packet, &header, 0x1234).unwrap();
    assert_eq!(packet, plain);

    let (mut sender, mut receiver) = contexts_with(profile, &key, &salt, HeaderEncryption::Elements(ids));
    let sealed = protect(&mut sender, &plain);
    assert_eq!(sealed[16..40], hex(RFC_6904_ENCRYPTED));
    assert_eq!(unprotect(&mut receiver, &sealed).unwrap(), plain);
}

/// RFC 7714 §8.3: header extension elements are encrypted in counter mode first, and are associated data then. Whoever has
/// the keys but does not encrypt elements therefore opens the packet and finds them encrypted.
#[test]
fn aead_covers_encrypted_elements() {
    for profile in PROFILES {
        let ids = ExtensionIds::from_iter([1, 3]);
        let body = hex(RFC_6904_PLAIN);
        let plain = with_header(1, Some((0xbede, &body)), b"payload");
        let (mut sender, mut receiver) = contexts(profile, HeaderEncryption::Elements(ids));
        let sealed = protect(&mut sender, &plain);
        let (_, mut without) = pair(profile);
        let opened = unprotect(&mut without, &sealed).unwrap();
        assert_eq!(opened[44..], plain[44..], "{profile}: payload");
        assert_eq!(opened[..20], sealed[..20], "{profile}: header");
        let changed: Vec<_> = (0..24).filter(|i| opened[20 + i] != body[*i]).collect();
        assert!(!changed.is_empty(), "{profile}");
        assert!(
            changed.iter().all(|i| (1..9).contains(i) || (14..15).contains(i)),
            "{profile}: {changed:?}"
        );
        assert_eq!(unprotect(&mut receiver, &sealed).unwrap(), plain);
    }
}

#[test]
fn elements_that_do_not_fit_are_refused_and_change_nothing() {
    for profile in PROFILES {
        let ids = ExtensionIds::from_iter([1]);
        let (mut sender, mut receiver) = contexts(profile, HeaderEncryption::Elements(ids));
        let broken = with_header(0, Some((0xbede, &[0x17, 1, 2, 3])), b"payload");
        let mut buffer = broken.clone();
        buffer.resize(broken.len() + SRTP_MAX_OVERHEAD, 0);
        assert_eq!(
            sender.protect_rtp(&mut buffer, broken.len()),
            Err(SrtpError::Malformed)
        );
        assert_eq!(buffer[..broken.len()], broken, "{profile}");
        let (mut other, _) = pair(profile);
        let sealed = protect(&mut other, &broken);
        assert_eq!(unprotect(&mut receiver, &sealed), Err(SrtpError::Malformed));
        // Neither index was taken: the number serves another packet.
        let good = with_header(0, Some((0xbede, &[0x12, 1, 2, 3])), b"payload");
        let sealed = protect(&mut sender, &good);
        assert_eq!(unprotect(&mut receiver, &sealed).unwrap(), good);
    }
}

/// RFC 9335 appendix A: what is sent and what arrives, with the keys of A.1 and of A.2.
const RFC_9335_CM: [(&str, &str); 6] = [
    (
        "900f1235 decafbad cafebabe bede0001 51000200 abababab abababab abababab abababab",
        "900f1235 decafbad cafebabe c0de0001 eb923652 51c3e036 f8de27e9 c27ee3e0 b4651d9f bc4218a7 0244522f 34a5",
    ),
    (
        "900f1236 decafbad cafebabe 10000001 05020002 abababab abababab abababab abababab",
        "900f1236 decafbad cafebabe c2de0001 4ed9cc4e 6a712b30 96c5ca77 339d4204 ce0d7739 6cab6958 5fbce381 94a5",
    ),
    (
        "920f1238 decafbad cafebabe 0001e240 0000b26e bede0001 51000200 abababab abababab abababab abababab",
        "920f1238 decafbad cafebabe 8bb6e12b 5cff16dd c0de0001 92838c8c 09e58393 e1de3a9a 74734d67 45671338
         c3acf11d a2df8423 bee0",
    ),
    (
        "920f1239 decafbad cafebabe 0001e240 0000b26e 10000001 05020002 abababab abababab abababab abababab",
        "920f1239 decafbad cafebabe f70e513e b90b9b25 c2de0001 bbed4848 faa64466 5f3d7f34 125914e9 f4d0ae92
         3c6f479b 95a0f7b5 3133",
    ),
    (
        "920f123a decafbad cafebabe 0001e240 0000b26e bede0000 abababab abababab abababab abababab",
        "920f123a decafbad cafebabe 7130b6ab fe2ab0e3 c0de0000 e3d9f64b 25c9e74c b4cf8e43 fb92e378 1c2c0cea
         b6b3a499 a14c",
    ),
    (
        "920f123b decafbad cafebabe 0001e240 0000b26e 10000000 abababab abababab abababab abababab",
        "920f123b decafbad cafebabe cbf24c12 4330e1c8 c2de0000 599dd45b c9d687b6 03e8b59d 771fd38e 88b170e0
         cd31e125 eabe",
    ),
];

const RFC_9335_GCM: [&str; 6] = [
    "900f1235 decafbad cafebabe c0de0001 39972dc9 572c4d99 e8fc355d e743fb2e 94f9d8ff 54e72f41 93bbc5c7 4ffab0fa
     9fa0fbeb",
    "900f1236 decafbad cafebabe c2de0001 bb75a4c5 45cd1f41 3bdb7daa 2b1e3263 de313667 c9632490 81b35a65 f5cb6c88
     b394235f",
    "920f1238 decafbad cafebabe 63bbccc4 a7f695c4 c0de0001 8ad7c71f ac70a80c 92866b4c 6ba98546 ef913586 e95ffaaf
     fe956885 bb0647a8 bc094ac8",
    "920f1239 decafbad cafebabe 3680524f 8d312b00 c2de0001 c78d1200 38422bc1 11a7187a 18246f98 0c059cc6 bc9df8b6
     26394eca 344e4b05 d80fea83",
    "920f123a decafbad cafebabe 15b6bb43 37906fff c0de0000 b7b96453 7a2b03ab 7ba5389c e9331712 6b5d974d f30c6884
     dcb651c5 e120c1da",
    "920f123b decafbad cafebabe dcb38c9e 48bf95f4 c2de0000 61ee432c f9203170 76613258 d3ce4236 c06ac429 681ad084
     13512dc9 8b5207d8",
];

fn rfc_9335(profile: SrtpProfile, key: &str, salt: &str, vectors: impl Iterator<Item = (Vec<u8>, Vec<u8>)>) {
    let (mut sender, mut receiver) = contexts_with(profile, &hex(key), &hex(salt), HeaderEncryption::Cryptex);
    for (plain, sealed) in vectors {
        assert_eq!(protect(&mut sender, &plain), sealed);
        assert_eq!(unprotect(&mut receiver, &sealed).unwrap(), plain);
    }
}

#[test]
fn cryptex_of_rfc_9335_a_1_aes_cm() {
    rfc_9335(
        SrtpProfile::Aes128CmHmacSha1_80,
        "e1f97a0d3e018be0d64fa32c06de4139",
        "0ec675ad498afeebb6960b3aabe6",
        RFC_9335_CM
            .iter()
            .map(|(plain, sealed)| (hex(plain), hex(sealed))),
    );
}

#[test]
fn cryptex_of_rfc_9335_a_2_aes_gcm() {
    rfc_9335(
        SrtpProfile::AeadAes128Gcm,
        "000102030405060708090a0b0c0d0e0f",
        "a0a1a2a3a4a5a6a7a8a9aaab",
        RFC_9335_CM
            .iter()
            .zip(RFC_9335_GCM)
            .map(|((plain, _), sealed)| (hex(plain), hex(sealed))),
    );
}

/// RFC 9335 §5.1: sources without an extension get an empty one, which is left in place.
#[test]
fn cryptex_adds_an_extension_for_sources() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = contexts(profile, HeaderEncryption::Cryptex);
        let plain = with_header(2, None, b"payload");
        let expected = with_header(2, Some((0xbede, &[])), b"payload");
        let mut buffer = plain.clone();
        buffer.resize(plain.len() + 3 + profile.tag_len(), 0);
        let needed = plain.len() + 4 + profile.tag_len();
        assert_eq!(
            sender.protect_rtp(&mut buffer, plain.len()),
            Err(SrtpError::BufferTooSmall { needed })
        );
        buffer.resize(plain.len() + sender.max_overhead(), 0);
        assert_eq!(sender.protect_rtp(&mut buffer, plain.len()), Ok(needed));
        assert_eq!(buffer[20..24], [0xc0, 0xde, 0, 0]);
        assert_ne!(buffer[12..20], plain[12..20], "{profile}: sources are hidden");
        assert_eq!(
            unprotect(&mut receiver, &buffer[..needed]).unwrap(),
            expected,
            "{profile}"
        );
    }
}

#[test]
fn cryptex_leaves_packets_alone_that_have_nothing_to_hide() {
    for profile in PROFILES {
        let plain = with_header(0, None, b"payload");
        let (mut sender, mut receiver) = contexts(profile, HeaderEncryption::Cryptex);
        let (mut ordinary, _) = pair(profile);
        let sealed = protect(&mut sender, &plain);
        assert_eq!(sealed, protect(&mut ordinary, &plain));
        assert_eq!(unprotect(&mut receiver, &sealed).unwrap(), plain);
        // What arrives without cryptex is opened, too.
        let readable = with_header(1, Some((0xbede, &[0x10, 1, 0, 0])), b"payload");
        let (mut ordinary, _) = pair(profile);
        let (_, mut receiver) = contexts(profile, HeaderEncryption::Cryptex);
        assert_eq!(
            unprotect(&mut receiver, &protect(&mut ordinary, &readable)).unwrap(),
            readable
        );
    }
}

#[test]
fn cryptex_does_not_send_what_it_cannot_hide() {
    let (mut sender, _) = contexts(SrtpProfile::AeadAes128Gcm, HeaderEncryption::Cryptex);
    for field in [0x1001, 0xabac, 0xc0de, 0xc2de] {
        let mut packet = with_header(1, Some((field, &[1, 2, 3, 4])), b"payload");
        let len = packet.len();
        packet.resize(len + sender.max_overhead(), 0);
        assert_eq!(
            sender.protect_rtp(&mut packet, len),
            Err(SrtpError::Malformed),
            "{field:x}"
        );
    }
}

#[test]
fn every_flipped_bit_is_refused_with_encrypted_headers() {
    let ids = ExtensionIds::from_iter([1, 3, 4]);
    for profile in PROFILES {
        for header in [HeaderEncryption::Cryptex, HeaderEncryption::Elements(ids)] {
            let (mut sender, mut receiver) = contexts(profile, header);
            let plain = with_header(1, Some((0xbede, &hex(RFC_6904_PLAIN))), b"payload");
            let sealed = protect(&mut sender, &plain);
            for bit in 0..sealed.len() * 8 {
                let mut forged = sealed.clone();
                forged[bit / 8] ^= 1 << (bit % 8);
                assert!(unprotect(&mut receiver, &forged).is_err(), "{profile} bit {bit}");
            }
            assert_eq!(unprotect(&mut receiver, &sealed).unwrap(), plain);
        }
    }
}

/// Elements that fill `words` words, as a list of (identifier, value).
fn one_byte_extension() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec((1_u8..15, prop::collection::vec(any::<u8>(), 1..17)), 0..8).prop_map(|elements| {
        let mut body = Vec::new();
        for (id, value) in elements {
            body.push(id << 4 | u8::try_from(value.len() - 1).unwrap());
            body.extend(value);
        }
        body.resize(body.len().next_multiple_of(4), 0);
        body
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn everything_comes_back(
        profile in prop::sample::select(PROFILES.to_vec()),
        cryptex in any::<bool>(),
        ids in prop::collection::vec(1_u8..15, 0..8),
        sources in 0_u8..16,
        body in one_byte_extension(),
        payload in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        let header = if cryptex {
            HeaderEncryption::Cryptex
        } else {
            HeaderEncryption::Elements(ids.iter().copied().collect())
        };
        let (mut sender, mut receiver) = contexts(profile, header);
        let plain = with_header(sources, Some((0xbede, &body)), &payload);
        let sealed = protect(&mut sender, &plain);
        prop_assert_eq!(sealed.len(), plain.len() + profile.tag_len());
        prop_assert_eq!(unprotect(&mut receiver, &sealed), Ok(plain));
    }

    #[test]
    fn hostile_headers_never_pass(
        profile in prop::sample::select(PROFILES.to_vec()), cryptex in any::<bool>(),
        mut bytes in prop::collection::vec(any::<u8>(), 12..200)
    ) {
        bytes[0] = 0x80 | bytes[0] & 0x3f;
        let header = if cryptex {
            HeaderEncryption::Cryptex
        } else {
            HeaderEncryption::Elements((1..=255).collect())
        };
        let (mut sender, mut receiver) = contexts(profile, header);
        prop_assert!(unprotect(&mut receiver, &bytes).is_err());
        let len = bytes.len();
        bytes.resize(len + sender.max_overhead(), 0);
        if let Ok(total) = sender.protect_rtp(&mut bytes, len) {
            prop_assert!(unprotect(&mut receiver, &bytes[..total]).is_ok());
        }
    }
}
