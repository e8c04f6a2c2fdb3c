//! The time of sending, inside payloads.
//!
//! Whoever receives a packet on the same machine knows how long it took, whatever the server rewrote around the payload.
//! The stamp stands at the payload's end, so that descriptors in front may change their length.

use rustix::time::{ClockId, clock_gettime};

/// Length of a stamp in bytes.
pub(super) const LEN: usize = 16;

/// What a stamp begins with.
const MARK: [u8; 4] = *b"sfu1";

/// Nanoseconds of the clock that all processes of this machine share (`CLOCK_MONOTONIC`).
pub(super) fn now() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    let whole = u64::try_from(time.tv_sec).unwrap_or(0);
    whole * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap_or(0)
}

/// Stamps a payload of at least [`LEN`] bytes.
pub(super) fn write(payload: &mut [u8], sent: u64) {
    if let Some(stamp) = payload.last_chunk_mut::<LEN>() {
        let sent = sent.to_be_bytes();
        let check = check(sent);
        stamp[..4].copy_from_slice(&MARK);
        stamp[4..12].copy_from_slice(&sent);
        stamp[12..].copy_from_slice(&check);
    }
}

/// When a payload was sent; `None` for one that is not ours.
pub(super) fn read(payload: &[u8]) -> Option<u64> {
    let stamp = payload.last_chunk::<LEN>()?;
    let (mark, rest) = stamp.split_first_chunk::<4>()?;
    let (sent, found) = rest.split_first_chunk::<8>()?;
    (*mark == MARK && *found == check(*sent)).then(|| u64::from_be_bytes(*sent))
}

fn check([a, b, c, d, e, f, g, h]: [u8; 8]) -> [u8; 4] {
    [a ^ e ^ 0x5a, b ^ f ^ 0xa5, c ^ g ^ 0x5a, d ^ h ^ 0xa5]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_read_back_and_nothing_else_is_one() {
        let mut payload = [7; 100];
        assert_eq!(read(&payload), None);
        let sent = now();
        write(&mut payload, sent);
        assert_eq!(read(&payload), Some(sent));
        assert!(payload[..100 - LEN].iter().all(|byte| *byte == 7));
        assert_eq!(read(&payload[..99]), None);
        payload[90] ^= 1;
        assert_eq!(read(&payload), None);
        write(&mut payload[..3], sent);
        assert!(now() >= sent);
    }
}
