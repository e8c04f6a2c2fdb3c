//! Published vectors, and comparison with an independent implementation.

use proptest::prelude::*;
use webrtc_srtp::context::Context;
use webrtc_srtp::option::{srtcp_replay_protection, srtp_replay_protection};
use webrtc_srtp::protection_profile::ProtectionProfile;

use super::backend::Transform;
use super::*;
use crate::error::SrtpError;

const PROFILES: [SrtpProfile; 3] = SrtpProfile::PREFERENCE;

fn hex(text: &str) -> Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    (0..digits.len() / 2)
        .map(|i| u8::from_str_radix(&digits[2 * i..2 * i + 2], 16).unwrap())
        .collect()
}

fn keys(profile: SrtpProfile) -> (Vec<u8>, Vec<u8>) {
    let byte = |i: usize| u8::try_from(i * 37 % 251).unwrap();
    (
        (1..=profile.key_len()).map(byte).collect(),
        (50..50 + profile.salt_len()).map(byte).collect(),
    )
}

fn pair(profile: SrtpProfile) -> (OutboundSrtp, InboundSrtp) {
    let (key, salt) = keys(profile);
    (
        OutboundSrtp::new(profile, &key, &salt).unwrap(),
        InboundSrtp::new(profile, &key, &salt).unwrap(),
    )
}

fn oracle(profile: SrtpProfile) -> Context {
    let (key, salt) = keys(profile);
    let profile = match profile {
        SrtpProfile::AeadAes128Gcm => ProtectionProfile::AeadAes128Gcm,
        SrtpProfile::AeadAes256Gcm => ProtectionProfile::AeadAes256Gcm,
        SrtpProfile::Aes128CmHmacSha1_80 => ProtectionProfile::Aes128CmHmacSha1_80,
    };
    Context::new(
        &key,
        &salt,
        profile,
        Some(srtp_replay_protection(128)),
        Some(srtcp_replay_protection(128)),
    )
    .unwrap()
}

fn rtp(ssrc: u32, sequence: u16, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x80, 111];
    packet.extend(sequence.to_be_bytes());
    packet.extend([0xde, 0xad, 0xbe, 0xef]);
    packet.extend(ssrc.to_be_bytes());
    packet.extend(payload);
    packet
}

fn receiver_report(ssrc: u32, blocks: u8) -> Vec<u8> {
    let mut packet = vec![0x80 | blocks, 201, 0, 1 + 6 * blocks];
    packet.extend(ssrc.to_be_bytes());
    packet.extend((0..24 * blocks).map(|i| i ^ 0x5a));
    packet
}

fn protect(sender: &mut OutboundSrtp, packet: &[u8]) -> Vec<u8> {
    let mut buffer = packet.to_vec();
    buffer.resize(packet.len() + SRTP_MAX_OVERHEAD, 0xee);
    let len = sender.protect_rtp(&mut buffer, packet.len()).unwrap();
    buffer.truncate(len);
    buffer
}

fn unprotect(receiver: &mut InboundSrtp, packet: &[u8]) -> Result<Vec<u8>, SrtpError> {
    let mut buffer = packet.to_vec();
    let len = receiver.unprotect_rtp(&mut buffer)?;
    buffer.truncate(len);
    Ok(buffer)
}

fn protect_rtcp(sender: &mut OutboundSrtp, packet: &[u8]) -> Vec<u8> {
    let mut buffer = packet.to_vec();
    buffer.resize(packet.len() + SRTP_MAX_OVERHEAD, 0xee);
    let len = sender.protect_rtcp(&mut buffer, packet.len()).unwrap();
    buffer.truncate(len);
    buffer
}

fn unprotect_rtcp(receiver: &mut InboundSrtp, packet: &[u8]) -> Result<Vec<u8>, SrtpError> {
    let mut buffer = packet.to_vec();
    let len = receiver.unprotect_rtcp(&mut buffer)?;
    buffer.truncate(len);
    Ok(buffer)
}

/// RFC 3711 appendix B.2: the session key and salt are given, so the transform is fed directly. The 1 MB key stream
/// starts at SSRC 0, index 0; a 48-byte packet of zeros shows its first three blocks.
#[test]
fn key_stream_of_rfc_3711_b_2() {
    let key: [u8; 16] = hex("2B7E151628AED2A6ABF7158809CF4F3C").try_into().unwrap();
    let salt: [u8; 14] = hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD").try_into().unwrap();
    let keys = backend::CmKeys::new(&key, salt, &[0; 20]).unwrap();
    let mut packet = [0; 48 + 10];
    keys.protect_rtp(&mut packet, 0, 48, 0, 0).unwrap();
    assert_eq!(
        packet[..48],
        hex(
            "E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB 41E95B3BB0A2E8DD477901E4FCA894C0"
        )
    );
}

/// The RTP packet and salt of RFC 7714 §16, with "Gallia est omnis divisa in partes tres" as its payload.
const RFC_7714_RTP: &str =
    "8040f17b 8041f8d3 5501a0b2 47616c6c 6961206573 74206f6d6e6973 20646976697361 20696e2070
    61727465732074 726573";

fn rfc_7714_rtp(key: &str, sealed: &str) {
    let salt: [u8; 12] = hex("517569642070726f2071756f").try_into().unwrap();
    let keys = backend::GcmKeys::new(&hex(key), salt).unwrap();
    let plain = hex(RFC_7714_RTP);
    let mut packet = plain.clone();
    packet.resize(plain.len() + 16, 0);
    keys.protect_rtp(&mut packet, 12, plain.len(), 0x5501_a0b2, 0xf17b)
        .unwrap();
    assert_eq!(packet, hex(sealed));
    keys.unprotect_rtp(&mut packet, 12, 0x5501_a0b2, 0xf17b).unwrap();
    assert_eq!(packet[..plain.len()], plain);
}

#[test]
fn rtp_of_rfc_7714_16_1_aes_128_gcm() {
    rfc_7714_rtp(
        "000102030405060708090a0b0c0d0e0f",
        "8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a 51c7d19b
         36de3adf 8833899d 7f27beb1 6a9152cf 765ee439 0cce",
    );
}

#[test]
fn rtp_of_rfc_7714_16_2_aes_256_gcm() {
    rfc_7714_rtp(
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        "8040f17b 8041f8d3 5501a0b2 32b1de78 a822fe12 ef9f78fa 332e33aa b1801238 9a58e2f3 b50b2a02 76ffae0f
         1ba63799 b87b7aa3 db36dfff d6b0f9bb 7878d7a7 6c13",
    );
}

fn rfc_7714_rtcp(key: &str, sealed: &str) {
    let salt: [u8; 12] = hex("517569642070726f2071756f").try_into().unwrap();
    let keys = backend::GcmKeys::new(&hex(key), salt).unwrap();
    let plain = hex(
        "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef deadbeef
                     deadbeef deadbeef deadbeef",
    );
    let mut packet = plain.clone();
    packet.resize(plain.len() + 20, 0);
    keys.protect_rtcp(&mut packet, plain.len(), 0x4d61_7273, 0x5d4)
        .unwrap();
    assert_eq!(packet, hex(sealed));
    keys.unprotect_rtcp(&mut packet, plain.len(), 0x4d61_7273, 0x5d4)
        .unwrap();
    assert_eq!(packet[..plain.len()], plain);
}

#[test]
fn rtcp_of_rfc_7714_17_1_aes_128_gcm() {
    rfc_7714_rtcp(
        "000102030405060708090a0b0c0d0e0f",
        "81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1 730d6fda 4ce09b46
         86303ded 0bb9275b c84aa458 96cf4d2f c5abf872 45d9eade 800005d4",
    );
}

#[test]
fn rtcp_of_rfc_7714_17_2_aes_256_gcm() {
    rfc_7714_rtcp(
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        "81c8000d 4d617273 d50ae4d1 f5ce5d30 4ba297e4 7d470c28 2c3ece5d bffe0a50 a2eaa5c1 110555be 8415f658
         c61de047 6f1b6fad 1d1eb30c 4446839f 57ff6f6c b26ac3be 800005d4",
    );
}

#[test]
fn a_packet_opens_once() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = pair(profile);
        let packet = rtp(7, 1000, b"sound");
        let sealed = protect(&mut sender, &packet);
        assert_eq!(sealed.len(), packet.len() + profile.tag_len());
        assert_eq!(unprotect(&mut receiver, &sealed).unwrap(), packet);
        assert_eq!(
            unprotect(&mut receiver, &sealed),
            Err(SrtpError::Replayed),
            "{profile}"
        );

        let report = receiver_report(7, 1);
        let sealed = protect_rtcp(&mut sender, &report);
        assert_eq!(unprotect_rtcp(&mut receiver, &sealed).unwrap(), report);
        assert_eq!(
            unprotect_rtcp(&mut receiver, &sealed),
            Err(SrtpError::Replayed),
            "{profile}"
        );
    }
}

#[test]
fn refuses_every_flipped_bit_and_stays_usable() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = pair(profile);
        let packet = rtp(7, 1000, b"sound");
        let sealed = protect(&mut sender, &packet);
        for bit in 0..sealed.len() * 8 {
            let mut forged = sealed.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            assert!(unprotect(&mut receiver, &forged).is_err(), "{profile} bit {bit}");
        }
        assert_eq!(unprotect(&mut receiver, &sealed).unwrap(), packet);

        let report = receiver_report(7, 1);
        let sealed = protect_rtcp(&mut sender, &report);
        for bit in 0..sealed.len() * 8 {
            let mut forged = sealed.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            assert!(
                unprotect_rtcp(&mut receiver, &forged).is_err(),
                "{profile} bit {bit}"
            );
        }
        assert_eq!(unprotect_rtcp(&mut receiver, &sealed).unwrap(), report);
    }
}

#[test]
fn an_older_packet_can_be_protected_again_across_a_wrap() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = pair(profile);
        let old = rtp(1, 65_530, b"lost on the way");
        let first = protect(&mut sender, &old);
        for sequence in (65_531..=65_535).chain(0..20) {
            let sealed = protect(&mut sender, &rtp(1, sequence, b"x"));
            unprotect(&mut receiver, &sealed).unwrap();
        }
        let again = protect(&mut sender, &old);
        assert_eq!(again, first, "{profile}: the same packet under the same index");
        assert_eq!(unprotect(&mut receiver, &again).unwrap(), old);
        let next = protect(&mut sender, &rtp(1, 20, b"newest"));
        unprotect(&mut receiver, &next).unwrap();
    }
}

#[test]
fn a_sequence_number_before_the_stream_is_refused() {
    let (mut sender, _) = pair(SrtpProfile::AeadAes128Gcm);
    protect(&mut sender, &rtp(1, 3, b"first"));
    let packet = rtp(1, 65_535, b"earlier");
    let mut buffer = packet.clone();
    buffer.resize(packet.len() + SRTP_MAX_OVERHEAD, 0);
    assert_eq!(
        sender.protect_rtp(&mut buffer, packet.len()),
        Err(SrtpError::BeforeStart)
    );
}

#[test]
fn says_how_much_room_is_missing() {
    for profile in PROFILES {
        let (mut sender, _) = pair(profile);
        let mut packet = rtp(1, 3, b"first");
        let len = packet.len();
        let needed = len + profile.tag_len();
        assert_eq!(
            sender.protect_rtp(&mut packet, len),
            Err(SrtpError::BufferTooSmall { needed })
        );
        packet.resize(needed, 0);
        assert_eq!(sender.protect_rtp(&mut packet, len), Ok(needed));
        let mut report = receiver_report(1, 0);
        let len = report.len();
        let needed = len + profile.tag_len() + 4;
        assert_eq!(
            sender.protect_rtcp(&mut report, len),
            Err(SrtpError::BufferTooSmall { needed })
        );
        assert_eq!(
            sender.protect_rtcp(&mut [], 8),
            Err(SrtpError::BufferTooSmall { needed: 8 })
        );
    }
}

#[test]
fn refuses_unencrypted_rtcp_and_short_packets() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = pair(profile);
        let report = receiver_report(7, 1);
        let mut sealed = protect_rtcp(&mut sender, &report);
        let word = if profile == SrtpProfile::Aes128CmHmacSha1_80 {
            sealed.len() - 14
        } else {
            sealed.len() - 4
        };
        sealed[word] &= 0x7f;
        assert_eq!(
            unprotect_rtcp(&mut receiver, &sealed),
            Err(SrtpError::Unencrypted)
        );
        for len in 0..8 + profile.tag_len() + 4 {
            assert!(unprotect_rtcp(&mut receiver, &report[..len.min(report.len())]).is_err());
        }
        let packet = rtp(1, 1, &[0; 9]);
        assert_eq!(unprotect(&mut receiver, &packet), Err(SrtpError::Malformed));
    }
}

#[test]
fn an_outsider_cannot_fill_the_stream_table() {
    let (mut sender, mut receiver) = pair(SrtpProfile::AeadAes128Gcm);
    for ssrc in 0..20_000 {
        let forged = rtp(ssrc, 1, &[0; 40]);
        assert_eq!(unprotect(&mut receiver, &forged), Err(SrtpError::Authentication));
    }
    let sealed = protect(&mut sender, &rtp(5, 1, b"ok"));
    assert!(unprotect(&mut receiver, &sealed).is_ok());
}

#[test]
fn transform_names_no_key_in_debug() {
    let (sender, receiver) = pair(SrtpProfile::AeadAes128Gcm);
    assert_eq!(format!("{sender:?}"), "OutboundSrtp { streams: 0 streams, .. }");
    assert_eq!(
        format!("{receiver:?}"),
        "InboundSrtp { rtp: 0 streams, rtcp: 0 streams, .. }"
    );
    assert!(Transform::new(SrtpProfile::AeadAes128Gcm, &[0; 15], &[0; 12]).is_err());
}

fn any_profile() -> impl Strategy<Value = SrtpProfile> {
    prop::sample::select(PROFILES.to_vec())
}

/// Sequence numbers that climb through at least one wrap with small steps forward, reordered within the window.
fn any_run() -> impl Strategy<Value = Vec<u16>> {
    (
        65_000_u16..=65_535,
        prop::collection::vec((1_u16..40, any::<bool>()), 30..120),
    )
        .prop_map(|(start, steps)| {
            let mut sequences = vec![start];
            let mut newest = start;
            for (step, _) in &steps {
                newest = newest.wrapping_add(*step);
                sequences.push(newest);
            }
            // The first stays first: an index below it would be ambiguous to any receiver. Neighbours change places, so
            // that nothing falls out of a replay window.
            for (pair, (_, swap)) in sequences[1..].chunks_exact_mut(2).zip(steps) {
                if swap {
                    pair.swap(0, 1);
                }
            }
            sequences
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn ours_opens_what_the_oracle_sealed(
        profile in any_profile(), run in any_run(), payload in prop::collection::vec(any::<u8>(), 0..200)
    ) {
        let (_, mut receiver) = pair(profile);
        let mut sender = oracle(profile);
        for sequence in run {
            let packet = rtp(9, sequence, &payload);
            let sealed = sender.encrypt_rtp(&packet).unwrap();
            prop_assert_eq!(unprotect(&mut receiver, &sealed), Ok(packet));
        }
    }

    #[test]
    fn the_oracle_opens_what_ours_sealed(
        profile in any_profile(), run in any_run(), payload in prop::collection::vec(any::<u8>(), 1..200)
    ) {
        let (mut sender, _) = pair(profile);
        let mut receiver = oracle(profile);
        for sequence in run {
            let packet = rtp(9, sequence, &payload);
            let sealed = protect(&mut sender, &packet);
            prop_assert_eq!(&receiver.decrypt_rtp(&sealed).unwrap()[..], &packet[..]);
        }
    }

    #[test]
    fn rtcp_agrees_with_the_oracle_both_ways(profile in any_profile(), blocks in prop::collection::vec(0_u8..6, 1..20)) {
        let (mut sender, mut receiver) = pair(profile);
        let (mut oracle_sender, mut oracle_receiver) = (oracle(profile), oracle(profile));
        for count in blocks {
            let packet = receiver_report(77, count);
            let sealed = protect_rtcp(&mut sender, &packet);
            prop_assert_eq!(&oracle_receiver.decrypt_rtcp(&sealed).unwrap()[..], &packet[..]);
            let sealed = oracle_sender.encrypt_rtcp(&packet).unwrap();
            prop_assert_eq!(unprotect_rtcp(&mut receiver, &sealed), Ok(packet));
        }
    }

    #[test]
    fn arbitrary_bytes_never_pass(profile in any_profile(), bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let (mut sender, mut receiver) = pair(profile);
        prop_assert!(unprotect(&mut receiver, &bytes).is_err());
        prop_assert!(unprotect_rtcp(&mut receiver, &bytes).is_err());
        let mut buffer = bytes.clone();
        buffer.resize(bytes.len() + SRTP_MAX_OVERHEAD, 0);
        let _ = sender.protect_rtp(&mut buffer, bytes.len());
        let _ = sender.protect_rtcp(&mut buffer, bytes.len());
    }
}
