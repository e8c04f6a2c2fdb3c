use super::{Event, EventReport, REPORT_BYTES};
use crate::Error;

/// How often the last packet of an event is sent (RFC 4733 §2.5.1.4).
pub const END_PACKETS: u8 = 3;

/// The longest duration one segment can report, in ticks.
const SEGMENT_TICKS: u32 = 0xFFFF;

/// A packet to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventPacket {
    /// When: ticks of the RTP clock after the event began.
    pub after_ticks: u32,
    /// Whether the RTP header has the marker bit: on the first packet of an event only.
    pub marker: bool,
    /// The timestamp of the RTP header: the beginning of the event, or of its current segment.
    pub timestamp: u32,
    /// The payload.
    pub payload: [u8; REPORT_BYTES],
}

/// Makes the packets of one event: an iterator, one packet per packet interval, the last ones with the end bit.
///
/// An event that lasts longer than a report can say (8 s at 8 kHz) is cut into segments, each with a timestamp of its own
/// (RFC 4733 §2.5.1.3).
#[derive(Debug, Clone)]
pub struct EventSender {
    event: Event,
    volume: u8,
    timestamp: u32,
    interval_ticks: u32,
    /// Ticks from the event's beginning to its current segment's; a multiple of [`SEGMENT_TICKS`].
    segment: u32,
    /// Ticks from the event's beginning to the last packet.
    elapsed: u32,
    /// How long the event is, once that is known.
    length: Option<u32>,
    is_first: bool,
    /// Packets with the end bit still to be sent.
    ends_left: u8,
}

impl EventSender {
    /// A key that is pressed at `timestamp`; until [`release`](Self::release) is called there is always a next packet,
    /// to be taken and sent every `interval_ticks`.
    ///
    /// `volume` is the power of the tone in −dBm0, 0 to 63. An interval of 50 ms is what RFC 4733 §2.6.1 suggests; the
    /// packet interval of the sound before it is what most do.
    ///
    /// # Errors
    /// [`Error::Setting`] when the volume is above 63, or the interval 0 or longer than a segment.
    pub fn press(event: Event, volume: u8, timestamp: u32, interval_ticks: u32) -> Result<Self, Error> {
        if volume > 63 {
            return Err(Error::Setting("the volume of an event is 0 to 63"));
        }
        if interval_ticks == 0 || interval_ticks > SEGMENT_TICKS {
            return Err(Error::Setting(
                "the packet interval of an event is 1 to 65535 ticks",
            ));
        }
        Ok(Self {
            event,
            volume,
            timestamp,
            interval_ticks,
            segment: 0,
            elapsed: 0,
            length: None,
            is_first: true,
            ends_left: END_PACKETS,
        })
    }

    /// A key whose length is known beforehand, in ticks.
    ///
    /// # Errors
    /// As [`press`](Self::press), and when the length is 0.
    pub fn digit(
        event: Event,
        volume: u8,
        timestamp: u32,
        interval_ticks: u32,
        length_ticks: u32,
    ) -> Result<Self, Error> {
        if length_ticks == 0 {
            return Err(Error::Setting("an event lasts at least one tick"));
        }
        let mut sender = Self::press(event, volume, timestamp, interval_ticks)?;
        sender.length = Some(length_ticks);
        Ok(sender)
    }

    /// The key is let go `length_ticks` after it was pressed (at least what the last packet reported). The next packets
    /// say so, and then there are none.
    pub fn release(&mut self, length_ticks: u32) {
        if self.length.is_none() {
            self.length = Some(length_ticks.max(self.elapsed).max(1));
        }
    }

    /// Ticks after which the next sound or event may begin, once the length is known.
    #[must_use]
    pub const fn length_ticks(&self) -> Option<u32> {
        self.length
    }

    fn packet(&mut self, end: bool) -> EventPacket {
        let marker = std::mem::replace(&mut self.is_first, false);
        let ticks = self.elapsed - self.segment;
        let report = EventReport {
            event: self.event,
            end,
            volume: self.volume,
            duration_ticks: u16::try_from(ticks).unwrap_or(u16::MAX),
        };
        EventPacket {
            after_ticks: self.elapsed,
            marker,
            timestamp: self.timestamp.wrapping_add(self.segment),
            payload: report.to_bytes(),
        }
    }
}

impl Iterator for EventSender {
    type Item = EventPacket;

    fn next(&mut self) -> Option<EventPacket> {
        if self.ends_left < END_PACKETS {
            // Again, an interval later each: what is reported stays the same.
            self.ends_left = self.ends_left.checked_sub(1)?;
            let repeated = u32::from(END_PACKETS - 1 - self.ends_left);
            let mut packet = self.packet(true);
            packet.after_ticks = self
                .elapsed
                .saturating_add(repeated.saturating_mul(self.interval_ticks));
            return Some(packet);
        }
        let length = self.length.unwrap_or(u32::MAX);
        let next = self.elapsed.saturating_add(self.interval_ticks).min(length);
        let segment_end = self.segment.saturating_add(SEGMENT_TICKS);
        if next > segment_end {
            // A report of the whole segment closes it, without the end bit; the next one begins where it ended.
            let is_closed = self.elapsed == segment_end;
            self.elapsed = segment_end;
            let packet = self.packet(false);
            self.segment = segment_end;
            if !is_closed {
                return Some(packet);
            }
        }
        self.elapsed = next;
        let end = next == length;
        if end {
            self.ends_left -= 1;
        }
        Some(self.packet(end))
    }
}
