//! libopus through the `opus` crate.

use super::changed;
use crate::{
    Error, SAMPLE_RATE_HZ,
    opus::{
        Application, BITRATE_AUTO, BITRATE_MAX, Channels, EncoderConfig, RateControl, Signal,
        packet::Bandwidth,
    },
};

pub(in crate::opus) fn encoder(config: &EncoderConfig) -> Result<opus::Encoder, Error> {
    let application = match config.application {
        Application::Voip => opus::Application::Voip,
        Application::Audio => opus::Application::Audio,
        Application::LowDelay => opus::Application::LowDelay,
    };
    let mut encoder = opus::Encoder::new(SAMPLE_RATE_HZ, channels(config.channels), application)?;
    apply(&mut encoder, config, None)?;
    Ok(encoder)
}

/// Tells the encoder what changed.
pub(in crate::opus) fn apply(
    encoder: &mut opus::Encoder,
    config: &EncoderConfig,
    before: Option<&EncoderConfig>,
) -> Result<(), Error> {
    if let Some(complexity) = changed(config, before, |config| config.complexity) {
        encoder.set_complexity(i32::from(complexity))?;
    }
    if let Some(on) = changed(config, before, |config| config.in_band_fec) {
        encoder.set_inband_fec(on)?;
    }
    if let Some(percent) = changed(config, before, |config| config.expected_loss_percent) {
        encoder.set_packet_loss_perc(i32::from(percent))?;
    }
    if let Some(on) = changed(config, before, |config| config.dtx) {
        encoder.set_dtx(on)?;
    }
    if let Some(bitrate_bps) = changed(config, before, |config| config.bitrate_bps) {
        encoder.set_bitrate(match bitrate_bps {
            BITRATE_AUTO => opus::Bitrate::Auto,
            BITRATE_MAX => opus::Bitrate::Max,
            bps => opus::Bitrate::Bits(i32::try_from(bps).unwrap_or(i32::MAX)),
        })?;
    }
    if let Some(control) = changed(config, before, |config| config.rate_control) {
        encoder.set_vbr(control != RateControl::Constant)?;
        encoder.set_vbr_constraint(control == RateControl::Constrained)?;
    }
    if let Some(signal) = changed(config, before, EncoderConfig::signal) {
        encoder.set_signal(match signal {
            Signal::Voice => opus::Signal::Voice,
            Signal::Music => opus::Signal::Music,
            Signal::Auto | Signal::ByApplication => opus::Signal::Auto,
        })?;
    }
    if let Some(widest) = changed(config, before, |config| config.max_bandwidth) {
        encoder.set_max_bandwidth(bandwidth(widest))?;
    }
    if let Some(forced) = changed(config, before, |config| config.bandwidth) {
        encoder.set_bandwidth(forced.map_or(opus::Bandwidth::Auto, bandwidth))?;
    }
    if let Some(forced) = changed(config, before, |config| config.force_channels) {
        encoder.set_force_channels(forced.map(channels))?;
    }
    if let Some(disabled) = changed(config, before, |config| config.phase_inversion_disabled) {
        encoder.set_phase_inversion_disabled(disabled)?;
    }
    if let Some(depth) = changed(config, before, |config| config.lsb_depth) {
        encoder.set_lsb_depth(i32::from(depth))?;
    }
    if let Some(disabled) = changed(config, before, |config| config.prediction_disabled) {
        encoder.set_prediction_disabled(disabled)?;
    }
    Ok(())
}

pub(in crate::opus) fn decoder(layout: Channels) -> Result<opus::Decoder, Error> {
    Ok(opus::Decoder::new(SAMPLE_RATE_HZ, channels(layout))?)
}

/// `None` before anything was coded.
pub(in crate::opus) const fn read_bandwidth(bandwidth: opus::Bandwidth) -> Option<Bandwidth> {
    Some(match bandwidth {
        opus::Bandwidth::Auto => return None,
        opus::Bandwidth::Narrowband => Bandwidth::Narrow,
        opus::Bandwidth::Mediumband => Bandwidth::Medium,
        opus::Bandwidth::Wideband => Bandwidth::Wide,
        opus::Bandwidth::Superwideband => Bandwidth::SuperWide,
        opus::Bandwidth::Fullband => Bandwidth::Full,
    })
}

const fn channels(channels: Channels) -> opus::Channels {
    match channels {
        Channels::Mono => opus::Channels::Mono,
        Channels::Stereo => opus::Channels::Stereo,
    }
}

const fn bandwidth(bandwidth: Bandwidth) -> opus::Bandwidth {
    match bandwidth {
        Bandwidth::Narrow => opus::Bandwidth::Narrowband,
        Bandwidth::Medium => opus::Bandwidth::Mediumband,
        Bandwidth::Wide => opus::Bandwidth::Wideband,
        Bandwidth::SuperWide => opus::Bandwidth::Superwideband,
        Bandwidth::Full => opus::Bandwidth::Fullband,
    }
}
