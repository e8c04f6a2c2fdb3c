//! Peers that do what they like.

use proptest::prelude::*;

use super::super::records::{CONTENT_ALERT, CONTENT_HANDSHAKE, write};
use super::*;

#[test]
fn an_alert_in_the_clear_ends_a_handshake_and_not_a_connection() {
    for backends in pairings() {
        let alert = write::record(CONTENT_ALERT, 0, 90, &[2, 40]);
        let mut duo = Duo::new(backends);
        duo.drive(3 * DELAY / 2, |_| false);
        duo.mutate(false, |endpoint, now| {
            endpoint.handle_packet(now, &alert).map(|_| ())
        });
        // With DTLS 1.3 everything is encrypted by then.
        if backends != (DtlsBackend::Dimpl, DtlsBackend::Dimpl) {
            assert_eq!(
                duo.server.failure,
                Some(DtlsFailure::Alert(Some(40))),
                "{backends:?}"
            );
        }

        let mut duo = Duo::new(backends);
        assert!(duo.drive(SECOND, Duo::is_connected));
        for is_client in [true, false] {
            duo.mutate(is_client, |endpoint, now| {
                endpoint.handle_packet(now, &alert).map(|_| ())
            });
        }
        duo.drive(SECOND, |_| false);
        duo.assert_unharmed();
    }
}

#[test]
fn a_connection_survives_what_was_sent_before_and_what_is_broken() {
    for backends in pairings() {
        let mut duo = Duo::new(backends);
        assert!(duo.drive(SECOND, Duo::is_connected));
        let log = duo.log.clone();
        for round in 0..6 {
            for (_, from_client, datagram) in &log {
                let mut datagram = datagram.clone();
                if round % 2 == 1 {
                    let at = duo.rng.random_range(0..datagram.len());
                    datagram[at] ^= 1 << (round % 8);
                }
                for is_client in [*from_client, !from_client] {
                    duo.mutate(is_client, |endpoint, now| {
                        endpoint.handle_packet(now, &datagram).map(|_| ())
                    });
                }
            }
            duo.drive(SECOND, |_| false);
        }
        duo.assert_unharmed();
        // Replaying a handshake does not make either side repeat itself for ever.
        assert!(duo.sent < log.len() + 60, "{backends:?}: {}", duo.sent);
        duo.mutate(true, |endpoint, now| {
            endpoint.close(now);
            Ok(())
        });
        assert!(
            duo.drive(SECOND, |duo| duo.server.is_closed),
            "{backends:?}: it still reads"
        );
    }
}

fn client_hello(message: u16, random: u8, total: usize, offset: usize, length: usize) -> Vec<u8> {
    let mut hello = vec![0xfe, 0xfd];
    hello.extend([random; 32]);
    hello.extend([0, 0, 0, 2, 0xc0, 0x2b, 1, 0, 0, 0]);
    let total = total.max(hello.len());
    let end = (offset + length).min(total);
    let piece: Vec<u8> = (offset.min(end)..end)
        .map(|at| hello.get(at).copied().unwrap_or_default())
        .collect();
    write::fragment(1, total, message, offset.min(end), &piece)
}

#[test]
fn a_flood_of_client_hellos_costs_bounded_memory_and_no_more_than_it_brings() {
    for backend in DtlsBackend::ALL {
        let certificate = Certificate::generate().unwrap();
        let config = || EndpointConfig {
            backend: *backend,
            side: Side::Passive,
            certificate: certificate.clone(),
            expected: Fingerprint([0; 32]),
            accepted: SrtpProfile::PREFERENCE.to_vec(),
        };
        // Static state of the libraries is made once.
        let now = start();
        let _ = Duo::new((*backend, *backend)).drive(SECOND, Duo::is_connected);
        for (kind, total, step) in [
            ("whole", 42, 42),
            ("in bytes", 5_000, 1),
            ("in pieces", 60_000, 1_000),
            ("huge", 0xff_ffff, 1_100),
        ] {
            let mut brought = 0;
            let mut answered = 0;
            let info = allocation_counter::measure(|| {
                let mut end = End::new(config(), now);
                for round in 0..3_000_usize {
                    let at = now + Duration::from_millis(u64::try_from(round).unwrap());
                    let [random, message, ..] = round.to_le_bytes();
                    let body = client_hello(
                        u16::from(message % 3),
                        random,
                        total,
                        (round * step) % total,
                        step,
                    );
                    let [.., high, low] = round.to_be_bytes();
                    let mut datagram = write::record(CONTENT_HANDSHAKE, 0, low, &body);
                    datagram[9] = high;
                    brought += datagram.len();
                    let result = end.endpoint.handle_packet(at, &datagram).map(|_| ());
                    answered += end.drain(at, result).iter().map(Vec::len).sum::<usize>();
                }
            });
            let kept = info.bytes_max;
            assert!(kept < 600_000, "{backend:?}, {kind}: {kept} bytes at once");
            assert!(
                answered <= brought,
                "{backend:?}, {kind}: {answered} bytes for {brought}"
            );
        }
    }
}

/// One thing that happens to an endpoint.
#[derive(Debug, Clone)]
enum Act {
    /// Anything at all.
    Noise(Vec<u8>),
    /// A record that is well formed outside.
    Record {
        content: u8,
        epoch: u16,
        body: Vec<u8>,
    },
    /// A handshake message or a piece of one.
    Fragment {
        kind: u8,
        total: usize,
        message: u16,
        offset: usize,
        body: Vec<u8>,
    },
    /// Something that was sent before, with a bit turned or not.
    Again {
        which: prop::sample::Index,
        bit: Option<prop::sample::Index>,
    },
    Wait(Duration),
    Close,
}

fn any_act() -> impl Strategy<Value = Act> {
    let bytes = |most| prop::collection::vec(any::<u8>(), 0..most);
    let index = any::<prop::sample::Index>;
    prop_oneof![
        2 => bytes(200).prop_map(Act::Noise),
        2 => (19_u8..27, 0_u16..4, bytes(200))
            .prop_map(|(content, epoch, body)| Act::Record { content, epoch, body }),
        3 => (0_u8..25, 0_usize..300, 0_u16..9, 0_usize..100, bytes(100))
            .prop_map(|(kind, total, message, offset, body)| Act::Fragment { kind, total, message, offset, body }),
        6 => (index(), prop::option::of(index())).prop_map(|(which, bit)| Act::Again { which, bit }),
        3 => (0_u64..3_000).prop_map(|millis| Act::Wait(Duration::from_millis(millis))),
        1 => Just(Act::Close),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn arbitrary_records_at_arbitrary_times_never_panic_and_never_make_keys_with_a_stranger(
        acts in prop::collection::vec((any_act(), any::<bool>()), 1..60),
        which: prop::sample::Index,
        before_ms in 0_u64..120,
        is_stranger: bool,
    ) {
        let all: Vec<_> = pairings().collect();
        let mut duo = Duo::with(*which.get(&all), |client, server| {
            if is_stranger {
                client.expected.0[0] ^= 1;
                server.expected.0[0] ^= 1;
            }
        });
        duo.drive(Duration::from_millis(before_ms), |_| false);
        for (act, is_client) in acts {
            let datagram = match act {
                Act::Noise(bytes) => bytes,
                Act::Record { content, epoch, body } => write::record(content, epoch, 77, &body),
                Act::Fragment { kind, total, message, offset, body } => {
                    let fragment = write::fragment(kind, total, message, offset, &body);
                    write::record(CONTENT_HANDSHAKE, 0, 78, &fragment)
                }
                Act::Again { which, bit } => {
                    if duo.log.is_empty() {
                        continue;
                    }
                    let mut bytes = which.get(&duo.log).2.clone();
                    if let Some(bit) = bit {
                        let bit = bit.index(bytes.len() * 8);
                        bytes[bit / 8] ^= 1 << (bit % 8);
                    }
                    bytes
                }
                Act::Wait(time) => {
                    duo.drive(time, |_| false);
                    continue;
                }
                Act::Close => {
                    duo.mutate(is_client, |endpoint, now| {
                        endpoint.close(now);
                        Ok(())
                    });
                    continue;
                }
            };
            duo.mutate(is_client, |endpoint, now| endpoint.handle_packet(now, &datagram).map(|_| ()));
        }
        duo.drive(40 * SECOND, |_| false);
        if is_stranger {
            prop_assert!(duo.client.keys.is_none() && duo.server.keys.is_none());
        }
        if duo.is_connected() {
            duo.exchange();
        }
    }
}
