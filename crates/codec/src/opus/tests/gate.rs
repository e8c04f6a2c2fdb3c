//! The silence gate: what is said goes through, what is not said costs nothing, and any decoder plays the pauses.

use std::time::Duration;

use super::*;
use crate::level::tests::{at_level, noise, sum};
use crate::similarity::{rms_dbfs, similarity};

fn gated(config: EncoderConfig) -> GatedEncoder {
    GatedEncoder::new(config, GateConfig::default()).unwrap()
}

/// Meeting input: speech a quarter of the time, the noise of a room always. Where the speech starts, in samples, too.
fn meeting(speech_dbfs: f64, noise_dbfs: f64) -> (Vec<i16>, [usize; 2]) {
    let speech = at_level(&speech(), speech_dbfs);
    // Both at the start of a packet.
    let starts = [5 * 48_000, 960 * ((20 * 48_000 + speech.len()) / 960)];
    let mut sound = noise(1, starts[1] + speech.len() + 10 * 48_000, noise_dbfs, 0.6);
    for start in starts {
        let range = start..start + speech.len();
        let mixed = sum(&speech, &sound[range.clone()]);
        sound[range].copy_from_slice(&mixed);
    }
    (sound, starts)
}

fn run(encoder: &mut GatedEncoder, sound: &[i16]) -> Vec<(Gated, Vec<u8>)> {
    let mut bytes = [0; MAX_PACKET_BYTES];
    sound
        .chunks_exact(encoder.encoder().config().frame_len())
        .map(|frame| {
            let gated = encoder.encode(frame, &mut bytes).unwrap();
            (gated, bytes[..gated.len()].to_vec())
        })
        .collect()
}

#[test]
fn a_quarter_of_speech_costs_a_third() {
    let (sound, _) = meeting(-26.0, -60.0);
    let packets = run(&mut gated(EncoderConfig::default()), &sound);
    let encoded = packets
        .iter()
        .filter(|(gated, _)| !matches!(gated, Gated::Silence(_)))
        .count();
    let share = encoded as f64 / packets.len() as f64;
    assert!((0.25..0.42).contains(&share), "{share}");
}

#[test]
fn pauses_are_refreshed_every_400_ms() {
    let packets = run(
        &mut gated(EncoderConfig::default()),
        &noise(2, 20 * 48_000, -60.0, 0.6),
    );
    let settled = &packets[250..];
    let noise: Vec<usize> = (0..settled.len())
        .filter(|at| matches!(settled[*at].0, Gated::Noise(_)))
        .collect();
    assert!(noise.windows(2).filter(|pair| pair[1] - pair[0] == 20).count() > 30);
    assert!(
        settled
            .iter()
            .all(|(gated, _)| !matches!(gated, Gated::Speech(_)))
    );
    for (gated, bytes) in settled {
        assert_eq!(is_dtx(bytes), matches!(gated, Gated::Silence(1)), "{gated:?}");
        assert_eq!(duration_samples(bytes), Ok(960));
        assert!(bytes.len() < 100);
    }
}

#[test]
fn silent_packets_last_as_long_as_others() {
    let silence = noise(3, 8 * 48_000, -90.0, 0.0);
    for application in [Application::Voip, Application::Audio, Application::LowDelay] {
        for frame in FRAMES {
            let mut encoder = gated(EncoderConfig {
                application,
                frame,
                ..EncoderConfig::default()
            });
            let packets = run(&mut encoder, &silence);
            let silent: Vec<_> = packets
                .iter()
                .filter(|(g, _)| matches!(g, Gated::Silence(_)))
                .collect();
            assert!(silent.len() * 2 > packets.len(), "{application:?} {frame:?}");
            for (_, bytes) in silent {
                assert!(is_dtx(bytes) && bytes.len() <= 2);
                assert_eq!(duration_samples(bytes), Ok(frame.samples()));
                assert_eq!(
                    ::opus::packet::get_nb_samples(bytes, 48_000).unwrap(),
                    frame.samples()
                );
            }
        }
    }
    // Another length than before: encoded, because the last packet's configuration does not have it.
    let mut encoder = gated(EncoderConfig {
        frame: FrameDuration::Ms60,
        ..EncoderConfig::default()
    });
    run(&mut encoder, &silence);
    let shorter = EncoderConfig {
        frame: FrameDuration::Ms20,
        ..EncoderConfig::default()
    };
    encoder.set_config(shorter).unwrap();
    let packets = run(&mut encoder, &silence[..96_000]);
    assert!(
        packets
            .iter()
            .all(|(_, bytes)| duration_samples(bytes) == Ok(960))
    );
    assert!(
        packets
            .iter()
            .any(|(gated, _)| matches!(gated, Gated::Silence(_)))
    );
}

/// No part of the speech is left out, at levels and in noises of all kinds.
#[test]
fn speech_is_never_cut() {
    let clean = at_level(&speech(), -26.0);
    for (speech_dbfs, noise_dbfs) in [(-26.0, -60.0), (-45.0, -62.0), (-30.0, -45.0), (-45.0, -80.0)] {
        let (sound, starts) = meeting(speech_dbfs, noise_dbfs);
        let packets = run(&mut gated(EncoderConfig::default()), &sound);
        let (mut spoken, mut cut) = (0, 0);
        for start in starts {
            for (at, frame) in clean.chunks_exact(960).enumerate() {
                // What is 40 dB below the mean, or in the noise, is not heard.
                let level = rms_dbfs(frame) - -26.0;
                if level > -35.0 && level + speech_dbfs > noise_dbfs + 3.0 {
                    spoken += 1;
                    let gone = !matches!(packets[start / 960 + at].0, Gated::Speech(_));
                    cut += usize::from(gone);
                }
            }
        }
        println!("{speech_dbfs} over {noise_dbfs}: {cut} of {spoken} frames of speech cut");
        assert_eq!(cut, 0, "{speech_dbfs} over {noise_dbfs}, of {spoken}");
    }
}

/// What a plain decoder makes of it, the silent packets left out as browsers do.
#[test]
fn any_decoder_plays_it() {
    let (sound, starts) = meeting(-26.0, -55.0);
    let packets = run(&mut gated(EncoderConfig::default()), &sound);
    let mut decoder = Decoder::new(Channels::Mono).unwrap();
    let (mut heard, mut pcm) = (Vec::new(), [0; 960]);
    for (gated, bytes) in &packets {
        match gated {
            Gated::Silence(_) => decoder.conceal(960, &mut pcm).unwrap(),
            _ => decoder.decode(bytes, &mut pcm).unwrap(),
        };
        heard.extend(pcm);
    }
    let speech = speech();
    for start in starts {
        let found = similarity(&speech, &heard[start..start + speech.len() + 4800]);
        assert!(found.is_same_speech() && found.score > 0.85, "{found:?}");
    }
    // The pause sounds as the room does: neither silent nor louder.
    let pause = &heard[starts[0] + speech.len() + 96_000..starts[1] - 48_000];
    let steps: Vec<f64> = pause.chunks_exact(9600).map(rms_dbfs).collect();
    for level in &steps {
        assert!((-65.0..-50.0).contains(level), "{steps:?}");
    }
}

#[test]
fn stereo_is_judged_as_a_whole() {
    let speech = speech();
    let stereo = EncoderConfig {
        channels: Channels::Stereo,
        ..EncoderConfig::default()
    };
    let right: Vec<i16> = speech[48_000..96_000].iter().flat_map(|s| [0, *s]).collect();
    let packets = run(&mut gated(stereo.clone()), &right);
    assert!(packets.iter().all(|(gated, _)| matches!(gated, Gated::Speech(_))));
    let packets = run(&mut gated(stereo), &vec![0; 192_000]);
    assert!(matches!(
        packets.last().unwrap().0,
        Gated::Silence(_) | Gated::Noise(_)
    ));
}

#[test]
fn wrong_buffers_are_refused_and_settings_reach_the_encoder() {
    let mut encoder = gated(EncoderConfig {
        dtx: true,
        ..EncoderConfig::default()
    });
    assert!(!encoder.encoder().config().dtx);
    let mut bytes = [0; MAX_PACKET_BYTES];
    assert!(matches!(
        encoder.encode(&[0; 959], &mut bytes),
        Err(Error::Buffer { .. })
    ));
    assert!(matches!(encoder.encode(&[0; 960], &mut []), Err(Error::Opus(_))));
    for _ in 0..100 {
        encoder.encode(&[0; 960], &mut bytes).unwrap();
    }
    assert!(matches!(encoder.encode(&[0; 960], &mut []), Err(Error::Opus(_))));
    assert!(!encoder.activity().voice);
    let config = EncoderConfig {
        bitrate_bps: 16_000,
        dtx: true,
        ..EncoderConfig::default()
    };
    encoder.set_config(config).unwrap();
    assert_eq!(encoder.encoder().config().bitrate_bps, 16_000);
    assert!(!encoder.encoder().config().dtx);
    let mut gate = SilenceGate::new(GateConfig {
        hangover: Duration::MAX,
        ..GateConfig::default()
    });
    assert!((0..200).all(|_| gate.decide(&[0; 960], Channels::Mono) == Gate::Open));
}
