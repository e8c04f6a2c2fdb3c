//! Transport-wide congestion control feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01): when each packet of a
//! transport arrived.
//!
//! [`TransportFeedback`] reads it, [`TwccRecorder`] notes arrivals and writes it. Neither loops over what a packet merely
//! claims: runs of packets that did not arrive are one step, and packets that did arrive each take a byte.

mod reader;
mod recorder;
#[cfg(test)]
mod tests;
mod writer;

use std::time::Duration;

pub use reader::{PacketStatus, PacketStatuses, TransportFeedback};
pub use recorder::TwccRecorder;
pub(super) use writer::{Feedback, write};

/// The unit of arrival times, §3.1.5.
pub const TICK: Duration = Duration::from_micros(250);

/// Ticks of a unit of the reference time, which is 64 ms.
const TICKS_PER_REFERENCE: u32 = 256;

/// Symbols of the status vector and run length chunks, §3.1.1.
mod symbol {
    /// The packet did not arrive.
    pub(super) const NOT_RECEIVED: u16 = 0;
    /// The delta is one byte, 0..=255.
    pub(super) const SMALL_DELTA: u16 = 1;
    /// The delta is two bytes and may be negative.
    pub(super) const LARGE_DELTA: u16 = 2;
    /// Not defined; libwebrtc refuses it, too.
    pub(super) const RESERVED: u16 = 3;
}

/// Statuses of a vector chunk with one bit each.
const ONE_BIT_STATUSES: u16 = 14;
/// Statuses of a vector chunk with two bits each.
const TWO_BIT_STATUSES: u16 = 7;
/// Most statuses of a run length chunk.
const MAX_RUN: u16 = 0x1fff;

/// The time of arrival in ticks since the receiver's clock began, from the 24 bits of the reference time: that nearest to
/// the reference of the feedback before.
///
/// ```
/// use anteroom_media_transport::rtcp::transport_cc::unwrap_reference;
///
/// assert_eq!(unwrap_reference(0xff_ffff * 256, 0), 0x100_0000 * 256);
/// assert_eq!(unwrap_reference(0x100_0000 * 256, 0xff_ffff), 0xff_ffff * 256);
/// ```
#[must_use]
pub const fn unwrap_reference(before: i64, reference_time: u32) -> i64 {
    let units = before.div_euclid(TICKS_PER_REFERENCE as i64);
    // Sign-extends the difference of 24 bits.
    let distance = (reference_time as i64 - units) << 40 >> 40;
    (units + distance) * TICKS_PER_REFERENCE as i64
}
