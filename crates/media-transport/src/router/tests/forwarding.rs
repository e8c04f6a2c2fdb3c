use std::collections::BTreeSet;

use super::client::Picture;
use super::network::Network;
use super::*;
use crate::{CloseReason, Error};

/// Both publish a microphone (tracks 1 and 2, SSRCs 11 and 12) and hear the other (SSRCs 21 and 22).
fn call(network: &mut Network) -> (usize, usize) {
    let joined = network.join(1, 2);
    let (a, b) = (joined[0], joined[1]);
    network.publish(a, vec![microphone(1, &[11])]);
    network.publish(b, vec![microphone(2, &[12])]);
    network.subscribe(a, vec![subscription(2, 22)]);
    network.subscribe(b, vec![subscription(1, 21)]);
    (a, b)
}

/// `count` packets of 20 ms from each of the clients, which send with the SSRCs beside them.
fn talk(network: &mut Network, speakers: &[(usize, u32)], from: u16, count: u16, level: u8) {
    for sequence in from..from + count {
        for (client, ssrc) in speakers {
            network.clients[*client].speak(*ssrc, sequence, u32::from(sequence) * 960, level);
        }
        network.run(ms(20));
    }
    network.run(ms(100));
}

#[test]
fn audio_goes_both_ways_as_each_subscriber_wants_it() {
    let mut network = Network::new(1);
    let (a, b) = call(&mut network);
    talk(&mut network, &[(a, 11), (b, 12)], 1000, 50, 30);

    for (client, ssrc, mid) in [(b, 21, b"s1"), (a, 22, b"s2")] {
        let got = network.clients[client].got(ssrc);
        assert_eq!(got.len(), 50);
        assert_eq!(network.clients[client].got.len(), 50, "and nothing else");
        for (index, got) in got.iter().enumerate() {
            let index = u16::try_from(index).unwrap();
            assert_eq!(got.payload[..2], (1000 + index).to_be_bytes());
            assert_eq!(got.payload_type, 100);
            assert_eq!(got.extensions, [(9, mid.to_vec()), (10, vec![30])]);
        }
        assert_eq!(
            network.clients[client].numbers(ssrc),
            (0..50).collect::<BTreeSet<_>>()
        );
        assert!(
            got.windows(2)
                .all(|two| two[1].timestamp.wrapping_sub(two[0].timestamp) == 960)
        );
    }
    let first: Vec<_> = network
        .events
        .iter()
        .filter(|event| matches!(event, Event::FirstPacket { .. }))
        .collect();
    assert_eq!(first.len(), 2, "{first:?}");
}

#[test]
fn rooms_do_not_hear_each_other() {
    let mut network = Network::new(2);
    let (a, b) = call(&mut network);
    let c = network.join(2, 1)[0];
    // Whatever the control plane asks for by mistake.
    network.subscribe(c, vec![subscription(1, 31), subscription(2, 32)]);
    network.publish(c, vec![microphone(3, &[13])]);
    network.subscribe(b, vec![subscription(1, 21), subscription(3, 23)]);
    talk(&mut network, &[(a, 11), (b, 12), (c, 13)], 0, 20, 30);
    assert!(network.clients[c].got.is_empty());
    assert!(network.clients[b].got(23).is_empty());
    assert_eq!(network.clients[b].got(21).len(), 20);
}

#[test]
fn forwarding_switched_off_is_silence_both_ways() {
    let mut network = Network::new(3);
    let (a, b) = call(&mut network);
    network.set_forwarding(a, false);
    talk(&mut network, &[(a, 11), (b, 12)], 0, 100, 30);
    assert!(network.clients[a].got.is_empty() && network.clients[b].got.is_empty());
    assert!(network.clients[a].reports.blocks.is_empty(), "not even reports");
    let speakers: Vec<_> = network
        .events
        .iter()
        .filter_map(|event| match event {
            Event::ActiveSpeakers { speakers, .. } => {
                Some(speakers.iter().map(|(peer, ..)| peer.0).collect::<Vec<_>>())
            }
            _ => None,
        })
        .collect();
    assert_eq!(speakers, [vec![u64::try_from(b).unwrap()]]);

    network.set_forwarding(a, true);
    talk(&mut network, &[(a, 11), (b, 12)], 100, 20, 30);
    assert_eq!(network.clients[a].got(22).len(), 20);
    assert_eq!(network.clients[b].got(21).len(), 20);

    network.set_forwarding(a, false);
    talk(&mut network, &[(a, 11), (b, 12)], 120, 20, 30);
    network.set_forwarding(a, true);
    talk(&mut network, &[(a, 11), (b, 12)], 140, 20, 30);
    for (client, ssrc) in [(a, 22), (b, 21)] {
        assert_eq!(network.clients[client].got(ssrc).len(), 40);
        let numbers = network.clients[client].numbers(ssrc);
        assert_eq!(numbers, (0..40).collect::<BTreeSet<_>>(), "the pause is no loss");
    }
}

#[test]
fn a_paused_source_reaches_nobody_and_goes_on_without_a_new_subscription() {
    let mut network = Network::new(5);
    let (a, b) = call(&mut network);
    talk(&mut network, &[(a, 11), (b, 12)], 0, 20, 30);
    assert_eq!(network.clients[b].got(21).len(), 20);

    let paused = |paused| Publication {
        paused,
        ..microphone(1, &[11])
    };
    network.publish(a, vec![paused(true)]);
    network.events.clear();
    talk(&mut network, &[(a, 11), (b, 12)], 20, 100, 30);
    assert_eq!(network.clients[b].got(21).len(), 20, "nothing of it is forwarded");
    assert_eq!(
        network.clients[a].got(22).len(),
        120,
        "others still reach the peer"
    );
    let speaks = |event: &Event| matches!(event, Event::ActiveSpeakers { speakers, .. } if speakers.iter().any(|(_, track, _)| *track == TrackId(1)));
    assert!(
        !network.events.iter().skip(1).any(speaks),
        "and nobody is said to speak"
    );
    let sent: Vec<u16> = network.clients[b]
        .got(21)
        .iter()
        .map(|got| got.sequence)
        .collect();
    network.clients[b].send_rtcp(|writer| writer.nack(7, 21, sent.into_iter()).unwrap());
    network.run(ms(100));
    assert_eq!(
        network.clients[b].got(21).len(),
        20,
        "not even what was sent before"
    );

    network.publish(a, vec![paused(false)]);
    talk(&mut network, &[(a, 11), (b, 12)], 120, 20, 30);
    assert_eq!(network.clients[b].got(21).len(), 40);
    let numbers = network.clients[b].numbers(21);
    assert_eq!(numbers, (0..40).collect::<BTreeSet<_>>(), "the pause is no loss");
}

#[test]
fn a_paused_camera_comes_back_with_a_keyframe() {
    let mut network = Network::new(6);
    let joined = network.join(1, 2);
    let (a, b) = (joined[0], joined[1]);
    network.publish(a, vec![camera(1, &[11])]);
    network.subscribe(b, vec![subscription(1, 21)]);
    network.clients[a].film(11, 1, 3000, Picture::Key);
    network.clients[a].film(11, 2, 6000, Picture::Inter);
    network.run(ms(1000));
    assert_eq!(network.clients[b].got(21).len(), 2);

    let paused = |paused| Publication {
        paused,
        ..camera(1, &[11])
    };
    network.publish(a, vec![paused(true)]);
    network.clients[a].reports.plis.clear();
    network.clients[b].send_rtcp(|writer| writer.picture_loss_indication(7, 21).unwrap());
    network.clients[a].film(11, 3, 9000, Picture::Key);
    network.run(ms(1000));
    assert_eq!(network.clients[b].got(21).len(), 2);
    assert!(
        network.clients[a].reports.plis.is_empty(),
        "nobody is asked for a picture that would reach nobody"
    );

    network.publish(a, vec![paused(false)]);
    network.clients[a].film(11, 4, 12_000, Picture::Inter);
    network.run(ms(1000));
    assert_eq!(network.clients[b].got(21).len(), 2, "no decoder can start there");
    assert!(!network.clients[a].reports.plis.is_empty());
    network.clients[a].film(11, 5, 15_000, Picture::Key);
    network.run(ms(200));
    assert_eq!(network.clients[b].got(21).len(), 3);
}

#[test]
fn a_peer_that_leaves_takes_its_tracks_along() {
    let mut network = Network::new(4);
    let (a, b) = call(&mut network);
    let c = network.join(1, 1)[0];
    network.publish(c, vec![microphone(3, &[13])]);
    network.subscribe(b, vec![subscription(1, 21), subscription(3, 23)]);
    talk(&mut network, &[(a, 11), (c, 13)], 0, 10, 30);
    network.command(Command::RemovePeer { peer: PeerId(0) });
    network.run(ms(100));
    assert!(
        network.clients[a]
            .events
            .contains(&PeerEvent::Closed(CloseReason::CloseNotify))
    );
    assert!(
        network.clients[a].reports.goodbyes.len() == 1,
        "it got nothing, so there is only our own name"
    );
    assert_eq!(network.stats(b).subscriptions.len(), 2);
    talk(&mut network, &[(c, 13)], 10, 10, 30);
    assert_eq!(network.clients[b].got(21).len(), 10);
    assert_eq!(network.clients[b].got(23).len(), 20);
    assert_eq!(network.router.peers.len(), 2);
    assert!(network.router.tracks_by_id.len() == 2);
    // Both names are free again.
    network.publish(c, vec![microphone(1, &[13])]);
    assert!(
        !network
            .events
            .iter()
            .any(|event| matches!(event, Event::PeerClosed { .. }))
    );
}

#[test]
fn a_peer_that_vanishes_is_noticed_and_forgotten() {
    let mut network = Network::new(5);
    let (_, b) = call(&mut network);
    network.clients.remove(0);
    let b = b - 1;
    network.run(Duration::from_secs(75));
    let closed = Event::PeerClosed {
        peer: PeerId(0),
        reason: CloseReason::ConsentExpired,
    };
    assert_eq!(network.events.iter().filter(|event| **event == closed).count(), 1);
    assert!(network.clients[b].session.is_connected());
    let error = network
        .router
        .handle_command(network.now, Command::RequestStats { peer: PeerId(0) });
    assert_eq!(error, Err(Error::Unknown("peer")));
    network.command(Command::RemovePeer { peer: PeerId(0) });
}

#[test]
fn a_peer_that_closes_is_gone_at_once() {
    let mut network = Network::new(6);
    let (a, _) = call(&mut network);
    let now = network.now;
    network.clients[a].session.close(now);
    network.run(ms(50));
    let closed = Event::PeerClosed {
        peer: PeerId(0),
        reason: CloseReason::CloseNotify,
    };
    assert!(network.events.contains(&closed));
    assert_eq!(network.router.peers.len(), 1);
}

#[test]
fn another_source_goes_on_where_the_last_one_stopped() {
    let mut network = Network::new(7);
    let (a, b) = call(&mut network);
    talk(&mut network, &[(a, 11)], 500, 20, 30);
    // Not announced: found by its mid.
    talk(&mut network, &[(a, 99)], 60_000, 20, 30);
    let got = network.clients[b].got(21);
    assert_eq!(got.len(), 40);
    assert_eq!(network.clients[b].numbers(21), (0..40).collect::<BTreeSet<_>>());
    let step = got[20].timestamp.wrapping_sub(got[19].timestamp);
    assert!((5000..7000).contains(&step), "120 ms passed: {step}");
    // A straggler of the old one does not take over again.
    network.clients[a].speak(11, 520, 0, 30);
    talk(&mut network, &[(a, 99)], 60_020, 10, 30);
    assert_eq!(network.clients[b].got(21).len(), 50);
    // Once the other has been silent for a while, it does.
    network.run(ms(500));
    talk(&mut network, &[(a, 11)], 521, 10, 30);
    assert_eq!(network.clients[b].numbers(21), (0..60).collect::<BTreeSet<_>>());
}

#[test]
fn a_source_that_jumps_far_is_a_new_start() {
    let mut network = Network::new(8);
    let (a, b) = call(&mut network);
    for from in [0, 20_000, 52_768, 10_000] {
        talk(&mut network, &[(a, 11)], from, 10, 30);
    }
    assert_eq!(network.clients[b].numbers(21), (0..40).collect::<BTreeSet<_>>());
}

#[test]
fn a_subscription_may_come_before_its_track() {
    let mut network = Network::new(9);
    let joined = network.join(1, 2);
    let (a, b) = (joined[0], joined[1]);
    network.subscribe(b, vec![subscription(1, 21)]);
    network.publish(a, vec![microphone(1, &[])]);
    talk(&mut network, &[(a, 77)], 0, 10, 30);
    assert_eq!(network.clients[b].got(21).len(), 10);
}

#[test]
fn an_ssrc_used_again_never_repeats_a_number() {
    let mut network = Network::new(10);
    let (a, b) = call(&mut network);
    talk(&mut network, &[(a, 11)], 0, 10, 30);
    network.subscribe(b, vec![]);
    talk(&mut network, &[(a, 11)], 10, 10, 30);
    network.subscribe(b, vec![subscription(1, 21)]);
    talk(&mut network, &[(a, 11)], 20, 10, 30);
    // Other ids: the same packets would look different now.
    network.subscribe(
        b,
        vec![Subscription {
            mid: "x".to_owned(),
            ..subscription(1, 21)
        }],
    );
    talk(&mut network, &[(a, 11)], 30, 10, 30);
    assert_eq!(network.clients[b].got(21).len(), 30);
    assert_eq!(network.clients[b].numbers(21), (0..30).collect::<BTreeSet<_>>());
    assert_eq!(network.clients[b].got.last().unwrap().extensions[0].1, b"x");
}

#[test]
fn commands_are_bounded_and_change_nothing_when_refused() {
    let config = RouterConfig {
        max_peers: 2,
        max_publications_per_peer: 1,
        max_subscriptions_per_peer: 1,
        ..RouterConfig::default()
    };
    let mut network = Network::with(11, config);
    let joined = network.join(1, 2);
    let now = network.now;
    let id = |index: usize| PeerId(u64::try_from(joined[index]).unwrap());
    network.publish(joined[0], vec![microphone(1, &[11])]);
    let mut refused = |command| network.router.handle_command(now, command).unwrap_err();
    let publish = |peer, publications| Command::SetPublications { peer, publications };
    let subscribe = |subscriptions| Command::SetSubscriptions {
        peer: id(1),
        subscriptions,
    };
    assert_eq!(
        refused(publish(id(1), vec![microphone(1, &[])])),
        Error::Duplicate("track")
    );
    assert_eq!(
        refused(publish(id(1), vec![microphone(2, &[]), camera(3, &[])])),
        Error::TooMany("publications")
    );
    assert_eq!(
        refused(publish(id(1), vec![microphone(2, &[5, 5])])),
        Error::Duplicate("SSRC")
    );
    assert_eq!(
        refused(publish(id(1), vec![microphone(2, &[1; 9])])),
        Error::TooMany("SSRCs")
    );
    assert_eq!(
        refused(subscribe(vec![subscription(1, 1), subscription(2, 2)])),
        Error::TooMany("subscriptions")
    );
    assert_eq!(refused(publish(PeerId(9), vec![])), Error::Unknown("peer"));
    assert_eq!(network.stats(joined[0]).publications.len(), 1);
    assert!(network.stats(joined[1]).publications.is_empty());
}
