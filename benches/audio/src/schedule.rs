//! Packets and when they arrive, written down for receivers of others: after a first line, for each packet the microseconds
//! since the start (32 bits), its length (16 bits), both little-endian, and the RTP packet.

use std::fs;
use std::path::Path;

use anyhow::Context as _;

use crate::network::Arrival;

/// Payload type of plain Opus.
pub(crate) const OPUS: u8 = 111;

/// Payload type of RED.
const RED: u8 = 63;

const SSRC: u32 = 0x616e_7465;

pub(crate) fn write(path: &Path, arrivals: &[Arrival], red: bool) -> anyhow::Result<()> {
    let mut out = b"ARTP1\n".to_vec();
    for arrival in arrivals {
        let micros = u32::try_from(arrival.after.as_micros()).context("a call of more than an hour")?;
        let mut packet = vec![0x80, if red { RED } else { OPUS }];
        packet.extend(arrival.sequence.to_be_bytes());
        packet.extend(arrival.timestamp.to_be_bytes());
        packet.extend(SSRC.to_be_bytes());
        packet.extend(&arrival.payload);
        out.extend(micros.to_le_bytes());
        out.extend(u16::try_from(packet.len())?.to_le_bytes());
        out.extend(packet);
    }
    fs::write(path, out)?;
    Ok(())
}
