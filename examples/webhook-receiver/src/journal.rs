//! What came, on disk: a line of JSON for each event, written before the service is told that it was taken.
//!
//! It is also the memory of ids. The service sends an event again for up to three days (`webhooks.max_age_hours`), each
//! time with a new timestamp, so ids must be remembered for longer than that.

use std::collections::{HashSet, VecDeque};
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::{Duration, OffsetDateTime};

use crate::event::Event;

/// How long an event is kept.
const KEPT: Duration = Duration::days(7);

/// An open journal.
#[derive(Debug)]
pub struct Journal {
    file: File,
    /// Length of what was written whole, in bytes.
    length: u64,
    known: HashSet<String>,
    /// The same ids, by the time they came, in Unix seconds.
    by_age: VecDeque<(i64, String)>,
}

#[derive(Serialize, Deserialize)]
struct Line {
    /// Unix seconds.
    received: i64,
    /// As it came, on one line.
    event: Value,
}

impl Journal {
    /// Opens it, or makes one, and gives the events in it that are not too old, the oldest first. The others are taken
    /// out, as is a line that was being written when the program ended: that event was not answered, and comes again.
    ///
    /// # Errors
    /// The file can be neither read nor written.
    pub fn open(path: &Path, now: OffsetDateTime) -> io::Result<(Self, Vec<Event>)> {
        let mut bytes = Vec::new();
        match File::open(path) {
            Ok(mut file) => file.read_to_end(&mut bytes).map(drop)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let text = String::from_utf8_lossy(&bytes);
        let oldest = (now - KEPT).unix_timestamp();
        let (mut events, mut kept) = (Vec::new(), String::new());
        let (mut known, mut by_age) = (HashSet::new(), VecDeque::new());
        for text in text.lines() {
            let Ok(Line { received, event }) = serde_json::from_str(text) else {
                continue;
            };
            let Ok(event) = Event::read(event) else {
                continue;
            };
            if received >= oldest && known.insert(event.id.clone()) {
                by_age.push_back((received, event.id.clone()));
                kept.push_str(text);
                kept.push('\n');
                events.push(event);
            }
        }
        replace(path, &kept)?;
        let journal = Self {
            file: OpenOptions::new().append(true).open(path)?,
            length: u64::try_from(kept.len()).map_err(io::Error::other)?,
            known,
            by_age,
        };
        Ok((journal, events))
    }

    /// Writes an event down, unless one with its id was written before; whether it did. It is on disk then.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn append(&mut self, event: &Event, text: &str, now: OffsetDateTime) -> io::Result<bool> {
        let received = now.unix_timestamp();
        self.forget((now - KEPT).unix_timestamp());
        if self.known.contains(&event.id) {
            return Ok(false);
        }
        let mut line = serde_json::to_vec(&Line {
            received,
            event: serde_json::from_str(text)?,
        })?;
        line.push(b'\n');
        let written = self.file.write_all(&line).and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            // Half a line would swallow the next one.
            self.file.set_len(self.length)?;
            return Err(error);
        }
        self.length += u64::try_from(line.len()).map_err(io::Error::other)?;
        self.known.insert(event.id.clone());
        self.by_age.push_back((received, event.id.clone()));
        Ok(true)
    }

    fn forget(&mut self, oldest: i64) {
        while let Some((_, id)) = self.by_age.pop_front_if(|(received, _)| *received < oldest) {
            self.known.remove(&id);
        }
    }
}

/// Readable by its owner only: there are names in it.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let mut file = tempfile::NamedTempFile::new_in(directory.unwrap_or_else(|| Path::new(".")))?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

    use time::macros::datetime;

    use super::*;

    fn event(id: &str) -> (Event, String) {
        let text = format!("{{\n\"specversion\":\"1.0\",\"id\":\"{id}\",\"type\":\"x\"}}");
        (Event::parse(&text).unwrap(), text)
    }

    #[test]
    fn an_event_is_written_once_also_over_restarts() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("journal.jsonl");
        let now = datetime!(2026-11-21 13:00 UTC);
        let (mut journal, events) = Journal::open(&path, now).unwrap();
        assert!(events.is_empty());
        for (id, new) in [("a", true), ("b", true), ("a", false)] {
            let (event, text) = event(id);
            assert_eq!(journal.append(&event, &text, now).unwrap(), new);
        }
        drop(journal);

        // The program ended in the middle of a line.
        let torn = std::fs::read_to_string(&path).unwrap() + r#"{"received":1,"ev"#;
        std::fs::write(&path, torn).unwrap();
        let (mut journal, events) = Journal::open(&path, now + Duration::days(2)).unwrap();
        let ids: Vec<&str> = events.iter().map(|event| event.id.as_str()).collect();
        assert_eq!(ids, ["a", "b"]);
        let (again, text) = event("b");
        let later = now + Duration::days(2);
        assert!(!journal.append(&again, &text, later).unwrap());
        let (new, text) = event("c");
        assert!(journal.append(&new, &text, later).unwrap());
        drop(journal);
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 3);

        let (_, events) = Journal::open(&path, now + Duration::days(8)).unwrap();
        let ids: Vec<&str> = events.iter().map(|event| event.id.as_str()).collect();
        assert_eq!(ids, ["c"]);
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 1);
    }

    #[test]
    fn ids_are_forgotten_with_their_events() {
        let place = tempfile::tempdir().unwrap();
        let now = datetime!(2026-11-21 13:00 UTC);
        let (mut journal, _) = Journal::open(&place.path().join("journal.jsonl"), now).unwrap();
        let (event, text) = event("a");
        assert!(journal.append(&event, &text, now).unwrap());
        assert!(!journal.append(&event, &text, now + KEPT).unwrap());
        assert!(
            journal
                .append(&event, &text, now + KEPT + Duration::SECOND)
                .unwrap()
        );
        assert_eq!((journal.known.len(), journal.by_age.len()), (1, 1));
    }
}
