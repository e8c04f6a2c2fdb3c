use super::client::Picture;
use super::encoder::Encoder;
use super::network::Network;
use super::*;
use crate::payload::assemble::{Assembled, Assembler, FrameCodec, Limits, RtpPayload};

const TAP: PeerId = PeerId(0xffff);

/// A packet that came out: track, generation, sequence number, payload.
type Heard = (u64, u32, u64, Vec<u8>);

fn listen(network: &mut Network, room: u64, blocks: usize) -> TapReader {
    let (sink, reader) = tap(blocks);
    network.command(Command::AddTap {
        peer: TAP,
        room: RoomId(room),
        sink,
    });
    reader
}

fn heard(reader: &TapReader) -> Vec<Heard> {
    let mut heard = Vec::new();
    while let Ok(batch) = reader.try_next() {
        let packets = batch.packets();
        heard.extend(packets.map(|packet| {
            (
                packet.track.0,
                packet.generation,
                packet.sequence,
                packet.payload.to_vec(),
            )
        }));
    }
    heard
}

fn config(voices: usize) -> RouterConfig {
    RouterConfig {
        max_voices: NonZeroUsize::new(voices),
        ..RouterConfig::default()
    }
}

#[test]
fn everything_of_a_room_comes_out_and_nothing_of_others() {
    let mut network = Network::with(1, config(1));
    let (here, there) = (network.join(1, 2), network.join(2, 1));
    for (at, client) in here.iter().chain(&there).enumerate() {
        let ssrc = 10 + u32::try_from(at).unwrap();
        network.publish(*client, vec![microphone(ssrc.into(), &[ssrc])]);
    }
    let reader = listen(&mut network, 1, 128);
    for step in 0..50_u16 {
        for (at, client) in [here[0], here[1], there[0]].into_iter().enumerate() {
            let ssrc = 10 + u32::try_from(at).unwrap();
            // The second is never among the loudest one.
            let level = if at == 0 { 10 } else { 60 };
            network.clients[client].speak(ssrc, step, u32::from(step) * 960, level);
        }
        network.run(ms(20));
    }
    network.run(ms(100));
    let heard = heard(&reader);
    for track in [10, 11] {
        let of: Vec<&Heard> = heard.iter().filter(|heard| heard.0 == track).collect();
        assert_eq!(of.len(), 50, "{track}");
        for (at, heard) in of.iter().enumerate() {
            assert_eq!(heard.3[..2], u16::try_from(at).unwrap().to_be_bytes());
            assert_eq!(heard.2, of[0].2 + u64::try_from(at).unwrap());
        }
    }
    assert!(heard.iter().all(|heard| heard.0 != 12), "another room");
    assert_eq!(reader.dropped(), 0);
    // Who is paused is not heard.
    let mut paused = microphone(10, &[10]);
    paused.paused = true;
    network.publish(here[0], vec![paused]);
    network.clients[here[0]].speak(10, 50, 48_000, 10);
    network.run(ms(100));
    assert_eq!(self::heard(&reader), []);
    network.command(Command::RemovePeer { peer: TAP });
    assert_eq!(reader.try_next().unwrap_err(), TapEmpty::Over);
}

#[test]
fn pictures_begin_with_a_keyframe_that_was_asked_for() {
    let mut network = Network::new(2);
    let joined = network.join(1, 1);
    network.publish(joined[0], vec![camera(7, &[70])]);
    network.clients[joined[0]].film(70, 1, 0, Picture::Key);
    network.clients[joined[0]].film(70, 2, 3000, Picture::Inter);
    network.run(ms(100));
    assert_eq!(network.clients[joined[0]].reports.plis.len(), 0, "nobody watches");
    let reader = listen(&mut network, 1, 8);
    network.clients[joined[0]].film(70, 3, 6000, Picture::Inter);
    network.run(ms(100));
    assert_eq!(network.clients[joined[0]].reports.plis.len(), 1);
    assert_eq!(heard(&reader), []);
    network.clients[joined[0]].film(70, 4, 9000, Picture::Key);
    network.clients[joined[0]].film(70, 5, 12_000, Picture::Inter);
    network.run(ms(100));
    assert_eq!(heard(&reader).len(), 2);
    // A recorder that has lost something asks.
    network.run(ms(1000));
    let track = TrackId(7);
    network.command(Command::WantKeyframe { peer: TAP, track });
    network.run(ms(100));
    assert_eq!(network.clients[joined[0]].reports.plis.len(), 2);
    assert_eq!(
        network.router.handle_command(
            network.now,
            Command::WantKeyframe {
                peer: PeerId(5000),
                track
            }
        ),
        Err(crate::Error::Unknown("peer"))
    );
}

#[test]
fn the_best_layer_is_kept_alive_though_nobody_watches() {
    let mut network = Network::new(3);
    let joined = network.join(1, 1);
    let mut encoder = Encoder::new(joined[0], &[150, 500, 1500]);
    network.publish(joined[0], vec![encoder.publication(5)]);
    let reader = listen(&mut network, 1, 128);
    let mut assembler = Assembler::new(FrameCodec::Vp8, Limits::default());
    let (mut out, mut generation, mut bytes) = (Vec::new(), None, 0);
    for second in 0..20 {
        encoder.film(&mut network, ms(1000));
        if let Some(Event::Demand { rids, .. }) = network
            .events
            .iter()
            .rfind(|event| matches!(event, Event::Demand { .. }))
        {
            let rids = rids.clone();
            encoder.obey(&rids);
        }
        while let Ok(batch) = reader.try_next() {
            for packet in batch.packets() {
                if generation.replace(packet.generation) != Some(packet.generation) {
                    assembler.restart();
                }
                bytes += if second >= 10 { packet.payload.len() } else { 0 };
                assembler.push(
                    RtpPayload {
                        sequence: packet.sequence,
                        timestamp: packet.timestamp,
                        marker: packet.marker,
                        payload: packet.payload,
                    },
                    &mut out,
                );
            }
        }
    }
    let frames = out
        .iter()
        .filter(|one| matches!(one, Assembled::Frame(_)))
        .count();
    assert!(frames > 560, "{frames} of 600");
    assert!(!out.contains(&Assembled::KeyframeNeeded), "{out:?}");
    let kbps = bytes * 8 / 10_000;
    assert!((1300..1700).contains(&kbps), "{kbps} kbit/s: the best one");
    let Some(Event::Demand { rids, .. }) = network
        .events
        .iter()
        .rfind(|event| matches!(event, Event::Demand { .. }))
    else {
        panic!("no demand");
    };
    assert_eq!(*rids, ["f"], "and no other");
}

#[test]
fn a_listener_that_does_not_listen_costs_whole_frames_and_sound_last() {
    let mut network = Network::new(4);
    let joined = network.join(1, 1);
    network.publish(joined[0], vec![camera(7, &[70]), microphone(8, &[80])]);
    let reader = listen(&mut network, 1, 8);
    let mut sequence = 0;
    for step in 0..200_u16 {
        for part in 0..4 {
            let is_first = part == 0;
            let picture = match (is_first, step % 50) {
                (true, 0) => Picture::Key,
                (true, _) => Picture::Inter,
                (false, _) => Picture::Rest,
            };
            network.clients[joined[0]].film(70, sequence, u32::from(step) * 3000, picture);
            sequence += 1;
        }
        network.clients[joined[0]].speak(80, step, u32::from(step) * 960, 10);
        network.run(ms(20));
    }
    assert!((50..205).contains(&reader.dropped()), "{}", reader.dropped());
    let early = heard(&reader);
    let (pictures, sound): (Vec<_>, Vec<_>) = early.iter().partition(|heard| heard.0 == 7);
    assert!(
        sound.len() > pictures.len() / 4,
        "{} {}",
        sound.len(),
        pictures.len()
    );
    // Now that there is room, it goes on with a keyframe.
    for step in 200..260_u16 {
        let picture = if step % 50 == 40 {
            Picture::Key
        } else {
            Picture::Inter
        };
        network.clients[joined[0]].film(70, sequence, u32::from(step) * 3000, picture);
        sequence += 1;
        network.run(ms(20));
        if step == 230 {
            assert_eq!(heard(&reader), [], "no keyframe yet");
        }
    }
    network.run(ms(40));
    let late = heard(&reader);
    assert_eq!(late[0].3[..2], [0x10, 0x00], "a keyframe");
}
