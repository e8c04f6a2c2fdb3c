//! The one thread that writes: group commit.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::{StoreError, sqlite};

/// Calls that may wait for the thread; more make callers wait.
const QUEUE_CALLS: usize = 4096;

/// Most calls committed together.
const BATCH_CALLS: usize = 512;

/// How long calls are added to a batch, so that the first of many does not wait for all of them.
const BATCH_TIME: Duration = Duration::from_millis(20);

/// The way to the thread.
#[derive(Debug)]
pub(super) struct Writer {
    calls: mpsc::Sender<Call>,
}

enum Call {
    Run(Box<dyn Job>),
    Close(oneshot::Sender<()>),
}

/// A write on its way: it is run, then the batch is committed, then it is answered.
trait Job: Send {
    /// Runs the call; whether it wants its changes kept.
    fn run(&mut self, connection: &mut Connection) -> bool;

    /// Answers; `committed` says what became of the batch.
    fn finish(self: Box<Self>, committed: Result<(), StoreError>);
}

struct Write<T, E, F, A> {
    after: A,
    progress: Progress<F, T, E>,
    answer: oneshot::Sender<Result<T, E>>,
}

enum Progress<F, T, E> {
    Waits(F),
    Done(Result<T, E>),
    Panicked,
}

impl<T, E, F, A> Job for Write<T, E, F, A>
where
    T: Send,
    E: From<StoreError> + Send,
    F: FnOnce(&mut Connection) -> Result<T, E> + Send,
    A: FnOnce(&T) + Send,
{
    fn run(&mut self, connection: &mut Connection) -> bool {
        let Progress::Waits(call) = std::mem::replace(&mut self.progress, Progress::Panicked) else {
            return false;
        };
        // A bug in one call must not take the database from all others.
        let Ok(outcome) = catch_unwind(AssertUnwindSafe(|| call(connection))) else {
            tracing::error!("a database call panicked");
            return false;
        };
        let keep = outcome.is_ok();
        self.progress = Progress::Done(outcome);
        keep
    }

    fn finish(self: Box<Self>, committed: Result<(), StoreError>) {
        let Self {
            after,
            progress,
            answer,
        } = *self;
        let outcome = match (progress, committed) {
            (Progress::Done(Ok(value)), Ok(())) => {
                if catch_unwind(AssertUnwindSafe(|| after(&value))).is_err() {
                    tracing::error!("what follows a database call panicked");
                }
                Ok(value)
            }
            (Progress::Done(Err(error)), _) => Err(error),
            (Progress::Done(Ok(_)) | Progress::Waits(_), Err(error)) => Err(E::from(error)),
            // The answer is dropped, and the caller takes that for `Closed`.
            (Progress::Panicked | Progress::Waits(_), _) => return,
        };
        // The caller may have gone; what was written stays written.
        let _ = answer.send(outcome);
    }
}

impl Writer {
    pub(super) fn start(connection: Connection) -> Result<Self, StoreError> {
        let (calls, queue) = mpsc::channel(QUEUE_CALLS);
        std::thread::Builder::new()
            .name("anteroom-store".to_owned())
            .spawn(move || run(connection, queue))
            .map_err(|error| StoreError::Sqlite(error.to_string()))?;
        Ok(Self { calls })
    }

    pub(super) async fn write<T, E, F, A>(&self, f: F, after: A) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&mut Connection) -> Result<T, E> + Send + 'static,
        A: FnOnce(&T) + Send + 'static,
    {
        let (answer, wait) = oneshot::channel();
        let job = Write {
            after,
            progress: Progress::Waits(f),
            answer,
        };
        self.calls
            .send(Call::Run(Box::new(job)))
            .await
            .map_err(|_| E::from(StoreError::Closed))?;
        wait.await.map_err(|_| E::from(StoreError::Closed))?
    }

    pub(super) async fn close(&self) {
        let (done, wait) = oneshot::channel();
        if self.calls.send(Call::Close(done)).await.is_ok() {
            let _ = wait.await;
        }
    }
}

fn run(mut connection: Connection, mut queue: mpsc::Receiver<Call>) {
    let mut closed = None;
    let mut batch = Vec::with_capacity(BATCH_CALLS);
    while closed.is_none()
        && let Some(call) = queue.blocking_recv()
    {
        let first = match call {
            Call::Run(job) => job,
            Call::Close(done) => {
                closed = Some(done);
                break;
            }
        };
        let committed = commit(&mut connection, first, &mut batch, || match queue.try_recv() {
            Ok(Call::Run(job)) => Some(job),
            Ok(Call::Close(done)) => {
                closed = Some(done);
                None
            }
            Err(_) => None,
        });
        for job in batch.drain(..) {
            job.finish(committed.clone());
        }
    }
    drop(queue);
    if let Err(error) = sqlite::close(connection) {
        tracing::warn!(%error, "closing the database");
    }
    if let Some(done) = closed {
        let _ = done.send(());
    }
}

/// Runs `first` and what else waits in one transaction and commits it. All that ran is in `batch` then.
fn commit(
    connection: &mut Connection,
    first: Box<dyn Job>,
    batch: &mut Vec<Box<dyn Job>>,
    mut next: impl FnMut() -> Option<Box<dyn Job>>,
) -> Result<(), StoreError> {
    if let Err(error) = execute(connection, "BEGIN IMMEDIATE") {
        batch.push(first);
        return Err(error.into());
    }
    let begun = Instant::now();
    let mut job = first;
    let outcome = loop {
        let step = step(connection, job.as_mut());
        batch.push(job);
        if let ControlFlow::Break(error) = step {
            break Err(error);
        }
        if batch.len() >= BATCH_CALLS || begun.elapsed() >= BATCH_TIME {
            break Ok(());
        }
        match next() {
            Some(another) => job = another,
            None => break Ok(()),
        }
    };
    let outcome = outcome.and_then(|()| execute(connection, "COMMIT").map_err(StoreError::from));
    if let Err(error) = &outcome {
        tracing::error!(%error, calls = batch.len(), "writes could not be committed");
        if !connection.is_autocommit() {
            let _ = execute(connection, "ROLLBACK");
        }
    }
    outcome
}

/// Runs one call in a savepoint of its own. Breaks when the whole transaction is lost.
fn step(connection: &mut Connection, job: &mut dyn Job) -> ControlFlow<StoreError> {
    let lost = |error: rusqlite::Error| ControlFlow::Break(StoreError::from(error));
    if let Err(error) = execute(connection, "SAVEPOINT one_call") {
        return lost(error);
    }
    let keep = job.run(connection);
    // A full disk or an I/O error makes SQLite roll back by itself, what others wrote included.
    if connection.is_autocommit() {
        let text = "the transaction was rolled back (disk full or I/O error)";
        return ControlFlow::Break(StoreError::Sqlite(text.to_owned()));
    }
    let undone = if keep {
        Ok(())
    } else {
        execute(connection, "ROLLBACK TO one_call")
    };
    match undone.and_then(|()| execute(connection, "RELEASE one_call")) {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => lost(error),
    }
}

fn execute(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(|_| ())
}
