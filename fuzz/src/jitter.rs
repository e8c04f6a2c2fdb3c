//! The jitter buffer as a sequence of operations: packets of any kind at any time, with and without redundancy, and frames taken
//! out.

use std::time::{Duration, Instant};

use anteroom_codec::jitter::{Inserted, JitterBuffer, JitterConfig};
use anteroom_codec::{FRAME_DURATION, FRAME_SAMPLES, SILENCE};

/// Packets the buffer may hold.
const PACKETS: usize = 8;

/// Operations that count; decoding is slow.
const OPERATIONS: usize = 300;

/// Each operation is a byte that says what is done, and what that needs: a packet has three more bytes (how much further its
/// number and its time are, and its length) and that many bytes of payload.
pub fn jitter_ops(data: &[u8]) {
    let mut buffer = JitterBuffer::new(JitterConfig {
        max_packets: PACKETS,
        ..JitterConfig::default()
    })
    .expect("two packets and more");
    let mut now = Instant::now();
    let (mut sequence, mut timestamp, mut pulled) = (65_530_u16, u32::MAX - 5000, 0);
    let mut rest = data;
    for _ in 0..OPERATIONS {
        let Some((&operation, others)) = rest.split_first() else {
            break;
        };
        rest = others;
        match operation & 7 {
            0..=3 => {
                let Some((header, others)) = rest.split_first_chunk::<3>() else {
                    break;
                };
                let length = usize::from(header[2] & 0x7f).min(others.len());
                let (payload, others) = others.split_at(length);
                rest = others;
                let (far, later) = if operation & 0x80 == 0 {
                    (u16::from(header[0] & 7), u32::from(header[1]) * 120)
                } else {
                    (u16::from(header[0]) << 8, u32::from(header[1]) << 24)
                };
                sequence = sequence.wrapping_add(far);
                timestamp = timestamp.wrapping_add(later);
                let (sequence, timestamp) = if operation & 0x40 == 0 {
                    (sequence, timestamp)
                } else {
                    (
                        sequence.wrapping_sub(far.wrapping_mul(2)),
                        timestamp.wrapping_sub(later.wrapping_mul(2)),
                    )
                };
                let inserted = if operation & 1 == 0 {
                    buffer.insert(now, sequence, timestamp, payload)
                } else {
                    buffer.insert_red(now, sequence, timestamp, payload)
                };
                if inserted == Inserted::Restarted {
                    assert!(buffer.stats().restarts > 0);
                }
            }
            4 | 5 => {
                now += FRAME_DURATION;
                let mut frame = SILENCE;
                buffer.pull(now, &mut frame);
                pulled += FRAME_SAMPLES as u64;
            }
            6 => now += Duration::from_millis(u64::from(operation >> 3)),
            _ => now += Duration::from_millis(u64::from(operation >> 3) * 100),
        }
        let stats = buffer.stats();
        assert_eq!(stats.total_samples_received, pulled, "as much as was asked for");
        // All it may hold, and two packets that were decoded, stretched and not taken.
        assert!(stats.buffered <= Duration::from_millis(120 * (PACKETS as u64 + 2) + 50));
        assert!(stats.target_delay <= JitterConfig::default().max_delay);
        assert!(stats.silent_concealed_samples <= stats.concealed_samples);
        assert!(stats.audio_level <= 1.0 && stats.total_audio_energy.is_finite());
    }
}
