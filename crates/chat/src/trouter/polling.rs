//! Several packets in one body of long polling: `\u{FFFD}<length>\u{FFFD}<packet>`, repeated.
//!
//! The length counts UTF-16 code units, as JavaScript does. A single packet may stand bare.

use std::fmt::Write as _;

use super::frame::FrameError;

const MARK: char = '\u{FFFD}';

/// The packets of a body, in order; they are not parsed.
///
/// # Errors
/// [`FrameError::Polling`]: a length that is not one, or that ends inside a character or beyond the body.
pub fn packets(body: &str) -> Result<Vec<&str>, FrameError> {
    if !body.starts_with(MARK) {
        return Ok(if body.is_empty() { Vec::new() } else { vec![body] });
    }
    let mut found = Vec::new();
    let mut rest = body;
    while !rest.is_empty() {
        let framed = rest.strip_prefix(MARK).ok_or(FrameError::Polling)?;
        let (length, after) = framed.split_once(MARK).ok_or(FrameError::Polling)?;
        if length.is_empty() || length.len() > 9 || !length.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(FrameError::Polling);
        }
        let units: usize = length.parse().map_err(|_| FrameError::Polling)?;
        let bytes = prefix_of_units(after, units).ok_or(FrameError::Polling)?;
        let (packet, remaining) = after.split_at(bytes);
        found.push(packet);
        rest = remaining;
    }
    Ok(found)
}

/// One body with all these packets; one alone stands bare, unless it is empty.
#[must_use]
pub fn body<S: AsRef<str>>(packets: &[S]) -> String {
    if let [packet] = packets
        && !packet.as_ref().is_empty()
        && !packet.as_ref().starts_with(MARK)
    {
        return packet.as_ref().to_owned();
    }
    let bytes: usize = packets.iter().map(|packet| packet.as_ref().len() + 16).sum();
    let mut body = String::with_capacity(bytes);
    for packet in packets {
        let packet = packet.as_ref();
        let units = packet.encode_utf16().count();
        // Writing to a String does not fail.
        let _ = write!(body, "{MARK}{units}{MARK}{packet}");
    }
    body
}

/// Bytes of the shortest prefix with that many UTF-16 code units; `None` when it would split a character or the text is
/// shorter.
fn prefix_of_units(text: &str, units: usize) -> Option<usize> {
    let mut left = units;
    for (at, character) in text.char_indices() {
        if left == 0 {
            return Some(at);
        }
        left = left.checked_sub(character.len_utf16())?;
    }
    (left == 0).then_some(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn counts_utf16_units() {
        let text = "3:::🐎ž";
        let whole = body(&[text, "8::"]);
        assert_eq!(whole, "\u{FFFD}7\u{FFFD}3:::🐎ž\u{FFFD}3\u{FFFD}8::");
        assert_eq!(packets(&whole), Ok(vec![text, "8::"]));
        assert_eq!(body(&["1::"]), "1::");
        assert_eq!(packets("1::"), Ok(vec!["1::"]));
        assert_eq!(packets(""), Ok(vec![]));
        assert_eq!(packets(&body(&[""])), Ok(vec![""]));
    }

    #[test]
    fn refuses_lengths_that_do_not_fit() {
        for text in [
            "\u{FFFD}",
            "\u{FFFD}\u{FFFD}",
            "\u{FFFD}3",
            "\u{FFFD}x\u{FFFD}8::",
            "\u{FFFD}4\u{FFFD}8::",
            "\u{FFFD}1\u{FFFD}🐎",
            "\u{FFFD}-1\u{FFFD}8::",
            "\u{FFFD}9999999999\u{FFFD}8::",
            "\u{FFFD}3\u{FFFD}8::rest",
        ] {
            assert_eq!(packets(text), Err(FrameError::Polling), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn bodies_round_trip(texts in proptest::collection::vec(any::<String>(), 1..6)) {
            let whole = body(&texts);
            prop_assert_eq!(packets(&whole), Ok(texts.iter().map(String::as_str).collect()));
        }
    }
}
