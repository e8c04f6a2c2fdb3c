//! Who speaks, from the audio levels of packets (RFC 6464).

use std::cmp::Reverse;
use std::time::{Duration, Instant};

use super::{PeerId, TrackId};

/// How often a room looks who speaks: at most five times a second.
pub(super) const INTERVAL: Duration = Duration::from_millis(200);

/// A packet's share of the smoothed level when it is louder: about 100 ms to follow, at 20 ms a packet.
const ATTACK: f32 = 0.3;
/// The same when it is quieter: half a second, so that a pause between words is none between speakers.
const DECAY: f32 = 0.015;
/// What is left of the level at each look when nothing comes (discontinuous transmission).
const SILENT_DECAY: f32 = 0.6;
/// After this without a packet a track is silent.
const SILENCE_AFTER: Duration = Duration::from_millis(250);

/// Loudness, in dB over silence (-127 dBov), from which on one speaks.
const ENTER: f32 = 77.0;
/// Loudness under which one has stopped.
pub(super) const LEAVE: f32 = 67.0;
/// How much louder one must be to stand before another.
pub(super) const OVERTAKE: f32 = 6.0;

/// The smoothed loudness of one track.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Loudness {
    /// 0 (silence) ..= 127.
    value: f32,
    /// Of the latest packet, and the lesser of the latest two.
    latest: f32,
    both: f32,
    last: Option<Instant>,
}

impl Loudness {
    /// Takes a level in -dBov: 0 is the loudest, 127 silence.
    pub(super) fn handle_level(&mut self, now: Instant, level: u8) {
        let value = f32::from(127 - level.min(127));
        let share = if value > self.value { ATTACK } else { DECAY };
        self.value += (value - self.value) * share;
        self.both = value.min(self.latest);
        self.latest = value;
        self.last = Some(now);
    }

    /// Whether packets have said a level.
    pub(super) const fn is_known(&self) -> bool {
        self.last.is_some()
    }

    /// Smoothed.
    pub(super) const fn value(&self) -> f32 {
        self.value
    }

    /// Of the latest packet.
    pub(super) const fn latest(&self) -> f32 {
        self.latest
    }

    /// The lesser of the latest two packets: one alone may be a click.
    pub(super) const fn quick(&self) -> f32 {
        self.both
    }

    /// The loudness at a look, which comes every [`INTERVAL`].
    fn look(&mut self, now: Instant) -> f32 {
        if self
            .last
            .is_none_or(|last| now.saturating_duration_since(last) > SILENCE_AFTER)
        {
            self.value *= SILENT_DECAY;
        }
        self.value
    }
}

/// A list of active speakers: peer, track, smoothed level in -dBov.
pub(super) type Speakers = Vec<(PeerId, TrackId, u8)>;

/// Who speaks in one room.
#[derive(Debug, Default)]
pub(super) struct Detector {
    /// Those who speak, in the order last said.
    active: Vec<TrackId>,
    said: Vec<TrackId>,
}

impl Detector {
    /// Looks at all audio tracks of the room; the list, when it has changed.
    pub(super) fn look<'a>(
        &mut self,
        now: Instant,
        tracks: impl Iterator<Item = (PeerId, TrackId, &'a mut Loudness)>,
        max_speakers: usize,
    ) -> Option<Speakers> {
        let mut speaking: Vec<(PeerId, TrackId, f32)> = Vec::new();
        for (peer, track, loudness) in tracks {
            let value = loudness.look(now);
            let threshold = if self.active.contains(&track) {
                LEAVE
            } else {
                ENTER
            };
            if value >= threshold {
                speaking.push((peer, track, value));
            }
        }
        let rank = |track: TrackId| {
            self.active
                .iter()
                .position(|active| *active == track)
                .unwrap_or(usize::MAX)
        };
        // Those who spoke before in their old order, then the others, the loudest first.
        speaking.sort_by(|a, b| rank(a.1).cmp(&rank(b.1)).then(b.2.total_cmp(&a.2)));
        let mut order: Vec<(PeerId, TrackId, f32)> = Vec::with_capacity(speaking.len());
        for speaker in speaking {
            let place = order
                .iter()
                .position(|other| speaker.2 > other.2 + OVERTAKE)
                .unwrap_or(order.len());
            order.insert(place, speaker);
        }
        self.active = order.iter().map(|(_, track, _)| *track).collect();
        order.truncate(max_speakers);
        if order
            .iter()
            .map(|(_, track, _)| *track)
            .eq(self.said.iter().copied())
        {
            return None;
        }
        self.said = order.iter().map(|(_, track, _)| *track).collect();
        let level = |value: f32| {
            (0..=127)
                .min_by_key(|level: &u8| Reverse(closeness(*level, value)))
                .unwrap_or(127)
        };
        Some(
            order
                .into_iter()
                .map(|(peer, track, value)| (peer, track, level(value)))
                .collect(),
        )
    }
}

/// Greater for levels nearer to the loudness.
fn closeness(level: u8, loudness: f32) -> i32 {
    let distance = (127.0 - f32::from(level) - loudness).abs();
    // In thousandths of a decibel; at most 127 000.
    #[expect(clippy::cast_possible_truncation, reason = "0..=127 000")]
    let thousandths = (distance * 1000.0) as i32;
    -thousandths
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_clock::start;

    struct Room {
        now: Instant,
        detector: Detector,
        tracks: Vec<Loudness>,
        said: Vec<Vec<u64>>,
    }

    impl Room {
        fn new(tracks: usize) -> Self {
            let tracks = vec![Loudness::default(); tracks];
            Self {
                now: start(),
                detector: Detector::default(),
                tracks,
                said: Vec::new(),
            }
        }

        /// Runs for `millis` with one level per track; `None` sends nothing.
        fn run(&mut self, millis: u64, levels: &[Option<u8>]) {
            for step in 1..=millis / 20 {
                self.now += Duration::from_millis(20);
                for (track, level) in self.tracks.iter_mut().zip(levels) {
                    if let Some(level) = level {
                        track.handle_level(self.now, *level);
                    }
                }
                if step % 10 == 0 {
                    let named = self
                        .tracks
                        .iter_mut()
                        .zip(0..)
                        .map(|(l, id)| (PeerId(id), TrackId(id), l));
                    if let Some(list) = self.detector.look(self.now, named, 3) {
                        self.said
                            .push(list.into_iter().map(|(_, track, _)| track.0).collect());
                    }
                }
            }
        }
    }

    #[test]
    fn says_who_speaks_once_and_when_they_have_stopped() {
        let mut room = Room::new(2);
        room.run(1000, &[Some(120), Some(120)]);
        assert!(room.said.is_empty());
        room.run(2000, &[Some(30), Some(120)]);
        assert_eq!(room.said, [vec![0]]);
        room.run(200, &[Some(120), Some(120)]);
        assert_eq!(room.said.len(), 1, "a short pause is no end");
        room.run(3000, &[Some(120), Some(120)]);
        assert_eq!(room.said, [vec![0], vec![]]);
    }

    #[test]
    fn discontinuous_transmission_is_silence() {
        let mut room = Room::new(1);
        room.run(1000, &[Some(20)]);
        room.run(1500, &[None]);
        assert_eq!(room.said, [vec![0], vec![]]);
    }

    #[test]
    fn two_about_equally_loud_do_not_swap_places() {
        let mut room = Room::new(2);
        room.run(1000, &[Some(30), Some(127)]);
        for _ in 0..10 {
            room.run(200, &[Some(30), Some(27)]);
            room.run(200, &[Some(27), Some(30)]);
        }
        assert_eq!(room.said, [vec![0], vec![0, 1]]);
        room.run(2000, &[Some(45), Some(10)]);
        assert_eq!(room.said.last().unwrap(), &[1, 0]);
    }

    #[test]
    fn the_list_is_bounded_and_has_levels() {
        let mut room = Room::new(5);
        room.run(2000, &[Some(10), Some(20), Some(30), Some(40), Some(41)]);
        assert!(room.said.iter().all(|list| list.len() <= 3));
        assert_eq!(room.said.last().unwrap(), &[0, 1, 2]);
        let mut detector = Detector::default();
        let named = room
            .tracks
            .iter_mut()
            .zip(0..)
            .map(|(l, id)| (PeerId(id), TrackId(id), l));
        let list = detector.look(room.now, named, 1).unwrap();
        assert_eq!(list, [(PeerId(0), TrackId(0), 10)]);
    }
}
