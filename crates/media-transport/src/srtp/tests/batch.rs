//! A batch is nothing but faster.

use proptest::prelude::*;

use super::*;

/// Contexts of these profiles, each with keys of its own, twice.
fn receivers(profiles: &[SrtpProfile]) -> [Vec<OutboundSrtp>; 2] {
    [(), ()].map(|()| {
        profiles
            .iter()
            .zip(0_u8..)
            .map(|(profile, i)| {
                OutboundSrtp::new(
                    *profile,
                    &vec![i; profile.key_len()],
                    &vec![!i; profile.salt_len()],
                )
                .unwrap()
            })
            .collect()
    })
}

/// Protects `packets` one by one and as a batch, in buffers with so much room, and compares.
fn compare(profiles: &[SrtpProfile], packets: &[Vec<u8>], room: &[usize]) {
    let [mut one_by_one, mut batch] = receivers(profiles);
    for _ in 0..2 {
        let mut expected = Vec::new();
        let mut buffers = Vec::new();
        for ((srtp, packet), room) in one_by_one.iter_mut().zip(packets).zip(room) {
            let mut buffer = packet.clone();
            buffer.resize(packet.len() + room, 0xee);
            buffers.push(buffer.clone());
            let result = srtp.protect_rtp(&mut buffer, packet.len());
            expected.push((result, buffer));
        }
        let mut results = vec![None; packets.len()];
        let jobs = batch
            .iter_mut()
            .zip(&mut buffers)
            .zip(packets)
            .map(|((srtp, buffer), packet)| BatchPacket {
                srtp,
                buffer,
                len: packet.len(),
            });
        protect_batch(jobs, |position, result| {
            assert!(results[position].replace(result).is_none(), "told once");
        });
        let results: Vec<_> = results
            .into_iter()
            .map(|result| result.expect("told at all"))
            .zip(buffers)
            .collect();
        assert_eq!(results, expected);
    }
}

#[test]
fn batches_of_every_size_agree_with_one_by_one() {
    for profile in PROFILES {
        for count in 0..40 {
            let packets: Vec<_> = (0..count)
                .map(|i| rtp(u32::from(i), 7 + i, &[i.to_le_bytes()[0]; 300]))
                .collect();
            let profiles = vec![profile; packets.len()];
            compare(&profiles, &packets, &vec![SRTP_MAX_OVERHEAD; packets.len()]);
        }
    }
}

#[test]
fn one_that_fails_does_not_hurt_the_others() {
    let profile = SrtpProfile::Aes128CmHmacSha1_80;
    let mut packets: Vec<_> = (0..18).map(|i| rtp(1, i, &[7; 1200])).collect();
    packets[3][0] = 0;
    packets[17].truncate(11);
    let mut room = vec![10; 18];
    room[9] = 9;
    compare(&[profile; 18], &packets, &room);
    let [_, mut batch] = receivers(&[profile; 18]);
    let mut refused = Vec::new();
    let jobs = batch
        .iter_mut()
        .zip(packets.iter_mut().zip(room))
        .map(|(srtp, (buffer, room))| {
            let len = buffer.len();
            buffer.resize(len + room, 0);
            BatchPacket { srtp, buffer, len }
        });
    protect_batch(jobs, |position, result| match result {
        Ok(total) => assert_eq!(total, 1222),
        Err(error) => refused.push((position, error)),
    });
    let small = SrtpError::BufferTooSmall { needed: 1222 };
    assert_eq!(
        refused,
        [(3, SrtpError::Malformed), (9, small), (17, SrtpError::Malformed)]
    );
}

#[test]
fn identifiers_and_encrypted_headers_work_in_batches() {
    for profile in PROFILES {
        let config = |seed: u8| {
            let key = MasterKey::new(
                b"key",
                &vec![seed; profile.key_len()],
                &vec![seed; profile.salt_len()],
            );
            SrtpConfig::with_master_keys(profile, [key]).header_encryption(HeaderEncryption::Cryptex)
        };
        let mut senders: Vec<_> = (0..16)
            .map(|seed| OutboundSrtp::with_config(&config(seed)).unwrap())
            .collect();
        let mut packet = rtp(5, 1, &[1, 2, 3, 4, 5]);
        packet[0] |= 1;
        let mut buffers = vec![packet.clone(); 16];
        let mut lengths = [0; 16];
        let jobs = senders.iter_mut().zip(&mut buffers).map(|(srtp, buffer)| {
            buffer.resize(packet.len() + srtp.max_overhead(), 0);
            BatchPacket {
                srtp,
                buffer,
                len: packet.len(),
            }
        });
        protect_batch(jobs, |position, length| lengths[position] = length.unwrap());
        for (seed, (buffer, length)) in (0..).zip(buffers.iter().zip(lengths)) {
            let mut receiver = InboundSrtp::with_config(&config(seed)).unwrap();
            let opened = unprotect(&mut receiver, &buffer[..length]).unwrap();
            assert_eq!(opened[20..], packet[16..], "{profile}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn mixed_batches_agree(
        packets in prop::collection::vec(
            (prop::sample::select(PROFILES.to_vec()), 0_usize..1500, any::<u16>(), 0_usize..24, any::<bool>()), 0..50
        )
    ) {
        let profiles: Vec<_> = packets.iter().map(|(profile, ..)| *profile).collect();
        let room: Vec<_> = packets.iter().map(|(_, _, _, room, _)| *room).collect();
        let packets: Vec<_> = packets
            .iter()
            .map(|(_, len, sequence, _, broken)| {
                let mut packet = rtp(3, *sequence, &vec![0x77; *len]);
                packet[0] ^= if *broken { 0x40 } else { 0 };
                packet
            })
            .collect();
        compare(&profiles, &packets, &room);
    }
}
