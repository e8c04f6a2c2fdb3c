//! A publisher's stream: made-up media in real packets, each at its time.
//!
//! Pictures are VP8 as far as a router looks: a descriptor with picture ids, a header that tells keyframes, thirty frames a
//! second, the packets of a frame back to back or spread over its time. A keyframe is four times as large, and comes first and when it is
//! asked for. Sound is the size of Opus, a packet each 20 ms.

use std::time::{Duration, Instant};

use anteroom_media_transport::rtp::PacketBuilder;
use anteroom_media_transport::{PeerSession, SRTP_MAX_OVERHEAD};
use rand::{Rng, RngExt as _};

use super::agreement::{Kind, Sending};
use super::client::Output;
use super::probe;
use super::protocol::Frames;

/// Frames of video in a second.
const FRAME_RATE: u32 = 30;

/// RTP ticks of a frame of video, at 90 kHz.
const FRAME_TICKS: u32 = 90_000 / FRAME_RATE;

/// What one packet of sound lasts.
const PACKET_TIME: Duration = Duration::from_millis(20);

/// RTP ticks of a packet of sound, at 48 kHz.
const PACKET_TICKS: u32 = 960;

/// The most payload of one packet, in bytes.
const MAX_PAYLOAD: usize = 1160;

/// Descriptor, header of a keyframe, stamp: no packet of video has less.
const MIN_VIDEO: usize = 4 + 10 + probe::LEN;

/// A byte that looks like Opus (CELT, fullband, 20 ms, mono: RFC 6716 §3.1), and a stamp.
const MIN_AUDIO: usize = 1 + probe::LEN;

/// How many times the size of another frame a keyframe has.
const KEYFRAME_FACTOR: usize = 4;

/// Packets kept to be sent again; a power of two.
const KEPT: usize = 1024;

/// Longest RTP header written here: fixed part, extension block with section name and level.
const MAX_HEADER: usize = 12 + 4 + 24;

/// So much behind, a source leaves out what it has missed.
const HOPELESS: Duration = Duration::from_millis(500);

/// A stream that is being sent.
pub(super) struct Source {
    sending: Sending,
    /// The audio level, 0 to 127 dB below overload.
    level: u8,
    frames: Frames,
    frame_bytes: usize,
    interval: Duration,
    sequence: u16,
    timestamp: u32,
    /// Number of the frame.
    frame: u16,
    /// When the frame began, and how far it is sent.
    began: Instant,
    part: u32,
    parts: u32,
    part_bytes: usize,
    is_keyframe: bool,
    wants_keyframe: bool,
    pub(super) packets: u64,
    pub(super) octets: u64,
    pub(super) keyframes: u64,
    /// By sequence number; in the clear, with its length.
    kept: Vec<(u16, Vec<u8>)>,
}

impl Source {
    /// A source of so many bits per second of payload, from `now` on.
    pub(super) fn new(sending: Sending, output: &Output, now: Instant, rng: &mut impl Rng) -> Self {
        let (bits, interval) = match sending.kind {
            Kind::Video => (output.video, Duration::from_secs(1) / FRAME_RATE),
            Kind::Audio => (output.audio, PACKET_TIME),
        };
        let bytes = u128::from(bits) * interval.as_micros() / 8_000_000;
        let mut source = Self {
            level: output.level,
            frames: output.frames,
            frame_bytes: usize::try_from(bytes).unwrap_or(usize::MAX),
            interval,
            sequence: rng.random::<u16>() >> 1,
            timestamp: rng.random(),
            frame: 0,
            began: now,
            part: 0,
            parts: 1,
            part_bytes: 0,
            is_keyframe: false,
            wants_keyframe: sending.kind == Kind::Video,
            packets: 0,
            octets: 0,
            keyframes: 0,
            kept: vec![(0, Vec::new()); KEPT],
            sending,
        };
        source.begin_frame();
        source
    }

    pub(super) const fn sending(&self) -> &Sending {
        &self.sending
    }

    pub(super) const fn timestamp(&self) -> u32 {
        self.timestamp
    }

    /// The server wants a keyframe: the next frame is one.
    pub(super) fn request_keyframe(&mut self) {
        self.wants_keyframe = self.sending.kind == Kind::Video;
    }

    /// When the next packet is to be sent.
    pub(super) fn due(&self) -> Instant {
        match self.frames {
            Frames::Together => self.began,
            Frames::Spread => self.began + self.interval * self.part / self.parts,
        }
    }

    /// Writes the next packet, stamped with `sent`, into `out` and protects it; its length.
    pub(super) fn packet(
        &mut self,
        now: Instant,
        sent: u64,
        session: &mut PeerSession,
        out: &mut Vec<u8>,
    ) -> Option<usize> {
        if now.saturating_duration_since(self.began) > HOPELESS {
            self.began = now;
        }
        let mut payload = [0x55; MAX_PAYLOAD];
        let payload = payload.get_mut(..self.part_bytes)?;
        match self.sending.kind {
            Kind::Video => self.describe(payload),
            Kind::Audio => payload[0] = 0xf8,
        }
        probe::write(payload, sent);
        let is_last = self.part + 1 == self.parts;
        let sending = &self.sending;
        let mut builder =
            PacketBuilder::new(sending.payload_type, self.sequence, self.timestamp, sending.ssrc)
                .marker(is_last && sending.kind == Kind::Video);
        if let Some(id) = sending.mid_extension {
            builder = builder.extension(id, sending.mid.as_bytes());
        }
        // A voice (RFC 6464 §4).
        let level = [self.level | 0x80];
        if let Some(id) = sending.level_extension {
            builder = builder.extension(id, &level);
        }
        out.clear();
        out.resize(MAX_HEADER + payload.len() + SRTP_MAX_OVERHEAD, 0);
        let length = builder.write(payload, out).ok()?;
        let (number, kept) = &mut self.kept[usize::from(self.sequence) % KEPT];
        *number = self.sequence;
        kept.clear();
        kept.extend_from_slice(out.get(..length)?);
        self.octets += payload.len() as u64;
        self.packets += 1;
        self.sequence = self.sequence.wrapping_add(1);
        self.part += 1;
        if is_last {
            self.began += self.interval;
            let ticks = match self.sending.kind {
                Kind::Video => FRAME_TICKS,
                Kind::Audio => PACKET_TICKS,
            };
            self.timestamp = self.timestamp.wrapping_add(ticks);
            self.frame = self.frame.wrapping_add(1);
            self.begin_frame();
        }
        session.protect_rtp(out, length).ok()
    }

    /// Writes a packet once more; `None` when it is not kept any longer.
    pub(super) fn again(&self, sequence: u16, session: &mut PeerSession, out: &mut Vec<u8>) -> Option<usize> {
        let (number, kept) = &self.kept[usize::from(sequence) % KEPT];
        if *number != sequence || kept.is_empty() {
            return None;
        }
        out.clear();
        out.extend_from_slice(kept);
        out.resize(kept.len() + SRTP_MAX_OVERHEAD, 0);
        session.protect_rtp(out, kept.len()).ok()
    }

    fn begin_frame(&mut self) {
        self.part = 0;
        self.is_keyframe = std::mem::take(&mut self.wants_keyframe);
        let (least, factor) = match self.sending.kind {
            Kind::Video if self.is_keyframe => (MIN_VIDEO, KEYFRAME_FACTOR),
            Kind::Video => (MIN_VIDEO, 1),
            Kind::Audio => (MIN_AUDIO, 1),
        };
        self.keyframes += u64::from(self.is_keyframe);
        let bytes = self.frame_bytes.saturating_mul(factor).max(least);
        // Sound does not come in parts.
        let parts = match self.sending.kind {
            Kind::Video => bytes.div_ceil(MAX_PAYLOAD),
            Kind::Audio => 1,
        };
        self.parts = u32::try_from(parts).unwrap_or(u32::MAX);
        self.part_bytes = (bytes / parts).clamp(least, MAX_PAYLOAD);
    }

    /// Payload descriptor (RFC 7741 §4.2) with a picture id of 15 bits, and at a frame's start the header (§4.3).
    fn describe(&self, payload: &mut [u8]) {
        let starts = self.part == 0;
        let [high, low] = (self.frame & 0x7fff).to_be_bytes();
        payload[..4].copy_from_slice(&[0x80 | u8::from(starts) << 4, 0x80, 0x80 | high, low]);
        if starts {
            // Shown, and not a keyframe when the lowest bit is set.
            payload[4] = 0x10 | u8::from(!self.is_keyframe);
            if self.is_keyframe {
                // Start code, 640 × 360.
                payload[7..14].copy_from_slice(&[0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use anteroom_media_transport::payload::vp8_starts_keyframe;
    use rand::SeedableRng as _;
    use rand::rngs::StdRng;

    use super::super::protocol::Manners;
    use super::*;

    fn source(kind: Kind, bits: u64, now: Instant) -> Source {
        source_of(kind, bits, Frames::Spread, now)
    }

    fn source_of(kind: Kind, bits: u64, frames: Frames, now: Instant) -> Source {
        let sending = Sending {
            kind,
            mid: "0".to_owned(),
            ssrc: 1,
            payload_type: 96,
            mid_extension: None,
            level_extension: None,
        };
        let output = Output {
            sends: true,
            video: bits,
            audio: bits,
            level: 20,
            frames,
        };
        Source::new(sending, &output, now, &mut StdRng::seed_from_u64(1))
    }

    /// What a source writes for itself, since nobody has keys: the kept packets' payloads.
    fn next(source: &mut Source) -> (Instant, bool, Vec<u8>) {
        let due = source.due();
        let (sequence, mut session) = (source.sequence, session(due));
        assert_eq!(
            source.packet(due, 7, &mut session, &mut Vec::new()),
            None,
            "no keys"
        );
        let (_, kept) = &source.kept[usize::from(sequence) % KEPT];
        let packet = anteroom_media_transport::rtp::Packet::parse(kept).unwrap();
        (due, packet.marker(), packet.payload().to_vec())
    }

    fn session(now: Instant) -> PeerSession {
        let local =
            super::super::agreement::Local::new(Manners::default(), &mut StdRng::seed_from_u64(2)).unwrap();
        let config = anteroom_media_transport::PeerConfig {
            role: anteroom_media_transport::Role::Client,
            local: local.credentials,
            certificate: local.certificate,
            srtp_profiles: anteroom_media_transport::SrtpProfile::PREFERENCE.to_vec(),
            seed: 1,
        };
        PeerSession::new(config, now)
    }

    #[test]
    fn pictures_come_at_their_rate_with_keyframes_first_and_on_request() {
        let start = Instant::now();
        let mut source = source(Kind::Video, 1_500_000, start);
        let (mut bytes, mut frames, mut keyframes) = (0, 0, Vec::new());
        while source.due() < start + Duration::from_secs(2) {
            if frames == 40 && source.part == 0 {
                source.request_keyframe();
            }
            let (due, marker, payload) = next(&mut source);
            assert_eq!(probe::read(&payload), Some(7));
            assert!(payload.len() <= MAX_PAYLOAD);
            if vp8_starts_keyframe(&payload) {
                keyframes.push(due - start);
            }
            bytes += payload.len();
            frames += usize::from(marker);
        }
        // It was asked for during the fortieth frame: the one behind it is a keyframe.
        assert_eq!(frames, 60);
        assert_eq!(keyframes.len(), 2);
        assert_eq!(keyframes[0], Duration::ZERO);
        let second = keyframes[1].as_millis();
        assert!((1366..=1367).contains(&second), "{second}");
        // Two seconds, and three frames' worth more for each keyframe.
        let expected = 1_500_000 / 8 * 2 + 2 * 3 * 1_500_000 / 8 / 30;
        assert!(bytes.abs_diff(expected) < expected / 100, "{bytes} {expected}");
    }

    #[test]
    fn packets_of_a_frame_leave_together_or_one_after_the_other() {
        let start = Instant::now();
        let frames = |frames| {
            let mut source = source_of(Kind::Video, 1_500_000, frames, start);
            let mut frames: Vec<Vec<Duration>> = vec![Vec::new()];
            while frames.len() < 31 {
                let (due, marker, _) = next(&mut source);
                if let Some(frame) = frames.last_mut() {
                    frame.push(due - start);
                }
                if marker {
                    frames.push(Vec::new());
                }
            }
            frames.truncate(30);
            frames
        };
        let (together, spread) = (frames(Frames::Together), frames(Frames::Spread));
        for (number, (together, spread)) in (0..).zip(together.iter().zip(&spread)) {
            // The same packets, and frames that begin at the same time.
            assert!(together.len() > 5 && together.len() == spread.len());
            let frame = Duration::from_secs(1) / FRAME_RATE;
            assert!(together.iter().all(|due| *due == frame * number), "{together:?}");
            assert_eq!(spread.first(), together.first());
            assert!(
                spread.is_sorted_by(|one, next| *next - *one >= frame / 30),
                "{spread:?}"
            );
            assert!(*spread.last().unwrap() < frame * (number + 1));
        }
    }

    #[test]
    fn sound_is_one_packet_each_20_ms_and_small_rates_have_room_for_a_stamp() {
        let start = Instant::now();
        let mut voice = source(Kind::Audio, 64_000, start);
        for index in 0..100 {
            let (due, marker, payload) = next(&mut voice);
            assert_eq!(due - start, PACKET_TIME * index);
            assert_eq!((marker, payload.len()), (false, 160));
        }
        let (_, _, payload) = next(&mut source(Kind::Audio, 1, start));
        assert_eq!((payload.len(), probe::read(&payload)), (MIN_AUDIO, Some(7)));
        let (_, _, payload) = next(&mut source(Kind::Video, 1, start));
        assert!(vp8_starts_keyframe(&payload));
        assert_eq!((payload.len(), probe::read(&payload)), (MIN_VIDEO, Some(7)));
    }

    #[test]
    fn what_was_missed_long_ago_is_not_made_up_for() {
        let start = Instant::now();
        let mut voice = source(Kind::Audio, 64_000, start);
        let late = start + Duration::from_secs(10);
        voice.packet(late, 7, &mut session(start), &mut Vec::new());
        assert_eq!(voice.due(), late + PACKET_TIME);
    }
}
