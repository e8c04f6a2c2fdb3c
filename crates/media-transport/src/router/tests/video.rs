use std::collections::BTreeSet;

use super::client::Picture;
use super::network::Network;
use super::*;

/// The first of `viewers + 1` clients films (track 5, SSRC 50), the others watch (SSRC 60).
fn stage(network: &mut Network, viewers: usize) -> Vec<usize> {
    let joined = network.join(1, viewers + 1);
    network.publish(joined[0], vec![camera(5, &[50])]);
    for viewer in &joined[1..] {
        network.subscribe(*viewer, vec![subscription(5, 60)]);
    }
    network.run(ms(50));
    joined
}

/// A camera that sends a packet every 5 ms, and a keyframe of two packets when it was asked for one.
struct Camera {
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    answered: usize,
    is_deaf: bool,
}

impl Camera {
    fn new(ssrc: u32, sequence: u16) -> Self {
        Self {
            ssrc,
            sequence,
            timestamp: 7000,
            answered: 0,
            is_deaf: false,
        }
    }

    fn film(&mut self, network: &mut Network, client: usize, packets: u32) {
        for _ in 0..packets {
            let asked = network.clients[client].reports.plis.len();
            let picture = if asked > self.answered && !self.is_deaf {
                self.answered = asked;
                Picture::Key
            } else {
                Picture::Inter
            };
            self.send(network, client, picture);
            if picture == Picture::Key {
                self.send(network, client, Picture::Rest);
            }
            self.timestamp = self.timestamp.wrapping_add(450);
            network.run(ms(5));
        }
    }

    fn send(&mut self, network: &mut Network, client: usize, picture: Picture) {
        network.clients[client].film(self.ssrc, self.sequence, self.timestamp, picture);
        self.sequence = self.sequence.wrapping_add(1);
    }
}

fn is_keyframe(payload: &[u8]) -> bool {
    payload[..2] == [0x10, 0x00]
}

#[test]
fn watching_starts_at_a_keyframe_that_is_asked_for() {
    let mut network = Network::new(1);
    let joined = stage(&mut network, 1);
    let mut camera = Camera::new(50, 65_500);
    camera.film(&mut network, joined[0], 100);
    network.run(ms(100));
    let viewer = &network.clients[joined[1]];
    let got = viewer.got(60);
    assert!(is_keyframe(&got[0].payload));
    assert_eq!(got[0].extensions, [(9, b"s5".to_vec()), (11, vec![1])]);
    assert_eq!((got[0].payload_type, got[0].marker), (101, true));
    assert_eq!(viewer.numbers(60).len(), got.len());
    assert!(got.len() > 80, "{}", got.len());
    assert_eq!(
        network.clients[joined[0]].reports.plis.len(),
        1,
        "asked once, since it came"
    );
}

#[test]
fn whoever_comes_later_gets_a_keyframe_too() {
    let mut network = Network::new(2);
    let joined = stage(&mut network, 1);
    let mut camera = Camera::new(50, 0);
    camera.film(&mut network, joined[0], 300);
    let late = network.add(1);
    network.connect();
    camera.film(&mut network, joined[0], 20);
    assert!(network.clients[late].got.is_empty());
    network.subscribe(late, vec![subscription(5, 61)]);
    camera.film(&mut network, joined[0], 50);
    let got = network.clients[late].got(61);
    assert!(is_keyframe(&got[0].payload));
    assert!(got.len() > 30);
    assert_eq!(network.clients[joined[0]].reports.plis.len(), 2);
    assert!(
        network.clients[joined[0]]
            .reports
            .plis
            .iter()
            .all(|(_, ssrc)| *ssrc == 50)
    );
}

#[test]
fn a_publisher_that_does_not_answer_is_asked_again_less_and_less_often() {
    let mut network = Network::new(3);
    let joined = stage(&mut network, 1);
    let mut camera = Camera::new(50, 0);
    camera.is_deaf = true;
    camera.film(&mut network, joined[0], 1000);
    let plis = network.clients[joined[0]].reports.plis.len();
    assert!((3..=5).contains(&plis), "{plis} in 5 s");
    assert!(network.clients[joined[1]].got.is_empty());
    camera.is_deaf = false;
    camera.answered = 0;
    camera.film(&mut network, joined[0], 100);
    assert!(!network.clients[joined[1]].got.is_empty());
}

#[test]
fn requests_of_many_viewers_are_one_request_to_the_publisher() {
    let mut network = Network::new(4);
    let joined = stage(&mut network, 5);
    let mut camera = Camera::new(50, 0);
    camera.film(&mut network, joined[0], 200);
    let before = network.clients[joined[0]].reports.plis.len();
    for _ in 0..20 {
        for viewer in &joined[1..] {
            let client = &mut network.clients[*viewer];
            client.send_rtcp(|writer| writer.picture_loss_indication(1, 60).unwrap());
            client.send_rtcp(|writer| writer.full_intra_request(1, 60, 7).unwrap());
        }
        camera.film(&mut network, joined[0], 10);
    }
    let asked = network.clients[joined[0]].reports.plis.len() - before;
    assert!((2..=4).contains(&asked), "{asked} in a second");
    let stats = network.stats(joined[1]);
    assert_eq!(stats.subscriptions[0].plis_received, 40);
}

#[test]
fn what_is_lost_on_either_side_is_sent_again() {
    let mut network = Network::new(5);
    let joined = stage(&mut network, 3);
    let mut camera = Camera::new(50, 65_000);
    camera.film(&mut network, joined[0], 20);
    network.clients.iter_mut().for_each(|client| client.nacks = true);
    network.loss = 0.05;
    network.jitter = ms(4);
    camera.film(&mut network, joined[0], 2000);
    network.loss = 0.0;
    network.run(ms(1000));
    let publisher = &network.clients[joined[0]];
    assert!(
        publisher.reports.nacked.len() > 50,
        "{}",
        publisher.reports.nacked.len()
    );
    for viewer in &joined[1..] {
        let client = &network.clients[*viewer];
        let numbers = client.numbers(60);
        let (first, last) = (*numbers.first().unwrap(), *numbers.last().unwrap());
        assert!(last - first > 1900);
        let missing: Vec<i32> = (first..=last)
            .filter(|number| !numbers.contains(number))
            .collect();
        assert!(missing.is_empty(), "{missing:?}");
        // Each is the packet it claims to be.
        let got = client.got(60);
        let offset = |got: &client::Got| {
            u16::from_be_bytes([got.payload[2], got.payload[3]]).wrapping_sub(got.sequence)
        };
        assert!(got.iter().all(|one| offset(one) == offset(got[0])));
    }
    let stats = network.stats(joined[1]);
    let subscription = stats.subscriptions[0];
    assert!(subscription.packets_retransmitted > 50);
    assert!(
        subscription.packets_retransmitted < 1000,
        "{}",
        subscription.packets_retransmitted
    );
}

#[test]
fn one_packet_is_sent_again_only_so_often() {
    let mut network = Network::new(6);
    let joined = stage(&mut network, 1);
    let mut camera = Camera::new(50, 0);
    camera.film(&mut network, joined[0], 100);
    let sequence = network.clients[joined[1]].got(60)[10].sequence;
    let before = network.stats(joined[1]).packets_retransmitted;
    for _ in 0..1000 {
        network.clients[joined[1]].send_rtcp(|writer| writer.nack(1, 60, [sequence].into_iter()).unwrap());
        network.run(ms(1));
    }
    assert_eq!(network.stats(joined[1]).packets_retransmitted - before, 10);
    // What never was, or is long gone, is not sent at all.
    let unknown = sequence.wrapping_sub(5000);
    network.clients[joined[1]].send_rtcp(|writer| {
        writer
            .nack(1, 60, (0..300).map(|n| unknown.wrapping_add(n)))
            .unwrap()
    });
    network.run(ms(50));
    assert_eq!(network.stats(joined[1]).packets_retransmitted - before, 10);
}

#[test]
fn another_source_starts_at_a_keyframe_and_goes_on_in_numbers() {
    let mut network = Network::new(7);
    let joined = stage(&mut network, 1);
    let mut camera = Camera::new(50, 0);
    camera.film(&mut network, joined[0], 100);
    network.run(ms(50));
    let before = network.clients[joined[1]].got.len();
    let mut other = Camera::new(51, 30_000);
    other.answered = network.clients[joined[0]].reports.plis.len();
    other.film(&mut network, joined[0], 100);
    network.run(ms(50));
    let viewer = &network.clients[joined[1]];
    let got = viewer.got(60);
    assert!(got.len() > before + 80);
    assert!(is_keyframe(&got[before].payload));
    let expected: BTreeSet<i32> = (0..i32::try_from(got.len()).unwrap()).collect();
    assert_eq!(viewer.numbers(60), expected);
    assert_eq!(network.clients[joined[0]].reports.plis.last().unwrap().1, 51);
}

#[test]
fn losses_beyond_repair_end_in_a_keyframe() {
    let mut network = Network::new(8);
    let joined = stage(&mut network, 1);
    let mut camera = Camera::new(50, 0);
    camera.film(&mut network, joined[0], 100);
    let before = network.clients[joined[0]].reports.plis.len();
    // The publisher does not answer NACKs.
    camera.sequence += 3;
    camera.film(&mut network, joined[0], 400);
    let reports = &network.clients[joined[0]].reports;
    assert!(
        reports.nacked.len() >= 3 && reports.nacked.len() <= 3 * 8,
        "{}",
        reports.nacked.len()
    );
    assert_eq!(reports.plis.len(), before + 1);
}

#[test]
fn a_publisher_that_connects_later_is_asked_at_once() {
    let mut network = Network::new(9);
    let viewer = network.join(1, 1)[0];
    let publisher = network.add(1);
    network.publish(publisher, vec![camera(5, &[50])]);
    network.subscribe(viewer, vec![subscription(5, 60)]);
    network.connect();
    network.run(ms(50));
    assert_eq!(network.clients[publisher].reports.plis.len(), 1);
}

#[test]
fn a_pause_in_forwarding_ends_with_a_keyframe() {
    let mut network = Network::new(10);
    let joined = stage(&mut network, 2);
    let mut camera = Camera::new(50, 0);
    camera.film(&mut network, joined[0], 100);
    for switched in [joined[0], joined[1]] {
        network.set_forwarding(switched, false);
        camera.film(&mut network, joined[0], 200);
        let before = network.clients[joined[1]].got.len();
        camera.film(&mut network, joined[0], 20);
        assert_eq!(network.clients[joined[1]].got.len(), before);
        network.set_forwarding(switched, true);
        camera.film(&mut network, joined[0], 100);
        let got = &network.clients[joined[1]].got[before..];
        assert!(got.len() > 50 && is_keyframe(&got[0].payload));
    }
    let viewer = &network.clients[joined[1]];
    let expected: BTreeSet<i32> = (0..i32::try_from(viewer.got.len()).unwrap()).collect();
    assert_eq!(viewer.numbers(60), expected);
}
