use std::{io::Cursor, time::Duration};

use hound::{SampleFormat, WavSpec, WavWriter as HoundWriter};
use proptest::prelude::*;

use super::*;

fn made_by_hound(spec: WavSpec, write: impl FnOnce(&mut HoundWriter<&mut Cursor<Vec<u8>>>)) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    let mut writer = HoundWriter::new(&mut out, spec).unwrap();
    write(&mut writer);
    writer.finalize().unwrap();
    out.into_inner()
}

fn read_all(bytes: &[u8]) -> Result<Vec<i16>, Error> {
    read(Cursor::new(bytes), ReadLimits::default())
}

#[test]
fn what_is_written_is_read() {
    let samples: Vec<i16> = (0..100_000u32)
        .map(|i| i16::from_ne_bytes([i.to_le_bytes()[0], i.to_le_bytes()[1]]))
        .collect();
    let mut out = Cursor::new(Vec::new());
    let mut writer = WavWriter::new(&mut out).unwrap();
    for part in samples.chunks(480) {
        writer.write(part).unwrap();
    }
    assert_eq!(writer.samples(), 100_000);
    writer.finish().unwrap();
    assert_eq!(read_all(out.get_ref()).unwrap(), samples);
}

#[test]
fn every_depth_and_channel_count_becomes_mono_16_bit() {
    for (bits, format) in [
        (8, SampleFormat::Int),
        (16, SampleFormat::Int),
        (24, SampleFormat::Int),
        (32, SampleFormat::Int),
        (32, SampleFormat::Float),
    ] {
        for channels in [1u16, 2, 6] {
            let spec = WavSpec {
                channels,
                sample_rate: 48_000,
                bits_per_sample: bits,
                sample_format: format,
            };
            let file = made_by_hound(spec, |writer| {
                for channel in (0..1000).flat_map(|_| 0..channels) {
                    // Half of full scale in the first channel, silence in the others.
                    let on = channel == 0;
                    match format {
                        SampleFormat::Float => writer.write_sample(if on { 0.5f32 } else { 0.0 }).unwrap(),
                        SampleFormat::Int => writer
                            .write_sample(if on { 1i32 << (bits - 2) } else { 0 })
                            .unwrap(),
                    }
                }
            });
            let sound = read_all(&file).unwrap();
            let expected = 16_384 / i32::from(channels);
            assert_eq!(sound.len(), 1000);
            assert!(
                sound.iter().all(|s| (i32::from(*s) - expected).abs() <= 1),
                "{bits} {channels} {}",
                sound[0]
            );
        }
    }
}

#[test]
fn floats_beyond_the_scale_saturate_and_nan_is_silence() {
    let spec = WavSpec {
        channels: 1,
        sample_rate: 48_000,
        bits_per_sample: 32,
        sample_format: SampleFormat::Float,
    };
    let file = made_by_hound(spec, |writer| {
        [2.0, -2.0, f32::NAN, f32::INFINITY]
            .into_iter()
            .for_each(|s| writer.write_sample(s).unwrap());
    });
    assert_eq!(read_all(&file).unwrap(), [i16::MAX, i16::MIN, 0, i16::MAX]);
}

#[test]
fn other_rates_are_resampled_and_odd_ones_refused() {
    let with_rate = |sample_rate| {
        let spec = WavSpec {
            channels: 1,
            sample_rate,
            bits_per_sample: 16,
            sample_format: SampleFormat::Int,
        };
        made_by_hound(spec, |writer| {
            (0..8000).for_each(|_| writer.write_sample(100i16).unwrap())
        })
    };
    assert_eq!(read_all(&with_rate(8_000)).unwrap().len(), 48_000);
    assert_eq!(read_all(&with_rate(96_000)).unwrap().len(), 4_000);
    for rate in [1, 7_999, 192_001] {
        assert!(matches!(read_all(&with_rate(rate)), Err(Error::Wav(_))), "{rate}");
    }
}

#[test]
fn refuses_what_is_no_wav_file() {
    for bytes in [
        &b""[..],
        b"RIFF",
        b"OggS and then some",
        b"RIFF\0\0\0\0AVI LIST",
        b"# a text file, quite long",
    ] {
        assert!(matches!(read_all(bytes), Err(Error::NotWav(_))), "{bytes:?}");
    }
    assert!(matches!(read_all(b"RIFF\x24\0\0\0WAVE"), Err(Error::Wav(_))));
    assert!(matches!(
        read_all(b"RIFF\x24\0\0\0WAVEdata\xff\xff\xff\xff"),
        Err(Error::Wav(_))
    ));
    assert!(matches!(
        open("/nonexistent/file.wav", ReadLimits::default()),
        Err(Error::Io(_))
    ));
}

#[test]
fn a_limit_is_kept_and_a_file_cut_off_gives_what_is_there() {
    let spec = WavSpec {
        channels: 2,
        sample_rate: 48_000,
        bits_per_sample: 16,
        sample_format: SampleFormat::Int,
    };
    let file = made_by_hound(spec, |writer| {
        (0..96_000).for_each(|_| writer.write_sample(5i16).unwrap())
    });
    let limits = ReadLimits {
        max_duration: Duration::from_millis(999),
    };
    assert!(matches!(
        read(Cursor::new(&file), limits),
        Err(Error::TooLong { .. })
    ));
    assert_eq!(
        read(
            Cursor::new(&file),
            ReadLimits {
                max_duration: Duration::from_secs(1)
            }
        )
        .unwrap()
        .len(),
        48_000
    );
    assert_eq!(read_all(&file[..44 + 400]).unwrap(), [5; 100]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_header_can_break_it(
        damage in proptest::collection::vec((0usize..60, any::<u8>()), 1..8),
        tail in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let spec = WavSpec { channels: 1, sample_rate: 16_000, bits_per_sample: 16, sample_format: SampleFormat::Int };
        let mut file = made_by_hound(spec, |writer| writer.write_sample(1i16).unwrap());
        file.extend(tail);
        for (at, value) in damage {
            let at = at % file.len();
            file[at] = value;
        }
        if let Ok(sound) = read_all(&file) {
            prop_assert!(sound.len() < 10_000);
        }
    }

    #[test]
    fn no_bytes_can_break_it(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = read_all(&bytes);
        let mut chunks = b"RIFF\0\0\0\0WAVEfmt ".to_vec();
        chunks.extend(&bytes);
        let _ = read_all(&chunks);
    }
}
