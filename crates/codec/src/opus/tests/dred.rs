//! Deep redundancy and neural concealment.

use std::time::Duration;

use super::*;

fn config() -> EncoderConfig {
    EncoderConfig {
        dred: Duration::from_secs(1),
        expected_loss_percent: 30,
        in_band_fec: false,
        ..EncoderConfig::default()
    }
}

/// Energy in decibels of each 10 ms, nothing below what is hardly heard.
fn envelope(sound: &[i16]) -> Vec<f64> {
    sound
        .chunks_exact(480)
        .map(|slot| crate::similarity::rms_dbfs(slot).max(-60.0))
        .collect()
}

/// How a loss of 200 ms is filled, five times a packet each 20 ms.
const LOST: usize = 10;

/// Mean difference of the envelopes, in decibels, where packets were lost: `fill` makes the sound of the loss before the
/// given packet.
fn off_by(packets: &[Vec<u8>], mut decoder: Decoder, fill: impl Fn(&mut Decoder, &[u8], &mut [i16])) -> f64 {
    let mut whole = Decoder::with_dred(Channels::Mono).unwrap();
    let (mut original, mut filled, mut pcm) = (Vec::new(), Vec::new(), [0; 960]);
    for (at, packet) in packets.iter().enumerate() {
        let lost = at >= 50 && (at - 50) % 40 < LOST;
        whole.decode(packet, &mut pcm).unwrap();
        let first = at >= 50 && (at - 50) % 40 == LOST;
        if lost {
            original.extend(pcm);
            continue;
        }
        if first {
            let mut gap = vec![0; 960 * LOST];
            fill(&mut decoder, packet, &mut gap);
            filled.extend(gap);
        }
        decoder.decode(packet, &mut pcm).unwrap();
    }
    original.truncate(filled.len());
    assert!(original.len() >= 48_000);
    let (original, filled) = (envelope(&original), envelope(&filled));
    let sum: f64 = original.iter().zip(&filled).map(|(a, b)| (a - b).abs()).sum();
    sum / original.len() as f64
}

fn conceal(decoder: &mut Decoder, _: &[u8], gap: &mut [i16]) {
    for part in gap.chunks_exact_mut(960) {
        decoder.conceal(960, part).unwrap();
    }
}

#[test]
fn losses_of_200_ms_are_restored() {
    let mut encoder = Encoder::new(config()).unwrap();
    let packets = encode_all(&mut encoder, &speech());
    assert!(packets[50..].iter().filter(|p| has_dred(p)).count() > packets.len() / 2);
    assert_eq!(
        (encoder.final_range().unwrap(), encoder.in_dtx().unwrap()),
        (None, false)
    );
    let deep = || Decoder::with_dred(Channels::Mono).unwrap();
    let restored = off_by(&packets, deep(), |decoder, next, gap| {
        assert_eq!(decoder.decode_dred(next, gap.len(), gap).unwrap(), 960 * LOST);
    });
    let mut neural = deep();
    neural.set_complexity(5).unwrap();
    let invented = off_by(&packets, deep(), conceal);
    let neural = off_by(&packets, neural, conceal);
    println!("restored {restored:.1} dB, concealed {invented:.1} dB, by a network {neural:.1} dB");
    assert!(restored < 0.5 * invented, "{restored} {invented}");
    assert!(restored < 0.5 * neural, "{restored} {neural}");
}

#[test]
fn without_redundancy_there_is_none() {
    let mut encoder = Encoder::new(EncoderConfig {
        dred: Duration::ZERO,
        ..config()
    })
    .unwrap();
    let packets = encode_all(&mut encoder, &speech());
    assert!(!packets.iter().any(|p| has_dred(p)));
    let mut deep = Decoder::with_dred(Channels::Mono).unwrap();
    let mut plain = Decoder::new(Channels::Mono).unwrap();
    let (mut a, mut b) = ([0; 960], [0; 960]);
    for packet in &packets[..60] {
        deep.decode(packet, &mut a).unwrap();
        plain.decode(packet, &mut b).unwrap();
        assert_eq!(a, b);
    }
    // Nothing to restore from: the loss is concealed.
    assert_eq!(deep.decode_dred(&packets[61], 960, &mut a).unwrap(), 960);
    plain.conceal(960, &mut b).unwrap();
    assert_eq!(a, b);
    assert_eq!(deep.last_packet_samples().unwrap(), 960);
}

#[test]
fn what_needs_a_deep_codec_is_refused_by_a_plain_one() {
    let mut plain = Decoder::new(Channels::Mono).unwrap();
    let mut pcm = [0; 960];
    assert!(matches!(plain.set_complexity(5), Err(Error::Setting(_))));
    assert!(matches!(
        plain.decode_dred(&[0xf8, 1, 2], 960, &mut pcm),
        Err(Error::Setting(_))
    ));
    let mut encoder = Encoder::new(EncoderConfig::default()).unwrap();
    assert!(matches!(encoder.set_config(config()), Err(Error::Setting(_))));
    for dred in [Duration::from_millis(1050), Duration::from_millis(15)] {
        let refused = Encoder::new(EncoderConfig { dred, ..config() });
        assert!(matches!(refused, Err(Error::Setting(_))));
    }
    let mut deep = Decoder::with_dred(Channels::Mono).unwrap();
    assert!(matches!(deep.set_complexity(11), Err(Error::Setting(_))));
    for samples in [0, 1, 24_120, usize::MAX] {
        let refused = deep.decode_dred(&[0xf8, 1, 2], samples, &mut [0; 24_120]);
        assert!(matches!(refused, Err(Error::Buffer { .. })), "{samples}");
    }
    assert!(matches!(
        deep.decode_dred(&[0xf8, 1, 2], 1920, &mut [0; 1919]),
        Err(Error::Buffer { .. })
    ));
}

/// Most settings go through another binding: they do the same there.
#[test]
fn both_doors_lead_to_one_library() {
    let speech = speech();
    for edit in [
        (|_| ()) as fn(&mut EncoderConfig),
        |c| c.bitrate_bps = BITRATE_AUTO,
        |c| c.bitrate_bps = 12_000,
        |c| c.rate_control = RateControl::Constant,
        |c| c.rate_control = RateControl::Variable,
        |c| c.complexity = 3,
        |c| c.signal = Signal::Music,
        |c| c.bandwidth = Some(Bandwidth::Medium),
        |c| c.max_bandwidth = Bandwidth::SuperWide,
        |c| c.in_band_fec = true,
        |c| c.dtx = true,
        |c| c.lsb_depth = 8,
        |c| c.prediction_disabled = true,
        |c| c.frame = FrameDuration::Ms40,
    ] {
        let mut plain_config = EncoderConfig {
            dred: Duration::ZERO,
            ..config()
        };
        edit(&mut plain_config);
        let mut plain = Encoder::new(plain_config.clone()).unwrap();
        let mut deep = Encoder::new(config()).unwrap();
        deep.set_config(plain_config.clone()).unwrap();
        let half = &speech[..144_000];
        assert_eq!(
            encode_all(&mut plain, half),
            encode_all(&mut deep, half),
            "{plain_config:?}"
        );
        assert_eq!(plain.bandwidth().unwrap(), deep.bandwidth().unwrap());
        assert_eq!(plain.lookahead(), deep.lookahead());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn no_packet_can_break_the_deep_decoder(
        packets in proptest::collection::vec((packet_bytes(), proptest::collection::vec(any::<u8>(), 0..60), 0u8..4), 1..20),
        complexity in 0u8..=10,
    ) {
        let mut decoder = Decoder::with_dred(Channels::Stereo).unwrap();
        decoder.set_complexity(complexity).unwrap();
        let mut pcm = vec![0; MAX_DRED_GAP_SAMPLES * 2];
        for (bytes, redundancy, how) in packets {
            // A frame of silence with an extension in its padding.
            let mut extended = vec![0xfb, 0x41, u8::try_from(redundancy.len() + 3).unwrap(), 0xff, 0xfe, 252, b'D', 12];
            extended.extend(&redundancy);
            let made = match how {
                0 => decoder.conceal(480, &mut pcm),
                1 => decoder.decode_dred(&bytes, 4800, &mut pcm),
                2 => {
                    prop_assert_eq!(has_dred(&extended), !redundancy.is_empty());
                    decoder.decode_dred(&extended, 9600, &mut pcm)
                }
                _ => decoder.decode(&bytes, &mut pcm),
            };
            if let Ok(made) = made {
                prop_assert!(made <= MAX_DRED_GAP_SAMPLES && made > 0);
            }
        }
    }
}
