//! What the system knows of a process.

use std::time::Duration;

/// A process on this machine.
#[derive(Debug, Clone, Copy)]
pub(super) struct Process(pub(super) u32);

impl Process {
    /// CPU time of all its threads so far, user and system, to a hundredth of a second (`/proc/PID/stat`).
    pub(super) fn cpu(self) -> Option<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0)).ok()?;
        let ticks = cpu_ticks(&stat)?;
        let per_second = rustix::param::clock_ticks_per_second();
        Some(Duration::from_micros(
            ticks.saturating_mul(1_000_000) / per_second.max(1),
        ))
    }

    /// Memory of it that is in RAM, in bytes (`VmRSS`).
    pub(super) fn memory(self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        let kib: u64 = line.trim().trim_end_matches(" kB").trim().parse().ok()?;
        Some(kib * 1024)
    }
}

/// `utime` and `stime`, the fields 14 and 15. The name in field 2 may have anything in it, parentheses too.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace().skip(11);
    let (user, system) = (fields.next()?, fields.next()?);
    Some(user.parse::<u64>().ok()? + system.parse::<u64>().ok()?)
}

/// Processes that want to run, on the average of the last minute.
pub(super) fn load_average() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/loadavg").ok()?;
    text.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_is_found_whatever_the_name() {
        let stat = "42 (a) b (c)) S 1 42 42 0 -1 4194560 100 0 0 0 17 25 3 4 20 0 9 0 100 1 2";
        assert_eq!(cpu_ticks(stat), Some(42));
        assert_eq!(cpu_ticks("42 (name) S 1"), None);
    }

    #[test]
    fn this_process_uses_memory() {
        let own = Process(std::process::id());
        assert!(own.memory().unwrap() > 100_000);
        assert!(own.cpu().is_some());
        assert_eq!(Process(0).cpu(), None);
    }
}
