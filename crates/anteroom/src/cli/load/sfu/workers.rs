//! The worker processes, as the command sees them.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use super::WORKER;
use super::error::RunError;
use super::protocol::{Order, Plan, Told};

/// Processes that end with this.
#[derive(Debug)]
pub(super) struct Workers {
    running: Vec<Worker>,
    lines: mpsc::UnboundedReceiver<(usize, Option<String>)>,
}

#[derive(Debug)]
struct Worker {
    child: Child,
    orders: ChildStdin,
}

impl Workers {
    /// Starts a process for each plan.
    pub(super) fn start(plans: &[Plan]) -> Result<Self, RunError> {
        let (sender, lines) = mpsc::unbounded_channel();
        let mut workers = Self {
            running: Vec::with_capacity(plans.len()),
            lines,
        };
        let program = std::env::current_exe().map_err(RunError::Start)?;
        for (index, plan) in plans.iter().enumerate() {
            let mut child = Command::new(&program)
                .args(["load", WORKER])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .map_err(RunError::Start)?;
            let pipes = (child.stdin.take(), child.stdout.take());
            let (Some(mut orders), Some(output)) = pipes else {
                return Err(RunError::Start(std::io::Error::other("it has no pipes")));
            };
            let written = write_line(&mut orders, plan);
            workers.running.push(Worker { child, orders });
            written.map_err(RunError::Start)?;
            let sender = sender.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    if sender.send((index, Some(line))).is_err() {
                        return;
                    }
                }
                // Whoever listened may have gone.
                let _ = sender.send((index, None));
            });
        }
        Ok(workers)
    }

    /// Asks all of them for the same. One that is not there any more says so by itself.
    pub(super) fn order(&mut self, order: Order) {
        for worker in &mut self.running {
            let _ = write_line(&mut worker.orders, &order);
        }
    }

    /// Waits until each has said what is waited for, which `take` makes something of.
    pub(super) async fn all<T>(
        &mut self,
        waiting_for: &'static str,
        patience: Duration,
        mut take: impl FnMut(Told) -> Option<T>,
    ) -> Result<Vec<T>, RunError> {
        let deadline = Instant::now() + patience;
        let mut taken = Vec::with_capacity(self.running.len());
        let mut has_said = vec![false; self.running.len()];
        while taken.len() < self.running.len() {
            let line = timeout_at(deadline, self.lines.recv()).await;
            let Ok(Some((index, line))) = line else {
                return Err(RunError::Timeout {
                    waiting_for,
                    patience,
                });
            };
            let Some(line) = line else {
                // Whoever has reported may go before the others have.
                if has_said.get(index) == Some(&true) {
                    continue;
                }
                return Err(self.ended(index));
            };
            let told: Option<Told> = serde_json::from_str(&line).ok();
            match told {
                Some(Told::Failed { client, error }) => return Err(RunError::Client { client, error }),
                Some(told) => match take(told) {
                    Some(value) => {
                        if let Some(said) = has_said.get_mut(index) {
                            *said = true;
                        }
                        taken.push(value);
                    }
                    None => return Err(unexpected(&line)),
                },
                None => return Err(unexpected(&line)),
            }
        }
        Ok(taken)
    }

    fn ended(&mut self, index: usize) -> RunError {
        match self.running.get_mut(index).map(|worker| worker.child.wait()) {
            Some(Ok(status)) => RunError::Ended(status),
            Some(Err(error)) => RunError::Start(error),
            None => unexpected(""),
        }
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        for Worker { child, .. } in &mut self.running {
            // One that has ended is fine.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn write_line(to: &mut ChildStdin, value: &impl serde::Serialize) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    to.write_all(&line)?;
    to.flush()
}

fn unexpected(line: &str) -> RunError {
    RunError::Unexpected(line.chars().take(200).collect())
}
