//! Fragments of descriptions: what changes while a session runs (RFC 8840), as WHIP and WHEP send it.

use super::SdpError;

/// Longest fragment read, in bytes.
const MAX_BYTES: usize = 16 * 1024;

/// What a fragment brings an end that is ICE-lite. Candidates are not looked at: their checks tell of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fragment {
    /// New user fragment and password: ICE starts again. Both are made of ice-chars, 4 to 256 and 22 to 256 of them
    /// (RFC 8839 §5.4).
    pub credentials: Option<(String, String)>,
}

impl Fragment {
    /// Reads a fragment.
    ///
    /// # Errors
    /// [`SdpError::TooLarge`] beyond 16 KiB; [`SdpError::Syntax`]; [`SdpError::Malformed`] credentials, or different ones
    /// in different sections; [`SdpError::NoIceCredentials`] when there is only half of them.
    pub fn parse(text: &str) -> Result<Self, SdpError> {
        if text.len() > MAX_BYTES {
            return Err(SdpError::TooLarge(text.len()));
        }
        let (mut ufrag, mut pwd) = (None, None);
        for line in text.lines().filter(|line| !line.is_empty()) {
            let (kind, value) = line.split_once('=').ok_or(SdpError::Syntax)?;
            if !matches!(kind, "a" | "m" | "c" | "b" | "i" | "k") {
                return Err(SdpError::Syntax);
            }
            // On the session's level or on a section's; all are of one transport.
            if let Some(found) = value.strip_prefix("ice-ufrag:") {
                same(&mut ufrag, found, 4).ok_or(SdpError::Malformed("ice-ufrag"))?;
            } else if let Some(found) = value.strip_prefix("ice-pwd:") {
                same(&mut pwd, found, 22).ok_or(SdpError::Malformed("ice-pwd"))?;
            }
        }
        let credentials = match (ufrag, pwd) {
            (Some(ufrag), Some(pwd)) => Some((ufrag, pwd)),
            (None, None) => None,
            _ => return Err(SdpError::NoIceCredentials),
        };
        Ok(Self { credentials })
    }

    /// What is new in an [`answer`](super::answer) after ICE was started again: its credentials and candidates, in the
    /// section that stands for the transport.
    #[must_use]
    pub fn of_answer(answer: &str) -> String {
        const KEPT: [&str; 7] = [
            "m=",
            "a=group:BUNDLE",
            "a=mid:",
            "a=ice-ufrag:",
            "a=ice-pwd:",
            "a=candidate:",
            "a=end-of-candidates",
        ];
        let mut fragment = String::from("a=ice-lite\r\n");
        let mut sections = 0;
        for line in answer.lines() {
            sections += usize::from(line.starts_with("m="));
            if sections > 1 {
                break;
            }
            if KEPT.iter().any(|kept| line.starts_with(kept)) {
                fragment.push_str(line);
                fragment.push_str("\r\n");
            }
        }
        fragment
    }
}

/// Takes a value of at least so many ice-chars, which has to be the same wherever it stands.
fn same(known: &mut Option<String>, found: &str, least: usize) -> Option<()> {
    let is_ice_char = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/';
    let good = (least..=256).contains(&found.len()) && found.bytes().all(is_ice_char);
    if !good || known.as_deref().is_some_and(|known| known != found) {
        return None;
    }
    *known = Some(found.to_owned());
    Some(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<Option<(String, String)>, SdpError> {
        Fragment::parse(text).map(|fragment| fragment.credentials)
    }

    const RESTART: &str = "a=ice-options:trickle ice2\r\na=group:BUNDLE 0 1\r\n\
        m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=ice-ufrag:ysXw\r\na=ice-pwd:vw5LmwG4y/e6dPP/zAP9Gp5k\r\n\
        a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host\r\n\r\n";

    #[test]
    fn candidates_bring_nothing_and_credentials_a_restart() {
        assert_eq!(read(""), Ok(None));
        let candidate =
            "m=audio 9 RTP/AVP 0\na=mid:0\na=candidate:1 1 udp 1 192.0.2.1 9 typ host\na=end-of-candidates\n";
        assert_eq!(read(candidate), Ok(None));
        let (ufrag, pwd) = read(RESTART).unwrap().unwrap();
        assert_eq!((&*ufrag, pwd.len()), ("ysXw", 24));
    }

    #[test]
    fn what_is_half_or_says_two_things_is_refused() {
        let half = RESTART.replace("a=ice-pwd:vw5LmwG4y/e6dPP/zAP9Gp5k\r\n", "");
        let short = RESTART.replace("ysXw", "abc");
        let foreign = RESTART.replace("ysXw", "ab cd");
        let two = format!("{RESTART}m=video 9 X 1\r\na=ice-ufrag:other\r\n");
        let long = RESTART.repeat(100);
        for text in [&*half, &short, &foreign, &two, &long, "{}", "v=0\r\n"] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_answer_is_cut_down_to_the_transport() {
        let answer = "v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\na=group:BUNDLE 0 1\r\na=ice-lite\r\n\
            m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n\
            a=fingerprint:sha-256 AA\r\na=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\na=end-of-candidates\r\n\
            m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\na=ice-ufrag:abcd\r\n";
        assert_eq!(
            Fragment::of_answer(answer),
            "a=ice-lite\r\na=group:BUNDLE 0 1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=ice-ufrag:abcd\r\n\
             a=ice-pwd:0123456789012345678901\r\na=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\na=end-of-candidates\r\n"
        );
        assert!(
            read(&Fragment::of_answer(answer)).unwrap().is_some(),
            "it is a fragment itself"
        );
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "(a=(ice-ufrag:|ice-pwd:|)[ -~]{0,30}\r?\n|[ -~é]{0,20}\n){0,8}") {
            let _ = read(&text);
            let _ = Fragment::of_answer(&text);
        }
    }
}
