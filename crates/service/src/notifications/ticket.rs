//! Secrets that open sockets: browsers cannot send a token with a WebSocket.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::RngExt as _;

use super::Line;

/// How long a secret is good.
const GOOD_FOR: Duration = Duration::from_secs(60);

/// Secrets at a time; beyond, the oldest are void.
const KEPT: usize = 50_000;

/// What a secret stands for.
#[derive(Debug, Clone)]
pub(crate) struct Ticket {
    /// The endpoint.
    pub(crate) line: Arc<Line>,
    /// The token of the handshake, which is looked at once more when the socket opens.
    pub(crate) token: Arc<str>,
}

#[derive(Debug, Default)]
pub(super) struct Tickets {
    by_sid: HashMap<String, Ticket>,
    /// Oldest first; those already used are still here until their time is over.
    order: VecDeque<(Instant, String)>,
}

impl Tickets {
    pub(super) fn issue(&mut self, ticket: Ticket, now: Instant) -> String {
        self.forget(now);
        let sid = format!("{:032x}", rand::rng().random::<u128>());
        self.by_sid.insert(sid.clone(), ticket);
        self.order.push_back((now, sid.clone()));
        sid
    }

    pub(super) fn redeem(&mut self, sid: &str, now: Instant) -> Option<Ticket> {
        self.forget(now);
        self.by_sid.remove(sid)
    }

    fn forget(&mut self, now: Instant) {
        while let Some((issued, sid)) = self.order.front()
            && (self.order.len() >= KEPT || now.saturating_duration_since(*issued) >= GOOD_FOR)
        {
            self.by_sid.remove(sid);
            self.order.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anteroom_chat::trouter::EndpointLimits;

    #[test]
    fn a_secret_is_good_once_and_for_a_minute() {
        let now = Instant::now();
        let user = "8:acs:x".parse().unwrap();
        let line = Arc::new(Line::new(user, "e", EndpointLimits::default(), now));
        let ticket = Ticket {
            line,
            token: "t".into(),
        };
        let mut tickets = Tickets::default();
        let sid = tickets.issue(ticket.clone(), now);
        assert!(sid.len() == 32 && sid.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert!(tickets.redeem("other", now).is_none());
        assert!(tickets.redeem(&sid, now + Duration::from_secs(59)).is_some());
        assert!(tickets.redeem(&sid, now).is_none());
        let sid = tickets.issue(ticket, now);
        assert!(tickets.redeem(&sid, now + Duration::from_secs(60)).is_none());
        assert!(tickets.order.is_empty());
    }
}
