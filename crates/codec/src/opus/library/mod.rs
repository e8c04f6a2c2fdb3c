//! The two ways to libopus, and how settings are told to each.
//!
//! The one every encoder and decoder goes through is the `opus` crate ([`plain`]). It knows no deep redundancy, so with the
//! feature `dred` those that are asked for it go through `opusic-c` ([`deep`]). Both call one and the same library, which
//! `opusic-sys` compiles once.
//!
//! Not offered are the second mode of in-band FEC (by `opus`), the quality extension (QEXT), the decoder's extension of
//! bandwidth, and the switch that ignores extensions (by both).

#[cfg(feature = "dred")]
pub(super) mod deep;
pub(super) mod plain;

use crate::opus::EncoderConfig;

/// The settings that differ between two configurations, in the order libopus should hear of them: all when there is no
/// earlier one.
pub(super) fn changed<T: PartialEq>(
    config: &EncoderConfig,
    before: Option<&EncoderConfig>,
    field: impl Fn(&EncoderConfig) -> T,
) -> Option<T> {
    let new = field(config);
    before.is_none_or(|before| field(before) != new).then_some(new)
}
