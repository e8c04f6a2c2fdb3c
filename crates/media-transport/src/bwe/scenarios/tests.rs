use std::time::Duration;

use anteroom_testkit::netem::{GilbertElliott, LinkConfig, Trace};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::sim::{Flow, Sim};
use super::source::Demand;
use crate::bwe::Bitrate;

const SEEDS: std::ops::Range<u64> = 1..4;

/// The most that 95 percent of the packets may wait in the network.
const MOST_QUEUEING: Duration = Duration::from_millis(120);

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn kbps(kbps: u64) -> Bitrate {
    Bitrate::from_kbps(kbps)
}

/// 25 ms each way, and a queue of 300 ms.
fn link(kbps: u64) -> LinkConfig {
    LinkConfig::limited(kbps * 1000).delay(ms(25)).queue(ms(300))
}

fn between(name: &str, seed: u64, value: Bitrate, least: u64, most: u64) {
    assert!(
        value >= kbps(least),
        "{name}, seed {seed}: {value} is less than {least}"
    );
    assert!(
        value <= kbps(most),
        "{name}, seed {seed}: {value} is more than {most}"
    );
}

/// At least 85 percent of what is there, and not more.
fn used(name: &str, seed: u64, flow: &Flow, capacity: u64, from: f64, to: f64) {
    between(
        name,
        seed,
        flow.delivered(from, to),
        capacity * 85 / 100,
        capacity * 101 / 100,
    );
}

fn queueing(seed: u64, flow: &Flow, from: f64, to: f64) {
    let queueing = flow.queueing(95, from, to);
    assert!(
        queueing <= MOST_QUEUEING,
        "seed {seed}: {queueing:?} from {from} to {to}"
    );
}

#[test]
fn capacity_falls_and_rises() {
    for seed in SEEDS {
        let mut sim = Sim::greedy(link(2500).queue(ms(1000)), seed);
        sim.schedule(15.0, link(500).queue(ms(1000)));
        sim.schedule(30.0, link(1500).queue(ms(1000)));
        sim.run(45.0);
        let flow = &sim.flows[0];
        assert!(flow.reaches(kbps(2125), 0.0) < 2.0, "seed {seed}");
        used("start", seed, flow, 2500, 2.0, 15.0);
        assert!(
            flow.reaches(kbps(425), 16.0) < 20.0,
            "seed {seed}: {}",
            flow.reaches(kbps(425), 16.0)
        );
        used("fall", seed, flow, 500, 20.0, 30.0);
        queueing(seed, flow, 17.0, 30.0);
        assert!(
            flow.reaches(kbps(1275), 30.0) < 35.0,
            "seed {seed}: {}",
            flow.reaches(kbps(1275), 30.0)
        );
        used("rise", seed, flow, 1500, 35.0, 45.0);
        queueing(seed, flow, 0.0, 45.0);
        // The frames that the fall has caught are given up once.
        assert!(
            (1..=4).contains(&flow.encoder.keyframes),
            "{}",
            flow.encoder.keyframes
        );
        let longest = flow.audio_waits.iter().max().unwrap();
        assert!(*longest <= ms(1), "audio waited for {longest:?}");
    }
}

#[test]
fn losses_of_chance_do_not_make_it_collapse() {
    let bursts = GilbertElliott {
        to_bad: 0.05,
        to_good: 0.25,
        loss_good: 0.0,
        loss_bad: 0.6,
    };
    let losses = [
        ("15 percent", link(2000).loss(0.15)),
        ("bursts", link(2000).channel(bursts)),
    ];
    for (name, link) in losses {
        for seed in SEEDS {
            let mut sim = Sim::greedy(link.clone(), seed);
            sim.run(25.0);
            let flow = &sim.flows[0];
            between(name, seed, flow.estimate(8.0, 25.0), 1250, 2300);
            queueing(seed, flow, 3.0, 25.0);
        }
    }
}

#[test]
fn losses_without_a_queue_are_a_limit() {
    for seed in SEEDS {
        // A policer: what is above the rate is lost, and nothing waits for more than a few packets.
        let mut sim = Sim::greedy(link(1000).queue(ms(25)), seed);
        sim.run(30.0);
        let flow = &sim.flows[0];
        between("policer", seed, flow.estimate(10.0, 30.0), 700, 1250);
        between("policer", seed, flow.delivered(10.0, 30.0), 700, 1000);
        let (sent, lost) = sim.link.counts();
        assert!(lost * 100 < sent * 12, "seed {seed}: {lost} of {sent} lost");
    }
}

#[test]
fn a_constant_flow_of_others_takes_its_part_and_gives_it_back() {
    for seed in SEEDS {
        let mut sim = Sim::greedy(link(2500), seed);
        sim.cross(kbps(1500), 8.0, 20.0);
        sim.run(30.0);
        let flow = &sim.flows[0];
        between("meanwhile", seed, flow.delivered(12.0, 20.0), 650, 1010);
        queueing(seed, flow, 0.0, 30.0);
        assert!(
            flow.reaches(kbps(2000), 20.0) < 25.0,
            "seed {seed}: {}",
            flow.reaches(kbps(2000), 20.0)
        );
        used("afterwards", seed, flow, 2500, 25.0, 30.0);
    }
}

#[test]
fn a_flow_that_fills_the_queue_does_not_take_everything() {
    for seed in SEEDS {
        let mut sim = Sim::greedy(link(3000).queue(ms(150)), seed);
        sim.reno(6.0, 26.0);
        sim.run(40.0);
        let flow = &sim.flows[0];
        // One that goes by delay has the worse part beside one that goes by loss.
        between("meanwhile", seed, flow.delivered(12.0, 26.0), 150, 2200);
        assert!(
            flow.reaches(kbps(2400), 26.0) < 35.0,
            "seed {seed}: {}",
            flow.reaches(kbps(2400), 26.0)
        );
        used("afterwards", seed, flow, 3000, 36.0, 40.0);
    }
}

#[test]
fn reports_that_are_lost_or_late_do_not_matter_much() {
    for seed in SEEDS {
        let mut sim = Sim::greedy(link(2000), seed);
        sim.way_back(LinkConfig::default().delay(ms(60)).jitter(ms(40)).loss(0.1));
        sim.run(20.0);
        let flow = &sim.flows[0];
        used("reports", seed, flow, 2000, 4.0, 20.0);
        queueing(seed, flow, 0.0, 20.0);
    }
}

#[test]
fn two_of_a_kind_share() {
    for seed in SEEDS {
        let mut sim = Sim::greedy(link(2500), seed);
        sim.add(Duration::from_secs(5), seed + 77, Demand::UpTo(Bitrate::MAX), &[]);
        sim.run(40.0);
        let rates = [0, 1].map(|flow: usize| sim.flows[flow].delivered(15.0, 40.0));
        let sum = rates[0].saturating_add(rates[1]);
        between("sum", seed, sum, 2000, 2500);
        for rate in rates {
            between(
                "share",
                seed,
                rate,
                sum.as_bps() / 1000 * 28 / 100,
                sum.as_bps() / 1000 * 72 / 100,
            );
        }
        queueing(seed, &sim.flows[0], 10.0, 40.0);
    }
}

#[test]
fn an_outage_of_half_a_minute_is_survived() {
    for seed in SEEDS {
        let mut sim = Sim::greedy(link(2000), seed);
        sim.schedule(8.0, link(2000).cut());
        sim.schedule(38.0, link(2000));
        sim.run(50.0);
        let flow = &sim.flows[0];
        used("before", seed, flow, 2000, 3.0, 8.0);
        between("meanwhile", seed, flow.estimate(20.0, 38.0), 40, 100);
        assert!(
            flow.reaches(kbps(1700), 38.0) < 43.0,
            "seed {seed}: {}",
            flow.reaches(kbps(1700), 38.0)
        );
        used("afterwards", seed, flow, 2000, 43.0, 50.0);
        queueing(seed, flow, 38.5, 50.0);
        assert!(flow.pacer.stats().queued_bytes < 50_000);
    }
}

#[test]
fn a_bloated_buffer_is_not_filled() {
    for seed in SEEDS {
        let mut sim = Sim::greedy(link(1000).queue(ms(4000)), seed);
        sim.run(25.0);
        let flow = &sim.flows[0];
        used("bloated", seed, flow, 1000, 3.0, 25.0);
        queueing(seed, flow, 0.0, 25.0);
        assert_eq!(sim.link.counts().1, 0);
    }
}

#[test]
fn jitter_is_not_congestion() {
    for seed in SEEDS {
        let mut sim = Sim::greedy(link(1500).jitter(ms(20)).loss(0.01), seed);
        sim.run(25.0);
        between("jitter", seed, sim.flows[0].delivered(5.0, 25.0), 1100, 1500);
        queueing(seed, &sim.flows[0], 3.0, 25.0);
    }
}

/// A cell of a mobile network: capacity wanders between 0.8 and 3 Mbit/s, with opportunities at random.
fn mobile(seed: u64) -> Trace {
    let mut rng = StdRng::seed_from_u64(seed);
    let (mut lines, mut kbps) = (String::new(), 1800.0f64);
    for ms in 1..=30_000 {
        if ms % 100 == 0 {
            kbps = (kbps * rng.random_range(0.93..1.075)).clamp(800.0, 3000.0);
        }
        if rng.random_bool(kbps / 12_000.0) {
            lines += &format!("{ms}\n");
        }
    }
    Trace::parse(&lines).unwrap()
}

#[test]
fn a_recorded_link_is_followed() {
    // Capacity that halves within a second cannot be used up without filling the queue.
    for seed in SEEDS {
        let trace = mobile(seed);
        let capacity = trace.capacity_bps(Duration::from_secs(3), Duration::from_secs(40)) / 1000;
        let mut sim = Sim::greedy(LinkConfig::traced(trace).delay(ms(25)).queue(ms(1000)), seed);
        sim.run(40.0);
        let flow = &sim.flows[0];
        between(
            "trace",
            seed,
            flow.delivered(3.0, 40.0),
            capacity * 60 / 100,
            capacity,
        );
        queueing(seed, flow, 0.0, 40.0);
    }
}

#[test]
fn an_application_that_sends_little_finds_what_there_is_for_its_return() {
    for seed in SEEDS {
        let mut sim = Sim::new(link(2500), seed);
        let all = Demand::UpTo(Bitrate::MAX);
        sim.add(Duration::ZERO, seed, Demand::UpTo(kbps(150)), &[(15.0, all)]);
        sim.run(22.0);
        let flow = &sim.flows[0];
        // What was found by probing is known though it was never sent.
        between("limited", seed, flow.estimate(8.0, 15.0), 1900, 2700);
        between("limited", seed, flow.delivered(8.0, 15.0), 150, 210);
        used("return", seed, flow, 2500, 16.0, 22.0);
        queueing(seed, flow, 0.0, 22.0);
        let padding = Bitrate::from_bytes(flow.pacer.stats().padding_bytes, Duration::from_secs(22)).unwrap();
        between("padding", seed, padding, 1, 200);
    }
}

#[test]
fn capacity_that_goes_while_nobody_uses_it_is_noticed_on_return() {
    for seed in SEEDS {
        let mut sim = Sim::new(link(2500).queue(ms(1000)), seed);
        let all = Demand::UpTo(Bitrate::MAX);
        sim.add(
            Duration::ZERO,
            seed,
            all,
            &[(8.0, Demand::AudioOnly), (18.0, all)],
        );
        sim.schedule(10.0, link(600).queue(ms(1000)));
        sim.run(32.0);
        let flow = &sim.flows[0];
        used("before", seed, flow, 2500, 3.0, 8.0);
        between("sound", seed, flow.delivered(10.0, 18.0), 30, 34);
        used("return", seed, flow, 600, 22.0, 32.0);
        queueing(seed, flow, 20.0, 32.0);
        let longest = flow.audio_waits.iter().max().unwrap();
        assert!(*longest <= ms(1), "audio waited for {longest:?}");
    }
}
