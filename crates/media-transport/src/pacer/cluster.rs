//! A probe cluster that is being sent.

use std::time::Instant;

use crate::bwe::ProbeRequest;

#[derive(Debug)]
pub(super) struct Cluster {
    pub(super) request: ProbeRequest,
    pub(super) asked: Instant,
    pub(super) started: Option<Instant>,
    pub(super) bytes: u64,
    pub(super) packets: u32,
}

impl Cluster {
    pub(super) const fn new(request: ProbeRequest, asked: Instant) -> Self {
        Self {
            request,
            asked,
            started: None,
            bytes: 0,
            packets: 0,
        }
    }

    pub(super) fn is_complete(&self) -> bool {
        self.bytes >= self.request.bytes && self.packets >= self.request.packets
    }

    /// When its next packet is due.
    pub(super) fn next_at(&self) -> Instant {
        match self.started {
            Some(started) => started + self.request.rate.time_for(self.bytes),
            None => self.asked,
        }
    }
}
