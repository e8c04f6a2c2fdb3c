use std::time::{Duration, Instant};

use super::source::audio;
use crate::allocator::{Allocator, AllocatorConfig, Layer, Source, SourceKind, View};
use crate::bwe::{Bitrate, Estimator, EstimatorConfig, PacketResult};
use crate::pacer::{Class, Frame, FrameKind, Outgoing, Pacer, PacerConfig, PacketInfo};
use crate::test_clock::start;

/// What a router has for one subscriber, with buffers that are used again.
struct Subscriber {
    estimator: Estimator,
    pacer: Pacer<u64>,
    allocator: Allocator,
    train: Vec<Outgoing<u64>>,
    results: Vec<PacketResult>,
    sequence: u64,
    frames: u64,
}

impl Subscriber {
    /// Fifty milliseconds: audio, frames of three cameras, a report with a loss.
    fn run(&mut self, begin: Instant, now: &mut Instant, sources: &[Source<'_>]) {
        self.results.clear();
        for millis in 0..50u64 {
            *now += Duration::from_millis(1);
            if millis % 20 == 0 {
                self.pacer.push(*now, audio(), 0);
            }
            if millis % 33 == 0 {
                self.frames += 1;
                for packet in 0..6u32 {
                    let frame = Frame {
                        number: self.frames,
                        kind: FrameKind::Delta,
                        is_last: packet >= 3,
                    };
                    let (class, stream, bytes) = (Class::Video, packet % 3, 1000);
                    self.pacer.push(
                        *now,
                        PacketInfo {
                            class,
                            stream,
                            bytes,
                            frame,
                        },
                        1,
                    );
                }
            }
            self.estimator.handle_timeout(*now);
            self.pacer.set_rate(*now, self.estimator.target());
            while let Some(probe) = self.estimator.poll_probe() {
                self.pacer.probe(*now, probe);
            }
            self.pacer.poll(*now, &mut self.train);
            for outgoing in self.train.drain(..) {
                let (Outgoing::Packet { bytes, probe, .. } | Outgoing::Padding { bytes, probe }) = outgoing;
                self.estimator.sent(*now, self.sequence, bytes, probe);
                let arrival = (!self.sequence.is_multiple_of(50)).then(|| *now - begin);
                self.results.push(PacketResult {
                    sequence: self.sequence,
                    arrival,
                });
                self.sequence += 1;
            }
            while self.pacer.poll_event().is_some() {}
            assert!(self.pacer.poll_timeout().is_none_or(|at| at > begin));
        }
        self.estimator.feedback(*now, &self.results);
        self.allocator.allocate(*now, self.estimator.estimate(), sources);
    }
}

#[test]
fn nothing_is_allocated_per_packet() {
    let begin = start();
    let mut now = begin;
    let layers = [0, 1, 2].map(|spatial| Layer {
        spatial,
        temporal: 0,
        width: 320 << spatial,
        height: 180 << spatial,
        bitrate: Bitrate::from_kbps(150 << (2 * spatial)),
    });
    let source = |id| Source {
        id,
        kind: SourceKind::Camera,
        priority: 0,
        view: View::Tile {
            width: 640,
            height: 360,
        },
        layers: &layers,
    };
    let sources = [source(0), source(1), source(2)];
    let config = EstimatorConfig {
        max: Bitrate::from_kbps(4_000),
        ..EstimatorConfig::default()
    };
    let estimator = Estimator::new(config, now);
    let mut subscriber = Subscriber {
        pacer: Pacer::new(PacerConfig::default(), estimator.target()),
        estimator,
        allocator: Allocator::new(AllocatorConfig::default()),
        train: Vec::new(),
        results: Vec::new(),
        sequence: 0,
        frames: 0,
    };
    // Until everything has its working size, the history of ten seconds included.
    for _ in 0..400 {
        subscriber.run(begin, &mut now, &sources);
    }
    let before = subscriber.sequence;
    let allocated = allocation_counter::measure(|| {
        for _ in 0..200 {
            subscriber.run(begin, &mut now, &sources);
        }
    });
    let packets = subscriber.sequence - before;
    assert!(packets > 1_500, "{packets}");
    assert_eq!(allocated.count_total, 0, "for {packets} packets");
    assert!(subscriber.estimator.estimate() > Bitrate::from_kbps(1_000));
}
