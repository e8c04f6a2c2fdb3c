//! SRTP.

mod profile;

pub use profile::SrtpProfile;

/// The most that protection adds to a packet, in bytes: a 16-byte tag and, for RTCP, the 4-byte index.
pub const SRTP_MAX_OVERHEAD: usize = 20;

/// The most synchronisation sources one context keeps.
pub const MAX_STREAMS: usize = 8192;
