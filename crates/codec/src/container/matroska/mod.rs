//! Matroska and WebM files (RFC 9559): Opus sound with VP8, VP9, AV1 or H.264 pictures, written as they come.
//!
//! [`MatroskaWriter`] writes forward only. What is in the sink at any time is a file that plays: clusters are whole,
//! at most a second long, and flushed one by one. [`MatroskaWriter::finish_seekable`] then goes back and adds what
//! players need to jump about in it and to show how long it is; [`repair`] does the same for a file whose writer
//! was killed.
//!
//! The few kinds of EBML elements that takes are written here. Of the libraries there are, those that only know
//! elements leave all of the above to us and bring unmaintained macro crates or an executor with them, and the one
//! with a muxer wraps a C++ library.
//!
//! ```
//! use std::{io::Cursor, time::Duration};
//! use anteroom_codec::{container::{matroska::{MatroskaWriter, Track}, ogg_opus::OpusHead}, opus};
//!
//! let mut encoder = opus::Encoder::new(opus::EncoderConfig::default())?;
//! let track = Track::opus(OpusHead::for_encoder(&encoder)).named("everybody");
//! let mut file = MatroskaWriter::create(Cursor::new(Vec::new()), &[track])?;
//! let mut packet = [0; opus::MAX_PACKET_BYTES];
//! for i in 0..50 {
//!     let length = encoder.encode(&[0; 960], &mut packet)?;
//!     file.write(0, Duration::from_millis(20) * i, true, &packet[..length])?;
//! }
//! let file = file.finish_seekable()?;
//! # Ok::<_, anteroom_codec::Error>(())
//! ```
#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

mod ebml;
mod index;
mod layout;
mod repair;
mod track;
mod writer;

pub use repair::{Repaired, repair};
pub use track::{Track, VideoCodec};
pub use writer::{MAX_CLUSTER, MAX_TRACKS, MatroskaWriter};

#[cfg(test)]
mod tests;
