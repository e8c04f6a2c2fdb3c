use std::collections::VecDeque;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::Error;

fn packer(blocks: usize, distance: usize) -> Packer {
    Packer::new(PackerConfig {
        blocks,
        distance,
        ..PackerConfig::new(111)
    })
    .unwrap()
}

/// Packs, and gives the offsets and data of what is in the packet.
fn pack(packer: &mut Packer, timestamp: u32, payload: &[u8]) -> Vec<(u32, Vec<u8>)> {
    let mut out = [0; 2500];
    let length = packer.pack(timestamp, payload, &mut out).unwrap();
    let payload = unpack(&out[..length]).unwrap();
    assert_eq!(payload.primary_type, 111);
    payload
        .blocks()
        .map(|block| {
            assert_eq!(block.payload_type, 111);
            (block.timestamp_offset, block.data.to_vec())
        })
        .collect()
}

#[test]
fn repeats_the_packets_before() {
    let mut red = packer(2, 1);
    assert_eq!(pack(&mut red, 0, b"one"), [(0, b"one".to_vec())]);
    assert_eq!(
        pack(&mut red, 960, b"two2"),
        [(960, b"one".to_vec()), (0, b"two2".to_vec())]
    );
    assert_eq!(
        pack(&mut red, 1920, b"three"),
        [
            (1920, b"one".to_vec()),
            (960, b"two2".to_vec()),
            (0, b"three".to_vec())
        ]
    );
    assert_eq!(pack(&mut red, 2880, b"four")[0], (1920, b"two2".to_vec()));
}

#[test]
fn the_bytes_are_those_of_the_rfc() {
    let mut red = packer(1, 1);
    let mut out = [0; 64];
    red.pack(0xffff_fc40, &[1, 2, 3], &mut out).unwrap();
    let length = red.pack(0, &[4, 5, 6], &mut out).unwrap();
    // Offset 960 is 0x3c0, shifted by ten bits.
    assert_eq!(out[..length], [0x80 | 111, 0x0f, 0, 3, 111, 1, 2, 3, 4, 5, 6]);
}

#[test]
fn distance_leaves_packets_out() {
    let mut red = packer(2, 2);
    let sent: Vec<_> = (0..6u8)
        .map(|at| pack(&mut red, u32::from(at) * 960, &[at; 3]))
        .collect();
    assert_eq!(sent[1], [(0, vec![1; 3])]);
    assert_eq!(sent[2], [(1920, vec![0; 3]), (0, vec![2; 3])]);
    assert_eq!(sent[5], [(3840, vec![1; 3]), (1920, vec![3; 3]), (0, vec![5; 3])]);
}

#[test]
fn silence_is_sent_once_and_what_was_before_a_pause_is_not_repeated() {
    let mut red = packer(1, 1);
    pack(&mut red, 0, b"speech");
    // The last word is protected by the packet that announces silence.
    assert_eq!(
        pack(&mut red, 960, &[0x78]),
        [(960, b"speech".to_vec()), (0, vec![0x78])]
    );
    assert_eq!(pack(&mut red, 1920, b"noise"), [(0, b"noise".to_vec())]);
    assert_eq!(pack(&mut red, 1920 + 16_384, b"again"), [(0, b"again".to_vec())]);
    assert_eq!(
        pack(&mut red, 1920 + 2 * 16_384 - 1, b"again").len(),
        2,
        "the furthest offset"
    );
    assert_eq!(red.pack(0, &[], &mut []), Ok(0));
}

#[test]
fn a_step_back_in_time_forgets() {
    let mut red = packer(2, 1);
    pack(&mut red, 10_000, b"old");
    assert_eq!(pack(&mut red, 960, b"new"), [(0, b"new".to_vec())]);
    assert_eq!(pack(&mut red, 960, b"same"), [(0, b"same".to_vec())]);
    assert_eq!(pack(&mut red, 10_960, b"later").len(), 2);
}

#[test]
fn long_payloads_and_full_packets_have_less_redundancy() {
    let mut red = packer(2, 1);
    pack(&mut red, 0, &[1; MAX_BLOCK_LEN]);
    assert_eq!(pack(&mut red, 960, &[2; 150]).len(), 2);
    // 1023 + 150 + 8 + 1 bytes of headers and redundancy leave 18 of 1200.
    assert_eq!(pack(&mut red, 1920, &[3; 18]).len(), 3);
    let mut red = packer(2, 1);
    pack(&mut red, 0, &[1; MAX_BLOCK_LEN]);
    pack(&mut red, 960, &[2; 150]);
    assert_eq!(pack(&mut red, 1920, &[3; 19]).len(), 2);
    assert_eq!(
        pack(&mut red, 2880, &[4; 1300]).len(),
        1,
        "sent, but without anything else"
    );
    assert_eq!(
        pack(&mut red, 3840, &[5; 9]),
        [(1920, vec![3; 19]), (0, vec![5; 9])]
    );
    let mut none = packer(0, 1);
    pack(&mut none, 0, b"one");
    assert_eq!(pack(&mut none, 960, b"two").len(), 1);
}

#[test]
fn a_small_buffer_takes_what_fits_or_is_refused() {
    let mut red = packer(2, 1);
    let mut out = [0; 64];
    red.pack(0, &[1; 10], &mut out).unwrap();
    red.pack(960, &[2; 10], &mut out).unwrap();
    let refused = red.pack(1920, &[3; 10], &mut out[..10]);
    assert_eq!(refused, Err(PackError { needed: 11, got: 10 }));
    assert_eq!(red.pack(1920, &[3; 10], &mut out[..11]), Ok(11));
    let length = red.pack(2880, &[4; 10], &mut out[..38]).unwrap();
    assert_eq!(unpack(&out[..length]).unwrap().redundant().count(), 1);
    assert_eq!(red.pack(3840, &[5; 10], &mut out[..39]), Ok(39));
}

#[test]
fn settings_can_change_and_are_checked() {
    let config = PackerConfig::new(111);
    for (payload_type, blocks, distance) in [
        (128, 1, 1),
        (111, 9, 1),
        (111, 1, 0),
        (111, 3, 3),
        (111, 2, usize::MAX),
    ] {
        let config = PackerConfig {
            payload_type,
            blocks,
            distance,
            ..config
        };
        assert!(matches!(Packer::new(config), Err(Error::Setting(_))));
    }
    let mut red = packer(2, 1);
    pack(&mut red, 0, b"one");
    pack(&mut red, 960, b"two");
    red.set_config(config).unwrap();
    assert_eq!(pack(&mut red, 1920, b"three").len(), 2);
    assert!(red.set_config(PackerConfig { blocks: 9, ..config }).is_err());
    assert_eq!(red.config(), &config);
    red.reset();
    assert_eq!(pack(&mut red, 2880, b"four").len(), 1);
}

#[test]
fn breaches_have_their_name() {
    assert_eq!(unpack(&[]), Err(UnpackError::Headers));
    assert_eq!(unpack(&[0x80 | 111, 0, 0]), Err(UnpackError::Headers));
    assert_eq!(unpack(&[0x80 | 111, 0, 0, 1]), Err(UnpackError::Headers));
    assert_eq!(unpack(&[0x80 | 111, 0, 0, 1, 111]), Err(UnpackError::Block));
    assert_eq!(
        unpack(&[[0x80, 0, 0, 0]; 9].concat()),
        Err(UnpackError::TooManyBlocks)
    );
    let alone = unpack(&[111]).unwrap();
    assert_eq!((alone.redundant().count(), alone.primary.len()), (0, 0));
}

#[derive(Debug, Clone)]
enum Op {
    Pack {
        step: u32,
        length: usize,
    },
    Configure {
        blocks: usize,
        distance: usize,
        max_bytes: usize,
    },
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (prop_oneof![Just(960), Just(0), 1..20_000u32, any::<u32>()], prop_oneof![0..6usize, 0..400usize, 0..1500usize])
            .prop_map(|(step, length)| Op::Pack { step, length }),
        1 => (0..=8usize, 1..=4usize, 0..2000usize)
            .prop_map(|(blocks, distance, max_bytes)| Op::Configure { blocks, distance, max_bytes }),
    ]
}

proptest! {
    /// Against a model that remembers everything.
    #[test]
    fn what_is_packed_unpacks(ops in vec(op(), 1..60)) {
        let mut red = packer(1, 1);
        let mut config = *red.config();
        let mut sent: VecDeque<(u32, Vec<u8>)> = VecDeque::new();
        let (mut now, mut out) = (0u32, vec![0; 2000]);
        for (at, op) in ops.into_iter().enumerate() {
            match op {
                Op::Configure { blocks, distance, max_bytes } => {
                    let new = PackerConfig { blocks, distance, max_bytes, ..config };
                    prop_assert_eq!(red.set_config(new).is_ok(), blocks * distance <= MAX_BLOCKS);
                    config = *red.config();
                    sent.drain(..sent.len().saturating_sub(config.blocks * config.distance));
                }
                Op::Pack { step, length } => {
                    now = now.wrapping_add(step);
                    let payload = vec![u8::try_from(at).unwrap(); length];
                    let written = red.pack(now, &payload, &mut out).unwrap();
                    if payload.is_empty() {
                        prop_assert_eq!(written, 0);
                        continue;
                    }
                    let read = unpack(&out[..written]).unwrap();
                    prop_assert_eq!(read.primary, &payload[..]);
                    prop_assert!(written <= config.max_bytes.max(length + 1));
                    if sent.back().is_some_and(|(t, _)| !(1..=MAX_TIMESTAMP_OFFSET).contains(&now.wrapping_sub(*t))) {
                        sent.clear();
                    }
                    let mut expected = Vec::new();
                    let mut size = length + 1;
                    for back in 1..=config.blocks {
                        let Some(index) = sent.len().checked_sub(back * config.distance) else { break };
                        let (t, data) = &sent[index];
                        if !(3..=MAX_BLOCK_LEN).contains(&data.len()) {
                            continue;
                        }
                        let offset = now.wrapping_sub(*t);
                        if offset > MAX_TIMESTAMP_OFFSET || size + 4 + data.len() > config.max_bytes {
                            break;
                        }
                        size += 4 + data.len();
                        expected.insert(0, Block { payload_type: 111, timestamp_offset: offset, data });
                    }
                    prop_assert_eq!(read.redundant().collect::<Vec<_>>(), expected);
                    sent.push_back((now, payload));
                    sent.drain(..sent.len().saturating_sub(config.blocks * config.distance));
                }
            }
        }
    }

    #[test]
    fn hostile_bytes_never_panic(bytes in vec(prop_oneof![any::<u8>(), 0x80..=0xff_u8, 0..4_u8], 0..80)) {
        if let Ok(read) = unpack(&bytes) {
            prop_assert!(read.blocks().count() <= MAX_BLOCKS + 1);
            prop_assert!(read.blocks().map(|block| block.data.len()).sum::<usize>() < bytes.len());
            let headers = 4 * read.redundant().count() + 1;
            prop_assert_eq!(headers + read.blocks().map(|block| block.data.len()).sum::<usize>(), bytes.len());
        }
    }
}
