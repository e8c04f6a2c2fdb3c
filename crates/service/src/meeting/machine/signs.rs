//! Signs of attention in the chat: who is typing, and how far who has read. They go through the chat's thread, so that
//! whoever is in it by other ways sees them, too, and is seen.

use std::time::Duration;

use anteroom_identity::id::CommunicationIdentifier;
use anteroom_signaling::proto::server_message::Body;
use anteroom_signaling::proto::{ReadReceipt, Typing};
use time::OffsetDateTime;

use super::names::View;
use super::participant::{Participant, Present, SessionId};
use super::{Effect, Meeting, Now};
use crate::chat::names::HIDDEN_NAME;

/// How often it is passed on that a participant is typing.
const TYPING: (Duration, u32) = (Duration::from_secs(2), 1);

/// One read receipt every so often, after a burst, of one participant.
const RECEIPTS: (Duration, u32) = (Duration::from_millis(250), 20);

/// Calls with more in them are told nothing: nobody looks at it, and it would be everybody times everybody. ACS itself
/// stops at 20.
const TOLD_UP_TO: usize = 100;

impl Meeting {
    /// Somebody is typing in the thread, in the call or elsewhere.
    pub fn handle_typing(&mut self, by: &CommunicationIdentifier, display_name: &str) {
        let told = self.attentive(by, |_| true);
        if told.is_empty() {
            return;
        }
        let nameless = self.is_nameless(by);
        let here = self.in_call_as(by);
        // Elsewhere everybody may call itself anything.
        let display_name = here.map_or(display_name, |here| &here.person.display_name);
        let typing = |display_name: &str, name_hidden| {
            Body::Typing(Typing {
                participant_id: here.map(|here| here.id.clone()).unwrap_or_default(),
                raw_id: by.to_string(),
                display_name: display_name.to_owned(),
                name_hidden,
            })
        };
        let (open, masked) = (typing(display_name, false), typing(HIDDEN_NAME, true));
        let (to_masked, to) = told
            .into_iter()
            .partition(|(_, view)| nameless && *view == View::Masked);
        self.send_all(sessions(to), open);
        self.send_all(sessions(to_masked), masked);
    }

    /// Somebody has read the thread up to a message of that time, in the call or elsewhere.
    pub fn handle_read(&mut self, by: &CommunicationIdentifier, message_id: &str, said: OffsetDateTime) {
        // A receipt for what somebody cannot see means nothing to it.
        let told = self.attentive(by, |present| {
            present.chat_start.is_none_or(|start| start.at <= said)
        });
        let receipt = Body::ReadReceipt(ReadReceipt {
            participant_id: self
                .in_call_as(by)
                .map(|here| here.id.clone())
                .unwrap_or_default(),
            message_id: message_id.to_owned(),
            raw_id: by.to_string(),
        });
        self.send_all(sessions(told), receipt);
    }

    pub(super) fn typing(&mut self, now: Now, by: SessionId, reply: u32) {
        let Some(present) = self.in_chat(by, reply) else {
            return;
        };
        let (interval, burst) = TYPING;
        let counts = present.typing_pace.allows(now.instant, interval, burst);
        if let Some(participant) = self.people.get(&by).filter(|_| counts) {
            self.effects.push_back(Effect::ChatTyping {
                from: by,
                member: participant.person.id.clone(),
                display_name: participant.person.display_name.clone(),
            });
        }
        self.done(by, reply);
    }

    pub(super) fn read_up_to(&mut self, now: Now, by: SessionId, reply: u32, message_id: String) {
        let Some(present) = self.in_chat(by, reply) else {
            return;
        };
        let (interval, burst) = RECEIPTS;
        if !present.receipts_pace.allows(now.instant, interval, burst) {
            self.refuse(by, reply, "rate_limited", "Read receipts come too often.");
            return;
        }
        if let Some(participant) = self.people.get(&by) {
            self.effects.push_back(Effect::ChatRead {
                from: by,
                reply,
                member: participant.person.id.clone(),
                message_id,
            });
        }
    }

    /// The others who may use the chat, as far as they are `wanted`, with what each sees of names; nobody in a large call.
    fn attentive(
        &self,
        but: &CommunicationIdentifier,
        wanted: impl Fn(&Present) -> bool,
    ) -> Vec<(SessionId, View)> {
        if self.present_count() > TOLD_UP_TO {
            return Vec::new();
        }
        let others = self.people.iter().filter(|(_, other)| other.person.id != *but);
        let told = others.filter_map(|(session, participant)| {
            let present = participant.present()?;
            (present.chat_access && wanted(present)).then(|| (*session, present.view()))
        });
        told.collect()
    }

    /// The first of somebody's participants in the call.
    fn in_call_as(&self, person: &CommunicationIdentifier) -> Option<&Participant> {
        let mut present = self.people.values().filter(|participant| participant.in_call());
        present.find(|participant| participant.person.id == *person)
    }
}

fn sessions(told: Vec<(SessionId, View)>) -> Vec<SessionId> {
    told.into_iter().map(|(session, _)| session).collect()
}

#[cfg(test)]
mod tests;
