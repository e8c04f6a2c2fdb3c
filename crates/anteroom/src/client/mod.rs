//! Joining a meeting, a room or a group call from Rust: the way of a guest, or of somebody from the Teams side.
//!
//! [`Meeting::join`] gets a token, connects, asks to enter and returns a handle and a stream of [`Event`]s. Waiting in
//! the lobby, being admitted, being refused and the end of the call are all events. Sound goes out with
//! [`Meeting::play`] and comes in mixed, as [`Meeting::take_recording`] or the levels in [`Stats`]; pictures of who speaks
//! come in as [`Meeting::take_pictures`].

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use url::Url;

use anteroom_teams_link::link;

mod call;
mod error;
mod event;
mod http;
mod media;
mod negotiation;
mod reports;
mod sender;
mod socket;
mod tls;
mod track;
mod video;

pub use self::error::Error;
pub use self::event::{
    EndReason, Event, Label, LobbyReason, MeetingState, Participant, Reaction, Role, Stats, Waiting,
};
pub use self::video::Picture;

/// How many events may wait to be read before the call stops to wait for the reader.
const EVENT_QUEUE: usize = 1024;

/// Who joins.
#[derive(Clone)]
#[non_exhaustive]
pub enum Credential {
    /// A token that the application's back end got: an ACS user token or a directory token.
    Token(String),
    /// An ACS connection string: a new user and token are made. For tests and servers; it is a secret of the resource.
    ConnectionString(String),
    /// A directory account: joins from the Teams side.
    Directory {
        /// User principal name, `alice@contoso.example`.
        upn: String,
        /// Its password.
        password: String,
    },
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Token(_) => "Token(…)",
            Self::ConnectionString(_) => "ConnectionString(…)",
            Self::Directory { .. } => "Directory(…)",
        })
    }
}

/// What to join.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Target {
    /// A meeting, by its link, unchanged.
    Link(String),
    /// A room of ACS, by its id. Only ACS users that the room's list names get in.
    Room(String),
    /// A group call, by its GUID: users of one ACS resource who name the same one meet.
    Group(String),
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A link lets people in.
        f.write_str(match self {
            Self::Link(_) => "Link(…)",
            Self::Room(_) => "Room(…)",
            Self::Group(_) => "Group(…)",
        })
    }
}

/// What to join and how.
#[derive(Debug, Clone)]
pub struct JoinOptions {
    /// The meeting, the room or the group call.
    pub target: Target,
    /// 1 to 256 characters. The Teams side's name comes from the directory instead.
    pub display_name: String,
    /// Who joins.
    pub credential: Credential,
    /// Base address of the service. Absent: the host of the link; a room and a group call need it.
    pub endpoint: Option<Url>,
    /// A private certification authority (PEM) to trust instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// Let everybody in from the lobby, if the role allows it.
    pub admit_all: bool,
    /// Keep what a listener hears, for [`Meeting::take_recording`].
    pub record: bool,
    /// Ask for the pictures of one other at a time, the shared screen or the camera of who speaks, and keep them for
    /// [`Meeting::take_pictures`]. Sound is kept, too.
    pub record_video: bool,
}

impl JoinOptions {
    /// Joins `link` as `display_name`; everything else as in most cases.
    pub fn new(link: impl Into<String>, display_name: impl Into<String>, credential: Credential) -> Self {
        Self::to(Target::Link(link.into()), display_name, credential)
    }

    /// Joins the room of this id on the service at `endpoint`; everything else as in most cases.
    pub fn room(
        id: impl Into<String>,
        endpoint: Url,
        display_name: impl Into<String>,
        credential: Credential,
    ) -> Self {
        Self {
            endpoint: Some(endpoint),
            ..Self::to(Target::Room(id.into()), display_name, credential)
        }
    }

    /// Joins the group call with this GUID on the service at `endpoint`, and begins it when nobody is there; everything else
    /// as in most cases.
    pub fn group(
        id: impl Into<String>,
        endpoint: Url,
        display_name: impl Into<String>,
        credential: Credential,
    ) -> Self {
        Self {
            endpoint: Some(endpoint),
            ..Self::to(Target::Group(id.into()), display_name, credential)
        }
    }

    fn to(target: Target, display_name: impl Into<String>, credential: Credential) -> Self {
        Self {
            target,
            display_name: display_name.into(),
            credential,
            endpoint: None,
            ca_file: None,
            admit_all: false,
            record: false,
            record_video: false,
        }
    }
}

/// A meeting that was asked to be joined. Dropping it leaves at once, without a good-bye.
#[derive(Debug)]
pub struct Meeting {
    commands: mpsc::Sender<Command>,
    task: JoinHandle<()>,
    token: String,
    endpoint: Url,
}

#[derive(Debug)]
enum Command {
    Chat {
        text: String,
        answer: oneshot::Sender<Result<String, Refusal>>,
    },
    RefreshToken {
        token: String,
        answer: oneshot::Sender<Result<String, Refusal>>,
    },
    Typing,
    ReadUpTo {
        message_id: String,
    },
    Admit {
        participants: Vec<String>,
    },
    Reject {
        participants: Vec<String>,
    },
    End,
    GrantConsent,
    SetRecording {
        on: bool,
    },
    Leave,
    Play {
        samples: Arc<[i16]>,
        repeat: bool,
    },
    TakeRecording {
        answer: oneshot::Sender<Vec<i16>>,
    },
    TakePictures {
        answer: oneshot::Sender<Vec<Picture>>,
    },
    DropConnection,
}

/// The service refused a request; the call goes on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} ({key})")]
pub struct Refusal {
    /// Stable key, such as `not_in_call`.
    pub key: String,
    /// A sentence for a person.
    pub message: String,
}

impl Refusal {
    fn gone() -> Self {
        Self {
            key: "ended".to_owned(),
            message: "The call is over.".to_owned(),
        }
    }
}

impl Meeting {
    /// Gets a token, connects and asks to enter. What comes of it arrives as events; the last one is
    /// [`Event::Ended`] or [`Event::Failed`].
    pub async fn join(options: JoinOptions) -> Result<(Self, mpsc::Receiver<Event>), Error> {
        let endpoint = match (&options.endpoint, &options.target) {
            (Some(endpoint), _) => endpoint.clone(),
            (None, Target::Link(link)) => endpoint_of(link).ok_or(Error::Endpoint)?,
            (None, Target::Room(_) | Target::Group(_)) => return Err(Error::Endpoint),
        };
        let trust = tls::Trust::load(options.ca_file.as_deref())?;
        let token = http::token(&trust, &endpoint, &options.credential).await?;
        let socket = socket::Socket::connect(&endpoint, &trust).await?;

        let (commands, command_queue) = mpsc::channel(64);
        let (events, event_queue) = mpsc::channel(EVENT_QUEUE);
        let call = call::Call::new(options, endpoint.clone(), trust, token.clone(), events);
        let task = tokio::spawn(call.run(socket, command_queue));
        Ok((
            Self {
                commands,
                task,
                token,
                endpoint,
            },
            event_queue,
        ))
    }

    /// Says something in the meeting's chat and returns the message's id.
    pub async fn send_chat(&self, text: impl Into<String>) -> Result<String, Refusal> {
        let (answer, answered) = oneshot::channel();
        self.command(Command::Chat {
            text: text.into(),
            answer,
        })
        .await;
        answered.await.unwrap_or_else(|_| Err(Refusal::gone()))
    }

    /// Goes on with a fresh token of the same user, before the one in use expires: the service ends the call with it.
    ///
    /// # Errors
    /// The service does not take the token; the call goes on with the one before.
    pub async fn refresh_token(&self, token: impl Into<String>) -> Result<(), Refusal> {
        let (answer, answered) = oneshot::channel();
        self.command(Command::RefreshToken {
            token: token.into(),
            answer,
        })
        .await;
        let answered = answered.await.unwrap_or_else(|_| Err(Refusal::gone()));
        answered.map(|_| ())
    }

    /// Tells the others that this participant is typing a chat message. To be called again every few seconds meanwhile; the
    /// service passes one on in two seconds.
    pub async fn send_typing(&self) {
        self.command(Command::Typing).await;
    }

    /// Tells the others that this participant has read the chat up to this message, an id of [`Event::Chat`].
    pub async fn send_read_receipt(&self, message_id: impl Into<String>) {
        let message_id = message_id.into();
        self.command(Command::ReadUpTo { message_id }).await;
    }

    /// Lets participants in from the lobby. Needs the capability `manageLobby`.
    pub async fn admit(&self, participants: Vec<String>) {
        self.command(Command::Admit { participants }).await;
    }

    /// Turns participants in the lobby away. Needs the capability `manageLobby`.
    pub async fn reject(&self, participants: Vec<String>) {
        self.command(Command::Reject { participants }).await;
    }

    /// Ends the meeting for everyone. Needs the capability `hangUpForEveryOne`.
    pub async fn end(&self) {
        self.command(Command::End).await;
    }

    /// Agrees to being recorded and transcribed, for as long as this participant stays. Where [`Event::Recording`] asks for
    /// it, nobody hears who has not.
    pub async fn grant_consent(&self) {
        self.command(Command::GrantConsent).await;
    }

    /// Says that the meeting is recorded, which has the service write it where it does, or no longer is. Needs an organizer
    /// or presenter, and a policy that allows it; [`Event::Recording`] follows.
    pub async fn set_recording(&self, on: bool) {
        self.command(Command::SetRecording { on }).await;
    }

    /// Leaves; [`Event::Ended`] follows.
    pub async fn leave(&self) {
        self.command(Command::Leave).await;
    }

    /// Says these samples (48 kHz, mono), from now on or from when media is connected; with `repeat`, again and again.
    /// Replaces what was being said. [`Event::Played`] follows when it was said once.
    pub async fn play(&self, samples: Arc<[i16]>, repeat: bool) {
        self.command(Command::Play { samples, repeat }).await;
    }

    /// What was heard since media connected (48 kHz, mono; all others mixed), or since this was called last. Empty
    /// without [`JoinOptions::record`].
    pub async fn take_recording(&self) -> Vec<i16> {
        let (answer, answered) = oneshot::channel();
        self.command(Command::TakeRecording { answer }).await;
        answered.await.unwrap_or_default()
    }

    /// The pictures that came since this was called last, all of one track after another, each track from a keyframe on.
    /// Empty without [`JoinOptions::record_video`], and when nobody sends VP8.
    pub async fn take_pictures(&self) -> Vec<Picture> {
        let (answer, answered) = oneshot::channel();
        self.command(Command::TakePictures { answer }).await;
        answered.await.unwrap_or_default()
    }

    /// Cuts the signaling connection without a good-bye, as a broken network would; the call resumes it.
    pub async fn drop_connection(&self) {
        self.command(Command::DropConnection).await;
    }

    /// The token this participant joined with, for the ACS Chat API.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Base address of the service.
    pub fn endpoint(&self) -> &Url {
        &self.endpoint
    }

    /// Waits until the call's task is over, at most this long.
    pub async fn closed(self, patience: Duration) {
        let Self { task, commands, .. } = self;
        drop(commands);
        let _ = tokio::time::timeout(patience, task).await;
    }

    async fn command(&self, command: Command) {
        // A call that is over takes no commands; its events have said so.
        let _ = self.commands.send(command).await;
    }
}

/// An HTTP client that trusts this certification authority (PEM) alone, or the system's without one.
pub fn http_client(ca_file: Option<&std::path::Path>) -> Result<reqwest::Client, Error> {
    http::client(&tls::Trust::load(ca_file)?)
}

/// The service whose meeting this is, if the link is one of Anteroom's own.
fn endpoint_of(meeting: &str) -> Option<Url> {
    let url = Url::parse(meeting.trim()).ok()?;
    let elsewhere = url.host_str().is_none_or(link::is_microsoft_host);
    if elsewhere || !matches!(url.scheme(), "https" | "http") {
        return None;
    }
    let mut endpoint = url;
    endpoint.set_path("/");
    endpoint.set_query(None);
    endpoint.set_fragment(None);
    Some(endpoint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_own_link_names_its_service_and_a_microsoft_link_does_not() {
        let endpoint = endpoint_of("https://127.0.0.1:8443/meet/123456789012345?p=abc").unwrap();
        assert_eq!(endpoint.as_str(), "https://127.0.0.1:8443/");
        assert_eq!(
            endpoint_of("https://teams.microsoft.com/meet/123456789012345"),
            None
        );
        assert_eq!(endpoint_of("not a link"), None);
    }

    #[test]
    fn credentials_do_not_print_their_secret() {
        let credential = Credential::Directory {
            upn: "a@b".to_owned(),
            password: "hunter2".to_owned(),
        };
        assert!(!format!("{credential:?}").contains("hunter2"));
    }
}
