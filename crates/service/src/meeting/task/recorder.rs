//! Recorders of a meeting.

use anteroom_media_transport::router::{Command, PeerId};

use super::super::Venue;
use super::Task;
use crate::recording::{self, EndReason, MeetingInfo, tap_of};

impl Task {
    /// Begins to write, when the meeting says that it is recorded. Says `false` when that cannot be.
    pub(super) async fn begin_recording(&mut self) -> bool {
        let recordings = self.app.recordings();
        if self.recorder.is_some() || !self.meeting.is_being_recorded() || !recordings.is_enabled() {
            return true;
        }
        let meeting = match &self.venue {
            Venue::Meeting(record) => MeetingInfo {
                id: record.id.clone(),
                subject: record.subject.clone(),
                tenant: Some(record.tenant.to_string()),
                organizer: Some(record.organizer.to_string()),
                thread_id: Some(record.thread_id.to_string()),
            },
            Venue::Room(_) | Venue::Group { .. } => MeetingInfo {
                id: self.venue.key(),
                subject: String::new(),
                tenant: None,
                organizer: None,
                thread_id: None,
            },
        };
        let tap = tap_of(self.room, self.recordings);
        self.recordings += 1;
        let senders = self.meeting.senders();
        let begun = recordings.start(recording::Start {
            tap,
            meeting,
            people: senders.map(|(peer, sender)| (peer, person(sender))).collect(),
            clock: self.app.clock().clone(),
            media: self.media.clone(),
            inbox: self.inbox.clone(),
            busy: self.app.registry().busy(),
        });
        let Some(recorder) = begun else { return false };
        let sink = recorder.sink();
        self.recorder = Some(recorder);
        let (peer, room) = (tap, self.room);
        self.media.send(Command::AddTap { peer, room, sink }).await;
        true
    }

    /// Ends what is written, when the meeting is no longer recorded.
    pub(super) async fn end_recording(&mut self) {
        if self.meeting.is_being_recorded() {
            return;
        }
        let Some(recorder) = self.recorder.take() else {
            return;
        };
        let peer = recorder.tap();
        self.media.send(Command::RemovePeer { peer }).await;
        recorder.end(match (self.stops, self.meeting.started()) {
            (true, _) => EndReason::ServiceStopped,
            (false, false) => EndReason::MeetingEnded,
            (false, true) => EndReason::Stopped,
        });
    }

    /// Tells the recorder whose a peer's tracks are.
    pub(super) fn tell_recorder(&self, peer: PeerId) {
        if let Some(recorder) = &self.recorder
            && let Some(sender) = self.meeting.sender(peer)
        {
            recorder.person(peer, person(sender));
        }
    }
}

fn person((id, identity, display_name): (String, String, String)) -> recording::Person {
    recording::Person {
        id,
        identity,
        display_name,
    }
}
