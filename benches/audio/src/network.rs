//! Packets through a simulated link.

use std::time::Duration;

use anteroom_testkit::clock::Clock;
use anteroom_testkit::netem::Link;

use crate::grid::Network;

/// A packet as it was sent.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
    pub(crate) payload: Vec<u8>,
}

/// A packet that arrived, and when, from the first one's sending on.
#[derive(Debug, Clone)]
pub(crate) struct Arrival {
    pub(crate) after: Duration,
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
    pub(crate) payload: Vec<u8>,
}

/// Sends a packet every 20 ms of the sender's clock.
pub(crate) fn carry(sent: &[Sent], network: &Network, seed: u64) -> Vec<Arrival> {
    let clock = Clock::new();
    let mut link = Link::new(network.link.clone(), seed);
    let mut arrivals = Vec::with_capacity(sent.len());
    let start = clock.now();
    let interval = Duration::from_secs_f64(0.020 / (1.0 + f64::from(network.drift_ppm) / 1e6));
    let count = u32::try_from(sent.len()).unwrap_or(u32::MAX);
    for number in 0..count {
        let now = start + interval * number;
        // The link carries a number; the packet itself stays here.
        link.send(now, &number.to_be_bytes());
        drain(&mut link, now, start, sent, &mut arrivals);
    }
    let end = start + interval * count + Duration::from_secs(10);
    drain(&mut link, end, start, sent, &mut arrivals);
    arrivals
}

fn drain(
    link: &mut Link,
    now: std::time::Instant,
    start: std::time::Instant,
    sent: &[Sent],
    arrivals: &mut Vec<Arrival>,
) {
    while let Some(delivery) = link.receive(now) {
        let packet = delivery
            .bytes
            .as_slice()
            .try_into()
            .ok()
            .and_then(|number| sent.get(u32::from_be_bytes(number) as usize));
        if let Some(packet) = packet {
            arrivals.push(Arrival {
                after: delivery.at - start,
                sequence: packet.sequence,
                timestamp: packet.timestamp,
                payload: packet.payload.clone(),
            });
        }
    }
}
