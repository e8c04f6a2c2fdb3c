//! RTCP (RFC 3550 §6, RFC 3611, RFC 4585, RFC 5104), as browsers use it; [`transport_cc`] has transport-wide feedback.
//!
//! [`Compound`] walks over the packets of a datagram and borrows from it; [`CompoundWriter`] puts packets one behind the
//! other into the caller's slice. Neither allocates.
//!
//! ```
//! use anteroom_media_transport::rtcp::{Compound, CompoundWriter, Packet};
//!
//! let mut buffer = [0; 128];
//! let mut writer = CompoundWriter::new(&mut buffer);
//! writer.receiver_report(1, &[])?;
//! writer.nack(1, 2, [10, 11, 13].into_iter())?;
//! let datagram = writer.finish();
//!
//! let mut lost = Vec::new();
//! for packet in Compound::new(datagram) {
//!     if let Packet::Nack(nack) = packet? {
//!         assert_eq!((nack.sender_ssrc, nack.media_ssrc), (1, 2));
//!         lost.extend(nack.sequence_numbers());
//!     }
//! }
//! assert_eq!(lost, [10, 11, 13]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod compound;
mod feedback;
#[cfg(test)]
mod peers;
mod report;
mod sdes;
#[cfg(test)]
mod tests;
pub mod transport_cc;
mod writer;
mod xr;

pub use compound::{Compound, Packet, PacketType, Unknown};
pub use feedback::{FirEntries, FullIntraRequest, Nack, NackedNumbers, PictureLossIndication, Remb};
pub use report::{NtpTime, ReceiverReport, ReportBlock, SenderInfo, SenderReport};
pub use sdes::{Chunk, Chunks, Goodbye, SdesItem, SdesItems, SourceDescription};
pub use transport_cc::TransportFeedback;
pub use writer::{CompoundWriter, WriteError};
pub use xr::{ExtendedReport, ReceptionTime, XrBlock, XrBlocks};

/// Most report blocks, chunks or sources in one packet: the count has five bits.
pub const MAX_COUNT: usize = 31;

/// Feedback message type of a generic NACK (RFC 4585 §6.2.1).
const FMT_NACK: u8 = 1;
/// Feedback message type of transport-wide congestion control.
const FMT_TRANSPORT_CC: u8 = 15;
/// Feedback message type of a picture loss indication (RFC 4585 §6.3.1).
const FMT_PLI: u8 = 1;
/// Feedback message type of a full intra request (RFC 5104 §4.3.1).
const FMT_FIR: u8 = 4;
/// Feedback message type of application layer feedback (RFC 4585 §6.4), which REMB is.
const FMT_APPLICATION: u8 = 15;
/// What tells REMB from other application layer feedback.
const REMB_NAME: &[u8; 4] = b"REMB";
/// SDES item CNAME (RFC 3550 §6.5.1).
const SDES_CNAME: u8 = 1;
