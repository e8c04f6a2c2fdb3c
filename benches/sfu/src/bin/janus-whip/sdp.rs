//! Descriptions between two ends that both offer: a player by WHEP (it wants to receive) and Janus (it wants to send).

/// A description by lines, without their ends.
struct Description<'a> {
    session: Vec<&'a str>,
    media: Vec<Vec<&'a str>>,
}

impl<'a> Description<'a> {
    fn parse(text: &'a str) -> Self {
        let mut description = Self {
            session: Vec::new(),
            media: Vec::new(),
        };
        for line in text.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
            if line.starts_with("m=") {
                description.media.push(vec![line]);
            } else if let Some(section) = description.media.last_mut() {
                section.push(line);
            } else {
                description.session.push(line);
            }
        }
        description
    }

    /// An attribute of a section, or of the session where the section has none.
    fn attribute(&self, section: &[&'a str], prefix: &str) -> Option<&'a str> {
        let of = |lines: &[&'a str]| lines.iter().copied().find(|line| line.starts_with(prefix));
        of(section).or_else(|| of(&self.session))
    }
}

/// The offer with the offering end as the one that begins DTLS: Janus would begin itself, but whoever answers by WHIP is to
/// wait (RFC 9725 §4.4.2).
pub(crate) fn active(offer: &str) -> String {
    offer.replace("a=setup:actpass", "a=setup:active")
}

/// What each of two offers is answered with: first that of a client that wants to receive, then that of a server that wants
/// to send. `None` when they have nothing in common.
pub(crate) fn cross(client: &str, server: &str) -> Option<(String, String)> {
    let (client, server) = (Description::parse(client), Description::parse(server));
    let to_client = answer(&client, &server, |section, ours| {
        // Everything the server says, under the names the client has.
        let kept = section
            .iter()
            .filter(|line| !line.starts_with("a=mid:") && !line.starts_with("a=setup:"));
        let mut lines: Vec<String> = kept.map(|line| (*line).to_owned()).collect();
        lines.push(attribute_of(ours, "a=mid:")?.to_owned());
        lines.push("a=setup:passive".to_owned());
        Some(lines)
    })?;
    let to_server = answer(&server, &client, |section, ours| {
        // The server's codecs, which it sends, at the client's end.
        let codecs = [
            "m=",
            "c=",
            "a=mid:",
            "a=rtpmap:",
            "a=fmtp:",
            "a=rtcp-fb:",
            "a=rtcp-mux",
        ];
        let kept = ours
            .iter()
            .filter(|line| codecs.iter().any(|prefix| line.starts_with(prefix)));
        let mut lines: Vec<String> = kept.map(|line| (*line).to_owned()).collect();
        for transport in ["a=ice-ufrag:", "a=ice-pwd:", "a=fingerprint:"] {
            lines.push(client.attribute(section, transport)?.to_owned());
        }
        lines.extend(["a=setup:active", "a=recvonly"].map(str::to_owned));
        Some(lines)
    })?;
    Some((to_client, to_server))
}

/// An answer to `ours` out of `theirs`: for each section the one of the same kind, made by `make(theirs, ours)`, or none.
fn answer(
    ours: &Description<'_>,
    theirs: &Description<'_>,
    make: impl Fn(&[&str], &[&str]) -> Option<Vec<String>>,
) -> Option<String> {
    let (mut mids, mut sections) = (Vec::new(), Vec::new());
    for section in &ours.media {
        let line = section.first()?;
        let other = theirs.media.iter().find(|other| kind(other) == kind(section));
        match other {
            Some(other) => {
                mids.push(attribute_of(section, "a=mid:")?.strip_prefix("a=mid:")?);
                sections.extend(make(other, section)?);
            }
            None => {
                let mut words: Vec<&str> = line.split(' ').collect();
                *words.get_mut(1)? = "0";
                sections.extend([
                    words.join(" "),
                    "c=IN IP4 0.0.0.0".to_owned(),
                    "a=inactive".to_owned(),
                ]);
                sections.push(attribute_of(section, "a=mid:")?.to_owned());
            }
        }
    }
    if mids.is_empty() {
        return None;
    }
    let kept = theirs.session.iter().filter(|line| !line.starts_with("a=group:"));
    let mut lines: Vec<String> = kept.map(|line| (*line).to_owned()).collect();
    lines.push(format!("a=group:BUNDLE {}", mids.join(" ")));
    lines.extend(sections);
    lines.push(String::new());
    Some(lines.join("\r\n"))
}

/// `audio`, `video`, `application`.
fn kind<'a>(section: &[&'a str]) -> Option<&'a str> {
    section.first()?.strip_prefix("m=")?.split(' ').next()
}

fn attribute_of<'a>(section: &[&'a str], prefix: &str) -> Option<&'a str> {
    section.iter().copied().find(|line| line.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: &str = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE a v\r\n\
        m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:a\r\na=ice-ufrag:cu\r\na=ice-pwd:cp\r\n\
        a=fingerprint:sha-256 CC\r\na=setup:actpass\r\na=recvonly\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n\
        m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:v\r\na=ice-ufrag:cu\r\na=ice-pwd:cp\r\n\
        a=fingerprint:sha-256 CC\r\na=setup:actpass\r\na=recvonly\r\na=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\n";

    const SERVER: &str = "v=0\r\no=- 2 1 IN IP4 127.0.0.1\r\ns=room\r\nt=0 0\r\na=ice-lite\r\na=group:BUNDLE 0\r\n\
        a=fingerprint:sha-256 DD\r\n\
        m=video 9 UDP/TLS/RTP/SAVPF 100\r\nc=IN IP4 127.0.0.1\r\na=sendonly\r\na=mid:0\r\na=rtcp-mux\r\n\
        a=ice-ufrag:su\r\na=ice-pwd:sp\r\na=setup:actpass\r\na=rtpmap:100 VP8/90000\r\na=ssrc:7 cname:janus\r\n\
        a=candidate:1 1 udp 2015363327 127.0.0.1 5000 typ host\r\n";

    fn lines(text: &str) -> Vec<&str> {
        text.lines().collect()
    }

    #[test]
    fn each_offer_is_answered_with_the_other() {
        let (to_client, to_server) = cross(CLIENT, SERVER).unwrap();
        let to_client = lines(&to_client);
        // Its own order and names; the server's transport, codec and candidates.
        let at = |line: &str| to_client.iter().position(|found| *found == line);
        assert!(at("m=audio 0 UDP/TLS/RTP/SAVPF 111") < at("m=video 9 UDP/TLS/RTP/SAVPF 100"));
        for line in [
            "a=group:BUNDLE v",
            "a=ice-lite",
            "a=fingerprint:sha-256 DD",
            "a=ice-ufrag:su",
            "a=ice-pwd:sp",
            "a=mid:v",
            "a=setup:passive",
            "a=sendonly",
            "a=rtpmap:100 VP8/90000",
            "a=candidate:1 1 udp 2015363327 127.0.0.1 5000 typ host",
        ] {
            assert!(at(line).is_some(), "{line} in {to_client:#?}");
        }
        assert_eq!(at("a=mid:0"), None);
        assert_eq!(at("a=setup:actpass"), None);

        let to_server = lines(&to_server);
        assert_eq!(to_server.iter().filter(|line| line.starts_with("m=")).count(), 1);
        for line in [
            "m=video 9 UDP/TLS/RTP/SAVPF 100",
            "a=group:BUNDLE 0",
            "a=mid:0",
            "a=ice-ufrag:cu",
            "a=ice-pwd:cp",
            "a=fingerprint:sha-256 CC",
            "a=setup:active",
            "a=recvonly",
            "a=rtpmap:100 VP8/90000",
        ] {
            assert!(to_server.contains(&line), "{line} in {to_server:#?}");
        }
        assert!(!to_server.iter().any(|line| line.starts_with("a=ssrc:")));
    }

    #[test]
    fn nothing_in_common_is_no_answer() {
        let text = SERVER.replace("m=video", "m=application");
        assert!(cross(CLIENT, &text).is_none());
        assert!(cross("", SERVER).is_none());
    }

    #[test]
    fn whoever_offers_begins_dtls() {
        assert!(!active(CLIENT).contains("actpass"));
        assert_eq!(active(CLIENT).matches("a=setup:active").count(), 2);
    }
}
