use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::test_clock::start;

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn config(source: FeedbackSource) -> EstimatorConfig {
    EstimatorConfig {
        source,
        ..EstimatorConfig::default()
    }
}

#[test]
fn reports_count_when_there_is_nothing_better() {
    let mut now = start();
    let mut estimator = Estimator::new(config(FeedbackSource::ReceiverReports), now);
    assert_eq!(estimator.poll_probe(), None);
    for second in 0..10 {
        for packet in 0..60 {
            estimator.sent(now, second * 60 + packet, 1200, None);
            now += ms(16);
        }
        estimator.receiver_report(now, 0, 60, Some(ms(80)));
    }
    let grown = estimator.estimate();
    assert!(
        grown > Bitrate::from_kbps(700) && grown < Bitrate::from_kbps(1400),
        "{grown}"
    );
    estimator.remote_limit(Bitrate::from_kbps(500));
    assert_eq!(estimator.estimate(), Bitrate::from_kbps(500));
    estimator.remote_limit(Bitrate::ZERO);
    assert_eq!(estimator.estimate(), EstimatorConfig::default().min);
    estimator.remote_limit(Bitrate::MAX);
    estimator.receiver_report(now + ms(1000), 40, 100, None);
    assert_eq!(estimator.estimate(), grown.percent(80));
    // Feedback that was not agreed on changes nothing.
    estimator.feedback(
        now,
        &[PacketResult {
            sequence: 1,
            arrival: None,
        }],
    );
    assert_eq!(estimator.estimate(), grown.percent(80));
    let deadline = estimator.poll_timeout().unwrap();
    estimator.handle_timeout(deadline);
    assert_eq!(estimator.estimate(), grown.percent(80).percent(80));
}

#[test]
fn silence_goes_down_and_the_first_report_asks_for_what_was_there() {
    let mut now = start();
    let mut estimator = Estimator::new(EstimatorConfig::default(), now);
    assert_eq!(estimator.poll_timeout(), None, "nothing was sent");
    while estimator.poll_probe().is_some() {}
    for sequence in 0..10 {
        estimator.sent(now, sequence, 1200, None);
    }
    assert_eq!(estimator.stats().in_flight_bytes, 12_000);
    for _ in 0..3 {
        now = estimator.poll_timeout().unwrap();
        estimator.handle_timeout(now);
    }
    assert_eq!(
        estimator.estimate(),
        Bitrate::from_bps(600_000 * 6 * 6 * 6 / 1000)
    );
    assert_eq!(estimator.stats().in_flight_bytes, 0);
    estimator.feedback(
        now,
        &[PacketResult {
            sequence: 9,
            arrival: Some(ms(5)),
        }],
    );
    let rates: Vec<_> = std::iter::from_fn(|| estimator.poll_probe())
        .map(|probe| probe.rate)
        .collect();
    assert_eq!(rates, [Bitrate::from_kbps(300), Bitrate::from_kbps(600)]);
}

#[test]
fn a_packet_now_and_then_that_is_lost_is_no_silence() {
    let mut now = start();
    let mut estimator = Estimator::new(EstimatorConfig::default(), now);
    for sequence in 0..100 {
        estimator.sent(now, sequence, 60, None);
        now += ms(400);
        estimator.handle_timeout(now);
        if sequence % 3 == 0 {
            let arrival = Some(ms(400 * sequence + 30));
            estimator.feedback(now, &[PacketResult { sequence, arrival }]);
        }
    }
    assert!(estimator.estimate() >= EstimatorConfig::default().start);
}

#[test]
fn too_much_in_flight_is_congestion_until_it_is_reported() {
    let now = start();
    let mut estimator = Estimator::new(EstimatorConfig::default(), now);
    estimator.sent(now, 0, 1200, None);
    estimator.feedback(
        now + ms(40),
        &[PacketResult {
            sequence: 0,
            arrival: Some(ms(7)),
        }],
    );
    assert_eq!(estimator.congestion(), Congestion::None);
    for sequence in 1..100 {
        estimator.sent(now + ms(50), sequence, 1200, None);
    }
    assert_eq!(estimator.congestion(), Congestion::Full);
    let results: Vec<_> = (1..100)
        .map(|sequence| PacketResult {
            sequence,
            arrival: None,
        })
        .collect();
    estimator.feedback(now + ms(100), &results);
    assert_eq!(estimator.congestion(), Congestion::None);
}

#[test]
fn a_path_is_clear_after_some_calm_seconds_and_no_longer_when_a_queue_grows() {
    let mut now = start();
    let mut estimator = Estimator::new(EstimatorConfig::default(), now);
    let (mut sequence, mut queue) = (0, 0);
    let mut second = |estimator: &mut Estimator, growth: u64| {
        for _ in 0..50 {
            estimator.sent(now, sequence, 1200, None);
            now += ms(20);
            queue += growth;
            let arrival = Some(ms(20 * sequence + 10 + queue));
            estimator.feedback(now + ms(10), &[PacketResult { sequence, arrival }]);
            sequence += 1;
        }
        estimator.congestion()
    };
    let calm: Vec<_> = (0..8).map(|_| second(&mut estimator, 0)).collect();
    assert_eq!(calm[..4], [Congestion::None; 4]);
    assert_eq!(calm[6..], [Congestion::Clear; 2]);
    assert_eq!(second(&mut estimator, 2), Congestion::None);
}

#[derive(Debug, Clone)]
enum Op {
    Send {
        gap_ms: u64,
        bytes: usize,
        is_probe: bool,
    },
    Feedback {
        back: u64,
        count: u64,
        arrivals: Vec<Option<u64>>,
    },
    Remote(u64),
    Report(u64, u64),
    Timeout(u64),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => (0..200u64, prop_oneof![0..1500usize, Just(usize::MAX)], any::<bool>())
            .prop_map(|(gap_ms, bytes, is_probe)| Op::Send { gap_ms, bytes, is_probe }),
        3 => (0..50u64, 0..60u64, prop::collection::vec(
            prop::option::of(prop_oneof![0..100_000u64, any::<u64>()]), 0..60))
            .prop_map(|(back, count, arrivals)| Op::Feedback { back, count, arrivals }),
        1 => any::<u64>().prop_map(Op::Remote),
        1 => (any::<u64>(), any::<u64>()).prop_map(|(lost, expected)| Op::Report(lost, expected)),
        1 => (0..5000u64).prop_map(Op::Timeout),
    ]
}

fn run(source: FeedbackSource, ops: &[Op]) -> Result<Vec<EstimatorStats>, TestCaseError> {
    let config = EstimatorConfig {
        max_packets: 64,
        ..config(source)
    };
    let begin = start();
    let mut now = begin;
    let mut estimator = Estimator::new(config, now);
    let (mut sequence, mut probe) = (0, None);
    let mut all = Vec::new();
    for op in ops {
        match op {
            Op::Send {
                gap_ms,
                bytes,
                is_probe,
            } => {
                now += ms(*gap_ms);
                probe = estimator.poll_probe().or(probe);
                estimator.sent(
                    now,
                    sequence,
                    *bytes,
                    probe.filter(|_| *is_probe).map(|probe| probe.id),
                );
                sequence += 1;
            }
            Op::Feedback {
                back,
                count,
                arrivals,
            } => {
                let first = sequence.saturating_sub(*back);
                let results: Vec<_> = (first..first + count)
                    .zip(arrivals)
                    .map(|(sequence, arrival)| PacketResult {
                        sequence,
                        arrival: arrival.map(Duration::from_micros),
                    })
                    .collect();
                estimator.feedback(now, &results);
            }
            Op::Remote(limit) => estimator.remote_limit(Bitrate::from_bps(*limit)),
            Op::Report(lost, expected) => estimator.receiver_report(now, *lost, *expected, None),
            Op::Timeout(after) => {
                now += ms(*after);
                estimator.handle_timeout(now);
                prop_assert!(estimator.poll_timeout().is_none_or(|at: Instant| at > now));
            }
        }
        let stats = estimator.stats();
        prop_assert!(stats.estimate >= config.min && stats.estimate <= config.max);
        prop_assert!(stats.target >= config.min && stats.target <= stats.estimate);
        prop_assert!((0.0..=1.0).contains(&stats.loss));
        prop_assert!(stats.in_flight_bytes <= 64 * u64::from(u32::MAX));
        all.push(stats);
    }
    Ok(all)
}

proptest! {
    #[test]
    fn whatever_is_reported_the_bounds_hold_and_it_is_repeatable(ops in prop::collection::vec(op(), 1..300)) {
        for source in [FeedbackSource::TransportWide, FeedbackSource::ReceiverReports] {
            prop_assert_eq!(run(source, &ops)?, run(source, &ops)?);
        }
    }
}
