//! `anteroom join`: takes part in a meeting from the command line.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anteroom::client::{Credential, EndReason, Event, JoinOptions, Meeting};
use anteroom_codec::container::ReadLimits;
use anteroom_codec::container::wav;
use anyhow::{Context as _, bail};
use clap::Args;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use url::Url;

use super::recording::Recording;
use super::signals;
use super::view::View;

/// Exit code when the meeting did not let the participant in.
const REFUSED: u8 = 2;

/// How long a good-bye may take.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(5);

/// Silence before `--play` starts once somebody else is there, so that they have asked for the sound by then.
const LEAD_IN: Duration = Duration::from_secs(1);

/// Join a meeting as a guest, or from the Teams side with --as; or a room of ACS with --room, or a group call with --group.
///
/// Exit code 0 after a normal end, 2 when refused, 1 when something failed.
#[derive(Debug, Args)]
pub(crate) struct Join {
    /// The meeting link.
    #[arg(required_unless_present_any = ["room", "group"], conflicts_with_all = ["room", "group"])]
    link: Option<String>,

    /// Id of an ACS room to join instead; the token's user has to be on the room's list.
    #[arg(
        long,
        value_name = "ID",
        requires = "endpoint",
        conflicts_with_all = ["upn", "admit_all", "chat"]
    )]
    room: Option<String>,

    /// GUID of a group call to join instead, or to begin when nobody is there: users of one ACS resource who name the same
    /// one meet.
    #[arg(
        long,
        value_name = "GUID",
        requires = "endpoint",
        conflicts_with_all = ["room", "upn", "admit_all", "chat"]
    )]
    group: Option<String>,

    /// The display name of the guest, 1 to 256 characters.
    #[arg(long, default_value = "Guest", allow_hyphen_values = true)]
    name: String,

    /// Base address of the service; the link's own host when absent.
    #[arg(long, value_name = "URL")]
    endpoint: Option<Url>,

    /// PEM file of a certification authority to trust instead of the system's.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,

    /// ACS connection string: a new user with a token is made for this call.
    #[arg(
        long,
        value_name = "S",
        env = "COMMUNICATION_CONNECTION_STRING",
        hide_env_values = true
    )]
    connection_string: Option<String>,

    /// ACS user token (scope voip) or directory token.
    #[arg(
        long,
        value_name = "T",
        conflicts_with = "connection_string",
        env = "ANTEROOM_TOKEN",
        hide_env_values = true
    )]
    token: Option<String>,

    /// Join from the Teams side, as this directory user.
    #[arg(
        long = "as",
        value_name = "UPN",
        requires = "password",
        conflicts_with = "token"
    )]
    upn: Option<String>,

    /// Password of the directory user.
    #[arg(
        long,
        allow_hyphen_values = true,
        value_name = "P",
        env = "ANTEROOM_PASSWORD",
        hide_env_values = true
    )]
    password: Option<String>,

    /// Say this WAV file once somebody else is in the call.
    #[arg(long, value_name = "FILE.wav")]
    play: Option<PathBuf>,

    /// Say it again and again.
    #[arg(long = "loop", requires = "play")]
    repeat: bool,

    /// Write what is heard (all others mixed) to this file, as its ending says: .wav (samples), .ogg or .opus (Opus);
    /// .webm or .mkv (Opus, and VP8 pictures of the shared screen or of who speaks). A killed program leaves all but
    /// the last second or two; of .webm and .mkv nothing, when it was killed in the first three seconds.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,

    /// Say this in the chat after connecting; may be repeated.
    #[arg(long, allow_hyphen_values = true, value_name = "TEXT")]
    chat: Vec<String>,

    /// Leave this many seconds after connecting.
    #[arg(long = "for", value_name = "SECONDS")]
    stay: Option<u32>,

    /// Let everybody in from the lobby.
    #[arg(long)]
    admit_all: bool,

    /// Agree to being recorded and transcribed, where the meeting asks for it.
    #[arg(long)]
    consent: bool,

    /// Print one JSON object per line instead of the live view.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(join: Join) -> anyhow::Result<ExitCode> {
    // Files first: a typing error should not cost a place in the lobby.
    let speech = match &join.play {
        Some(path) => Some(
            wav::open(path, ReadLimits::default())
                .with_context(|| format!("cannot play {}", path.display()))?,
        ),
        None => None,
    };
    let recorder = match &join.record {
        Some(path) => {
            Some(Recording::create(path).with_context(|| format!("cannot record to {}", path.display()))?)
        }
        None => None,
    };
    let credential = credential(&join)?;
    let mut options = match (&join.room, &join.group, &join.endpoint) {
        (Some(room), _, Some(endpoint)) => JoinOptions::room(room, endpoint.clone(), &join.name, credential),
        (_, Some(group), Some(endpoint)) => {
            JoinOptions::group(group, endpoint.clone(), &join.name, credential)
        }
        _ => JoinOptions::new(join.link.as_deref().unwrap_or_default(), &join.name, credential),
    };
    options.endpoint.clone_from(&join.endpoint);
    options.ca_file.clone_from(&join.ca);
    options.admit_all = join.admit_all;
    options.record = recorder.is_some();
    options.record_video = recorder.as_ref().is_some_and(Recording::wants_pictures);

    let view = View::new(join.json, join.stay, join.consent);
    let (meeting, events) = Meeting::join(options).await?;
    let mut session = Session {
        meeting,
        recorder,
        speech,
        view,
        join,
        playing: false,
        in_call: false,
    };
    let outcome = session.run(events).await;
    session.finish(outcome).await
}

fn credential(join: &Join) -> anyhow::Result<Credential> {
    if let (Some(upn), Some(password)) = (&join.upn, &join.password) {
        return Ok(Credential::Directory {
            upn: upn.clone(),
            password: password.clone(),
        });
    }
    if let Some(token) = &join.token {
        return Ok(Credential::Token(token.clone()));
    }
    if join.room.is_some() {
        // A user that is made for this call is on no room's list.
        bail!("a room takes invited users only: give the --token of one");
    }
    match &join.connection_string {
        Some(text) => Ok(Credential::ConnectionString(text.clone())),
        None => bail!("give --token, --connection-string, or --as with --password"),
    }
}

/// How the call came to its end.
enum Outcome {
    Ended { reason: EndReason, refused: bool },
    Failed(String),
}

struct Session {
    meeting: Meeting,
    recorder: Option<Recording>,
    speech: Option<Vec<i16>>,
    view: View,
    join: Join,
    playing: bool,
    in_call: bool,
}

impl Session {
    async fn run(&mut self, mut events: mpsc::Receiver<Event>) -> anyhow::Result<Outcome> {
        let mut stop = signals::stop()?;
        // Both dates stay far away until they mean something.
        let never = Instant::now() + Duration::from_secs(365 * 24 * 3600);
        let (mut leave_at, mut give_up_at) = (never, never);
        loop {
            tokio::select! {
                event = events.recv() => {
                    let Some(event) = event else {
                        return Ok(Outcome::Failed("the call ended without a reason".to_owned()));
                    };
                    self.view.show(&event);
                    match event {
                        Event::Connected { .. } => {
                            self.in_call = true;
                            if let Some(seconds) = self.join.stay {
                                leave_at = Instant::now() + Duration::from_secs(u64::from(seconds));
                            }
                            self.say_lines().await;
                        }
                        Event::Roster(participants) if participants.len() > 1 => self.play().await,
                        Event::Recording { recording, transcription, consent_required: true }
                            if self.join.consent && (recording || transcription) =>
                        {
                            self.meeting.grant_consent().await;
                        }
                        Event::Stats(_) => self.save_recording().await?,
                        Event::Ended { reason, refused } => return Ok(Outcome::Ended { reason, refused }),
                        Event::Failed { message } => return Ok(Outcome::Failed(message)),
                        _ => {}
                    }
                }
                () = stop.recv() => {
                    leave_at = never;
                    give_up_at = Instant::now() + LEAVE_TIMEOUT;
                    self.leave().await?;
                }
                () = sleep_until(leave_at) => {
                    leave_at = never;
                    give_up_at = Instant::now() + LEAVE_TIMEOUT;
                    self.leave().await?;
                }
                () = sleep_until(give_up_at) => {
                    return Ok(Outcome::Failed("the service did not answer the good-bye".to_owned()));
                }
            }
        }
    }

    async fn leave(&mut self) -> anyhow::Result<()> {
        self.save_recording().await?;
        self.meeting.leave().await;
        Ok(())
    }

    async fn say_lines(&mut self) {
        for text in std::mem::take(&mut self.join.chat) {
            if let Err(refusal) = self.meeting.send_chat(text).await {
                self.view.show(&Event::Refused {
                    key: refusal.key,
                    message: refusal.message,
                });
            }
        }
    }

    async fn play(&mut self) {
        if self.playing || !self.in_call {
            return;
        }
        let Some(speech) = &self.speech else { return };
        self.playing = true;
        let lead_in = vec![0; usize::try_from(LEAD_IN.as_millis() * 48).unwrap_or_default()];
        let samples: Vec<i16> = lead_in.iter().chain(speech).copied().collect();
        self.meeting.play(samples.into(), self.join.repeat).await;
    }

    async fn save_recording(&mut self) -> anyhow::Result<()> {
        let Some(recorder) = &mut self.recorder else {
            return Ok(());
        };
        let seen = if recorder.wants_pictures() {
            self.meeting.take_pictures().await
        } else {
            Vec::new()
        };
        let heard = self.meeting.take_recording().await;
        recorder.write(&heard, seen)
    }

    async fn finish(mut self, outcome: anyhow::Result<Outcome>) -> anyhow::Result<ExitCode> {
        self.view.close();
        if let Some(recorder) = self.recorder.take() {
            recorder.finish()?;
        }
        self.meeting.closed(LEAVE_TIMEOUT).await;
        match outcome? {
            Outcome::Ended { refused: true, .. } => Ok(ExitCode::from(REFUSED)),
            // 4521: this client vanished, as the service sees it.
            Outcome::Ended {
                reason: EndReason {
                    code: 0, sub_code, ..
                },
                ..
            } if sub_code != 4521 => Ok(ExitCode::SUCCESS),
            Outcome::Ended { reason, .. } => {
                bail!("{} ({}/{})", reason.message, reason.code, reason.sub_code)
            }
            Outcome::Failed(message) => bail!("{message}"),
        }
    }
}
