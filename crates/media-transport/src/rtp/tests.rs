use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::error::{ParseError, ParseErrorKind};

#[test]
fn reads_a_packet_with_everything() {
    let bytes = [
        0xb2,
        0x80 | 96,
        0x12,
        0x34,
        0,
        0,
        0,
        9,
        0,
        0,
        0,
        5, // P, X, two sources
        0,
        0,
        0,
        1,
        0,
        0,
        0,
        2, // sources
        0xbe,
        0xde,
        0,
        2,
        0x10,
        0xaa,
        0,
        0x31,
        0xbb,
        0xcc,
        0xf0,
        0xff, // ids 1 and 3, then the reserved 15
        1,
        2,
        3,
        0,
        0,
        3,
    ];
    let packet = Packet::parse(&bytes).unwrap();
    assert!(packet.marker());
    assert_eq!(packet.payload_type(), 96);
    assert_eq!(packet.sequence_number(), 0x1234);
    assert_eq!((packet.timestamp(), packet.ssrc()), (9, 5));
    assert_eq!(packet.contributing_sources().collect::<Vec<_>>(), [1, 2]);
    let extensions: Vec<_> = packet.extensions().collect();
    assert_eq!(extensions, [(1, &[0xaa][..]), (3, &[0xbb, 0xcc][..])]);
    assert_eq!(packet.payload(), [1, 2, 3]);
    assert_eq!(packet.padding(), 3);
}

#[test]
fn refuses_what_does_not_fit_its_lengths() {
    let header = |first: u8| [first, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let refused = |bytes: &[u8]| Packet::parse(bytes).unwrap_err();
    assert_eq!(refused(&[0x80; 11]), ParseError::truncated("RTP header"));
    assert_eq!(refused(&header(0x40)), ParseError::invalid("RTP version"));
    assert_eq!(
        refused(&header(0x81)),
        ParseError::truncated("contributing sources")
    );
    assert_eq!(refused(&header(0x90)), ParseError::truncated("extension header"));
    assert_eq!(refused(&header(0xa0)), ParseError::truncated("padding"));
    let mut padded = header(0xa0).to_vec();
    padded.push(0);
    assert_eq!(refused(&padded), ParseError::invalid("padding"));
    padded[12] = 2;
    assert_eq!(refused(&padded).kind, ParseErrorKind::Invalid);
    padded[12] = 1;
    assert!(Packet::parse(&padded).unwrap().payload().is_empty());
}

#[test]
fn chooses_the_extension_form_by_content() {
    let mut buffer = [0; 64];
    let mut form = |id, value: &[u8]| {
        let length = PacketBuilder::new(0, 0, 0, 0)
            .extension(id, value)
            .write(&[], &mut buffer)
            .unwrap();
        let profile = u16::from_be_bytes([buffer[12], buffer[13]]);
        assert_eq!(
            Packet::parse(&buffer[..length]).unwrap().extension(id),
            Some(value)
        );
        profile
    };
    assert_eq!(form(14, b"a"), 0xbede);
    assert_eq!(form(15, b"a"), 0x1000);
    assert_eq!(form(1, b""), 0x1000);
    assert_eq!(form(1, &[7; 16]), 0xbede);
    assert_eq!(form(1, &[7; 17]), 0x1000);
}

#[test]
fn builder_refuses_what_rtp_cannot_say() {
    let mut buffer = [0; 2048];
    let builder = PacketBuilder::new(0, 0, 0, 0);
    assert_eq!(
        PacketBuilder::new(128, 0, 0, 0).write(&[], &mut buffer),
        Err(WriteError::PayloadType)
    );
    assert_eq!(
        builder.extension(0, b"x").write(&[], &mut buffer),
        Err(WriteError::Extension)
    );
    assert_eq!(
        builder.extension(1, &[0; 256]).write(&[], &mut buffer),
        Err(WriteError::Extension)
    );
    assert_eq!(
        builder.contributing_sources(&[0; 16]).write(&[], &mut buffer),
        Err(WriteError::TooManySources)
    );
    assert_eq!(
        builder.write(&[0; 5], &mut buffer[..16]),
        Err(WriteError::BufferTooSmall)
    );
    let mut many = builder;
    for id in 1..=9 {
        many = many.extension(id, b"x");
    }
    assert_eq!(many.write(&[], &mut buffer), Err(WriteError::TooManyExtensions));
}

#[test]
fn padding_with_a_length_ends_the_extensions() {
    let mut bytes = vec![0x90, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xbe, 0xde, 0, 2];
    bytes.extend_from_slice(&[0, 0x10, 7, 0x01, 0x20, 8, 0, 0]);
    let packet = Packet::parse(&bytes).unwrap();
    assert_eq!(packet.extensions().collect::<Vec<_>>(), [(1, &[7][..])]);
    let mut seen = Vec::new();
    PacketMut::parse(&mut bytes).unwrap().rewrite_extensions(|id, _| {
        seen.push(id);
        id
    });
    assert_eq!(seen, [1]);
}

#[test]
fn padding_grows_and_goes() {
    let mut buffer = [0xee; 600];
    let length = PacketBuilder::new(96, 1, 2, 3)
        .padding(3)
        .write(b"data", &mut buffer)
        .unwrap();
    let plain = length - 3;
    assert_eq!(pad_to(&mut buffer, length, length - 1), Err(WriteError::Padding));
    assert_eq!(pad_to(&mut buffer, length, plain + 256), Err(WriteError::Padding));
    assert_eq!(pad_to(&mut buffer, length, 601), Err(WriteError::BufferTooSmall));
    assert_eq!(pad_to(&mut buffer, 11, 12), Err(WriteError::Malformed));
    assert_eq!(pad_to(&mut buffer, length, length), Ok(()));
    assert_eq!(pad_to(&mut buffer, length, plain + 255), Ok(()));
    let packet = Packet::parse(&buffer[..plain + 255]).unwrap();
    assert_eq!((packet.payload(), packet.padding()), (&b"data"[..], 255));
    assert_eq!(buffer[plain..plain + 254], [0; 254]);
    assert_eq!(unpad(&mut buffer[..plain + 255]), Ok(plain));
    assert_eq!(Packet::parse(&buffer[..plain]).unwrap().padding(), 0);
    assert_eq!(unpad(&mut buffer[..plain]), Ok(plain));
    assert_eq!(unpad(&mut [0xa0; 11]), Err(ParseError::truncated("RTP header")));
    assert_eq!(unpad(&mut [0xa0; 20]), Err(ParseError::invalid("padding")));
    assert_eq!(pad_to(&mut [0xa0; 30], 20, 30), Err(WriteError::Malformed));
}

#[test]
fn extensions_change_their_ids_and_go() {
    for long in [&[5_u8; 2][..], &[5; 20]] {
        let mut buffer = [0; 128];
        let length = PacketBuilder::new(96, 1, 2, 3)
            .extension(1, &[1])
            .extension(2, long)
            .extension(3, &[3, 3])
            .write(b"data", &mut buffer)
            .unwrap();
        let mut packet = PacketMut::parse(&mut buffer[..length]).unwrap();
        packet.rewrite_extensions(|id, value| match id {
            1 => 9,
            2 => 0,
            _ => {
                value.fill(4);
                id
            }
        });
        assert!(!packet.set_extension(9, &[1, 2]), "another length");
        assert!(packet.set_extension(9, &[8]));
        packet.payload_mut().copy_from_slice(b"DATA");
        let packet = Packet::parse(&buffer[..length]).unwrap();
        assert_eq!(
            packet.extensions().collect::<Vec<_>>(),
            [(9, &[8][..]), (3, &[4, 4])]
        );
        assert_eq!(packet.payload(), b"DATA");
    }
}

#[test]
fn extends_over_wraps_in_both_directions() {
    let mut extender = SequenceExtender::new(65_534);
    let first = extender.highest();
    assert_eq!(extender.extend(65_535), first + 1);
    assert_eq!(extender.extend(3), first + 5);
    assert_eq!(extender.extend(65_530), first - 4);
    assert_eq!(extender.highest(), first + 5);
    assert_eq!(SequenceExtender::new(0).peek(65_535), 65_535);
    assert_eq!(extend_timestamp(0x1_0000_0005, 0xffff_ffff), 0xffff_ffff);
    assert!(SequenceNumber(0).is_after(SequenceNumber(65_535)));
    assert_eq!(SequenceNumber(65_535).next(), SequenceNumber(0));
}

proptest! {
    #[test]
    fn what_is_written_reads_back(
        marker: bool,
        payload_type in 0_u8..128,
        sequence: u16,
        timestamp: u32,
        ssrc: u32,
        sources in vec(any::<u32>(), 0..16),
        extensions in vec((1_u8..=255, vec(any::<u8>(), 0..40)), 0..=MAX_EXTENSIONS),
        padding: u8,
        payload in vec(any::<u8>(), 0..200),
    ) {
        let mut builder = PacketBuilder::new(payload_type, sequence, timestamp, ssrc)
            .marker(marker)
            .contributing_sources(&sources)
            .padding(padding);
        for (id, value) in &extensions {
            builder = builder.extension(*id, value);
        }
        let mut buffer = [0; 1024];
        let length = builder.write(&payload, &mut buffer).unwrap();
        let packet = Packet::parse(&buffer[..length]).unwrap();
        prop_assert_eq!(packet.marker(), marker);
        prop_assert_eq!(packet.payload_type(), payload_type);
        prop_assert_eq!(packet.sequence_number(), sequence);
        prop_assert_eq!(packet.timestamp(), timestamp);
        prop_assert_eq!(packet.ssrc(), ssrc);
        prop_assert_eq!(packet.contributing_sources().collect::<Vec<_>>(), sources);
        let read: Vec<_> = packet.extensions().map(|(id, value)| (id, value.to_vec())).collect();
        prop_assert_eq!(read, extensions);
        prop_assert_eq!(packet.payload(), &payload[..]);
        prop_assert_eq!(packet.padding(), padding);
    }

    #[test]
    fn never_panics_and_never_reads_past_the_end(bytes in vec(any::<u8>(), 0..200), rtp: bool) {
        let mut bytes = bytes;
        if let (true, Some(first)) = (rtp, bytes.first_mut()) {
            *first = 0x80 | (*first & 0x3f);
        }
        if let Ok(packet) = Packet::parse(&bytes) {
            let parts: usize = packet.extensions().map(|(_, value)| value.len()).sum();
            prop_assert!(FIXED_HEADER_LEN + parts + packet.payload().len() + usize::from(packet.padding()) <= bytes.len());
        }
    }

    #[test]
    fn extends_every_number_within_half_a_cycle(start: u16, steps in vec(-30_000_i32..32_767, 1..50)) {
        let mut extender = SequenceExtender::new(start);
        for step in steps {
            let expected = extender.highest().saturating_add_signed(i64::from(step));
            let wire = u16::try_from(expected & 0xffff).unwrap();
            prop_assert_eq!(extender.extend(wire), expected);
        }
    }

    #[test]
    fn what_is_changed_in_place_reads_as_if_written_so(
        before: (u16, u32, u32, bool),
        after: (u16, u32, u32, bool),
        types in (0_u8..128, 0_u8..128),
        sources in vec(any::<u32>(), 0..16),
        values in vec((1_u8..=20, vec(any::<u8>(), 0..20)), 0..4),
        new_value: u8,
        padding: u8,
        payload in vec(any::<u8>(), 0..50),
    ) {
        let written = |(sequence, timestamp, ssrc, marker): (u16, u32, u32, bool), payload_type, values: &[(u8, Vec<u8>)]| {
            let mut builder = PacketBuilder::new(payload_type, sequence, timestamp, ssrc)
                .marker(marker)
                .contributing_sources(&sources)
                .padding(padding);
            for (id, value) in values {
                builder = builder.extension(*id, value);
            }
            let mut buffer = vec![0; 1024];
            let length = builder.write(&payload, &mut buffer).unwrap();
            buffer.truncate(length);
            buffer
        };
        let mut bytes = written(before, types.0, &values);
        let mut packet = PacketMut::parse(&mut bytes).unwrap();
        packet.set_sequence_number(after.0);
        packet.set_timestamp(after.1);
        packet.set_ssrc(after.2);
        packet.set_marker(after.3);
        packet.set_payload_type(types.1);
        packet.rewrite_extensions(|id, value| { value.fill(new_value); id });
        let mut expected = values;
        for (_, value) in &mut expected {
            value.fill(new_value);
        }
        prop_assert_eq!(bytes, written(after, types.1, &expected));
    }

    #[test]
    fn hostile_packets_are_changed_without_panic(bytes in vec(any::<u8>(), 0..200), id: u8, target in 0_usize..600) {
        let mut bytes = bytes;
        if let Some(first) = bytes.first_mut() {
            *first = 0x80 | (*first & 0x3f);
        }
        if Packet::parse(&bytes).is_ok() {
            let shown: Vec<(u8, Vec<u8>)> =
                Packet::parse(&bytes).unwrap().extensions().map(|(id, value)| (id, value.to_vec())).collect();
            let mut packet = PacketMut::parse(&mut bytes).unwrap();
            let mut seen = Vec::new();
            packet.rewrite_extensions(|id, value| { seen.push((id, value.to_vec())); id });
            prop_assert_eq!(seen, shown);
            packet.rewrite_extensions(|found, _| if found == id { 0 } else { found });
            prop_assert_eq!(Packet::parse(&bytes).unwrap().extension(id), None);
        } else {
            prop_assert!(PacketMut::parse(&mut bytes).is_err());
        }
        let length = bytes.len();
        let mut padded = bytes.clone();
        padded.resize(600, 0xee);
        let parsed = Packet::parse(&bytes).map(|packet| (packet.payload().to_vec(), packet.padding()));
        if let (Ok((payload, before)), Ok(())) = (parsed, pad_to(&mut padded, length, target)) {
            let packet = Packet::parse(&padded[..target]).unwrap();
            prop_assert_eq!(packet.payload(), &payload[..]);
            prop_assert_eq!(usize::from(packet.padding()), usize::from(before) + target - length);
            let end = unpad(&mut padded[..target]).unwrap();
            prop_assert_eq!(Packet::parse(&padded[..end]).unwrap().payload(), payload);
        }
    }
}
