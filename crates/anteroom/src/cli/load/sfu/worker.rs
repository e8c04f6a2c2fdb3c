//! A worker process: some of the clients, on one thread.

use std::cell::RefCell;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anteroom_media_transport::net::ReceiveBuffer;
use anyhow::Context as _;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::{JoinSet, LocalSet};

use super::agreement::{self, Kind, Local};
use super::client::{Client, Measured, Milestone, Output, Phase, Shared};
use super::error::ClientError;
use super::probe;
use super::protocol::{Door, Order, Plan, Published, Received, Told, WorkerReport};
use super::signaling::{Http, InMeeting};
use crate::cli::target;

/// How long what is on its way may take once nothing more is sent.
const DRAIN: Duration = Duration::from_millis(500);

/// The level of the first publisher, in dB below overload. Each further one is a step quieter, by so much that a server
/// which forwards the loudest never takes one for as loud as another; those at the end are all as good as silent.
const LOUDEST: u8 = 20;
const LEVEL_STEP: u8 = 8;
const QUIETEST: u8 = 100;

/// Everything a client ends with.
type Outcome = Result<(Published, Received), (String, ClientError)>;

/// Plays the clients that standard input names, until it has reported or standard input ends.
pub(in crate::cli::load) fn run() -> anyhow::Result<ExitCode> {
    let mut lines = BufReader::new(std::io::stdin()).lines();
    let plan = lines.next().context("a worker needs a plan")??;
    let plan: Plan = serde_json::from_str(&plan)?;
    let (orders, queue) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            let order = serde_json::from_str::<Order>(&line).map(|order| orders.send(order));
            if !matches!(order, Ok(Ok(()))) {
                break;
            }
        }
        // The command has gone, and whatever was begun is of no use to anybody.
        std::process::exit(1);
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    LocalSet::new().block_on(&runtime, play(plan, queue))
}

async fn play(plan: Plan, mut orders: mpsc::UnboundedReceiver<Order>) -> anyhow::Result<ExitCode> {
    let mut cast = Cast::new(plan)?;
    let publishers = cast.plan.publishers.clone();
    let subscribers = cast.plan.subscribers.clone();
    let outcome = async {
        cast.join(&publishers, true).await?;
        tell(&Told::Publishing).map_err(worker)?;
        let Order::Subscribe = next(&mut orders, &mut cast.running).await? else {
            return Err(worker("an order in the wrong place"));
        };
        cast.join(&subscribers, false).await?;
        tell(&Told::Subscribed).map_err(worker)?;
        let Order::Measure { from, until } = next(&mut orders, &mut cast.running).await? else {
            return Err(worker("an order in the wrong place"));
        };
        cast.measure(from, until).await
    };
    match outcome.await {
        Ok(report) => tell(&Told::Report(Box::new(report)))?,
        Err((client, error)) => {
            tell(&Told::Failed { client, error })?;
            return Ok(ExitCode::FAILURE);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The next order; a client that ends meanwhile has failed.
async fn next(
    orders: &mut mpsc::UnboundedReceiver<Order>,
    running: &mut JoinSet<Outcome>,
) -> Result<Order, (String, ClientError)> {
    tokio::select! {
        order = orders.recv() => order.ok_or_else(|| worker("there are no more orders")),
        Some(ended) = running.join_next() => Err(failed(ended)),
    }
}

/// Why a client has ended that should not have.
fn failed(ended: Result<Outcome, tokio::task::JoinError>) -> (String, ClientError) {
    match ended {
        Ok(Err(error)) => error,
        Ok(Ok(_)) => worker("a client has gone too early"),
        Err(error) => worker(error),
    }
}

fn worker(error: impl std::fmt::Display) -> (String, ClientError) {
    ("a worker".to_owned(), ClientError::Worker(error.to_string()))
}

fn tell(told: &Told) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer(&mut out, told)?;
    out.write_all(b"\n")?;
    out.flush()?;
    Ok(())
}

/// All clients of this process.
struct Cast {
    plan: Plan,
    shared: Rc<Shared>,
    phase: watch::Sender<Phase>,
    tls: Option<Arc<rustls::ClientConfig>>,
    http: reqwest::Client,
    running: JoinSet<Outcome>,
    report: WorkerReport,
}

impl Cast {
    fn new(plan: Plan) -> anyhow::Result<Self> {
        let door = plan.doors.first().context("there is nowhere to come in")?;
        let tls = target::options(door.ca())?.tls().cloned();
        // Fails when somebody has installed one, which is as well.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let mut http = reqwest::Client::builder().timeout(Duration::from_secs(plan.patience));
        if let Some(tls) = &tls {
            http = http.tls_backend_preconfigured(rustls::ClientConfig::clone(tls));
        }
        Ok(Self {
            http: http.build()?,
            tls,
            shared: Rc::new(Shared {
                manners: plan.manners,
                buffer: RefCell::new(ReceiveBuffer::new()),
                measured: RefCell::new(Measured::default()),
            }),
            plan,
            phase: watch::Sender::new(Phase::default()),
            running: JoinSet::new(),
            report: WorkerReport::default(),
        })
    }

    fn kinds(&self) -> Vec<Kind> {
        let rates = [(Kind::Audio, self.plan.audio), (Kind::Video, self.plan.video)];
        let sent = rates.into_iter().filter(|(_, bits)| *bits > 0);
        sent.map(|(kind, _)| kind).collect()
    }

    /// Has publishers or subscribers join, some at a time, until all send or all have received what there is.
    async fn join(&mut self, numbers: &[usize], publishes: bool) -> Result<(), (String, ClientError)> {
        let kinds = self.kinds();
        let places = Arc::new(Semaphore::new(self.plan.at_a_time));
        let mut coming = JoinSet::new();
        for number in numbers {
            let name = format!("{} {number}", if publishes { "publisher" } else { "subscriber" });
            let (told, milestones) = mpsc::unbounded_channel();
            let place = self
                .start(*number, publishes, told, &places)
                .map_err(|error| (name.clone(), error))?;
            let (kinds, patience) = (kinds.clone(), Duration::from_secs(self.plan.patience));
            coming.spawn_local(async move {
                let seconds = patience.as_secs();
                let arrived = arrival(place, milestones, publishes, &kinds, patience).await;
                let waiting_for = if publishes {
                    "connecting"
                } else {
                    "the first sound and picture"
                };
                arrived.ok_or_else(|| {
                    let waiting_for = waiting_for.to_owned();
                    (name, ClientError::Timeout { waiting_for, seconds })
                })
            });
        }
        while !coming.is_empty() {
            tokio::select! {
                biased;
                Some(ended) = self.running.join_next() => return Err(failed(ended)),
                Some(arrived) = coming.join_next() => {
                    let Arrival { audio, frame } = arrived.map_err(worker)??;
                    for (counts, took) in [(&mut self.report.first_audio, audio), (&mut self.report.first_frame, frame)] {
                        if let Some(took) = took {
                            counts.add(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Starts a client as soon as there is a place; tells when it began.
    fn start(
        &mut self,
        number: usize,
        publishes: bool,
        milestones: mpsc::UnboundedSender<Milestone>,
        places: &Arc<Semaphore>,
    ) -> Result<Place, ClientError> {
        let name = format!("{} {number}", if publishes { "publisher" } else { "subscriber" });
        let kinds = self.kinds();
        let doors = self.plan.doors.len().max(1);
        let door = self.plan.doors.get(number % doors).cloned();
        let door = door.ok_or_else(|| ClientError::Worker("there is nowhere to come in".to_owned()))?;
        let steps = u8::try_from(number / doors).unwrap_or(u8::MAX);
        let output = Output {
            sends: publishes,
            video: self.plan.video,
            audio: self.plan.audio,
            level: LOUDEST
                .saturating_add(LEVEL_STEP.saturating_mul(steps))
                .min(QUIETEST),
            frames: self.plan.manners.frames,
        };
        let (shared, phase) = (Rc::clone(&self.shared), self.phase.subscribe());
        let (began, place) = tokio::sync::oneshot::channel();
        let places = Arc::clone(places);
        match door {
            Door::Whip {
                whip, whep, token, ..
            } => {
                let url = if publishes { whip } else { whep };
                let signaling = Http::new(self.http.clone(), url, token, kinds, publishes);
                let client = attend(shared, phase, signaling, output, milestones, places, began);
                self.running
                    .spawn_local(async move { client.await.map_err(|error| (name, error)) });
            }
            Door::Meeting {
                endpoint,
                link,
                token,
                ..
            } => {
                let sending = if publishes { kinds } else { Vec::new() };
                let signaling = InMeeting::new(endpoint, self.tls.clone(), token, link, &sending);
                let client = attend(shared, phase, signaling, output, milestones, places, began);
                self.running
                    .spawn_local(async move { client.await.map_err(|error| (name, error)) });
            }
        }
        Ok(place)
    }

    /// Counts from one moment to another, waits for what is still on its way, and has everybody leave.
    async fn measure(mut self, from: u64, until: u64) -> Result<WorkerReport, (String, ClientError)> {
        let measuring = Phase {
            window: Some((from, until)),
            ..Phase::default()
        };
        self.phase.send_replace(measuring);
        let left = Duration::from_nanos(until.saturating_sub(probe::now()));
        self.wait(left).await?;
        self.phase.send_replace(Phase {
            is_silent: true,
            ..measuring
        });
        self.wait(DRAIN).await?;
        self.phase.send_replace(Phase {
            is_silent: true,
            is_over: true,
            ..measuring
        });
        while let Some(ended) = self.running.join_next().await {
            let (published, received) = ended.map_err(worker)??;
            self.report.published.add(&published);
            self.report.received.add(&received);
        }
        let measured = self.shared.measured.take();
        Ok(WorkerReport {
            audio_delay: measured.audio_delay,
            video_delay: measured.video_delay,
            lateness: measured.lateness,
            reading: measured.reading,
            ..self.report
        })
    }

    async fn wait(&mut self, time: Duration) -> Result<(), (String, ClientError)> {
        tokio::select! {
            () = tokio::time::sleep(time) => Ok(()),
            Some(ended) = self.running.join_next() => Err(failed(ended)),
        }
    }
}

/// Comes when a client begins, with a permit to be dropped when it has arrived.
type Place = tokio::sync::oneshot::Receiver<(Instant, tokio::sync::OwnedSemaphorePermit)>;

/// How long it took a client to receive, from its first request on.
#[derive(Debug, Clone, Copy, Default)]
struct Arrival {
    audio: Option<Duration>,
    frame: Option<Duration>,
}

/// Waits until a client has arrived; `None` when it takes too long.
async fn arrival(
    place: Place,
    mut milestones: mpsc::UnboundedReceiver<Milestone>,
    publishes: bool,
    kinds: &[Kind],
    patience: Duration,
) -> Option<Arrival> {
    // A client that fails before it begins is noticed by whoever waits for its end.
    let (began, _permit) = place.await.ok()?;
    let mut arrival = Arrival::default();
    let arrived = async {
        while let Some(milestone) = milestones.recv().await {
            let since = |at: Instant| Some(at.saturating_duration_since(began));
            match milestone {
                Milestone::Connected if publishes => return Some(()),
                Milestone::Connected => {}
                Milestone::FirstAudio(at) => arrival.audio = arrival.audio.or_else(|| since(at)),
                Milestone::FirstFrame(at) => arrival.frame = arrival.frame.or_else(|| since(at)),
            }
            let has = |kind: &Kind| match kind {
                Kind::Audio => arrival.audio.is_some(),
                Kind::Video => arrival.frame.is_some(),
            };
            if !publishes && kinds.iter().all(has) {
                return Some(());
            }
        }
        None
    };
    tokio::time::timeout(patience, arrived).await.ok()??;
    Some(arrival)
}

/// One client from its first request to its good-bye.
async fn attend<S: agreement::Signaling>(
    shared: Rc<Shared>,
    phase: watch::Receiver<Phase>,
    mut signaling: S,
    output: Output,
    milestones: mpsc::UnboundedSender<Milestone>,
    places: Arc<Semaphore>,
    began: tokio::sync::oneshot::Sender<(Instant, tokio::sync::OwnedSemaphorePermit)>,
) -> Result<(Published, Received), ClientError> {
    let permit = places
        .acquire_owned()
        .await
        .map_err(|error| ClientError::Worker(error.to_string()))?;
    // Whoever waits has gone: then so does everything.
    let _ = began.send((Instant::now(), permit));
    let local = Local::new(shared.manners, &mut rand::rng())?;
    let client = Client::new(shared, &local, output, milestones)?;
    let (agreed, agreements) = mpsc::channel(4);
    let media = client.run(agreements, phase);
    let talk = async {
        loop {
            let agreement = signaling.agree(&local).await?;
            if agreed.send(agreement).await.is_err() {
                // Media is over.
                return std::future::pending().await;
            }
        }
    };
    let outcome = tokio::select! {
        counted = media => counted,
        error = talk => error,
    };
    signaling.leave().await;
    outcome
}
