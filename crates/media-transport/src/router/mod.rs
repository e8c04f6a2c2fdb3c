//! A selective forwarding unit as a machine without sockets and clock.
mod config;
mod stats;
mod transmit;
mod types;

use std::net::SocketAddr;
use std::time::Instant;

pub use config::RouterConfig;
pub use stats::{PeerStats, PublicationStats, SubscriptionStats};
pub use transmit::{Burst, TransmitBuffer};
pub use types::{
    CodecName, Command, Event, ExtensionIds, MediaKind, PeerId, Publication, RoomId, RtpCodec, Subscription,
    TrackId,
};

use crate::Error;

/// Forwards media between the peers of each room.
#[derive(Debug)]
pub struct Router {
    config: RouterConfig,
}

impl Router {
    /// A router without peers. `seed` decides SSRCs, first sequence numbers and timer jitter; keys do not depend on it.
    #[must_use]
    pub fn new(config: RouterConfig, _seed: u64, _now: Instant) -> Self {
        Self { config }
    }

    /// Obeys the control plane.
    ///
    /// # Errors
    /// [`Error::Unknown`], [`Error::Duplicate`], [`Error::TooMany`], [`Error::InvalidCredentials`]; nothing has changed
    /// then.
    pub fn handle_command(&mut self, _now: Instant, _command: Command) -> Result<(), Error> {
        if self.config.max_peers == 0 {
            Err(Error::TooMany("peers"))
        } else {
            Ok(())
        }
    }

    /// Takes a datagram that came from `source` to our address `destination`.
    pub fn handle_datagram(
        &mut self,
        _now: Instant,
        _source: SocketAddr,
        _destination: SocketAddr,
        _datagram: &mut [u8],
    ) {
    }

    /// Says goodbye to all peers and forgets them. No [`Event::PeerClosed`] follows.
    pub fn close(&mut self, _now: Instant) {}

    /// Lets due timers fire.
    pub fn handle_timeout(&mut self, _now: Instant) {}

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<Event> {
        None
    }

    /// Replaces the content of `out` by everything that waits for one peer; `false` when nothing waits.
    pub fn poll_transmit(&mut self, out: &mut TransmitBuffer) -> bool {
        out.clear();
        false
    }
}
