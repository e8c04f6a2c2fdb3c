//! SRTP beside the raw AEAD of aws-lc-rs, `webrtc-srtp`, `rtc-srtp` and `str0m`: protect and unprotect of an Opus-sized and
//! a video-sized payload, and one packet to sixteen receivers.
//!
//! Against the raw AEAD both sides work in place, and open a fresh copy; the replay check is included. The peers allocate
//! their results; ours includes the copy into the work buffer there.

mod str0m;

use std::hint::black_box;
use std::time::{Duration, Instant};

use anteroom_benches::Comparison;
use anteroom_media_transport::srtp::{
    BatchPacket, InboundSrtp, OutboundSrtp, SRTP_MAX_OVERHEAD, SrtpProfile, protect_batch,
};
use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use criterion::Criterion;
use webrtc_srtp::option::srtp_replay_protection;

use self::str0m::Str0m;

const HEADER: usize = 12;

const TAG: usize = 16;

/// Packets per batch; sequence numbers start over with a fresh context after it.
const BATCH: u16 = 512;

/// Receivers of one packet.
const RECEIVERS: usize = 16;

const PROFILES: [SrtpProfile; 3] = SrtpProfile::PREFERENCE;

#[derive(Clone, Copy)]
struct Case {
    profile: SrtpProfile,
    payload: usize,
}

impl Case {
    fn outbound(self) -> OutboundSrtp {
        let (key, salt) = self.keys();
        OutboundSrtp::new(self.profile, &key, &salt).expect("keys of the profile's length")
    }

    fn inbound(self) -> InboundSrtp {
        let (key, salt) = self.keys();
        InboundSrtp::new(self.profile, &key, &salt).expect("keys of the profile's length")
    }

    fn webrtc(self) -> webrtc_srtp::context::Context {
        use webrtc_srtp::protection_profile::ProtectionProfile as Profile;
        let (key, salt) = self.keys();
        let profile = match self.profile {
            SrtpProfile::AeadAes128Gcm => Profile::AeadAes128Gcm,
            SrtpProfile::AeadAes256Gcm => Profile::AeadAes256Gcm,
            SrtpProfile::Aes128CmHmacSha1_80 => Profile::Aes128CmHmacSha1_80,
            SrtpProfile::Aes128CmHmacSha1_32 => Profile::Aes128CmHmacSha1_32,
        };
        webrtc_srtp::context::Context::new(&key, &salt, profile, Some(srtp_replay_protection(128)), None)
            .expect("keys of the profile's length")
    }

    fn rtc(self) -> rtc_srtp::context::Context {
        use rtc_srtp::protection_profile::ProtectionProfile as Profile;
        let (key, salt) = self.keys();
        let profile = match self.profile {
            SrtpProfile::AeadAes128Gcm => Profile::AeadAes128Gcm,
            SrtpProfile::AeadAes256Gcm => Profile::AeadAes256Gcm,
            SrtpProfile::Aes128CmHmacSha1_80 => Profile::Aes128CmHmacSha1_80,
            SrtpProfile::Aes128CmHmacSha1_32 => Profile::Aes128CmHmacSha1_32,
        };
        let replay = rtc_srtp::option::srtp_replay_protection(128);
        let provider = rtc_crypto::default_provider().expect("a provider is compiled in");
        rtc_srtp::context::Context::new(&key, &salt, profile, Some(replay), None, provider.crypto())
            .expect("keys of the profile's length")
    }

    /// The profile's AEAD, with a key of its own.
    fn aead(self) -> Option<LessSafeKey> {
        let algorithm = match self.profile {
            SrtpProfile::AeadAes128Gcm => &AES_128_GCM,
            SrtpProfile::AeadAes256Gcm => &AES_256_GCM,
            SrtpProfile::Aes128CmHmacSha1_80 | SrtpProfile::Aes128CmHmacSha1_32 => return None,
        };
        let key = UnboundKey::new(algorithm, &self.keys().0).expect("a key of the algorithm's length");
        Some(LessSafeKey::new(key))
    }

    fn keys(self) -> (Vec<u8>, Vec<u8>) {
        (
            vec![0x5a; self.profile.key_len()],
            vec![0xa5; self.profile.salt_len()],
        )
    }

    fn packet(self, sequence: u16) -> Vec<u8> {
        let mut packet = vec![0x80, 111];
        packet.extend(sequence.to_be_bytes());
        packet.extend([0, 0, 0, 1, 0, 0, 0, 2]);
        packet.resize(HEADER + self.payload, 0x42);
        packet
    }

    fn packets(self) -> Vec<Vec<u8>> {
        (0..BATCH).map(|sequence| self.packet(sequence)).collect()
    }

    fn buffer(self) -> Vec<u8> {
        let mut buffer = self.packet(0);
        buffer.resize(HEADER + self.payload + SRTP_MAX_OVERHEAD, 0);
        buffer
    }

    fn sealed(self) -> Vec<Vec<u8>> {
        let mut outbound = self.outbound();
        let seal = |sequence| {
            let mut buffer = self.packet(sequence);
            let len = buffer.len();
            buffer.resize(len + SRTP_MAX_OVERHEAD, 0);
            let len = outbound.protect_rtp(&mut buffer, len).expect("a good packet");
            buffer.truncate(len);
            buffer
        };
        (0..BATCH).map(seal).collect()
    }
}

/// Runs `operations` in batches; `prepare` is not timed.
fn in_batches<S>(
    operations: u64,
    mut prepare: impl FnMut() -> S,
    mut step: impl FnMut(&mut S, usize),
) -> Duration {
    let mut total = Duration::ZERO;
    let mut left = operations;
    while left > 0 {
        let batch = left.min(u64::from(BATCH));
        left -= batch;
        let mut state = prepare();
        let start = Instant::now();
        for index in 0..usize::try_from(batch).expect("at most BATCH") {
            step(&mut state, index);
        }
        total += start.elapsed();
    }
    total
}

fn protect_ours(case: Case) -> impl FnMut(u64) -> Duration {
    let packets = case.packets();
    let mut buffer = case.buffer();
    move |operations| {
        in_batches(
            operations,
            || case.outbound(),
            |srtp, index| {
                let packet = &packets[index];
                buffer[..packet.len()].copy_from_slice(packet);
                let len = packet.len();
                black_box(srtp.protect_rtp(&mut buffer, len).expect("a good packet"));
            },
        )
    }
}

/// Only the sequence number is written anew; that the payload is encrypted again and again costs the same.
fn protect_ours_in_place(case: Case) -> impl FnMut(u64) -> Duration {
    let mut buffer = case.buffer();
    let len = HEADER + case.payload;
    move |operations| {
        in_batches(
            operations,
            || case.outbound(),
            |srtp, index| {
                buffer[2..4].copy_from_slice(&sequence(index));
                black_box(srtp.protect_rtp(&mut buffer, len).expect("a good packet"));
            },
        )
    }
}

fn seal_raw(case: Case, key: &LessSafeKey) -> impl FnMut(u64) -> Duration {
    let mut buffer = case.buffer();
    move |operations| {
        in_batches(
            operations,
            || (),
            |(), index| {
                let (header, rest) = buffer.split_at_mut(HEADER);
                let (payload, room) = rest.split_at_mut(case.payload);
                let tag = key
                    .seal_in_place_separate_tag(nonce(index), Aad::from(&*header), payload)
                    .expect("a short message");
                room[..TAG].copy_from_slice(tag.as_ref());
                black_box(&mut buffer);
            },
        )
    }
}

fn open_raw(case: Case, key: &LessSafeKey) -> impl FnMut(u64) -> Duration {
    let mut packets = case.packets();
    for (index, packet) in packets.iter_mut().enumerate() {
        let (header, payload) = packet.split_at_mut(HEADER);
        let tag = key
            .seal_in_place_separate_tag(nonce(index), Aad::from(&*header), payload)
            .expect("a short message");
        packet.extend(tag.as_ref());
    }
    let mut buffer = case.buffer();
    move |operations| {
        in_batches(
            operations,
            || (),
            |(), index| {
                let packet = &packets[index];
                let work = &mut buffer[..packet.len()];
                work.copy_from_slice(packet);
                let (header, sealed) = work.split_at_mut(HEADER);
                let opened = key.open_in_place(nonce(index), Aad::from(&*header), sealed);
                black_box(opened.expect("an authentic message"));
            },
        )
    }
}

fn sequence(index: usize) -> [u8; 2] {
    u16::try_from(index).expect("at most BATCH").to_be_bytes()
}

fn nonce(index: usize) -> Nonce {
    let [high, low] = sequence(index);
    Nonce::assume_unique_for_key([7, 7, 7, 7, 7, 7, 7, 7, 7, 7, high, low])
}

/// One packet to many receivers; an operation is one receiver's copy, written into its buffer first.
fn protect_ours_in_batches(case: Case) -> impl FnMut(u64) -> Duration {
    let packets = case.packets();
    let mut buffers = vec![case.buffer(); RECEIVERS];
    move |operations| {
        let mut contexts: Vec<_> = (0..RECEIVERS).map(|_| case.outbound()).collect();
        let rounds = usize::try_from(operations).expect("fits").div_ceil(RECEIVERS);
        let start = Instant::now();
        for round in 0..rounds {
            let packet = &packets[round % packets.len()];
            let copies = contexts.iter_mut().zip(&mut buffers).map(|(srtp, buffer)| {
                buffer[..packet.len()].copy_from_slice(packet);
                let len = packet.len();
                BatchPacket { srtp, buffer, len }
            });
            protect_batch(copies, |_, len| {
                black_box(len.expect("a good packet"));
            });
        }
        start.elapsed()
    }
}

fn unprotect_ours(case: Case) -> impl FnMut(u64) -> Duration {
    let packets = case.sealed();
    let mut buffer = case.buffer();
    move |operations| {
        in_batches(
            operations,
            || case.inbound(),
            |srtp, index| {
                let packet = &packets[index];
                let work = &mut buffer[..packet.len()];
                work.copy_from_slice(packet);
                black_box(srtp.unprotect_rtp(work).expect("an authentic packet"));
            },
        )
    }
}

/// A peer whose methods take a packet and return a new one.
macro_rules! peer {
    ($case:ident, $context:ident, $packets:expr, $method:ident) => {{
        let packets = $packets;
        move |operations| {
            in_batches(
                operations,
                || $case.$context(),
                |srtp, index| {
                    black_box(srtp.$method(&packets[index]).expect("a good packet"));
                },
            )
        }
    }};
}

fn protect_str0m(case: Case) -> impl FnMut(u64) -> Duration {
    let packets = case.packets();
    move |operations| {
        in_batches(
            operations,
            || Str0m::new(case.profile, true).expect("a profile it has"),
            |srtp, index| {
                black_box(srtp.protect(&packets[index]));
            },
        )
    }
}

fn unprotect_str0m(case: Case) -> impl FnMut(u64) -> Duration {
    let mut sealing = Str0m::new(case.profile, true).expect("a profile it has");
    let sealed: Vec<_> = case
        .packets()
        .iter()
        .map(|packet| sealing.protect(packet))
        .collect();
    move |operations| {
        in_batches(
            operations,
            || Str0m::new(case.profile, false).expect("a profile it has"),
            |srtp, index| {
                black_box(srtp.unprotect(&sealed[index]));
            },
        )
    }
}

type Side<'a> = (&'a str, &'a mut dyn FnMut(u64) -> Duration);

#[expect(clippy::print_stdout, reason = "the report is the product of a bench")]
fn compare(
    criterion: &mut Criterion,
    name: &str,
    ours: &mut dyn FnMut(u64) -> Duration,
    peers: &mut [Side<'_>],
) {
    let mut group = criterion.benchmark_group(name);
    group.bench_function("anteroom", |bencher| bencher.iter_custom(&mut *ours));
    for (peer, run) in peers.iter_mut() {
        group.bench_function(*peer, |bencher| bencher.iter_custom(&mut **run));
    }
    group.finish();
    for (peer, run) in peers {
        let measured = Comparison::measure(11, 4 * u32::from(BATCH), ours, *run);
        println!("{name} beside {peer}: {measured}");
    }
    println!();
}

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(800))
        .configure_from_args();
    for profile in PROFILES {
        for payload in [160, 1200] {
            let case = Case { profile, payload };
            let name = |operation| format!("srtp/{operation}/{profile}/{payload}");
            if let Some(key) = case.aead() {
                compare(
                    &mut criterion,
                    &name("protect-in-place"),
                    &mut protect_ours_in_place(case),
                    &mut [("aead", &mut seal_raw(case, &key))],
                );
                compare(
                    &mut criterion,
                    &name("unprotect-in-place"),
                    &mut unprotect_ours(case),
                    &mut [("aead", &mut open_raw(case, &key))],
                );
            }
            compare(
                &mut criterion,
                &name("protect"),
                &mut protect_ours(case),
                &mut [
                    (
                        "webrtc-srtp",
                        &mut peer!(case, webrtc, case.packets(), encrypt_rtp),
                    ),
                    ("rtc-srtp", &mut peer!(case, rtc, case.packets(), encrypt_rtp)),
                    ("str0m", &mut protect_str0m(case)),
                ],
            );
            compare(
                &mut criterion,
                &name("protect-batch"),
                &mut protect_ours_in_batches(case),
                &mut [
                    (
                        "webrtc-srtp",
                        &mut peer!(case, webrtc, case.packets(), encrypt_rtp),
                    ),
                    ("one-by-one", &mut protect_ours(case)),
                ],
            );
            compare(
                &mut criterion,
                &name("unprotect"),
                &mut unprotect_ours(case),
                &mut [
                    (
                        "webrtc-srtp",
                        &mut peer!(case, webrtc, case.sealed(), decrypt_rtp),
                    ),
                    ("rtc-srtp", &mut peer!(case, rtc, case.sealed(), decrypt_rtp)),
                    ("str0m", &mut unprotect_str0m(case)),
                ],
            );
        }
    }
    criterion.final_summary();
}
