//! Published vectors of the transforms.

use super::*;

/// RFC 3711 appendix B.2: the session key and salt are given, so the transform is fed directly. The 1 MB key stream
/// starts at SSRC 0, index 0; a 48-byte packet of zeros shows its first three blocks.
#[test]
fn key_stream_of_rfc_3711_b_2() {
    let key: [u8; 16] = hex("2B7E151628AED2A6ABF7158809CF4F3C").try_into().unwrap();
    let salt: [u8; 14] = hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD").try_into().unwrap();
    let keys = backend::CmKeys::new(&key, salt, &[0; 20], 10).unwrap();
    let mut packet = [0; 48];
    keys.crypt(&mut packet, 0, 0).unwrap();
    assert_eq!(
        packet[..],
        hex(
            "E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB 41E95B3BB0A2E8DD477901E4FCA894C0"
        )
    );
}

/// The end of the key stream of RFC 3711 appendix B.2: blocks 0xfeff to 0xff01, so that the counter's high byte changes.
#[test]
fn end_of_the_key_stream_of_rfc_3711_b_2() {
    let key: [u8; 16] = hex("2B7E151628AED2A6ABF7158809CF4F3C").try_into().unwrap();
    let salt: [u8; 14] = hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD").try_into().unwrap();
    let keys = backend::CmKeys::new(&key, salt, &[0; 20], 10).unwrap();
    let mut packet = vec![0; 0xff02 * 16];
    keys.crypt(&mut packet, 0, 0).unwrap();
    assert_eq!(
        packet[0xfeff * 16..],
        hex(
            "EC8CDF7398607CB0F2D21675EA9EA1E4 362B7C3C6773516318A077D7FC5073AE 6A2CC3787889374FBEB4C81B17BA6C44"
        )
    );
}

/// The RTP packet with which libsrtp tests this profile, from the master key of RFC 3711 appendix B.3; the short profile
/// cuts the same tag.
#[test]
fn rtp_of_libsrtp_aes_128_cm() {
    let key = hex("E1F97A0D3E018BE0D64FA32C06DE4139");
    let salt = hex("0EC675AD498AFEEBB6960B3AABE6");
    let plain = hex("800f1234 decafbad cafebabe abababab abababab abababab abababab");
    let sealed = hex("800f1234 decafbad cafebabe 4e55dc4c e79978d8 8ca4d215 949d2402 b78d6acc 99ea179b 8dbb");
    for (profile, cut) in [
        (SrtpProfile::Aes128CmHmacSha1_80, 0),
        (SrtpProfile::Aes128CmHmacSha1_32, 6),
    ] {
        let mut sender = OutboundSrtp::new(profile, &key, &salt).unwrap();
        assert_eq!(
            protect(&mut sender, &plain),
            sealed[..sealed.len() - cut],
            "{profile}"
        );
    }
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
    let place = header::RtpPlace {
        clear: 12,
        len: plain.len(),
        ssrc: 0x5501_a0b2,
        index: 0xf17b,
    };
    keys.seal_rtp(&mut packet, place).unwrap();
    assert_eq!(packet, hex(sealed));
    keys.open_rtp(&mut packet, place).unwrap();
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
    keys.seal_rtcp(&mut packet, plain.len(), 0x4d61_7273, 0x5d4)
        .unwrap();
    assert_eq!(packet, hex(sealed));
    keys.open_rtcp(&mut packet, plain.len(), 0x4d61_7273, 0x5d4)
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
