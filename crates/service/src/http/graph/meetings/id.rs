//! Ids of online meetings as Graph writes them: `MSo…` or `MSp…`, base64 of organizer and thread. Opaque to clients, stable here.

use anteroom_identity::id::ObjectId;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Longest id looked at, in bytes.
const ID_BYTES: usize = 1024;

/// What an id stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MeetingKey {
    pub(super) organizer: ObjectId,
    pub(super) thread: String,
}

/// The id of a meeting.
pub(super) fn encode(organizer: ObjectId, thread: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("1*{organizer}*0**{thread}"))
}

/// What an id stands for; `None` for what is no id. The standard alphabet and padding are read, too.
pub(super) fn decode(id: &str) -> Option<MeetingKey> {
    if id.len() > ID_BYTES {
        return None;
    }
    let plain = id.trim_end_matches('=').replace('+', "-").replace('/', "_");
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(plain).ok()?).ok()?;
    let (organizer, thread) = text.strip_prefix("1*")?.split_once("*0**")?;
    thread.starts_with("19:").then_some(())?;
    Some(MeetingKey {
        organizer: organizer.parse().ok()?,
        thread: thread.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_was_written() {
        let organizer: ObjectId = "0b7e6c44-91d2-4e0f-8a3b-6d5f4c3b2a19".parse().unwrap();
        let thread = "19:meeting_YjM0ZjE2ZDAtN2E1Yi00YzNkLTkxZTItMGE4ZjdjNmI1ZDQz@thread.v2";
        let id = encode(organizer, thread);
        assert!(id.starts_with("MSo"), "{id}");
        let key = MeetingKey {
            organizer,
            thread: thread.to_owned(),
        };
        assert_eq!(decode(&id), Some(key.clone()));
        assert_eq!(decode(&format!("{id}=")), Some(key));
        for wrong in [
            "",
            "x",
            "MSo",
            "!!",
            &"MSo".repeat(1000),
            &URL_SAFE_NO_PAD.encode("1*x*0**19:y"),
        ] {
            assert_eq!(decode(wrong), None, "{wrong}");
        }
    }
}
