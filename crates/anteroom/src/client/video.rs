//! The remote video track that is recorded: from RTP payloads to whole pictures with a time.

use std::time::{Duration, Instant};

use anteroom_media_transport::payload::assemble::{Assembled, Assembler, FrameCodec, Limits, RtpPayload};
use anteroom_media_transport::rtp::{Packet, SequenceExtender};

use super::negotiation::Incoming;

/// Most bytes of pictures kept that nobody takes: a minute of 4 Mbit/s.
const MAX_KEPT_BYTES: usize = 30 << 20;

/// Pause between two requests for a keyframe.
const REQUEST_INTERVAL: Duration = Duration::from_millis(500);

/// RTP clock of all video (RFC 7741 §5), in hertz.
const CLOCK_HZ: u64 = 90_000;

/// How far the sender's clock may lead away from ours before pictures are put where they came.
const MAX_DRIFT: Duration = Duration::from_millis(500);

/// A picture, encoded as VP8.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// When it came, counted as the samples of [`Meeting::take_recording`](super::Meeting::take_recording) are.
    pub time: Duration,
    /// Whether a decoder can start with it. After a change from one track to another the first one always is.
    pub is_keyframe: bool,
    /// The frame.
    pub data: Vec<u8>,
}

impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Picture")
            .field("time", &self.time)
            .field("is_keyframe", &self.is_keyframe)
            .field("bytes", &self.data.len())
            .finish()
    }
}

/// The track and what it has brought.
#[derive(Debug)]
pub(super) struct RemoteVideo {
    incoming: Incoming,
    assembler: Assembler,
    sequence: Option<SequenceExtender>,
    assembled: Vec<Assembled>,
    /// A time of ours and the extended RTP timestamp that belongs to it.
    anchor: Option<(Duration, u64)>,
    /// When a keyframe was asked for last.
    asked: Option<Instant>,
}

/// Pictures that wait to be taken. They outlive the track.
#[derive(Debug, Default)]
pub(super) struct Pictures {
    kept: Vec<Picture>,
    /// At most [`MAX_KEPT_BYTES`].
    bytes: usize,
    /// Some were dropped: none fits before the next keyframe.
    is_broken: bool,
}

impl RemoteVideo {
    pub(super) fn new(incoming: Incoming) -> Self {
        Self {
            incoming,
            assembler: Assembler::new(FrameCodec::Vp8, Limits::default()),
            sequence: None,
            assembled: Vec::new(),
            anchor: None,
            asked: None,
        }
    }

    pub(super) fn incoming(&self) -> &Incoming {
        &self.incoming
    }

    pub(super) fn ssrc(&self) -> u32 {
        self.incoming.ssrc
    }

    /// Takes a packet; other payload types are ignored. `time` is now, on the recording's clock.
    pub(super) fn insert(&mut self, time: Duration, packet: &Packet<'_>, out: &mut Pictures) {
        if packet.payload_type() != self.incoming.payload_type {
            return;
        }
        let number = packet.sequence_number();
        let sequence = self
            .sequence
            .get_or_insert_with(|| SequenceExtender::new(number))
            .extend(number);
        let payload = RtpPayload {
            sequence,
            timestamp: packet.timestamp(),
            marker: packet.marker(),
            payload: packet.payload(),
        };
        self.assembler.push(payload, &mut self.assembled);
        for assembled in std::mem::take(&mut self.assembled) {
            if let Assembled::Frame(frame) = assembled {
                let time = self.time_of(time, frame.timestamp);
                out.push(Picture {
                    time,
                    is_keyframe: frame.is_keyframe,
                    data: frame.data,
                });
            }
        }
    }

    /// Whether a keyframe is to be asked for now.
    pub(super) fn wants_keyframe(&mut self, now: Instant) -> bool {
        let is_due = self
            .asked
            .is_none_or(|asked| now.saturating_duration_since(asked) >= REQUEST_INTERVAL);
        let wants = is_due && self.assembler.needs_keyframe();
        if wants {
            self.asked = Some(now);
        }
        wants
    }

    /// Pictures follow each other as the sender took them, from where the first one came.
    fn time_of(&mut self, arrival: Duration, timestamp: u64) -> Duration {
        if let Some((time, first)) = self.anchor {
            let ticks = timestamp.saturating_sub(first);
            let time = time + Duration::from_micros(ticks.saturating_mul(1_000_000) / CLOCK_HZ);
            if time.abs_diff(arrival) <= MAX_DRIFT {
                return time;
            }
        }
        self.anchor = Some((arrival, timestamp));
        arrival
    }
}

impl Pictures {
    pub(super) fn take(&mut self) -> Vec<Picture> {
        self.bytes = 0;
        std::mem::take(&mut self.kept)
    }

    fn push(&mut self, picture: Picture) {
        if self.is_broken && !picture.is_keyframe || self.bytes + picture.data.len() > MAX_KEPT_BYTES {
            self.is_broken = true;
            return;
        }
        self.is_broken = false;
        self.bytes += picture.data.len();
        self.kept.push(picture);
    }
}

#[cfg(test)]
mod tests {
    use anteroom_media_transport::rtp::PacketBuilder;

    use super::*;

    const INCOMING: fn() -> Incoming = || Incoming {
        track: "1".to_owned(),
        participant: "p".to_owned(),
        ssrc: 5,
        payload_type: 96,
    };

    /// One VP8 frame in one packet: descriptor, then a frame tag that says keyframe or not.
    fn packet(sequence: u16, timestamp: u32, is_keyframe: bool) -> Vec<u8> {
        let payload = [0x10, u8::from(!is_keyframe), 0, 0, 0x9d, 0x01, 0x2a, 64, 0, 48, 0];
        let mut out = vec![0; 64];
        let length = PacketBuilder::new(96, sequence, timestamp, 5)
            .marker(true)
            .write(&payload, &mut out)
            .unwrap();
        out.truncate(length);
        out
    }

    #[test]
    fn pictures_keep_the_distance_their_sender_gave_them() {
        let (mut video, mut pictures) = (RemoteVideo::new(INCOMING()), Pictures::default());
        let start = u32::MAX - 4000;
        for (index, late_ms) in [(0u16, 0), (1, 30), (2, 10), (3, 900)] {
            let bytes = packet(index, start.wrapping_add(u32::from(index) * 9000), index == 0);
            let arrival = Duration::from_millis(1000 + u64::from(index) * 100 + late_ms);
            video.insert(arrival, &Packet::parse(&bytes).unwrap(), &mut pictures);
        }
        let pictures = pictures.take();
        let times: Vec<u128> = pictures.iter().map(|picture| picture.time.as_millis()).collect();
        // The last one came so late that its sender's clock must have stood still.
        assert_eq!(times, [1000, 1100, 1200, 2200]);
        assert_eq!(pictures.iter().filter(|picture| picture.is_keyframe).count(), 1);
    }

    #[test]
    fn asks_for_a_keyframe_until_it_comes_but_not_all_the_time() {
        let (mut video, mut pictures) = (RemoteVideo::new(INCOMING()), Pictures::default());
        let start = Instant::now();
        let bytes = packet(1, 0, false);
        video.insert(Duration::ZERO, &Packet::parse(&bytes).unwrap(), &mut pictures);
        assert!(video.wants_keyframe(start));
        assert!(!video.wants_keyframe(start + REQUEST_INTERVAL / 2));
        assert!(video.wants_keyframe(start + REQUEST_INTERVAL));
        let bytes = packet(2, 3000, true);
        video.insert(Duration::ZERO, &Packet::parse(&bytes).unwrap(), &mut pictures);
        assert!(!video.wants_keyframe(start + 2 * REQUEST_INTERVAL));
        assert_eq!(pictures.take().len(), 1);
    }

    #[test]
    fn pictures_that_nobody_takes_are_dropped_up_to_a_keyframe() {
        let mut pictures = Pictures::default();
        let picture = |is_keyframe, bytes| Picture {
            time: Duration::ZERO,
            is_keyframe,
            data: vec![0; bytes],
        };
        pictures.push(picture(true, MAX_KEPT_BYTES));
        pictures.push(picture(false, 1));
        assert_eq!(pictures.take().len(), 1);
        pictures.push(picture(false, 1));
        assert_eq!(pictures.take(), []);
        pictures.push(picture(true, 1));
        pictures.push(picture(false, 1));
        assert_eq!(pictures.take().len(), 2);
    }
}
