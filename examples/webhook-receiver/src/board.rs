//! Who waits and who is in which meeting.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::event::{Event, Participant};

/// The meetings in which somebody is, or waits.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Board {
    meetings: BTreeMap<String, Meeting>,
}

#[derive(Debug, Clone, Default, Serialize)]
struct Meeting {
    /// By participant.
    waiting: BTreeMap<String, Person>,
    /// By participant.
    in_the_call: BTreeMap<String, Person>,
    /// Of the last event. Events of one meeting come in their order; this holds, too, if something in between does not.
    #[serde(skip)]
    sequence: u64,
}

#[derive(Debug, Clone, Serialize)]
struct Person {
    name: String,
    external: bool,
}

impl From<&Participant> for Person {
    fn from(participant: &Participant) -> Self {
        Self {
            // Guests choose their names; a page that shows this escapes it.
            name: participant.display_name.clone(),
            external: participant.external,
        }
    }
}

impl Board {
    /// Follows an event.
    pub fn apply(&mut self, event: &Event) {
        let data = event.data();
        let Some(id) = data.meeting.as_ref().map(|meeting| meeting.id.clone()) else {
            return;
        };
        let meeting = self.meetings.entry(id.clone()).or_default();
        if data.sequence > meeting.sequence {
            meeting.sequence = data.sequence;
            meeting.apply(event.kind(), data.participant.as_ref());
        }
        if meeting.waiting.is_empty() && meeting.in_the_call.is_empty() {
            self.meetings.remove(&id);
        }
    }
}

impl Meeting {
    fn apply(&mut self, kind: &str, participant: Option<&Participant>) {
        match (kind, participant) {
            // Nobody can be in it from before: what said that they left was given up.
            ("meeting.started" | "meeting.ended", _) => self.in_the_call.clear(),
            ("meeting.lobby.waiting", Some(participant)) => {
                self.waiting.insert(participant.id.clone(), participant.into());
            }
            ("meeting.lobby.left", Some(participant)) => {
                self.waiting.remove(&participant.id);
            }
            ("meeting.participant.joined", Some(participant)) => {
                self.waiting.remove(&participant.id);
                self.in_the_call
                    .insert(participant.id.clone(), participant.into());
            }
            ("meeting.participant.left", Some(participant)) => {
                self.in_the_call.remove(&participant.id);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

    use serde_json::{Value, json};

    use super::*;

    fn event(kind: &str, sequence: u64, participant: &str) -> Event {
        let event = json!({
            "specversion": "1.0", "id": format!("evt_{sequence}"), "type": format!("io.github.anteroom-project.{kind}"),
            "data": {
                "sequence": sequence, "meeting": { "id": "m" },
                "participant": { "id": participant, "displayName": participant, "external": true },
            },
        });
        Event::parse(&event.to_string()).unwrap()
    }

    fn shown(board: &Board) -> Value {
        serde_json::to_value(board).unwrap()["meetings"].clone()
    }

    #[test]
    fn people_wait_come_and_go() {
        let mut board = Board::default();
        board.apply(&event("meeting.lobby.waiting", 1, "dana"));
        assert_eq!(
            shown(&board),
            json!({ "m": { "waiting": { "dana": { "name": "dana", "external": true } }, "in_the_call": {} } })
        );
        board.apply(&event("meeting.lobby.left", 2, "dana"));
        board.apply(&event("meeting.participant.joined", 3, "dana"));
        assert_eq!(shown(&board)["m"]["in_the_call"]["dana"]["name"], "dana");
        // What is older than what is known changes nothing.
        board.apply(&event("meeting.lobby.waiting", 1, "dana"));
        assert_eq!(shown(&board)["m"]["waiting"], json!({}));
        // Neither does what is not known yet.
        board.apply(&event("meeting.participant.danced", 4, "dana"));
        assert_eq!(shown(&board)["m"]["in_the_call"]["dana"]["name"], "dana");
        board.apply(&event("meeting.participant.left", 5, "dana"));
        assert_eq!(shown(&board), json!({}));
    }

    #[test]
    fn a_meeting_that_starts_has_nobody_in_it() {
        let mut board = Board::default();
        board.apply(&event("meeting.participant.joined", 1, "dana"));
        board.apply(&event("meeting.started", 2, ""));
        assert_eq!(shown(&board), json!({}));
    }
}
