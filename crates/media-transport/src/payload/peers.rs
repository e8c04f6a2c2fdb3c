//! Descriptors as the `rtp` crate's depacketizers read them, and packets as its packetizers make them.
//!
//! Where the two differ, on purpose: it refuses the sixth to eighth spatial layer of VP9, and takes two bits that RFC 9628
//! reserves for the one that announces a group of pictures.

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use rtp::codecs::av1::Av1Payloader;
use rtp::codecs::h264::H264Payloader;
use rtp::codecs::vp8::{Vp8Packet, Vp8Payloader};
use rtp::codecs::vp9::Vp9Packet;
use rtp::packetizer::{Depacketizer, Payloader};

use super::av1::Av1Payload;
use super::h264::{H264Payload, NalType};
use super::vp8::Vp8Descriptor;
use super::vp9::Vp9Descriptor;
use super::*;

proptest! {
    #[test]
    fn vp8_descriptors_are_the_same(bytes in vec(any::<u8>(), 8..30)) {
        let mut peer = Vp8Packet::default();
        let payload = peer.depacketize(&Bytes::from(bytes.clone())).unwrap();
        let ours = Vp8Descriptor::read(&bytes).unwrap();
        prop_assert_eq!(&bytes[ours.len..], &payload[..]);
        prop_assert_eq!(ours.picture_id.map_or(0, |id| id.value()), peer.picture_id);
        prop_assert_eq!(ours.tl0_pic_idx.unwrap_or(0), peer.tl0_pic_idx);
        prop_assert_eq!((ours.starts_partition, ours.partition), (peer.s == 1, peer.pid));
        if let Some(layer) = ours.temporal {
            prop_assert_eq!((layer.id, layer.is_sync), (peer.tid, peer.y == 1));
        }
        if let Some(key_idx) = ours.key_idx {
            prop_assert_eq!(key_idx, peer.key_idx);
        }
    }

    #[test]
    fn vp9_descriptors_are_the_same(bytes in vec(any::<u8>(), 1..60)) {
        let mut bytes = bytes;
        if bytes[0] & 0x02 != 0 {
            // It takes two of the reserved bits of the structure for a group's.
            bytes[0] &= !0x02;
            let structure = Vp9Descriptor::read(&bytes).map_or(0, |read| read.len);
            bytes[0] |= 0x02;
            if structure > 0 && structure < bytes.len() {
                bytes[structure] &= 0xf8;
            }
        }
        let mut peer = Vp9Packet::default();
        let theirs = peer.depacketize(&Bytes::from(bytes.clone()));
        let ours = Vp9Descriptor::read(&bytes);
        let (Ok(payload), Ok(ours)) = (&theirs, &ours) else {
            prop_assert!(theirs.is_err(), "it reads what we refuse: {:?}", ours);
            return Ok(());
        };
        prop_assert_eq!(&bytes[ours.len..], &payload[..]);
        prop_assert_eq!(ours.picture_id.map_or(0, |id| id.value()), peer.picture_id);
        prop_assert_eq!((ours.is_inter_predicted, ours.is_flexible), (peer.p, peer.f));
        prop_assert_eq!((ours.starts_frame, ours.ends_frame), (peer.b, peer.e));
        prop_assert_eq!(ours.references(), &peer.pdiff[..]);
        if let Some(layer) = ours.layer {
            prop_assert_eq!((layer.temporal_id, layer.spatial_id), (peer.tid, peer.sid));
            prop_assert_eq!((layer.is_switching_up_point, layer.uses_lower_spatial_layer), (peer.u, peer.d));
        }
        if let Some(structure) = ours.structure {
            prop_assert_eq!(structure.spatial_layers, peer.ns + 1);
            let groups: Vec<Vec<u8>> = structure.pictures().map(|picture| picture.references.to_vec()).collect();
            prop_assert_eq!(groups, peer.pgpdiff);
            for (layer, (width, height)) in (0_u8..).zip(peer.width.iter().zip(&peer.height)) {
                prop_assert_eq!(structure.size(layer), Some((*width, *height)));
            }
        }
    }

    #[test]
    fn vp8_frames_of_theirs_start_once(keyframe: bool, frame in vec(any::<u8>(), 1..5000), mtu in 50_usize..1200) {
        let mut frame = frame;
        frame[0] = frame[0] & 0xfe | u8::from(!keyframe);
        let mut payloader = Vp8Payloader::default();
        payloader.enable_picture_id = true;
        let packets = payloader.payload(mtu, &Bytes::from(frame)).unwrap();
        let starts: Vec<bool> = packets.iter().map(|packet| vp8_starts_keyframe(packet)).collect();
        let expected: Vec<bool> = (0..packets.len()).map(|at| at == 0 && keyframe).collect();
        prop_assert_eq!(starts, expected);
    }

    #[test]
    fn h264_pictures_of_theirs_start_once(idr: bool, slice in vec(1_u8..255, 2..5000), mtu in 50_usize..1200) {
        let mut picture = vec![0, 0, 0, 1, 0x67, 1, 2, 0, 0, 0, 1, 0x68, 3, 4];
        if !idr {
            picture.clear();
        }
        picture.extend_from_slice(&[0, 0, 0, 1, if idr { 0x65 } else { 0x61 }]);
        picture.extend_from_slice(&slice);
        let packets = H264Payloader::default().payload(mtu, &Bytes::from(picture)).unwrap();
        let starts = packets.iter().filter(|packet| h264_starts_keyframe(packet)).count();
        // The parameter sets are a packet, and so is the slice or its first fragment.
        prop_assert_eq!(starts, if idr { 2 } else { 0 });
        for packet in &packets {
            match H264Payload::read(packet).unwrap() {
                H264Payload::Single(unit) => prop_assert_eq!(unit, &packet[..]),
                H264Payload::Aggregate(units) => prop_assert_eq!(units.count(), 2),
                H264Payload::Fragment { nal_type, .. } => prop_assert_eq!(nal_type == NalType::IDR, idr),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn av1_packets_of_theirs_add_up(keyframe: bool, frame in vec(any::<u8>(), 1..4000), mtu in 50_usize..1200) {
        let mut unit = Vec::new();
        if keyframe {
            unit.extend_from_slice(&[0x0a, 3, 1, 2, 3]);
        }
        // A frame with a length of two bytes.
        let length = u16::try_from(frame.len()).unwrap();
        unit.extend_from_slice(&[0x32, u8::try_from(length & 0x7f).unwrap() | 0x80, u8::try_from(length >> 7).unwrap()]);
        unit.extend_from_slice(&frame);
        let packets = Av1Payloader {}.payload(mtu, &Bytes::from(unit)).unwrap();
        let mut bytes = 0;
        for (at, packet) in packets.iter().enumerate() {
            let read = Av1Payload::read(packet).unwrap();
            bytes += read.elements().map(<[u8]>::len).sum::<usize>();
            prop_assert_eq!(read.is_keyframe_start(), keyframe && at == 0);
            prop_assert_eq!((read.continues, read.is_continued), (at > 0, at + 1 < packets.len()));
        }
        prop_assert_eq!(bytes, frame.len() + 1 + if keyframe { 4 } else { 0 });
    }
}
