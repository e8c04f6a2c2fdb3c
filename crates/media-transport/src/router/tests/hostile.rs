use proptest::collection::vec;
use proptest::prelude::*;
use rand::rngs::StdRng;

use super::network::Network;
use super::*;
use crate::rtp::PacketBuilder;

fn call(network: &mut Network) -> (usize, usize) {
    let joined = network.join(1, 2);
    network.publish(joined[0], vec![microphone(1, &[11])]);
    network.subscribe(joined[1], vec![subscription(1, 21)]);
    (joined[0], joined[1])
}

#[test]
fn noise_disturbs_nobody() {
    let mut network = Network::new(1);
    let (a, b) = call(&mut network);
    let mut rng = StdRng::seed_from_u64(1);
    let sources = [
        "203.0.113.9:9".parse().unwrap(),
        network.clients[a].address,
        network.clients[b].address,
    ];
    for sequence in 0..100_u16 {
        for _ in 0..20 {
            let mut bytes = vec![0; rng.random_range(0..1600)];
            rng.fill_bytes(&mut bytes);
            if let Some(first) = bytes.first_mut() {
                *first = [0, 1, 20, 22, 63, 64, 128, 144, 176][rng.random_range(0..9)];
            }
            let source = sources[rng.random_range(0..sources.len())];
            network.send(source, Network::router_address(), bytes);
        }
        network.clients[a].speak(11, sequence, u32::from(sequence) * 960, 30);
        network.run(ms(20));
    }
    network.run(ms(50));
    assert_eq!(network.clients[b].got(21).len(), 100);
    let stats = network.stats(a);
    assert!(stats.datagrams_refused > 0 && stats.connected);
    assert!(
        !network
            .events
            .iter()
            .any(|event| matches!(event, Event::PeerClosed { .. }))
    );
    assert_eq!(
        network.router.peers_by_address.len(),
        2,
        "strangers leave nothing behind"
    );
}

#[test]
fn what_was_sent_once_cannot_be_replayed() {
    let mut network = Network::new(2);
    let (a, b) = call(&mut network);
    network.clients[a].speak(11, 0, 0, 30);
    network.clients[a].drain();
    let (destination, bytes) = network.clients[a].out[0].clone();
    for source in [network.clients[a].address, network.clients[b].address] {
        for _ in 0..5 {
            network.send(source, destination, bytes.clone());
        }
    }
    network.run(ms(50));
    assert_eq!(network.clients[b].got(21).len(), 1);
}

#[test]
fn an_authentic_peer_that_talks_nonsense_harms_itself_alone() {
    let mut network = Network::new(3);
    let (a, b) = call(&mut network);
    let c = network.join(1, 1)[0];
    network.publish(c, vec![camera(3, &[])]);
    let mut rng = StdRng::seed_from_u64(3);
    for sequence in 0..200_u16 {
        let mut payload = [0; 50];
        rng.fill_bytes(&mut payload);
        let mut buffer = [0; 200];
        // Every packet another source, any payload type, any jump.
        let len = PacketBuilder::new(
            rng.random_range(90..100),
            rng.random(),
            rng.random(),
            rng.random(),
        )
        .extension(4, if rng.random() { b"v" } else { b"?" })
        .write(&payload, &mut buffer)
        .unwrap();
        network.clients[c].send_rtp(&buffer[..len]);
        network.clients[c].send_rtcp(|writer| {
            writer.nack(1, rng.random(), (0..200).map(|n| n * 3)).unwrap();
            writer.picture_loss_indication(1, 21).unwrap();
            writer.goodbye(&[11]).unwrap();
        });
        network.clients[a].speak(11, sequence, u32::from(sequence) * 960, 30);
        network.run(ms(20));
    }
    network.run(ms(50));
    assert_eq!(network.clients[b].got(21).len(), 200);
    assert_eq!(network.clients[b].got.len(), 200);
    let slot = network.router.peers_by_id[&PeerId(2)];
    assert!(network.router.peers.get(slot).unwrap().incoming.len() <= 8);
}

#[test]
fn a_queue_nobody_drains_is_bounded() {
    let config = RouterConfig {
        max_queued_bytes: 10_000,
        ..RouterConfig::default()
    };
    let mut network = Network::with(4, config);
    let (a, _) = call(&mut network);
    let now = network.now;
    for sequence in 0..1000_u16 {
        network.clients[a].speak(11, sequence, 0, 30);
        let (_, mut bytes) = network.clients[a].out.pop().unwrap();
        network.router.handle_datagram(
            now,
            network.clients[a].address,
            Network::router_address(),
            &mut bytes,
        );
    }
    let slot = network.router.peers_by_id[&PeerId(1)];
    let peer = network.router.peers.get(slot).unwrap();
    assert!(peer.pending.len_bytes() <= 10_000);
    assert!(peer.counters.dropped > 800);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Any datagrams, any order of timeouts: no panic, no state from strangers.
    #[test]
    fn datagrams_of_strangers_leave_nothing(datagrams in vec((vec(any::<u8>(), 0..200), 0_u64..2000), 0..50)) {
        let now = crate::test_clock::start();
        let mut router = Router::new(RouterConfig::default(), 1, now);
        let source = "203.0.113.9:9".parse().unwrap();
        for (mut datagram, millis) in datagrams {
            router.handle_datagram(now, source, Network::router_address(), &mut datagram);
            router.handle_timeout(now + ms(millis));
        }
        prop_assert!(!router.poll_transmit(&mut TransmitBuffer::new()));
        prop_assert_eq!(router.poll_timeout(), None);
        prop_assert_eq!(router.poll_event(), None);
    }
}
