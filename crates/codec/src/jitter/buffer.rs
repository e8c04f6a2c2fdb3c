use std::time::{Duration, Instant};

use super::{
    Inserted, JitterConfig, JitterStats, Pulled,
    delay::DelayEstimator,
    playout::TOLERANCE,
    queue::{Queue, Waiting},
    sequence::{Place, Sequencer},
    sound::{Loudness, Sound},
    stretch,
};
use crate::{
    AudioFrame, Error, FRAME_DURATION, FRAME_SAMPLES, SAMPLE_RATE_HZ,
    opus::{Channels, Decoder, MAX_PACKET_BYTES, MAX_PACKET_SAMPLES, packet},
    red, samples_to_duration,
};

/// The jitter buffer of one incoming Opus stream, decoder included.
///
/// - [`insert`](Self::insert) takes packets in any order, as they come, [`insert_red`](Self::insert_red) those with
///   redundant copies of earlier ones (RFC 2198);
/// - [`pull`](Self::pull), called every 10 ms, always gives 10 ms of mono sound;
/// - [`stats`](Self::stats) tells how it went.
///
/// A missing packet is played from a copy of it, or recovered from the next one's in-band redundancy, when that is there in
/// time, and concealed otherwise. While packets get lost, the delay is kept long enough for that. A packet that comes while
/// its loss is being concealed is still played; the delay this adds is worked off by shortening sound, one pitch period at a
/// time. The delay follows the 99th percentile of what the network does, and a margin. A pause of the sender (consecutive
/// numbers, a gap in time) is no loss: the buffer plays comfort noise, and the sound after it starts at exactly the target
/// delay.
///
/// Nothing a sender does makes it panic or grow: it holds at most [`JitterConfig::max_packets`] packets. It allocates nothing
/// once it has been as full as it gets.
#[derive(Debug)]
pub struct JitterBuffer {
    pub(super) config: JitterConfig,
    pub(super) decoder: Decoder,
    /// Time zero of the sample clock: the first instant this buffer was told.
    epoch: Option<Instant>,
    sequencer: Sequencer,
    pub(super) delay: DelayEstimator,
    redundancy: Redundancy,
    pub(super) queue: Queue,
    pub(super) phase: Phase,
    /// The number of the packet after the last one played or given up; `None` at the start of a stream.
    pub(super) next_sequence: Option<i64>,
    /// Sound before this was played or given up; `None` at the start of a stream.
    pub(super) played: Option<i64>,
    /// Whether the last packet played said that nothing is being said.
    pub(super) dtx: bool,
    pub(super) sound: Sound,
    /// Where packets are decoded to, two at most, with room for stretching.
    pub(super) scratch: Vec<i16>,
    pub(super) loudness: Loudness,
    /// Samples played since the last stretch.
    pub(super) since_stretch: usize,
    pub(super) concealing: bool,
    pub(super) stats: JitterStats,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Phase {
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

/// Whether to wait for what comes later to replace what is lost. Times are in samples.
#[derive(Debug, Default)]
struct Redundancy {
    /// How long after a lost packet the last one comes that can replace it; 0 without redundancy. The most there was lately.
    reach: i64,
    /// The last time that a packet reached this far.
    seen: i64,
    /// When a packet was last found missing.
    last_loss: Option<i64>,
}

/// The delay estimate is trusted after this many packets.
pub(super) const ENOUGH_PACKETS: u32 = 25;

/// This part of the delay that most packets need is added for those to come.
const MARGIN: i64 = 8;

/// A network that lost something may lose more for this long: 10 s.
const LOSSY: i64 = 480_000;

/// Redundancy that pauses (as it does while nothing is said) is expected back for this long: 2 s.
const REACH_MEMORY: i64 = 96_000;

impl JitterBuffer {
    /// A buffer with the given settings.
    ///
    /// # Errors
    /// [`Error::Setting`] when the delays contradict each other, exceed 10 s, fewer than 2 packets could be
    /// held, or the decoder cannot do what is wanted; [`Error::Opus`] when there is no memory for it.
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
            decoder: decoder(&config)?,
            queue: Queue::new(config.max_packets),
            config,
            epoch: None,
            sequencer: Sequencer::new(),
            delay: DelayEstimator::new(),
            redundancy: Redundancy::default(),
            phase: Phase::Paused,
            next_sequence: None,
            played: None,
            dtx: false,
            sound: Sound::new(),
            scratch: vec![0; 2 * MAX_PACKET_SAMPLES + stretch::MAX_STRETCH],
            loudness: Loudness::default(),
            since_stretch: 0,
            concealing: false,
            stats: JitterStats::default(),
        })
    }

    /// Takes the payload of an RTP packet that arrived at `now`. An empty payload (padding only) takes its
    /// number and is otherwise ignored.
    pub fn insert(&mut self, now: Instant, sequence: u16, timestamp: u32, payload: &[u8]) -> Inserted {
        self.receive(now, sequence, timestamp, payload, None)
    }

    /// Takes a redundant payload (RFC 2198, [`red`]) that arrived at `now`: the packet itself, and copies of earlier ones.
    /// The answer is about the packet itself.
    ///
    /// Blocks inside are taken for Opus: offer redundancy for nothing else.
    pub fn insert_red(&mut self, now: Instant, sequence: u16, timestamp: u32, payload: &[u8]) -> Inserted {
        match red::unpack(payload) {
            Ok(red) => self.receive(now, sequence, timestamp, red.primary, Some(red)),
            Err(_) => {
                self.stats.packets_discarded += 1;
                Inserted::Malformed
            }
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
        let squares: i64 = out
            .iter()
            .map(|&sample| i64::from(i32::from(sample) * i32::from(sample)))
            .sum();
        let power = squares as f64 / (FRAME_SAMPLES as f64 * 32_768.0 * 32_768.0);
        self.stats.audio_level = power.sqrt();
        self.stats.total_audio_energy += power * FRAME_DURATION.as_secs_f64();
        self.refresh_gauges();
        origin
    }

    /// The counters; up to date after every `insert` and `pull`.
    #[must_use]
    pub const fn stats(&self) -> &JitterStats {
        &self.stats
    }

    fn receive(
        &mut self,
        now: Instant,
        sequence: u16,
        timestamp: u32,
        payload: &[u8],
        copies: Option<red::Payload<'_>>,
    ) -> Inserted {
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
        let lost = self.sequencer.lost();
        if lost > self.stats.packets_lost {
            self.redundancy.last_loss = Some(arrival);
        }
        self.stats.packets_lost = lost;
        let inserted = self.store(arrival, place, payload);
        if let Some(copies) = copies {
            self.store_copies(arrival, place.1, copies);
        }
        self.refresh_gauges();
        if restarted && inserted == Inserted::Buffered {
            Inserted::Restarted
        } else {
            inserted
        }
    }

    fn store(&mut self, arrival: i64, (sequence, timestamp): (i64, i64), payload: &[u8]) -> Inserted {
        let mut waiting = Waiting {
            sequence: Some(sequence),
            timestamp,
            arrival,
            samples: 0,
            fec_samples: 0,
            dred: false,
            dtx: false,
            payload: Vec::new(),
        };
        if !payload.is_empty() {
            if !waiting.inspect(payload, self.config.dred) {
                self.stats.packets_discarded += 1;
                return Inserted::Malformed;
            }
            self.stats.fec_packets_received += u64::from(waiting.fec_samples > 0);
            let reach = waiting.reach();
            if reach > 0 {
                self.redundancy.note(arrival, reach);
            }
            if self.is_stopped() && self.delay.delay(arrival, timestamp) > STOPPED {
                self.delay.rebase();
            }
            self.delay.observe(arrival, timestamp);
        }
        if self.is_played(&waiting) {
            self.stats.packets_discarded += u64::from(waiting.samples > 0);
            return Inserted::Late;
        }
        if self.queue.is_full() {
            self.discard_first();
        }
        self.queue.insert(waiting, payload);
        Inserted::Buffered
    }

    fn store_copies(&mut self, arrival: i64, timestamp: i64, red: red::Payload<'_>) {
        let mut reach = 0;
        for copy in red.redundant().filter(|copy| !copy.data.is_empty()) {
            let offset = i64::from(copy.timestamp_offset);
            let mut waiting = Waiting {
                sequence: None,
                timestamp: timestamp - offset,
                arrival,
                samples: 0,
                fec_samples: 0,
                dred: false,
                dtx: false,
                payload: Vec::new(),
            };
            if offset == 0 || !waiting.inspect(copy.data, self.config.dred) {
                continue;
            }
            reach = reach.max(offset + waiting.reach());
            if !self.is_played(&waiting) && !self.queue.is_full() {
                self.queue.insert(waiting, copy.data);
            }
        }
        if reach > 0 {
            self.redundancy.note(arrival, reach);
        }
    }

    fn is_played(&self, packet: &Waiting) -> bool {
        match packet.sequence {
            Some(number) if packet.samples == 0 => self.next_sequence.is_some_and(|next| number < next),
            _ => self.played.is_some_and(|played| packet.timestamp < played),
        }
    }

    pub(super) fn discard_first(&mut self) {
        let Some(packet) = self.queue.pop() else {
            return;
        };
        self.stats.packets_discarded += u64::from(packet.samples > 0 && packet.sequence.is_some());
        self.played = Some(packet.end());
        self.next_sequence = packet
            .sequence
            .map_or(self.next_sequence, |number| Some(number + 1));
        if let Phase::Playing { timestamp, invented } = &mut self.phase {
            (*timestamp, *invented) = (packet.end(), 0);
        }
        self.queue.recycle(packet.payload);
    }

    fn restart(&mut self) {
        while self.queue.len() > 0 {
            self.discard_first();
        }
        self.phase = Phase::Paused;
        self.next_sequence = None;
        self.played = None;
        self.dtx = false;
        self.delay.rebase();
        self.stats.restarts += 1;
    }

    fn refresh_gauges(&mut self) {
        self.stats.target_delay = to_duration(self.target());
        self.stats.buffered = to_duration(self.queue.samples() + self.sound.len() as i64);
        self.stats.jitter = Duration::from_secs_f64(self.delay.jitter() / f64::from(SAMPLE_RATE_HZ));
    }

    fn is_stopped(&self) -> bool {
        self.queue.len() == 0 && matches!(self.phase, Phase::Paused)
    }

    /// The delay wanted.
    pub(super) fn target(&self) -> i64 {
        let network = self.network_delay();
        // Redundancy helps only when it is there in time; without losses it is not worth the delay.
        if self.redundancy.is_wanted(self.delay.last_arrival())
            || (self.is_new() && self.redundancy.reach > 0)
        {
            // Sound is made up to a frame before it is heard, and the delay may be a little shorter than wanted.
            let slack = self.delay.for_many().max(FRAME_SAMPLES as i64) + TOLERANCE;
            self.allowed(network.max(self.redundancy.reach + slack))
        } else {
            self.allowed(network)
        }
    }

    /// The delay without which packets come too late.
    pub(super) fn urgent_target(&self) -> i64 {
        self.allowed(self.network_delay())
    }

    fn network_delay(&self) -> i64 {
        let most = self.delay.for_most();
        // A restless network has not shown its worst yet.
        let delay = most + most / MARGIN;
        if self.is_new() {
            delay.max(to_samples(self.config.initial_delay))
        } else {
            delay
        }
    }

    fn is_new(&self) -> bool {
        self.delay.observed() < ENOUGH_PACKETS
    }

    fn allowed(&self, delay: i64) -> i64 {
        delay.clamp(
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

#[cfg(feature = "dred")]
fn decoder(config: &JitterConfig) -> Result<Decoder, Error> {
    if config.decoder_complexity == 0 && !config.dred {
        return Decoder::new(Channels::Mono);
    }
    let mut decoder = Decoder::with_dred(Channels::Mono)?;
    decoder.set_complexity(config.decoder_complexity)?;
    Ok(decoder)
}

#[cfg(not(feature = "dred"))]
fn decoder(config: &JitterConfig) -> Result<Decoder, Error> {
    if config.decoder_complexity == 0 && !config.dred {
        Decoder::new(Channels::Mono)
    } else {
        Err(Error::Setting(
            "neural concealment and DRED need the feature `dred`",
        ))
    }
}

impl Waiting {
    /// Learns from the payload; `false` when that is no Opus.
    fn inspect(&mut self, payload: &[u8], with_dred: bool) -> bool {
        let Some(packet) = packet::inspect(payload)
            .ok()
            .filter(|_| payload.len() <= MAX_PACKET_BYTES)
        else {
            return false;
        };
        self.samples = packet.samples() as i64;
        self.fec_samples = if packet.has_fec() {
            packet.toc().frame_samples() as i64
        } else {
            0
        };
        self.dred = with_dred && packet.has_dred();
        self.dtx = packet.is_dtx();
        true
    }
}

impl Waiting {
    /// How long before it what it can restore was sent. Deep redundancy reaches further, but most losses are short.
    const fn reach(&self) -> i64 {
        if self.dred {
            2 * self.samples
        } else {
            self.fec_samples
        }
    }
}

impl Redundancy {
    /// A packet came that can replace what was sent so long before it.
    fn note(&mut self, arrival: i64, reach: i64) {
        if reach >= self.reach || arrival - self.seen > REACH_MEMORY {
            self.reach = reach;
            self.seen = arrival;
        }
    }

    /// Whether waiting for it is worth the delay: while packets get lost.
    fn is_wanted(&self, now: i64) -> bool {
        self.reach > 0 && self.last_loss.is_some_and(|last| now - last < LOSSY)
    }
}

/// A stream without packets for this long has stopped: 1 s.
pub(super) const STOPPED: i64 = 48_000;

pub(super) fn to_samples(duration: Duration) -> i64 {
    let whole = i64::try_from(duration.as_secs())
        .unwrap_or(i64::MAX / 96_000)
        .min(i64::MAX / 96_000);
    whole * i64::from(SAMPLE_RATE_HZ)
        + i64::from(duration.subsec_nanos()) * i64::from(SAMPLE_RATE_HZ) / 1_000_000_000
}

pub(super) fn to_duration(samples: i64) -> Duration {
    samples_to_duration(u64::try_from(samples).unwrap_or(0))
}
