//! Master key identifiers and lifetimes (RFC 3711 §3.1, §8.1, §9.2).

use super::*;

fn master(profile: SrtpProfile, mki: &[u8], seed: u8) -> MasterKey {
    MasterKey::new(
        mki,
        &vec![seed; profile.key_len()],
        &vec![!seed; profile.salt_len()],
    )
}

fn two_keys(profile: SrtpProfile) -> (OutboundSrtp, InboundSrtp) {
    let config = SrtpConfig::with_master_keys(
        profile,
        [master(profile, b"old!", 1), master(profile, b"new!", 2)],
    );
    (
        OutboundSrtp::with_config(&config).unwrap(),
        InboundSrtp::with_config(&config).unwrap(),
    )
}

fn seal(sender: &mut OutboundSrtp, packet: &[u8]) -> Vec<u8> {
    let mut buffer = packet.to_vec();
    buffer.resize(packet.len() + sender.max_overhead(), 0xee);
    let len = sender.protect_rtp(&mut buffer, packet.len()).unwrap();
    buffer.truncate(len);
    buffer
}

fn seal_rtcp(sender: &mut OutboundSrtp, packet: &[u8]) -> Vec<u8> {
    let mut buffer = packet.to_vec();
    buffer.resize(packet.len() + sender.max_overhead(), 0xee);
    let len = sender.protect_rtcp(&mut buffer, packet.len()).unwrap();
    buffer.truncate(len);
    buffer
}

/// Puts an identifier where the profile wants it: behind an AEAD packet, before another one's tag.
fn insert(profile: SrtpProfile, mut packet: Vec<u8>, tag_len: usize, mki: &[u8]) -> Vec<u8> {
    let at = packet.len() - if profile.is_aead() { 0 } else { tag_len };
    packet.splice(at..at, mki.iter().copied());
    packet
}

/// The identifier is not covered by tag or encryption, so a packet is that of the independent implementation with the
/// identifier put in.
#[test]
fn packets_are_the_oracles_with_the_identifier_put_in() {
    for profile in PROFILES {
        let (key, salt) = keys(profile);
        let config = SrtpConfig::with_master_keys(profile, [MasterKey::new(b"abc", &key, &salt)]);
        let mut sender = OutboundSrtp::with_config(&config).unwrap();
        let mut receiver = InboundSrtp::with_config(&config).unwrap();
        let mut oracle = oracle(profile);
        for sequence in 1..4 {
            let packet = rtp(3, sequence, b"some payload");
            let expected = insert(
                profile,
                oracle.encrypt_rtp(&packet).unwrap().to_vec(),
                profile.tag_len(),
                b"abc",
            );
            assert_eq!(seal(&mut sender, &packet), expected, "{profile}");
            assert_eq!(unprotect(&mut receiver, &expected), Ok(packet), "{profile}");
        }
        let report = receiver_report(3, 2);
        let (sealed, theirs) = (
            seal_rtcp(&mut sender, &report),
            oracle.encrypt_rtcp(&report).unwrap(),
        );
        // The other implementation counts from 1.
        assert_eq!(sealed.len(), theirs.len() + 3);
        assert_eq!(
            unprotect_rtcp(&mut receiver, &sealed),
            Ok(report.clone()),
            "{profile}"
        );
        let theirs = insert(profile, theirs.to_vec(), profile.rtcp_tag_len(), b"abc");
        assert_eq!(unprotect_rtcp(&mut receiver, &theirs), Ok(report), "{profile}");
    }
}

#[test]
fn the_key_changes_and_indices_go_on() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = two_keys(profile);
        let old = seal(&mut sender, &rtp(5, 65_535, b"under the old key"));
        let report = receiver_report(5, 0);
        let old_report = seal_rtcp(&mut sender, &report);
        assert_eq!(sender.switch_key(b"none"), Err(SrtpError::UnknownMasterKey));
        sender.switch_key(b"new!").unwrap();
        let new = seal(&mut sender, &rtp(5, 0, b"under the new one"));
        let new_report = seal_rtcp(&mut sender, &report);
        assert_eq!(
            unprotect(&mut receiver, &old).unwrap(),
            rtp(5, 65_535, b"under the old key")
        );
        assert_eq!(
            unprotect(&mut receiver, &new).unwrap(),
            rtp(5, 0, b"under the new one")
        );
        for sealed in [&new_report, &old_report] {
            assert_eq!(unprotect_rtcp(&mut receiver, sealed).as_ref(), Ok(&report));
            assert_eq!(unprotect_rtcp(&mut receiver, sealed), Err(SrtpError::Replayed));
        }
        // The same packet under the other key is still the same packet.
        sender.switch_key(b"old!").unwrap();
        let again = seal(&mut sender, &rtp(5, 0, b"under the new one"));
        assert_ne!(again, new);
        assert_eq!(
            unprotect(&mut receiver, &again),
            Err(SrtpError::Replayed),
            "{profile}"
        );
    }
}

#[test]
fn an_identifier_of_no_key_is_refused() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = two_keys(profile);
        let sealed = seal(&mut sender, &rtp(5, 1, b"payload"));
        let behind = if profile.is_aead() { 0 } else { profile.tag_len() };
        let at = sealed.len() - behind - 4;
        assert_eq!(sealed[at..at + 4], *b"old!");
        let with = |mki: &[u8]| [&sealed[..at], mki, &sealed[at + 4..]].concat();
        assert_eq!(
            unprotect(&mut receiver, &with(b"none")),
            Err(SrtpError::UnknownMasterKey)
        );
        assert_eq!(
            unprotect(&mut receiver, &with(b"new!")),
            Err(SrtpError::Authentication)
        );
        assert_eq!(unprotect(&mut receiver, &sealed[..14]), Err(SrtpError::Malformed));
        assert!(unprotect(&mut receiver, &sealed).is_ok(), "{profile}");
        for len in 0..16 + profile.rtcp_tag_len() {
            assert!(unprotect_rtcp(&mut receiver, &receiver_report(5, 1)[..len.min(32)]).is_err());
        }
    }
}

#[test]
fn keys_come_and_go() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = two_keys(profile);
        let third = master(profile, b"3rd!", 3);
        sender.add_key(&third).unwrap();
        sender.switch_key(b"3rd!").unwrap();
        let sealed = seal(&mut sender, &rtp(5, 1, b"payload"));
        assert_eq!(
            unprotect(&mut receiver, &sealed),
            Err(SrtpError::UnknownMasterKey)
        );
        receiver.add_key(&third).unwrap();
        assert!(unprotect(&mut receiver, &sealed).is_ok());

        assert_eq!(sender.remove_key(b"3rd!"), Err(SrtpError::InvalidMki), "in use");
        sender.remove_key(b"old!").unwrap();
        assert_eq!(sender.switch_key(b"old!"), Err(SrtpError::UnknownMasterKey));
        for gone in [b"old!", b"3rd!"] {
            receiver.remove_key(gone).unwrap();
            assert_eq!(receiver.remove_key(gone), Err(SrtpError::UnknownMasterKey));
        }
        assert_eq!(
            receiver.remove_key(b"new!"),
            Err(SrtpError::InvalidMki),
            "the last one"
        );
        let sealed = seal(&mut sender, &rtp(5, 2, b"payload"));
        assert_eq!(
            unprotect(&mut receiver, &sealed),
            Err(SrtpError::UnknownMasterKey)
        );
        sender.switch_key(b"new!").unwrap();
        let sealed = seal(&mut sender, &rtp(5, 3, b"payload"));
        assert!(unprotect(&mut receiver, &sealed).is_ok(), "{profile}");
    }
}

#[test]
fn refuses_keys_that_cannot_be_told_apart() {
    let profile = SrtpProfile::AeadAes128Gcm;
    let made = |mkis: &[&[u8]]| {
        let keys = mkis.iter().map(|mki| master(profile, mki, 1));
        OutboundSrtp::with_config(&SrtpConfig::with_master_keys(profile, keys)).map(|_| ())
    };
    assert_eq!(made(&[]), Err(SrtpError::UnknownMasterKey));
    assert_eq!(made(&[b""]), Ok(()));
    assert_eq!(made(&[b"", b"a"]), Err(SrtpError::InvalidMki));
    assert_eq!(made(&[b"a", b"a"]), Err(SrtpError::InvalidMki));
    assert_eq!(made(&[b"a", b"bb"]), Err(SrtpError::InvalidMki));
    assert_eq!(made(&[&[0; MAX_MKI_LEN]]), Ok(()));
    assert_eq!(made(&[&[0; MAX_MKI_LEN + 1]]), Err(SrtpError::InvalidMki));
    let many: Vec<[u8; 1]> = (0..=16).map(|i| [i]).collect();
    let many: Vec<&[u8]> = many.iter().map(<[u8; 1]>::as_slice).collect();
    assert_eq!(made(&many[..MAX_MASTER_KEYS]), Ok(()));
    assert_eq!(made(&many), Err(SrtpError::TooManyKeys));
    let short = MasterKey::new(b"b", &[0; 15], &[0; 12]);
    let config = SrtpConfig::with_master_keys(profile, [master(profile, b"a", 1), short]);
    assert_eq!(
        InboundSrtp::with_config(&config).map(|_| ()),
        Err(SrtpError::KeyLength)
    );
}

#[test]
fn a_key_ends_with_its_lifetime() {
    for profile in PROFILES {
        let keys = |lifetime| {
            let config = SrtpConfig::with_master_keys(
                profile,
                [
                    master(profile, b"1", 1).lifetime(lifetime),
                    master(profile, b"2", 2),
                ],
            );
            (
                OutboundSrtp::with_config(&config).unwrap(),
                InboundSrtp::with_config(&config).unwrap(),
            )
        };
        let (mut sender, _) = keys(3);
        let (mut patient, mut receiver) = (keys(10).0, keys(3).1);
        for sequence in 0..3 {
            let sealed = seal(&mut sender, &rtp(5, sequence, b"x"));
            // What does not authenticate does not wear the key out.
            let mut forged = sealed.clone();
            forged[12] ^= 1;
            assert_eq!(unprotect(&mut receiver, &forged), Err(SrtpError::Authentication));
            assert!(unprotect(&mut receiver, &sealed).is_ok(), "{profile} {sequence}");
            seal(&mut patient, &rtp(5, sequence, b"x"));
        }
        let packet = rtp(5, 3, b"x");
        let mut buffer = packet.clone();
        buffer.resize(packet.len() + sender.max_overhead(), 0);
        assert_eq!(
            sender.protect_rtp(&mut buffer, packet.len()),
            Err(SrtpError::KeyExhausted)
        );
        let sealed = seal(&mut patient, &packet);
        assert_eq!(unprotect(&mut receiver, &sealed), Err(SrtpError::KeyExhausted));
        sender.switch_key(b"2").unwrap();
        let sealed = seal(&mut sender, &packet);
        assert_eq!(unprotect(&mut receiver, &sealed), Ok(packet), "{profile}");
    }
}

#[test]
fn identifiers_and_encrypted_headers_go_together() {
    for profile in PROFILES {
        let config = SrtpConfig::with_master_keys(profile, [master(profile, &[9; 128], 1)])
            .header_encryption(HeaderEncryption::Cryptex);
        let mut sender = OutboundSrtp::with_config(&config).unwrap();
        let mut receiver = InboundSrtp::with_config(&config).unwrap();
        let mut packet = rtp(5, 1, &[1, 2, 3, 4, 0xbe, 0xde, 0, 1, 0x10, 7, 0, 0, 42]);
        packet[0] |= 0x11;
        let sealed = seal(&mut sender, &packet);
        assert_eq!(sealed.len(), packet.len() + profile.tag_len() + 128);
        assert_eq!(unprotect(&mut receiver, &sealed), Ok(packet), "{profile}");
    }
}
