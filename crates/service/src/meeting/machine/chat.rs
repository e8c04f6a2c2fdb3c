//! The meeting's chat: who is a member when, and who hears what.

use std::collections::BTreeSet;

use anteroom_identity::id::CommunicationIdentifier;
use anteroom_signaling::proto::server_message::Body;
use anteroom_signaling::proto::{self, ChatAccess, ChatMessage};
use time::OffsetDateTime;

use super::names::View;
use super::participant::{Participant, Present, SessionId, unix_ms};
use super::{Effect, Meeting};
use crate::chat::names::HIDDEN_NAME;
use crate::meeting::events::EventKind;

/// Something said in the chat, as everybody who may see it hears it.
#[derive(Clone, PartialEq, Eq)]
pub struct ChatLine {
    /// The message's id.
    pub id: String,
    /// Place in the thread; increases.
    pub sequence: u64,
    /// Raw identifier of the sender.
    pub sender: String,
    /// Name of the sender.
    pub sender_display_name: String,
    /// Plain text.
    pub text: String,
    /// When it was said.
    pub created: OffsetDateTime,
    /// When it was last changed.
    pub edited: Option<OffsetDateTime>,
    /// Its sender has deleted it.
    pub deleted: bool,
}

impl std::fmt::Debug for ChatLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChatLine")
            .field("sequence", &self.sequence)
            .finish_non_exhaustive()
    }
}

impl ChatLine {
    /// The line as those hear it who may see the sender's name, or may not.
    fn message(&self, history: bool, name_hidden: bool) -> Body {
        let name = if name_hidden {
            HIDDEN_NAME
        } else {
            &self.sender_display_name
        };
        Body::Chat(ChatMessage {
            id: self.id.clone(),
            sender_raw_id: self.sender.clone(),
            sender_display_name: name.to_owned(),
            text: self.text.clone(),
            created_ms: unix_ms(self.created),
            history,
            name_hidden,
            edited_ms: self.edited.map_or(0, unix_ms),
            deleted: self.deleted,
        })
    }

    /// Who said it.
    fn sender(&self) -> Option<CommunicationIdentifier> {
        self.sender.parse().ok()
    }
}

/// What a member of the chat may see of what was said before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HistoryShare {
    /// Everything.
    All,
    /// Nothing that was said before now.
    FromNow,
    /// What was said since then: somebody who had that view before, in the same stay.
    Since(ChatStart),
}

/// Where in the thread a stay began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChatStart {
    /// What was said up to this place is invisible.
    pub after: u64,
    /// The time of it.
    pub at: OffsetDateTime,
}

/// A membership of the chat thread that comes from being in the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Membership {
    pub(super) display_name: String,
    /// Stays a member after leaving, and sees everything.
    pub(super) lasting: bool,
    /// What was said up to this place is invisible; known once the chat has taken the member.
    pub(super) after: u64,
}

impl Meeting {
    /// A message was said in the thread: everybody hears it who is in the call and may see it.
    pub fn handle_chat(&mut self, line: &ChatLine) {
        let sender = self
            .people
            .values()
            .find(|participant| participant.in_call() && participant.person.id.to_string() == line.sender);
        self.happened(EventKind::ChatMessage {
            participant: sender.map(|participant| participant.for_event(self.facts.tenant())),
            line: line.clone(),
        });
        self.tell_line(line, |present, after| {
            let is_new = line.sequence > after.max(present.chat_seen);
            if is_new {
                present.chat_seen = line.sequence;
            }
            is_new
        });
    }

    /// A message was changed or deleted: everybody hears it who was told of it. Who has not been told yet reads it as it
    /// is now.
    pub fn handle_chat_changed(&mut self, line: &ChatLine) {
        self.tell_line(line, |present, after| {
            line.sequence > after && line.sequence <= present.chat_seen
        });
    }

    /// Tells of a message whoever may use the chat and is `concerned`, by what it has been told, and the place after which
    /// it sees what is said.
    fn tell_line(&mut self, line: &ChatLine, mut concerned: impl FnMut(&mut Present, u64) -> bool) {
        let said_by = line.sender();
        let nameless = said_by.as_ref().is_none_or(|sender| self.is_nameless(sender));
        let (mut to, mut masked) = (Vec::new(), Vec::new());
        for (session, participant) in &mut self.people {
            let own = said_by.as_ref() == Some(&participant.person.id);
            let Some(after) = self
                .members
                .get(&participant.person.id)
                .map(|member| member.after)
            else {
                continue;
            };
            let Some(present) = participant.present_mut().filter(|present| present.chat_access) else {
                continue;
            };
            if concerned(present, after) {
                if nameless && !own && present.view() == View::Masked {
                    masked.push(*session);
                } else {
                    to.push(*session);
                }
            }
        }
        self.send_all(to, line.message(false, false));
        self.send_all(masked, line.message(false, true));
    }

    /// The chat has taken a member, who sees what was said since `start`.
    pub fn handle_chat_joined(&mut self, member: &CommunicationIdentifier, start: ChatStart) {
        let Some(membership) = self.members.get_mut(member) else {
            return;
        };
        membership.after = start.after;
        for participant in self
            .people
            .values_mut()
            .filter(|participant| participant.person.id == *member)
        {
            if let Some(present) = participant.present_mut() {
                present.chat_start.get_or_insert(start);
            }
        }
    }

    /// Messages may have been missed: reads the history of everybody who may see it anew.
    pub fn handle_chat_lagged(&mut self) {
        for (session, participant) in &self.people {
            if participant.present().is_some_and(|present| present.chat_access) {
                let member = participant.person.id.clone();
                self.effects
                    .push_back(Effect::ChatHistory { to: *session, member });
            }
        }
    }

    /// Hands a participant what was said before it connected, once.
    pub(super) fn history(&mut self, session: SessionId, lines: Vec<ChatLine>) {
        let Some(participant) = self.people.get_mut(&session) else {
            return;
        };
        let Some(after) = self
            .members
            .get(&participant.person.id)
            .map(|member| member.after)
        else {
            return;
        };
        let reader = participant.person.id.clone();
        let Some(present) = participant.present_mut().filter(|present| present.chat_access) else {
            return;
        };
        let masked = present.view() == View::Masked;
        let mut seen = after.max(present.chat_seen);
        let mut unseen = lines;
        unseen.retain(|line| {
            let is_new = line.sequence > seen;
            seen = seen.max(line.sequence);
            is_new
        });
        if !unseen.is_empty() {
            present.chat_seen = seen;
        }
        for line in unseen {
            let said_by = line.sender();
            let own = said_by.as_ref() == Some(&reader);
            let nameless = said_by.as_ref().is_none_or(|sender| self.is_nameless(sender));
            self.send(session, line.message(true, masked && nameless && !own));
        }
    }

    pub(super) fn send_chat(
        &mut self,
        session: SessionId,
        reply: u32,
        text: String,
        client_message_id: String,
    ) {
        if self.in_chat(session, reply).is_none() {
            return;
        }
        let Some(participant) = self.people.get(&session) else {
            return;
        };
        self.effects.push_back(Effect::ChatSend {
            from: session,
            reply,
            member: participant.person.id.clone(),
            display_name: participant.person.display_name.clone(),
            text,
            client_message_id,
        });
    }

    /// The state of a session that has to be in the call and may use the chat; if it is not or may not, it is told.
    pub(super) fn in_chat(&mut self, session: SessionId, reply: u32) -> Option<&mut Present> {
        let allowed = self.in_call(session, reply)?.chat_access;
        if !allowed {
            self.refuse(session, reply, "not_allowed", "The chat of this meeting is off.");
            return None;
        }
        self.people.get_mut(&session)?.present_mut()
    }

    pub(super) fn chat_sent(
        &mut self,
        session: SessionId,
        reply: u32,
        result: Result<String, (&'static str, String)>,
    ) {
        match result {
            Ok(id) if reply != 0 => self.reply(session, reply, Body::Done(proto::Done { id })),
            Ok(_) => {}
            Err((key, message)) => self.refuse(session, reply, key, &message),
        }
    }

    pub(super) fn chat_grace_over(&mut self, session: SessionId) {
        let Some(participant) = self.people.get_mut(&session) else {
            return;
        };
        if participant.connected {
            return;
        }
        let Some(present) = participant.present_mut() else {
            return;
        };
        present.chat_suspended = true;
        self.reconcile_chat_of(session);
    }

    /// Makes the membership of one participant follow, and tells it and whoever has the same identity.
    pub(super) fn reconcile_chat_of(&mut self, session: SessionId) {
        let Some(person) = self
            .people
            .get(&session)
            .map(|participant| participant.person.id.clone())
        else {
            return;
        };
        self.reconcile_member(&person);
        let same: Vec<SessionId> = self
            .people
            .iter()
            .filter(|(_, other)| other.person.id == person && other.in_call())
            .map(|(session, _)| *session)
            .collect();
        for session in same {
            self.announce_chat_access(session, false, true);
        }
    }

    /// Makes one identity's membership follow from whether it is in the call. Who becomes a member is given what it may
    /// see of what was said before.
    pub(super) fn reconcile_member(&mut self, person: &CommunicationIdentifier) -> Option<HistoryShare> {
        let mut same = self.people.values().filter(|other| other.person.id == *person);
        let wanted = same.find(|participant| self.may_chat(participant));
        match (wanted, self.members.get(person)) {
            (None, Some(membership)) => {
                // Colleagues keep the chat after the call.
                if !membership.lasting {
                    let member = person.clone();
                    self.effects.push_back(Effect::ChatRemove { member });
                }
                self.members.remove(person);
                None
            }
            (Some(participant), None) => {
                let membership = self.membership(participant);
                let history = self.history_share(person);
                self.effects.push_back(Effect::ChatAdd {
                    member: person.clone(),
                    display_name: membership.display_name.clone(),
                    history,
                });
                self.members.insert(person.clone(), membership);
                Some(history)
            }
            (None, None) | (Some(_), Some(_)) => None,
        }
    }

    fn membership(&self, participant: &Participant) -> Membership {
        Membership {
            display_name: participant.person.display_name.clone(),
            lasting: self.is_colleague(participant),
            after: 0,
        }
    }

    /// Makes memberships follow from who is in the call and tells everybody whose access changed.
    pub(super) fn reconcile_chat(&mut self) {
        self.reconcile_members();
        let present: Vec<SessionId> = self
            .people
            .iter()
            .filter(|(_, p)| p.in_call())
            .map(|(session, _)| *session)
            .collect();
        for session in present {
            self.announce_chat_access(session, false, true);
        }
    }

    /// Makes memberships follow from who is in the call. Several participants under one identity share a membership.
    fn reconcile_members(&mut self) {
        // Nobody whose membership stays is looked at twice: in a large meeting that would be everybody times everybody.
        let wanted: BTreeSet<CommunicationIdentifier> = self
            .people
            .values()
            .filter(|participant| self.may_chat(participant))
            .map(|participant| participant.person.id.clone())
            .collect();
        let gone: Vec<CommunicationIdentifier> = self
            .members
            .keys()
            .filter(|member| !wanted.contains(*member))
            .cloned()
            .collect();
        let fresh: Vec<CommunicationIdentifier> = wanted
            .into_iter()
            .filter(|member| !self.members.contains_key(member))
            .collect();
        for member in gone.iter().chain(&fresh) {
            self.reconcile_member(member);
        }
    }

    /// Tells a participant whether it may use the chat, when that has changed or `always`; with access comes what was said
    /// before, if there is anything it may see.
    pub(super) fn announce_chat_access(&mut self, session: SessionId, always: bool, history: bool) {
        let Some(participant) = self.people.get(&session) else {
            return;
        };
        let allowed = self.may_chat(participant);
        let member = participant.person.id.clone();
        let Some(present) = self.people.get_mut(&session).and_then(Participant::present_mut) else {
            return;
        };
        let changed = std::mem::replace(&mut present.chat_access, allowed) != allowed;
        if changed || always {
            self.send(session, Body::ChatAccess(ChatAccess { allowed }));
        }
        if allowed && changed && history {
            self.effects
                .push_back(Effect::ChatHistory { to: session, member });
        }
    }

    fn may_chat(&self, participant: &Participant) -> bool {
        let present = participant
            .present()
            .is_some_and(|present| !present.chat_suspended);
        present && self.chat_is_on(participant)
    }

    /// What an identity may see: everything for colleagues, otherwise what was said since its present stay began.
    fn history_share(&self, id: &CommunicationIdentifier) -> HistoryShare {
        let mut same = self
            .people
            .values()
            .filter(|participant| participant.person.id == *id)
            .peekable();
        if same
            .peek()
            .is_some_and(|participant| self.is_colleague(participant))
        {
            return HistoryShare::All;
        }
        let known = same.filter_map(|participant| participant.present()?.chat_start);
        known
            .min_by_key(|start| start.after)
            .map_or(HistoryShare::FromNow, HistoryShare::Since)
    }
}
