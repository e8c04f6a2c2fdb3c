//! SRTP beside `webrtc-srtp`: protect and unprotect of an Opus-sized and a video-sized payload, copy into the work
//! buffer and replay check included.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anteroom_benches::Comparison;
use anteroom_media_transport::srtp::{InboundSrtp, OutboundSrtp, SRTP_MAX_OVERHEAD, SrtpProfile};
use criterion::Criterion;
use webrtc_srtp::context::Context;
use webrtc_srtp::option::srtp_replay_protection;
use webrtc_srtp::protection_profile::ProtectionProfile;

const HEADER: usize = 12;

/// Packets per batch; sequence numbers start over with a fresh context after it.
const BATCH: u16 = 512;

const PROFILES: [(SrtpProfile, ProtectionProfile); 3] = [
    (SrtpProfile::AeadAes128Gcm, ProtectionProfile::AeadAes128Gcm),
    (SrtpProfile::AeadAes256Gcm, ProtectionProfile::AeadAes256Gcm),
    (
        SrtpProfile::Aes128CmHmacSha1_80,
        ProtectionProfile::Aes128CmHmacSha1_80,
    ),
];

#[derive(Clone, Copy)]
struct Case {
    profile: SrtpProfile,
    peer: ProtectionProfile,
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

    fn peer(self) -> Context {
        let (key, salt) = self.keys();
        Context::new(&key, &salt, self.peer, Some(srtp_replay_protection(128)), None)
            .expect("keys of the profile's length")
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
    let packets: Vec<_> = (0..BATCH).map(|sequence| case.packet(sequence)).collect();
    let mut buffer = vec![0; HEADER + case.payload + SRTP_MAX_OVERHEAD];
    move |operations| {
        in_batches(
            operations,
            || case.outbound(),
            |srtp, index| {
                let packet = &packets[index];
                buffer[..packet.len()].copy_from_slice(packet);
                black_box(
                    srtp.protect_rtp(&mut buffer, packet.len())
                        .expect("a good packet"),
                );
            },
        )
    }
}

fn protect_peer(case: Case) -> impl FnMut(u64) -> Duration {
    let packets: Vec<_> = (0..BATCH).map(|sequence| case.packet(sequence)).collect();
    move |operations| {
        in_batches(
            operations,
            || case.peer(),
            |srtp, index| {
                black_box(srtp.encrypt_rtp(&packets[index]).expect("a good packet"));
            },
        )
    }
}

fn unprotect_ours(case: Case) -> impl FnMut(u64) -> Duration {
    let packets = case.sealed();
    let mut buffer = vec![0; HEADER + case.payload + SRTP_MAX_OVERHEAD];
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

fn unprotect_peer(case: Case) -> impl FnMut(u64) -> Duration {
    let packets = case.sealed();
    move |operations| {
        in_batches(
            operations,
            || case.peer(),
            |srtp, index| {
                black_box(srtp.decrypt_rtp(&packets[index]).expect("an authentic packet"));
            },
        )
    }
}

#[expect(clippy::print_stdout, reason = "the report is the product of a bench")]
fn compare(
    criterion: &mut Criterion,
    name: &str,
    ours: &mut dyn FnMut(u64) -> Duration,
    peer: &mut dyn FnMut(u64) -> Duration,
) {
    let mut group = criterion.benchmark_group(name);
    group.bench_function("anteroom", |bencher| bencher.iter_custom(&mut *ours));
    group.bench_function("webrtc-srtp", |bencher| bencher.iter_custom(&mut *peer));
    group.finish();
    println!(
        "{name}: {}\n",
        Comparison::measure(11, 4 * u32::from(BATCH), ours, peer)
    );
}

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(800))
        .configure_from_args();
    for (profile, peer) in PROFILES {
        for payload in [160, 1200] {
            let case = Case {
                profile,
                peer,
                payload,
            };
            let name = |operation| format!("srtp/{operation}/{profile}/{payload}");
            compare(
                &mut criterion,
                &name("protect"),
                &mut protect_ours(case),
                &mut protect_peer(case),
            );
            compare(
                &mut criterion,
                &name("unprotect"),
                &mut unprotect_ours(case),
                &mut unprotect_peer(case),
            );
        }
    }
    criterion.final_summary();
}
