//! Test vectors of RFC 5769, round trips and hostile input.

use std::net::SocketAddr;

use proptest::prelude::*;

use super::*;
use crate::error::ParseError;

fn hex(text: &str) -> Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    (0..digits.len() / 2)
        .map(|i| u8::from_str_radix(&digits[2 * i..2 * i + 2], 16).unwrap())
        .collect()
}

/// The password of RFC 5769 §2.1 to §2.3.
const PASSWORD: &str = "VOkJxbRl1RmTxUk/WvJxBt";

/// RFC 5769 §2.1.
const REQUEST: &str = "
    0001 0058 2112a442 b7e7a701 bc34d686 fa87dfae
    8022 0010 5354554e 20746573 7420636c 69656e74
    0024 0004 6e0001ff
    8029 0008 932ff9b1 51263b36
    0006 0009 6576746a 3a683676 59202020
    0008 0014 9aeaa70c bfd8cb56 781ef2b5 b2d3f249 c1b571a2
    8028 0004 e57a3bcf";

/// RFC 5769 §2.2.
const RESPONSE_V4: &str = "
    0101 003c 2112a442 b7e7a701 bc34d686 fa87dfae
    8022 000b 74657374 20766563 746f7220
    0020 0008 0001a147 e112a643
    0008 0014 2b91f599 fd9e90c3 8c7489f9 2af9ba53 f06be7d7
    8028 0004 c07d4c96";

/// RFC 5769 §2.3.
const RESPONSE_V6: &str = "
    0101 0048 2112a442 b7e7a701 bc34d686 fa87dfae
    8022 000b 74657374 20766563 746f7220
    0020 0014 0002a147 0113a9fa a5d3f179 bc25f4b5 bed2b9d9
    0008 0014 a382954e 4be67bf1 1784c97c 8292c275 bfe3ed41
    8028 0004 c8fb0b4c";

#[test]
fn request_of_rfc_5769_2_1() {
    let datagram = hex(REQUEST);
    let message = Message::parse(&datagram).unwrap();
    assert_eq!(message.class(), Class::Request);
    assert_eq!(message.transaction_id().0[..], hex("b7e7a701bc34d686fa87dfae"));
    assert_eq!(message.username(), Some(("evtj", "h6vY")));
    assert_eq!(message.priority(), Some(0x6e00_01ff));
    assert_eq!(message.ice_controlled(), Some(0x932f_f9b1_5126_3b36));
    assert_eq!(message.ice_controlling(), None);
    assert!(!message.use_candidate());
    assert!(message.has_fingerprint());
    assert!(message.unknown_attributes().is_empty(), "SOFTWARE may be ignored");
    assert!(message.verify_integrity(PASSWORD));
    assert!(!message.verify_integrity("VOkJxbRl1RmTxUk/WvJxBT"));
    assert_eq!(peek_username(&datagram), Some(("evtj", "h6vY")));
}

#[test]
fn responses_of_rfc_5769_2_2_and_2_3() {
    for (text, address) in [
        (RESPONSE_V4, "192.0.2.1:32853"),
        (RESPONSE_V6, "[2001:db8:1234:5678:11:2233:4455:6677]:32853"),
    ] {
        let datagram = hex(text);
        let message = Message::parse(&datagram).unwrap();
        assert_eq!(message.class(), Class::Success);
        assert_eq!(message.xor_mapped_address(), Some(address.parse().unwrap()));
        assert!(message.verify_integrity(PASSWORD));
        assert_eq!(peek_username(&datagram), None);
    }
}

#[test]
fn a_flipped_bit_is_noticed() {
    let datagram = hex(REQUEST);
    for bit in 0..datagram.len() * 8 {
        let mut forged = datagram.clone();
        forged[bit / 8] ^= 1 << (bit % 8);
        let fooled = Message::parse(&forged)
            .is_ok_and(|message| message.verify_integrity(PASSWORD) && message.has_fingerprint());
        assert!(!fooled, "bit {bit}");
    }
}

fn build(write: impl FnOnce(&mut MessageBuilder<'_>)) -> Vec<u8> {
    let mut buffer = [0; 600];
    let mut builder = MessageBuilder::new(&mut buffer, Class::Request, TransactionId([9; 12])).unwrap();
    write(&mut builder);
    builder.finish_with_integrity("password").unwrap().to_vec()
}

#[test]
fn lists_unknown_attributes_that_must_be_understood() {
    let mut datagram = hex("0001 0018 2112a442 000000000000000000000000");
    datagram.extend(hex("0003 0004 00000006  7fff 0001 ff000000  c001 0002 abcd0000"));
    let message = Message::parse(&datagram).unwrap();
    assert_eq!(
        message.unknown_attributes(),
        &[AttributeType(3), AttributeType(0x7fff)]
    );
    assert!(!message.verify_integrity(""));
}

#[test]
fn attributes_behind_the_integrity_do_not_count() {
    let mut buffer = [0; 600];
    let signed = build(|builder| builder.priority(1).unwrap());
    let fingerprint_free = &signed[..signed.len() - 8];
    buffer[..fingerprint_free.len()].copy_from_slice(fingerprint_free);
    let total = fingerprint_free.len() + 4;
    buffer[fingerprint_free.len()..total].copy_from_slice(&hex("0025 0000"));
    let length = u16::try_from(total - 20).unwrap();
    buffer[2..4].copy_from_slice(&length.to_be_bytes());
    let message = Message::parse(&buffer[..total]).unwrap();
    assert!(message.verify_integrity("password"));
    assert!(!message.use_candidate());
}

#[test]
fn an_error_response_round_trips() {
    let mut buffer = [0; 600];
    let id = TransactionId([3; 12]);
    let mut builder = MessageBuilder::new(&mut buffer, Class::Error, id).unwrap();
    builder.error_code(ErrorCode::ROLE_CONFLICT).unwrap();
    builder
        .unknown_attributes(&[AttributeType(3), AttributeType(4), AttributeType(5)])
        .unwrap();
    let datagram = builder.finish().unwrap();
    let message = Message::parse(datagram).unwrap();
    assert_eq!((message.class(), message.transaction_id()), (Class::Error, id));
    assert_eq!(message.error_code(), Some(ErrorCode::ROLE_CONFLICT));
    assert!(message.has_fingerprint() && !message.has_integrity());
}

#[test]
fn refuses_wrong_shapes_by_name() {
    let good = build(|builder| builder.use_candidate().unwrap());
    assert_eq!(
        Message::parse(&good[..19]).unwrap_err(),
        ParseError::truncated("STUN header")
    );
    assert_eq!(
        Message::parse(&good[..good.len() - 4]).unwrap_err(),
        ParseError::truncated("STUN attributes")
    );
    let mut longer = good.clone();
    longer.push(0);
    assert_eq!(
        Message::parse(&longer).unwrap_err(),
        ParseError::leftover("STUN message")
    );
    let with = |at: usize, value: u8| {
        let mut changed = good.clone();
        changed[at] = value;
        Message::parse(&changed).unwrap_err()
    };
    assert_eq!(with(4, 0), ParseError::invalid("magic cookie"));
    assert_eq!(with(1, 3), ParseError::invalid("message type"));
    assert_eq!(with(3, 1), ParseError::invalid("message length"));
    assert_eq!(
        with(good.len() - 1, good[good.len() - 1] ^ 1),
        ParseError::invalid("FINGERPRINT")
    );
}

#[test]
fn peek_username_needs_a_request_with_two_halves() {
    assert_eq!(peek_username(&[]), None);
    assert_eq!(
        peek_username(&hex("0001 0000 2112a442 000000000000000000000000")),
        None
    );
    assert_eq!(
        peek_username(&hex(
            "0001 0008 2112a442 000000000000000000000000 0006 0003 61626300"
        )),
        None
    );
    let found = hex("0001 0008 2112a442 000000000000000000000000 0006 0003 613a6300");
    assert_eq!(peek_username(&found), Some(("a", "c")));
}

#[test]
fn a_full_buffer_is_an_error() {
    for size in 0..64 {
        let mut buffer = vec![0; size];
        let built = MessageBuilder::new(&mut buffer, Class::Request, TransactionId([0; 12])).and_then(
            |mut builder| {
                builder.username("abcd", "efgh")?;
                builder.finish_with_integrity("x").map(<[u8]>::len)
            },
        );
        assert!(built.is_err(), "{size}");
    }
}

proptest! {
    #[test]
    fn what_is_built_parses(
        local in "[a-zA-Z0-9+/]{4,40}", remote in "[a-zA-Z0-9+/]{4,40}", password in "[a-zA-Z0-9+/]{22,60}",
        priority: u32, tie_breaker: u64, address: std::net::IpAddr, port: u16, nominate: bool,
    ) {
        let address = SocketAddr::new(address, port);
        let mut buffer = [0; 600];
        let mut builder = MessageBuilder::new(&mut buffer, Class::Request, TransactionId([5; 12])).unwrap();
        builder.username(&local, &remote).unwrap();
        builder.priority(priority).unwrap();
        builder.ice_controlling(tie_breaker).unwrap();
        builder.xor_mapped_address(address).unwrap();
        if nominate {
            builder.use_candidate().unwrap();
        }
        let datagram = builder.finish_with_integrity(&password).unwrap();
        let message = Message::parse(datagram).unwrap();
        prop_assert_eq!(message.username(), Some((&*local, &*remote)));
        prop_assert_eq!(peek_username(datagram), Some((&*local, &*remote)));
        prop_assert_eq!(message.priority(), Some(priority));
        prop_assert_eq!(message.ice_controlling(), Some(tie_breaker));
        prop_assert_eq!(message.xor_mapped_address(), Some(address));
        prop_assert_eq!(message.use_candidate(), nominate);
        prop_assert!(message.verify_integrity(&password));
        prop_assert!(message.has_fingerprint());
    }

    #[test]
    fn arbitrary_attributes_never_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut datagram = hex("0001 0000 2112a442 000000000000000000000000");
        datagram.extend(&body);
        let length = u16::try_from(body.len()).unwrap();
        datagram[2..4].copy_from_slice(&length.to_be_bytes());
        let _ = Message::parse(&datagram).map(|message| message.verify_integrity("x"));
        let _ = Message::parse(&body);
        let _ = peek_username(&datagram);
        let _ = peek_username(&body);
    }
}
