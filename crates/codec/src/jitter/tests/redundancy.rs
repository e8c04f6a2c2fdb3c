//! What replaces lost packets, and what it costs.

use super::*;

fn without_fec() -> EncoderConfig {
    EncoderConfig {
        in_band_fec: false,
        ..EncoderConfig::default()
    }
}

/// A call with a copy of the packet before in each.
fn with_copies(link: LinkConfig, seed: u64, config: EncoderConfig) -> Call {
    Call {
        packer: Some(Packer::new(PackerConfig::new(111)).unwrap()),
        ..Call::new(link, seed, config)
    }
}

/// Longer than a listener needs to learn what the network is like.
fn long_speech() -> Vec<i16> {
    speech().repeat(3)
}

#[test]
fn copies_replace_what_is_lost() {
    for (loss, seed) in [(0.05, 1), (0.1, 2), (0.2, 3)] {
        let mut call = with_copies(LinkConfig::default().loss(loss), seed, without_fec());
        let speech = long_speech();
        call.speak(&speech);
        let stats = call.stats();
        println!("{stats:?}");
        let lost = u64::try_from(stats.packets_lost).unwrap() * 960;
        // Of two in a row, the first stays lost.
        let restored = lost as f64 * (1.0 - loss);
        assert!(
            stats.red_samples as f64 >= restored * 0.8,
            "{} of {lost}",
            stats.red_samples
        );
        assert!(stats.red_samples <= lost);
        assert!(stats.concealed_samples as f64 <= lost as f64 * loss * 2.0 + 4_800.0);
        assert_eq!((stats.fec_samples, stats.packets_discarded), (0, 0));
        assert!(call.count(Pulled::Red) > 0);
        assert!(call.mean_delay() < 60 * MS, "{:?}", call.mean_delay());
        let found = similarity(&speech, &call.heard);
        assert!(found.is_same_speech() && found.score > 0.8, "{found:?}");
    }
}

#[test]
fn a_copy_restores_the_packet_before_it_too() {
    let burst = LinkConfig {
        mean_burst: 2.0,
        ..LinkConfig::default().loss(0.1)
    };
    let concealed = |config| {
        let mut call = with_copies(burst.clone(), 4, config);
        call.speak(&long_speech());
        (call.stats().concealed_samples, call.stats().fec_samples)
    };
    let (without, none) = concealed(without_fec());
    let (with, fec) = concealed(EncoderConfig::default());
    assert_eq!(none, 0);
    assert!(fec > 10 * 960, "{fec}");
    assert!(with + fec / 2 < without, "{with} {fec} {without}");
}

#[test]
fn redundancy_is_waited_for_only_while_packets_get_lost() {
    let mut call = with_copies(LinkConfig::default(), 1, EncoderConfig::default());
    let speech = long_speech();
    call.speak(&speech);
    assert_eq!(call.stats().target_delay, 20 * MS, "nothing was lost");
    call.link.reconfigure(LinkConfig::default().loss(0.1));
    call.speak(&speech);
    // In-band redundancy in a copy: two packets, a frame, and what the delay may be short of it.
    assert_eq!(call.stats().target_delay, 55 * MS);
    call.link.reconfigure(LinkConfig::default());
    call.speak(&speech);
    assert_eq!(call.stats().target_delay, 20 * MS, "20 s without a loss");
}

#[test]
fn the_onset_after_a_pause_is_restored() {
    let config = EncoderConfig {
        dtx: true,
        ..EncoderConfig::default()
    };
    let speech = speech();
    let mut call = Call::new(LinkConfig::default(), 1, config);
    call.speak(&speech);
    call.speak(&[0; 48_000]);
    let before = call.stats().clone();
    // The first packets of what is said next, which starts without a breath.
    let loud = speech
        .chunks_exact(PACKET)
        .position(|packet| crate::similarity::rms_dbfs(packet) > -25.0)
        .unwrap()
        * PACKET;
    call.link.reconfigure(LinkConfig::default().cut());
    call.speak(&speech[loud..loud + 3 * PACKET]);
    call.link.reconfigure(LinkConfig::default());
    call.speak(&speech[loud + 3 * PACKET..]);
    let after = call.stats();
    println!("{after:?}");
    assert_eq!(after.packets_lost - before.packets_lost, 3);
    assert_eq!(after.fec_samples - before.fec_samples, 960);
}

#[test]
fn the_delay_changes_in_pauses() {
    let mut call = Call::new(LinkConfig::default().jitter(60 * MS), 1, without_fec());
    let speech = long_speech();
    call.speak(&speech);
    call.link.reconfigure(LinkConfig::default());
    let mark = call.stats().removed_samples_for_acceleration;
    // A voice that never pauses: a tone, until the jitter is forgotten. What it hides is worked off when it ends.
    let tone: Vec<i16> = (0..48_000 * 60)
        .map(|i| crate::format::saturate((i as f32 / 240.0 * std::f32::consts::TAU).sin() * 8000.0))
        .collect();
    call.speak(&tone);
    let in_tone = call.stats().removed_samples_for_acceleration - mark;
    call.speak(&vec![0; 48_000 * 2]);
    let after = call.stats().removed_samples_for_acceleration - mark - in_tone;
    assert!(in_tone <= 2 * 720, "{in_tone}");
    assert!(after >= 480, "{after}");
}

#[test]
fn malformed_redundancy_is_counted_and_harmless() {
    let clock = Clock::new();
    let now = clock.now();
    let mut encoder = Encoder::new(EncoderConfig::default()).unwrap();
    let mut bytes = [0; MAX_PACKET_BYTES];
    let length = encoder.encode(&[0; 960], &mut bytes).unwrap();
    let payload = &bytes[..length];
    let mut buffer = JitterBuffer::new(JitterConfig::default()).unwrap();
    assert_eq!(buffer.insert_red(now, 1, 960, &[0x80]), Inserted::Malformed);
    // A copy that is no Opus, one of the packet itself, one from before the start of time: all ignored.
    for (offset, copy) in [(960, &[0xff, 0xff, 0xff][..]), (0, payload), (16_383, payload)] {
        let mut red = (0x80_00_00_00_u32 | 111 << 24 | offset << 10 | u32::try_from(copy.len()).unwrap())
            .to_be_bytes()
            .to_vec();
        red.push(111);
        red.extend(copy);
        red.extend(payload);
        buffer.insert_red(now, 2, 1920, &red);
    }
    let stats = buffer.stats();
    assert_eq!((stats.packets_received, stats.packets_duplicated), (1, 2));
    assert!(stats.buffered <= 40 * MS, "{stats:?}");
}

#[cfg(feature = "dred")]
#[test]
fn deep_redundancy_fills_long_gaps() {
    let burst = LinkConfig {
        mean_burst: 4.0,
        ..LinkConfig::default().loss(0.15)
    };
    let heard = |dred| {
        let mut call = Call::new(
            burst.clone(),
            3,
            EncoderConfig {
                in_band_fec: false,
                expected_loss_percent: 25,
                dred: Duration::from_millis(400),
                ..EncoderConfig::default()
            },
        );
        call.buffer = JitterBuffer::new(JitterConfig {
            decoder_complexity: 5,
            dred,
            ..JitterConfig::default()
        })
        .unwrap();
        call.speak(&long_speech());
        call.stats().clone()
    };
    let (with, without) = (heard(true), heard(false));
    assert_eq!(without.dred_samples, 0);
    assert!(with.dred_samples > 20 * 960, "{with:?}");
    // The start of a long loss is invented before the packet with the redundancy is there.
    assert!(
        with.concealed_samples * 3 < without.concealed_samples * 2,
        "{with:?} {without:?}"
    );
}

#[cfg(not(feature = "dred"))]
#[test]
fn neural_networks_need_their_feature() {
    for config in [
        JitterConfig {
            dred: true,
            ..JitterConfig::default()
        },
        JitterConfig {
            decoder_complexity: 5,
            ..JitterConfig::default()
        },
    ] {
        assert!(JitterBuffer::new(config).is_err());
    }
}
