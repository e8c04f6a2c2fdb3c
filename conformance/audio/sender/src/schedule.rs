//! Schedules: packets with the times at which they arrive.
//!
//! ```text
//! "ARTP1\n", then for each packet, in little-endian order:
//! u32  arrival, in microseconds since the start; never less than that of the packet before
//! u16  length of what follows, in bytes
//! …    an RTP packet (RFC 3550), not encrypted
//! ```

use std::time::Duration;

use thiserror::Error;

const MAGIC: &[u8] = b"ARTP1\n";

/// Bytes before the first CSRC (RFC 3550 §5.1).
const FIXED_HEADER: usize = 12;

/// A packet of a schedule.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Scheduled {
    /// Since the start.
    pub(crate) arrival: Duration,
    pub(crate) payload_type: u8,
    pub(crate) marker: bool,
    /// With the times that the number began anew in front of its 16 bits.
    pub(crate) sequence: u64,
    pub(crate) timestamp: u32,
    pub(crate) payload: Vec<u8>,
}

/// Why a schedule is refused. Offsets are in bytes from its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum ScheduleError {
    #[error("not a schedule")]
    Magic,
    #[error("cut short at {0}")]
    Short(usize),
    #[error("the packet at {0} arrives before the one in front of it")]
    Order(usize),
    #[error("no RTP packet at {0}")]
    Packet(usize),
    /// SRTP begins to count with the first packet, and has no number for what is older than zero.
    #[error("the packet at {0} is older than sequence number 0")]
    Old(usize),
}

/// Reads a schedule.
pub(crate) fn parse(file: &[u8]) -> Result<Vec<Scheduled>, ScheduleError> {
    let mut rest = file.strip_prefix(MAGIC).ok_or(ScheduleError::Magic)?;
    let mut packets: Vec<Scheduled> = Vec::new();
    let mut newest = None;
    while !rest.is_empty() {
        let at = file.len() - rest.len();
        let (arrival, packet, after) = record(rest).ok_or(ScheduleError::Short(at))?;
        rest = after;
        if packets.last().is_some_and(|before| before.arrival > arrival) {
            return Err(ScheduleError::Order(at));
        }
        let (header, payload) = rtp(packet).ok_or(ScheduleError::Packet(at))?;
        let [first, second, high, low, t0, t1, t2, t3, ..] = *header;
        debug_assert_eq!(first >> 6, 2);
        let sequence = u16::from_be_bytes([high, low]);
        let sequence = match newest {
            None => u64::from(sequence),
            Some(newest) => extend(newest, sequence).ok_or(ScheduleError::Old(at))?,
        };
        newest = newest.max(Some(sequence));
        packets.push(Scheduled {
            arrival,
            payload_type: second & 0x7f,
            marker: second & 0x80 != 0,
            sequence,
            timestamp: u32::from_be_bytes([t0, t1, t2, t3]),
            payload: payload.to_vec(),
        });
    }
    Ok(packets)
}

/// Splits off a record: its time, its packet, what comes after it.
fn record(bytes: &[u8]) -> Option<(Duration, &[u8], &[u8])> {
    let (arrival, rest) = bytes.split_first_chunk::<4>()?;
    let (length, rest) = rest.split_first_chunk::<2>()?;
    let (packet, rest) = rest.split_at_checked(u16::from_le_bytes(*length).into())?;
    let arrival = Duration::from_micros(u32::from_le_bytes(*arrival).into());
    Some((arrival, packet, rest))
}

/// The fixed header of an RTP packet, and its payload without CSRCs, header extensions and padding.
fn rtp(packet: &[u8]) -> Option<(&[u8; FIXED_HEADER], &[u8])> {
    let (header, mut rest) = packet.split_first_chunk::<FIXED_HEADER>()?;
    let [first, ..] = *header;
    if first >> 6 != 2 {
        return None;
    }
    (_, rest) = rest.split_at_checked(usize::from(first & 0x0f) * 4)?;
    if first & 0x10 != 0 {
        let ([_, _, high, low], after) = rest.split_first_chunk::<4>()?;
        (_, rest) = after.split_at_checked(usize::from(u16::from_be_bytes([*high, *low])) * 4)?;
    }
    if first & 0x20 != 0 {
        let padding = usize::from(*rest.last()?);
        if padding == 0 {
            return None;
        }
        rest = rest.get(..rest.len().checked_sub(padding)?)?;
    }
    Some((header, rest))
}

/// The number nearest to the newest one that ends in these 16 bits; none if it is below zero.
fn extend(newest: u64, sequence: u16) -> Option<u64> {
    let [.., high, low] = newest.to_be_bytes();
    let ahead = sequence
        .wrapping_sub(u16::from_be_bytes([high, low]))
        .cast_signed();
    newest.checked_add_signed(ahead.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(packets: &[(u32, &[u8])]) -> Vec<u8> {
        let mut file = MAGIC.to_vec();
        for (arrival, packet) in packets {
            file.extend(arrival.to_le_bytes());
            file.extend(u16::try_from(packet.len()).unwrap().to_le_bytes());
            file.extend_from_slice(packet);
        }
        file
    }

    fn packet(sequence: u16, payload: &[u8]) -> Vec<u8> {
        let mut packet = vec![0x80, 0x80 | 111];
        packet.extend(sequence.to_be_bytes());
        packet.extend(960_u32.to_be_bytes());
        packet.extend([1, 2, 3, 4]);
        packet.extend(payload);
        packet
    }

    #[test]
    fn reads_what_was_written() {
        let read = parse(&schedule(&[(5, &packet(7, b"opus")), (20_000, &packet(6, b""))])).unwrap();
        let first = Scheduled {
            arrival: Duration::from_micros(5),
            payload_type: 111,
            marker: true,
            sequence: 7,
            timestamp: 960,
            payload: b"opus".to_vec(),
        };
        assert_eq!(read[0], first);
        assert_eq!(
            (read[1].arrival, read[1].sequence),
            (Duration::from_millis(20), 6)
        );
    }

    #[test]
    fn numbers_that_begin_anew_go_on() {
        let packets: Vec<Vec<u8>> = [65_534, 0, 65_535, 1].map(|number| packet(number, b"")).into();
        let times: Vec<(u32, &[u8])> = packets.iter().map(|packet| (0, packet.as_slice())).collect();
        let numbers: Vec<u64> = parse(&schedule(&times))
            .unwrap()
            .iter()
            .map(|read| read.sequence)
            .collect();
        assert_eq!(numbers, [65_534, 65_536, 65_535, 65_537]);
    }

    #[test]
    fn only_the_payload_is_kept() {
        let mut with_all = packet(1, &[]);
        with_all[0] = 0xb1;
        with_all.extend([9; 4]); // one CSRC
        with_all.extend([0xbe, 0xde, 0, 1, 8, 8, 8, 8]);
        with_all.extend(b"opus");
        with_all.extend([0, 2]);
        assert_eq!(parse(&schedule(&[(0, &with_all)])).unwrap()[0].payload, b"opus");
    }

    #[test]
    fn refuses_what_is_wrong_and_says_where() {
        let good = packet(0, b"");
        let after_good = MAGIC.len() + 6 + good.len();
        let version = [&[0x40], &good[1..]].concat();
        let padding = [&[0xa0], &good[1..], &[9]].concat();
        let extension = [&[0x90], &good[1..], &[0, 0, 0, 1]].concat();
        assert_eq!(parse(b"ARTP2\n"), Err(ScheduleError::Magic));
        for bad in [&version[..], &padding, &extension, &good[..11]] {
            assert_eq!(
                parse(&schedule(&[(0, bad)])),
                Err(ScheduleError::Packet(MAGIC.len()))
            );
        }
        let early = schedule(&[(1, &good), (0, &good)]);
        assert_eq!(parse(&early), Err(ScheduleError::Order(after_good)));
        let old = schedule(&[(0, &good), (0, &packet(65_535, b""))]);
        assert_eq!(parse(&old), Err(ScheduleError::Old(after_good)));
        let whole = schedule(&[(0, &good)]);
        for length in MAGIC.len() + 1..whole.len() {
            assert_eq!(parse(&whole[..length]), Err(ScheduleError::Short(MAGIC.len())));
        }
        assert_eq!(parse(MAGIC), Ok(Vec::new()));
    }
}
