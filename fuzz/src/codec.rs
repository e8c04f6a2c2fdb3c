//! Sound: payload formats, and the inside of packets.

use anteroom_codec::opus::packet;
use anteroom_codec::opus::{Encoder, EncoderConfig, OpusParameters, Repacketizer, pad, unpad};
use anteroom_codec::red::{self, MAX_BLOCKS, MAX_TIMESTAMP_OFFSET, Packer, PackerConfig};

/// An Opus packet: read, split into its frames and merged again, with and without padding. The frames stay what they are.
pub fn opus_packet(data: &[u8]) {
    let _ = (
        packet::has_fec(data),
        packet::is_dtx(data),
        packet::has_dred(data),
    );
    let mut repacketizer = Repacketizer::new();
    let Ok(read) = packet::inspect(data) else {
        assert!(repacketizer.cat(data).is_err());
        return;
    };
    assert!(read.samples() <= 5760);
    let content: usize = read.frames().iter().map(|frame| frame.len()).sum();
    assert!(content + read.padding_bytes() < data.len());

    let mut out = vec![0xaa; data.len() + 700];
    let shortest = unpad(data, &mut out).expect("room for what came");
    assert!(shortest <= data.len());
    let unpadded = out[..shortest].to_vec();
    assert!(unpad(data, &mut out[..shortest - 1]).is_err());
    for length in [
        shortest,
        shortest + 1,
        shortest + 2,
        shortest + 255,
        shortest + 600,
    ] {
        let written = pad(data, length, &mut out).expect("at least as long");
        assert_eq!(written, length);
        let padded = packet::inspect(&out[..length]).expect("what was written");
        assert_eq!(
            (padded.frames(), padded.samples()),
            (read.frames(), read.samples())
        );
    }

    repacketizer.cat(&unpadded).expect("what was written");
    let count = repacketizer.len();
    assert_eq!(count, read.frames().len());
    let parts: Vec<Vec<u8>> = (0..count)
        .map(|at| {
            let length = repacketizer.write(at..=at, &mut out).expect("one of the frames");
            out[..length].to_vec()
        })
        .collect();
    let mut merged = Repacketizer::new();
    for part in &parts {
        merged.cat(part).expect("as many as there were");
    }
    let length = merged.write(.., &mut out).expect("as long as before");
    assert_eq!(out[..length], unpadded);
}

/// A redundant audio payload. The first byte says what the rest is: a payload to take apart, or payloads to pack, each with
/// a header of three bytes (a step in time and a length).
pub fn red(data: &[u8]) {
    let Some((kind, data)) = data.split_first() else {
        return;
    };
    if kind & 1 == 0 {
        return red_unpack(data);
    }
    let config = PackerConfig {
        blocks: usize::from(kind >> 1 & 3),
        distance: usize::from(kind >> 3 & 1) + 1,
        max_bytes: usize::from(kind >> 4) * 100,
        ..PackerConfig::new(111)
    };
    let mut packer = Packer::new(config).expect("at most six packets back");
    let (mut rest, mut timestamp, mut out) = (data, 0_u32, [0; 1700]);
    let mut sent: Vec<(u32, Vec<u8>)> = Vec::new();
    while let Some((header, others)) = rest.split_first_chunk::<3>() {
        let step = u32::from(u16::from_be_bytes([header[0], header[1]]));
        timestamp = timestamp.wrapping_add(step.wrapping_mul(if step % 7 == 0 { 100_000 } else { 1 }));
        let length = usize::from(header[2]) * if header[2] % 5 == 0 { 6 } else { 1 };
        let payload: Vec<u8> = others.iter().copied().cycle().take(length).collect();
        rest = others.get(length..).unwrap_or_default();
        let written = packer
            .pack(timestamp, &payload, &mut out)
            .expect("a buffer that is large enough");
        if payload.is_empty() {
            assert_eq!(written, 0);
            continue;
        }
        assert!(written <= config.max_bytes.max(payload.len() + 1));
        let read = red::unpack(&out[..written]).expect("what was packed");
        assert_eq!((read.primary_type, read.primary), (111, &payload[..]));
        assert!(read.redundant().count() <= config.blocks);
        let mut newest = MAX_TIMESTAMP_OFFSET + 1;
        for block in read.redundant() {
            assert!(block.payload_type == 111 && block.data.len() > 2);
            assert!(block.timestamp_offset < newest, "the earliest first");
            newest = block.timestamp_offset;
            let then = timestamp.wrapping_sub(block.timestamp_offset);
            assert!(sent.iter().any(|(at, sent)| *at == then && sent == block.data));
        }
        sent.push((timestamp, payload));
    }
}

fn red_unpack(data: &[u8]) {
    let Ok(read) = red::unpack(data) else {
        return;
    };
    let count = read.redundant().count();
    assert!(count <= MAX_BLOCKS);
    let inside: usize = read.blocks().map(|block| block.data.len()).sum();
    assert_eq!(inside + 4 * count + 1, data.len(), "every byte has its place");
    for block in read.blocks() {
        assert!(block.payload_type < 0x80 && block.timestamp_offset <= MAX_TIMESTAMP_OFFSET);
    }
}

/// SDP parameters of Opus: what can be read is printed and read again, and an encoder takes what comes of it.
pub fn opus_parameters(data: &[u8]) {
    let Some(parameters) = std::str::from_utf8(data)
        .ok()
        .and_then(|text| text.parse::<OpusParameters>().ok())
    else {
        return;
    };
    assert_eq!(parameters.to_string().parse(), Ok(parameters));
    let config = EncoderConfig::default().for_peer(&parameters);
    Encoder::new(config).expect("what a peer may ask for, an encoder can do");
}
