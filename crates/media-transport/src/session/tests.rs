//! Whole sessions in virtual time.

use std::collections::HashSet;
use std::time::Duration;

use proptest::prelude::*;
use rand::{Rng, RngExt};

use super::pair::{End, Link, Pair};
use super::*;
use crate::stun::Class;
use crate::test_clock::start;

const SECOND: Duration = Duration::from_secs(1);

fn rtp(sequence: u16, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x80, 111];
    packet.extend(sequence.to_be_bytes());
    packet.extend([0, 0, 0, 1, 0, 0, 0, 42]);
    packet.extend(payload);
    packet
}

fn report() -> Vec<u8> {
    vec![0x80, 201, 0, 1, 0, 0, 0, 42]
}

fn exchange(pair: &mut Pair, sequence: u16) {
    pair.client_media.clear();
    pair.server_media.clear();
    pair.send_media(End::Client, &rtp(sequence, b"up"));
    pair.send_media(End::Server, &rtp(sequence, b"down"));
    pair.send_media(End::Client, &report());
    pair.send_media(End::Server, &report());
    pair.drive_for(SECOND);
    assert_eq!(pair.server_media, [rtp(sequence, b"up"), report()]);
    assert_eq!(pair.client_media, [rtp(sequence, b"down"), report()]);
}

/// The client's and the server's DTLS library, every one with every other.
fn backends() -> impl Iterator<Item = (DtlsBackend, DtlsBackend)> {
    let all = DtlsBackend::ALL;
    all.iter()
        .flat_map(move |client| all.iter().map(move |server| (*client, *server)))
}

#[test]
fn connects_and_carries_media_both_ways() {
    for backends in backends() {
        let pair = Pair::with_backends(backends, 1, Link::CLEAN, |_, _| {});
        let profile = match backends.1 {
            DtlsBackend::Dimpl => SrtpProfile::AeadAes256Gcm,
            #[cfg(feature = "webrtc-dtls")]
            DtlsBackend::WebrtcDtls => SrtpProfile::AeadAes128Gcm,
        };
        check_connection(pair, profile);
    }
}

fn check_connection(mut pair: Pair, profile: SrtpProfile) {
    pair.connect();
    assert!(
        pair.elapsed() < Duration::from_millis(150),
        "{:?}",
        pair.elapsed()
    );
    let connected = PeerEvent::Connected { profile };
    assert_eq!(
        pair.server_events,
        [PeerEvent::RemoteAddress(pair.client_address), connected]
    );
    assert_eq!(
        pair.client_events,
        [PeerEvent::RemoteAddress(pair.server_address), connected]
    );
    assert_eq!(
        pair.client.selected_path(),
        Some((pair.client_address, pair.server_address))
    );
    assert_eq!(
        pair.server.selected_path(),
        Some((pair.server_address, pair.client_address))
    );
    assert_eq!(pair.client.rtt(), Some(Duration::from_millis(20)));
    assert_eq!(pair.server.rtt(), None);
    exchange(&mut pair, 1);
    assert_eq!(pair.drops, []);
}

#[test]
fn a_lite_server_never_sends_a_check_and_every_datagram_is_small() {
    for backends in backends() {
        let mut pair = Pair::with_backends(backends, 2, Link::CLEAN, |_, _| {});
        pair.connect();
        pair.drive_for(20 * SECOND);
        for (sender, datagram) in &pair.log {
            assert!(datagram.len() <= 1200);
            if *sender == End::Server && classify(datagram) == PacketClass::Stun {
                assert_eq!(Message::parse(datagram).unwrap().class(), Class::Success);
            }
        }
    }
}

#[test]
fn connects_over_bad_links() {
    for backends in backends() {
        for seed in 0..if backends == Default::default() { 25 } else { 8 } {
            let mut pair = Pair::with_backends(backends, seed, Link::BAD, |_, _| {});
            assert!(
                pair.drive_until(29 * SECOND, Pair::is_connected),
                "seed {seed}: {:?}",
                pair.client_events
            );
        }
    }
}

#[test]
fn media_over_a_bad_link_arrives_at_most_once_and_unharmed() {
    let mut pair = Pair::with(7, Link::BAD, |_, _| {});
    pair.connect();
    // Through the wrap of the sequence number.
    for step in 0..400_u16 {
        let sequence = 65_300_u16.wrapping_add(step);
        pair.send_media(End::Client, &rtp(sequence, &step.to_be_bytes()));
        pair.send_media(End::Server, &rtp(sequence, &step.to_be_bytes()));
        pair.drive_for(Duration::from_millis(20));
    }
    pair.drive_for(SECOND);
    for media in [&pair.client_media, &pair.server_media] {
        let distinct: HashSet<_> = media.iter().collect();
        assert_eq!(distinct.len(), media.len(), "each at most once");
        assert!(
            (280..400).contains(&media.len()),
            "{} of 400 at 15 % loss",
            media.len()
        );
        for packet in media {
            let step = u16::from_be_bytes([packet[12], packet[13]]);
            assert_eq!(packet, &rtp(65_300_u16.wrapping_add(step), &step.to_be_bytes()));
        }
    }
    let replayed = (End::Server, DropReason::Srtp(crate::SrtpError::Replayed));
    assert!(pair.drops.contains(&replayed), "duplicates are dropped by name");
}

#[test]
fn the_server_follows_a_client_to_its_new_address() {
    let mut pair = Pair::new(3);
    pair.connect();
    exchange(&mut pair, 1);
    let moved = "203.0.113.9:61000".parse().unwrap();
    pair.client_address = moved;
    let followed = |pair: &Pair| {
        pair.server
            .selected_path()
            .is_some_and(|(_, remote)| remote == moved)
    };
    // The next consent check carries the nomination.
    assert!(pair.drive_until(7 * SECOND, followed));
    pair.drive_for(SECOND);
    assert_eq!(pair.server_events.last(), Some(&PeerEvent::RemoteAddress(moved)));
    exchange(&mut pair, 2);
    pair.drive_for(120 * SECOND);
    assert!(pair.is_connected());
}

#[test]
fn consent_expires_on_both_sides_of_a_cut_link() {
    let mut pair = Pair::new(4);
    pair.connect();
    pair.drive_for(60 * SECOND);
    assert!(pair.is_connected(), "idle sessions stay");
    pair.link.is_cut = true;
    let cut = pair.now;
    let interrupted = |pair: &Pair| {
        [&pair.server_events, &pair.client_events]
            .iter()
            .all(|events| events.last() == Some(&PeerEvent::Interrupted))
    };
    assert!(
        !pair.drive_until(23 * SECOND, interrupted),
        "the last check was at most 6 s old"
    );
    assert!(
        pair.drive_until(8 * SECOND, interrupted),
        "{:?}",
        pair.server_events
    );
    assert!(pair.now.duration_since(cut) <= 31 * SECOND);
    assert!(!pair.client.is_connected() && !pair.server.is_connected());
    assert_eq!(
        (pair.client.selected_path(), pair.server.selected_path()),
        (None, None)
    );
    let refused = pair.server.protect_rtp(&mut [0x80; 60], 20);
    assert_eq!(refused, Err(Error::NotConnected));
    let expired = PeerEvent::Closed(CloseReason::ConsentExpired);
    let closed = |pair: &Pair| {
        pair.server_events.last() == Some(&expired) && pair.client_events.last() == Some(&expired)
    };
    assert!(!pair.drive_until(29 * SECOND - Duration::from_millis(1), closed));
    assert!(pair.drive_until(8 * SECOND, closed), "{:?}", pair.server_events);
    assert_eq!(
        (pair.client.poll_timeout(), pair.server.poll_timeout()),
        (None, None)
    );
    assert_eq!(pair.server.protect_rtp(&mut [0x80; 60], 20), Err(Error::Closed));
}

#[test]
fn a_short_cut_is_survived() {
    let mut pair = Pair::new(5);
    pair.connect();
    pair.link.is_cut = true;
    pair.drive_for(20 * SECOND);
    pair.link.is_cut = false;
    pair.drive_for(60 * SECOND);
    assert!(pair.is_connected());
    exchange(&mut pair, 9);
}

#[test]
fn nobody_there_is_a_failure_after_thirty_seconds() {
    let link = Link {
        is_cut: true,
        ..Link::CLEAN
    };
    let mut pair = Pair::with(6, link, |_, _| {});
    pair.drive_for(29 * SECOND);
    assert_eq!(
        (&pair.client_events[..], &pair.server_events[..]),
        (&[][..], &[][..])
    );
    pair.drive_for(2 * SECOND);
    let failed = [PeerEvent::Closed(CloseReason::IceFailed)];
    assert_eq!(
        (&pair.client_events[..], &pair.server_events[..]),
        (&failed[..], &failed[..])
    );
}

#[test]
fn the_wrong_certificate_is_refused_by_the_server() {
    for backends in backends() {
        let mut pair = Pair::with_backends(backends, 8, Link::CLEAN, |_, to_server| {
            to_server.fingerprint.0[31] ^= 1
        });
        let closed = |pair: &Pair| !pair.server_events.is_empty() && pair.server.poll_timeout().is_none();
        assert!(pair.drive_until(10 * SECOND, closed));
        assert_eq!(
            pair.server_events.last(),
            Some(&PeerEvent::Closed(CloseReason::FingerprintMismatch))
        );
        assert!(
            !pair
                .server_events
                .iter()
                .any(|event| matches!(event, PeerEvent::Connected { .. }))
        );
        assert_eq!(pair.server.protect_rtp(&mut [0x80; 60], 20), Err(Error::Closed));
    }
}

#[test]
fn the_wrong_certificate_is_refused_by_the_client() {
    for backends in backends() {
        let mut pair = Pair::with_backends(backends, 9, Link::CLEAN, |to_client, _| {
            to_client.fingerprint.0[0] ^= 1
        });
        let closed = |pair: &Pair| {
            pair.client_events.last() == Some(&PeerEvent::Closed(CloseReason::FingerprintMismatch))
        };
        assert!(pair.drive_until(10 * SECOND, closed), "{:?}", pair.client_events);
        assert!(
            !pair
                .client_events
                .iter()
                .any(|event| matches!(event, PeerEvent::Connected { .. }))
        );
        assert!(!pair.is_connected());
    }
}

#[test]
fn closing_tells_the_peer() {
    for backends in backends() {
        let mut pair = Pair::with_backends(backends, 10, Link::CLEAN, |_, _| {});
        pair.connect();
        pair.client.close(pair.now);
        pair.drive_for(SECOND);
        assert_eq!(
            pair.client_events.last(),
            Some(&PeerEvent::Closed(CloseReason::Local))
        );
        assert_eq!(
            pair.server_events.last(),
            Some(&PeerEvent::Closed(CloseReason::CloseNotify))
        );
        let now = pair.now;
        pair.client.close(now);
        assert_eq!(pair.client.poll_event(), None, "said once");
        let (from, to) = (pair.client_address, pair.server_address);
        let mut late = [0x80, 0];
        let dropped = pair.server.handle_datagram(now, from, to, &mut late);
        assert_eq!(dropped, Received::Dropped(DropReason::Closed));
    }
}

#[test]
fn ice_restarts_under_new_credentials_without_losing_media() {
    let mut pair = Pair::new(11);
    pair.connect();
    exchange(&mut pair, 1);
    let mut rng = StdRng::seed_from_u64(99);
    let (ours, theirs) = (
        IceCredentials::generate(&mut rng),
        IceCredentials::generate(&mut rng),
    );
    let now = pair.now;
    pair.server
        .restart_ice(now, ours.clone(), theirs.clone(), &[])
        .unwrap();
    exchange(&mut pair, 2);
    let now = pair.now;
    pair.client_address = "203.0.113.77:1234".parse().unwrap();
    pair.client.restart_ice(now, theirs, ours.clone(), &[]).unwrap();
    pair.drive_for(SECOND);
    assert_eq!(
        pair.server.selected_path(),
        Some((pair.server_address, pair.client_address))
    );
    exchange(&mut pair, 3);
    pair.drive_for(100 * SECOND);
    assert!(pair.is_connected(), "{:?}", pair.client_events);
    let last_request = pair
        .log
        .iter()
        .rev()
        .find_map(|(_, datagram)| crate::stun::peek_username(datagram));
    assert_eq!(last_request.map(|(server, _)| server), Some(&*ours.ufrag));
}

#[test]
fn commands_out_of_order_are_refused() {
    let mut pair = Pair::new(12);
    let now = pair.now;
    let remote = RemoteParameters {
        credentials: IceCredentials {
            ufrag: "abcd".into(),
            pwd: "x".repeat(22),
        },
        fingerprint: Fingerprint([0; 32]),
        candidates: vec![],
    };
    assert_eq!(
        pair.client.set_remote(now, remote.clone()),
        Err(Error::RemoteAlreadySet)
    );
    assert_eq!(
        pair.client.protect_rtp(&mut [0x80; 60], 20),
        Err(Error::NotConnected)
    );
    pair.connect();
    assert_eq!(
        pair.client.protect_rtp(&mut [0x80; 20], 20),
        Err(Error::BufferTooSmall { needed: 36 })
    );
    let invalid = IceCredentials {
        ufrag: "a".into(),
        pwd: "b".into(),
    };
    let valid = remote.credentials.clone();
    assert_eq!(
        pair.client.restart_ice(now, valid, invalid, &[]),
        Err(Error::InvalidCredentials)
    );
    pair.client.close(now);
    assert_eq!(pair.client.set_remote(now, remote), Err(Error::Closed));
}

#[test]
fn only_an_acceptable_profile_connects() {
    let begin = start();
    let mut pair = Pair::new(13);
    let strict = PeerConfig {
        role: Role::Server,
        local: IceCredentials {
            ufrag: "lite".into(),
            pwd: "p".repeat(22),
        },
        certificate: Certificate::generate().unwrap(),
        srtp_profiles: vec![SrtpProfile::Aes128CmHmacSha1_80],
        seed: 0,
    };
    let client = PeerConfig {
        role: Role::Client,
        local: IceCredentials {
            ufrag: "full".into(),
            pwd: "q".repeat(22),
        },
        certificate: Certificate::generate().unwrap(),
        srtp_profiles: SrtpProfile::PREFERENCE.to_vec(),
        seed: 1,
    };
    let to_server = RemoteParameters {
        credentials: client.local.clone(),
        fingerprint: client.certificate.fingerprint(),
        candidates: vec![],
    };
    let to_client = RemoteParameters {
        credentials: strict.local.clone(),
        fingerprint: strict.certificate.fingerprint(),
        candidates: vec![pair.server_address],
    };
    pair.server = PeerSession::new(strict, begin);
    pair.client = PeerSession::new(client, begin);
    pair.server.set_remote(pair.now, to_server).unwrap();
    pair.client.set_remote(pair.now, to_client).unwrap();
    let failed = PeerEvent::Closed(CloseReason::DtlsFailed(DtlsFailure::SrtpProfile));
    assert!(pair.drive_until(5 * SECOND, |pair| pair.server_events.last() == Some(&failed)));
}

#[test]
fn dtls_and_media_from_strangers_are_dropped_by_name() {
    for backends in backends() {
        let mut pair = Pair::with_backends(backends, 14, Link::CLEAN, |_, _| {});
        let (now, stranger, here) = (
            pair.now,
            "203.0.113.66:6666".parse().unwrap(),
            pair.server_address,
        );
        let mut hello = [0; 60];
        hello[0] = 22;
        let drop =
            |pair: &mut Pair, bytes: &mut [u8]| match pair.server.handle_datagram(now, stranger, here, bytes)
            {
                Received::Dropped(reason) => reason,
                other => panic!("{other:?}"),
            };
        assert_eq!(drop(&mut pair, &mut hello), DropReason::UnverifiedAddress);
        assert_eq!(drop(&mut pair, &mut rtp(1, b"x")), DropReason::NoKeys);
        assert_eq!(drop(&mut pair, &mut report()), DropReason::NoKeys);
        assert_eq!(drop(&mut pair, &mut []), DropReason::UnknownProtocol);
        pair.connect();
        assert_eq!(drop(&mut pair, &mut hello), DropReason::UnverifiedAddress);
        let forged = DropReason::Srtp(crate::SrtpError::Authentication);
        assert_eq!(drop(&mut pair, &mut rtp(1, &[0; 30])), forged);
        exchange(&mut pair, 1);
    }
}

#[test]
fn a_check_that_is_played_again_from_elsewhere_does_not_move_the_session() {
    let mut pair = Pair::new(15);
    pair.connect();
    let nomination = |(end, datagram): &&(End, Vec<u8>)| {
        *end == End::Client && Message::parse(datagram).is_ok_and(|message| message.use_candidate())
    };
    let mut replayed = pair.log.iter().find(nomination).unwrap().1.clone();
    let attacker = "203.0.113.66:6666".parse().unwrap();
    let (now, here) = (pair.now, pair.server_address);
    let dropped = pair.server.handle_datagram(now, attacker, here, &mut replayed);
    assert_eq!(dropped, Received::Dropped(DropReason::ReplayedCheck));
    assert_eq!(pair.server.selected_path(), Some((here, pair.client_address)));
}

#[test]
fn noise_between_the_datagrams_of_a_handshake_does_not_stop_it() {
    let mut rng = StdRng::seed_from_u64(16);
    let mut pair = Pair::new(16);
    while !pair.is_connected() {
        assert!(pair.elapsed() < 30 * SECOND);
        pair.drive_until(Duration::from_millis(5), Pair::is_connected);
        let (now, client, server) = (pair.now, pair.client_address, pair.server_address);
        for _ in 0..20 {
            let mut noise = vec![0; rng.random_range(0..300)];
            rng.fill_bytes(&mut noise);
            // Any protocol but DTLS: an authentic address that speaks broken DTLS may end its own handshake.
            if classify(&noise) == PacketClass::Dtls {
                continue;
            }
            let mut copy = noise.clone();
            let to_server = pair.server.handle_datagram(now, client, server, &mut copy);
            assert!(matches!(to_server, Received::Dropped(_)));
            let to_client = pair.client.handle_datagram(now, server, client, &mut noise);
            assert!(matches!(to_client, Received::Dropped(_)));
        }
    }
    exchange(&mut pair, 1);
}

#[test]
fn an_altered_flight_does_not_make_the_client_spin() {
    let server_sends = |pair: &Pair| {
        let mut log = pair.log.iter();
        log.any(|(from, bytes)| *from == End::Server && classify(bytes) == PacketClass::Dtls)
    };
    // From inside the first record to the last: each of them is lost in some round.
    for at in (20..).step_by(40) {
        let mut pair = Pair::new(23);
        assert!(pair.drive_until(Duration::from_secs(5), server_sends));
        if !pair.corrupt(PacketClass::Dtls, at) {
            assert!(at > 500, "a flight of fewer than {at} bytes");
            break;
        }
        let before = pair.log.len();
        // Shorter than the server's first retransmission: what is sent is the client asking for it, and checks.
        pair.drive_for(Duration::from_millis(150));
        let sent = pair.log.len() - before;
        assert!(sent <= 12, "{sent} datagrams after byte {at} was altered");
        // Who can alter datagrams on the path can prevent a connection; but it comes to an end.
        pair.drive_until(Duration::from_secs(31), Pair::is_connected);
        let last = pair.client_events.last();
        assert!(
            matches!(last, Some(PeerEvent::Connected { .. } | PeerEvent::Closed(_))),
            "{last:?} after byte {at} was altered"
        );
    }
}

#[test]
fn broken_dtls_does_not_end_a_connected_session() {
    for backends in backends() {
        let mut rng = StdRng::seed_from_u64(17);
        let mut pair = Pair::with_backends(backends, 17, Link::CLEAN, |_, _| {});
        pair.connect();
        let (client, server) = (pair.client_address, pair.server_address);
        let recorded: Vec<_> = pair
            .log
            .iter()
            .filter(|(_, sent)| classify(sent) == PacketClass::Dtls)
            .cloned()
            .collect();
        for round in 0..400 {
            let mut bytes = recorded[round % recorded.len()].1.clone();
            match round % 3 {
                0 => {}
                1 => {
                    let at = rng.random_range(0..bytes.len());
                    bytes[at] ^= 1 << rng.random_range(0..8);
                }
                _ => rng.fill_bytes(&mut bytes[13..]),
            }
            let mut copy = bytes.clone();
            let now = pair.now;
            pair.server.handle_datagram(now, client, server, &mut bytes);
            pair.client.handle_datagram(now, server, client, &mut copy);
            pair.drive_for(Duration::from_millis(5));
        }
        assert!(
            pair.is_connected(),
            "{:?} {:?}",
            pair.client_events,
            pair.server_events
        );
        exchange(&mut pair, 1);
    }
}

/// What an attacker on the path may do to a recorded datagram.
#[derive(Debug, Clone)]
enum Mischief {
    Noise(Vec<u8>),
    Replay(prop::sample::Index),
    Flip(prop::sample::Index, prop::sample::Index),
    Cut(prop::sample::Index, prop::sample::Index),
}

fn any_mischief() -> impl Strategy<Value = Mischief> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..300).prop_map(Mischief::Noise),
        index().prop_map(Mischief::Replay),
        (index(), index()).prop_map(|(which, bit)| Mischief::Flip(which, bit)),
        (index(), index()).prop_map(|(which, len)| Mischief::Cut(which, len)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn hostile_datagrams_never_panic_and_never_pass_as_media(
        mischief in prop::collection::vec((any_mischief(), any::<bool>(), any::<bool>()), 1..80), seed: u64, wait_ms in 0_u64..100,
    ) {
        let all: Vec<_> = backends().collect();
        let which = all[usize::try_from(seed).unwrap_or_default() % all.len()];
        let mut pair = Pair::with_backends(which, seed, Link::CLEAN, |_, _| {});
        pair.drive_until(Duration::from_millis(wait_ms), |_| false);
        for (act, to_server, known) in mischief {
            let recorded = |which: prop::sample::Index| which.get(&pair.log).1.clone();
            let mut bytes = match act {
                Mischief::Noise(bytes) => bytes,
                Mischief::Replay(which) => recorded(which),
                Mischief::Flip(which, bit) => {
                    let mut bytes = recorded(which);
                    let bit = bit.index(bytes.len() * 8);
                    bytes[bit / 8] ^= 1 << (bit % 8);
                    bytes
                }
                Mischief::Cut(which, len) => {
                    let mut bytes = recorded(which);
                    bytes.truncate(len.index(bytes.len()));
                    bytes
                }
            };
            let stranger = "203.0.113.66:6666".parse().unwrap();
            let (now, client, server) = (pair.now, pair.client_address, pair.server_address);
            let received = if to_server {
                pair.server.handle_datagram(now, if known { client } else { stranger }, server, &mut bytes)
            } else {
                pair.client.handle_datagram(now, if known { server } else { stranger }, client, &mut bytes)
            };
            prop_assert!(!matches!(received, Received::Rtp(_) | Received::Rtcp(_)));
            pair.drive_until(Duration::from_millis(5), |_| false);
        }
    }
}
