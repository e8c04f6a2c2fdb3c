//! Send-side congestion control: how much can be sent to one peer.
//!
//! An [`Estimator`] is told of each packet that leaves and of what the peer reports, and says how much may be sent. It
//! follows draft-ietf-rmcat-gcc-02 and what has been learned since:
//!
//! | part | file | says |
//! |---|---|---|
//! | delay gradient | `inter_arrival`, `trendline` | whether the queue on the path grows |
//! | rate control | `aimd`, `capacity`, `acked` | how fast to go then, by what arrives and where it was full before |
//! | loss | `loss` | what the path loses by chance, and what because too much is sent |
//! | probing | `prober`, `probe`, `alr` | whether more would pass, though it is not sent |
//! | path | `path`, `history` | delay, queue, what is in flight |
//! | reports | `reports` | the same by receiver reports and REMB, for peers that know nothing better |
//!
//! It knows no wire format and no clock. One belongs to each subscriber, beside a [`Pacer`](crate::pacer::Pacer):
//!
//! ```
//! use std::time::{Duration, Instant};
//! use anteroom_media_transport::bwe::{Estimator, EstimatorConfig, PacketResult};
//!
//! let mut now = Instant::now();
//! let mut estimator = Estimator::new(EstimatorConfig::default(), now);
//! for round in 0..20u64 {
//!     // What the pacer lets go, with the number in the transport-wide sequence number extension.
//!     for packet in 0..5 {
//!         estimator.sent(now, round * 5 + packet, 1200, None);
//!         now += Duration::from_millis(10);
//!     }
//!     // What a transport-wide feedback packet says: all of it took 30 ms.
//!     let results: Vec<_> = (0..5)
//!         .map(|packet| PacketResult {
//!             sequence: round * 5 + packet,
//!             arrival: Some(Duration::from_millis(round * 50 + packet * 10 + 30)),
//!         })
//!         .collect();
//!     estimator.feedback(now, &results);
//! }
//! assert!(estimator.estimate() > EstimatorConfig::default().start);
//! // Also: `poll_probe` for clusters to send, `poll_timeout` and `handle_timeout` for silences.
//! ```

mod acked;
mod aimd;
mod alr;
mod bitrate;
mod capacity;
mod config;
mod estimator;
mod history;
mod inter_arrival;
mod loss;
mod path;
mod probe;
mod prober;
mod reports;
#[cfg(test)]
pub(crate) mod scenarios;
#[cfg(test)]
mod tests;
mod trendline;

pub use bitrate::Bitrate;
pub use config::{EstimatorConfig, FeedbackSource, Probing};
pub use estimator::{Congestion, Estimator, EstimatorStats, PacketResult};
pub use probe::{ProbeId, ProbeRequest};
pub use trendline::Usage;
