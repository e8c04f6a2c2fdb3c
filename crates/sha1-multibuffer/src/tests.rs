//! Published vectors, and comparison of every kernel with the `hmac` and `sha1` crates.

use ::hmac::{Hmac, KeyInit, Mac};
use proptest::prelude::*;
use sha1::Sha1;

use super::*;

fn oracle(key: &[u8], message: &[u8]) -> Tag {
    let mut mac = Hmac::<Sha1>::new_from_slice(key).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().into()
}

fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..length)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[3]
        })
        .collect()
}

/// All backends, each through its kernel even where it would not pay.
fn check(keys: &[Vec<u8>], messages: &[Vec<u8>]) {
    let expected: Vec<_> = keys.iter().zip(messages).map(|(k, m)| oracle(k, m)).collect();
    let keys: Vec<_> = keys.iter().map(|key| HmacSha1::new(key)).collect();
    let jobs: Vec<_> = keys
        .iter()
        .zip(messages)
        .map(|(key, message)| Job { key, message })
        .collect();
    for backend in Backend::available() {
        let mut computed = vec![[0; 20]; jobs.len()];
        backend.tags(&jobs, &mut computed);
        assert_eq!(computed, expected, "{backend:?}");
    }
    #[cfg(target_arch = "x86_64")]
    {
        if let Some(kernel) = avx2::Avx2::detect() {
            let mut computed = vec![[0; 20]; jobs.len()];
            for (jobs, tags) in jobs.chunks(avx2::LANES).zip(computed.chunks_mut(avx2::LANES)) {
                lanes::tags(kernel, jobs, tags);
            }
            assert_eq!(computed, expected, "eight lanes");
        }
        if let Some(kernel) = avx512::Avx512::detect() {
            let mut computed = vec![[0; 20]; jobs.len()];
            for (jobs, tags) in jobs.chunks(avx512::LANES).zip(computed.chunks_mut(avx512::LANES)) {
                lanes::tags(kernel, jobs, tags);
            }
            assert_eq!(computed, expected, "sixteen lanes");
        }
    }
}

/// RFC 2202 §3.
#[test]
fn tags_of_rfc_2202() {
    let hex = |text: &str| -> Tag {
        std::array::from_fn(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
    };
    for (key, message, tag) in [
        (
            vec![0x0b; 20],
            b"Hi There".to_vec(),
            "b617318655057264e28bc0b6fb378c8ef146be00",
        ),
        (
            b"Jefe".to_vec(),
            b"what do ya want for nothing?".to_vec(),
            "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
        ),
        (
            vec![0xaa; 20],
            vec![0xdd; 50],
            "125d7342b9ac11cd91a39af48aa17b4f63f175d3",
        ),
        (
            vec![0xaa; 80],
            b"Test Using Larger Than Block-Size Key - Hash Key First".to_vec(),
            "aa4ae5e15272d00e95705637ce8a3b55ed402112",
        ),
    ] {
        assert_eq!(HmacSha1::new(&key).tag(&message), hex(tag));
        assert_eq!(oracle(&key, &message), hex(tag));
    }
}

#[test]
fn every_length_agrees_in_every_lane() {
    let keys: Vec<_> = (0..16).map(|lane| noise(20, lane)).collect();
    let bytes = noise(2016, 77);
    for length in 0..=2000 {
        let messages: Vec<_> = (0..16).map(|lane| bytes[lane..lane + length].to_vec()).collect();
        check(&keys, &messages);
    }
}

#[test]
fn too_few_or_too_short_lanes_are_not_used() {
    let key = HmacSha1::new(&[1; 20]);
    let long = [0; 1200];
    let mut jobs = vec![
        Job {
            key: &key,
            message: &[]
        };
        16
    ];
    jobs[0].message = &long;
    for backend in Backend::available().filter(|backend| backend.lanes() > 1) {
        assert!(
            !backend.pays(&jobs[..backend.lanes()]),
            "{backend:?}: one long message"
        );
        assert!(!backend.pays(&jobs[..2]), "{backend:?}: two messages");
        assert!(
            backend.pays(&jobs[1..=backend.lanes().min(15)]),
            "{backend:?}: all equal"
        );
    }
}

#[test]
fn what_is_over_is_left_alone() {
    let key = HmacSha1::new(&[1; 20]);
    let jobs = [Job {
        key: &key,
        message: b"x",
    }; 40];
    for backend in Backend::available() {
        let mut few = [[0; 20]; 37];
        backend.tags(&jobs, &mut few);
        assert!(few.iter().all(|tag| *tag == key.tag(b"x")), "{backend:?}");
        let mut many = [[7; 20]; 43];
        backend.tags(&jobs, &mut many);
        assert!(many[..40].iter().all(|tag| *tag == key.tag(b"x")), "{backend:?}");
        assert!(many[40..].iter().all(|tag| *tag == [7; 20]), "{backend:?}");
        backend.tags(&[], &mut many);
    }
}

#[test]
fn debug_shows_no_key() {
    assert_eq!(format!("{:?}", HmacSha1::new(b"secret")), "HmacSha1 { .. }");
    assert_eq!(Backend::available().last().map(Backend::lanes), Some(1));
    assert!(Backend::available().all(|backend| backend.lanes() <= MAX_LANES));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn unequal_lengths_agree(
        jobs in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..100), 0_usize..2000, any::<u64>()), 0..50)
    ) {
        let keys: Vec<_> = jobs.iter().map(|(key, ..)| key.clone()).collect();
        let messages: Vec<_> = jobs.iter().map(|(_, length, seed)| noise(*length, *seed)).collect();
        check(&keys, &messages);
    }

    #[test]
    fn one_by_one_agrees(key in prop::collection::vec(any::<u8>(), 0..200), message in prop::collection::vec(any::<u8>(), 0..500)) {
        prop_assert_eq!(HmacSha1::new(&key).tag(&message), oracle(&key, &message));
    }
}
