#![doc = include_str!("../README.md")]

/// Bytes that memory and cache exchange at a time, on every processor that has the instruction.
const LINE: usize = 64;

/// The most lines that one call asks for; more would crowd out each other.
const MAX_LINES: usize = 32;

/// Asks for `value` itself, not for what it points to: its first 2 KiB.
#[inline(always)]
pub fn read<T: ?Sized>(value: &T) {
    let start = std::ptr::from_ref(value).cast::<u8>();
    let len = size_of_val(value).min(MAX_LINES * LINE);
    for offset in (0..len).step_by(LINE) {
        line(start.wrapping_add(offset));
    }
    // It need not begin where a line does.
    if let Some(last) = len.checked_sub(1).filter(|last| last % LINE != 0) {
        line(start.wrapping_add(last));
    }
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn line(address: *const u8) {
    use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};

    // SAFETY: SSE, which the function needs, is part of x86-64. The instruction reads nothing that the program could see and
    // faults at no address.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) }
}

#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn line(_address: *const u8) {}

#[cfg(test)]
mod tests {
    #[test]
    fn values_of_any_size_stay_as_they_are() {
        let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
        for (start, end) in [(0, 0), (0, 1), (63, 65), (1, 64), (7, 2000), (3, 100_000)] {
            super::read(&bytes[start..end]);
        }
        super::read(&());
        super::read("");
        super::read(&bytes);
        assert!(
            bytes
                .iter()
                .zip((0..=255).cycle())
                .all(|(byte, expected): (&u8, u8)| *byte == expected)
        );
    }
}
