//! Which microphones of a room are forwarded: those of its loudest speakers.
//!
//! There are so many seats. Whoever sends takes a free one, silence included, so that in a small room nothing is ever
//! left out. When all are taken, somebody louder takes the seat of the quietest:
//!
//! - two packets in a row make one loud, so that hardly anything of a word is missing;
//! - who has just spoken counts as loud as that for [`HOLD`], so that a pause between words costs no seat, and two who are
//!   about equally loud do not take turns;
//! - who sends nothing for [`GONE`] gives way to anybody.
//!
//! A microphone without levels (RFC 6464) cannot be compared: it is always forwarded, and takes no seat.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use super::publisher::Track;
use super::slots::Slots;
use super::speakers::{LEAVE, OVERTAKE};

/// For so long somebody counts as loud as when it last spoke.
const HOLD: Duration = Duration::from_millis(1500);

/// What is taken off that with each packet of softer speech, in dB.
const FALL: f32 = 0.5;

/// After this without a packet a seat is anybody's; Opus sends one each 400 ms while there is nothing to hear.
const GONE: Duration = Duration::from_secs(2);

/// The seats of one room.
#[derive(Debug, Default)]
pub(super) struct Voices {
    seats: Vec<Seat>,
}

#[derive(Debug, Clone, Copy)]
struct Seat {
    /// Slot of the track.
    track: u32,
    /// When it last spoke, and how loud it was.
    spoke: Option<(Instant, f32)>,
    heard: Instant,
}

/// What follows from a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hearing {
    /// It has a seat.
    Seated,
    /// It gets one, perhaps that of another track.
    Enters { instead_of: Option<u32> },
    /// There is none for it.
    Unheard,
}

impl Voices {
    /// Decides on a packet of a track, whose level has been taken note of. Takes memory for a new seat only.
    pub(super) fn hear(
        &mut self,
        now: Instant,
        slot: u32,
        most: NonZeroUsize,
        tracks: &Slots<Track>,
    ) -> Hearing {
        let Some(track) = tracks.get(slot) else {
            return Hearing::Unheard;
        };
        if let Some(seat) = self.seats.iter_mut().find(|seat| seat.track == slot) {
            seat.heard = now;
            if track.loudness.latest() >= LEAVE {
                let held = seat.held(now).map_or(0.0, |loudness| loudness - FALL);
                let loudness = track.loudness.value().max(track.loudness.quick());
                seat.spoke = Some((now, loudness.max(held)));
            }
            return Hearing::Seated;
        }
        let own = Seat {
            track: slot,
            spoke: (track.loudness.latest() >= LEAVE).then(|| (now, track.loudness.quick())),
            heard: now,
        };
        if self.seats.len() < most.get() {
            self.seats.push(own);
            return Hearing::Enters { instead_of: None };
        }
        let quietest = self
            .seats
            .iter_mut()
            .map(|seat| (seat.loudness(now, tracks), seat))
            .min_by(|(one, _), (other, _)| one.total_cmp(other));
        match quietest {
            Some((loudness, seat)) if track.loudness.quick() > loudness + OVERTAKE => {
                let instead_of = Some(seat.track);
                *seat = own;
                Hearing::Enters { instead_of }
            }
            _ => Hearing::Unheard,
        }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.seats.is_empty()
    }

    /// A track is gone, or begins anew.
    pub(super) fn leave(&mut self, slot: u32) {
        self.seats.retain(|seat| seat.track != slot);
    }
}

impl Seat {
    /// What a challenger has to surpass.
    fn loudness(&self, now: Instant, tracks: &Slots<Track>) -> f32 {
        if now.saturating_duration_since(self.heard) >= GONE {
            return f32::NEG_INFINITY;
        }
        let track = tracks.get(self.track);
        let value = track.map_or(0.0, |track| track.loudness.value());
        value.max(self.held(now).unwrap_or(0.0))
    }

    /// How loud it was, while that counts.
    fn held(&self, now: Instant) -> Option<f32> {
        let (at, loudness) = self.spoke?;
        (now.saturating_duration_since(at) < HOLD).then_some(loudness)
    }
}
