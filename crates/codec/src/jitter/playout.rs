//! What is heard next: packets, their copies, redundancy, or something invented.

use super::{
    JitterBuffer, Pulled,
    buffer::{ENOUGH_PACKETS, Phase, STOPPED, to_duration, to_samples},
    queue::Waiting,
    stretch,
};
#[cfg(feature = "dred")]
use crate::opus::MAX_DRED_GAP_SAMPLES;
use crate::{Error, FRAME_SAMPLES, opus::Decoder};

/// Concealment has faded to silence after this long: 100 ms.
const FADED: i64 = 4800;

/// A delay this much beyond the most allowed is not worked off but cut: 250 ms.
const HOPELESS: i64 = 12_000;

/// How much more or less than wanted the delay may be without being corrected: 5 ms.
pub(super) const TOLERANCE: i64 = 240;

/// Where the network is restless, what is worked off now is wanted again soon: a third of the delay that most packets need is
/// tolerated, and less than the margin that is added to that.
const RESTLESS_LONG: i64 = 3;
const RESTLESS_SHORT: i64 = 12;

/// How much more than wanted the delay may be while somebody speaks; pauses come often enough: 40 ms.
const TOLERANCE_LONG: i64 = 1920;

/// How much less, as the next late packet leaves a hole: 10 ms.
const TOLERANCE_SHORT: i64 = 480;

/// Sound between two corrections: 60 ms, or none when the delay is far too long.
const STRETCH_PAUSE: usize = 2880;

/// Far too long: 100 ms.
const FAR: i64 = 4800;

/// A packet shorter than this is shortened together with the next one: 30 ms, two periods of a voice of 67 Hz.
const ENOUGH_TO_SHORTEN: usize = 1440;

impl JitterBuffer {
    /// Adds sound to what is about to be heard: at least 2.5 ms.
    pub(super) fn produce(&mut self, now: i64) {
        self.skip_empty();
        self.cut_hopeless_delay(now);
        let Some(first) = self.queue.front() else {
            return self.without_packet();
        };
        let (timestamp, fec_samples, dred) = (first.timestamp, first.fec_samples, first.dred);
        let in_order = first.sequence.is_some() && self.next_sequence == first.sequence;
        if let Phase::Playing {
            timestamp: next,
            invented,
        } = self.phase
        {
            let missing = timestamp - next - invented;
            if timestamp <= next || (!in_order && missing <= 0) {
                return self.play(now);
            }
            if !in_order && missing <= STOPPED {
                return self.bridge(missing, fec_samples, dred);
            }
            // Consecutive numbers and a gap in time: the sender was silent. Or so much is lost that concealing it
            // makes no sense.
        }
        // The first packet after a pause may be lost, too, and it is the onset of a word.
        let lost_onset = self.next_sequence.is_some() && !in_order;
        let start = timestamp - if lost_onset { fec_samples } else { 0 };
        if self.playout_delay(now, start) < self.target() {
            self.pause();
        } else if start < timestamp && self.played.is_none_or(|played| played <= start) {
            self.phase = Phase::Playing {
                timestamp: start,
                invented: 0,
            };
            self.bridge(fec_samples, fec_samples, false);
        } else {
            self.play(now);
        }
    }

    /// Decodes the first packet and queues it, stretched when the delay is off its target.
    fn play(&mut self, now: i64) {
        let Some(packet) = self.queue.pop() else {
            return self.without_packet();
        };
        let delay = self.playout_delay(now, packet.timestamp);
        let excess = delay - self.target();
        let origin = packet.origin();
        let end = packet.end();
        let Some(mut length) = self.decode(now, packet, 0) else {
            return;
        };
        self.loudness.hear(self.scratch.get(..length).unwrap_or_default());
        let may_stretch = self.may_stretch(delay);
        if may_stretch && excess > 0 && length < ENOUGH_TO_SHORTEN {
            // A deep voice's period is longer than half a packet.
            let next = self.queue.pop_if(|next| {
                next.timestamp == end && next.origin() == origin && next.samples <= ENOUGH_TO_SHORTEN as i64
            });
            length += next.and_then(|next| self.decode(now, next, length)).unwrap_or(0);
        }
        if may_stretch {
            length = self.stretch(length, excess);
        }
        self.concealing = false;
        match origin {
            Pulled::Silence => self.stats.silence_samples += length as u64,
            Pulled::Red => self.stats.red_samples += length as u64,
            _ => {}
        }
        self.since_stretch = self.since_stretch.saturating_add(length);
        self.sound
            .push(origin, self.scratch.get(..length).unwrap_or_default());
    }

    /// Decodes a packet to `scratch[at..]` and returns its length. A corrupt one is concealed instead.
    fn decode(&mut self, now: i64, packet: Waiting, at: usize) -> Option<usize> {
        let decoded = match self.scratch.get_mut(at..) {
            Some(scratch) => self.decoder.decode(&packet.payload, scratch).ok(),
            None => None,
        };
        self.phase = Phase::Playing {
            timestamp: packet.end(),
            invented: 0,
        };
        self.played = Some(packet.end());
        // A copy has no number; it is taken to be the packet that was expected.
        self.next_sequence = packet.sequence.or(self.next_sequence).map(|number| number + 1);
        self.dtx = packet.dtx;
        let Some(length) = decoded else {
            self.stats.packets_discarded += 1;
            self.conceal(usize::try_from(packet.samples).unwrap_or(0));
            self.queue.recycle(packet.payload);
            return None;
        };
        let emitted = u32::try_from(length).unwrap_or(0);
        let waited = now + (self.sound.len() + at) as i64 - packet.arrival;
        self.stats.jitter_buffer_delay += to_duration(waited) * emitted;
        self.stats.jitter_buffer_target_delay += to_duration(self.target()) * emitted;
        self.stats.jitter_buffer_emitted_count += u64::from(emitted);
        self.queue.recycle(packet.payload);
        Some(length)
    }

    /// Whether a delay of so much is off by more than the tolerance, and the last correction is long enough ago.
    fn may_stretch(&self, delay: i64) -> bool {
        let needed = self.delay.for_most();
        let short = TOLERANCE.max(needed / RESTLESS_SHORT);
        let excess = delay - self.target();
        let is_off = if self.loudness.is_quiet() {
            excess > TOLERANCE.max(needed / RESTLESS_LONG) || excess < -short
        } else {
            excess > TOLERANCE_LONG.max(needed / 2)
                || delay < self.urgent_target() - short.max(TOLERANCE_SHORT)
        };
        let is_rested = self.since_stretch >= STRETCH_PAUSE || excess > FAR;
        self.delay.observed() >= ENOUGH_PACKETS && is_rested && is_off
    }

    /// Makes the decoded sound shorter or longer, and returns its new length.
    fn stretch(&mut self, length: usize, excess: i64) -> usize {
        // A period that goes a little too far leaves the delay within the tolerance of the other side.
        let most = usize::try_from(excess.abs() + TOLERANCE).unwrap_or(usize::MAX);
        let quiet = self.loudness.is_quiet();
        if excess > 0 {
            let removed = stretch::accelerate(&mut self.scratch, length, most, quiet);
            self.stats.removed_samples_for_acceleration += removed as u64;
            self.since_stretch = if removed > 0 { 0 } else { self.since_stretch };
            length - removed
        } else {
            let added = stretch::decelerate(self.sound.tail(), &mut self.scratch, length, most, quiet);
            self.stats.inserted_samples_for_deceleration += added as u64;
            self.since_stretch = if added > 0 { 0 } else { self.since_stretch };
            length + added
        }
    }

    /// Fills a part of the gap before the first packet, `missing` samples long: from the redundancy of that packet
    /// as far as that goes, invented before that.
    fn bridge(&mut self, missing: i64, fec_samples: i64, dred: bool) {
        let samples = usize::try_from(missing).unwrap_or(0);
        if fec_samples > 0 && missing == fec_samples {
            if let Some(length) =
                self.restore(|decoder, payload, out| decoder.decode_fec(payload, samples, out))
            {
                self.stats.fec_samples += length as u64;
                return self.push_restored(Pulled::Fec, length);
            }
        } else if dred && let Some(length) = self.restore_deep(samples) {
            self.stats.dred_samples += length as u64;
            return self.push_restored(Pulled::Dred, length);
        }
        let before_fec = usize::try_from(missing - fec_samples).unwrap_or(0);
        let step = if fec_samples > 0 && before_fec > 0 {
            before_fec
        } else {
            samples
        };
        let samples = step.clamp(1, FRAME_SAMPLES).next_multiple_of(120);
        self.advance_invented(samples);
        self.conceal(samples);
    }

    /// Lets the decoder make sound of what comes before the first packet.
    fn restore(
        &mut self,
        decode: impl FnOnce(&mut Decoder, &[u8], &mut [i16]) -> Result<usize, Error>,
    ) -> Option<usize> {
        let packet = self.queue.front()?;
        decode(&mut self.decoder, &packet.payload, &mut self.scratch).ok()
    }

    #[cfg(feature = "dred")]
    fn restore_deep(&mut self, samples: usize) -> Option<usize> {
        let most = MAX_DRED_GAP_SAMPLES.min(self.scratch.len());
        let samples = samples.next_multiple_of(120);
        // What is longer than it can be is invented for a while.
        (samples <= most)
            .then(|| self.restore(|decoder, payload, out| decoder.decode_dred(payload, samples, out)))?
    }

    #[cfg(not(feature = "dred"))]
    #[expect(clippy::needless_pass_by_ref_mut, reason = "with the feature, it decodes")]
    const fn restore_deep(&mut self, _: usize) -> Option<usize> {
        None
    }

    fn push_restored(&mut self, origin: Pulled, length: usize) {
        self.advance_invented(length);
        self.concealing = false;
        self.sound
            .push(origin, self.scratch.get(..length).unwrap_or_default());
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
        while let Some(packet) = self.queue.pop_if(|packet| packet.samples == 0) {
            let after = packet.sequence.map(|number| number + 1);
            self.next_sequence = self
                .next_sequence
                .max(after.filter(|_| self.next_sequence.is_some()));
            self.queue.recycle(packet.payload);
        }
    }

    /// After a stall (of the network, or of whoever calls `pull`) sound may be so late that nobody wants it.
    fn cut_hopeless_delay(&mut self, now: i64) {
        let most = to_samples(self.config.max_delay) + HOPELESS;
        while self.queue.len() > 1
            && self
                .queue
                .front()
                .is_some_and(|packet| self.playout_delay(now, packet.timestamp) > most)
        {
            self.discard_first();
        }
    }

    /// The delay at which the next sound would be played, were `timestamp` its first sample.
    fn playout_delay(&self, now: i64, timestamp: i64) -> i64 {
        self.delay.delay(now + self.sound.len() as i64, timestamp)
    }
}
