//! The call as administrators see it.

use anteroom_signaling::proto;

use super::life::Call;
use super::participant::{Participant, unix_ms};
use super::{Meeting, Policy};
use crate::meeting::live::{LiveCall, LiveParticipant, LiveWaiting};

impl Meeting {
    /// Who is in the call and who waits, all names included.
    pub(crate) fn live(&self, id: String) -> LiveCall {
        let call = self.call.as_ref();
        let tenant = self.facts.tenant();
        let participants = self
            .people
            .values()
            .filter_map(|person| in_call(&person.roster_entry(tenant)?));
        let waiting = self.people.values().filter_map(Participant::lobby_entry);
        LiveCall {
            id,
            kind: match self.facts.host {
                Some(_) => "meeting",
                None => "room",
            },
            subject: self.facts.subject.clone(),
            since_ms: call.and_then(|call| call.started_at).map(unix_ms),
            locked: matches!(&self.policy, Policy::Meeting(rules) if rules.options.locked),
            recording: call.is_some_and(|call: &Call| call.recording),
            transcription: call.is_some_and(|call| call.transcription),
            participants: participants.collect(),
            waiting: waiting.map(in_lobby).collect(),
        }
    }
}

fn in_call(entry: &proto::Participant) -> Option<LiveParticipant> {
    Some(LiveParticipant {
        name: entry.display_name.clone(),
        identity: entry.raw_id.clone(),
        role: word(entry.role().as_str_name(), "ROLE_")?,
        label: label(entry.label()),
        mic_muted: entry.mic_muted,
        camera_on: entry.camera_on,
        screen_sharing: entry.screen_sharing,
        reconnecting: entry.reconnecting,
    })
}

fn in_lobby(entry: proto::LobbyParticipant) -> LiveWaiting {
    LiveWaiting {
        label: label(entry.label()),
        name: entry.display_name,
        identity: entry.raw_id,
        since_ms: entry.since_ms,
    }
}

fn label(label: proto::Label) -> Option<String> {
    match label {
        proto::Label::Unspecified => None,
        label => word(label.as_str_name(), "LABEL_"),
    }
}

/// `ROLE_CO_ORGANIZER` as `co_organizer`.
fn word(name: &str, prefix: &str) -> Option<String> {
    name.strip_prefix(prefix).map(str::to_ascii_lowercase)
}
