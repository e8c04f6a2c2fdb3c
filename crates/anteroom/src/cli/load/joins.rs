//! How fast a meeting fills, how soon everybody hears of one who comes, and what a participant costs in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anteroom::client::{Credential, JoinOptions, Meeting};
use anteroom_identity::token::Scope;
use anteroom_signaling::proto;
use anteroom_signaling::proto::server_message::Body;
use anyhow::{Context as _, bail};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use super::api::{Api, User};
use super::report::{Latencies, Report};
use super::seat::Seat;
use super::service::Running;
use crate::cli::output;

/// How long everybody may take to hear of one who comes.
const PATIENCE: Duration = Duration::from_secs(30);

/// One in so many comes before memory is measured.
const EARLY: usize = 5;

/// How long the service may take to come to rest.
const SETTLE: Duration = Duration::from_secs(3);

/// Fills a meeting, then has some more come, one after the other.
pub(super) async fn measure(
    api: &Api,
    service: &Running,
    participants: usize,
    probes: usize,
    report: &mut Report,
) -> anyhow::Result<()> {
    let bar = output::progress("Joining …", "{msg} {elapsed}");
    let users = api.users(participants + probes, &[Scope::Voip]).await?;
    let (first, more) = users.split_at(participants);
    // Guests wait in the lobby until the organizer, whose program does it at once, lets them in.
    let mut organizer = JoinOptions::new(
        service.dev.meeting.join_url.as_str(),
        "Organizer",
        service.organizer()?,
    );
    organizer.endpoint = Some(service.connection.endpoint.clone());
    organizer.ca_file.clone_from(&service.ca);
    organizer.admit_all = true;
    let (organizer, mut events) = Meeting::join(organizer).await?;
    let drained = tokio::spawn(async move { while events.recv().await.is_some() {} });

    let mut seats = Seats {
        api: api.clone(),
        link: service.dev.meeting.join_url.clone(),
        heard: Arc::new(Heard::new()),
        taken: JoinSet::new(),
        latencies: Latencies::new()?,
        within: Duration::ZERO,
    };
    // The first to come pay for what is there once, so the price of one is what the others cost.
    let (early, late) = first.split_at(participants.div_ceil(EARLY));
    seats.fill(early).await?;
    let before = settled_memory(service).await?;
    seats.fill(late).await?;
    let after = settled_memory(service).await?;
    report.rate("joined", &seats.latencies, seats.within, String::new());
    if !late.is_empty() {
        let each = after.saturating_sub(before) / late.len() as u64;
        let (from, to) = (early.len(), participants);
        let note = format!("bytes of the service's, from {from} participants to {to}");
        report.fact("memory of a participant", Some(each), note);
    }

    let mut latencies = Latencies::new()?;
    let began = Instant::now();
    for (index, user) in more.iter().enumerate() {
        let mut seat = open(api, user).await?;
        seats.heard.expect(user.id.to_string(), participants + index);
        let asked = Instant::now();
        seat.join(&seats.link).await?;
        tokio::time::timeout(PATIENCE, seats.heard.all())
            .await
            .context("not everybody hears of one who comes")?;
        latencies.add(asked.elapsed());
        seats.take(seat);
    }
    let note = format!("from asking to join until the last of {participants} knows");
    report.rate("known to everybody", &latencies, began.elapsed(), note);
    drop(organizer);
    drained.abort();
    bar.finish_and_clear();
    Ok(())
}

/// Memory of the service once what is on its way has been acknowledged, which takes a second, and given back.
async fn settled_memory(service: &Running) -> anyhow::Result<u64> {
    tokio::time::sleep(SETTLE).await;
    service.memory().context("memory is read from /proc")
}

/// Everybody who takes part.
struct Seats {
    api: Api,
    link: String,
    heard: Arc<Heard>,
    taken: JoinSet<anyhow::Result<()>>,
    /// How long joining took.
    latencies: Latencies,
    /// How long joining took all together.
    within: Duration,
}

impl Seats {
    /// Lets users join, several at a time.
    async fn fill(&mut self, users: &[User]) -> anyhow::Result<()> {
        let began = Instant::now();
        let mut joining = JoinSet::new();
        let (mut next, mut left) = (users.iter(), users.len());
        while left > 0 {
            while joining.len() < self.api.at_a_time
                && let Some(user) = next.next()
            {
                let (api, user, link) = (self.api.clone(), user.clone(), self.link.clone());
                joining.spawn(async move {
                    let mut seat = open(&api, &user).await?;
                    let took = seat.join(&link).await?;
                    anyhow::Ok((seat, took))
                });
            }
            tokio::select! {
                Some(joined) = joining.join_next() => {
                    let (seat, took) = joined??;
                    self.latencies.add(took);
                    self.take(seat);
                    left -= 1;
                }
                // None ends while nothing is wrong.
                Some(ended) = self.taken.join_next() => ended??,
            }
        }
        self.within += began.elapsed();
        Ok(())
    }

    fn take(&mut self, seat: Seat) {
        self.taken.spawn(seat.attend(Arc::clone(&self.heard)));
    }
}

async fn open(api: &Api, user: &User) -> anyhow::Result<Seat> {
    Seat::open(&api.connection.endpoint, api.tls.clone(), user.token.clone()).await
}

/// Counts who has heard of one participant.
struct Heard {
    wanted: watch::Sender<Option<Wanted>>,
    count: AtomicUsize,
    all: Notify,
}

#[derive(Clone)]
struct Wanted {
    raw_id: Arc<str>,
    by: usize,
}

impl Heard {
    fn new() -> Self {
        Self {
            wanted: watch::Sender::new(None),
            count: AtomicUsize::new(0),
            all: Notify::new(),
        }
    }

    fn expect(&self, raw_id: String, by: usize) {
        self.count.store(0, Ordering::SeqCst);
        self.wanted.send_replace(Some(Wanted {
            raw_id: raw_id.into(),
            by,
        }));
    }

    async fn all(&self) {
        self.all.notified().await;
    }

    fn roster(&self, update: &proto::RosterUpdate) {
        let Some(wanted) = self.wanted.borrow().clone() else {
            return;
        };
        let named = update
            .upserted
            .iter()
            .any(|entry| *entry.raw_id == *wanted.raw_id);
        if named && !update.snapshot && self.count.fetch_add(1, Ordering::SeqCst) + 1 == wanted.by {
            self.all.notify_one();
        }
    }
}

impl Seat {
    /// Takes part until the socket ends, which is an error.
    async fn attend(mut self, heard: Arc<Heard>) -> anyhow::Result<()> {
        loop {
            match self.next().await? {
                Body::Roster(update) => heard.roster(&update),
                Body::Ended(ended) => {
                    bail!("a stay ended: {:?}", ended.reason.unwrap_or_default().key)
                }
                _ => {}
            }
        }
    }
}

impl Running {
    /// The demo meeting's organizer.
    fn organizer(&self) -> anyhow::Result<Credential> {
        let organizer = self.dev.users.first().context("the service has no demo users")?;
        Ok(Credential::Directory {
            upn: organizer.upn.clone(),
            password: organizer.password.clone(),
        })
    }
}
