//! `anteroom demo`: the whole loop on this machine, in about twenty seconds.
//!
//! A service starts in a temporary directory on free ports. The organizer joins from the Teams side, a guest by link.
//! The guest waits in the lobby, is admitted, both hear each other, the guest chats and leaves. Nothing is simulated:
//! HTTPS, WebSocket, ICE, DTLS-SRTP and Opus all run over loopback.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anteroom::client::{Credential, Event, JoinOptions, Meeting, Stats};
use anteroom_codec::container::ReadLimits;
use anteroom_codec::container::wav::{self, WavWriter};
use anteroom_codec::similarity::similarity;
use anteroom_service::{Config, DevInfo, RunningService, Service};
use anyhow::{Context as _, bail, ensure};
use clap::Args;
use serde_json::{Map, Value, json};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

/// The bundled clip; see `assets/README.md`.
const SPEECH: &[u8] = include_bytes!("../../assets/speech.wav");

/// The guest's name.
const GUEST: &str = "Dana (guest)";

/// What the guest says in the chat.
const GREETING: &str = "Hello from the guest";

/// How long anything but the speech may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// Silence around the clip, so that neither its start nor its end depends on the jitter buffer.
const MARGIN_MS: usize = 500;

/// Samples per millisecond.
const SAMPLES_PER_MS: usize = 48;

/// Run the whole loop on this machine: lobby, admission, speech both ways, chat, leaving.
///
/// Exit code 0 when every step succeeds.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Print one JSON object with each step's result and figures instead of a table.
    #[arg(long)]
    json: bool,

    /// Keep what both heard as WAV files in this directory.
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

pub(crate) async fn run(demo: Demo) -> anyhow::Result<ExitCode> {
    let directory = tempfile::tempdir().context("cannot make a temporary directory")?;
    let recordings = demo
        .keep
        .clone()
        .unwrap_or_else(|| directory.path().join("recordings"));
    std::fs::create_dir_all(&recordings)
        .with_context(|| format!("cannot make the directory {}", recordings.display()))?;

    let mut report = Report::new(demo.json);
    let outcome = play_out(directory.path(), &recordings, demo.keep.is_some(), &mut report).await;
    if let Err(error) = &outcome {
        report.fail(&format!("{error:#}"));
    }
    report.print();
    Ok(if outcome.is_ok() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn play_out(
    directory: &Path,
    recordings: &Path,
    keep: bool,
    report: &mut Report,
) -> anyhow::Result<()> {
    let speech: Arc<[i16]> = with_margins(&wav::read(SPEECH, ReadLimits::default())?).into();

    report.begin("service", "start the service in a temporary directory");
    let service = start_service(directory).await?;
    let dev = service.dev().context("the service has no demo data")?.clone();
    report.done([("endpoint", json!(dev.endpoint))]);

    // The service must be stopped also when a step fails.
    let outcome = meet(&dev, &speech, recordings, keep, report).await;
    if outcome.is_ok() {
        report.begin("stop", "stop the service");
    }
    service.shutdown().await;
    if outcome.is_ok() {
        report.done([]);
    }
    outcome
}

async fn start_service(directory: &Path) -> anyhow::Result<RunningService> {
    let any = |text: &str| text.parse().context("an address");
    let mut config = Config::dev(directory.join("data"));
    config.listen = any("127.0.0.1:0")?;
    config.media = any("127.0.0.1:0")?;
    config.dev_http = Some(any("127.0.0.1:0")?);
    Service::start(config).await.context("the service did not start")
}

async fn meet(
    dev: &DevInfo,
    speech: &Arc<[i16]>,
    recordings: &Path,
    keep: bool,
    report: &mut Report,
) -> anyhow::Result<()> {
    report.begin("alice", "the organizer joins from the Teams side");
    let organizer = dev.users.first().context("no demo user")?;
    let mut alice = Person::join(
        dev,
        &organizer.display_name,
        Credential::Directory {
            upn: organizer.upn.clone(),
            password: organizer.password.clone(),
        },
    )
    .await?;
    alice
        .until(|event| matches!(event, Event::MediaConnected))
        .await?;
    report.done([]);

    report.begin("lobby", "a guest joins by link and is held in the lobby");
    let mut guest = Person::join(
        dev,
        GUEST,
        Credential::ConnectionString(dev.connection_string.clone()),
    )
    .await?;
    guest.until(|event| matches!(event, Event::Lobby { .. })).await?;
    let waiting = alice.lobby_entry(GUEST).await?;
    let status = guest.list_messages(dev).await?;
    ensure!(
        status == 403,
        "the guest in the lobby could read the chat (HTTP {status})"
    );
    report.done([("chatStatusInLobby", json!(status))]);

    report.begin("admit", "the organizer admits the guest");
    // Somebody who speaks already, so that the time to the first sound is the guest's alone.
    alice.meeting.play(Arc::clone(speech), true).await;
    let asked = Instant::now();
    alice.meeting.admit(vec![waiting]).await;
    guest
        .until(|event| matches!(event, Event::Connected { .. }))
        .await?;
    let connected = asked.elapsed();
    guest
        .until(|event| matches!(event, Event::MediaConnected))
        .await?;
    let media = asked.elapsed();
    let first = guest
        .until(|event| matches!(event, Event::FirstAudio { .. }))
        .await?;
    let first_audio = asked.elapsed();
    let Event::FirstAudio { after_join } = first else {
        bail!("unexpected event {first:?}")
    };
    report.done([
        ("joinToFirstAudioMs", milliseconds(after_join)),
        ("admitToConnectedMs", milliseconds(connected)),
        ("admitToMediaMs", milliseconds(media)),
        ("admitToFirstAudioMs", milliseconds(first_audio)),
    ]);

    talk(
        "guest-to-alice",
        "speech travels guest → alice",
        speech,
        &mut guest,
        &mut alice,
        recordings,
        keep,
        report,
    )
    .await?;
    talk(
        "alice-to-guest",
        "speech travels alice → guest",
        speech,
        &mut alice,
        &mut guest,
        recordings,
        keep,
        report,
    )
    .await?;

    report.begin("chat", "the guest chats, the organizer reads it");
    guest.meeting.send_chat(GREETING).await?;
    alice
        .until(|event| matches!(event, Event::Chat { text, .. } if text == GREETING))
        .await?;
    let status = guest.list_messages(dev).await?;
    ensure!(
        status == 200,
        "the guest in the call could not read the chat (HTTP {status})"
    );
    report.done([("chatStatusInCall", json!(status))]);

    report.begin("leave", "the guest leaves");
    guest.meeting.leave().await;
    let end = guest.end().await?;
    ensure!(end["code"] == 0, "the guest's call ended with {end}");
    report.done([("endReason", end)]);

    report.begin("after", "the guest's next chat call is refused");
    let status = guest.send_message(dev).await?;
    ensure!(
        status == 403,
        "the guest could still write to the chat (HTTP {status})"
    );
    report.done([("chatStatusAfter", json!(status))]);

    report.begin("end", "the organizer ends the meeting");
    alice.meeting.end().await;
    let end = alice.end().await?;
    ensure!(end["subCode"] == 4097, "the organizer's call ended with {end}");
    report.done([("endReason", end)]);
    Ok(())
}

/// One says the clip, the other's recording must be it.
#[expect(
    clippy::too_many_arguments,
    reason = "two people, what they say, and where it is noted"
)]
async fn talk(
    name: &'static str,
    about: &'static str,
    speech: &Arc<[i16]>,
    speaker: &mut Person,
    listener: &mut Person,
    recordings: &Path,
    keep: bool,
    report: &mut Report,
) -> anyhow::Result<()> {
    report.begin(name, about);
    // The listener must have asked for the speaker's track, or the first words are lost by right.
    listener.subscribed_to(speaker).await?;
    let _ = listener.meeting.take_recording().await;
    let before = listener.stats;
    speaker.meeting.play(Arc::clone(speech), false).await;
    let length = Duration::from_millis(u64::try_from(speech.len() / SAMPLES_PER_MS)?);
    timeout(
        length + PATIENCE,
        speaker.until(|event| matches!(event, Event::Played)),
    )
    .await
    .context("the clip did not come to its end")??;
    // What the listener's jitter buffer still holds comes out within the margin; its statistics within a second.
    listener.drain_for(Duration::from_millis(1_200)).await;
    let heard = listener.meeting.take_recording().await;

    let file = recordings.join(format!("{name}.wav"));
    let mut writer = WavWriter::create(&file).with_context(|| format!("cannot write {}", file.display()))?;
    writer.write(&heard)?;
    writer.finish()?;

    let likeness = similarity(speech, &heard);
    let received = listener.stats.packets_received - before.packets_received;
    let lost = listener.stats.packets_lost.saturating_sub(before.packets_lost);
    ensure!(
        likeness.is_same_speech(),
        "what was heard is not what was said (similarity {:.2}, {received} packets)",
        likeness.score
    );
    let mut figures = vec![
        ("packets", json!(received)),
        ("lost", json!(lost)),
        ("jitterMs", milliseconds(listener.stats.jitter)),
        ("similarity", json!((likeness.score * 1000.0).round() / 1000.0)),
        ("recordedMs", json!(heard.len() / SAMPLES_PER_MS)),
    ];
    if keep {
        figures.push(("file", json!(file)));
    }
    report.done(figures);
    Ok(())
}

/// One participant of the demo, and what it has been told.
struct Person {
    meeting: Meeting,
    events: mpsc::Receiver<Event>,
    /// Events that came while another was waited for.
    seen: Vec<Event>,
    id: String,
    thread_id: String,
    stats: Stats,
}

impl Person {
    async fn join(dev: &DevInfo, name: &str, credential: Credential) -> anyhow::Result<Self> {
        let mut options = JoinOptions::new(&dev.meeting.join_url, name, credential);
        options.endpoint = Some(dev.endpoint.parse().context("the endpoint")?);
        options.ca_file.clone_from(&dev.ca_file);
        options.record = true;
        let (meeting, events) = timeout(PATIENCE, Meeting::join(options))
            .await
            .context("joining took too long")??;
        Ok(Self {
            meeting,
            events,
            seen: Vec::new(),
            id: String::new(),
            thread_id: dev.meeting.thread_id.clone(),
            stats: Stats::default(),
        })
    }

    /// Takes note of an event.
    fn note(&mut self, event: &Event) -> anyhow::Result<()> {
        match event {
            Event::Connected { participant_id, .. } => self.id.clone_from(participant_id),
            Event::Stats(stats) => self.stats = *stats,
            Event::Failed { message } => bail!("{message}"),
            _ => {}
        }
        Ok(())
    }

    /// Waits for an event, seen before or not.
    async fn until(&mut self, wanted: impl Fn(&Event) -> bool) -> anyhow::Result<Event> {
        if let Some(at) = self.seen.iter().position(&wanted) {
            return Ok(self.seen.remove(at));
        }
        let deadline = Instant::now() + PATIENCE;
        loop {
            let event = tokio::time::timeout_at(deadline, self.events.recv())
                .await
                .context("nothing happened for too long")?
                .context("the call is over")?;
            self.note(&event)?;
            if wanted(&event) {
                return Ok(event);
            }
            if let Event::Ended { reason, .. } = &event {
                bail!(
                    "the call ended: {} ({}/{})",
                    reason.message,
                    reason.code,
                    reason.sub_code
                );
            }
            self.seen.push(event);
        }
    }

    async fn lobby_entry(&mut self, name: &str) -> anyhow::Result<String> {
        let entry = |event: &Event| match event {
            Event::LobbyRoster(waiting) => waiting
                .iter()
                .find(|w| w.display_name == name)
                .map(|w| w.id.clone()),
            _ => None,
        };
        let event = self.until(|event| entry(event).is_some()).await?;
        entry(&event).context("the lobby is empty")
    }

    async fn subscribed_to(&mut self, other: &Self) -> anyhow::Result<()> {
        let wanted = other.id.clone();
        self.until(|event| matches!(event, Event::Subscribed { participant_id } if *participant_id == wanted))
            .await
            .map(|_| ())
    }

    /// Reads events for this long.
    async fn drain_for(&mut self, duration: Duration) {
        let deadline = Instant::now() + duration;
        while let Ok(Some(event)) = tokio::time::timeout_at(deadline, self.events.recv()).await {
            if self.note(&event).is_err() {
                break;
            }
            self.seen.push(event);
        }
    }

    /// Waits for the end of the call and returns its reason.
    async fn end(&mut self) -> anyhow::Result<Value> {
        match self.until(|event| matches!(event, Event::Ended { .. })).await? {
            Event::Ended { reason, .. } => {
                Ok(json!({"code": reason.code, "subCode": reason.sub_code, "key": reason.key}))
            }
            other => bail!("unexpected event {other:?}"),
        }
    }

    async fn list_messages(&self, dev: &DevInfo) -> anyhow::Result<u16> {
        self.chat_call(dev, None).await
    }

    async fn send_message(&self, dev: &DevInfo) -> anyhow::Result<u16> {
        self.chat_call(dev, Some(json!({"content": "Am I still here?"})))
            .await
    }

    /// One call of the ACS Chat API with this participant's token; returns the HTTP status.
    async fn chat_call(&self, dev: &DevInfo, body: Option<Value>) -> anyhow::Result<u16> {
        let client = anteroom::client::http_client(dev.ca_file.as_deref())?;
        let mut url = self.meeting.endpoint().clone();
        url.path_segments_mut()
            .map_err(|()| anyhow::anyhow!("the endpoint has no path"))?
            .clear()
            .extend(["chat", "threads", &self.thread_id, "messages"]);
        url.query_pairs_mut().append_pair("api-version", "2024-03-07");
        let request = match body {
            Some(body) => client.post(url).json(&body),
            None => client.get(url),
        };
        let response = request.bearer_auth(self.meeting.token()).send().await?;
        Ok(response.status().as_u16())
    }
}

fn with_margins(clip: &[i16]) -> Vec<i16> {
    let margin = vec![0; MARGIN_MS * SAMPLES_PER_MS];
    [&margin, clip, &margin].concat()
}

fn milliseconds(duration: Duration) -> Value {
    json!((duration.as_secs_f64() * 10_000.0).round() / 10.0)
}

/// What is printed: a table that grows for a person, one object at the end for a program.
struct Report {
    json: bool,
    steps: Vec<Value>,
    current: Option<(&'static str, &'static str, Instant)>,
    start: Instant,
    ok: bool,
}

impl Report {
    fn new(json: bool) -> Self {
        Self {
            json,
            steps: Vec::new(),
            current: None,
            start: Instant::now(),
            ok: true,
        }
    }

    fn begin(&mut self, name: &'static str, about: &'static str) {
        self.current = Some((name, about, Instant::now()));
    }

    fn done(&mut self, figures: impl IntoIterator<Item = (&'static str, Value)>) {
        self.finish(true, figures.into_iter().collect());
    }

    fn fail(&mut self, why: &str) {
        self.ok = false;
        if self.current.is_none() {
            self.current = Some(("demo", "the demo itself", self.start));
        }
        self.finish(false, vec![("error", json!(why))]);
    }

    fn finish(&mut self, ok: bool, figures: Vec<(&'static str, Value)>) {
        let Some((name, about, started)) = self.current.take() else {
            return;
        };
        let took = started.elapsed();
        if !self.json {
            let mark = if ok {
                console::style("ok  ").green()
            } else {
                console::style("FAIL").red()
            };
            let figures: Vec<String> = figures
                .iter()
                .map(|(key, value)| format!("{key} {}", plain(value)))
                .collect();
            let _ = writeln!(
                std::io::stdout(),
                "{mark}  {about:<55} {:>6.1} s  {}",
                took.as_secs_f64(),
                console::style(figures.join(", ")).dim()
            );
        }
        let mut step: Map<String, Value> = figures
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect();
        step.insert("step".to_owned(), json!(name));
        step.insert("ok".to_owned(), json!(ok));
        step.insert("tookMs".to_owned(), milliseconds(took));
        self.steps.push(Value::Object(step));
    }

    fn print(&self) {
        let took = self.start.elapsed();
        let mut out = std::io::stdout().lock();
        let _ = if self.json {
            writeln!(
                out,
                "{}",
                json!({"ok": self.ok, "tookMs": milliseconds(took), "steps": self.steps})
            )
        } else {
            let verdict = if self.ok {
                "everything works"
            } else {
                "a step failed"
            };
            writeln!(out, "\n{verdict} ({:.1} s)", took.as_secs_f64())
        };
    }
}

/// A figure without JSON's quotes.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(fields) => fields.values().map(plain).collect::<Vec<_>>().join("/"),
        other => other.to_string(),
    }
}
