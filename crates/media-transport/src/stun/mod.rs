//! STUN.

/// The local and remote user fragment in the USERNAME of a STUN request, without checking anything else.
#[must_use]
pub fn peek_username(_datagram: &[u8]) -> Option<(&str, &str)> {
    None
}
