//! Digits and other events in RTP packets (RFC 4733): the payload, who sends it, who receives it.
//!
//! A key that is held becomes a packet every few milliseconds, all with the RTP timestamp of its beginning and a growing
//! duration; the last one has the end bit and is sent three times. [`EventSender`] makes that series, and
//! [`EventReceiver`] makes one key out of it again, whatever of it arrives.
//!
//! ```
//! use std::time::{Duration, Instant};
//! use anteroom_codec::telephony::event::{Event, EventReceiver, EventSender, Happened};
//! let digit = Event::from_digit('5').expect("a key of a telephone");
//! // At a clock of 8 kHz: 100 ms of "5", a packet every 20 ms, beginning at timestamp 4000.
//! let sender = EventSender::digit(digit, 10, 4000, 160, 800)?;
//! let mut receiver = EventReceiver::new(Duration::from_millis(120));
//! let now = Instant::now();
//! for packet in sender {
//!     receiver.receive(now, packet.timestamp, &packet.payload)?;
//! }
//! assert_eq!(receiver.poll(), Some(Happened::Started { event: digit, volume: 10 }));
//! assert!(matches!(receiver.poll(), Some(Happened::Ended { duration_ticks: 800, .. })));
//! assert_eq!(receiver.poll(), None);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod payload;
mod receiver;
mod sender;
#[cfg(test)]
mod tests;

pub use payload::{Event, EventReport, MAX_REPORTS, REPORT_BYTES, parse};
pub use receiver::{EndCause, EventReceiver, EventStats, Happened};
pub use sender::{END_PACKETS, EventPacket, EventSender};
