//! SDP parameters, there and back.

use super::*;

fn read(text: &str) -> OpusParameters {
    text.parse().unwrap()
}

#[test]
fn what_is_not_said_has_the_defaults_of_the_rfc() {
    let default = read("");
    assert_eq!(default, OpusParameters::default());
    assert_eq!(
        (
            default.max_playback_rate_hz,
            default.max_packet_ms,
            default.packet_ms
        ),
        (48_000, 120, 20)
    );
    assert_eq!(
        (
            default.stereo,
            default.in_band_fec,
            default.dtx,
            default.constant_bitrate
        ),
        (false, false, false, false)
    );
    assert_eq!(default.to_string(), "");
}

#[test]
fn reads_what_browsers_write_and_the_examples_of_the_rfc() {
    let browser = read("minptime=10;useinbandfec=1");
    assert_eq!((browser.min_packet_ms, browser.in_band_fec), (10, true));
    assert_eq!(browser.to_string(), "minptime=10;useinbandfec=1");
    let example = read(
        "maxplaybackrate=16000; sprop-maxcapturerate=16000; maxaveragebitrate=20000; stereo=1; useinbandfec=1; usedtx=0",
    );
    assert_eq!(
        example,
        OpusParameters {
            max_playback_rate_hz: 16_000,
            max_capture_rate_hz: 16_000,
            max_average_bitrate_bps: Some(20_000),
            stereo: true,
            in_band_fec: true,
            ..OpusParameters::default()
        }
    );
    let odd = read(
        " ; STEREO = 1 ;x-google-start-bitrate=20;useinbandfec=0;useinbandfec=1; cbr=1;;level-asymmetry-allowed",
    );
    assert!(odd.stereo && odd.in_band_fec && odd.constant_bitrate && !odd.sends_stereo);
}

#[test]
fn bad_values_are_refused_by_name() {
    for (text, name) in [
        ("stereo=2", "stereo"),
        ("stereo", "stereo"),
        ("stereo=", "stereo"),
        ("stereo=true", "stereo"),
        ("usedtx=+1", "usedtx"),
        ("maxptime=2", "maxptime"),
        ("maxptime=121", "maxptime"),
        ("PTIME=0", "ptime"),
        ("minptime=256", "minptime"),
        ("maxaveragebitrate=5999", "maxaveragebitrate"),
        ("maxaveragebitrate=510001", "maxaveragebitrate"),
        ("maxplaybackrate=7999", "maxplaybackrate"),
        ("sprop-maxcapturerate=99999999999999", "sprop-maxcapturerate"),
        ("cbr=1;useinbandfec=-1;stereo=7", "useinbandfec"),
    ] {
        assert_eq!(
            text.parse::<OpusParameters>(),
            Err(ParameterError { name }),
            "{text}"
        );
    }
}

#[test]
fn an_encoder_keeps_to_what_the_peer_wants() {
    let own = EncoderConfig {
        channels: Channels::Stereo,
        bitrate_bps: 64_000,
        ..EncoderConfig::default()
    };
    let modest = own.for_peer(&read(
        "maxplaybackrate=16000;maxaveragebitrate=20000;cbr=1;useinbandfec=0;usedtx=1;ptime=60;maxptime=40",
    ));
    assert_eq!(
        modest,
        EncoderConfig {
            bitrate_bps: 20_000,
            max_bandwidth: Bandwidth::Wide,
            rate_control: RateControl::Constant,
            force_channels: Some(Channels::Mono),
            in_band_fec: false,
            dtx: true,
            frame: FrameDuration::Ms40,
            channels: Channels::Stereo,
            ..EncoderConfig::default()
        }
    );
    let generous = own.for_peer(&read("stereo=1;useinbandfec=1;maxaveragebitrate=510000"));
    assert_eq!(generous, own);
    Encoder::new(modest).unwrap();
    let bitrate = |own_bps, text: &str| {
        let own = EncoderConfig {
            bitrate_bps: own_bps,
            ..EncoderConfig::default()
        };
        own.for_peer(&read(text)).bitrate_bps
    };
    assert_eq!(bitrate(BITRATE_AUTO, "maxaveragebitrate=30000"), 30_000);
    assert_eq!(bitrate(BITRATE_MAX, "maxaveragebitrate=30000"), 30_000);
    assert_eq!(bitrate(BITRATE_MAX, ""), BITRATE_MAX);
    for (text, frame) in [
        ("", FrameDuration::Ms20),
        ("ptime=3", FrameDuration::Ms2_5),
        ("ptime=39", FrameDuration::Ms20),
        ("minptime=40", FrameDuration::Ms40),
        ("minptime=60;maxptime=20", FrameDuration::Ms20),
        ("maxptime=10;ptime=120", FrameDuration::Ms10),
        ("ptime=120", FrameDuration::Ms120),
    ] {
        assert_eq!(own.for_peer(&read(text)).frame, frame, "{text}");
    }
    for (rate, bandwidth) in [
        (8000, Bandwidth::Narrow),
        (12_000, Bandwidth::Medium),
        (16_000, Bandwidth::Wide),
        (24_000, Bandwidth::SuperWide),
        (44_100, Bandwidth::Full),
    ] {
        let peer = read(&format!("maxplaybackrate={rate}"));
        assert_eq!(own.for_peer(&peer).max_bandwidth, bandwidth);
    }
}

proptest! {
    #[test]
    fn what_is_printed_reads_back(
        rates in (8000u32..=48_000, 8000u32..=48_000), times in (3u8..=120, 3u8..=120, 3u8..=120),
        bitrate in proptest::option::of(6000u32..=510_000), flags in proptest::array::uniform5(any::<bool>()),
    ) {
        let [stereo, sends_stereo, constant_bitrate, in_band_fec, dtx] = flags;
        let parameters = OpusParameters {
            max_playback_rate_hz: rates.0,
            max_capture_rate_hz: rates.1,
            max_packet_ms: times.0,
            packet_ms: times.1,
            min_packet_ms: times.2,
            max_average_bitrate_bps: bitrate,
            stereo,
            sends_stereo,
            constant_bitrate,
            in_band_fec,
            dtx,
        };
        prop_assert_eq!(read(&parameters.to_string()), parameters);
        Encoder::new(EncoderConfig::default().for_peer(&parameters)).unwrap();
    }
}
