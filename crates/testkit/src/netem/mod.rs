//! A network link in virtual time: bytes go in at one instant and come out at another, or not at all.
//!
//! The same seed and the same calls give the same deliveries. What happens to a packet, in this order:
//!
//! 1. it is lost at once in an [outage](LinkConfig::outage), or when the queue in front of the limited link is full;
//! 2. it waits there until the link has taken it: at a rate, or by the opportunities of a recorded [`Trace`];
//! 3. it may be lost, at random or in bursts;
//! 4. it travels, with jitter, and may be overtaken or come twice.
//!
//! ```
//! use std::time::Duration;
//! use anteroom_testkit::{clock::Clock, netem::{Link, LinkConfig}};
//!
//! let mut clock = Clock::new();
//! let mut link = Link::new(LinkConfig::limited(1_000_000).delay(Duration::from_millis(20)), 7);
//! // One megabit per second, and a fifth of it from the tenth second on.
//! link.schedule(clock.now() + Duration::from_secs(10), LinkConfig::limited(200_000));
//! link.send(clock.now(), &[0; 1250]);
//! let arrived = link.receive(clock.advance(Duration::from_millis(30))).unwrap();
//! assert_eq!(arrived.bytes.len(), 1250);
//! ```

mod bottleneck;
mod config;
mod link;
#[cfg(test)]
mod tests;
mod trace;

pub use config::{GilbertElliott, LinkConfig};
pub use link::{Delivery, Link};
pub use trace::{Trace, TraceError};
