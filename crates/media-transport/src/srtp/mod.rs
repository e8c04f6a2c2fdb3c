//! SRTP and SRTCP in place, without allocation per packet (RFC 3711, RFC 7714).
//!
//! [`OutboundSrtp`] protects what we send, [`InboundSrtp`] opens what we receive; each has many streams, told apart by
//! SSRC. A stream's state changes only after its packet has been authenticated. [`protect_batch`] protects one packet for
//! many receivers.
//!
//! WebRTC needs one master key and encrypts payloads only; [`SrtpConfig`] has what other uses of SRTP negotiate: several
//! master keys with identifiers (MKI), header extension elements (RFC 6904) or whole headers (cryptex, RFC 9335) encrypted.
//!
//! ```
//! use anteroom_media_transport::srtp::{InboundSrtp, OutboundSrtp, SRTP_MAX_OVERHEAD, SrtpProfile};
//!
//! let (key, salt) = ([7; 16], [9; 12]);
//! let mut sender = OutboundSrtp::new(SrtpProfile::AeadAes128Gcm, &key, &salt)?;
//! let mut receiver = InboundSrtp::new(SrtpProfile::AeadAes128Gcm, &key, &salt)?;
//!
//! let packet = [0x80, 111, 0, 1, 0, 0, 0, 0, 0, 0, 0, 5, b'h', b'i'];
//! let mut buffer = [0; 14 + SRTP_MAX_OVERHEAD];
//! buffer[..14].copy_from_slice(&packet);
//! let length = sender.protect_rtp(&mut buffer, 14)?;
//! let length = receiver.unprotect_rtp(&mut buffer[..length])?;
//! assert_eq!(buffer[..length], packet);
//! # Ok::<(), anteroom_media_transport::SrtpError>(())
//! ```

#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

mod backend;
mod batch;
mod config;
mod cryptex;
mod extension;
mod header;
mod inbound;
mod key_derivation;
mod keys;
mod outbound;
mod profile;
mod replay;
mod roc;
mod streams;
#[cfg(test)]
mod tests;

pub use batch::{BatchPacket, protect_batch};
pub use config::{ExtensionIds, HeaderEncryption, MAX_MASTER_KEYS, MAX_MKI_LEN, MasterKey, SrtpConfig};
pub use inbound::InboundSrtp;
pub use outbound::OutboundSrtp;
pub use profile::SrtpProfile;
pub use streams::MAX_STREAMS;

/// The most that protection adds to a packet, in bytes: a 16-byte tag and, for RTCP, the 4-byte index. With a
/// [`SrtpConfig`] it may be more, see [`OutboundSrtp::max_overhead`].
pub const SRTP_MAX_OVERHEAD: usize = 20;

/// The highest SRTP packet index: a 32-bit rollover counter and a 16-bit sequence number.
const MAX_RTP_INDEX: u64 = (1 << 48) - 1;

/// The highest SRTCP packet index.
const MAX_RTCP_INDEX: u32 = (1 << 31) - 1;

/// The bit in the last SRTCP word that says "encrypted" (RFC 3711 §3.4).
const RTCP_ENCRYPTED: u32 = 1 << 31;
