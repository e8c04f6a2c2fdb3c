//! Senders that share one bottleneck, and their receivers.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anteroom_testkit::clock::Clock;
use anteroom_testkit::netem::{Link, LinkConfig};

use super::reno::Reno;
use super::source::{AUDIO_INTERVAL, Demand, Encoder, FRAME_INTERVAL, audio};
use crate::bwe::{Bitrate, Estimator, EstimatorConfig, PacketResult};
use crate::pacer::{Class, Outgoing, Pacer, PacerConfig, PacerEvent, PacketInfo};

/// Header of a packet of the simulation: flow, class, number.
const HEADER: usize = 10;

/// The receiver's clock is somewhere else.
const RECEIVER_CLOCK: Duration = Duration::from_secs(987_654);

const FEEDBACK_INTERVAL: Duration = Duration::from_millis(50);

/// What flows that only disturb send in the place of a flow's number.
const CROSS: u8 = 255;
const RENO: u8 = 254;

pub(super) struct Sim {
    pub(super) clock: Clock,
    pub(super) link: Link,
    back: Link,
    pub(super) flows: Vec<Flow>,
    cross: Vec<Cross>,
    reno: Option<Reno>,
    feedback: BTreeMap<u64, (usize, Vec<PacketResult>)>,
    next_feedback: u64,
    train: Vec<Outgoing<PacketInfo>>,
}

pub(super) struct Flow {
    pub(super) estimator: Estimator,
    pub(super) pacer: Pacer<PacketInfo>,
    pub(super) encoder: Encoder,
    begins: Instant,
    next_frame: Instant,
    next_audio: Instant,
    next_report: Instant,
    sequence: u64,
    received: BTreeMap<u64, Duration>,
    reported: u64,
    pub(super) arrivals: Vec<Arrival>,
    pub(super) samples: Vec<Sample>,
    pub(super) audio_waits: Vec<Duration>,
}

/// A constant flow of others.
struct Cross {
    rate: Bitrate,
    from: Instant,
    to: Instant,
    next: Instant,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Arrival {
    /// Since the start.
    pub(super) at: Duration,
    pub(super) queued: Duration,
    pub(super) bytes: usize,
    /// `None` for padding.
    pub(super) class: Option<Class>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    pub(super) at: Duration,
    pub(super) estimate: Bitrate,
}

impl Sim {
    pub(super) fn new(link: LinkConfig, seed: u64) -> Self {
        let back = LinkConfig::default().delay(link.delay);
        Self {
            clock: Clock::new(),
            link: Link::new(link, seed),
            back: Link::new(back, seed + 1000),
            flows: Vec::new(),
            cross: Vec::new(),
            reno: None,
            feedback: BTreeMap::new(),
            next_feedback: 0,
            train: Vec::new(),
        }
    }

    /// One flow that sends all it may.
    pub(super) fn greedy(link: LinkConfig, seed: u64) -> Self {
        let mut sim = Self::new(link, seed);
        sim.add(Duration::ZERO, seed, Demand::UpTo(Bitrate::MAX), &[]);
        sim
    }

    pub(super) fn at(&self, seconds: f64) -> Instant {
        self.clock.now() - self.clock.elapsed() + Duration::from_secs_f64(seconds)
    }

    pub(super) fn add(&mut self, after: Duration, seed: u64, demand: Demand, steps: &[(f64, Demand)]) {
        let begins = self.at(after.as_secs_f64());
        let steps = steps
            .iter()
            .map(|(seconds, demand)| (self.at(*seconds), *demand))
            .collect();
        let estimator = Estimator::new(EstimatorConfig::default(), begins);
        self.flows.push(Flow {
            pacer: Pacer::new(PacerConfig::default(), estimator.target()),
            estimator,
            encoder: Encoder::new(seed, demand, steps),
            begins,
            next_frame: begins,
            next_audio: begins,
            next_report: begins + FEEDBACK_INTERVAL,
            sequence: 1,
            received: BTreeMap::new(),
            reported: 1,
            arrivals: Vec::new(),
            samples: Vec::new(),
            audio_waits: Vec::new(),
        });
    }

    pub(super) fn cross(&mut self, rate: Bitrate, from: f64, to: f64) {
        let (from, to) = (self.at(from), self.at(to));
        self.cross.push(Cross {
            rate,
            from,
            to,
            next: from,
        });
    }

    /// A flow that fills the queue.
    pub(super) fn reno(&mut self, from: f64, to: f64) {
        self.reno = Some(Reno::new(self.at(from), self.at(to)));
    }

    /// What happens to reports.
    pub(super) fn way_back(&mut self, config: LinkConfig) {
        self.back.reconfigure(config);
    }

    /// What the link and, with it, the way back do from then on.
    pub(super) fn schedule(&mut self, seconds: f64, config: LinkConfig) {
        let at = self.at(seconds);
        let back = LinkConfig {
            outage: config.outage,
            ..LinkConfig::default().delay(config.delay)
        };
        self.back.schedule(at, back);
        self.link.schedule(at, config);
    }

    pub(super) fn run(&mut self, seconds: f64) {
        let until = self.at(seconds);
        loop {
            let now = self.next_event();
            if now > until {
                self.clock.advance_to(until);
                return;
            }
            let now = self.clock.advance_to(now);
            self.deliver(now);
            self.send(now);
        }
    }

    fn next_event(&self) -> Instant {
        let flows = self.flows.iter().flat_map(|flow| {
            [
                Some(flow.next_frame),
                Some(flow.next_audio),
                Some(flow.next_report),
                flow.pacer.poll_timeout(),
                flow.estimator.poll_timeout(),
            ]
        });
        let links = [self.link.next_delivery(), self.back.next_delivery()];
        let cross = self
            .cross
            .iter()
            .map(|cross| Some(cross.next).filter(|next| *next < cross.to));
        let reno = self.reno.as_ref().and_then(Reno::next_event);
        let links = links.into_iter().chain([reno]);
        let next = flows.chain(links).chain(cross).flatten().min();
        // A train that has just left makes what is due now due a little later.
        let soon = self.clock.now() + Duration::from_micros(1);
        next.map_or(soon, |next| next.max(soon))
    }

    fn deliver(&mut self, now: Instant) {
        while let Some(delivery) = self.link.receive(now) {
            let (header, _) = delivery.bytes.split_at(HEADER);
            let sequence = u64::from_be_bytes(header[2..].try_into().unwrap());
            if let Some(reno) = self.reno.as_mut().filter(|_| header[0] == RENO) {
                reno.acknowledge(delivery.at + self.link.config().delay, sequence);
            }
            let Some(flow) = self.flows.get_mut(usize::from(header[0])) else {
                continue;
            };
            let since = delivery.at - flow.begins;
            flow.received.entry(sequence).or_insert(RECEIVER_CLOCK + since);
            let class = match header[1] {
                0 => Some(Class::Audio),
                1 => Some(Class::Video),
                _ => None,
            };
            flow.arrivals.push(Arrival {
                at: since + (flow.begins - (now - self.clock.elapsed())),
                queued: delivery.queued,
                bytes: delivery.bytes.len(),
                class,
            });
        }
        while let Some(delivery) = self.back.receive(now) {
            let id = u64::from_be_bytes(delivery.bytes[..8].try_into().unwrap());
            let Some((flow, results)) = self.feedback.remove(&id) else {
                continue;
            };
            self.flows[flow].estimator.feedback(now, &results);
        }
    }

    fn send(&mut self, now: Instant) {
        for cross in &mut self.cross {
            while cross.next <= now && cross.next < cross.to {
                let mut packet = vec![0; 1000];
                packet[0] = CROSS;
                self.link.send(cross.from.max(cross.next), &packet);
                cross.next += cross.rate.time_for(1000);
            }
        }
        for sequence in self.reno.as_mut().map_or(0..0, |reno| reno.poll(now)) {
            let mut packet = vec![0; 1200];
            packet[0] = RENO;
            packet[2..HEADER].copy_from_slice(&sequence.to_be_bytes());
            self.link.send(now, &packet);
        }
        for (index, flow) in self.flows.iter_mut().enumerate() {
            if now < flow.begins {
                continue;
            }
            flow.act(now, self.clock.elapsed());
            flow.pacer.poll(now, &mut self.train);
            for outgoing in self.train.drain(..) {
                let (bytes, kind, probe) = match outgoing {
                    Outgoing::Packet {
                        item,
                        bytes,
                        waited,
                        probe,
                        ..
                    } => {
                        if item.class == Class::Audio {
                            flow.audio_waits.push(waited);
                        }
                        (bytes, u8::from(item.class != Class::Audio), probe)
                    }
                    Outgoing::Padding { bytes, probe } => (bytes, 2, probe),
                };
                flow.estimator.sent(now, flow.sequence, bytes, probe);
                let mut packet = vec![0; bytes.max(HEADER)];
                packet[0] = u8::try_from(index).unwrap();
                packet[1] = kind;
                packet[2..HEADER].copy_from_slice(&flow.sequence.to_be_bytes());
                flow.sequence += 1;
                self.link.send(now, &packet);
            }
            if let Some(results) = flow.report(now) {
                let mut packet = vec![0; 20 + 2 * results.len()];
                packet[..8].copy_from_slice(&self.next_feedback.to_be_bytes());
                self.feedback.insert(self.next_feedback, (index, results));
                self.next_feedback += 1;
                self.back.send(now, &packet);
            }
        }
    }
}

impl Flow {
    fn act(&mut self, now: Instant, elapsed: Duration) {
        self.estimator.handle_timeout(now);
        self.pacer.set_rate(now, self.estimator.target());
        self.pacer.set_congestion(self.estimator.congestion());
        while let Some(request) = self.estimator.poll_probe() {
            self.pacer.probe(now, request);
        }
        while let Some(PacerEvent::KeyframeNeeded { .. }) = self.pacer.poll_event() {
            self.encoder.request_keyframe();
        }
        if self.next_audio <= now {
            self.next_audio += AUDIO_INTERVAL;
            self.pacer.push(now, audio(), audio());
        }
        if self.next_frame <= now {
            self.next_frame += FRAME_INTERVAL;
            let target = self.estimator.target();
            // The voice has its part.
            let video = target.saturating_sub(Bitrate::from_kbps(32));
            for info in self.encoder.encode(now, video) {
                self.pacer.push(now, info, info);
            }
            self.samples.push(Sample {
                at: elapsed,
                estimate: self.estimator.estimate(),
            });
        }
    }

    /// A report, when it is time and something has arrived.
    fn report(&mut self, now: Instant) -> Option<Vec<PacketResult>> {
        if now < self.next_report {
            return None;
        }
        self.next_report += FEEDBACK_INTERVAL;
        let (newest, _) = self.received.last_key_value()?;
        let newest = *newest;
        // A packet that was overtaken is in the report after that of those that were not.
        let results = (self.reported..=newest)
            .map(|sequence| PacketResult {
                sequence,
                arrival: self.received.get(&sequence).copied(),
            })
            .collect();
        self.reported = newest + 1;
        self.received.clear();
        Some(results)
    }

    /// Media that arrived between two times, in seconds.
    pub(super) fn delivered(&self, from: f64, to: f64) -> Bitrate {
        let media = |arrival: &&Arrival| arrival.class.is_some();
        let bytes: usize = self
            .between(from, to)
            .filter(media)
            .map(|arrival| arrival.bytes)
            .sum();
        Bitrate::from_bytes(bytes as u64, Duration::from_secs_f64(to - from)).unwrap()
    }

    /// The queueing delay that so many percent of the packets did not exceed.
    pub(super) fn queueing(&self, percent: usize, from: f64, to: f64) -> Duration {
        let mut all: Vec<_> = self.between(from, to).map(|arrival| arrival.queued).collect();
        all.sort_unstable();
        all[(all.len() * percent / 100).min(all.len() - 1)]
    }

    /// The mean of the estimates between two times, in seconds.
    pub(super) fn estimate(&self, from: f64, to: f64) -> Bitrate {
        let samples = self
            .samples
            .iter()
            .filter(|sample| is_between(sample.at, from, to));
        let estimates: Vec<_> = samples.map(|sample| sample.estimate.as_bps()).collect();
        Bitrate::from_bps(estimates.iter().sum::<u64>() / estimates.len() as u64)
    }

    /// The first time after `from`, in seconds, at which the estimate is at least this.
    pub(super) fn reaches(&self, rate: Bitrate, from: f64) -> f64 {
        let found = self
            .samples
            .iter()
            .find(|sample| sample.at.as_secs_f64() >= from && sample.estimate >= rate);
        found.map_or(f64::INFINITY, |sample| sample.at.as_secs_f64())
    }

    fn between(&self, from: f64, to: f64) -> impl Iterator<Item = &Arrival> {
        self.arrivals
            .iter()
            .filter(move |arrival| is_between(arrival.at, from, to))
    }
}

fn is_between(at: Duration, from: f64, to: f64) -> bool {
    (from..to).contains(&at.as_secs_f64())
}
