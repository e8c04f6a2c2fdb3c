//! From 16-bit sequence numbers to 48-bit packet indices (RFC 3711 §3.3.1, appendix A).

use super::MAX_RTP_INDEX;

/// The index nearest to `highest` whose lower 16 bits are `sequence`, as RFC 3711 appendix A chooses it.
///
/// `None` when that index would be negative or over 2⁴⁸ - 1.
#[inline]
pub(super) fn estimate(highest: u64, sequence: u16) -> Option<u64> {
    let rollover = highest >> 16;
    let latest = highest & 0xffff;
    let sequence = u64::from(sequence);
    let rollover = if latest < 0x8000 {
        if sequence > latest + 0x8000 {
            rollover.checked_sub(1)?
        } else {
            rollover
        }
    } else if latest - 0x8000 > sequence {
        rollover + 1
    } else {
        rollover
    };
    let index = (rollover << 16) | sequence;
    (index <= MAX_RTP_INDEX).then_some(index)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn follows_a_wrap_in_both_directions() {
        assert_eq!(estimate(65_535, 0), Some(65_536));
        assert_eq!(estimate(65_536, 65_535), Some(65_535));
        assert_eq!(estimate(65_536 + 5, 65_530), Some(65_530));
        assert_eq!(estimate(10, 11), Some(11));
    }

    #[test]
    fn does_not_leave_the_index_space() {
        assert_eq!(estimate(2, 65_535), None);
        assert_eq!(estimate(MAX_RTP_INDEX, 0), None);
        assert_eq!(estimate(MAX_RTP_INDEX, 65_535), Some(MAX_RTP_INDEX));
    }

    proptest! {
        #[test]
        fn recovers_every_index_within_half_a_cycle(highest in 0x1_0000..MAX_RTP_INDEX - 0x8000, step in -0x7fff_i64..0x8000) {
            let index = highest.checked_add_signed(step).unwrap();
            let sequence = u16::try_from(index & 0xffff).unwrap();
            prop_assert_eq!(estimate(highest, sequence), Some(index));
        }
    }
}
