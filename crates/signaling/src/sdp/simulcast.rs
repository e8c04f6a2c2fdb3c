//! Several encodings of one source in one section: `a=rid` (RFC 8851), `a=simulcast` (RFC 8853).

use super::attribute::{Attributes, payload_type_of};
use super::{Codec, SdpError};

/// Most `a=rid` lines read in a section.
const MAX_RIDS: usize = 32;
/// Longest identifier, in characters: what the RTP extension that carries it has room for with one-byte headers.
const MAX_RID_CHARS: usize = 16;
/// Longest list of restrictions of one identifier, in bytes.
const MAX_RESTRICTIONS_BYTES: usize = 256;

/// Most encodings of one source that are taken. Browsers send three; OBS Studio sends up to four.
pub const MAX_LAYERS: usize = 4;

/// An encoding that the sender of the description sends, as `a=rid` describes it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Rid {
    /// Its identifier: 1 to 16 characters.
    pub id: String,
    /// The payload types it may have; empty: all of the section's.
    pub payload_types: Vec<u8>,
    /// Other restrictions (`max-width=1280;max-fps=30`), as written; mostly empty.
    pub restrictions: String,
}

impl Rid {
    /// As it is answered: the payload types are cut down to the codecs that were taken. `None` when none is left.
    fn for_codecs(&self, codecs: &[Codec]) -> Option<Self> {
        let taken = |payload_type: &u8| codecs.iter().any(|codec| codec.payload_type == *payload_type);
        let payload_types: Vec<u8> = self.payload_types.iter().copied().filter(taken).collect();
        if payload_types.is_empty() != self.payload_types.is_empty() {
            return None;
        }
        Some(Self {
            payload_types,
            ..self.clone()
        })
    }

    /// The value of `a=rid` at the receiving end.
    pub(super) fn received(&self) -> String {
        let Self {
            id,
            payload_types,
            restrictions,
        } = self;
        let mut value = format!("{id} recv");
        let mut separator = ' ';
        if !payload_types.is_empty() {
            let list: Vec<String> = payload_types.iter().map(u8::to_string).collect();
            value = format!("{value}{separator}pt={}", list.join(","));
            separator = ';';
        }
        if !restrictions.is_empty() {
            value = format!("{value}{separator}{restrictions}");
        }
        value
    }
}

/// The encodings of a section that are taken: of each stream the first alternative that codecs were taken for, at most
/// [`MAX_LAYERS`] streams. Empty without simulcast.
pub(super) fn taken(streams: &[Vec<Rid>], codecs: &[Codec]) -> Vec<Rid> {
    streams
        .iter()
        .filter_map(|alternatives| alternatives.iter().find_map(|rid| rid.for_codecs(codecs)))
        .take(MAX_LAYERS)
        .collect()
}

/// The streams that `a=simulcast:send …` names, in order, each with its alternatives in order. What is paused (`~`) is a
/// stream like the others: its sender lets it flow when it likes. Empty without simulcast.
///
/// As the RFCs have it, lines that are not understood are as good as not there: the section then has one encoding.
pub(super) fn streams(attributes: Attributes<'_>) -> Result<Vec<Vec<Rid>>, SdpError> {
    let mut rids: Vec<Rid> = Vec::new();
    for value in attributes.values("rid") {
        if rids.len() == MAX_RIDS {
            return Err(SdpError::TooMany("encodings"));
        }
        if let Some(rid) = rid(value)
            && !rids.iter().any(|known| known.id == rid.id)
        {
            rids.push(rid);
        }
    }
    let Some(list) = attributes.value("simulcast").and_then(send_list) else {
        return Ok(Vec::new());
    };
    let mut streams = Vec::new();
    for alternatives in list.split(';') {
        let mut stream = Vec::new();
        for id in alternatives.split(',') {
            let id = id.strip_prefix('~').unwrap_or(id);
            // Each is named once (RFC 8853 §5.1), and one that is not described is none.
            if let Some(place) = rids.iter().position(|rid| rid.id == id) {
                stream.push(rids.remove(place));
            }
        }
        if !stream.is_empty() {
            streams.push(stream);
        }
    }
    Ok(streams)
}

/// The list after `send`, in a value that names each direction once.
fn send_list(value: &str) -> Option<&str> {
    let mut words = value.split_ascii_whitespace();
    let mut found = None;
    while let Some(direction) = words.next() {
        let list = words.next()?;
        match direction {
            "send" if found.is_none() => found = Some(list),
            "recv" => {}
            _ => return None,
        }
    }
    found
}

/// `a=rid:<id> send [pt=96,97;]<restrictions>`; `None` for the other direction and for what is no such line.
fn rid(value: &str) -> Option<Rid> {
    let mut words = value.split_ascii_whitespace();
    let id = words.next()?;
    let is_id = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !(1..=MAX_RID_CHARS).contains(&id.len()) || !id.bytes().all(is_id) || words.next()? != "send" {
        return None;
    }
    let mut payload_types = Vec::new();
    let mut restrictions: Vec<&str> = Vec::new();
    let listed = words.next().unwrap_or_default();
    if words.next().is_some() || listed.len() > MAX_RESTRICTIONS_BYTES {
        return None;
    }
    for restriction in listed.split(';').filter(|restriction| !restriction.is_empty()) {
        match restriction.strip_prefix("pt=") {
            Some(list) if payload_types.is_empty() => {
                for payload_type in list.split(',') {
                    payload_types.push(payload_type_of(payload_type, "rid").ok()?);
                }
            }
            Some(_) => return None,
            None => restrictions.push(restriction),
        }
    }
    Some(Rid {
        id: id.to_owned(),
        payload_types,
        restrictions: restrictions.join(";"),
    })
}

#[cfg(test)]
mod tests {
    use sdp_types::Attribute;

    use super::*;

    fn read(lines: &[(&str, &str)]) -> Vec<Vec<String>> {
        let attributes: Vec<Attribute> = lines
            .iter()
            .map(|(name, value)| Attribute::with_value(*name, value))
            .collect();
        let streams = streams(Attributes(&attributes)).unwrap();
        streams
            .into_iter()
            .map(|stream| stream.into_iter().map(|rid| rid.received()).collect())
            .collect()
    }

    const THREE: [(&str, &str); 3] = [("rid", "q send"), ("rid", "h send"), ("rid", "f send")];

    #[test]
    fn streams_with_alternatives_and_pauses_in_order() {
        let lines = |simulcast| [THREE.as_slice(), &[("simulcast", simulcast)]].concat();
        assert_eq!(
            read(&lines("send q;h;f")),
            [["q recv"], ["h recv"], ["f recv"]].map(Vec::from)
        );
        assert_eq!(
            read(&lines("recv a;b send ~f,h;~q")),
            [
                vec!["f recv".to_owned(), "h recv".to_owned()],
                vec!["q recv".to_owned()]
            ]
        );
        // Not described, or named again.
        assert_eq!(
            read(&lines("send x;q;q;h")),
            [["q recv"], ["h recv"]].map(Vec::from)
        );
    }

    #[test]
    fn what_is_no_simulcast_is_one_encoding() {
        for simulcast in [
            "recv q;h",
            "send",
            "send q;h send f",
            "both q",
            "",
            " send  ",
            "send ;,;~",
        ] {
            let lines = [THREE.as_slice(), &[("simulcast", simulcast)]].concat();
            assert_eq!(read(&lines), [[""; 0]; 0], "{simulcast}");
        }
        assert_eq!(
            read(&THREE),
            [[""; 0]; 0],
            "nothing says that they are sent together"
        );
        assert_eq!(
            read(&[("simulcast", "send q;h")]),
            [[""; 0]; 0],
            "nothing describes them"
        );
    }

    #[test]
    fn restrictions_stay_and_payload_types_are_cut_down() {
        let attributes = [
            Attribute::with_value("rid", "hi send pt=97,98;max-width=1280;max-fps=30"),
            Attribute::with_value("rid", "lo send max-width=320"),
            Attribute::with_value("rid", "av1 send pt=45"),
            Attribute::with_value("simulcast", "send hi;av1,lo"),
        ];
        let streams = streams(Attributes(&attributes)).unwrap();
        let codecs = [97, 100].map(|payload_type| Codec {
            payload_type,
            name: "VP8".to_owned(),
            clock_rate: 90_000,
            channels: None,
            fmtp: String::new(),
            feedback: Vec::new(),
        });
        let values: Vec<String> = taken(&streams, &codecs).iter().map(Rid::received).collect();
        assert_eq!(
            values,
            ["hi recv pt=97;max-width=1280;max-fps=30", "lo recv max-width=320"]
        );
    }

    #[test]
    fn lines_that_are_no_descriptions_are_left_out() {
        let long = format!("{} send", "x".repeat(MAX_RID_CHARS + 1));
        let wordy = format!("a send max-width={}", "1".repeat(MAX_RESTRICTIONS_BYTES));
        for line in [
            "",
            "a",
            "a recv",
            "a both",
            "a! send",
            "ä send",
            "a send pt=200",
            "a send pt=1;pt=2",
            "a send x y",
            &*long,
            &*wordy,
        ] {
            assert_eq!(rid(line), None, "{line}");
        }
        assert_eq!(
            rid("a send ;;").map(|rid| rid.received()),
            Some("a recv".to_owned())
        );
    }

    #[test]
    fn there_is_a_bound() {
        let names: Vec<String> = (0..=MAX_RIDS).map(|number| format!("r{number} send")).collect();
        let attributes: Vec<Attribute> = names
            .iter()
            .map(|name| Attribute::with_value("rid", name))
            .collect();
        let (few, many) = (Attributes(&attributes[1..]), Attributes(&attributes));
        assert_eq!(streams(few), Ok(Vec::new()));
        assert_eq!(streams(many), Err(SdpError::TooMany("encodings")));
        let all: Vec<Vec<Rid>> = names.iter().map(|name| vec![rid(name).unwrap()]).collect();
        assert_eq!(taken(&all, &[]).len(), MAX_LAYERS);
    }
}
