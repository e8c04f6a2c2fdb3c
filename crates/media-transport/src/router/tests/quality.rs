//! Whole meetings over bad networks: what viewers see and listeners hear of it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use anteroom_testkit::netem::LinkConfig;

use super::client::Got;
use super::encoder::Encoder;
use super::network::Network;
use super::*;
use crate::payload::red::RedPayload;
use crate::rtcp::ReportBlock;
use crate::rtcp::transport_cc::TwccRecorder;

const SEEDS: std::ops::Range<u64> = 1..4;

/// The most that 95 percent of the packets may wait in the network.
const MOST_QUEUEING: Duration = Duration::from_millis(120);

/// What a camera sends of each layer, in kbit/s.
const LAYERS: [u64; 3] = [150, 450, 1500];

/// The first stream of pictures a viewer gets; that of retransmissions has the number behind it.
const CAMERA: u32 = 60;
const SCREEN: u32 = 62;

/// 25 ms each way, and a queue of 300 ms.
fn link(kbps: u64) -> LinkConfig {
    LinkConfig::limited(kbps * 1000).delay(ms(25)).queue(ms(300))
}

/// A camera, and viewers behind links.
struct Stage {
    network: Network,
    camera: Encoder,
    viewers: Vec<usize>,
    begin: Instant,
}

impl Stage {
    fn new(seed: u64, viewers: usize, layers: &[u64]) -> Self {
        let mut network = Network::new(seed);
        network.delay = ms(25);
        let joined = network.join(1, viewers + 1);
        let camera = Encoder::new(joined[0], layers);
        network.publish(joined[0], vec![camera.publication(5)]);
        // Without losses and jitter this is what the seeds have of their own: when frames come between reports and ticks.
        network.run(ms(seed * 7 % 33));
        let viewers = joined[1..].to_vec();
        for viewer in &viewers {
            watch(&mut network, *viewer, &[CAMERA]);
        }
        let begin = network.now;
        Self {
            network,
            camera,
            viewers,
            begin,
        }
    }

    /// A viewer behind a link of its own.
    fn behind(seed: u64, config: LinkConfig, layers: &[u64]) -> (Self, usize) {
        let mut stage = Self::new(seed, 1, layers);
        let address = stage.network.clients[stage.viewers[0]].address;
        let link = stage.network.paths.add(config, seed, &[address]);
        (stage, link)
    }

    fn film(&mut self, seconds: f64) {
        self.camera
            .film(&mut self.network, Duration::from_secs_f64(seconds));
    }

    fn at(&self, seconds: f64) -> Instant {
        self.begin + Duration::from_secs_f64(seconds)
    }

    fn shown(&self, viewer: usize) -> Vec<Shown> {
        play(&self.network.clients[self.viewers[viewer]].got(CAMERA))
    }

    fn queueing(&self, viewer: usize, from: f64, until: f64) -> Duration {
        let address = self.network.clients[self.viewers[viewer]].address;
        let (from, until) = (self.at(from), self.at(until));
        self.network.paths.queueing(address, 95, from, until)
    }
}

/// A viewer that tells when packets arrive, and asks for what is missing.
fn watch(network: &mut Network, client: usize, streams: &[u32]) {
    let mut codec = vp8(101);
    codec.rtx = Some(102);
    let viewer = &mut network.clients[client];
    viewer.recorder.get_or_insert_with(|| (12, TwccRecorder::new(1)));
    viewer.repaired_by = streams.iter().map(|ssrc| (ssrc + 1, *ssrc)).collect();
    viewer.nacks = true;
    // Track 5 is the camera, track 7 the screen.
    let each = streams.iter().map(|ssrc| Subscription {
        rtx_ssrc: Some(ssrc + 1),
        codecs: vec![codec],
        extensions: ExtensionIds {
            transport_sequence: Some(12),
            ..ExtensionIds::NONE
        },
        ..Subscription::new(TrackId(u64::from(ssrc - CAMERA) + 5), format!("{ssrc}"), *ssrc)
    });
    network.subscribe(client, each.collect());
}

/// A frame that was decoded in time and in order.
#[derive(Debug, Clone, Copy)]
struct Shown {
    at: Instant,
    layer: u8,
}

/// Shows what came, as a decoder does: in order, each frame when it and all before it are there, and behind a gap from the
/// next keyframe on.
fn play(got: &[&Got]) -> Vec<Shown> {
    let mut packets: BTreeMap<i64, &Got> = BTreeMap::new();
    let mut highest: Option<(u16, i64)> = None;
    for packet in got {
        let extended = highest.map_or(0, |(sequence, extended)| {
            extended + i64::from(packet.sequence.wrapping_sub(sequence).cast_signed())
        });
        if highest.is_none_or(|(_, before)| extended > before) {
            highest = Some((packet.sequence, extended));
        }
        packets.entry(extended).or_insert(packet);
    }
    let (mut shown, mut is_decodable, mut previous) = (Vec::<Shown>::new(), false, None);
    let (mut at, mut timestamp) = (None::<Instant>, None);
    for (number, packet) in packets {
        let is_gap = previous.is_some_and(|previous| number != previous + 1);
        previous = Some(number);
        let is_new = timestamp != Some(packet.timestamp);
        if is_gap {
            is_decodable = false;
        }
        if is_new {
            (timestamp, at) = (Some(packet.timestamp), None);
            let is_key = packet.payload[0] & 0x10 != 0 && packet.payload[6] & 1 == 0;
            is_decodable |= is_key;
        }
        at = Some(at.map_or(packet.at, |at| at.max(packet.at)));
        if packet.marker && is_decodable {
            let at = at.unwrap();
            let at = shown.last().map_or(at, |last| last.at.max(at));
            shown.push(Shown {
                at,
                layer: packet.payload[16],
            });
        }
    }
    shown
}

/// When a layer is first shown from some time on, in seconds after it.
fn reaches(shown: &[Shown], layer: u8, from: Instant) -> f64 {
    let found = shown.iter().find(|one| one.at >= from && one.layer >= layer);
    found.map_or(f64::INFINITY, |found| (found.at - from).as_secs_f64())
}

/// The part of the frames between two times that is of at least this layer.
fn part(shown: &[Shown], layer: u8, from: Instant, until: Instant) -> f64 {
    let between = || shown.iter().filter(|one| one.at >= from && one.at < until);
    let best = between().filter(|one| one.layer >= layer).count();
    best as f64 / between().count().max(1) as f64
}

/// The part of the time that stands still: no new frame for 150 ms longer than usual (`totalFreezesDuration` of WebRTC
/// statistics).
fn frozen(shown: &[Shown], from: Instant, until: Instant) -> f64 {
    let times = shown.iter().map(|one| one.at);
    let times = times.filter(|at| *at >= from && *at < until);
    let mut last = from;
    let mut sum = Duration::ZERO;
    for at in times.chain([until]) {
        if at - last > ms(183) {
            sum += at - last;
        }
        last = at;
    }
    sum.as_secs_f64() / (until - from).as_secs_f64()
}

/// How often a better layer follows, in these seconds.
fn rises(shown: &[Shown], from: Instant) -> Vec<f64> {
    let pairs = shown.windows(2).filter(|pair| pair[0].at >= from);
    pairs
        .filter(|pair| pair[1].layer > pair[0].layer)
        .map(|pair| (pair[1].at - from).as_secs_f64())
        .collect()
}

/// How often another layer follows.
fn switches(shown: &[Shown]) -> usize {
    shown
        .windows(2)
        .filter(|pair| pair[0].layer != pair[1].layer)
        .count()
}

/// At most 120 ms of queue for 95 percent of the packets.
fn queueing(name: &str, seed: u64, stage: &Stage, from: f64, until: f64) {
    let queueing = stage.queueing(0, from, until);
    assert!(
        queueing <= MOST_QUEUEING,
        "{name}, seed {seed}: {queueing:?} from {from} to {until}"
    );
}

/// What arrives of the video in kbit/s, headers included.
fn rate(stage: &Stage, viewer: usize, from: f64, until: f64) -> u64 {
    let address = stage.network.clients[stage.viewers[viewer]].address;
    let (from, until) = (stage.at(from), stage.at(until));
    stage.network.paths.rate(Some(address), from, until) / 1000
}

/// 2.5, 0.5, 1.5 Mbit/s. With headers the layers take 150, 390 and 1175 kbit/s, of which the best that fits is to be used;
/// what an encoder makes of the same steps that follows the estimate is shown in `bwe`.
#[test]
fn capacity_falls_and_rises() {
    let layers = [120, 360, 1100];
    for seed in SEEDS {
        let (mut stage, path) = Stage::behind(seed, link(2500), &layers);
        stage.film(15.0);
        stage.network.paths.reconfigure(path, link(500));
        stage.film(15.0);
        stage.network.paths.reconfigure(path, link(1500));
        stage.film(15.0);
        let shown = stage.shown(0);
        let at = |seconds| stage.at(seconds);
        assert!(reaches(&shown, 2, at(0.0)) < 5.0, "seed {seed}");
        assert!(part(&shown, 2, at(5.0), at(15.0)) > 0.99, "seed {seed}");
        let used = [
            (rate(&stage, 0, 5.0, 15.0), 1175 * 85 / 100, 2500),
            (rate(&stage, 0, 22.0, 30.0), 390 * 85 / 100, 500),
            (rate(&stage, 0, 35.0, 45.0), 1175 * 85 / 100, 1500),
        ];
        for (used, least, most) in used {
            assert!(
                (least..=most).contains(&used),
                "seed {seed}: {used} kbit/s of {most}"
            );
        }
        assert!(part(&shown, 1, at(22.0), at(30.0)) > 0.99, "seed {seed}");
        assert!(part(&shown, 2, at(17.0), at(30.0)) < 0.05, "seed {seed}");
        let recovery = reaches(&shown, 2, at(30.0));
        assert!((0.5..5.0).contains(&recovery), "seed {seed}: after {recovery} s");
        queueing("steps", seed, &stage, 0.0, 45.0);
        let frozen = frozen(&shown, at(1.0), at(45.0));
        assert!(frozen < 0.04, "seed {seed}: {frozen} of the time");
    }
}

/// While a camera's smallest layer is all that is sent, more is found soon.
#[test]
fn viewers_of_a_small_layer_get_a_better_one_within_seconds() {
    for (low, high, layer) in [(500, 1500, 1), (420, 1700, 1), (500, 2000, 2), (300, 3000, 2)] {
        for seed in SEEDS {
            let (mut stage, path) = Stage::behind(seed, link(low), &LAYERS);
            stage.film(20.0);
            stage.network.paths.reconfigure(path, link(high));
            stage.film(15.0);
            let (shown, name) = (stage.shown(0), format!("{low} to {high}"));
            let (begin, rise) = (stage.at(10.0), stage.at(20.0));
            assert!(part(&shown, 1, begin, rise) < 0.01, "{name}, seed {seed}");
            // The layer alone takes 180 kbit/s; looking for more must not cost as much again.
            let quiet = rate(&stage, 0, 10.0, 20.0);
            assert!((150..260).contains(&quiet), "{name}, seed {seed}: {quiet} kbit/s");
            let recovery = reaches(&shown, layer, rise);
            assert!(
                (0.3..5.0).contains(&recovery),
                "{name}, seed {seed}: {recovery} s"
            );
            let later = stage.at(27.0);
            assert!(
                part(&shown, layer, later, stage.at(35.0)) > 0.99,
                "{name}, seed {seed}"
            );
            queueing(&name, seed, &stage, 5.0, 20.0);
            queueing(&name, seed, &stage, 20.0, 35.0);
        }
    }
}

/// Just below and just above what a layer takes, 480 and 1600 kbit/s with headers: it is not tried again and again.
#[test]
fn at_the_edge_of_a_layer_it_is_tried_ever_more_seldom() {
    for kbps in [470, 490, 510, 530, 1550, 1650, 1700, 1750] {
        for seed in SEEDS {
            let (mut stage, _) = Stage::behind(seed, link(kbps).jitter(ms(5)), &LAYERS);
            stage.film(90.0);
            let shown = stage.shown(0);
            let rises = rises(&shown, stage.at(5.0));
            assert!(rises.len() <= 6, "{kbps}, seed {seed}: {rises:?}");
            let gaps: Vec<f64> = rises.windows(2).map(|pair| pair[1] - pair[0]).collect();
            assert!(
                gaps.iter().all(|gap| *gap > 4.0),
                "{kbps}, seed {seed}: {rises:?}"
            );
            // The patience doubles while it does not last; what lasted for a while was no failure.
            let short = gaps.iter().filter(|gap| **gap < 10.0).count();
            assert!(short <= 2, "{kbps}, seed {seed}: {rises:?}");
            queueing("edge", seed, &stage, 5.0, 90.0);
            let frozen = frozen(&shown, stage.at(2.0), stage.at(90.0));
            assert!(frozen < 0.02, "{kbps}, seed {seed}: {frozen}");
            let used = rate(&stage, 0, 10.0, 90.0);
            assert!((150..=kbps).contains(&used), "{kbps}, seed {seed}: {used} kbit/s");
        }
    }
}

/// With headers the layers take 150, 440 and 1315 kbit/s: 88 percent of the links of 500 and of 1500 kbit/s.
#[test]
fn a_layer_that_takes_88_percent_of_a_link_is_found_and_kept() {
    let layers = [120, 408, 1237];
    for jitter in [0, 5] {
        for seed in SEEDS {
            let link = |kbps| link(kbps).jitter(ms(jitter));
            let name = format!("jitter {jitter}, seed {seed}");
            let (mut stage, _) = Stage::behind(seed, link(1500), &layers);
            stage.film(30.0);
            let shown = stage.shown(0);
            assert!(part(&shown, 2, stage.at(5.0), stage.at(30.0)) > 0.99, "{name}");
            assert!(switches(&shown) <= 3, "{name}: {}", switches(&shown));
            let used = rate(&stage, 0, 5.0, 30.0);
            assert!((1315 * 85 / 100..=1500).contains(&used), "{name}: {used} kbit/s");
            queueing(&name, seed, &stage, 0.0, 30.0);

            let (mut stage, path) = Stage::behind(seed, link(2500), &layers);
            stage.film(15.0);
            stage.network.paths.reconfigure(path, link(500));
            stage.film(15.0);
            stage.network.paths.reconfigure(path, link(1500));
            stage.film(20.0);
            let shown = stage.shown(0);
            for (layer, from, until, most) in
                [(2, 5.0, 15.0, 2500), (1, 20.0, 30.0, 500), (2, 40.0, 50.0, 1500)]
            {
                let there = part(&shown, layer, stage.at(from), stage.at(until));
                assert!(there > 0.99, "{name}: {there} of the frames from {from}");
                let least = [150, 440, 1315][usize::from(layer)] * 85 / 100;
                let used = rate(&stage, 0, from, until);
                assert!(
                    (least..=most).contains(&used),
                    "{name}: {used} kbit/s from {from}"
                );
            }
            // Up twice, down, perhaps down once more and up again, and up.
            assert!(switches(&shown) <= 8, "{name}: {}", switches(&shown));
            queueing(&name, seed, &stage, 15.0, 30.0);
            queueing(&name, seed, &stage, 30.0, 50.0);
            let frozen = frozen(&shown, stage.at(1.0), stage.at(50.0));
            assert!(frozen < 0.04, "{name}: {frozen} of the time");
        }
    }
}

#[test]
fn five_percent_of_loss_is_hardly_seen() {
    for seed in SEEDS {
        let (mut stage, _) = Stage::behind(seed, link(3000).loss(0.05), &LAYERS);
        stage.film(40.0);
        let shown = stage.shown(0);
        let (from, until) = (stage.at(2.0), stage.at(40.0));
        let frozen = frozen(&shown, from, until);
        assert!(frozen < 0.02, "seed {seed}: {frozen} of the time");
        let frames = shown.iter().filter(|one| one.at >= from).count();
        assert!(
            (1100..=1150).contains(&frames),
            "seed {seed}: {frames} frames of 1140"
        );
        assert!(part(&shown, 2, stage.at(5.0), until) > 0.95, "seed {seed}");
        let id = stage.viewers[0];
        let repeated = stage.network.stats(id).packets_retransmitted;
        assert!(repeated > 200, "seed {seed}: {repeated}: something was lost");
        queueing("loss", seed, &stage, 0.0, 40.0);
    }
}

/// One viewer has 400 kbit/s and losses, the other plenty.
#[test]
fn a_poor_viewer_does_not_hurt_a_rich_one() {
    let mut all = Vec::new();
    for seed in 1..9 {
        let mut stage = Stage::new(seed, 2, &LAYERS);
        let addresses: Vec<_> = (0..2)
            .map(|viewer| stage.network.clients[stage.viewers[viewer]].address)
            .collect();
        stage.network.paths.add(link(6000), seed, &addresses[..1]);
        stage
            .network
            .paths
            .add(link(400).loss(0.03), seed, &addresses[1..]);
        stage.film(30.0);
        let (from, until) = (stage.at(5.0), stage.at(30.0));
        let rich = stage.shown(0);
        assert!(part(&rich, 2, from, until) > 0.999, "seed {seed}");
        assert_eq!(frozen(&rich, from, until), 0.0, "seed {seed}");
        let count = rich.iter().filter(|one| one.at >= from).count();
        assert!((745..=752).contains(&count), "seed {seed}: {count} frames of 750");
        // Keyframes that the poor one needs are few, and of its own layer.
        let plis = &stage.network.clients[0].reports.plis;
        let of_the_best = plis.iter().filter(|(at, ssrc)| *at >= from && *ssrc == 72);
        assert_eq!(of_the_best.count(), 0, "seed {seed}");
        let poor = stage.shown(1);
        assert!(part(&poor, 1, from, until) < 0.02, "seed {seed}");
        let (used, stands) = (rate(&stage, 1, 5.0, 30.0), frozen(&poor, from, until));
        assert!((150..=400).contains(&used), "seed {seed}: {used} kbit/s");
        // A packet that is lost twice is a fifth of a second, and some are.
        assert!(stands < 0.06, "seed {seed}: {stands} of the time");
        all.push(stands);
    }
    let mean = all.iter().sum::<f64>() / all.len() as f64;
    assert!(mean < 0.025, "{all:?} of the time");
}

/// Two viewers and a constant flow of others behind the same link.
#[test]
fn who_shares_a_link_does_not_starve() {
    for seed in SEEDS {
        let mut stage = Stage::new(seed, 2, &LAYERS);
        let addresses: Vec<_> = (0..2)
            .map(|viewer| stage.network.clients[stage.viewers[viewer]].address)
            .collect();
        let path = stage.network.paths.add(link(2600), seed, &addresses);
        let (from, until) = (stage.at(15.0), stage.at(35.0));
        stage.network.paths.disturb(path, from, until, 1_000_000);
        stage.film(50.0);
        for (begin, end, capacity) in [(5.0, 15.0, 2600), (20.0, 35.0, 1600), (40.0, 50.0, 2600)] {
            let used = [0, 1].map(|viewer| rate(&stage, viewer, begin, end));
            assert!(used.iter().sum::<u64>() <= capacity, "seed {seed}: {used:?}");
            assert!(
                used.iter().all(|used| *used > 150),
                "seed {seed}: {used:?} from {begin}"
            );
            for viewer in [0, 1] {
                let frozen = frozen(&stage.shown(viewer), stage.at(begin), stage.at(end));
                assert!(frozen < 0.06, "seed {seed}: {frozen} of the time");
            }
        }
        // One has the best layer, which leaves room for one that is smaller.
        let both = [0, 1].map(|viewer| rate(&stage, viewer, 5.0, 15.0));
        assert!(both.iter().sum::<u64>() >= 1900, "seed {seed}: {both:?}");
        let others = stage.network.paths.rate(None, stage.at(20.0), until) / 1000;
        assert!((900..=1010).contains(&others), "seed {seed}: {others} kbit/s");
        for viewer in [0, 1] {
            let queueing = stage.queueing(viewer, 0.0, 50.0);
            assert!(queueing <= MOST_QUEUEING, "seed {seed}: {queueing:?}");
        }
    }
}

/// A flow of others that takes what it can get and halves when it loses, behind the same link.
#[test]
fn a_flow_that_takes_what_it_gets_starves_nobody_and_is_not_starved() {
    for seed in SEEDS {
        let (mut stage, path) = Stage::behind(seed, link(3000).queue(ms(150)), &LAYERS);
        let (from, until) = (stage.at(10.0), stage.at(40.0));
        stage.network.paths.compete(path, from, until);
        stage.film(55.0);
        let shown = stage.shown(0);
        let others = stage.network.paths.rate(None, stage.at(15.0), until) / 1000;
        let used = rate(&stage, 0, 15.0, 40.0);
        assert!(
            (1000..=2850).contains(&others),
            "seed {seed}: others {others} kbit/s"
        );
        assert!((150..=2000).contains(&used), "seed {seed}: {used} kbit/s");
        assert!(used + others <= 3000, "seed {seed}: {used} and {others}");
        let frozen = frozen(&shown, stage.at(12.0), until);
        assert!(frozen < 0.1, "seed {seed}: {frozen} of the time");
        // What they had is there again.
        assert!(
            part(&shown, 2, stage.at(48.0), stage.at(55.0)) > 0.99,
            "seed {seed}"
        );
        queueing("alone again", seed, &stage, 42.0, 55.0);
    }
}

/// For half a minute no media comes through. Connectivity checks do: without them the session would end (RFC 7675).
#[test]
fn after_half_a_minute_of_outage_it_goes_on() {
    for seed in SEEDS {
        let (mut stage, path) = Stage::behind(seed, link(2500), &LAYERS);
        stage.film(10.0);
        stage.network.paths.block_media(path, true);
        stage.film(30.0);
        let sent = rate(&stage, 0, 12.0, 40.0);
        assert_eq!(sent, 0, "seed {seed}: nothing comes");
        stage.network.paths.block_media(path, false);
        stage.film(15.0);
        let shown = stage.shown(0);
        let back = stage.at(40.0);
        let (first, best) = (reaches(&shown, 0, back), reaches(&shown, 2, back));
        assert!((0.02..3.0).contains(&first), "seed {seed}: after {first} s");
        assert!(best < 8.0, "seed {seed}: after {best} s");
        assert!(
            part(&shown, 2, stage.at(49.0), stage.at(55.0)) > 0.99,
            "seed {seed}"
        );
        queueing("outage", seed, &stage, 40.0, 55.0);
    }
}

/// For half a minute nothing comes through at all, in either direction. The session of the viewer would soon have ended.
#[test]
fn after_half_a_minute_of_nothing_at_all_it_goes_on() {
    for seed in SEEDS {
        let (mut stage, path) = Stage::behind(seed, link(2500), &LAYERS);
        stage.film(10.0);
        stage.network.paths.cut(path, true);
        stage.film(30.0);
        assert_eq!(rate(&stage, 0, 11.0, 40.0), 0, "seed {seed}: nothing comes");
        stage.network.paths.cut(path, false);
        stage.film(20.0);
        let shown = stage.shown(0);
        let back = stage.at(40.0);
        let (first, best) = (reaches(&shown, 0, back), reaches(&shown, 2, back));
        assert!((0.02..4.0).contains(&first), "seed {seed}: after {first} s");
        assert!(best < 9.0, "seed {seed}: after {best} s");
        assert!(
            part(&shown, 2, stage.at(50.0), stage.at(60.0)) > 0.99,
            "seed {seed}"
        );
        queueing("outage", seed, &stage, 40.0, 60.0);
    }
}

/// Sound of which 15 percent are lost, with older sound added, or with what is missing sent again.
#[test]
fn sound_survives_fifteen_percent_of_loss() {
    for redundant in [true, false] {
        for seed in SEEDS {
            let mut network = Network::new(seed);
            network.delay = ms(25);
            let joined = network.join(1, 2);
            network.publish(joined[0], vec![microphone(1, &[11])]);
            let mut codec = opus(100);
            codec.red = redundant.then_some(103);
            network.subscribe(
                joined[1],
                vec![Subscription {
                    codecs: vec![codec],
                    ..subscription(1, 21)
                }],
            );
            network.clients[joined[1]].nacks = !redundant;
            let address = network.clients[joined[1]].address;
            network.paths.add(link(1000).loss(0.15), seed, &[address]);
            let frames: u32 = 3000;
            for number in 0..frames {
                let sequence = u16::try_from(number).unwrap();
                network.clients[joined[0]].speak(11, sequence, number * 960, 30);
                network.run(ms(20));
                if number % 50 == 49 {
                    let block = ReportBlock {
                        ssrc: 21,
                        fraction_lost: 38,
                        ..ReportBlock::default()
                    };
                    network.clients[joined[1]]
                        .send_rtcp(|writer| writer.receiver_report(2, &[block]).unwrap());
                }
            }
            network.run(ms(300));
            let got = network.clients[joined[1]].got(21);
            // The first seconds are those in which the loss is found out.
            let played = playable(&got, ms(200), 100..frames - 50);
            let arrived: BTreeSet<u32> = got.iter().map(|got| got.timestamp).collect();
            assert!(
                redundant == (arrived.len() < 2700),
                "{} packets of {frames} came",
                arrived.len()
            );
            assert!(
                (0.99..=1.0).contains(&played),
                "seed {seed}: {played} of the frames"
            );
        }
    }
}

/// The part of the frames that were there, by themselves or with later ones, within so long of the time they were due.
fn playable(got: &[&Got], patience: Duration, frames: std::ops::Range<u32>) -> f64 {
    let first = got[0];
    let mut there = BTreeSet::new();
    for packet in got {
        let mut frame = |timestamp: u32| {
            let number = timestamp.wrapping_sub(first.timestamp) / 960;
            let due = first.at + ms(20) * number;
            if packet.at <= due + patience {
                there.insert(number);
            }
        };
        frame(packet.timestamp);
        if packet.payload_type == 103 {
            let red = RedPayload::read(&packet.payload).unwrap();
            red.redundant()
                .for_each(|block| frame(packet.timestamp.wrapping_sub(block.timestamp_offset)));
        }
    }
    let count = there.range(frames.clone()).count();
    count as f64 / f64::from(frames.end - frames.start)
}

/// Its first frame is 100 kB, all of it.
#[test]
fn a_shared_screen_is_sharp_within_a_second() {
    for (kbps, watches_before) in [(2500, true), (2500, false), (10_000, true)] {
        for seed in SEEDS {
            let mut stage = Stage::new(seed, 2, &LAYERS);
            let (sharer, viewer) = (stage.viewers[0], stage.viewers[1]);
            let address = stage.network.clients[viewer].address;
            stage.network.paths.add(link(kbps), seed, &[address]);
            stage.network.subscribe(sharer, vec![]);
            let mut screen = Encoder::new(sharer, &[800]).with_keyframes(100_000);
            let publication = Publication {
                content: Content::Screen,
                ..screen.publication(7)
            };
            stage.network.publish(sharer, vec![publication]);
            if !watches_before {
                stage.network.subscribe(viewer, vec![]);
            }
            let both = |stage: &mut Stage, screen: &mut Encoder, seconds: u32| {
                for _ in 0..seconds * 30 {
                    screen.frame(&mut stage.network);
                    stage.film(1.0 / 30.0);
                }
            };
            both(&mut stage, &mut screen, 8);
            let subscribed = stage.network.now;
            watch(&mut stage.network, viewer, &[CAMERA, SCREEN]);
            both(&mut stage, &mut screen, 5);
            let name = format!("{kbps} kbit/s, camera {watches_before}, seed {seed}");
            let sharp = play(&stage.network.clients[viewer].got(SCREEN));
            let first = sharp.first().map(|first| (first.at - subscribed).as_secs_f64());
            let first = first.unwrap_or(f64::INFINITY);
            assert!((0.1..=1.0).contains(&first), "{name}: after {first} s");
            let camera = stage.shown(1);
            assert!(camera.len() > 60, "{name}: the camera is seen too");
            let queueing = stage
                .network
                .paths
                .queueing(address, 95, stage.begin, stage.network.now);
            assert!(queueing <= MOST_QUEUEING, "{name}: {queueing:?}");
        }
    }
}
