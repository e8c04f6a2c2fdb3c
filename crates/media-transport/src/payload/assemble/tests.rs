//! Packets of whole streams, as payloaders of our own and of the `rtp` crate make them, out of order and with losses.

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use rtp::codecs::av1::Av1Payloader;
use rtp::codecs::h264::H264Payloader;
use rtp::codecs::vp8::Vp8Payloader;
use rtp::packetizer::Payloader;

use super::*;

const CODECS: [FrameCodec; 4] = [
    FrameCodec::Vp8,
    FrameCodec::Vp9,
    FrameCodec::H264,
    FrameCodec::Av1,
];
const PER_FRAME: u32 = 3000;

#[derive(Debug, Clone)]
struct Sent {
    sequence: u64,
    timestamp: u32,
    marker: bool,
    payload: Vec<u8>,
}

impl Sent {
    fn payload(&self) -> RtpPayload<'_> {
        RtpPayload {
            sequence: self.sequence,
            timestamp: self.timestamp,
            marker: self.marker,
            payload: &self.payload,
        }
    }
}

/// What a stream's frames are when they come out, and its packets.
#[derive(Debug)]
struct Stream {
    frames: Vec<(bool, Vec<u8>)>,
    packets: Vec<Sent>,
    /// The frame of each packet.
    frame_of: Vec<usize>,
}

/// A frame of a codec: what the payloader is given, and what comes out.
fn picture(codec: FrameCodec, is_keyframe: bool, content: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let with = |front: &[u8]| [front, content].concat();
    match codec {
        FrameCodec::Vp8 => {
            let frame = with(if is_keyframe {
                &[0x10, 0, 0, 0x9d, 1, 0x2a, 0x80, 2, 0x68, 1]
            } else {
                &[0x11, 0, 0]
            });
            (frame.clone(), frame)
        }
        FrameCodec::Vp9 => {
            let frame = with(if is_keyframe {
                &[0x82, 0x49, 0x83, 0x42, 0x20, 0x27, 0xf0, 0x16, 0x70]
            } else {
                &[0x86, 0]
            });
            (frame.clone(), frame)
        }
        FrameCodec::H264 => {
            // No start code may come about within a unit.
            let content: Vec<u8> = content.iter().map(|byte| byte | 1).collect();
            let slice = |kind| [&[0, 0, 0, 1, kind, 0x80][..], &content].concat();
            let picture = if is_keyframe {
                [
                    &[0, 0, 0, 1, 0x67, 0x42, 0xe0, 0x1f, 0, 0, 0, 1, 0x68, 0xce, 0x3c][..],
                    &slice(0x65),
                ]
                .concat()
            } else {
                slice(0x61)
            };
            (picture.clone(), picture)
        }
        FrameCodec::Av1 => {
            let mut data = Vec::new();
            if is_keyframe {
                data.extend_from_slice(&[0x0a, 3, 1, 2, 3]);
            }
            // A frame with a length of two bytes, not as short as it could be: the shortest comes out.
            let length = u8::try_from(content.len() & 0x7f).unwrap();
            let rest = u8::try_from(content.len() >> 7).unwrap();
            let given = [&data[..], &[0x32, length | 0x80, rest], content].concat();
            data.push(0x32);
            av1_length(content.len(), &mut data);
            data.extend_from_slice(content);
            (given, data)
        }
    }
}

fn av1_length(length: usize, data: &mut Vec<u8>) {
    match u8::try_from(length) {
        Ok(short @ 0..=0x7f) => data.push(short),
        _ => data.extend_from_slice(&[
            u8::try_from(length & 0x7f).unwrap() | 0x80,
            u8::try_from(length >> 7).unwrap(),
        ]),
    }
}

/// No inter-layer prediction, non-flexible mode, one spatial layer.
fn vp9_packets(is_keyframe: bool, frame: &[u8], mtu: usize) -> Vec<Vec<u8>> {
    let chunks: Vec<&[u8]> = frame.chunks(mtu - 3).collect();
    let last = chunks.len() - 1;
    let packet = |(at, chunk): (usize, &&[u8])| {
        let mut flags = 0x80;
        flags |= if is_keyframe { 0 } else { 0x40 };
        flags |= if at == 0 { 0x08 } else { 0 };
        flags |= if at == last { 0x04 } else { 0 };
        [&[flags, 0x81, 0x23][..], chunk].concat()
    };
    chunks.iter().enumerate().map(packet).collect()
}

fn stream(codec: FrameCodec, first: u64, pictures: &[(bool, Vec<u8>)], mtu: usize) -> Stream {
    let mut stream = Stream {
        frames: Vec::new(),
        packets: Vec::new(),
        frame_of: Vec::new(),
    };
    let (mut sequence, mut timestamp) = (first, 0xffff_f000_u32);
    let (mut vp8, mut h264) = (Vp8Payloader::default(), H264Payloader::default());
    vp8.enable_picture_id = true;
    for (at, (is_keyframe, content)) in pictures.iter().enumerate() {
        let is_keyframe = *is_keyframe || at == 0;
        let (given, whole) = picture(codec, is_keyframe, content);
        let given = Bytes::from(given);
        let payloads: Vec<Vec<u8>> = match codec {
            FrameCodec::Vp8 => vp8.payload(mtu, &given).unwrap(),
            FrameCodec::H264 => h264.payload(mtu, &given).unwrap(),
            FrameCodec::Av1 => (Av1Payloader {}).payload(mtu, &given).unwrap(),
            FrameCodec::Vp9 => vp9_packets(is_keyframe, &given, mtu)
                .into_iter()
                .map(Bytes::from)
                .collect(),
        }
        .into_iter()
        .map(|payload| payload.to_vec())
        .collect();
        let last = payloads.len() - 1;
        for (index, payload) in payloads.into_iter().enumerate() {
            stream.packets.push(Sent {
                sequence,
                timestamp,
                marker: index == last,
                payload,
            });
            stream.frame_of.push(at);
            sequence += 1;
        }
        stream.frames.push((is_keyframe, whole));
        timestamp = timestamp.wrapping_add(PER_FRAME);
    }
    stream
}

fn codec() -> impl Strategy<Value = FrameCodec> {
    (0..CODECS.len()).prop_map(|at| CODECS[at])
}

fn pictures() -> impl Strategy<Value = Vec<(bool, Vec<u8>)>> {
    vec((prop::bool::weighted(0.2), vec(any::<u8>(), 4..1500)), 1..12)
}

fn frames(out: &[Assembled]) -> Vec<&Frame> {
    out.iter()
        .filter_map(|one| match one {
            Assembled::Frame(frame) => Some(frame),
            Assembled::KeyframeNeeded => None,
        })
        .collect()
}

proptest! {
    #[test]
    fn what_is_sent_comes_out_in_whatever_order_it_arrives(
        codec in codec(), pictures in pictures(), mtu in 60_usize..900, first in 0_u64..200_000, keys in vec(0_usize..8, 400), twice: bool, no_markers: bool,
    ) {
        let mut stream = stream(codec, first, &pictures, mtu);
        if no_markers {
            let last = stream.packets.len() - 1;
            stream.packets[..last].iter_mut().for_each(|packet| packet.marker = false);
        }
        // Everything but the first packet moves by up to seven places.
        let mut order: Vec<usize> = (1..stream.packets.len()).collect();
        order.sort_by_key(|at| at + keys[at % keys.len()]);
        order.insert(0, 0);
        let mut assembler = Assembler::new(codec, Limits::default());
        let mut out = Vec::new();
        for at in order {
            assembler.push(stream.packets[at].payload(), &mut out);
            if twice {
                assembler.push(stream.packets[at].payload(), &mut out);
            }
        }
        prop_assert_eq!(out.len(), stream.frames.len(), "{:?}", out);
        for (at, (got, (is_keyframe, data))) in frames(&out).into_iter().zip(&stream.frames).enumerate() {
            prop_assert_eq!(got.is_keyframe, *is_keyframe);
            prop_assert_eq!(&got.data, data);
            let ticks = u64::from(PER_FRAME) * u64::try_from(at).unwrap();
            prop_assert_eq!(got.timestamp, FIRST_CYCLE + 0xffff_f000 + ticks);
            let has_size = matches!(codec, FrameCodec::Vp8 | FrameCodec::Vp9) && *is_keyframe;
            prop_assert_eq!(got.size, has_size.then_some((640, 360)));
        }
        let stats = assembler.stats();
        let late = if twice { stream.packets.len() } else { 0 };
        prop_assert_eq!((stats.frames, stats.packets_late), (out.len() as u64, late as u64));
        prop_assert_eq!((stats.packets_missing, stats.packets_unused), (0, 0));
    }

    #[test]
    fn after_a_loss_nothing_comes_before_the_next_keyframe(
        codec in codec(), pictures in pictures(), mtu in 60_usize..900, lost in any::<prop::sample::Index>(),
    ) {
        let stream = stream(codec, 7, &pictures, mtu);
        let lost = lost.index(stream.packets.len());
        let mut assembler = Assembler::new(codec, Limits { max_packets: 3, ..Limits::default() });
        let mut out = Vec::new();
        for (at, packet) in stream.packets.iter().enumerate() {
            if at != lost {
                assembler.push(packet.payload(), &mut out);
            }
        }
        assembler.flush(&mut out);
        let broken = stream.frame_of[lost];
        let whole = |at: &usize| {
            *at < broken || stream.frames[broken + 1..=*at].iter().any(|(is_keyframe, _)| *is_keyframe)
        };
        let expected: Vec<&Vec<u8>> = (0..stream.frames.len())
            .filter(|at| *at != broken && whole(at))
            .map(|at| &stream.frames[at].1)
            .collect();
        // The end of the last frame is not missed: nobody knows of it.
        let got: Vec<&Vec<u8>> = frames(&out).into_iter().map(|frame| &frame.data).collect();
        prop_assert_eq!(got, expected);
        // Nor of a beginning that is missing.
        if lost > 0 && lost + 1 < stream.packets.len() {
            let needed = out.iter().position(|one| *one == Assembled::KeyframeNeeded);
            prop_assert_eq!(needed, Some(broken), "{:?}", out);
        }
    }

    #[test]
    fn hostile_packets_never_panic_and_what_is_kept_is_bounded(
        codec in codec(),
        packets in vec((any::<u64>(), 0_u64..40, any::<u32>(), any::<[bool; 3]>(), vec(any::<u8>(), 0..60)), 0..200),
    ) {
        let limits = Limits { max_packets: 10, max_bytes: 200, max_ticks: 1000, max_frame_bytes: 300 };
        let mut assembler = Assembler::new(codec, limits);
        let mut out = Vec::new();
        let mut needs_keyframe = true;
        for (wild, near, timestamp, [is_wild, is_far, marker], payload) in &packets {
            let sequence = if *is_wild { *wild } else { *near };
            let timestamp = if *is_far { *timestamp } else { timestamp % 3 };
            assembler.push(RtpPayload { sequence, timestamp, marker: *marker, payload }, &mut out);
            prop_assert!(assembler.waiting.len() <= limits.max_packets);
            prop_assert!(assembler.waiting_bytes <= limits.max_bytes);
            prop_assert_eq!(assembler.waiting_bytes, assembler.waiting.values().map(|one| one.payload.len()).sum::<usize>());
            prop_assert!(assembler.building.as_ref().is_none_or(|building| building.data.len() <= limits.max_frame_bytes));
            for one in out.drain(..) {
                match one {
                    Assembled::KeyframeNeeded => needs_keyframe = true,
                    Assembled::Frame(frame) => {
                        prop_assert!(frame.is_keyframe || !needs_keyframe);
                        needs_keyframe = false;
                    }
                }
            }
        }
        assembler.flush(&mut out);
        prop_assert!(assembler.waiting.is_empty());
    }
}

fn packet(sequence: u64, timestamp: u32, marker: bool, payload: &[u8]) -> RtpPayload<'_> {
    RtpPayload {
        sequence,
        timestamp,
        marker,
        payload,
    }
}

#[test]
fn a_stream_that_begins_within_a_frame_says_so_once() {
    let mut assembler = Assembler::new(FrameCodec::Vp8, Limits::default());
    let mut out = Vec::new();
    assembler.push(packet(10, 0, true, &[0x00, 1]), &mut out);
    assembler.push(packet(11, 3000, true, &[0x10, 1]), &mut out);
    assert_eq!(out, [Assembled::KeyframeNeeded]);
    assembler.push(packet(12, 6000, false, &[0x10, 0]), &mut out);
    assembler.push(packet(13, 6000, true, &[0x00, 5]), &mut out);
    assert_eq!(frames(&out).len(), 1);
    assert!(!assembler.needs_keyframe());
    assert_eq!(assembler.stats().packets_unused, 2);
}

#[test]
fn a_keyframe_that_is_lost_too_is_asked_for_again() {
    let mut assembler = Assembler::new(FrameCodec::Vp8, Limits::default());
    let mut out = Vec::new();
    assembler.push(packet(1, 0, true, &[0x10, 1]), &mut out);
    assembler.push(packet(2, 3000, false, &[0x10, 0]), &mut out);
    assembler.push(packet(4, 6000, true, &[0x10, 1]), &mut out);
    assembler.flush(&mut out);
    assert_eq!(out, [Assembled::KeyframeNeeded, Assembled::KeyframeNeeded]);
    assert_eq!(assembler.stats().packets_missing, 1);
}

#[test]
fn padding_has_its_place_in_the_numbering() {
    let mut assembler = Assembler::new(FrameCodec::Vp8, Limits::default());
    let mut out = Vec::new();
    for (sequence, payload) in [(1, &[0x10, 0][..]), (2, &[]), (3, &[0x10, 1])] {
        let timestamp = if sequence == 1 { 0 } else { 3000 };
        assembler.push(packet(sequence, timestamp, true, payload), &mut out);
    }
    assert_eq!(frames(&out).len(), 2, "{out:?}");
}

#[test]
fn what_is_missing_is_waited_for_no_longer_than_allowed() {
    let mut assembler = Assembler::new(FrameCodec::Vp8, Limits::default());
    let mut out = Vec::new();
    assembler.push(packet(1, 0, true, &[0x10, 0]), &mut out);
    for at in 1..=31_u32 {
        assembler.push(packet(2 + u64::from(at), at * 3000, true, &[0x10, 1]), &mut out);
        assert_eq!(out.len(), 1, "{at}");
    }
    assembler.push(packet(34, 32 * 3000, true, &[0x10, 0]), &mut out);
    assert_eq!(out[1], Assembled::KeyframeNeeded);
    assert_eq!(frames(&out).len(), 2);
}

#[test]
fn another_stream_begins_anew() {
    let mut assembler = Assembler::new(FrameCodec::Vp8, Limits::default());
    let mut out = Vec::new();
    assembler.push(packet(70_000, 0, true, &[0x10, 0]), &mut out);
    assembler.push(packet(1, 0, true, &[0x10, 0]), &mut out);
    assert_eq!((out.len(), assembler.stats().packets_late), (1, 1));
    assembler.restart();
    assembler.push(packet(2, 77, true, &[0x10, 1]), &mut out);
    assembler.push(packet(3, 88, true, &[0x10, 0]), &mut out);
    assert_eq!(out[1], Assembled::KeyframeNeeded);
    assert_eq!(frames(&out)[1].timestamp, FIRST_CYCLE + 88);
}

#[test]
fn layers_of_vp9_are_one_picture_with_an_index() {
    let mut assembler = Assembler::new(FrameCodec::Vp9, Limits::default());
    let mut out = Vec::new();
    let low = [0x82, 0x49, 0x83, 0x42, 0x20, 0x13, 0xf0, 0x0b, 0x30];
    // I, L, B and E; in layers: TID, U, SID, D, then TL0PICIDX. A structure of two layers with sizes.
    let structure = [0x38, 2, 128, 1, 104, 5, 0, 2, 208, 0];
    let first = [&[0xae, 1, 0x00, 9][..], &structure[..9], &[], &low].concat();
    let mut first = first;
    first[4] = 0x30;
    let second = [0xad, 1, 0x03, 9, 0x86, 7, 8];
    assembler.push(packet(1, 0, false, &first), &mut out);
    assembler.push(packet(2, 0, true, &second), &mut out);
    let got = frames(&out);
    assert_eq!(got.len(), 1, "{out:?}");
    let index = [0xd9, 9, 0, 0, 0, 3, 0, 0, 0, 0xd9];
    assert_eq!(got[0].data, [&low[..], &[0x86, 7, 8], &index].concat());
    assert!(got[0].is_keyframe);
    assert_eq!(got[0].size, Some((1280, 720)));
}

#[test]
fn parameter_sets_of_h264_stand_in_front_of_every_keyframe() {
    let mut assembler = Assembler::new(FrameCodec::H264, Limits::default());
    let mut out = Vec::new();
    let (sps, pps) = (&[0x67, 0x42, 0xe0, 0x1f][..], &[0x68, 0xce][..]);
    // An IDR slice to parameters that nobody knows is no beginning.
    assembler.push(packet(1, 0, true, &[0x65, 0x88]), &mut out);
    assert_eq!(out, [Assembled::KeyframeNeeded]);
    // Sets in a unit of their own, each with a marker.
    assembler.push(packet(2, 3000, true, sps), &mut out);
    assembler.push(packet(3, 3000, true, pps), &mut out);
    assembler.push(packet(4, 6000, true, &[0x65, 0x88]), &mut out);
    assembler.push(packet(5, 9000, true, &[0x61, 0x9a]), &mut out);
    // None before this one.
    assembler.push(packet(6, 12_000, true, &[0x65, 0x8c]), &mut out);
    let code = &[0, 0, 0, 1][..];
    let sets = [code, sps, code, pps].concat();
    let data: Vec<&[u8]> = frames(&out).into_iter().map(|frame| &frame.data[..]).collect();
    assert_eq!(
        data,
        [
            [&sets[..], code, &[0x65, 0x88]].concat(),
            [code, &[0x61, 0x9a]].concat(),
            [&sets[..], code, &[0x65, 0x8c]].concat()
        ]
    );
    // The second slice of an IDR picture, whose first is lost, is no beginning either.
    assembler.push(packet(8, 15_000, true, &[0x65, 0x4c]), &mut out);
    assembler.flush(&mut out);
    assert_eq!(out.last(), Some(&Assembled::KeyframeNeeded));
    // The parameters of this one may be lost. When there are none with the next either, there are no others.
    let before = out.len();
    assembler.push(packet(9, 18_000, true, sps_and_idr()), &mut out);
    assembler.push(packet(11, 21_000, true, &[0x65, 0x88]), &mut out);
    assembler.flush(&mut out);
    assert_eq!(frames(&out[before..]).len(), 1, "{out:?}");
    assembler.push(packet(12, 24_000, true, &[0x65, 0x88]), &mut out);
    assert_eq!(frames(&out[before..]).len(), 2, "{out:?}");
}

/// An aggregate of both sets and a slice.
const fn sps_and_idr() -> &'static [u8] {
    &[
        0x78, 0, 4, 0x67, 0x42, 0xe0, 0x1f, 0, 2, 0x68, 0xce, 0, 2, 0x65, 0x88,
    ]
}

#[test]
fn units_of_av1_have_their_sizes_and_no_delimiters() {
    let mut assembler = Assembler::new(FrameCodec::Av1, Limits::default());
    let mut out = Vec::new();
    // W = 3, N: a delimiter, a sequence header that has its size already, and the beginning of a frame in a layer.
    let first = [0x78, 1, 0x10, 4, 0x0a, 2, 5, 6, 0x34, 0x28, 1, 2];
    assembler.push(packet(1, 0, false, &first), &mut out);
    assembler.push(packet(2, 0, true, &[0x90, 3, 4]), &mut out);
    let got = frames(&out);
    assert_eq!(got.len(), 1, "{out:?}");
    assert!(got[0].is_keyframe);
    assert_eq!(got[0].data, [0x0a, 2, 5, 6, 0x36, 0x28, 4, 1, 2, 3, 4]);
}
