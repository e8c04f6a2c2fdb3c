//! RTP, RTCP and payload descriptors.

use std::time::{Duration, Instant};

use anteroom_media_transport::payload::assemble::{Assembled, Assembler, FrameCodec, Limits, RtpPayload};
use anteroom_media_transport::payload::{av1, h264, opus, red, vp8, vp9};
use anteroom_media_transport::rtcp::transport_cc::{PacketStatus, TwccRecorder};
use anteroom_media_transport::rtcp::{self, Compound, CompoundWriter};
use anteroom_media_transport::rtp::dependency::DependencyReader;
use anteroom_media_transport::rtp::{self, ExtensionKind, ExtensionMap, PacketMut, rtx};

/// An RTP packet: read, changed in place, padded and wrapped as a retransmission. Its payload stays what it is.
pub fn rtp(data: &[u8]) {
    let Ok(packet) = rtp::Packet::parse(data) else {
        return;
    };
    assert!(packet.payload().len() <= data.len());
    for id in 0..=u8::MAX {
        let _ = packet.extension(id);
    }
    for (id, value) in packet.extensions().take(300) {
        assert!(value.len() <= data.len(), "{id}");
    }
    let mut map = ExtensionMap::new();
    for (id, kind) in (1..).zip(ExtensionKind::ALL) {
        map.set(kind, id);
    }
    let values = packet.extension_values(&map);
    for kind in ExtensionKind::ALL {
        assert_eq!(
            values.value(kind),
            map.id(kind).and_then(|id| packet.extension(id))
        );
    }
    let _ = (
        values.audio_level(),
        values.abs_send_time(),
        values.mid(),
        values.rid(),
    );
    let _ = (
        values.playout_delay(),
        values.abs_capture_time(),
        values.frame_marking(),
    );
    let _ = (
        values.video_orientation(),
        values.video_content_type(),
        values.repaired_rid(),
    );

    let mut bytes = data.to_vec();
    let mut changed = PacketMut::parse(&mut bytes).expect("what can be read can be changed");
    changed.set_ssrc(7);
    changed.rewrite_extensions(|id, value| {
        value.fill(id);
        id / 2
    });
    let read = rtp::Packet::parse(&bytes).expect("it is still a packet");
    assert_eq!((read.ssrc(), read.payload()), (7, packet.payload()));

    let length = rtp::unpad(&mut bytes).expect("the padding has been read");
    bytes.resize(length + 300, 0);
    if rtp::pad_to(&mut bytes, length, length + 200).is_ok() {
        let padded = rtp::Packet::parse(&bytes[..length + 200]).expect("it is padded");
        assert_eq!((padded.padding(), padded.payload()), (200, packet.payload()));
    }
    let header = rtx::RtxHeader {
        ssrc: 8,
        payload_type: 97,
        sequence_number: 9,
    };
    let wrapped = rtx::wrap(&mut bytes, length + 200, header).expect("there is room");
    let (original, number) = rtx::unwrap(&mut bytes[..wrapped], 7, 96)
        .expect("it is a packet")
        .expect("it carries one");
    assert_eq!(number, packet.sequence_number());
    let original = rtp::Packet::parse(original).expect("the original");
    assert_eq!(original.payload(), packet.payload());
}

/// A compound RTCP packet. Reading takes no more steps than there are bits.
pub fn rtcp_compound(data: &[u8]) {
    let mut steps = 0;
    for report in Compound::new(data) {
        let _ = format!("{report:?}");
        let Ok(report) = report else { break };
        steps += match report {
            rtcp::Packet::SenderReport(report) => report.blocks().count(),
            rtcp::Packet::ReceiverReport(report) => report.blocks().count(),
            rtcp::Packet::SourceDescription(sdes) => sdes.chunks().map(|chunk| chunk.items().count()).sum(),
            rtcp::Packet::Goodbye(bye) => bye.ssrcs().count(),
            rtcp::Packet::Nack(nack) => nack.sequence_numbers().count(),
            rtcp::Packet::FullIntraRequest(fir) => fir.entries().count(),
            rtcp::Packet::Remb(remb) => remb.ssrcs().count(),
            rtcp::Packet::ExtendedReport(report) => report.blocks().count(),
            rtcp::Packet::TransportFeedback(feedback) => {
                let claimed = feedback.statuses().map(|status| match status {
                    PacketStatus::NotReceived { count, .. } => u32::from(count),
                    PacketStatus::Received { .. } => 1,
                });
                assert_eq!(claimed.sum::<u32>(), u32::from(feedback.status_count));
                feedback.statuses().count()
            }
            _ => 1,
        };
    }
    assert!(steps <= data.len() * 8);
}

/// Every payload descriptor. What of VP8 is rewritten reads back.
pub fn payload(data: &[u8]) {
    if let Ok(read) = vp8::Vp8Descriptor::read(data) {
        let numbers = vp8::Vp8Numbers {
            picture_id: vp8::PictureId::Long(0x1234),
            tl0_pic_idx: 5,
            key_idx: 6,
        };
        let mut buffer = data.to_vec();
        buffer.push(0);
        let length = read
            .rewrite(&mut buffer, data.len(), &numbers)
            .expect("there is room");
        let again = vp8::Vp8Descriptor::read(&buffer[..length]).expect("a descriptor");
        assert_eq!(&buffer[again.len..length], &data[read.len..]);
        assert_eq!(again.picture_id, read.picture_id.map(|_| numbers.picture_id));
    }
    if let Ok(read) = vp9::Vp9Descriptor::read(data) {
        assert!(read.len <= data.len());
        if let Some(structure) = read.structure {
            let _ = (structure.pictures().count(), structure.size(7));
        }
    }
    if let Ok(read) = h264::H264Payload::read(data) {
        let _ = (read.is_keyframe_start(), read.temporal_id());
    }
    if let Ok(read) = av1::Av1Payload::read(data) {
        assert!(read.elements().map(<[u8]>::len).sum::<usize>() < data.len());
        let _ = (read.is_keyframe_start(), read.layer());
    }
    let _ = opus::OpusToc::read(data);
    if let Ok(read) = red::RedPayload::read(data) {
        let mut buffer = vec![0; data.len() + 64];
        let length = red::write(read.primary_type, read.primary, read.redundant(), &mut buffer);
        let again = red::RedPayload::read(&buffer[..length.expect("there is room")]).expect("a payload");
        assert_eq!(again.primary, read.primary);
    }
}

/// Dependency descriptors of one stream, each behind a byte with its length. A mask that is written reads back.
pub fn dependency_descriptor(data: &[u8]) {
    let mut reader = DependencyReader::new();
    let mut rest = data;
    let mut sequence = 0;
    while let Some((length, behind)) = rest.split_first() {
        let (value, behind) = behind.split_at(usize::from(*length).min(behind.len()));
        rest = behind;
        sequence += 1;
        let Ok(frame) = reader.read(sequence, value) else {
            continue;
        };
        let structure = reader.structure().expect("there was a keyframe").clone();
        for target in 0..=structure.decode_targets() {
            let _ = (frame.is_needed_for(target), structure.target_layer(target));
            assert!(target < frame.decode_targets() || !frame.is_needed_for(target));
        }
        assert!(frame.frame_diffs().all(|diff| (1..=4096).contains(&diff)));
        let mut out = vec![0; value.len() + 5];
        let length = frame
            .write_active_targets(value, 0x5555_5555, &mut out)
            .expect("there is room");
        let again = reader
            .clone()
            .read(sequence, &out[..length])
            .expect("a descriptor");
        assert_eq!(again.active_targets, Some(0x5555_5555 & structure.all_targets()));
        assert_eq!(
            (again.layer, again.frame_number),
            (frame.layer, frame.frame_number)
        );
    }
}

/// Arrivals of three bytes each: a sequence number, and how many milliseconds later it came. What is told of is bounded,
/// and in order.
pub fn twcc_recorder(data: &[u8]) {
    let start = Instant::now();
    let mut now = start;
    let mut recorder = TwccRecorder::new(1);
    for [upper, lower, wait] in data.as_chunks::<3>().0 {
        now += Duration::from_millis(u64::from(*wait));
        recorder.receive(now, 2, u16::from_be_bytes([*upper, *lower]));
        if recorder.poll_timeout().is_none_or(|due| due > now) {
            continue;
        }
        let mut told = 0;
        loop {
            let mut buffer = [0; 200];
            let mut writer = CompoundWriter::new(&mut buffer);
            if !recorder.write_feedback(now, &mut writer).expect("there is room") {
                break;
            }
            let mut packets = Compound::new(writer.finish());
            let Some(Ok(rtcp::Packet::TransportFeedback(feedback))) = packets.next() else {
                panic!("no feedback");
            };
            told += u32::from(feedback.status_count);
            assert!(feedback.arrival_count() > 0);
        }
        assert!(told <= 1024, "{told}");
    }
}

/// Packets of a stream of pictures: the first byte says the codec and whether little is kept; each packet is six bytes in
/// front of its payload: sequence number (signed difference), timestamp (signed difference), flags, length, and two
/// bytes that make the number wild. Frames begin with a keyframe, and none comes out that refers to what is missing.
pub fn frames(data: &[u8]) {
    let Some((first, mut rest)) = data.split_first() else {
        return;
    };
    let codec = match first & 0x03 {
        0 => FrameCodec::Vp8,
        1 => FrameCodec::Vp9,
        2 => FrameCodec::H264,
        _ => FrameCodec::Av1,
    };
    let mut limits = Limits::default();
    if first & 0x80 != 0 {
        (limits.max_packets, limits.max_bytes) = (4, 300);
        (limits.max_ticks, limits.max_frame_bytes) = (20, 500);
    }
    let mut assembler = Assembler::new(codec, limits);
    let (mut sequence, mut timestamp, mut out) = (1_u64 << 16, 0_u32, Vec::new());
    let mut needs_keyframe = true;
    while let Some((&[step, ticks, flags, length, high, low], behind)) = rest.split_first_chunk::<6>() {
        let payload = &behind[..behind.len().min(length.into())];
        rest = &behind[payload.len()..];
        sequence = sequence.wrapping_add_signed(step.cast_signed().into());
        if flags & 0x80 != 0 {
            sequence ^= u64::from_be_bytes([0, high, 0, low, 0, 0, 0, 0]);
        }
        timestamp = timestamp.wrapping_add_signed(ticks.cast_signed().into());
        let marker = flags & 0x01 != 0;
        match flags >> 1 & 0x07 {
            7 => assembler.restart(),
            6 => assembler.flush(&mut out),
            5 => assembler.lose(&mut out),
            _ => {}
        }
        assembler.push(
            RtpPayload {
                sequence,
                timestamp,
                marker,
                payload,
            },
            &mut out,
        );
        needs_keyframe |= flags >> 1 & 0x07 == 7;
        for one in out.drain(..) {
            match one {
                Assembled::Frame(frame) => {
                    assert!(frame.is_keyframe || !needs_keyframe);
                    needs_keyframe = false;
                }
                _ => needs_keyframe = true,
            }
        }
        assert!(!needs_keyframe || assembler.needs_keyframe());
    }
}
