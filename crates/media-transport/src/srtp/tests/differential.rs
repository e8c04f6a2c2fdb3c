//! `webrtc-srtp` as the other end.

use proptest::prelude::*;

use super::*;

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
