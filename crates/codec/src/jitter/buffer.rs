use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use super::{
    Inserted, JitterConfig, JitterStats, Pulled,
    delay::DelayEstimator,
    sequence::{Place, Sequencer},
    sound::Sound,
    stretch,
};
use crate::{
    AudioFrame, Error, FRAME_SAMPLES, SAMPLE_RATE_HZ,
    opus::{Channels, Decoder, MAX_PACKET_BYTES, MAX_PACKET_SAMPLES, packet},
    samples_to_duration,
};

/// The jitter buffer of one incoming Opus stream, decoder included.
///
/// - [`insert`](Self::insert) takes packets in any order, as they come;
/// - [`pull`](Self::pull), called every 10 ms, always gives 10 ms of mono sound;
/// - [`stats`](Self::stats) tells how it went.
///
/// A missing packet is recovered from the next one's in-band redundancy when that is there in time, and concealed
/// otherwise. A packet that comes while its loss is being concealed is still played; the delay this adds is worked
/// off by shortening sound, one pitch period at a time. The delay follows the 97th percentile of what the
/// network does. A pause of the sender (consecutive numbers, a gap in time) is no loss: the buffer plays comfort
/// noise, and the sound after it starts at exactly the target delay.
///
/// Nothing a sender does makes it panic or grow: it holds at most [`JitterConfig::max_packets`] packets.
#[derive(Debug)]
pub struct JitterBuffer {
    config: JitterConfig,
    decoder: Decoder,
    /// Time zero of the sample clock: the first instant this buffer was told.
    epoch: Option<Instant>,
    sequencer: Sequencer,
    delay: DelayEstimator,
    /// By extended sequence number, at most `config.max_packets`, none below `next_sequence`.
    packets: BTreeMap<i64, Waiting>,
    /// Payload buffers to use again; at most `config.max_packets`.
    spare: Vec<Vec<u8>>,
    phase: Phase,
    /// Numbers below this were played or given up; `None` at the start of a stream.
    next_sequence: Option<i64>,
    /// Whether the last packet played said that nothing is being said.
    dtx: bool,
    sound: Sound,
    /// Where packets are decoded to, with room for stretching.
    scratch: Vec<i16>,
    /// Samples played since the last stretch.
    since_stretch: usize,
    /// Whether the newest packets carry redundancy, and how long they are, in samples.
    newest: (bool, i64),
    concealing: bool,
    stats: JitterStats,
}

#[derive(Debug)]
struct Waiting {
    timestamp: i64,
    arrival: i64,
    /// 0 for a packet without payload (padding), which only takes a number.
    samples: i64,
    /// Samples that in-band redundancy in this packet can restore before it; 0 when it has none.
    fec_samples: i64,
    dtx: bool,
    payload: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    /// Before the first packet, in a pause, after the stream ended: waits until the first packet's time has come,
    /// with comfort noise if the sender asked for it, and silence otherwise.
    Paused,
    /// Sound is being played.
    Playing {
        /// The time of the first sample not yet played.
        timestamp: i64,
        /// Samples invented after `timestamp`, because there was no packet.
        invented: i64,
    },
}

/// Concealment has faded to silence after this long: 100 ms.
const FADED: i64 = 4800;

/// A stream without packets for this long has stopped: 1 s.
const STOPPED: i64 = 48_000;

/// A delay this much beyond the most allowed is not worked off but cut: 250 ms.
const HOPELESS: i64 = 12_000;

/// How far the delay may be off its target without being corrected: 15 ms.
const TOLERANCE: i64 = 720;

/// Sound between two corrections: 60 ms, or none when the delay is far too long.
const STRETCH_PAUSE: usize = 2880;

/// The delay estimate is trusted after this many packets.
const ENOUGH_PACKETS: u32 = 25;

impl JitterBuffer {
    /// A buffer with the given settings.
    ///
    /// # Errors
    /// [`Error::Setting`] when the delays contradict each other, exceed 10 s, or fewer than 2 packets could be
    /// held; [`Error::Opus`] when there is no memory for a decoder.
    pub fn new(config: JitterConfig) -> Result<Self, Error> {
        if config.min_delay > config.max_delay || config.max_delay > Duration::from_secs(10) {
            return Err(Error::Setting(
                "jitter buffer delays must be ordered and at most 10 s",
            ));
        }
        if config.max_packets < 2 {
            return Err(Error::Setting("a jitter buffer needs room for two packets"));
        }
        Ok(Self {
            decoder: Decoder::new(Channels::Mono)?,
            config,
            epoch: None,
            sequencer: Sequencer::new(),
            delay: DelayEstimator::new(),
            packets: BTreeMap::new(),
            spare: Vec::new(),
            phase: Phase::Paused,
            next_sequence: None,
            dtx: false,
            sound: Sound::default(),
            scratch: vec![0; MAX_PACKET_SAMPLES + stretch::MAX_STRETCH],
            since_stretch: 0,
            newest: (false, 960),
            concealing: false,
            stats: JitterStats::default(),
        })
    }

    /// Takes the payload of an RTP packet that arrived at `now`. An empty payload (padding only) takes its
    /// number and is otherwise ignored.
    pub fn insert(&mut self, now: Instant, sequence: u16, timestamp: u32, payload: &[u8]) -> Inserted {
        let arrival = self.clock(now);
        let (place, restarted) = match self.sequencer.place(arrival, sequence, timestamp) {
            Place::At(sequence, timestamp) => ((sequence, timestamp), false),
            Place::Restart(sequence, timestamp) => {
                self.restart();
                ((sequence, timestamp), true)
            }
            Place::Duplicate => {
                self.stats.packets_duplicated += 1;
                return Inserted::Duplicate;
            }
            Place::Suspicious => {
                self.stats.packets_discarded += 1;
                return Inserted::Suspicious;
            }
        };
        self.stats.packets_received += 1;
        let inserted = self.store(arrival, place, payload);
        self.stats.packets_lost = self.sequencer.lost();
        self.refresh_gauges();
        if restarted && inserted == Inserted::Buffered {
            Inserted::Restarted
        } else {
            inserted
        }
    }

    /// Gives the next 10 ms of sound, to be played at `now`.
    pub fn pull(&mut self, now: Instant, out: &mut AudioFrame) -> Pulled {
        let now = self.clock(now);
        while self.sound.len() < FRAME_SAMPLES {
            self.produce(now);
        }
        let origin = self.sound.pop(out);
        self.stats.total_samples_received += FRAME_SAMPLES as u64;
        let power = out
            .iter()
            .map(|&s| (f64::from(s) / 32_768.0).powi(2))
            .sum::<f64>()
            / FRAME_SAMPLES as f64;
        self.stats.audio_level = power.sqrt();
        self.stats.total_audio_energy += power * 0.01;
        self.refresh_gauges();
        origin
    }

    /// The counters; up to date after every `insert` and `pull`.
    #[must_use]
    pub const fn stats(&self) -> &JitterStats {
        &self.stats
    }

    fn store(&mut self, arrival: i64, (sequence, timestamp): (i64, i64), payload: &[u8]) -> Inserted {
        let (samples, fec_samples, dtx) = if payload.is_empty() {
            (0, 0, false)
        } else {
            let Some(packet) = packet::inspect(payload)
                .ok()
                .filter(|_| payload.len() <= MAX_PACKET_BYTES)
            else {
                self.stats.packets_discarded += 1;
                return Inserted::Malformed;
            };
            let fec_samples = if packet.has_fec() {
                packet.toc().frame_samples()
            } else {
                0
            };
            self.stats.fec_packets_received += u64::from(fec_samples > 0);
            self.newest = (fec_samples > 0, packet.samples() as i64);
            if self.is_stopped() && self.delay.delay(arrival, timestamp) > STOPPED {
                self.delay.rebase();
            }
            self.delay.observe(arrival, timestamp);
            (packet.samples() as i64, fec_samples as i64, packet.is_dtx())
        };
        if self.next_sequence.is_some_and(|next| sequence < next) {
            self.stats.packets_discarded += u64::from(samples > 0);
            return Inserted::Late;
        }
        if self.packets.len() >= self.config.max_packets {
            self.discard_first();
        }
        let mut bytes = self.spare.pop().unwrap_or_default();
        bytes.clear();
        bytes.extend_from_slice(payload);
        let waiting = Waiting {
            timestamp,
            arrival,
            samples,
            fec_samples,
            dtx,
            payload: bytes,
        };
        if let Some(old) = self.packets.insert(sequence, waiting) {
            self.recycle(old.payload);
        }
        Inserted::Buffered
    }

    /// Adds sound to the queue: at least 2.5 ms.
    fn produce(&mut self, now: i64) {
        self.skip_empty();
        self.cut_hopeless_delay(now);
        let Some((&first, waiting)) = self.packets.first_key_value() else {
            return self.without_packet();
        };
        let (timestamp, fec_samples) = (waiting.timestamp, waiting.fec_samples);
        if let Phase::Playing {
            timestamp: next,
            invented,
        } = self.phase
        {
            let missing = timestamp - next - invented;
            let in_order = self.next_sequence == Some(first);
            if timestamp <= next || (!in_order && missing <= 0) {
                return self.play(now, first);
            }
            if !in_order && missing <= STOPPED {
                return self.bridge(first, missing, fec_samples);
            }
            // Consecutive numbers and a gap in time: the sender was silent. Or so much is lost that concealing it
            // makes no sense.
        }
        if self.playout_delay(now, timestamp) >= self.target() {
            self.play(now, first);
        } else {
            self.pause();
        }
    }

    /// Decodes the first packet and queues it, stretched when the delay is off its target.
    fn play(&mut self, now: i64, sequence: i64) {
        let Some(packet) = self.packets.remove(&sequence) else {
            return self.without_packet();
        };
        let samples = usize::try_from(packet.samples).unwrap_or(0);
        let decoded = self.decoder.decode(&packet.payload, &mut self.scratch);
        let delay = self.playout_delay(now, packet.timestamp);
        self.recycle(packet.payload);
        self.phase = Phase::Playing {
            timestamp: packet.timestamp + packet.samples,
            invented: 0,
        };
        self.next_sequence = Some(sequence + 1);
        self.dtx = packet.dtx;
        let Ok(mut length) = decoded else {
            self.stats.packets_discarded += 1;
            return self.conceal(samples);
        };
        let emitted = u32::try_from(length).unwrap_or(0);
        let waited = now + self.sound.len() as i64 - packet.arrival;
        self.stats.jitter_buffer_delay += to_duration(waited) * emitted;
        self.stats.jitter_buffer_target_delay += to_duration(self.target()) * emitted;
        self.stats.jitter_buffer_emitted_count += u64::from(emitted);
        let origin = if packet.dtx {
            Pulled::Silence
        } else {
            Pulled::Decoded
        };
        length = self.stretch(length, delay - self.target());
        self.concealing = false;
        if packet.dtx {
            self.stats.silence_samples += length as u64;
        }
        self.since_stretch = self.since_stretch.saturating_add(length);
        self.sound
            .push(origin, self.scratch.get(..length).unwrap_or_default());
    }

    /// Makes the decoded sound shorter or longer when the delay is off by more than the tolerance.
    fn stretch(&mut self, length: usize, excess: i64) -> usize {
        let trusted = self.delay.observed() >= ENOUGH_PACKETS;
        let rested = self.since_stretch >= STRETCH_PAUSE || excess > 10 * TOLERANCE;
        if !trusted || !rested || excess.abs() <= TOLERANCE {
            return length;
        }
        let most = usize::try_from(excess.abs()).unwrap_or(usize::MAX);
        if excess > 0 {
            let removed = stretch::accelerate(&mut self.scratch, length, most);
            self.stats.removed_samples_for_acceleration += removed as u64;
            self.since_stretch = if removed > 0 { 0 } else { self.since_stretch };
            length - removed
        } else {
            let added = stretch::decelerate(&mut self.scratch, length, most);
            self.stats.inserted_samples_for_deceleration += added as u64;
            self.since_stretch = if added > 0 { 0 } else { self.since_stretch };
            length + added
        }
    }

    /// Fills a part of the gap before packet `first`, `missing` samples long: from the redundancy of that packet
    /// for the last part, invented before that.
    fn bridge(&mut self, first: i64, missing: i64, fec_samples: i64) {
        let step = if fec_samples > 0 && missing > fec_samples {
            missing - fec_samples
        } else {
            missing
        };
        let samples = usize::try_from(step)
            .unwrap_or(0)
            .clamp(1, FRAME_SAMPLES)
            .next_multiple_of(120);
        if fec_samples > 0 && missing == fec_samples {
            let samples = usize::try_from(fec_samples).unwrap_or(FRAME_SAMPLES);
            let payload = self
                .packets
                .get(&first)
                .map(|packet| packet.payload.as_slice())
                .unwrap_or_default();
            if let Ok(length) = self.decoder.decode_fec(payload, samples, &mut self.scratch) {
                self.advance_invented(length);
                self.concealing = false;
                self.stats.fec_samples += length as u64;
                self.sound
                    .push(Pulled::Fec, self.scratch.get(..length).unwrap_or_default());
                return;
            }
        }
        self.advance_invented(samples);
        self.conceal(samples);
    }

    /// There is no packet at all: nothing was sent, or it is late.
    fn without_packet(&mut self) {
        match self.phase {
            Phase::Playing { invented, .. } if !self.dtx && invented < STOPPED => {
                self.advance_invented(FRAME_SAMPLES);
                self.conceal(FRAME_SAMPLES);
            }
            Phase::Playing { .. } | Phase::Paused => self.pause(),
        }
    }

    fn advance_invented(&mut self, samples: usize) {
        if let Phase::Playing { invented, .. } = &mut self.phase {
            *invented += samples as i64;
        }
    }

    fn conceal(&mut self, samples: usize) {
        let length = self
            .decoder
            .conceal(samples, &mut self.scratch)
            .unwrap_or_else(|_| {
                self.scratch.fill(0);
                samples.max(120)
            });
        self.stats.concealment_events += u64::from(!self.concealing);
        self.concealing = true;
        self.stats.concealed_samples += length as u64;
        if matches!(self.phase, Phase::Playing { invented, .. } if invented > FADED) {
            self.stats.silent_concealed_samples += length as u64;
        }
        self.sound
            .push(Pulled::Concealed, self.scratch.get(..length).unwrap_or_default());
    }

    fn pause(&mut self) {
        self.phase = Phase::Paused;
        self.concealing = false;
        self.stats.silence_samples += FRAME_SAMPLES as u64;
        if self.dtx
            && let Ok(length) = self.decoder.conceal(FRAME_SAMPLES, &mut self.scratch)
        {
            self.sound
                .push(Pulled::Silence, self.scratch.get(..length).unwrap_or_default());
        } else {
            self.sound.push_silence();
        }
    }

    /// Drops packets that only take a number.
    fn skip_empty(&mut self) {
        while let Some(entry) = self
            .packets
            .first_entry()
            .filter(|entry| entry.get().samples == 0)
        {
            let number = *entry.key();
            let packet = entry.remove();
            self.recycle(packet.payload);
            self.next_sequence = self.next_sequence.map(|_| number + 1);
        }
    }

    /// After a stall (of the network, or of whoever calls `pull`) sound may be so late that nobody wants it.
    fn cut_hopeless_delay(&mut self, now: i64) {
        let most = to_samples(self.config.max_delay) + HOPELESS;
        while self.packets.len() > 1
            && self
                .packets
                .first_key_value()
                .is_some_and(|(_, p)| self.playout_delay(now, p.timestamp) > most)
        {
            self.discard_first();
        }
    }

    fn discard_first(&mut self) {
        let Some((number, packet)) = self.packets.pop_first() else {
            return;
        };
        self.stats.packets_discarded += u64::from(packet.samples > 0);
        self.next_sequence = Some(number + 1);
        if let Phase::Playing { timestamp, invented } = &mut self.phase {
            (*timestamp, *invented) = (packet.timestamp + packet.samples, 0);
        }
        self.recycle(packet.payload);
    }

    fn restart(&mut self) {
        while !self.packets.is_empty() {
            self.discard_first();
        }
        self.phase = Phase::Paused;
        self.next_sequence = None;
        self.dtx = false;
        self.delay.rebase();
        self.stats.restarts += 1;
    }

    fn recycle(&mut self, payload: Vec<u8>) {
        if self.spare.len() < self.config.max_packets {
            self.spare.push(payload);
        }
    }

    fn refresh_gauges(&mut self) {
        self.stats.target_delay = to_duration(self.target());
        let waiting: i64 = self.packets.values().map(|packet| packet.samples).sum();
        self.stats.buffered = to_duration(waiting + self.sound.len() as i64);
        self.stats.jitter = Duration::from_secs_f64(self.delay.jitter() / f64::from(SAMPLE_RATE_HZ));
    }

    fn is_stopped(&self) -> bool {
        self.packets.is_empty() && matches!(self.phase, Phase::Paused)
    }

    /// The delay at which the next sound would be played, were `timestamp` its first sample.
    fn playout_delay(&self, now: i64, timestamp: i64) -> i64 {
        self.delay.delay(now + self.sound.len() as i64, timestamp)
    }

    /// The delay wanted.
    fn target(&self) -> i64 {
        let mut target = self.delay.quantile();
        if self.delay.observed() < ENOUGH_PACKETS {
            target = target.max(to_samples(self.config.initial_delay));
        }
        // Redundancy helps only when the packet after the lost one is there in time.
        if let (true, packet) = self.newest {
            target = target.max(packet + FRAME_SAMPLES as i64);
        }
        target.clamp(
            to_samples(self.config.min_delay),
            to_samples(self.config.max_delay),
        )
    }

    /// The instant on the sample clock.
    fn clock(&mut self, now: Instant) -> i64 {
        let epoch = *self.epoch.get_or_insert(now);
        to_samples(now.saturating_duration_since(epoch))
    }
}

fn to_samples(duration: Duration) -> i64 {
    let whole = i64::try_from(duration.as_secs())
        .unwrap_or(i64::MAX / 96_000)
        .min(i64::MAX / 96_000);
    whole * i64::from(SAMPLE_RATE_HZ)
        + i64::from(duration.subsec_nanos()) * i64::from(SAMPLE_RATE_HZ) / 1_000_000_000
}

fn to_duration(samples: i64) -> Duration {
    samples_to_duration(u64::try_from(samples).unwrap_or(0))
}
