//! What `anteroom join` shows: JSON lines for programs, a live view for people.

use std::collections::HashMap;
use std::io::Write as _;
use std::time::Duration;

use anteroom::client::{Event, Label, LobbyReason, MeetingState, Participant, Stats};
use console::{Style, Term};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};

/// Characters of a level meter.
const METER_WIDTH: usize = 16;

/// Rows of the roster shown; the rest is counted.
const ROSTER_ROWS: usize = 12;

/// Where events go.
pub(crate) enum View {
    Json,
    Live(Box<Live>),
}

impl View {
    /// `consent`: whether this participant agrees to being recorded where that is asked for.
    pub(crate) fn new(json: bool, stay_seconds: Option<u32>, consent: bool) -> Self {
        if json {
            Self::Json
        } else {
            Self::Live(Box::new(Live::new(stay_seconds, consent)))
        }
    }

    pub(crate) fn show(&mut self, event: &Event) {
        match self {
            Self::Json => {
                if let Some(line) = json_line(event) {
                    // A reader that went away is no reason to leave the call.
                    let mut out = std::io::stdout().lock();
                    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
                }
            }
            Self::Live(live) => live.show(event),
        }
    }

    pub(crate) fn close(&mut self) {
        if let Self::Live(live) = self {
            live.close();
        }
    }
}

/// One event as the JSON object of the documented output.
fn json_line(event: &Event) -> Option<Value> {
    Some(match event {
        Event::Lobby { reason } => json!({"event": "lobby", "reason": lobby_reason(*reason)}),
        Event::Connected {
            participant_id,
            role,
            capabilities,
            subject,
            thread_id,
        } => json!({
            "event": "connected", "participantId": participant_id, "role": role.as_str(),
            "capabilities": capabilities, "subject": subject, "threadId": thread_id,
        }),
        Event::CapabilitiesChanged { role, capabilities } => json!({
            "event": "capabilitiesChanged", "role": role.as_str(), "capabilities": capabilities,
        }),
        Event::MeetingState(state) => json!({
            "event": "meetingState", "locked": state.locked, "recording": state.recording,
            "transcription": state.transcription, "consentRequired": state.consent_required,
            "started": state.started, "hands": state.hands, "spotlight": state.spotlight,
        }),
        Event::Recording {
            recording,
            transcription,
            consent_required,
        } => json!({
            "event": "recording", "recording": recording, "transcription": transcription,
            "consentRequired": consent_required,
        }),
        Event::Reaction {
            participant_id,
            reaction,
        } => json!({"event": "reaction", "participantId": participant_id, "reaction": reaction.as_str()}),
        Event::Announcement { entered, left } => {
            json!({"event": "announcement", "entered": entered, "left": left})
        }
        Event::Muted { by } => json!({"event": "muted", "by": by}),
        Event::MediaConnected => json!({"event": "mediaConnected"}),
        Event::Roster(participants) => json!({
            "event": "roster", "participants": participants.iter().map(participant).collect::<Vec<_>>(),
        }),
        Event::LobbyRoster(waiting) => json!({
            "event": "lobbyRoster",
            "participants": waiting
                .iter()
                .map(|w| json!({"id": w.id, "rawId": w.raw_id, "displayName": w.display_name}))
                .collect::<Vec<_>>(),
        }),
        Event::Subscribed { participant_id } => {
            json!({"event": "subscribed", "participantId": participant_id})
        }
        Event::FirstAudio { after_join } => {
            json!({"event": "firstAudio", "afterJoinMs": milliseconds(*after_join)})
        }
        Event::Chat {
            id,
            sender,
            sender_name,
            text,
            history,
        } => json!({
            "event": "chat", "id": id, "from": sender, "fromName": sender_name, "text": text, "history": history,
        }),
        Event::ChatChanged { id, text } => json!({"event": "chatChanged", "id": id, "text": text}),
        Event::Typing {
            participant_id,
            display_name,
        } => json!({"event": "typing", "participantId": participant_id, "displayName": display_name}),
        Event::ReadReceipt {
            participant_id,
            message_id,
        } => json!({"event": "readReceipt", "participantId": participant_id, "messageId": message_id}),
        Event::Played => json!({"event": "played"}),
        Event::Reconnecting => json!({"event": "reconnecting"}),
        Event::Resumed => json!({"event": "resumed"}),
        Event::Stats(stats) => json!({
            "event": "stats", "packetsSent": stats.packets_sent, "packetsReceived": stats.packets_received,
            "packetsLost": stats.packets_lost, "jitterMs": milliseconds(stats.jitter),
            "rttMs": stats.rtt.map(milliseconds), "level": stats.level, "sentLevel": stats.sent_level,
            "concealedSamples": stats.concealed_samples,
        }),
        Event::Refused { key, message } => json!({"event": "error", "key": key, "message": message}),
        Event::Ended { reason, refused } => json!({
            "event": "ended", "code": reason.code, "subCode": reason.sub_code, "key": reason.key,
            "message": reason.message, "refused": refused,
        }),
        Event::Failed { message } => json!({"event": "failed", "message": message}),
        _ => return None,
    })
}

fn participant(participant: &Participant) -> Value {
    json!({
        "id": participant.id, "rawId": participant.raw_id, "displayName": participant.display_name,
        "role": participant.role.as_str(), "external": participant.external,
        "label": participant.label.map(Label::as_str), "nameHidden": participant.name_hidden,
        "micMuted": participant.mic_muted,
        "cameraOn": participant.camera_on, "screenSharing": participant.screen_sharing,
        "reconnecting": participant.reconnecting,
    })
}

fn lobby_reason(reason: LobbyReason) -> &'static str {
    match reason {
        LobbyReason::Start => "waitForStart",
        _ => "waitForAdmit",
    }
}

fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 10_000.0).round() / 10.0
}

/// Roster, level meters and chat, redrawn in place; plain lines when the output is no terminal.
pub(crate) struct Live {
    bars: MultiProgress,
    status: ProgressBar,
    rows: Vec<ProgressBar>,
    stay: Option<ProgressBar>,
    participants: Vec<Participant>,
    meeting: MeetingState,
    levels: HashMap<String, u8>,
    own_id: String,
    terminal: bool,
    consent: bool,
}

impl Live {
    fn new(stay_seconds: Option<u32>, consent: bool) -> Self {
        let terminal = Term::stderr().is_term();
        let bars = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        let line =
            ProgressStyle::with_template("{wide_msg}").unwrap_or_else(|_| ProgressStyle::default_spinner());
        let status = bars.add(ProgressBar::new_spinner().with_style(line));
        status.set_message("Connecting…");
        let stay = stay_seconds.map(|seconds| {
            let style = ProgressStyle::with_template("{bar:40.cyan/black} {pos}/{len} s")
                .unwrap_or_else(|_| ProgressStyle::default_bar());
            bars.add(ProgressBar::new(u64::from(seconds)).with_style(style))
        });
        Self {
            bars,
            status,
            rows: Vec::new(),
            stay,
            participants: Vec::new(),
            meeting: MeetingState::default(),
            levels: HashMap::new(),
            own_id: String::new(),
            terminal,
            consent,
        }
    }

    fn show(&mut self, event: &Event) {
        let bold = Style::new().bold();
        match event {
            Event::Lobby {
                reason: LobbyReason::Start,
            } => self.say("Waiting in the lobby: the meeting has not started."),
            Event::Lobby { .. } => self.say("Waiting in the lobby to be let in."),
            Event::Connected {
                participant_id,
                subject,
                ..
            } => {
                self.own_id.clone_from(participant_id);
                self.say(&format!("In the call: {}", bold.apply_to(printable(subject))));
            }
            Event::CapabilitiesChanged { role, .. } => self.say(&format!("You are {} now.", role.as_str())),
            Event::Roster(participants) => {
                self.participants.clone_from(participants);
                self.draw_roster();
            }
            Event::MeetingState(state) => {
                if state.locked != self.meeting.locked {
                    let locked = if state.locked { "locked" } else { "open again" };
                    self.line(&format!("The meeting is {locked}."));
                }
                self.meeting.clone_from(state);
                self.draw_roster();
            }
            Event::Recording {
                recording,
                transcription,
                consent_required,
            } => self.line(&recording_notice(
                *recording,
                *transcription,
                *consent_required,
                self.consent,
            )),
            Event::Reaction {
                participant_id,
                reaction,
            } => {
                let name = self.name_of(participant_id);
                self.line(&format!("{name}: {}", reaction.as_str()));
            }
            Event::Muted { by } => {
                let name = self.name_of(by);
                self.line(&format!("{name} muted you."));
            }
            Event::LobbyRoster(waiting) => {
                for guest in waiting {
                    self.line(&format!("{} waits in the lobby", printable(&guest.display_name)));
                }
            }
            Event::Speaking(speakers) => {
                self.levels = speakers.iter().cloned().collect();
                self.draw_roster();
            }
            Event::Chat {
                sender_name, text, ..
            } => {
                self.line(&format!(
                    "{}: {}",
                    bold.apply_to(printable(sender_name)),
                    printable(text)
                ));
            }
            Event::ChatChanged { text: Some(text), .. } => {
                self.line(&format!("A message was changed: {}", printable(text)));
            }
            Event::ChatChanged { text: None, .. } => self.line("A message was deleted."),
            Event::Stats(stats) => self.stats(stats),
            Event::Reconnecting => self.say("Connection lost, trying again…"),
            Event::Resumed => self.say("Connected again."),
            Event::Refused { message, .. } => self.line(&printable(message)),
            Event::Ended { reason, .. } => self.say(&printable(&reason.message)),
            Event::Failed { message } => self.say(&printable(message)),
            _ => {}
        }
    }

    fn stats(&self, stats: &Stats) {
        if let Some(stay) = &self.stay {
            stay.inc(1);
        }
        if !self.terminal {
            return;
        }
        let rtt = stats
            .rtt
            .map_or_else(String::new, |rtt| format!("  rtt {:.1} ms", milliseconds(rtt)));
        self.status.set_message(format!(
            "hearing {}  received {}  lost {}  jitter {:.1} ms{rtt}",
            meter(Some(stats.level)),
            stats.packets_received,
            stats.packets_lost,
            milliseconds(stats.jitter),
        ));
    }

    fn draw_roster(&mut self) {
        if !self.terminal {
            return;
        }
        let shown = self.participants.len().min(ROSTER_ROWS);
        let style =
            ProgressStyle::with_template("  {wide_msg}").unwrap_or_else(|_| ProgressStyle::default_spinner());
        while self.rows.len() < shown {
            let row = ProgressBar::new_spinner().with_style(style.clone());
            self.rows.push(self.bars.insert_before(&self.status, row));
        }
        for row in self.rows.drain(shown..) {
            row.finish_and_clear();
            self.bars.remove(&row);
        }
        for (row, participant) in self.rows.iter().zip(&self.participants) {
            let level = self.levels.get(&participant.id).copied();
            let mut labels = Vec::new();
            if participant.id == self.own_id {
                labels.push("you");
            }
            labels.extend(participant.label.map(Label::as_str));
            if participant.mic_muted {
                labels.push("muted");
            }
            if participant.reconnecting {
                labels.push("reconnecting");
            }
            let hand = self.meeting.hands.iter().position(|id| *id == participant.id);
            let hand = hand.map(|place| format!("hand raised, number {}", place + 1));
            labels.extend(hand.as_deref());
            let labels = if labels.is_empty() {
                String::new()
            } else {
                format!(" ({})", labels.join(", "))
            };
            row.set_message(format!(
                "{} {}{labels}",
                meter(level),
                printable(&participant.display_name)
            ));
        }
    }

    fn name_of(&self, participant_id: &str) -> String {
        let mut all = self.participants.iter();
        let known = all.find(|participant| participant.id == participant_id);
        known.map_or_else(
            || "Somebody".to_owned(),
            |participant| printable(&participant.display_name),
        )
    }

    fn say(&self, text: &str) {
        if self.terminal {
            self.status.set_message(text.to_owned());
        } else {
            self.line(text);
        }
    }

    fn line(&self, text: &str) {
        if !self.terminal || self.bars.println(text).is_err() {
            let _ = writeln!(std::io::stderr(), "{text}");
        }
    }

    fn close(&self) {
        for row in &self.rows {
            row.finish_and_clear();
        }
        if let Some(stay) = &self.stay {
            stay.finish_and_clear();
        }
        self.status.abandon();
    }
}

fn recording_notice(recording: bool, transcription: bool, consent_required: bool, consent: bool) -> String {
    let what = match (recording, transcription) {
        (false, false) => return "The meeting is no longer recorded.".to_owned(),
        (true, false) => "recorded",
        (false, true) => "transcribed",
        (true, true) => "recorded and transcribed",
    };
    let consent = match (consent_required, consent) {
        (true, false) => " Nobody hears you until you agree: join with --consent.",
        (true, true) => " You agree to it.",
        (false, _) => "",
    };
    format!("The meeting is being {what}.{consent}")
}

/// A level in -dBov as a bar; quieter than -60 is empty.
fn meter(level: Option<u8>) -> String {
    let loudness = 60usize.saturating_sub(usize::from(level.unwrap_or(127)));
    let full = (loudness * METER_WIDTH).div_ceil(60).min(METER_WIDTH);
    format!("[{}{}]", "=".repeat(full), " ".repeat(METER_WIDTH - full))
}

/// What somebody else wrote, without what could steer a terminal.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use anteroom::client::EndReason;

    use super::*;

    #[test]
    fn the_documented_keys_are_there() {
        let reason = EndReason {
            code: 404,
            sub_code: 5751,
            key: "meeting_not_found".into(),
            message: "No.".into(),
        };
        let line = json_line(&Event::Ended {
            reason,
            refused: true,
        })
        .unwrap();
        assert_eq!(line["event"], "ended");
        assert_eq!(line["code"], 404);
        assert_eq!(line["subCode"], 5751);
        assert_eq!(line["key"], "meeting_not_found");
        let line = json_line(&Event::Stats(Stats::default())).unwrap();
        assert!(line["rttMs"].is_null());
        assert_eq!(line["packetsLost"], 0);
    }

    #[test]
    fn a_recording_is_told_in_words_and_in_json() {
        assert_eq!(
            recording_notice(true, false, false, false),
            "The meeting is being recorded."
        );
        assert!(recording_notice(true, true, true, false).contains("until you agree"));
        assert!(recording_notice(true, true, true, true).contains("You agree"));
        assert!(recording_notice(false, false, true, true).contains("no longer"));
        let state = MeetingState::default();
        let line = json_line(&Event::MeetingState(state)).unwrap();
        assert_eq!(line["event"], "meetingState");
        assert_eq!(line["hands"], json!([]));
    }

    #[test]
    fn a_meter_goes_from_empty_to_full() {
        assert_eq!(meter(None), format!("[{}]", " ".repeat(METER_WIDTH)));
        assert_eq!(meter(Some(60)), format!("[{}]", " ".repeat(METER_WIDTH)));
        assert_eq!(meter(Some(0)), format!("[{}]", "=".repeat(METER_WIDTH)));
        assert!(meter(Some(30)).contains('='));
    }

    #[test]
    fn chat_cannot_steer_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb"), "a [2Jb");
    }
}
