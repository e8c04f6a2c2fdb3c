//! CRC-32 as in ITU-T V.42, which RFC 8489 §14.7 uses for FINGERPRINT.

const POLYNOMIAL: u32 = 0xedb8_8320;

#[cfg_attr(
    not(test),
    expect(clippy::indexing_slicing, reason = "evaluated by the compiler")
)]
const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut index = 0;
    let mut byte = 0_u32;
    while index < 256 {
        let mut value = byte;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 {
                (value >> 1) ^ POLYNOMIAL
            } else {
                value >> 1
            };
            bit += 1;
        }
        table[index] = value;
        index += 1;
        byte += 1;
    }
    table
};

pub(super) fn crc32(parts: &[&[u8]]) -> u32 {
    let mut crc = u32::MAX;
    for byte in parts.iter().copied().flatten() {
        let [.., low] = crc.to_be_bytes();
        // The index is a byte, the table has 256 places.
        crc = (crc >> 8) ^ TABLE.get(usize::from(low ^ byte)).copied().unwrap_or_default();
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_the_check_value_of_the_catalogue() {
        assert_eq!(crc32(&[b"123456789"]), 0xcbf4_3926);
        assert_eq!(crc32(&[b"12345", b"", b"6789"]), 0xcbf4_3926);
        assert_eq!(crc32(&[]), 0);
    }
}
