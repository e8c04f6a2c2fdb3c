//! What the `rtp` crate writes we read, and the other way round.
//!
//! Where the two differ, on purpose: it reads two-byte extensions of the profile 0x1000 only, where RFC 8285 §4.3 leaves the
//! lower four bits free; it takes padding with a length for an extension with the id 0.

use bytes::Bytes;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use webrtc_util::marshal::{Marshal, Unmarshal};

use super::extension::{AudioLevel, PlayoutDelay, TransportSequence, VideoOrientation};
use super::*;

proptest! {
    #[test]
    fn packets_are_the_same(
        marker: bool, payload_type in 0_u8..128, sequence: u16, timestamp: u32, ssrc: u32, sources in vec(any::<u32>(), 0..16),
        values in btree_map(1_u8..15, vec(any::<u8>(), 1..=16), 0..=MAX_EXTENSIONS), two_byte: bool,
        payload in vec(any::<u8>(), 1..100),
    ) {
        let mut header = rtp::header::Header {
            version: 2, marker, payload_type, sequence_number: sequence, timestamp, ssrc, csrc: sources.clone(),
            extension: !values.is_empty(),
            extension_profile: if two_byte { 0x1000 } else { 0xbede },
            ..Default::default()
        };
        let mut builder = PacketBuilder::new(payload_type, sequence, timestamp, ssrc).marker(marker).contributing_sources(&sources);
        for (id, value) in &values {
            header.set_extension(*id, Bytes::from(value.clone())).unwrap();
            builder = builder.extension(*id, value);
        }
        let peer = rtp::packet::Packet { header, payload: Bytes::from(payload.clone()) };
        let bytes = peer.marshal().unwrap();
        let read = Packet::parse(&bytes).unwrap();
        prop_assert_eq!((read.marker(), read.payload_type(), read.sequence_number()), (marker, payload_type, sequence));
        prop_assert_eq!((read.timestamp(), read.ssrc(), read.payload()), (timestamp, ssrc, &payload[..]));
        prop_assert_eq!(read.contributing_sources().collect::<Vec<_>>(), sources.clone());
        prop_assert_eq!(read.extensions().count(), values.len());
        for (id, value) in &values {
            prop_assert_eq!(read.extension(*id), Some(&value[..]));
        }

        let mut buffer = [0; 1024];
        let length = builder.write(&payload, &mut buffer).unwrap();
        let theirs = rtp::packet::Packet::unmarshal(&mut &buffer[..length]).unwrap();
        prop_assert_eq!(&theirs.payload, &peer.payload);
        prop_assert_eq!(&theirs.header.csrc, &sources);
        for (id, value) in &values {
            prop_assert_eq!(theirs.header.get_extension(*id), Some(Bytes::from(value.clone())));
        }
        if !two_byte {
            prop_assert_eq!(&bytes[..], &buffer[..length]);
        }
    }

    #[test]
    fn values_are_the_same(bits in 0_u8..16, level in 0_u8..128, voice: bool, sequence: u16, delays in (0_u16..4096, 0_u16..4096)) {
        use rtp::extension::{audio_level_extension, playout_delay_extension, transport_cc_extension, video_orientation_extension};
        let peer = audio_level_extension::AudioLevelExtension { level, voice };
        let ours = AudioLevel { below_overload_db: level, is_voice: voice };
        prop_assert_eq!(&peer.marshal().unwrap()[..], ours.to_bytes());
        let peer = transport_cc_extension::TransportCcExtension { transport_sequence: sequence };
        prop_assert_eq!(&peer.marshal().unwrap()[..], TransportSequence(sequence).to_bytes());
        let peer = video_orientation_extension::VideoOrientationExtension::unmarshal(&mut &[bits][..]).unwrap();
        let ours = VideoOrientation::read(&peer.marshal().unwrap()).unwrap();
        prop_assert_eq!((ours.to_bytes(), ours.is_flipped), ([bits], peer.flip));
        let (min, max) = (delays.0.min(delays.1), delays.0.max(delays.1));
        let peer = playout_delay_extension::PlayoutDelayExtension::new(min, max).marshal().unwrap();
        let ours = PlayoutDelay::read(&peer).unwrap();
        prop_assert_eq!(&ours.to_bytes()[..], &peer[..]);
        prop_assert_eq!(ours.max().as_millis(), u128::from(max) * 10);
    }
}
