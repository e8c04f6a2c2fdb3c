//! The threads that read.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::{StoreError, sqlite};

/// Calls that may wait for a thread; more make callers wait.
const QUEUE_CALLS: usize = 4096;

/// Fewest and most threads; in between, as many as there are cores.
const THREADS: (usize, usize) = (2, 8);

type Call = Box<dyn FnOnce(&mut Connection) + Send>;

/// A pool of threads, each with a connection that cannot write. The last handle that is dropped ends them.
#[derive(Debug)]
pub(super) struct Readers {
    shared: Arc<Shared>,
    room: Arc<Semaphore>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    wake: Condvar,
}

#[derive(Default)]
struct Queue {
    calls: VecDeque<(Call, OwnedSemaphorePermit)>,
    closed: bool,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared")
            .field("waiting", &self.queue().calls.len())
            .finish_non_exhaustive()
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) {
        self.queue().closed = true;
        self.wake.notify_all();
    }

    /// The next call; `None` once all are done and no more will come.
    fn next(&self) -> Option<(Call, OwnedSemaphorePermit)> {
        let mut queue = self.queue();
        loop {
            if let Some(call) = queue.calls.pop_front() {
                return Some(call);
            }
            if queue.closed {
                return None;
            }
            queue = self.wake.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Readers {
    pub(super) fn start(path: &Path) -> Result<Self, StoreError> {
        let (fewest, most) = THREADS;
        let cores = thread::available_parallelism().map_or(fewest, usize::from);
        let readers = Self {
            shared: Arc::default(),
            room: Arc::new(Semaphore::new(QUEUE_CALLS)),
            threads: Mutex::default(),
        };
        for _ in 0..cores.clamp(fewest, most) {
            let connection = sqlite::open_reader(path)?;
            let shared = Arc::clone(&readers.shared);
            let thread = thread::Builder::new()
                .name("anteroom-read".to_owned())
                .spawn(move || run(connection, &shared))
                .map_err(|error| StoreError::Sqlite(error.to_string()))?;
            readers.threads().push(thread);
        }
        Ok(readers)
    }

    pub(super) async fn read<T, E, F>(&self, f: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&mut Connection) -> Result<T, E> + Send + 'static,
    {
        let closed = || E::from(StoreError::Closed);
        let permit = Arc::clone(&self.room)
            .acquire_owned()
            .await
            .map_err(|_| closed())?;
        let (answer, wait) = oneshot::channel();
        let call: Call = Box::new(move |connection| {
            // Nobody waits for it any more, and nothing would change.
            if !answer.is_closed() {
                let _ = answer.send(snapshot(connection, f));
            }
        });
        {
            let mut queue = self.shared.queue();
            if queue.closed {
                return Err(closed());
            }
            queue.calls.push_back((call, permit));
        }
        self.shared.wake.notify_one();
        wait.await.map_err(|_| closed())?
    }

    /// Finishes the calls made so far and ends the threads.
    pub(super) async fn close(&self) {
        self.shared.close();
        let threads = std::mem::take(&mut *self.threads());
        let joined = tokio::task::spawn_blocking(move || {
            for thread in threads {
                let _ = thread.join();
            }
        });
        let _ = joined.await;
    }

    fn threads(&self) -> MutexGuard<'_, Vec<JoinHandle<()>>> {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.shared.close();
    }
}

fn run(mut connection: Connection, shared: &Shared) {
    while let Some((call, permit)) = shared.next() {
        // A bug in one call must not take a reader from all others.
        if catch_unwind(AssertUnwindSafe(|| call(&mut connection))).is_err() {
            tracing::error!("a database read panicked");
        }
        if !connection.is_autocommit()
            && let Err(error) = execute(&connection, "ROLLBACK")
        {
            tracing::error!(%error, "a read could not be ended");
        }
        drop(permit);
    }
}

/// Runs `f` within one read transaction, so that all of it sees one state of the data.
fn snapshot<T, E: From<StoreError>>(
    connection: &mut Connection,
    f: impl FnOnce(&mut Connection) -> Result<T, E>,
) -> Result<T, E> {
    let failed = |error| E::from(StoreError::from(error));
    execute(connection, "BEGIN").map_err(failed)?;
    let outcome = f(connection);
    execute(connection, "COMMIT").map_err(failed)?;
    outcome
}

fn execute(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(|_| ())
}
