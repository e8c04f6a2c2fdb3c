//! What a running meeting keeps of the settings it began with.
//!
//! Most options of a meeting work at once when they are changed during the call; those that Graph's `onlineMeeting`
//! documents otherwise work from the next call on.

use anteroom_teams_link::policy::MeetingOptions;

/// What a meeting began with.
#[derive(Debug, Clone)]
pub(super) struct Started {
    subject: String,
    options: MeetingOptions,
}

impl Started {
    pub(super) fn new(subject: &str, options: &MeetingOptions) -> Self {
        Self {
            subject: subject.to_owned(),
            options: options.clone(),
        }
    }

    /// What holds in the running meeting when these are the settings now.
    pub(super) fn keep(&self, subject: &mut String, options: &mut MeetingOptions) {
        let before = &self.options;
        subject.clone_from(&self.subject);
        options.attendees.clone_from(&before.attendees);
        options.allow_breakout_rooms = before.allow_breakout_rooms;
        options.allow_whiteboard = before.allow_whiteboard;
        options.allow_powerpoint_sharing = before.allow_powerpoint_sharing;
        options.allow_live_share = before.allow_live_share;
        options.record_automatically = before.record_automatically;
        options.watermark_protection = before.watermark_protection;
        options
            .anonymize_identity_for_roles
            .clone_from(&before.anonymize_identity_for_roles);
    }
}

#[cfg(test)]
mod tests {
    use anteroom_teams_link::policy::{AllowedPresenters, LobbyScope};

    use super::*;

    #[test]
    fn some_changes_wait_for_the_next_call() {
        let before = MeetingOptions::default();
        let started = Started::new("Loans", &before);
        let mut subject = "Cars".to_owned();
        let mut now = MeetingOptions {
            allow_whiteboard: false,
            record_automatically: true,
            allow_attendee_to_enable_mic: false,
            allowed_presenters: AllowedPresenters::Organizer,
            lobby: LobbyScope::Everyone.into(),
            ..before.clone()
        };
        started.keep(&mut subject, &mut now);
        assert_eq!(subject, "Loans");
        let expected = MeetingOptions {
            allow_attendee_to_enable_mic: false,
            allowed_presenters: AllowedPresenters::Organizer,
            lobby: LobbyScope::Everyone.into(),
            ..before
        };
        assert_eq!(now, expected);
    }
}
