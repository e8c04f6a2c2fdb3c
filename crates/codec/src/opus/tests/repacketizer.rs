//! Merging, splitting and padding, next to libopus doing the same.

use super::*;

fn frame_config(frame: FrameDuration, application: Application) -> EncoderConfig {
    EncoderConfig {
        application,
        frame,
        ..EncoderConfig::default()
    }
}

fn decode_all(packets: &[Vec<u8>]) -> Vec<i16> {
    let mut decoder = Decoder::new(Channels::Mono).unwrap();
    let mut pcm = vec![0; MAX_PACKET_SAMPLES];
    let mut sound = Vec::new();
    for packet in packets {
        let samples = decoder.decode(packet, &mut pcm).unwrap();
        sound.extend(&pcm[..samples]);
    }
    sound
}

fn merge(packets: &[Vec<u8>]) -> Vec<u8> {
    let mut frames = Repacketizer::new();
    for packet in packets {
        frames.cat(packet).unwrap();
    }
    let mut out = vec![0; 8000];
    let length = frames.write(.., &mut out).unwrap();
    out.truncate(length);
    out
}

#[test]
fn merged_and_split_packets_sound_the_same() {
    let speech = &speech()[..240_000];
    for (frame, application, together) in [
        (FrameDuration::Ms20, Application::Voip, 6),
        (FrameDuration::Ms20, Application::Voip, 2),
        (FrameDuration::Ms60, Application::Voip, 2),
        (FrameDuration::Ms2_5, Application::LowDelay, 48),
    ] {
        let mut encoder = Encoder::new(EncoderConfig {
            rate_control: RateControl::Variable,
            ..frame_config(frame, application)
        })
        .unwrap();
        let packets = encode_all(&mut encoder, speech);
        // Configurations change when libopus finds it good; packets merge within one.
        let mut merged: Vec<Vec<u8>> = Vec::new();
        for run in packets.chunk_by(|a, b| a[0] & !3 == b[0] & !3) {
            merged.extend(run.chunks(together).map(merge));
        }
        assert!(merged.len() < packets.len());
        let sound = decode_all(&packets);
        assert!(sound == decode_all(&merged), "{frame:?}");
        let mut split = Vec::new();
        for packet in &merged {
            let mut frames = Repacketizer::new();
            frames.cat(packet).unwrap();
            for at in 0..frames.len() {
                let mut out = [0; 1276];
                let length = frames.write(at..=at, &mut out).unwrap();
                split.push(out[..length].to_vec());
            }
        }
        let frames = packets.iter().flat_map(|packet| {
            let read = inspect(packet).unwrap();
            let first = packet[0] & !3;
            read.frames()
                .iter()
                .map(|frame| [&[first], *frame].concat())
                .collect::<Vec<_>>()
        });
        assert!(frames.eq(split), "{frame:?}");
    }
}

#[test]
fn breaches_have_their_name() {
    let mut frames = Repacketizer::new();
    let mut out = [0; 100];
    assert_eq!(frames.write(.., &mut out), Err(RepacketizeError::Range));
    assert_eq!(frames.cat(&[]), Err(RepacketizeError::Packet(ParseError::Empty)));
    // 20 ms of hybrid sound six times.
    for _ in 0..6 {
        frames.cat(&[0x78, 1, 2]).unwrap();
    }
    assert_eq!(frames.cat(&[0x78, 1, 2]), Err(RepacketizeError::TooLong));
    assert_eq!(frames.cat(&[0x70, 1, 2]), Err(RepacketizeError::Configuration));
    assert_eq!((frames.len(), frames.is_empty()), (6, false));
    for range in [(0, 0), (3, 2), (0, 7), (6, 7)] {
        assert_eq!(
            frames.write(range.0..range.1, &mut out),
            Err(RepacketizeError::Range)
        );
    }
    assert_eq!(
        frames.write(.., &mut out[..13]),
        Err(RepacketizeError::Room { needed: 14, got: 13 })
    );
    assert_eq!(frames.write(.., &mut out[..14]), Ok(14));
    assert_eq!(
        pad(&[0x78, 1, 2], 2, &mut out),
        Err(RepacketizeError::Room { needed: 3, got: 2 })
    );
    assert_eq!(
        pad(&[0x78, 1, 2], 50, &mut out[..40]),
        Err(RepacketizeError::Room { needed: 50, got: 40 })
    );
    assert_eq!(pad(&[0x78, 1, 2], 3, &mut out), Ok(3));
    assert_eq!(out[..3], [0x78, 1, 2]);
    assert_eq!(pad(&[0x78, 1, 2], 4, &mut out), Ok(4));
    assert_eq!(out[..4], [0x7b, 1, 1, 2]);
    assert_eq!(pad(&[0x78, 1, 2], 5, &mut out), Ok(5));
    assert_eq!(out[..5], [0x7b, 0x41, 0, 1, 2]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// libopus pads and unpads to the same bytes.
    #[test]
    fn pads_as_libopus_does(bytes in packet_bytes(), more in prop_oneof![0usize..12, 0usize..1600]) {
        let Ok(packet) = inspect(&bytes) else {
            return Ok(());
        };
        let mut ours = vec![0xaa; bytes.len() + more];
        let length = ours.len();
        let mut theirs = bytes.clone();
        let unpadded = unpad(&bytes, &mut ours).unwrap();
        let their_length = ::opus::packet::unpad(&mut theirs).unwrap();
        prop_assert_eq!(&ours[..unpadded], &theirs[..their_length]);
        let shortest = ours[..unpadded].to_vec();
        if unpadded == bytes.len() {
            let mut theirs = bytes.clone();
            theirs.resize(length, 0);
            ::opus::packet::pad(&mut theirs, bytes.len()).unwrap();
            prop_assert_eq!(pad(&bytes, length, &mut ours).unwrap(), length);
            prop_assert_eq!(&ours, &theirs);
        }
        let written = pad(&shortest, length, &mut ours).unwrap();
        prop_assert_eq!(written, length);
        let read = inspect(&ours[..written]).unwrap();
        prop_assert_eq!(read.frames(), packet.frames());
        prop_assert!(ours[..written].ends_with(&vec![0; read.padding_bytes()]));
        prop_assert!(pad(&bytes, unpadded.saturating_sub(1), &mut ours).is_err());
    }

    /// libopus merges and splits to the same bytes.
    #[test]
    fn merges_as_libopus_does(
        toc in any::<u8>(), lengths in proptest::collection::vec(prop_oneof![0usize..4, 250usize..260, 0usize..=1275], 1..20),
        cut in (0usize..20, 0usize..20),
    ) {
        let packets: Vec<Vec<u8>> = lengths
            .iter()
            .enumerate()
            .map(|(at, length)| [vec![toc & !3], vec![u8::try_from(at).unwrap(); *length]].concat())
            .collect();
        let mut ours = Repacketizer::new();
        let mut machine = ::opus::Repacketizer::new().unwrap();
        let mut theirs = machine.begin();
        for packet in &packets {
            prop_assert_eq!(ours.cat(packet).is_ok(), theirs.cat(packet).is_ok());
        }
        let (mut a, mut b) = (vec![0; 30_000], vec![0; 30_000]);
        let length = ours.write(.., &mut a).unwrap();
        prop_assert_eq!(length, theirs.out(&mut b).unwrap());
        prop_assert_eq!(&a[..length], &b[..length]);
        let part = ours.write(cut.0..cut.1, &mut a).ok();
        prop_assert_eq!(part, theirs.out_range(cut.0, cut.1, &mut b).ok());
        if let Some(length) = part {
            prop_assert_eq!(&a[..length], &b[..length]);
            prop_assert!(ours.write(cut.0..cut.1, &mut a[..length - 1]).is_err());
        }
    }
}
