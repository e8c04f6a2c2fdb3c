//! Retransmissions in a stream of their own (RFC 4588): the payload of the lost packet behind its sequence number.
//!
//! To make one from parts, use [`PacketBuilder::original_sequence_number`](super::PacketBuilder::original_sequence_number).

use super::{FIXED_HEADER_LEN, Packet, PacketMut, WriteError, unpad};
use crate::error::ParseError;

/// What a retransmission has before its payload, in bytes: the original sequence number.
pub const ORIGINAL_SEQUENCE_LEN: usize = 2;

/// The numbers that a packet has in one of the two streams, and does not share with its twin in the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RtxHeader {
    /// The stream.
    pub ssrc: u32,
    /// 0..=127.
    pub payload_type: u8,
    /// Within that stream.
    pub sequence_number: u16,
}

/// Makes a retransmission of the packet in the first `length` bytes of `buffer`, in place, and returns its length: two
/// bytes more, and without padding (RFC 4588 §4 leaves it out).
///
/// # Errors
/// [`WriteError::Malformed`], [`WriteError::BufferTooSmall`]; only the padding may be gone then.
pub fn wrap(buffer: &mut [u8], length: usize, header: RtxHeader) -> Result<usize, WriteError> {
    let packet = buffer.get_mut(..length).ok_or(WriteError::BufferTooSmall)?;
    Packet::parse(packet).map_err(|_| WriteError::Malformed)?;
    let length = unpad(packet).map_err(|_| WriteError::Malformed)?;
    let (payload_len, original) = {
        let packet = packet.get(..length).ok_or(WriteError::Malformed)?;
        let view = Packet::parse(packet).map_err(|_| WriteError::Malformed)?;
        (view.payload().len(), view.sequence_number())
    };
    let start = length - payload_len;
    let wrapped = length + ORIGINAL_SEQUENCE_LEN;
    let packet = buffer.get_mut(..wrapped).ok_or(WriteError::BufferTooSmall)?;
    packet.copy_within(start..length, start + ORIGINAL_SEQUENCE_LEN);
    if let Some(number) = packet.get_mut(start..).and_then(<[u8]>::first_chunk_mut) {
        *number = original.to_be_bytes();
    }
    set_header(packet, header).map_err(|_| WriteError::Malformed)?;
    Ok(wrapped)
}

/// Makes the original packet of a retransmission, in place, and returns where it is: two bytes into `packet`.
///
/// `original` tells its stream and payload type; its sequence number is the one the retransmission carries, which this
/// returns too. `None` for a retransmission stream's padding, which carries no packet. The extensions stay: they are those
/// of the retransmission.
///
/// # Errors
/// [`ParseError`] when `packet` is no packet.
pub fn unwrap(
    packet: &mut [u8],
    ssrc: u32,
    payload_type: u8,
) -> Result<Option<(&mut [u8], u16)>, ParseError> {
    let view = Packet::parse(packet)?;
    let Some((original, payload)) = view.payload().split_first_chunk::<ORIGINAL_SEQUENCE_LEN>() else {
        return Ok(None);
    };
    let sequence_number = u16::from_be_bytes(*original);
    let tail = payload.len() + usize::from(view.padding());
    let header_len = packet.len() - tail - ORIGINAL_SEQUENCE_LEN;
    // The header is shorter than the payload: it moves.
    packet.copy_within(..header_len, ORIGINAL_SEQUENCE_LEN);
    let packet = packet
        .get_mut(ORIGINAL_SEQUENCE_LEN..)
        .ok_or(ParseError::truncated("retransmission"))?;
    let header = RtxHeader {
        ssrc,
        payload_type,
        sequence_number,
    };
    set_header(packet, header)?;
    Ok(Some((packet, sequence_number)))
}

fn set_header(packet: &mut [u8], header: RtxHeader) -> Result<(), ParseError> {
    const { assert!(FIXED_HEADER_LEN >= ORIGINAL_SEQUENCE_LEN) };
    let mut packet = PacketMut::parse(packet)?;
    packet.set_ssrc(header.ssrc);
    packet.set_payload_type(header.payload_type);
    packet.set_sequence_number(header.sequence_number);
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::rtp::PacketBuilder;

    const RTX: RtxHeader = RtxHeader {
        ssrc: 77,
        payload_type: 97,
        sequence_number: 5,
    };

    #[test]
    fn the_builder_and_wrapping_make_the_same_packet() {
        let mut buffer = [0; 64];
        let length = PacketBuilder::new(96, 1000, 9, 70)
            .marker(true)
            .extension(3, &[1, 2])
            .padding(7)
            .write(b"picture", &mut buffer)
            .unwrap();
        let length = wrap(&mut buffer, length, RTX).unwrap();
        let mut built = [0; 64];
        let expected = PacketBuilder::new(97, 5, 9, 77)
            .marker(true)
            .extension(3, &[1, 2])
            .original_sequence_number(1000)
            .write(b"picture", &mut built)
            .unwrap();
        assert_eq!(buffer[..length], built[..expected]);
    }

    #[test]
    fn padding_of_the_retransmission_stream_carries_nothing() {
        let mut buffer = [0; 300];
        let length = PacketBuilder::new(97, 5, 9, 77)
            .padding(255)
            .write(&[], &mut buffer)
            .unwrap();
        assert_eq!(unwrap(&mut buffer[..length], 70, 96), Ok(None));
        let length = PacketBuilder::new(97, 5, 9, 77).write(b"x", &mut buffer).unwrap();
        assert_eq!(unwrap(&mut buffer[..length], 70, 96), Ok(None));
        assert!(unwrap(&mut buffer[..11], 70, 96).is_err());
    }

    #[test]
    fn refuses_to_wrap_without_room() {
        let mut buffer = [0; 20];
        let length = PacketBuilder::new(96, 1, 9, 70)
            .write(b"1234567", &mut buffer)
            .unwrap();
        assert_eq!(wrap(&mut buffer, length, RTX), Err(WriteError::BufferTooSmall));
        assert_eq!(wrap(&mut buffer, 21, RTX), Err(WriteError::BufferTooSmall));
        assert_eq!(wrap(&mut [0; 20], 12, RTX), Err(WriteError::Malformed));
    }

    proptest! {
        #[test]
        fn what_is_wrapped_unwraps(
            sequence: u16, timestamp: u32, marker: bool, sources in vec(any::<u32>(), 0..4), extension in vec(any::<u8>(), 0..9),
            payload in vec(any::<u8>(), 0..100), padding: u8,
        ) {
            let mut buffer = [0; 512];
            let builder = PacketBuilder::new(96, sequence, timestamp, 70)
                .marker(marker)
                .contributing_sources(&sources)
                .extension(3, &extension);
            let length = builder.padding(padding).write(&payload, &mut buffer).unwrap();
            let mut plain = [0; 512];
            let plain_len = builder.write(&payload, &mut plain).unwrap();
            let wrapped = wrap(&mut buffer, length, RTX).unwrap();
            prop_assert_eq!(wrapped, plain_len + 2);
            let (packet, original) = unwrap(&mut buffer[..wrapped], 70, 96).unwrap().unwrap();
            prop_assert_eq!(original, sequence);
            prop_assert_eq!(&*packet, &plain[..plain_len]);
        }

        #[test]
        fn hostile_bytes_never_panic(bytes in vec(any::<u8>(), 0..80)) {
            let mut bytes = bytes;
            if let Some(first) = bytes.first_mut() {
                *first = 0x80 | *first & 0x3f;
            }
            let length = bytes.len();
            let _ = unwrap(&mut bytes.clone(), 1, 2);
            bytes.resize(length + 2, 0);
            let _ = wrap(&mut bytes, length, RTX);
        }
    }
}
