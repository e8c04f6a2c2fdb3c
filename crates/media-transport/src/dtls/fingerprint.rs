use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{SHA256, digest};

use crate::error::ParseError;

/// The SHA-256 of a certificate in DER, as in `a=fingerprint:sha-256 …` (RFC 8122 §5).
///
/// `Display` is the upper-case colon form of SDP; `FromStr` takes either case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// The fingerprint of a certificate in DER.
    #[must_use]
    pub fn of_certificate(der: &[u8]) -> Self {
        let hash = digest(&SHA256, der);
        let mut bytes = [0; 32];
        bytes.copy_from_slice(hash.as_ref());
        Self(bytes)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(":")?;
            }
            write!(f, "{byte:02X}")?;
        }
        Ok(())
    }
}

impl FromStr for Fingerprint {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        const INVALID: ParseError = ParseError::invalid("fingerprint");
        let mut bytes = [0; 32];
        let mut pairs = text.split(':');
        for byte in &mut bytes {
            let pair = pairs.next().ok_or(ParseError::truncated("fingerprint"))?;
            // from_str_radix alone would take "+1".
            if pair.len() != 2 || !pair.bytes().all(|c| c.is_ascii_hexdigit()) {
                return Err(INVALID);
            }
            *byte = u8::from_str_radix(pair, 16).map_err(|_| INVALID)?;
        }
        if pairs.next().is_some() {
            return Err(ParseError::leftover("fingerprint"));
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_round_trips() {
        let fingerprint = Fingerprint(core::array::from_fn(|i| u8::try_from(i * 7).unwrap()));
        let text = fingerprint.to_string();
        assert!(text.starts_with("00:07:0E:15:"));
        assert_eq!(text.len(), 95);
        assert_eq!(text.parse(), Ok(fingerprint));
        assert_eq!(text.to_lowercase().parse(), Ok(fingerprint));
    }

    #[test]
    fn refuses_other_shapes() {
        let good = Fingerprint([1; 32]).to_string();
        assert_eq!(
            "01:02".parse::<Fingerprint>(),
            Err(ParseError::truncated("fingerprint"))
        );
        assert_eq!(
            format!("{good}:01").parse::<Fingerprint>(),
            Err(ParseError::leftover("fingerprint"))
        );
        assert_eq!(
            good.replacen("01", "+1", 1).parse::<Fingerprint>(),
            Err(ParseError::invalid("fingerprint"))
        );
        assert_eq!(
            good.replacen("01", "1", 1).parse::<Fingerprint>(),
            Err(ParseError::invalid("fingerprint"))
        );
    }

    #[test]
    fn is_the_sha256_of_the_certificate() {
        // SHA-256 of "abc", FIPS 180-2 appendix B.1.
        let text = Fingerprint::of_certificate(b"abc").to_string();
        assert!(text.starts_with("BA:78:16:BF:8F:01:CF:EA"), "{text}");
    }
}
