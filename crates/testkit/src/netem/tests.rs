use std::time::Duration;

use super::*;
use crate::clock::Clock;

fn run(config: LinkConfig, seed: u64, packets: u32) -> Vec<(u32, Duration)> {
    let mut clock = Clock::new();
    let start = clock.now();
    let mut link = Link::new(config, seed);
    let mut out = Vec::new();
    let mut take = |link: &mut Link, now| {
        while let Some(delivery) = link.receive(now) {
            assert!(delivery.at <= now);
            let number = u32::from_be_bytes(delivery.bytes[..4].try_into().unwrap());
            out.push((number, delivery.at - start));
        }
    };
    for i in 0..packets {
        let mut packet = vec![0; 100];
        packet[..4].copy_from_slice(&i.to_be_bytes());
        link.send(clock.now(), &packet);
        let now = clock.advance(Duration::from_millis(20));
        take(&mut link, now);
    }
    while let Some(at) = link.next_delivery() {
        take(&mut link, at);
    }
    out
}

#[test]
fn a_perfect_wire_delivers_everything_at_once() {
    let out = run(LinkConfig::default(), 1, 50);
    assert_eq!(out.len(), 50);
    assert!(
        out.iter()
            .enumerate()
            .all(|(i, (n, at))| i == *n as usize && *at == Duration::from_millis(20) * *n)
    );
}

#[test]
fn same_seed_same_fate() {
    assert_eq!(
        run(LinkConfig::mobile(), 7, 500),
        run(LinkConfig::mobile(), 7, 500)
    );
    assert_ne!(
        run(LinkConfig::mobile(), 7, 500),
        run(LinkConfig::mobile(), 8, 500)
    );
}

#[test]
fn loses_the_part_it_is_told_to_also_in_bursts() {
    for mean_burst in [1.0, 4.0] {
        let out = run(
            LinkConfig {
                loss: 0.2,
                mean_burst,
                ..LinkConfig::default()
            },
            3,
            20_000,
        );
        let lost = 20_000 - out.len();
        assert!((3_500..4_500).contains(&lost), "{lost}");
        let runs = out.windows(2).filter(|w| w[1].0 > w[0].0 + 1).count();
        let mean = lost as f64 / runs as f64;
        let expected = if mean_burst == 1.0 { 1.25 } else { 4.0 };
        assert!((mean - expected).abs() < 0.3, "{mean}");
    }
}

#[test]
fn jitter_keeps_order_and_reordering_does_not() {
    let jitter = LinkConfig {
        jitter: Duration::from_millis(80),
        ..LinkConfig::default()
    };
    assert!(run(jitter, 5, 500).is_sorted_by_key(|(n, _)| *n));
    let out = run(
        LinkConfig {
            reorder: 0.1,
            ..LinkConfig::default()
        },
        5,
        500,
    );
    assert_eq!(out.len(), 500);
    assert!(!out.is_sorted_by_key(|(n, _)| *n));
    assert!(out.is_sorted_by_key(|(_, at)| *at));
}

#[test]
fn duplicates_and_limits_bandwidth() {
    let out = run(
        LinkConfig {
            duplicate: 0.5,
            ..LinkConfig::default()
        },
        5,
        1000,
    );
    assert!((1_400..1_600).contains(&out.len()), "{}", out.len());
    // 100 bytes every 20 ms are 40 kbit/s; half of that fits.
    let out = run(
        LinkConfig {
            bandwidth_bps: Some(20_000),
            ..LinkConfig::default()
        },
        5,
        1000,
    );
    assert!((500..520).contains(&out.len()), "{}", out.len());
    assert!(
        out.iter()
            .all(|(n, at)| *at - Duration::from_millis(20) * *n <= Duration::from_millis(240))
    );
}

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// What comes out until the link is empty: times since the start, and the first byte.
fn drain(link: &mut Link, clock: &mut Clock) -> Vec<(Duration, u8)> {
    let mut out = Vec::new();
    while let Some(at) = link.next_delivery() {
        let now = clock.advance_to(at);
        while let Some(delivery) = link.receive(now) {
            out.push((clock.elapsed(), delivery.bytes[0]));
        }
    }
    out
}

#[test]
fn a_step_counts_for_what_waits_already() {
    let mut clock = Clock::new();
    let mut link = Link::new(LinkConfig::limited(1_000_000).queue(ms(1000)), 1);
    // Ten packets of 10 ms each; after 45 ms a tenth of the rate, after 145 ms the old one again.
    link.schedule(clock.now() + ms(145), LinkConfig::limited(1_000_000));
    link.schedule(clock.now() + ms(45), LinkConfig::limited(100_000));
    for byte in 0..10 {
        link.send(clock.now(), &[byte; 1250]);
    }
    assert_eq!(link.queued_bytes(), 12_500);
    let times: Vec<_> = drain(&mut link, &mut clock)
        .iter()
        .map(|(at, _)| at.as_millis())
        .collect();
    assert_eq!(times, [10, 20, 30, 40, 95, 150, 160, 170, 180, 190]);
    assert_eq!(link.queued_bytes(), 0);
}

#[test]
fn a_queue_in_bytes_drops_at_its_tail() {
    let mut clock = Clock::new();
    let mut link = Link::new(LinkConfig::limited(1_000_000).queue_bytes(5_000), 1);
    for byte in 0..10 {
        link.send(clock.now(), &[byte; 1250]);
    }
    assert_eq!(link.counts(), (10, 6));
    let bytes: Vec<_> = drain(&mut link, &mut clock)
        .iter()
        .map(|(_, byte)| *byte)
        .collect();
    assert_eq!(bytes, [0, 1, 2, 3]);
}

#[test]
fn an_outage_loses_what_is_sent_and_holds_what_waits() {
    let mut clock = Clock::new();
    let config = LinkConfig::limited(1_000_000).queue(ms(1000));
    let mut link = Link::new(config.clone(), 1);
    link.schedule(clock.now() + ms(15), config.clone().cut());
    link.schedule(clock.now() + ms(1015), config);
    for byte in 0..3 {
        link.send(clock.now(), &[byte; 1250]);
    }
    let now = clock.advance(ms(500));
    assert_eq!(link.receive(now).unwrap().bytes[0], 0);
    assert_eq!(link.receive(now), None);
    link.send(now, &[9; 1250]);
    assert_eq!(
        drain(&mut link, &mut clock),
        [(ms(1020), 1), (ms(1030), 2)],
        "half of the second was through when the link was cut"
    );
    assert_eq!(link.counts(), (4, 1));
}

#[test]
fn a_trace_gives_opportunities_of_1500_bytes_and_loops() {
    let mut clock = Clock::new();
    let trace = Trace::parse("10\n20\n20\n100\n").unwrap();
    let mut link = Link::new(LinkConfig::traced(trace).queue_bytes(100_000), 1);
    link.send(clock.now(), &[0; 500]);
    link.send(clock.now(), &[1; 500]);
    for byte in 2..8 {
        link.send(clock.now(), &[byte; 1500]);
    }
    let out: Vec<_> = drain(&mut link, &mut clock)
        .iter()
        .map(|(at, byte)| (at.as_millis(), *byte))
        .collect();
    let expected = [
        (10, 0),
        (10, 1),
        (20, 2),
        (20, 3),
        (100, 4),
        (110, 5),
        (120, 6),
        (120, 7),
    ];
    // An opportunity finishes what the one before could not take whole.
    assert_eq!(out, expected);
    // What nobody uses is gone.
    let now = clock.advance(ms(1000));
    link.send(now, &[9; 1500]);
    assert_eq!(drain(&mut link, &mut clock), [(ms(1200), 9)]);
}

#[test]
fn a_trace_delivers_at_its_mean_rate() {
    let trace: String = (1..=1000u32)
        .filter(|ms| ms % 7 < 2)
        .map(|ms| format!("{ms}\n"))
        .collect();
    let trace = Trace::parse(&trace).unwrap();
    let mean = trace.mean_bps();
    let mut clock = Clock::new();
    let mut link = Link::new(LinkConfig::traced(trace).queue(ms(100)), 1);
    let mut bytes = 0;
    for _ in 0..20_000 {
        link.send(clock.now(), &[0; 1000]);
        let now = clock.advance(ms(1));
        while let Some(delivery) = link.receive(now) {
            bytes += delivery.bytes.len() as u64;
            assert!(delivery.queued <= ms(120), "{:?}", delivery.queued);
        }
    }
    let rate = bytes * 8 / 20;
    assert!(
        (mean * 98 / 100..=mean * 102 / 100).contains(&rate),
        "{rate} of {mean}"
    );
}

#[test]
fn a_channel_with_two_states_loses_in_its_bad_phases() {
    let channel = GilbertElliott {
        to_bad: 0.01,
        to_good: 0.1,
        loss_good: 0.001,
        loss_bad: 0.5,
    };
    let out = run(LinkConfig::default().channel(channel), 11, 40_000);
    let lost = 1.0 - out.len() as f64 / 40_000.0;
    let mean = channel.mean_loss();
    assert!((mean * 0.85..mean * 1.15).contains(&lost), "{lost} of {mean}");
    // Independent losses of that rate would follow each other as rarely as they come at all.
    let runs = out.windows(2).filter(|w| w[1].0 > w[0].0 + 1).count();
    let mean_run = (40_000 - out.len()) as f64 / runs as f64;
    assert!((1.5..2.5).contains(&mean_run), "{mean_run}");
}

#[test]
fn delay_of_the_queue_is_told() {
    let mut clock = Clock::new();
    let mut link = Link::new(LinkConfig::limited(100_000).delay(ms(30)), 1);
    link.send(clock.now(), &[0; 125]);
    link.send(clock.now(), &[1; 125]);
    let now = clock.advance(ms(50));
    let queued: Vec<_> = std::iter::from_fn(|| link.receive(now))
        .map(|d| d.queued)
        .collect();
    assert_eq!(queued, [ms(10), ms(20)]);
}
