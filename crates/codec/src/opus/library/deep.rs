//! libopus through `opusic-c`, which has deep redundancy (DRED) and the decoder's complexity, but cannot tell the final
//! range or the DTX state.

use opusic_c::{ErrorCode, SampleRate, dred::Dred};

use super::changed;
use crate::{
    Error,
    opus::{
        Application, BITRATE_AUTO, BITRATE_MAX, Channels, EncoderConfig, RateControl, Signal,
        packet::Bandwidth,
    },
};

pub(in crate::opus) fn encoder(config: &EncoderConfig) -> Result<opusic_c::Encoder, Error> {
    let application = match config.application {
        Application::Voip => opusic_c::Application::Voip,
        Application::Audio => opusic_c::Application::Audio,
        Application::LowDelay => opusic_c::Application::LowDelay,
    };
    let mut encoder = opusic_c::Encoder::new(channels(config.channels), SampleRate::Hz48000, application)?;
    apply(&mut encoder, config, None)?;
    Ok(encoder)
}

/// Tells the encoder what changed.
pub(in crate::opus) fn apply(
    encoder: &mut opusic_c::Encoder,
    config: &EncoderConfig,
    before: Option<&EncoderConfig>,
) -> Result<(), Error> {
    if let Some(complexity) = changed(config, before, |config| config.complexity) {
        encoder.set_complexity(complexity)?;
    }
    if let Some(on) = changed(config, before, |config| config.in_band_fec) {
        encoder.set_inband_fec(if on {
            opusic_c::InbandFec::Mode1
        } else {
            opusic_c::InbandFec::Off
        })?;
    }
    if let Some(percent) = changed(config, before, |config| config.expected_loss_percent) {
        encoder.set_packet_loss(percent)?;
    }
    if let Some(on) = changed(config, before, |config| config.dtx) {
        encoder.set_dtx(on)?;
    }
    if let Some(bitrate_bps) = changed(config, before, |config| config.bitrate_bps) {
        encoder.set_bitrate(match bitrate_bps {
            BITRATE_AUTO => opusic_c::Bitrate::Auto,
            BITRATE_MAX => opusic_c::Bitrate::Max,
            bps => opusic_c::Bitrate::Value(bps),
        })?;
    }
    if let Some(control) = changed(config, before, |config| config.rate_control) {
        encoder.set_vbr(control != RateControl::Constant)?;
        encoder.set_vbr_constraint(control == RateControl::Constrained)?;
    }
    if let Some(signal) = changed(config, before, EncoderConfig::signal) {
        encoder.set_signal(match signal {
            Signal::Voice => opusic_c::Signal::Voice,
            Signal::Music => opusic_c::Signal::Music,
            Signal::Auto | Signal::ByApplication => opusic_c::Signal::Auto,
        })?;
    }
    if let Some(widest) = changed(config, before, |config| config.max_bandwidth) {
        encoder.set_max_bandwidth(bandwidth(widest))?;
    }
    if let Some(forced) = changed(config, before, |config| config.bandwidth) {
        encoder.set_bandwidth(forced.map_or(opusic_c::Bandwidth::Auto, bandwidth))?;
    }
    if let Some(forced) = changed(config, before, |config| config.force_channels) {
        encoder.set_force_channels(forced.map(channels))?;
    }
    if let Some(disabled) = changed(config, before, |config| config.phase_inversion_disabled) {
        encoder.set_phase_inversion_disabled(disabled)?;
    }
    if let Some(depth) = changed(config, before, |config| config.lsb_depth) {
        encoder.set_lsb_depth(depth)?;
    }
    if let Some(disabled) = changed(config, before, |config| config.prediction_disabled) {
        encoder.set_prediction_disabled(disabled)?;
    }
    if let Some(dred) = changed(config, before, |config| config.dred) {
        // Validated: at most 104 steps of 10 ms.
        encoder.set_dred_duration(u8::try_from(dred.as_millis() / 10).unwrap_or(u8::MAX))?;
    }
    Ok(())
}

pub(in crate::opus) fn decoder(layout: Channels) -> Result<Dred, Error> {
    // The binding sets aside a fixed room for what libopus writes there; a library that wants more would write beyond.
    if opusic_c::dred::dred_packet_size() > opusic_c::dred::DRED_PACKET_SIZE {
        return Err(Error::Opus("its DRED state does not fit the binding's"));
    }
    let decoder = opusic_c::Decoder::new(channels(layout), SampleRate::Hz48000)?;
    Ok(Dred::new(decoder)?)
}

/// `None` before anything was coded.
pub(in crate::opus) const fn read_bandwidth(bandwidth: opusic_c::Bandwidth) -> Option<Bandwidth> {
    Some(match bandwidth {
        opusic_c::Bandwidth::Auto => return None,
        opusic_c::Bandwidth::Narrow => Bandwidth::Narrow,
        opusic_c::Bandwidth::Medium => Bandwidth::Medium,
        opusic_c::Bandwidth::Wide => Bandwidth::Wide,
        opusic_c::Bandwidth::Superwide => Bandwidth::SuperWide,
        opusic_c::Bandwidth::Full => Bandwidth::Full,
    })
}

const fn channels(channels: Channels) -> opusic_c::Channels {
    match channels {
        Channels::Mono => opusic_c::Channels::Mono,
        Channels::Stereo => opusic_c::Channels::Stereo,
    }
}

const fn bandwidth(bandwidth: Bandwidth) -> opusic_c::Bandwidth {
    match bandwidth {
        Bandwidth::Narrow => opusic_c::Bandwidth::Narrow,
        Bandwidth::Medium => opusic_c::Bandwidth::Medium,
        Bandwidth::Wide => opusic_c::Bandwidth::Wide,
        Bandwidth::SuperWide => opusic_c::Bandwidth::Superwide,
        Bandwidth::Full => opusic_c::Bandwidth::Full,
    }
}

impl From<ErrorCode> for Error {
    fn from(code: ErrorCode) -> Self {
        Self::Opus(code.message())
    }
}
