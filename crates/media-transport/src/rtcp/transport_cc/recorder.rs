use std::fmt;
use std::time::{Duration, Instant};

use super::TICK;
use super::writer::Feedback;
use crate::rtcp::{CompoundWriter, WriteError};
use crate::rtp::SequenceExtender;

/// Most packets one feedback can be about, and how far behind the newest a packet may come; a power of two.
const WINDOW: usize = 1024;
/// How far back a packet that comes late is told: those between are told once more.
const MAX_BACK: u64 = 128;
/// So many waiting packets are told at once, whatever the interval.
const URGENT: u64 = WINDOW as u64 / 2;
/// The interval is such that a feedback is about as many packets.
const PACKETS_PER_FEEDBACK: u32 = 20;
/// Between feedbacks when there are many packets.
const MIN_INTERVAL: Duration = Duration::from_millis(50);
/// Between feedbacks when there are few.
const MAX_INTERVAL: Duration = Duration::from_millis(100);
/// After silence, the first packets of a burst are told together.
const GATHER: Duration = Duration::from_millis(10);

/// Notes when packets of a transport arrive and tells their sender.
///
/// Call [`Self::receive`] for each packet, and [`Self::write_feedback`] at [`Self::poll_timeout`] until it says `false`.
/// It has the same few kilobytes whatever arrives.
///
/// ```
/// use std::time::{Duration, Instant};
///
/// use anteroom_media_transport::rtcp::transport_cc::TwccRecorder;
/// use anteroom_media_transport::rtcp::{Compound, CompoundWriter, Packet};
///
/// let mut now = Instant::now();
/// let mut recorder = TwccRecorder::new(1);
/// for sequence in [100, 101, 103] {
///     recorder.receive(now, 2, sequence);
///     now += Duration::from_millis(1);
/// }
/// now = recorder.poll_timeout().expect("something to tell");
/// let mut buffer = [0; 1200];
/// let mut writer = CompoundWriter::new(&mut buffer);
/// assert!(recorder.write_feedback(now, &mut writer)?);
///
/// for packet in Compound::new(writer.finish()) {
///     if let Packet::TransportFeedback(feedback) = packet? {
///         let arrivals: Vec<_> = feedback.arrivals().collect();
///         assert_eq!(arrivals, [(100, 0), (101, 4), (103, 8)], "in units of 250 µs");
///     }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct TwccRecorder {
    sender_ssrc: u32,
    /// Of the latest packet.
    media_ssrc: u32,
    /// `None` before the first packet.
    stream: Option<Stream>,
    /// By sequence number modulo [`WINDOW`]: time of arrival in ticks, modulo 2³², which is where the reference time wraps.
    arrivals: Box<[u32; WINDOW]>,
    /// By the same: whether it arrived.
    received: [u64; WINDOW / 64],
    feedback_count: u8,
    interval: Duration,
    last_feedback: Option<Instant>,
    /// When the next feedback is due; `None` when there is nothing to tell.
    due: Option<Instant>,
}

#[derive(Debug, Clone, Copy)]
struct Stream {
    epoch: Instant,
    numbers: SequenceExtender,
    /// The first number the next feedback is about. Not above `end`, and at most [`WINDOW`] below.
    next: u64,
    /// The lowest number that was ever in the window.
    start: u64,
    /// One more than the highest number that arrived.
    end: u64,
    /// The sequence number that would confirm a sender that began anew.
    restart: Option<u16>,
    /// Packets since the last feedback.
    fresh: u32,
}

impl TwccRecorder {
    /// A transport on which nothing has arrived yet. `sender_ssrc` is who gives the feedback.
    #[must_use]
    pub fn new(sender_ssrc: u32) -> Self {
        Self {
            sender_ssrc,
            media_ssrc: 0,
            stream: None,
            arrivals: Box::new([0; WINDOW]),
            received: [0; WINDOW / 64],
            feedback_count: 0,
            interval: MAX_INTERVAL,
            last_feedback: None,
            due: None,
        }
    }

    /// Notes that a packet with this transport-wide sequence number has arrived in the stream `media_ssrc`.
    ///
    /// Duplicates, and packets too late to be told, are left out. After a jump too far ahead only what follows is told, and
    /// likewise when two packets in a row show that the sender counts anew.
    pub fn receive(&mut self, now: Instant, media_ssrc: u32, sequence: u16) {
        self.media_ssrc = media_ssrc;
        let Some(mut stream) = self.stream else {
            return self.begin(now, now, sequence);
        };
        let number = stream.numbers.peek(sequence);
        if number + WINDOW as u64 <= stream.end {
            // Too old, unless it goes on like this.
            if stream.restart == Some(sequence) {
                return self.begin(now, stream.epoch, sequence);
            }
            stream.restart = Some(sequence.wrapping_add(1));
            self.stream = Some(stream);
            return;
        }
        stream.restart = None;
        if number >= stream.end + WINDOW as u64 {
            return self.begin(now, stream.epoch, sequence);
        }
        if number >= stream.end {
            // Their places have been others'.
            (stream.end..number).for_each(|skipped| self.set_received(skipped, false));
            stream.end = number + 1;
            stream.next = stream.next.max(stream.end.saturating_sub(WINDOW as u64));
        } else if number < stream.start || number + MAX_BACK < stream.next || self.is_received(number) {
            self.stream = Some(stream);
            return;
        } else {
            stream.next = stream.next.min(number);
        }
        stream.numbers.extend(sequence);
        stream.fresh = stream.fresh.saturating_add(1);
        self.note(now, stream, number);
    }

    /// Appends a feedback about what has arrived since the last one, as far as it fits. `true` when it has written one and
    /// there may be more; whoever gives feedback in time needs one.
    ///
    /// # Errors
    /// [`WriteError::BufferTooSmall`] when not one packet fits.
    pub fn write_feedback(
        &mut self,
        now: Instant,
        writer: &mut CompoundWriter<'_>,
    ) -> Result<bool, WriteError> {
        let Some(mut stream) = self.stream.filter(|_| self.due.is_some()) else {
            return Ok(false);
        };
        let feedback = Feedback {
            sender_ssrc: self.sender_ssrc,
            media_ssrc: self.media_ssrc,
            feedback_count: self.feedback_count,
            base_sequence: lower(stream.next),
        };
        let arrivals = (stream.next..stream.end).map(|number| self.arrival(number));
        let written = writer.transport_feedback(feedback, arrivals)?;
        stream.next += u64::from(written);
        self.feedback_count = self.feedback_count.wrapping_add(1);
        if stream.next >= stream.end {
            if let Some(last) = self.last_feedback {
                let elapsed = now.saturating_duration_since(last).min(MAX_INTERVAL * 10);
                let each = elapsed.checked_div(stream.fresh).unwrap_or(MAX_INTERVAL);
                self.interval = (each * PACKETS_PER_FEEDBACK).clamp(MIN_INTERVAL, MAX_INTERVAL);
            }
            stream.fresh = 0;
            self.due = None;
            self.last_feedback = Some(now);
        }
        self.stream = Some(stream);
        Ok(true)
    }

    /// When the next feedback is due; `None` when there is nothing to tell.
    #[must_use]
    pub const fn poll_timeout(&self) -> Option<Instant> {
        self.due
    }

    /// Begins with this number; nothing from before is told.
    fn begin(&mut self, now: Instant, epoch: Instant, sequence: u16) {
        let numbers = SequenceExtender::new(sequence);
        let number = numbers.highest();
        self.received = [0; WINDOW / 64];
        let stream = Stream {
            epoch,
            numbers,
            next: number,
            start: number.saturating_sub(MAX_BACK),
            end: number + 1,
            restart: None,
            fresh: 1,
        };
        self.note(now, stream, number);
    }

    fn note(&mut self, now: Instant, stream: Stream, number: u64) {
        self.set_received(number, true);
        // Below 2⁵⁴ for the centuries to come; the lower bits are meant.
        let ticks = now.saturating_duration_since(stream.epoch).as_micros() / TICK.as_micros();
        #[expect(clippy::cast_possible_truncation, reason = "see above")]
        if let Some(place) = self.arrivals.get_mut(place(number)) {
            *place = ticks as u32;
        }
        let due = if stream.end - stream.next >= URGENT {
            now
        } else {
            let regular = self.last_feedback.map(|last| last + self.interval);
            regular.map_or(now + GATHER, |regular| regular.max(now + GATHER))
        };
        self.due = Some(self.due.map_or(due, |before| before.min(due)));
        self.stream = Some(stream);
    }

    fn arrival(&self, number: u64) -> Option<u32> {
        let at = place(number);
        self.arrivals
            .get(at)
            .copied()
            .filter(|_| self.is_received(number))
    }

    fn is_received(&self, number: u64) -> bool {
        let at = place(number);
        self.received
            .get(at / 64)
            .is_some_and(|word| word >> (at % 64) & 1 == 1)
    }

    fn set_received(&mut self, number: u64, received: bool) {
        let at = place(number);
        if let Some(word) = self.received.get_mut(at / 64) {
            *word = *word & !(1 << (at % 64)) | u64::from(received) << (at % 64);
        }
    }
}

impl fmt::Debug for TwccRecorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TwccRecorder")
            .field("stream", &self.stream)
            .field("interval", &self.interval)
            .field("due", &self.due)
            .finish_non_exhaustive()
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the window is small")]
const fn place(number: u64) -> usize {
    (number % WINDOW as u64) as usize
}

#[expect(clippy::cast_possible_truncation, reason = "the lower bits are meant")]
const fn lower(number: u64) -> u16 {
    number as u16
}
