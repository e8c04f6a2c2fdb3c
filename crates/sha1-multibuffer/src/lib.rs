#![doc = include_str!("../README.md")]

mod backend;
mod hmac;
mod lanes;
#[cfg(test)]
mod tests;

#[cfg(target_arch = "x86_64")]
#[macro_use]
mod rounds;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;

pub use backend::Backend;
pub use hmac::{HmacSha1, Tag};

/// The most messages that any [`Backend`] hashes at once; batches of a multiple of it waste no lane.
pub const MAX_LANES: usize = 16;

/// A message and the key to authenticate it with.
#[derive(Debug, Clone, Copy)]
pub struct Job<'a> {
    /// The key.
    pub key: &'a HmacSha1,
    /// The message, of any length.
    pub message: &'a [u8],
}

/// Computes the tag of each job with the best [`Backend`] of this processor: `tags[i]` is that of `jobs[i]`.
///
/// Where one slice is longer than the other, what is over is left alone.
pub fn tags(jobs: &[Job<'_>], tags: &mut [Tag]) {
    Backend::best().tags(jobs, tags);
}
