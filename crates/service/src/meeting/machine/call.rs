//! The call: entering, the roster, leaving, and what becomes of it when connections drop.

use anteroom_media_transport::router::{Command, PeerId};
use anteroom_signaling::proto::server_message::Body;
use anteroom_signaling::proto::{self, Speaker, Speaking};
use anteroom_teams_link::Capability;
use anteroom_teams_link::admission::{CapabilityReport, EndReason};

use super::chat::HistoryShare;
use super::feed::{Feed, Known};
use super::life::Call;
use super::pace::Pace;
use super::participant::{
    CallRole, Cut, Own, Participant, Person, PersonKind, Present, SessionId, Stage, wire_role,
};
use super::requests::wire_reason;
use super::rights::{names, states};
use super::{Effect, Meeting, Now};
use crate::meeting::events::EventKind;

/// Somebody on the way into the call.
pub(super) struct Entrant {
    /// Identifier in this meeting.
    pub(super) id: String,
    pub(super) person: Person,
    pub(super) role: CallRole,
    /// The signaling connection is up.
    pub(super) connected: bool,
}

impl Meeting {
    /// Puts somebody in the call who is not in `people`, and tells everybody. The lobby has to be reviewed afterwards.
    pub(super) fn enter(&mut self, session: SessionId, entrant: Entrant, reply: u32) {
        let Entrant {
            id,
            person,
            role,
            connected,
        } = entrant;
        let verified = matches!(person.kind, PersonKind::Organization { .. });
        let fresh_call = self.call.is_none().then(|| self.fresh_id());
        if let Some(id) = fresh_call {
            self.call = Some(Call::new(id));
            self.happened(EventKind::Started);
        }
        if let Some(call) = &mut self.call {
            call.forgive(&person.id);
        }
        let report = self.report(role, &person, Own::default());
        let identity = person.id.clone();
        let label = self.label(&person);
        let present = Present {
            role,
            report,
            capabilities: report.set(),
            own: Own::default(),
            cut: Cut::default(),
            mutes: 0,
            reactions: Pace::default(),
            known: Known::default(),
            shelf: self.shelves.put(session),
            mic_muted: true,
            camera_on: false,
            screen_sharing: false,
            chat_start: None,
            // Who was let in while its connection was down gets the chat when it is back.
            chat_suspended: !connected,
            chat_access: false,
            chat_seen: 0,
            peer: None,
            views: Vec::new(),
            views_pace: Pace::default(),
            typing_pace: Pace::default(),
            receipts_pace: Pace::default(),
        };
        let participant = Participant {
            id: id.clone(),
            person,
            label,
            connected,
            stage: Stage::InCall(Box::new(present)),
        };
        let joined = participant.for_event(self.facts.tenant());
        self.people.insert(session, participant);
        self.note_name(&identity);
        self.entered(session);
        let newest = self.feed.newest();
        if let Some(present) = self.people.get_mut(&session).and_then(Participant::present_mut) {
            present.known = newest;
        }

        // A guest may call the chat as soon as it hears that it is in.
        let fresh = self.reconcile_member(&identity) == Some(HistoryShare::FromNow);
        self.happened(EventKind::Joined { participant: joined });
        let message = self.connected_message(id, role, &report);
        self.reply(session, reply, message);
        self.send_roster_snapshot(session);
        if report.set().contains(Capability::ManageLobby) {
            self.send_lobby_snapshot(session);
        }
        self.send_tracks_snapshot(session);
        // Who sees what is said from now on has nothing to read.
        self.announce_chat_access(session, true, !fresh);
        if verified && !self.has_green_room() {
            self.start();
        }
        self.send_state(session);
    }

    /// A participant goes. With a reason, it is told; without, its session is over already.
    pub(super) fn depart(&mut self, now: Now, session: SessionId, reply: u32, reason: Option<EndReason>) {
        let Some(participant) = self.people.get(&session) else {
            return;
        };
        if !participant.in_call() {
            self.leave_lobby(session, reply, reason.as_ref());
            return;
        }
        self.leave_call(session, reply, reason.as_ref());
        self.call_may_be_over();
        self.review_lobby(now);
    }

    /// Ends the call and the lobby for everybody.
    pub(super) fn end_all(&mut self, reason: &EndReason) {
        let waiting = self.lobby.take_all();
        self.turn_all_away(waiting, reason);
        let present: Vec<SessionId> = self.people.keys().copied().collect();
        for session in present {
            self.leave_call(session, 0, Some(reason));
        }
        self.call_may_be_over();
    }

    pub(super) fn connection_lost(&mut self, session: SessionId) {
        self.set_connected(session, false);
    }

    pub(super) fn resumed(&mut self, session: SessionId) {
        self.set_connected(session, true);
        let Some(present) = self.people.get_mut(&session).and_then(Participant::present_mut) else {
            return;
        };
        if std::mem::take(&mut present.chat_suspended) {
            self.reconcile_chat_of(session);
        }
        self.repeat_demands(session);
    }

    /// Tells who speaks, loudest first; peers that are not in the call are left out.
    pub fn handle_speakers(&mut self, speakers: &[(PeerId, u8)]) {
        let speakers: Vec<Speaker> = speakers
            .iter()
            .filter_map(|(peer, level)| {
                let participant = self.people.get(&self.session_of(*peer)?)?;
                Some(Speaker {
                    participant_id: participant.id.clone(),
                    level: u32::from(*level),
                })
            })
            .collect();
        if speakers.is_empty() && !self.speaking {
            return;
        }
        self.speaking = !speakers.is_empty();
        self.broadcast(&Body::Speaking(Speaking { speakers }), |_, participant| {
            participant.connected
        });
    }

    pub(super) fn call_may_be_over(&mut self) {
        if !self.people.values().any(Participant::in_call) {
            if self.call.is_some() {
                self.happened(EventKind::Ended);
            }
            self.call = None;
            self.speaking = false;
            self.state_told = None;
            self.feed = Feed::default();
            // What was switched in the call ends with it.
            self.apply_switches();
        }
    }

    /// Takes a participant out of the call. Chat and media are cut before anybody, the participant included, hears of
    /// it. The end of the call and the lobby have to be looked at afterwards.
    pub(super) fn leave_call(&mut self, session: SessionId, reply: u32, reason: Option<&EndReason>) {
        let Some(participant) = self.people.remove(&session) else {
            return;
        };
        let left = participant.for_event(self.facts.tenant());
        let Stage::InCall(present) = participant.stage else {
            return;
        };
        self.shelves.take(present.shelf, session);
        self.names_changed = true;
        let nameless = present.is_nameless();
        self.reconcile_member(&participant.person.id);
        if let Some(peer) = present.peer {
            self.effects
                .push_back(Effect::Media(Box::new(Command::RemovePeer { peer: peer.id() })));
            self.tracks_gone(session, &peer);
        }
        self.happened(EventKind::Left {
            participant: left,
            reason: reason.copied(),
        });
        if let Some(reason) = reason {
            let body = Body::Ended(proto::Ended {
                reason: Some(wire_reason(reason)),
            });
            self.effects.push_back(Effect::End { session, reply, body });
        }
        if let Some(call) = &mut self.call {
            let before = call.hands.len() + call.spotlight.len();
            call.hands.retain(|other| *other != session);
            call.spotlight.retain(|other| *other != session);
            if before != call.hands.len() + call.spotlight.len() {
                self.state_changed();
            }
        }
        self.left(session, participant.id, participant.person.display_name, nameless);
    }

    fn set_connected(&mut self, session: SessionId, connected: bool) {
        let Some(participant) = self.people.get_mut(&session) else {
            return;
        };
        if participant.connected != connected {
            participant.connected = connected;
            self.roster_changed(session);
        }
    }

    fn connected_message(&self, id: String, role: CallRole, report: &CapabilityReport) -> Body {
        Body::Connected(proto::Connected {
            participant_id: id,
            role: wire_role(role).into(),
            capabilities: names(&report.set()),
            subject: self.facts.subject.clone(),
            thread_id: self.facts.thread_id.clone(),
            call_id: self.call.as_ref().map(|call| call.id.clone()).unwrap_or_default(),
            join_url: self.facts.join_url.clone(),
            states: states(report),
        })
    }
}
