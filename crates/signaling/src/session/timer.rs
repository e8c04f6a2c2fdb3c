//! The timers of a session: an enum and a table.

use std::time::Instant;

/// What a session waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Timer {
    /// The first message of a connection.
    Hello,
    /// Any sign of life.
    Idle,
    /// The end of the chat membership of somebody who dropped.
    ChatGrace,
    /// The end of a session whose connection dropped.
    ResumeWindow,
    /// Client: the next sign of life to give.
    Ping,
    /// Client: the next acknowledgement to give.
    Ack,
}

impl Timer {
    /// In the order in which timers that are due at once fire: grace before window.
    const ALL: [Self; 6] = [
        Self::Hello,
        Self::Idle,
        Self::ChatGrace,
        Self::ResumeWindow,
        Self::Ping,
        Self::Ack,
    ];
}

/// When each timer fires.
#[derive(Debug, Clone, Default)]
pub(super) struct Timers {
    due: [Option<Instant>; Timer::ALL.len()],
}

impl Timers {
    pub(super) fn set(&mut self, timer: Timer, at: Instant) {
        self.due[timer as usize] = Some(at);
    }

    pub(super) fn stop(&mut self, timer: Timer) {
        self.due[timer as usize] = None;
    }

    pub(super) fn stop_all(&mut self) {
        self.due = Default::default();
    }

    /// A timer that is due, which stops it.
    pub(super) fn expired(&mut self, now: Instant) -> Option<Timer> {
        let timer = Timer::ALL
            .into_iter()
            .find(|timer| self.due[*timer as usize].is_some_and(|at| at <= now))?;
        self.stop(timer);
        Some(timer)
    }

    pub(super) fn is_set(&self, timer: Timer) -> bool {
        self.due[timer as usize].is_some()
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.due.iter().flatten().min().copied()
    }
}
