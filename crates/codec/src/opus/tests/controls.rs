//! Each setting does what it says, and its opposite does not.

use super::*;

fn with(edit: impl FnOnce(&mut EncoderConfig)) -> Encoder {
    let mut config = EncoderConfig::default();
    edit(&mut config);
    Encoder::new(config).unwrap()
}

fn bytes(packets: &[Vec<u8>]) -> usize {
    packets.iter().map(Vec::len).sum()
}

fn spread(packets: &[Vec<u8>]) -> usize {
    let lengths = packets[10..].iter().map(Vec::len);
    lengths.clone().max().unwrap() - lengths.min().unwrap()
}

#[test]
fn rate_control_bounds_the_sizes() {
    let speech = speech();
    let run = |rate_control| {
        let mut encoder = with(|config| {
            config.rate_control = rate_control;
            config.application = Application::LowDelay;
            config.bitrate_bps = 64_000;
        });
        spread(&encode_all(&mut encoder, &speech))
    };
    assert_eq!(run(RateControl::Constant), 0);
    let (constrained, variable) = (run(RateControl::Constrained), run(RateControl::Variable));
    assert!(
        0 < constrained && constrained < variable,
        "{constrained} {variable}"
    );
}

#[test]
fn automatic_and_most_bitrate() {
    let speech = &speech()[..96_000];
    let mut maximal = with(|config| {
        config.bitrate_bps = BITRATE_MAX;
        config.application = Application::Audio;
    });
    let mut room = [0; 200];
    for frame in speech.chunks_exact(960) {
        let length = maximal.encode(frame, &mut room).unwrap();
        assert!(length <= 200);
    }
    maximal.set_bitrate_bps(24_000).unwrap();
    let low = bytes(&encode_all(&mut maximal, speech));
    maximal.set_bitrate_bps(BITRATE_MAX).unwrap();
    let high = bytes(&encode_all(&mut maximal, speech));
    maximal.set_bitrate_bps(BITRATE_AUTO).unwrap();
    let auto = bytes(&encode_all(&mut maximal, speech));
    // 510 kbit/s, and 48 000 + 60 × 50 bit/s.
    assert!(high > 100_000, "{high}");
    assert!((9_000..16_000).contains(&auto), "{auto}");
    assert!((5_000..7_500).contains(&low), "{low}");
}

#[test]
fn bandwidth_is_bounded_and_forced() {
    let speech = &speech()[..48_000];
    let widest = |encoder: &mut Encoder| {
        let packets = encode_all(encoder, speech);
        let bandwidths = packets.iter().map(|p| inspect(p).unwrap().toc().bandwidth());
        bandwidths.max().unwrap()
    };
    let mut encoder = with(|_| ());
    assert_eq!(widest(&mut encoder), Bandwidth::Full);
    let bounded = EncoderConfig {
        max_bandwidth: Bandwidth::Wide,
        ..EncoderConfig::default()
    };
    encoder.set_config(bounded).unwrap();
    encode_all(&mut encoder, speech);
    assert_eq!(widest(&mut encoder), Bandwidth::Wide);
    assert_eq!(encoder.bandwidth().unwrap(), Some(Bandwidth::Wide));
    let mut forced = with(|config| config.bandwidth = Some(Bandwidth::Narrow));
    assert_eq!(widest(&mut forced), Bandwidth::Narrow);
    encoder.set_config(EncoderConfig::default()).unwrap();
    assert_eq!(widest(&mut encoder), Bandwidth::Full);
}

#[test]
fn channels_are_forced() {
    // Two different channels.
    let stereo: Vec<i16> = speech()[..96_000]
        .iter()
        .zip(&speech()[100_000..])
        .flat_map(|(l, r)| [*l, *r])
        .collect();
    let coded = |force_channels| {
        let mut encoder = with(|config| {
            config.channels = Channels::Stereo;
            config.bitrate_bps = 64_000;
            config.force_channels = force_channels;
        });
        inspect(encode_all(&mut encoder, &stereo).last().unwrap())
            .unwrap()
            .toc()
            .channels()
    };
    assert_eq!(coded(None), 2);
    assert_eq!(coded(Some(Channels::Mono)), 1);
    assert_eq!(coded(Some(Channels::Stereo)), 2);
    assert!(matches!(
        Encoder::new(EncoderConfig {
            force_channels: Some(Channels::Stereo),
            ..EncoderConfig::default()
        }),
        Err(Error::Setting(_))
    ));
}

/// What remains of a loss some packets later: nothing when frames do not depend on each other.
#[test]
fn prediction_can_be_disabled() {
    let speech = &speech()[48_000..144_000];
    let remains = |prediction_disabled| {
        let mut encoder = with(|config| {
            config.prediction_disabled = prediction_disabled;
            config.application = Application::LowDelay;
            config.in_band_fec = false;
            config.bitrate_bps = 64_000;
        });
        let packets = encode_all(&mut encoder, speech);
        let mut whole = Decoder::new(Channels::Mono).unwrap();
        let mut lossy = Decoder::new(Channels::Mono).unwrap();
        let (mut a, mut b) = ([0; 960], [0; 960]);
        let mut error = 0.0;
        for (at, packet) in packets.iter().enumerate() {
            whole.decode(packet, &mut a).unwrap();
            match at % 10 {
                0 => lossy.conceal(960, &mut b).unwrap(),
                _ => lossy.decode(packet, &mut b).unwrap(),
            };
            if at % 10 == 2 {
                let squares = a
                    .iter()
                    .zip(&b)
                    .map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2));
                error += squares.sum::<f64>();
            }
        }
        error
    };
    let (dependent, independent) = (remains(false), remains(true));
    assert!(independent < dependent / 4.0, "{independent} {dependent}");
}

#[test]
fn application_decides_the_mode() {
    let speech = &speech()[..96_000];
    let modes = |application, signal| {
        let mut encoder = with(|config| {
            config.application = application;
            config.signal = signal;
            config.in_band_fec = false;
        });
        let packets = encode_all(&mut encoder, speech);
        let celt = packets
            .iter()
            .filter(|p| inspect(p).unwrap().toc().mode() == Mode::Celt);
        celt.count()
    };
    assert_eq!(modes(Application::Voip, Signal::ByApplication), 0);
    assert_eq!(modes(Application::LowDelay, Signal::ByApplication), 100);
    assert!(modes(Application::Audio, Signal::Music) > 90);
}

#[test]
fn frame_length_and_all_else_but_two_can_change() {
    let mut encoder = with(|_| ());
    let longer = EncoderConfig {
        frame: FrameDuration::Ms60,
        lsb_depth: 8,
        phase_inversion_disabled: true,
        ..EncoderConfig::default()
    };
    encoder.set_config(longer.clone()).unwrap();
    let packets = encode_all(&mut encoder, &speech()[..28_800]);
    assert!(packets.iter().all(|p| duration_samples(p) == Ok(2880)));
    for refused in [
        EncoderConfig {
            channels: Channels::Stereo,
            ..longer.clone()
        },
        EncoderConfig {
            application: Application::Audio,
            ..longer.clone()
        },
        EncoderConfig {
            lsb_depth: 7,
            ..longer.clone()
        },
        EncoderConfig {
            lsb_depth: 25,
            ..longer.clone()
        },
        EncoderConfig {
            dred: std::time::Duration::from_millis(100),
            ..longer.clone()
        },
    ] {
        assert!(matches!(encoder.set_config(refused), Err(Error::Setting(_))));
        assert_eq!(encoder.config(), &longer);
    }
}

#[test]
fn both_ends_agree_on_every_bit() {
    let speech = speech();
    let mut encoder = with(|_| ());
    let mut decoder = Decoder::new(Channels::Mono).unwrap();
    assert_eq!(
        (
            decoder.bandwidth().unwrap(),
            decoder.pitch_samples().unwrap(),
            decoder.last_packet_samples().unwrap()
        ),
        (None, None, 0)
    );
    let (mut packet, mut pcm) = ([0; MAX_PACKET_BYTES], [0; 960]);
    let mut voiced = 0;
    for frame in speech.chunks_exact(960) {
        let length = encoder.encode(frame, &mut packet).unwrap();
        decoder.decode(&packet[..length], &mut pcm).unwrap();
        assert_eq!(
            encoder.final_range().unwrap().unwrap(),
            decoder.final_range().unwrap().unwrap()
        );
        assert_eq!(decoder.last_packet_samples().unwrap(), 960);
        assert_eq!(decoder.bandwidth().unwrap(), Some(Toc(packet[0]).bandwidth()));
        // 2 to 18 ms.
        if let Some(pitch) = decoder.pitch_samples().unwrap() {
            assert!((96..=864).contains(&pitch), "{pitch}");
            voiced += 1;
        }
    }
    assert!((100..340).contains(&voiced), "{voiced}");
    let length = encoder.encode(&speech[..960], &mut packet).unwrap();
    packet[length / 2] ^= 0x55;
    decoder.decode(&packet[..length], &mut pcm).unwrap();
    assert_ne!(encoder.final_range().unwrap(), decoder.final_range().unwrap());
}

#[test]
fn the_pause_is_told() {
    let mut encoder = with(|config| config.dtx = true);
    let mut bytes = [0; MAX_PACKET_BYTES];
    let speech = speech();
    let mut run = |sound: &[i16]| {
        for frame in sound.chunks_exact(960) {
            encoder.encode(frame, &mut bytes).unwrap();
        }
        encoder.in_dtx().unwrap()
    };
    assert!(!run(&speech[48_000..96_000]));
    assert!(run(&[0; 48_000]));
    assert!(!run(&speech[48_000..96_000]));
}
