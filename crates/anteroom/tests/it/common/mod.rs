//! What the tests of whole calls share: a running service, and people in its meeting.

pub(crate) mod program;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anteroom::client::{Credential, Event, JoinOptions, Meeting};
use anteroom::service::{Config, DevInfo, RunningService, Service};
use anteroom_codec::container::{ReadLimits, wav};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};

/// Only ever reached when something is broken.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) const GUEST: &str = "Dana (guest)";

/// The demo's speech between half a second of silence on each side.
pub(crate) fn speech() -> Arc<[i16]> {
    let clip = wav::open(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/speech.wav"),
        ReadLimits::default(),
    )
    .expect("the bundled clip");
    let margin = vec![0; 24_000];
    [&margin[..], &clip, &margin].concat().into()
}

/// A service in this process, on ports the system chose.
pub(crate) async fn start(directory: &Path, change: impl FnOnce(&mut Config)) -> (RunningService, DevInfo) {
    let mut config = Config::dev(directory);
    change(&mut config);
    let service = Service::start(config).await.expect("the service starts");
    let dev = service.dev().expect("development mode").clone();
    (service, dev)
}

/// A participant and what it has been told.
pub(crate) struct Person {
    pub(crate) meeting: Meeting,
    events: mpsc::Receiver<Event>,
    /// Events that came while another was waited for.
    seen: Vec<Event>,
    pub(crate) id: String,
}

impl Person {
    pub(crate) async fn join(dev: &DevInfo, link: &str, name: &str, credential: Credential) -> Self {
        let mut options = JoinOptions::new(link, name, credential);
        options.endpoint = Some(dev.endpoint.parse().expect("an address"));
        Self::with(dev, options).await
    }

    /// Somebody who asks to join a room.
    pub(crate) async fn in_room(dev: &DevInfo, room: &str, name: &str, token: &str) -> Self {
        let endpoint = dev.endpoint.parse().expect("an address");
        let credential = Credential::Token(token.to_owned());
        Self::with(dev, JoinOptions::room(room, endpoint, name, credential)).await
    }

    /// In the group call of this GUID, as a user that is made for it.
    pub(crate) async fn in_group(dev: &DevInfo, group: &str, name: &str) -> Self {
        let endpoint = dev.endpoint.parse().expect("an address");
        let credential = Credential::ConnectionString(dev.connection_string.clone());
        Self::with(dev, JoinOptions::group(group, endpoint, name, credential)).await
    }

    async fn with(dev: &DevInfo, mut options: JoinOptions) -> Self {
        options.ca_file = dev.ca_file.clone();
        options.record = true;
        let (meeting, events) = timeout(PATIENCE, Meeting::join(options))
            .await
            .expect("in time")
            .expect("joining works");
        Self {
            meeting,
            events,
            seen: Vec::new(),
            id: String::new(),
        }
    }

    pub(crate) async fn guest(dev: &DevInfo) -> Self {
        Self::join(
            dev,
            &dev.meeting.join_url,
            GUEST,
            Credential::ConnectionString(dev.connection_string.clone()),
        )
        .await
    }

    /// The organizer, in the call.
    pub(crate) async fn alice(dev: &DevInfo) -> Self {
        Self::organization(dev, 0).await
    }

    /// A colleague of the organizer, in the call.
    pub(crate) async fn bob(dev: &DevInfo) -> Self {
        Self::organization(dev, 1).await
    }

    async fn organization(dev: &DevInfo, index: usize) -> Self {
        let user = &dev.users[index];
        let credential = Credential::Directory {
            upn: user.upn.clone(),
            password: user.password.clone(),
        };
        let mut person = Self::join(dev, &dev.meeting.join_url, "ignored", credential).await;
        person.connected().await;
        person
    }

    pub(crate) async fn connected(&mut self) {
        let event = self.until(|event| matches!(event, Event::Connected { .. })).await;
        let Event::Connected { participant_id, .. } = event else {
            unreachable!()
        };
        self.id = participant_id;
    }

    /// Waits for an event, seen before or not, and takes it.
    pub(crate) async fn until(&mut self, wanted: impl Fn(&Event) -> bool) -> Event {
        if let Some(at) = self.seen.iter().position(&wanted) {
            return self.seen.remove(at);
        }
        let deadline = Instant::now() + PATIENCE;
        loop {
            let event = match timeout_at(deadline, self.events.recv()).await {
                Ok(Some(event)) => event,
                Ok(None) => panic!("the call is over; seen: {:#?}", self.seen),
                Err(_) => panic!("nothing happened for too long; seen: {:#?}", self.seen),
            };
            if wanted(&event) {
                return event;
            }
            self.seen.push(event);
        }
    }

    /// Whether such an event has come so far.
    pub(crate) fn has_seen(&mut self, wanted: impl Fn(&Event) -> bool) -> bool {
        while let Ok(event) = self.events.try_recv() {
            self.seen.push(event);
        }
        self.seen.iter().any(wanted)
    }

    /// Waits until somebody of this name waits in the lobby; its participant id.
    pub(crate) async fn sees_waiting(&mut self, name: &str) -> String {
        let find = |event: &Event| match event {
            Event::LobbyRoster(waiting) => waiting
                .iter()
                .find(|w| w.display_name == name)
                .map(|w| w.id.clone()),
            _ => None,
        };
        let event = self.until(|event| find(event).is_some()).await;
        find(&event).expect("just found")
    }

    /// Waits for a roster for which this holds.
    pub(crate) async fn sees_roster(&mut self, holds: impl Fn(&[anteroom::client::Participant]) -> bool) {
        self.until(|event| matches!(event, Event::Roster(roster) if holds(roster)))
            .await;
    }

    /// Waits for the end of the call: code, sub-code, key, and whether it was a refusal.
    pub(crate) async fn end(&mut self) -> (u32, u32, String, bool) {
        match self
            .until(|event| matches!(event, Event::Ended { .. } | Event::Failed { .. }))
            .await
        {
            Event::Ended { reason, refused } => (reason.code, reason.sub_code, reason.key, refused),
            Event::Failed { message } => panic!("the call failed: {message}"),
            _ => unreachable!(),
        }
    }

    pub(crate) async fn says(&self, text: &str) -> String {
        self.meeting.send_chat(text).await.expect("chat is allowed")
    }

    pub(crate) async fn reads(&mut self, text: &str) {
        self.until(|event| matches!(event, Event::Chat { text: said, .. } if said == text))
            .await;
    }

    /// HTTP status of listing the thread's messages, and the texts.
    pub(crate) async fn list_messages(&self, dev: &DevInfo) -> (u16, Vec<String>) {
        list_messages(dev, self.meeting.token()).await
    }

    /// HTTP status of sending to the thread.
    pub(crate) async fn send_message(&self, dev: &DevInfo, text: &str) -> u16 {
        let body = serde_json::json!({ "content": text });
        let request = http(dev)
            .post(messages_url(dev))
            .bearer_auth(self.meeting.token())
            .json(&body);
        request.send().await.expect("an answer").status().as_u16()
    }
}

/// HTTP status of listing the thread's messages with this token, and the texts, newest first.
pub(crate) async fn list_messages(dev: &DevInfo, token: &str) -> (u16, Vec<String>) {
    let response = http(dev)
        .get(messages_url(dev))
        .bearer_auth(token)
        .send()
        .await
        .expect("an answer");
    let status = response.status().as_u16();
    let body: serde_json::Value = response.json().await.expect("JSON");
    let texts = body["value"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|message| message["type"] == "text")
        .filter_map(|message| message["content"]["message"].as_str().map(str::to_owned))
        .collect();
    (status, texts)
}

pub(crate) fn http(dev: &DevInfo) -> reqwest::Client {
    anteroom::client::http_client(dev.ca_file.as_deref()).expect("a client")
}

fn messages_url(dev: &DevInfo) -> url::Url {
    let mut url: url::Url = dev.endpoint.parse().expect("an address");
    url.path_segments_mut().expect("a path").clear().extend([
        "chat",
        "threads",
        &dev.meeting.thread_id,
        "messages",
    ]);
    url.query_pairs_mut().append_pair("api-version", "2024-03-07");
    url
}
