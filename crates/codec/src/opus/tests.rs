use proptest::prelude::*;

use super::{packet::*, *};
use crate::Error;

mod adaptation;
mod controls;
#[cfg(feature = "dred")]
mod dred;
mod gate;
mod parameters;
mod repacketizer;

/// The bundled clip, 7 s of speech.
fn speech() -> Vec<i16> {
    crate::container::wav::open(
        concat!(env!("CARGO_MANIFEST_DIR"), "/../anteroom/assets/speech.wav"),
        crate::container::ReadLimits::default(),
    )
    .unwrap()
}

/// The packets of `sound`, the last incomplete one left out.
fn encode_all(encoder: &mut Encoder, sound: &[i16]) -> Vec<Vec<u8>> {
    let mut bytes = [0; MAX_PACKET_BYTES];
    sound
        .chunks_exact(encoder.config().frame_len())
        .map(|frame| {
            let length = encoder.encode(frame, &mut bytes).unwrap();
            bytes[..length].to_vec()
        })
        .collect()
}

fn tone(length: usize) -> Vec<i16> {
    (0..length)
        .map(|i| crate::format::saturate((i as f32 * 0.03).sin() * 8000.0 * (i as f32 * 0.0007).cos()))
        .collect()
}

const FRAMES: [FrameDuration; 9] = [
    FrameDuration::Ms2_5,
    FrameDuration::Ms5,
    FrameDuration::Ms10,
    FrameDuration::Ms20,
    FrameDuration::Ms40,
    FrameDuration::Ms60,
    FrameDuration::Ms80,
    FrameDuration::Ms100,
    FrameDuration::Ms120,
];

#[test]
fn every_setting_round_trips() {
    for application in [Application::Voip, Application::Audio, Application::LowDelay] {
        for channels in [Channels::Mono, Channels::Stereo] {
            for frame in FRAMES {
                let config = EncoderConfig {
                    application,
                    channels,
                    frame,
                    ..EncoderConfig::default()
                };
                let mut encoder = Encoder::new(config.clone()).unwrap();
                let mut decoder = Decoder::new(channels).unwrap();
                let mut bytes = [0; MAX_PACKET_BYTES];
                let length = encoder.encode(&tone(config.frame_len()), &mut bytes).unwrap();
                let packet = inspect(&bytes[..length]).unwrap();
                assert_eq!(packet.samples(), frame.samples());
                assert_eq!(duration(&bytes[..length]).unwrap(), frame.duration());
                let mut pcm = vec![0; MAX_PACKET_SAMPLES * channels.count()];
                assert_eq!(
                    decoder.decode(&bytes[..length], &mut pcm).unwrap(),
                    frame.samples()
                );
            }
        }
    }
}

#[test]
fn settings_out_of_range_and_wrong_buffers_are_refused() {
    let with = |edit: fn(&mut EncoderConfig)| {
        let mut config = EncoderConfig::default();
        edit(&mut config);
        Encoder::new(config)
    };
    assert!(matches!(with(|c| c.bitrate_bps = 499), Err(Error::Setting(_))));
    assert!(matches!(
        with(|c| c.bitrate_bps = 512_001),
        Err(Error::Setting(_))
    ));
    assert!(matches!(with(|c| c.complexity = 11), Err(Error::Setting(_))));
    assert!(matches!(
        with(|c| c.expected_loss_percent = 101),
        Err(Error::Setting(_))
    ));
    let mut encoder = with(|_| ()).unwrap();
    assert!(encoder.set_bitrate_bps(1).is_err());
    assert_eq!(encoder.config().bitrate_bps, 32_000);
    let mut bytes = [0; MAX_PACKET_BYTES];
    for length in [0, 1, 480, 959, 961, 1920] {
        assert!(
            matches!(
                encoder.encode(&tone(length), &mut bytes),
                Err(Error::Buffer { .. })
            ),
            "{length}"
        );
    }
    assert!(matches!(encoder.encode(&tone(960), &mut []), Err(Error::Opus(_))));

    let length = encoder.encode(&tone(960), &mut bytes).unwrap();
    let mut decoder = Decoder::new(Channels::Stereo).unwrap();
    assert!(matches!(
        decoder.decode(&bytes[..length], &mut [0; 1919]),
        Err(Error::Buffer { .. })
    ));
    assert!(matches!(
        decoder.decode(&[], &mut [0; 1920]),
        Err(Error::Packet(ParseError::Empty))
    ));
    for samples in [0, 1, 119, 121, 5761, 5880, usize::MAX] {
        assert!(
            matches!(
                decoder.conceal(samples, &mut [0; 11_520]),
                Err(Error::Buffer { .. })
            ),
            "{samples}"
        );
        assert!(
            decoder
                .decode_fec(&bytes[..length], samples, &mut [0; 11_520])
                .is_err(),
            "{samples}"
        );
    }
    assert_eq!(decoder.conceal(480, &mut [0; 960]).unwrap(), 480);
}

#[test]
fn redundancy_is_seen_and_restores_the_lost_frame() {
    let sound = tone(960 * 30);
    let mut encoder = Encoder::new(EncoderConfig {
        expected_loss_percent: 25,
        ..EncoderConfig::default()
    })
    .unwrap();
    let packets: Vec<Vec<u8>> = sound
        .chunks(960)
        .map(|frame| {
            let mut bytes = vec![0; MAX_PACKET_BYTES];
            let length = encoder.encode(frame, &mut bytes).unwrap();
            bytes.truncate(length);
            bytes
        })
        .collect();
    assert!(packets[5..].iter().filter(|p| has_fec(p)).count() > 15);
    assert!(packets.iter().all(|p| !is_dtx(p)));
    let lost = (10..30).find(|i| has_fec(&packets[*i])).unwrap() - 1;
    let error = |fec: bool| {
        let (mut whole, mut lossy) = (
            Decoder::new(Channels::Mono).unwrap(),
            Decoder::new(Channels::Mono).unwrap(),
        );
        let (mut a, mut b) = ([0; 960], [0; 960]);
        for packet in &packets[..lost] {
            whole.decode(packet, &mut a).unwrap();
            lossy.decode(packet, &mut b).unwrap();
        }
        whole.decode(&packets[lost], &mut a).unwrap();
        if fec {
            lossy.decode_fec(&packets[lost + 1], 960, &mut b).unwrap();
        } else {
            lossy.conceal(960, &mut b).unwrap();
        }
        a.iter()
            .zip(&b)
            .map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2))
            .sum::<f64>()
    };
    assert!(error(true) < error(false), "{} {}", error(true), error(false));

    let mut plain = Encoder::new(EncoderConfig {
        in_band_fec: false,
        ..EncoderConfig::default()
    })
    .unwrap();
    let mut bytes = [0; MAX_PACKET_BYTES];
    for frame in sound.chunks(960) {
        let length = plain.encode(frame, &mut bytes).unwrap();
        assert!(!has_fec(&bytes[..length]));
    }
}

#[test]
fn silence_becomes_dtx() {
    let mut encoder = Encoder::new(EncoderConfig {
        dtx: true,
        ..EncoderConfig::default()
    })
    .unwrap();
    let mut bytes = [0; MAX_PACKET_BYTES];
    let empty = (0..50)
        .filter(|_| {
            let length = encoder.encode(&[0; 960], &mut bytes).unwrap();
            is_dtx(&bytes[..length])
        })
        .count();
    assert!(empty > 25, "{empty}");
}

#[test]
fn breaches_of_each_rule_have_their_name() {
    assert_eq!(inspect(&[]).unwrap_err(), ParseError::Empty);
    assert_eq!(inspect(&[0; 1277]).unwrap_err(), ParseError::FrameTooLarge);
    assert_eq!(inspect(&[1, 0]).unwrap_err(), ParseError::UnevenFrames);
    assert_eq!(inspect(&[2]).unwrap_err(), ParseError::Truncated);
    assert_eq!(inspect(&[2, 5, 0]).unwrap_err(), ParseError::Truncated);
    assert_eq!(inspect(&[2, 252]).unwrap_err(), ParseError::Truncated);
    assert_eq!(inspect(&[3]).unwrap_err(), ParseError::Truncated);
    assert_eq!(inspect(&[3, 0]).unwrap_err(), ParseError::NoFrames);
    assert_eq!(inspect(&[3, 13]).unwrap_err(), ParseError::TooLong);
    assert_eq!(inspect(&[3, 2, 1]).unwrap_err(), ParseError::UnevenFrames);
    assert_eq!(inspect(&[3, 0x41, 255, 3, 0]).unwrap_err(), ParseError::Truncated);
    let padded = inspect(&[0xf8 | 3, 0x42, 3, 7, 7, 0, 0, 0]).unwrap();
    assert_eq!(
        (padded.frames(), padded.padding_bytes()),
        (&[&[7u8][..], &[7]][..], 3)
    );
    let vbr = inspect(&[0xf8 | 3, 0x83, 1, 0, 9, 8, 8]).unwrap();
    assert_eq!(vbr.frames(), [&[9u8][..], &[], &[8, 8]]);
    assert_eq!(
        (vbr.toc().mode(), vbr.toc().bandwidth(), vbr.toc().channels()),
        (Mode::Celt, Bandwidth::Full, 1)
    );
}

/// Packets that are valid often: random bytes rarely are.
pub(super) fn packet_bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..200),
        (any::<u8>(), 0u8..60, proptest::collection::vec(0u8..8, 0..60)).prop_map(|(toc, header, rest)| {
            let mut bytes = vec![toc | 3, header | (rest.len().to_le_bytes()[0] & 0xc0)];
            bytes.extend(rest);
            bytes
        }),
        (any::<u8>(), any::<bool>(), 0usize..2600).prop_map(|(toc, vbr, length)| {
            let mut bytes = vec![255; length + 1];
            bytes[0] = toc;
            if vbr && length > 2 {
                bytes[1] = 0x81;
            }
            bytes
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn parses_exactly_what_libopus_parses(bytes in packet_bytes()) {
        let theirs = ::opus::packet::parse(&bytes);
        match (inspect(&bytes), theirs) {
            (Ok(ours), Ok(theirs)) => {
                prop_assert_eq!(ours.toc().0, theirs.toc);
                prop_assert_eq!(ours.frames(), &theirs.frames[..]);
                prop_assert_eq!(ours.samples(), ::opus::packet::get_nb_samples(&bytes, 48_000).unwrap());
            }
            (Err(_), Err(_)) => {}
            (ours, theirs) => prop_assert!(false, "{ours:?} {theirs:?}"),
        }
    }

    #[test]
    fn toc_agrees_with_libopus(toc in any::<u8>()) {
        use ::opus::{Bandwidth as B, packet::*};
        let ours = Toc(toc);
        let bandwidth = match ours.bandwidth() {
            Bandwidth::Narrow => B::Narrowband,
            Bandwidth::Medium => B::Mediumband,
            Bandwidth::Wide => B::Wideband,
            Bandwidth::SuperWide => B::Superwideband,
            Bandwidth::Full => B::Fullband,
        };
        prop_assert_eq!(bandwidth, get_bandwidth(&[toc]).unwrap());
        prop_assert_eq!(ours.frame_samples(), get_samples_per_frame(&[toc], 48_000).unwrap());
        prop_assert_eq!(ours.channels() == 2, get_nb_channels(&[toc]).unwrap() == ::opus::Channels::Stereo);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn no_packet_can_break_the_decoder(
        packets in proptest::collection::vec((packet_bytes(), 0u8..4), 1..20),
        stereo in any::<bool>(),
    ) {
        let mut decoder = Decoder::new(if stereo { Channels::Stereo } else { Channels::Mono }).unwrap();
        let mut pcm = vec![0; MAX_PACKET_SAMPLES * 2];
        for (bytes, how) in packets {
            let made = match how {
                0 => decoder.conceal(480, &mut pcm),
                1 => decoder.decode_fec(&bytes, 960, &mut pcm),
                _ => decoder.decode(&bytes, &mut pcm),
            };
            if let Ok(made) = made {
                prop_assert!(made <= MAX_PACKET_SAMPLES && made > 0);
                if how > 1 {
                    prop_assert_eq!(made, duration_samples(&bytes).unwrap());
                }
            }
        }
    }
}
