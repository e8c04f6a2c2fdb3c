//! Streams, replay, room and refusals.

use super::*;

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
        let needed = len + profile.rtcp_tag_len() + 4;
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
        let word = if profile.rtcp_tag_len() == 10 {
            sealed.len() - 14
        } else {
            sealed.len() - 4
        };
        sealed[word] &= 0x7f;
        assert_eq!(
            unprotect_rtcp(&mut receiver, &sealed),
            Err(SrtpError::Unencrypted)
        );
        for len in 0..8 + profile.rtcp_tag_len() + 4 {
            assert!(unprotect_rtcp(&mut receiver, &report[..len.min(report.len())]).is_err());
        }
        let packet = rtp(1, 1, &vec![0; profile.tag_len() - 1]);
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
fn nothing_is_allocated_for_packets_of_known_streams() {
    let ids = ExtensionIds::from_iter([1]);
    for profile in PROFILES {
        for header in [
            HeaderEncryption::None,
            HeaderEncryption::Elements(ids),
            HeaderEncryption::Cryptex,
        ] {
            let (key, salt) = keys(profile);
            let config = SrtpConfig::with_master_keys(profile, [MasterKey::new(b"mki", &key, &salt)])
                .header_encryption(header);
            let mut sender = OutboundSrtp::with_config(&config).unwrap();
            let mut receiver = InboundSrtp::with_config(&config).unwrap();
            let mut packet = rtp(5, 0, &[0xbe, 0xde, 0, 1, 0x12, 1, 2, 3, 42, 42]);
            packet[0] |= 0x10;
            let report = receiver_report(5, 2);
            let mut buffer = vec![0; 200];
            let mut round = |sequence: u16| {
                packet[2..4].copy_from_slice(&sequence.to_be_bytes());
                buffer[..packet.len()].copy_from_slice(&packet);
                let len = sender.protect_rtp(&mut buffer, packet.len()).unwrap();
                assert_eq!(receiver.unprotect_rtp(&mut buffer[..len]), Ok(packet.len()));
                buffer[..report.len()].copy_from_slice(&report);
                let len = sender.protect_rtcp(&mut buffer, report.len()).unwrap();
                assert_eq!(receiver.unprotect_rtcp(&mut buffer[..len]), Ok(report.len()));
                buffer[..packet.len()].copy_from_slice(&packet);
                let copy = BatchPacket {
                    srtp: &mut sender,
                    buffer: &mut buffer,
                    len: packet.len(),
                };
                protect_batch([copy], |_, length| assert!(length.is_ok()));
            };
            round(0);
            let allocated = allocation_counter::measure(|| (1..50).for_each(&mut round));
            assert_eq!(allocated.count_total, 0, "{profile} {header:?}");
        }
    }
}

#[test]
fn contexts_show_no_key_in_debug() {
    let (sender, receiver) = pair(SrtpProfile::AeadAes128Gcm);
    assert_eq!(format!("{sender:?}"), "OutboundSrtp { streams: 0 streams, .. }");
    assert_eq!(
        format!("{receiver:?}"),
        "InboundSrtp { rtp: 0 streams, rtcp: 0 streams, .. }"
    );
    assert_eq!(
        OutboundSrtp::new(SrtpProfile::AeadAes128Gcm, &[0; 15], &[0; 12]).map(|_| ()),
        Err(SrtpError::KeyLength)
    );
}
