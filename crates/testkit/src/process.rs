//! Child processes that end with the test that started them.

use std::{
    io::{self, Read},
    process::{Child, Command, ExitStatus, Output},
    time::{Duration, Instant},
};

/// A running child; killed and reaped when dropped, also when the test panics.
#[derive(Debug)]
pub struct ProcessGuard {
    child: Child,
}

impl ProcessGuard {
    /// Starts the command.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn spawn(command: &mut Command) -> io::Result<Self> {
        Ok(Self {
            child: command.spawn()?,
        })
    }

    /// The child itself: its pipes, its id.
    pub const fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Kills it at once, as `kill -9` does, and waits until it is gone.
    ///
    /// # Errors
    /// When waiting fails.
    pub fn kill(&mut self) -> io::Result<ExitStatus> {
        // It may have ended by itself; then there is nothing to kill.
        let _ = self.child.kill();
        self.child.wait()
    }

    /// Waits for its end for at most `limit`; `None` when it still runs then.
    ///
    /// # Errors
    /// When waiting fails.
    pub fn wait_at_most(&mut self, limit: Duration) -> io::Result<Option<ExitStatus>> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(Some(status));
            }
            if Instant::now() >= deadline {
                return Ok(None);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits at most `limit`, kills it when it still runs then, and gives what it wrote to its captured pipes.
    ///
    /// Both pipes are read while it runs, so it cannot get stuck on a full one.
    ///
    /// # Errors
    /// When waiting or reading fails.
    pub fn output_within(&mut self, limit: Duration) -> io::Result<Output> {
        let stdout = self.child.stdout.take().map(read_in_background);
        let stderr = self.child.stderr.take().map(read_in_background);
        let status = match self.wait_at_most(limit)? {
            Some(status) => status,
            None => self.kill()?,
        };
        let collect = |reader: Option<std::thread::JoinHandle<Vec<u8>>>| {
            reader.and_then(|reader| reader.join().ok()).unwrap_or_default()
        };
        Ok(Output {
            status,
            stdout: collect(stdout),
            stderr: collect(stderr),
        })
    }
}

fn read_in_background(mut pipe: impl Read + Send + 'static) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut all = Vec::new();
        // A broken pipe ends the output; what came before counts.
        let _ = pipe.read_to_end(&mut all);
        all
    })
}

impl Drop for ProcessGuard {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

#[cfg(test)]
mod tests {
    use std::process::Stdio;

    use super::*;

    #[test]
    fn child_is_gone_when_the_guard_is() {
        let mut guard = ProcessGuard::spawn(Command::new("sleep").arg("600")).unwrap();
        assert_eq!(guard.wait_at_most(Duration::ZERO).unwrap(), None);
        let proc_entry = std::path::PathBuf::from(format!("/proc/{}", guard.child().id()));
        drop(guard);
        assert!(!proc_entry.exists());
    }

    #[test]
    fn collects_output_and_status() {
        let mut guard = ProcessGuard::spawn(
            Command::new("sh")
                .args(["-c", "echo out; echo err >&2; exit 3"])
                .stdout(Stdio::piped())
                .stderr(Stdio::piped()),
        )
        .unwrap();
        let output = guard.output_within(Duration::from_secs(30)).unwrap();
        assert_eq!(output.status.code(), Some(3));
        assert_eq!(
            (output.stdout.as_slice(), output.stderr.as_slice()),
            (&b"out\n"[..], &b"err\n"[..])
        );
    }
}
