//! What leaves together, and what is given up when nothing leaves.

use std::num::NonZeroUsize;

use super::network::Network;
use super::*;
use crate::rtp::PacketBuilder;

const KEY: [u8; 2] = [0x10, 0x00];
const INTER: [u8; 2] = [0x10, 0x01];
const REST: [u8; 2] = [0x00, 0x00];

/// One client films (track 5, SSRC 50) and speaks (track 6, SSRC 51); the other watches (60) and hears (61).
fn stage(config: RouterConfig) -> (Network, usize, usize) {
    let mut network = Network::with(7, config);
    let joined = network.join(1, 2);
    network.publish(joined[0], vec![camera(5, &[50]), microphone(6, &[51])]);
    network.subscribe(joined[1], vec![subscription(5, 60), subscription(6, 61)]);
    network.run(ms(50));
    (network, joined[0], joined[1])
}

/// A packet of a picture, straight to the router, which is not asked for anything.
fn picture(network: &mut Network, client: usize, sequence: u16, begin: [u8; 2], len: usize) {
    film(network, client, sequence, begin, len);
    feed(network, client);
}

/// Has a client send a packet of a picture. Four are a frame.
fn film(network: &mut Network, client: usize, sequence: u16, begin: [u8; 2], len: usize) {
    let mut buffer = [0; 1400];
    let mut payload = vec![0x55; len];
    payload[..2].copy_from_slice(&begin);
    let len = PacketBuilder::new(VP8, sequence, u32::from(sequence / 4) * 3000, 50)
        .marker(sequence % 4 == 3)
        .write(&payload, &mut buffer)
        .unwrap();
    network.clients[client].send_rtp(&buffer[..len]);
}

fn sound(network: &mut Network, client: usize, sequence: u16) {
    network.clients[client].speak(51, sequence, u32::from(sequence) * 960, 30);
    feed(network, client);
}

fn feed(network: &mut Network, client: usize) {
    let address = network.clients[client].address;
    for (_, mut bytes) in std::mem::take(&mut network.clients[client].out) {
        network
            .router
            .handle_datagram(network.now, address, Network::router_address(), &mut bytes);
    }
}

/// Sizes of the calls that what waits for a client takes, and the datagrams; the client gets them.
fn deliver(network: &mut Network, client: usize, max_segments: usize) -> (Vec<usize>, Vec<Vec<u8>>) {
    let max_segments = NonZeroUsize::new(max_segments).unwrap();
    let (mut calls, mut datagrams) = (vec![], vec![]);
    let mut out = TransmitBuffer::new();
    while network.router.poll_trains(&mut out, |_| max_segments) {
        for burst in out.bursts(max_segments.get()) {
            if burst.transmit.destination == network.clients[client].address {
                calls.push(burst.datagrams().len());
                datagrams.extend(burst.datagrams().map(<[u8]>::to_vec));
            }
        }
    }
    for datagram in &datagrams {
        network.clients[client].handle_datagram(network.now, Network::router_address(), datagram.clone());
    }
    (calls, datagrams)
}

/// Lengths of the pictures' payloads a client got, without padding.
fn lengths(network: &Network, client: usize) -> Vec<usize> {
    network.clients[client]
        .got(60)
        .iter()
        .map(|got| got.payload.len())
        .collect()
}

const FRAME: [(u16, [u8; 2], usize); 4] = [(0, KEY, 1100), (1, REST, 1101), (2, REST, 1101), (3, REST, 1080)];

#[test]
fn a_frame_and_the_sound_beside_it_are_one_train() {
    let (mut network, a, b) = stage(RouterConfig::default());
    sound(&mut network, a, 0);
    for (sequence, begin, len) in FRAME {
        picture(&mut network, a, sequence, begin, len);
    }
    let (calls, datagrams) = deliver(&mut network, b, 64);
    assert_eq!(
        calls,
        [5],
        "the last of the frame is padded so that the sound is the shorter end"
    );
    assert_eq!(datagrams[0].len(), datagrams[3].len());
    assert_eq!(lengths(&network, b), [1100, 1101, 1101, 1080]);
    assert_eq!(network.clients[b].got(61).len(), 1);
    let stats = network.stats(b);
    assert_eq!(stats.packets_sent, 5);
    assert_eq!(
        stats.subscriptions[0].bytes,
        1100 + 1101 + 1101 + 1080,
        "padding is not payload"
    );
}

#[test]
fn nothing_is_padded_where_it_saves_no_call() {
    let unpadded = RouterConfig {
        max_train_padding: 0,
        ..RouterConfig::default()
    };
    for (config, max_segments) in [(RouterConfig::default(), 1), (unpadded, 64)] {
        let (mut network, a, b) = stage(config);
        for (sequence, begin, len) in FRAME {
            picture(&mut network, a, sequence, begin, len);
        }
        let (calls, datagrams) = deliver(&mut network, b, max_segments);
        assert_eq!(calls.len(), if max_segments == 1 { 4 } else { 2 });
        let overhead = datagrams[0].len() - 1100;
        assert_eq!(
            datagrams.iter().map(|d| d.len() - overhead).collect::<Vec<_>>(),
            [1100, 1101, 1101, 1080]
        );
    }
}

/// Under the same key and number nothing else may ever be encrypted.
#[test]
fn what_is_sent_again_is_the_same_byte_for_byte_padding_included() {
    let (mut network, a, b) = stage(RouterConfig::default());
    for (sequence, begin, len) in FRAME {
        picture(&mut network, a, sequence, begin, len);
    }
    let first = network.clients[b].got.len();
    let ask = |network: &mut Network, numbers: std::ops::RangeInclusive<u16>| {
        network.clients[b].send_rtcp(|writer| writer.nack(1, 60, numbers).unwrap());
        feed(network, b);
    };
    // Every number is asked for before anything was sent: nothing may be queued twice.
    let slot = network.router.peers_by_id[&PeerId(1)];
    let waiting = |network: &Network| network.router.peers.get(slot).unwrap().pending.len_bytes();
    network.router.distribute();
    let before = waiting(&network);
    for first in (0..=u16::MAX).step_by(128) {
        ask(&mut network, first..=first + 127);
    }
    assert_eq!(waiting(&network), before);
    let (_, sent) = deliver(&mut network, b, 64);
    let numbers: Vec<_> = network.clients[b].got[first..]
        .iter()
        .map(|got| got.sequence)
        .collect();
    // In another company they would be padded otherwise.
    for (index, number) in numbers.iter().enumerate() {
        network.run(ms(20));
        picture(&mut network, a, 4 + u16::try_from(index).unwrap(), INTER, 1190);
        ask(&mut network, *number..=*number);
        let (_, again) = deliver(&mut network, b, 64);
        assert_eq!(again.len(), 2);
        assert!(again.contains(&sent[index]), "packet {index}");
    }
    assert_eq!(network.stats(b).packets_retransmitted, 4);
}

#[test]
fn an_overflow_ends_the_frame_and_waits_for_a_keyframe_while_sound_goes_on() {
    let config = RouterConfig {
        max_queued_bytes: 20_000,
        ..RouterConfig::default()
    };
    let (mut network, a, b) = stage(config);
    picture(&mut network, a, 0, KEY, 1000);
    for sequence in 1..40 {
        picture(
            &mut network,
            a,
            sequence,
            if sequence % 4 == 0 { INTER } else { REST },
            1000,
        );
        if sequence % 4 == 0 {
            sound(&mut network, a, sequence / 4);
        }
    }
    // A keyframe comes, and there is no room for the whole of it.
    picture(&mut network, a, 40, KEY, 1000);
    let (_, datagrams) = deliver(&mut network, b, 64);
    assert!(datagrams.len() < 30);
    let got = lengths(&network, b).len();
    assert!((10..20).contains(&got), "{got}");
    assert_eq!(network.clients[b].got(61).len(), 9, "all of the sound");
    network.run(ms(600));
    assert!(
        network.clients[a].reports.plis.len() >= 2,
        "the publisher was asked for a keyframe"
    );

    // What cannot be decoded is not sent, though there is room now.
    picture(&mut network, a, 41, REST, 1000);
    picture(&mut network, a, 44, INTER, 1000);
    deliver(&mut network, b, 64);
    assert_eq!(lengths(&network, b).len(), got);
    picture(&mut network, a, 48, KEY, 1001);
    picture(&mut network, a, 49, REST, 1001);
    deliver(&mut network, b, 64);
    assert_eq!(lengths(&network, b)[got..], [1001, 1001]);
    // The subscriber sees no gap, so it asks for nothing back.
    assert_eq!(network.clients[b].numbers(60).len(), got + 2);
    let numbers = network.clients[b].numbers(60);
    assert_eq!(numbers.last(), Some(&i32::try_from(got + 1).unwrap()));
    assert!(network.stats(b).packets_dropped > 0);
}

#[test]
fn what_was_overwritten_before_it_could_be_sent_is_given_up() {
    let (mut network, a, b) = stage(RouterConfig {
        video_buffer_packets: 32,
        ..RouterConfig::default()
    });
    picture(&mut network, a, 0, KEY, 500);
    for sequence in 1..100 {
        picture(&mut network, a, sequence, REST, 500);
    }
    deliver(&mut network, b, 64);
    assert_eq!(
        lengths(&network, b).len(),
        0,
        "what is left builds on what was lost"
    );
    assert_eq!(network.stats(b).packets_dropped, 100);
    picture(&mut network, a, 100, INTER, 500);
    network.run(ms(600));
    assert_eq!(lengths(&network, b).len(), 0);
    assert!(network.clients[a].reports.plis.len() >= 2);
    picture(&mut network, a, 104, KEY, 500);
    deliver(&mut network, b, 64);
    assert_eq!(lengths(&network, b).len(), 1);
}

#[test]
fn what_waits_survives_new_subscriptions_and_no_pause() {
    let (mut network, a, b) = stage(RouterConfig::default());
    for (sequence, begin, len) in FRAME {
        picture(&mut network, a, sequence, begin, len);
    }
    // Another order: indexes change.
    let subscriptions = vec![subscription(6, 61), subscription(5, 60)];
    network
        .router
        .handle_command(
            network.now,
            Command::SetSubscriptions {
                peer: PeerId(1),
                subscriptions,
            },
        )
        .unwrap();
    deliver(&mut network, b, 64);
    assert_eq!(lengths(&network, b), [1100, 1101, 1101, 1080]);
    // Whoever may not receive any more does not get what waited.
    sound(&mut network, a, 0);
    network
        .router
        .handle_command(
            network.now,
            Command::SetForwarding {
                peer: PeerId(1),
                enabled: false,
            },
        )
        .unwrap();
    deliver(&mut network, b, 64);
    assert_eq!(network.clients[b].got(61).len(), 0);
}

/// A socket that takes nothing, while subscriptions change again and again.
#[test]
fn what_new_subscriptions_write_ahead_is_bounded_and_no_longer_wanted_after_a_pause() {
    let config = RouterConfig::default();
    let most = config.max_queued_bytes;
    let (mut network, a, b) = stage(config);
    let peer = PeerId(1);
    let change = |network: &mut Network, round: u16| {
        let mut subscriptions = vec![subscription(5, 60), subscription(6, 61)];
        subscriptions.rotate_left(usize::from(round % 2));
        let command = Command::SetSubscriptions { peer, subscriptions };
        network.router.handle_command(network.now, command).unwrap();
        let slot = network.router.peers_by_id[&peer];
        network.router.peers.get(slot).unwrap().queue.len_bytes()
    };
    let mut longest = 0;
    for round in 0..40 {
        for number in 0..48 {
            let begin = if number == 0 { KEY } else { REST };
            picture(&mut network, a, round * 48 + number, begin, 1000);
        }
        sound(&mut network, a, round);
        longest = longest.max(change(&mut network, round + 1));
    }
    assert!(longest > most, "as much as may wait is written: {longest} bytes");
    assert!(longest < 2 * most + 64 * 1024, "{longest} bytes are written");
    let command = Command::SetForwarding { peer, enabled: false };
    network.router.handle_command(network.now, command).unwrap();
    deliver(&mut network, b, 64);
    assert_eq!(
        (lengths(&network, b).len(), network.clients[b].got(61).len()),
        (0, 0)
    );

    let command = Command::SetForwarding { peer, enabled: true };
    network.router.handle_command(network.now, command).unwrap();
    picture(&mut network, a, 2000, KEY, 700);
    sound(&mut network, a, 40);
    deliver(&mut network, b, 64);
    assert_eq!(
        (lengths(&network, b), network.clients[b].got(61).len()),
        (vec![700], 1)
    );
}

/// Once buffers have their size, a packet costs no allocation: not on its way in, not in a train, not on its way out.
#[test]
fn forwarding_allocates_nothing() {
    let mut network = Network::new(9);
    let joined = network.join(1, 12);
    network.publish(joined[0], vec![camera(5, &[50]), microphone(6, &[51])]);
    for viewer in &joined[1..] {
        network.subscribe(*viewer, vec![subscription(5, 60), subscription(6, 61)]);
    }
    network.run(ms(50));
    let client = joined[0];
    let mut frames = vec![];
    for frame in 0..200_u16 {
        for (number, begin, len) in FRAME {
            let sequence = frame * 4 + number;
            let begin = if frame > 0 && number == 0 { INTER } else { begin };
            film(
                &mut network,
                client,
                sequence,
                begin,
                len + usize::from(frame % 7),
            );
        }
        network.clients[client].speak(51, frame, u32::from(frame) * 960, 30);
        frames.push(std::mem::take(&mut network.clients[client].out));
    }
    let address = network.clients[client].address;
    let (mut out, mut sent) = (TransmitBuffer::new(), 0);
    let (now, router) = (network.now, &mut network.router);
    let mut forward = |frames: &mut [Vec<(SocketAddr, Vec<u8>)>]| {
        for (_, bytes) in frames.iter_mut().flatten() {
            router.handle_datagram(now, address, Network::router_address(), bytes);
            // Now and then in the middle of a frame.
            if bytes[7] % 3 == 0 {
                continue;
            }
            while router.poll_trains(&mut out, |_| TransmitBuffer::MAX_SEGMENTS) {
                sent += out.bursts(64).map(|burst| burst.datagrams().len()).sum::<usize>();
            }
        }
    };
    let (warm_up, steady) = frames.split_at_mut(50);
    forward(warm_up);
    let allocated = allocation_counter::measure(|| forward(steady));
    assert_eq!((allocated.count_total, allocated.bytes_total), (0, 0));
    assert!(sent > 200 * 5 * 11 - 100, "{sent}");
}

#[test]
fn a_control_plane_that_does_not_listen_costs_no_memory() {
    let mut network = Network::new(3);
    let joined = network.join(1, 3);
    for client in &joined {
        let client_number = u32::try_from(*client).unwrap();
        network.publish(
            *client,
            vec![microphone(100 + u64::from(client_number), &[50 + client_number])],
        );
    }
    let mut out = TransmitBuffer::new();
    let begin = network.now;
    let mut sequence = 0;
    for second in 0..20_u64 {
        // Somebody else speaks in each second.
        for packet in 0..50 {
            network.now = begin + ms(second * 1000 + packet * 20);
            for client in &joined {
                let is_speaker = second % 3 == u64::try_from(*client).unwrap();
                let ssrc = 50 + u32::try_from(*client).unwrap();
                network.clients[*client].speak(ssrc, sequence, 0, if is_speaker { 20 } else { 120 });
                feed(&mut network, *client);
            }
            sequence += 1;
            network.router.handle_timeout(network.now);
            while network.router.poll_transmit(&mut out) {}
        }
    }
    let mut lists = vec![];
    while let Some(event) = network.router.poll_event() {
        if let Event::ActiveSpeakers { speakers, .. } = event {
            lists.push(speakers);
        }
    }
    assert_eq!(lists.len(), 1);
    assert_eq!(lists[0][0].0, PeerId(19 % 3), "the latest");
}
