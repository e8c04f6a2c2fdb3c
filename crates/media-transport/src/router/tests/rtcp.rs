use super::network::Network;
use super::*;
use crate::rtcp::{NtpTime, ReportBlock};

#[test]
fn reports_tell_each_side_what_it_needs() {
    let mut network = Network::new(1);
    let joined = network.join(1, 2);
    let (a, b) = (joined[0], joined[1]);
    network.publish(a, vec![microphone(1, &[11])]);
    network.subscribe(b, vec![subscription(1, 21)]);
    let begin = network.now;
    let wall = |at: Instant| NtpTime(0xe000_0000 << 32).later(at - begin);
    for sequence in 0..150_u16 {
        if sequence % 50 == 0 {
            let (now, timestamp) = (network.now, u32::from(sequence) * 960);
            network.clients[a].send_sender_report(11, wall(now), timestamp);
        }
        // One of ten is missing.
        if sequence % 10 != 9 {
            network.clients[a].speak(11, sequence, u32::from(sequence) * 960, 30);
        }
        network.run(ms(20));
    }

    let blocks = &network.clients[a].reports.blocks;
    assert!((2..=4).contains(&blocks.len()), "{}", blocks.len());
    let last = blocks.last().unwrap();
    assert_eq!(last.ssrc, 11);
    assert!(
        (20..=30).contains(&last.fraction_lost),
        "a tenth of 256: {}",
        last.fraction_lost
    );
    assert!(
        (8..=15).contains(&last.cumulative_lost),
        "{}",
        last.cumulative_lost
    );
    assert_ne!(last.last_sender_report, 0);
    assert!(network.clients[a].reports.rembs.is_empty(), "no video");

    // The subscriber's reports map its own RTP time to the publisher's wall clock.
    let reports = &network.clients[b].reports;
    assert!((2..=4).contains(&reports.sender.len()));
    for (at, ssrc, info) in &reports.sender {
        assert_eq!(*ssrc, 21);
        // Both ways take 10 ms: the report was on the road for one, and the mapping for another.
        let sent = wall(*at - ms(20));
        let difference = (info.ntp.0.abs_diff(sent.0)) as f64 / f64::from(u32::MAX);
        assert!(difference < 0.001, "{difference}");
        let rtp = f64::from(info.rtp_timestamp) / 48_000.0;
        let elapsed = (*at - begin - ms(20)).as_secs_f64();
        assert!((rtp - elapsed).abs() < 0.001, "{rtp} {elapsed}");
    }
    let named = reports
        .names
        .iter()
        .any(|(ssrc, name)| *ssrc == 21 && name == b"p0000000000000000");
    assert!(named, "{:?}", reports.names);
}

#[test]
fn round_trip_time_comes_from_receiver_reports() {
    let mut network = Network::new(2);
    network.delay = ms(30);
    let joined = network.join(1, 2);
    let (a, b) = (joined[0], joined[1]);
    network.publish(a, vec![microphone(1, &[11])]);
    network.subscribe(b, vec![subscription(1, 21)]);
    for sequence in 0..150_u16 {
        if sequence % 50 == 0 {
            network.clients[a].send_sender_report(
                11,
                NtpTime(u64::from(sequence) << 32),
                u32::from(sequence) * 960,
            );
        }
        network.clients[a].speak(11, sequence, u32::from(sequence) * 960, 30);
        network.run(ms(20));
    }
    let (at, ssrc, info) = *network.clients[b].reports.sender.last().unwrap();
    let now = network.now;
    let delay = u32::try_from((now - at).as_micros() * 65_536 / 1_000_000).unwrap();
    let block = ReportBlock {
        ssrc,
        fraction_lost: 12,
        cumulative_lost: 3,
        jitter: 480,
        last_sender_report: info.ntp.middle(),
        delay_since_last_sender_report: delay,
        ..ReportBlock::default()
    };
    network.clients[b].send_rtcp(|writer| writer.receiver_report(1, &[block]).unwrap());
    network.run(ms(100));
    let stats = network.stats(b);
    let rtt = stats.rtt.unwrap();
    assert!(rtt >= ms(59) && rtt <= ms(61), "{rtt:?}");
    let subscription = stats.subscriptions[0];
    assert_eq!((subscription.fraction_lost, subscription.packets_lost), (12, 3));
    assert_eq!(subscription.jitter, ms(10));
}

#[test]
fn publishers_of_video_learn_the_ceiling() {
    let mut network = Network::new(3);
    let a = network.join(1, 1)[0];
    let screen = Publication {
        mid: "w".to_owned(),
        ..camera(6, &[51])
    };
    network.publish(a, vec![camera(5, &[50]), screen]);
    network.run(ms(3100));
    let rembs = &network.clients[a].reports.rembs;
    assert!((3..=4).contains(&rembs.len()), "{}", rembs.len());
    let (rate, ssrcs) = rembs.last().unwrap();
    assert!((4_990_000..=5_000_000).contains(rate), "{rate}");
    assert_eq!(ssrcs, &[50, 51]);
}

#[test]
fn speakers_are_announced_when_they_change() {
    let mut network = Network::new(4);
    let joined = network.join(1, 3);
    for (client, ssrc) in joined.iter().zip(11..) {
        network.publish(*client, vec![microphone(u64::from(ssrc), &[ssrc])]);
    }
    let mut sequence = 0;
    let mut say = |network: &mut Network, levels: [u8; 3]| {
        for _ in 0..100 {
            for ((client, ssrc), level) in joined.iter().zip(11..).zip(levels) {
                network.clients[*client].speak(ssrc, sequence, u32::from(sequence) * 960, level);
            }
            sequence += 1;
            network.run(ms(20));
        }
    };
    say(&mut network, [120, 120, 120]);
    say(&mut network, [120, 20, 120]);
    say(&mut network, [30, 120, 120]);
    let lists: Vec<Vec<(u64, u64)>> = network
        .events
        .iter()
        .filter_map(|event| match event {
            Event::ActiveSpeakers {
                room: RoomId(1),
                speakers,
            } => Some(
                speakers
                    .iter()
                    .map(|(peer, track, _)| (peer.0, track.0))
                    .collect(),
            ),
            _ => None,
        })
        .collect();
    assert_eq!(lists.first().unwrap(), &[(1, 12)]);
    assert_eq!(lists.last().unwrap(), &[(0, 11)]);
    assert!(lists.len() <= 4, "{lists:?}");
}
