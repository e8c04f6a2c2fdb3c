use std::time::Duration;

use anteroom_testkit::{
    clock::Clock,
    netem::{Link, LinkConfig},
};
use proptest::prelude::*;

mod redundancy;

use super::*;
use crate::red::{Packer, PackerConfig};
use crate::similarity::{Similarity, similarity};
use crate::{
    FRAME_DURATION, SILENCE,
    container::{ReadLimits, wav},
    opus::{Encoder, EncoderConfig, MAX_PACKET_BYTES, packet},
};

const PACKET: usize = 960;
const MS: Duration = Duration::from_millis(1);

fn speech() -> Vec<i16> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../anteroom/assets/speech.wav");
    wav::open(path, ReadLimits::default()).unwrap()
}

/// A sender, a link and a listener under one clock.
struct Call {
    clock: Clock,
    link: Link,
    encoder: Encoder,
    /// What adds copies of earlier packets.
    packer: Option<Packer>,
    buffer: JitterBuffer,
    sequence: u16,
    timestamp: u32,
    in_dtx: bool,
    next_send: Duration,
    /// Sender's 20 ms by our clock, to simulate drift.
    send_interval: Duration,
    heard: Vec<i16>,
    origins: Vec<Pulled>,
}

impl Call {
    fn new(link: LinkConfig, seed: u64, config: EncoderConfig) -> Self {
        Self {
            clock: Clock::new(),
            link: Link::new(link, seed),
            encoder: Encoder::new(config).unwrap(),
            packer: None,
            buffer: JitterBuffer::new(JitterConfig::default()).unwrap(),
            sequence: 65_500,
            timestamp: u32::MAX - 40_000,
            in_dtx: false,
            next_send: Duration::ZERO,
            send_interval: 20 * MS,
            heard: Vec::new(),
            origins: Vec::new(),
        }
    }

    /// Speaks `sound`, and listens meanwhile.
    fn speak(&mut self, sound: &[i16]) {
        for frame in sound.chunks_exact(PACKET) {
            self.listen_until(self.next_send);
            self.send(frame);
            self.next_send += self.send_interval;
        }
    }

    fn send(&mut self, frame: &[i16]) {
        let mut bytes = [0; MAX_PACKET_BYTES];
        let length = self.encoder.encode(frame, &mut bytes).unwrap();
        // Browsers send the first empty packet of a pause and none of the others.
        let silent = length <= 2;
        if !(silent && std::mem::replace(&mut self.in_dtx, silent)) {
            self.in_dtx = silent;
            let mut wire = self.sequence.to_be_bytes().to_vec();
            wire.extend(self.timestamp.to_be_bytes());
            if let Some(packer) = &mut self.packer {
                let mut redundant = [0; MAX_PACKET_BYTES];
                let length = packer
                    .pack(self.timestamp, &bytes[..length], &mut redundant)
                    .unwrap();
                wire.extend(&redundant[..length]);
            } else {
                wire.extend(&bytes[..length]);
            }
            self.link.send(self.clock.now(), &wire);
            self.sequence = self.sequence.wrapping_add(1);
        }
        self.timestamp = self.timestamp.wrapping_add(960);
    }

    fn listen(&mut self, duration: Duration) {
        self.next_send = self.next_send.max(self.clock.elapsed()) + duration;
        self.listen_until(self.next_send);
    }

    /// Steps of 1 ms; a pull every 10.
    fn listen_until(&mut self, until: Duration) {
        while self.clock.elapsed() < until {
            let now = self.clock.advance(MS);
            while let Some(delivery) = self.link.receive(now) {
                let (sequence, rest) = delivery.bytes.split_first_chunk().unwrap();
                let (timestamp, payload) = rest.split_first_chunk().unwrap();
                let (sequence, timestamp) = (u16::from_be_bytes(*sequence), u32::from_be_bytes(*timestamp));
                if self.packer.is_some() {
                    self.buffer.insert_red(delivery.at, sequence, timestamp, payload);
                } else {
                    self.buffer.insert(delivery.at, sequence, timestamp, payload);
                }
            }
            if self.clock.elapsed().as_millis().is_multiple_of(10) {
                let mut frame = SILENCE;
                self.origins.push(self.buffer.pull(now, &mut frame));
                self.heard.extend(frame);
            }
        }
    }

    fn stats(&self) -> &JitterStats {
        self.buffer.stats()
    }

    /// Mean time from arrival to playout.
    fn mean_delay(&self) -> Duration {
        let stats = self.stats();
        stats.jitter_buffer_delay / u32::try_from(stats.jitter_buffer_emitted_count).unwrap()
    }

    fn count(&self, origin: Pulled) -> usize {
        self.origins.iter().filter(|o| **o == origin).count()
    }
}

fn call(link: LinkConfig, seed: u64) -> (Call, Similarity) {
    let mut call = Call::new(link, seed, EncoderConfig::default());
    let speech = speech();
    call.speak(&speech);
    // Long enough to hear the end; what is invented after it are at most 5000 samples.
    call.listen(100 * MS);
    let found = similarity(&speech, &call.heard);
    println!(
        "{found:?}\n{:?}\nmean delay {:?}",
        call.stats(),
        call.mean_delay()
    );
    (call, found)
}

#[test]
fn a_perfect_network_costs_nothing_but_the_least_delay() {
    let (call, found) = call(LinkConfig::default(), 1);
    assert!(found.is_same_speech() && found.score > 0.85, "{found:?}");
    let stats = call.stats();
    assert_eq!(
        (
            stats.packets_received,
            stats.packets_lost,
            stats.packets_discarded
        ),
        (343, 0, 0)
    );
    assert_eq!(stats.jitter_buffer_emitted_count, 343 * 960);
    assert_eq!(stats.fec_samples, 0);
    assert!(stats.concealment_events <= 1, "only the end of the stream");
    assert!(call.mean_delay() < 60 * MS, "{:?}", call.mean_delay());
    assert_eq!(stats.total_samples_received, call.heard.len() as u64);
    let parts = stats.jitter_buffer_emitted_count
        + stats.inserted_samples_for_deceleration
        + stats.concealed_samples
        + stats.silence_samples
        - stats.removed_samples_for_acceleration;
    assert!(
        parts.abs_diff(stats.total_samples_received) < 960,
        "{parts} {}",
        stats.total_samples_received
    );
}

#[test]
fn redundancy_restores_single_losses() {
    for (loss, seed) in [(0.03, 1), (0.03, 2), (0.1, 3)] {
        let (call, found) = call(
            LinkConfig {
                loss,
                delay: 20 * MS,
                ..LinkConfig::default()
            },
            seed,
        );
        let stats = call.stats();
        let (_, dropped) = call.link.counts();
        // That the very last packet is missing, nobody can know.
        let unseen = i64::try_from(dropped).unwrap() - stats.packets_lost;
        assert!((0..=1).contains(&unseen), "{dropped} {stats:?}");
        assert!(found.is_same_speech(), "{found:?}");
        // The encoder puts no redundancy into pauses, and a second loss in a row has none.
        assert!(stats.fec_samples >= dropped * 960 * 4 / 10, "{stats:?}");
        assert!(
            stats.concealed_samples <= dropped * 960 * 6 / 10 + 5_000,
            "{stats:?}"
        );
        assert!(call.count(Pulled::Fec) > 0);
    }
}

#[test]
fn rides_out_jitter_reordering_and_duplicates() {
    let (call, found) = call(LinkConfig::wifi(), 4);
    assert!(found.is_same_speech(), "{found:?}");
    assert!(call.mean_delay() < 80 * MS);

    let shuffled = LinkConfig {
        reorder: 0.1,
        duplicate: 0.1,
        ..LinkConfig::default()
    };
    let (call, found) = self::call(shuffled, 5);
    let stats = call.stats();
    assert!(found.is_same_speech(), "{found:?}");
    assert_eq!(stats.packets_lost, 0);
    assert!(stats.packets_duplicated > 15, "{stats:?}");
    assert!(stats.target_delay >= 30 * MS, "reordering is late arrival");
    assert!(stats.concealed_samples < 5_000, "{stats:?}");

    let (call, found) = self::call(LinkConfig::mobile(), 6);
    assert!(found.score > 0.5, "{found:?}");
    assert!(
        call.stats().target_delay >= 40 * MS && call.stats().target_delay <= 120 * MS,
        "{:?}",
        call.stats()
    );
    assert!(call.stats().jitter > MS);
}

#[test]
fn a_pause_is_no_loss() {
    let config = EncoderConfig {
        dtx: true,
        ..EncoderConfig::default()
    };
    let mut call = Call::new(
        LinkConfig {
            delay: 30 * MS,
            ..LinkConfig::default()
        },
        1,
        config,
    );
    let speech = speech();
    call.speak(&speech);
    call.speak(&vec![0; 48_000 * 4]);
    let before = call.stats().clone();
    let mark = call.heard.len();
    call.speak(&speech);
    let after = call.stats().clone();
    println!("{before:?}\n{after:?}");
    assert!(before.silence_samples > 48_000 * 3, "{before:?}");
    assert!(after.concealed_samples < 4_800, "{after:?}");
    assert_eq!((after.packets_lost, after.packets_discarded), (0, 0));
    let found = similarity(&speech, &call.heard[mark..]);
    assert!(found.is_same_speech(), "{found:?}");
    // The second time starts no later than the target delay wants it.
    assert!(found.lag_samples < 48 * 150, "{found:?}");
}

#[test]
fn a_stream_that_stops_becomes_silence_and_may_start_over() {
    let mut call = Call::new(LinkConfig::default(), 1, EncoderConfig::default());
    let speech = speech();
    call.speak(&speech[..96_000]);
    call.listen(5_000 * MS);
    let stats = call.stats().clone();
    assert!(
        stats.concealed_samples <= 50_000 && stats.silent_concealed_samples > 0,
        "{stats:?}"
    );
    assert_eq!(call.origins.last(), Some(&Pulled::Silence));
    assert_eq!(call.heard[call.heard.len() - 480..], SILENCE);

    call.sequence = call.sequence.wrapping_add(20_000);
    call.timestamp = call.timestamp.wrapping_sub(77_777_777);
    let mark = call.heard.len();
    call.speak(&speech);
    call.listen(200 * MS);
    assert_eq!(call.stats().restarts, 1);
    assert_eq!(call.stats().packets_lost, 0);
    let found = similarity(&speech, &call.heard[mark..]);
    assert!(found.is_same_speech(), "{found:?}");
}

#[test]
fn a_stall_is_worked_off() {
    let mut call = Call::new(LinkConfig::default(), 1, EncoderConfig::default());
    let speech = speech();
    call.speak(&speech);
    // 300 ms in which nothing arrives, then all at once.
    call.link.reconfigure(LinkConfig {
        delay: 300 * MS,
        ..LinkConfig::default()
    });
    call.speak(&speech[..960]);
    call.link.reconfigure(LinkConfig::default());
    call.speak(&speech[960..]);
    call.speak(&speech);
    let delayed = call.mean_delay();
    let emitted = call.stats().jitter_buffer_emitted_count;
    let sum = call.stats().jitter_buffer_delay;
    call.speak(&speech);
    let last = (call.stats().jitter_buffer_delay - sum)
        / u32::try_from(call.stats().jitter_buffer_emitted_count - emitted).unwrap();
    println!("{delayed:?} {last:?} {:?}", call.stats());
    assert!(last < 100 * MS, "{last:?}");
    assert!(call.stats().removed_samples_for_acceleration > 4_800);
    assert_eq!(call.stats().packets_discarded, 0);
}

#[test]
fn follows_a_sender_whose_clock_is_off() {
    for interval in [Duration::from_micros(19_960), Duration::from_micros(20_040)] {
        let mut call = Call::new(LinkConfig::default(), 1, EncoderConfig::default());
        call.send_interval = interval;
        let speech = speech();
        for _ in 0..4 {
            call.speak(&speech);
        }
        let stats = call.stats();
        println!("{stats:?} {:?}", call.mean_delay());
        assert!(call.mean_delay() < 90 * MS, "{:?}", call.mean_delay());
        assert!(stats.buffered < 150 * MS, "{stats:?}");
        assert_eq!(stats.packets_discarded, 0);
        let (added, removed) = (
            stats.inserted_samples_for_deceleration + stats.concealed_samples,
            stats.removed_samples_for_acceleration,
        );
        if interval < 20 * MS {
            assert!(removed > added, "{stats:?}")
        } else {
            assert!(added > 960, "{stats:?}")
        }
    }
}

#[test]
fn a_listener_that_slept_hears_the_present() {
    let mut call = Call::new(LinkConfig::default(), 1, EncoderConfig::default());
    let speech = speech();
    call.speak(&speech[..48_000]);
    // Two seconds of packets without a single pull.
    for frame in speech[48_000..144_000].chunks_exact(PACKET) {
        call.send(frame);
        let now = call.clock.advance(20 * MS);
        while let Some(d) = call.link.receive(now) {
            let sequence = u16::from_be_bytes(*d.bytes.first_chunk().unwrap());
            let timestamp = u32::from_be_bytes(*d.bytes[2..].first_chunk().unwrap());
            call.buffer.insert(d.at, sequence, timestamp, &d.bytes[6..]);
        }
    }
    call.next_send = call.clock.elapsed();
    call.speak(&speech[144_000..]);
    assert!(call.stats().packets_discarded > 40, "{:?}", call.stats());
    assert!(call.stats().buffered < 900 * MS, "{:?}", call.stats());
}

#[test]
fn late_malformed_and_empty_packets_are_counted_and_harmless() {
    let clock = Clock::new();
    let now = clock.now();
    let mut encoder = Encoder::new(EncoderConfig::default()).unwrap();
    let mut bytes = [0; MAX_PACKET_BYTES];
    let length = encoder.encode(&[0; 960], &mut bytes).unwrap();
    let payload = &bytes[..length];
    let mut buffer = JitterBuffer::new(JitterConfig::default()).unwrap();
    let mut frame = SILENCE;
    assert_eq!(buffer.insert(now, 10, 9600, payload), Inserted::Buffered);
    assert_eq!(buffer.insert(now, 10, 9600, payload), Inserted::Duplicate);
    assert_eq!(buffer.insert(now, 11, 10_560, &[]), Inserted::Buffered);
    assert_eq!(buffer.insert(now, 12, 10_560, &[0xff; 3]), Inserted::Malformed);
    assert_eq!(buffer.pull(now + 100 * MS, &mut frame), Pulled::Decoded);
    assert_eq!(buffer.insert(now + 100 * MS, 9, 8640, payload), Inserted::Late);
    assert_eq!(
        buffer.insert(now + 100 * MS, 9_999, 8640, payload),
        Inserted::Suspicious
    );
    let stats = buffer.stats();
    assert_eq!(
        (
            stats.packets_received,
            stats.packets_discarded,
            stats.packets_duplicated
        ),
        (4, 3, 1)
    );
    assert_eq!(stats.packets_lost, 0);
    assert!(
        JitterBuffer::new(JitterConfig {
            max_packets: 1,
            ..JitterConfig::default()
        })
        .is_err()
    );
    assert!(
        JitterBuffer::new(JitterConfig {
            min_delay: 501 * MS,
            ..JitterConfig::default()
        })
        .is_err()
    );
}

#[derive(Debug, Clone)]
enum Step {
    Insert {
        sequence: u16,
        timestamp: u32,
        payload: Vec<u8>,
    },
    Next {
        skip: u16,
        ticks: u32,
        payload: Vec<u8>,
    },
    Pull,
    Wait(u64),
}

fn payload() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..60),
        // One frame of any mode with random content.
        (any::<u8>(), proptest::collection::vec(any::<u8>(), 0..80)).prop_map(|(toc, mut body)| {
            body.insert(0, toc & !3);
            body
        }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => (any::<u16>(), any::<u32>(), payload())
            .prop_map(|(sequence, timestamp, payload)| Step::Insert { sequence, timestamp, payload }),
        6 => (0u16..4, prop_oneof![Just(960u32), 0u32..10_000], payload())
            .prop_map(|(skip, ticks, payload)| Step::Next { skip, ticks, payload }),
        6 => Just(Step::Pull),
        2 => (0u64..3_000).prop_map(Step::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn no_sender_can_break_it(steps in proptest::collection::vec(step(), 1..120)) {
        let mut clock = Clock::new();
        let config = JitterConfig { max_packets: 8, ..JitterConfig::default() };
        let mut buffer = JitterBuffer::new(config).unwrap();
        let (mut sequence, mut timestamp, mut pulls) = (0u16, 0u32, 0);
        let mut frame = SILENCE;
        for step in steps {
            match step {
                Step::Insert { sequence, timestamp, payload } => {
                    buffer.insert(clock.now(), sequence, timestamp, &payload);
                }
                Step::Next { skip, ticks, payload } => {
                    sequence = sequence.wrapping_add(skip);
                    timestamp = timestamp.wrapping_add(ticks);
                    let inserted = buffer.insert(clock.now(), sequence, timestamp, &payload);
                    prop_assert_eq!(
                        inserted == Inserted::Malformed && !payload.is_empty() && packet::inspect(&payload).is_ok(),
                        false
                    );
                }
                Step::Pull => {
                    clock.advance(FRAME_DURATION);
                    buffer.pull(clock.now(), &mut frame);
                    pulls += 1;
                }
                Step::Wait(ms) => { clock.advance(Duration::from_millis(ms)); }
            }
            let stats = buffer.stats();
            prop_assert!(stats.buffered <= Duration::from_millis(8 * 120 + 150));
            prop_assert!(stats.target_delay <= Duration::from_millis(500));
            prop_assert_eq!(stats.total_samples_received, pulls * 480);
            prop_assert!(stats.silent_concealed_samples <= stats.concealed_samples);
        }
    }
}
