//! Mixing: many speakers to one listener, without clipping and without the listener's own voice.
//!
//! Three levels, each standing on the one before:
//!
//! - [`Bus`] and [`Mixer`]: the sum of a tick, and what one listener hears of it;
//! - [`select`]: who of many is on the bus, by loudness, without flapping;
//! - [`Conference`]: a whole room. Every leg hears all but itself, selection and fades included, and all who are
//!   silent share one mix, so it needs one encoder.
//!
//! ```
//! use anteroom_codec::mix::{Bus, Mixer};
//! let (alice, bob, dana) = ([1000i16; 480], [200; 480], [30; 480]);
//! let mut bus = Bus::new();
//! for frame in [&alice, &bob, &dana] {
//!     bus.add(frame);
//! }
//! let mut for_dana = Mixer::new();
//! let mut heard = [0; 480];
//! for_dana.render_without(&bus, &dana, &mut heard);
//! assert_eq!(heard[0], 1200);
//! ```

mod bus;
mod conference;
mod limiter;
pub mod select;
#[cfg(test)]
mod tests;

pub use bus::{Bus, MAX_SOURCES, Mixer};
pub use conference::{Conference, ConferenceConfig, Heard, LegId};
