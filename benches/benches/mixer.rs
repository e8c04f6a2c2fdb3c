//! Mixing a room, and what stands around it; decoding is not counted.
//!
//! - `mix/…`: 20 ms (two ticks) of a room of 100 legs: everybody speaks; everybody shouts, so that every output is limited;
//!   the loudest three are chosen by level; and 1000 legs of which the loudest three are chosen. The peer is a mixer that
//!   adds up the others for each listener and clips, as there is no crate that takes a listener out of a sum. The budget
//!   is 200 µs, without an allocation.
//! - `select`: 100 levels and one decision.
//! - `limit/…`: one frame that needs no limiting, and one that does, beside clipping it.
//! - `convert/…`: 20 ms of stereo between formats, beside the loops one writes without thinking of it.
//! - `resample/…`: 20 ms between the telephone's rate and ours, in blocks, beside the converter that files go through.
//! - `g711/…`: 20 ms, beside `audio-codec-algorithms`; `g722/…`: 20 ms, alone.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use anteroom_benches::{Comparison, Timed, times};
use anteroom_codec::{
    AudioFrame, FRAME_SAMPLES, format,
    mix::{
        Bus, Conference, ConferenceConfig, LegId, Mixer,
        select::{SelectConfig, Selector},
    },
    resample::{BlockResampler, Resampler},
    telephony::{g711::Law, g722},
};
use criterion::Criterion;

/// The time two ticks of a hundred legs may take, in nanoseconds.
const BUDGET_NS: f64 = 200_000.0;

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    rooms(&mut criterion);
    selection(&mut criterion);
    limiter(&mut criterion);
    conversions(&mut criterion);
    resampling(&mut criterion);
    telephony(&mut criterion);
    criterion.final_summary();
}

#[expect(clippy::print_stdout, reason = "the report is the product of a bench")]
fn compare(
    criterion: &mut Criterion,
    name: &str,
    operations: u32,
    ours: Timed<'_>,
    peer: Timed<'_>,
) -> Comparison {
    let mut group = criterion.benchmark_group(name);
    group.bench_function("anteroom", |bencher| bencher.iter_custom(&mut *ours));
    group.bench_function("peer", |bencher| bencher.iter_custom(&mut *peer));
    group.finish();
    let comparison = Comparison::measure(31, operations, ours, peer);
    let allocations = |timed: Timed<'_>| {
        allocation_counter::measure(|| {
            timed(10);
        })
        .count_total
    };
    let (quiet, loud) = (allocations(ours), allocations(peer));
    assert_eq!(quiet, 0, "{name} allocates");
    println!("{name}: {comparison}; allocations in ten operations: ours {quiet}, peer {loud}\n");
    comparison
}

/// What has no peer: its time and that it allocates nothing.
#[expect(clippy::print_stdout, reason = "the report is the product of a bench")]
fn alone(criterion: &mut Criterion, name: &str, operation: &mut dyn FnMut()) {
    let allocations = allocation_counter::measure(&mut *operation).count_total;
    assert_eq!(allocations, 0, "{name} allocates");
    let mut ours = |operations| times(operations, &mut *operation);
    criterion.bench_function(name, |bencher| bencher.iter_custom(&mut ours));
    let took = ours(1000).as_secs_f64() * 1e6;
    println!("{name}: {took:.0} ns, no allocations\n");
}

/// Noise of an amplitude, always the same.
fn noise(seed: u32, amplitude: i32) -> AudioFrame {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    std::array::from_fn(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [high, low, ..] = state.to_be_bytes();
        let sample = i32::from(i16::from_be_bytes([high, low]));
        i16::try_from(sample * amplitude / 32_768).expect("16 bits")
    })
}

struct Room {
    conference: Conference,
    legs: Vec<LegId>,
    frames: Vec<AudioFrame>,
    /// −dBov, changing as voices do.
    levels: Vec<u8>,
    now: Instant,
    tick: usize,
}

impl Room {
    fn new(count: u32, select: Option<SelectConfig>, amplitude: i32) -> Self {
        let mut conference = Conference::new(ConferenceConfig { select }).expect("plain settings");
        Self {
            legs: (0..count)
                .map(|_| conference.join().expect("room for all"))
                .collect(),
            conference,
            frames: (0..count).map(|seed| noise(seed, amplitude)).collect(),
            levels: (0..count)
                .map(|i| 30 + u8::try_from(i * 7 % 60).expect("small"))
                .collect(),
            now: Instant::now(),
            tick: 0,
        }
    }

    /// 20 ms.
    fn run(&mut self) -> i16 {
        let mut heard = 0;
        for _ in 0..2 {
            let shift = self.tick / 40;
            for (i, (leg, frame)) in self.legs.iter().zip(&self.frames).enumerate() {
                let level = self.levels[(i + shift) % self.levels.len()];
                self.conference.push_with_level(*leg, frame, level);
            }
            self.conference.tick(self.now);
            self.now += Duration::from_millis(10);
            self.tick += 1;
            for leg in &self.legs {
                heard ^= self.conference.heard(*leg).frame()[0];
            }
        }
        heard
    }

    /// What each hears, added up for each.
    fn run_naively(&self, outputs: &mut [AudioFrame]) {
        for _ in 0..2 {
            for (listener, out) in outputs.iter_mut().enumerate() {
                let mut sum = [0i32; FRAME_SAMPLES];
                for (speaker, frame) in self.frames.iter().enumerate() {
                    if speaker != listener {
                        for (sum, &sample) in sum.iter_mut().zip(frame) {
                            *sum += i32::from(sample);
                        }
                    }
                }
                for (out, sum) in out.iter_mut().zip(sum) {
                    *out = i16::try_from(sum.clamp(-32_768, 32_767)).unwrap_or_default();
                }
            }
            black_box(&mut *outputs);
        }
    }
}

#[expect(clippy::print_stdout, reason = "the report is the product of a bench")]
fn rooms(criterion: &mut Criterion) {
    let loudest = Some(SelectConfig::default());
    for (name, count, select, amplitude) in [
        ("mix/100-speak", 100, None, 250),
        ("mix/100-shout", 100, None, 20_000),
        ("mix/100-loudest-3", 100, loudest.clone(), 3000),
        ("mix/1000-loudest-3", 1000, loudest, 3000),
    ] {
        let mut room = Room::new(count, select, amplitude);
        // Until all are faded in and everything has its size.
        for _ in 0..100 {
            room.run();
        }
        let naive = Room::new(count, None, amplitude);
        let mut outputs = vec![[0; FRAME_SAMPLES]; naive.frames.len()];
        let mut once = 0;
        let comparison = compare(
            criterion,
            name,
            1,
            &mut |operations| times(operations, || once ^= black_box(&mut room).run()),
            // A thousand legs, a thousand times: once is enough to know.
            &mut |operations| {
                let repeated = if count > 100 { 1 } else { operations };
                let took = times(repeated, || black_box(&naive).run_naively(&mut outputs));
                took.mul_f64(operations as f64 / repeated as f64)
            },
        );
        black_box(once);
        if count == 100 {
            let verdict = if comparison.ours_ns < BUDGET_NS {
                "within"
            } else {
                "OVER"
            };
            println!("{name}: {verdict} its budget of {:.0} µs\n", BUDGET_NS / 1000.0);
        }
    }
}

fn selection(criterion: &mut Criterion) {
    let mut selector = Selector::new(SelectConfig::default()).expect("plain settings");
    let start = Instant::now();
    let mut tick = 0u32;
    let mut ours = || {
        let now = start + Duration::from_millis(10) * tick;
        for member in 0..100u32 {
            let level = 20 + u8::try_from((member * 13 + tick / 9) % 70).expect("small");
            selector.update(now, member, level);
        }
        tick += 1;
        black_box(selector.select(now));
    };
    // Who sorts by level in every tick has the flapping that the selector is there to prevent.
    let mut order: Vec<(u8, u32)> = Vec::with_capacity(100);
    let mut other = 0;
    let mut peer = || {
        order.clear();
        order.extend((0..100u32).map(|m| (20 + u8::try_from((m * 13 + other / 9) % 70).expect("small"), m)));
        order.sort_unstable();
        other += 1;
        black_box(order.get(..3));
    };
    compare(
        criterion,
        "select/100",
        1000,
        &mut |operations| times(operations, &mut ours),
        &mut |operations| times(operations, &mut peer),
    );
}

fn limiter(criterion: &mut Criterion) {
    for (name, amplitude) in [("limit/quiet", 900), ("limit/loud", 16_000)] {
        let mut bus = Bus::new();
        let mut sum = [0i32; FRAME_SAMPLES];
        for seed in 0..20 {
            let frame = noise(seed, amplitude);
            bus.add(&frame);
            for (sum, sample) in sum.iter_mut().zip(frame) {
                *sum += i32::from(sample);
            }
        }
        let (mut mixer, mut out, mut clipped) = (Mixer::new(), [0; FRAME_SAMPLES], [0; FRAME_SAMPLES]);
        compare(
            criterion,
            name,
            1000,
            &mut |operations| times(operations, || mixer.render(black_box(&bus), black_box(&mut out))),
            &mut |operations| {
                times(operations, || {
                    for (out, &sum) in black_box(&mut clipped).iter_mut().zip(black_box(&sum)) {
                        *out = i16::try_from(sum.clamp(-32_768, 32_767)).unwrap_or_default();
                    }
                })
            },
        );
    }
}

fn conversions(criterion: &mut Criterion) {
    const STEREO: usize = 1920;
    let samples: Vec<i16> = (0..4).flat_map(|seed| noise(seed, 30_000)).collect();
    assert_eq!(samples.len(), STEREO);
    let mut floats = vec![0.0; STEREO];
    format::i16_to_f32(&samples, &mut floats).expect("equal lengths");
    let (mut out, mut float_out, mut mono) = (vec![0; STEREO], vec![0.0; STEREO], vec![0; STEREO / 2]);
    let (mut peer_out, mut peer_float, mut peer_mono) = (out.clone(), float_out.clone(), mono.clone());
    compare(
        criterion,
        "convert/i16-f32",
        1000,
        &mut |n| {
            times(n, || {
                format::i16_to_f32(black_box(&samples), black_box(&mut float_out)).expect("fits")
            })
        },
        &mut |n| {
            times(n, || {
                for (out, &s) in black_box(&mut peer_float).iter_mut().zip(black_box(&samples)) {
                    *out = f32::from(s) / 32_768.0;
                }
            })
        },
    );
    compare(
        criterion,
        "convert/f32-i16",
        1000,
        &mut |n| {
            times(n, || {
                format::f32_to_i16(black_box(&floats), black_box(&mut out)).expect("fits")
            })
        },
        &mut |n| {
            times(n, || {
                for (out, &f) in black_box(&mut peer_out).iter_mut().zip(black_box(&floats)) {
                    #[expect(clippy::cast_possible_truncation, reason = "saturating is meant")]
                    {
                        *out = (f * 32_768.0).round() as i16;
                    }
                }
            })
        },
    );
    compare(
        criterion,
        "convert/stereo-mono",
        1000,
        &mut |n| {
            times(n, || {
                format::stereo_to_mono(black_box(&samples), black_box(&mut mono)).expect("fits")
            })
        },
        &mut |n| {
            times(n, || {
                for (i, out) in black_box(&mut peer_mono).iter_mut().enumerate() {
                    let (left, right) = (i32::from(samples[2 * i]), i32::from(samples[2 * i + 1]));
                    *out = i16::try_from((left + right) / 2).unwrap_or_default();
                }
            })
        },
    );
    compare(
        criterion,
        "convert/mono-stereo",
        1000,
        &mut |n| {
            times(n, || {
                format::mono_to_stereo(black_box(&mono), black_box(&mut out)).expect("fits")
            })
        },
        &mut |n| {
            times(n, || {
                for (i, &sample) in black_box(&peer_mono).iter().enumerate() {
                    peer_out[2 * i] = sample;
                    peer_out[2 * i + 1] = sample;
                }
                black_box(&mut peer_out);
            })
        },
    );
    let (mut left, mut right) = (vec![0; STEREO / 2], vec![0; STEREO / 2]);
    let (mut peer_left, mut peer_right) = (left.clone(), right.clone());
    compare(
        criterion,
        "convert/deinterleave",
        1000,
        &mut |n| {
            times(n, || {
                let planes: &mut [&mut [i16]] = &mut [&mut left, &mut right];
                format::deinterleave(black_box(&samples), black_box(planes)).expect("fits");
            })
        },
        &mut |n| {
            times(n, || {
                for (i, &sample) in black_box(&samples).iter().enumerate() {
                    if i % 2 == 0 {
                        peer_left[i / 2] = sample;
                    } else {
                        peer_right[i / 2] = sample;
                    }
                }
                black_box((&mut peer_left, &mut peer_right));
            })
        },
    );
    let (mut ramped, mut peer_ramped) = (samples.clone(), samples.clone());
    compare(
        criterion,
        "convert/ramp",
        1000,
        &mut |n| times(n, || format::ramp(black_box(&mut ramped), 0.5, 1.0)),
        &mut |n| {
            times(n, || {
                for (i, sample) in black_box(&mut peer_ramped).iter_mut().enumerate() {
                    let gain = 0.5 + 0.5 * (i + 1) as f32 / STEREO as f32;
                    #[expect(clippy::cast_possible_truncation, reason = "saturating is meant")]
                    {
                        *sample = (f32::from(*sample) * gain).round() as i16;
                    }
                }
            })
        },
    );
}

fn resampling(criterion: &mut Criterion) {
    for (name, from, to) in [
        ("resample/48k-8k", 48_000u32, 8_000u32),
        ("resample/8k-48k", 8_000, 48_000),
        ("resample/16k-48k", 16_000, 48_000),
        ("resample/44.1k-48k", 44_100, 48_000),
    ] {
        let input: Vec<i16> = (0..4)
            .flat_map(|seed| noise(seed, 10_000))
            .take(from as usize / 50)
            .collect();
        let mut blocks = BlockResampler::new(from, to).expect("plain rates");
        let mut out = vec![0; to as usize / 50];
        let mut files = Resampler::between(from, to).expect("plain rates");
        let mut grown = Vec::with_capacity(1 << 20);
        compare(
            criterion,
            name,
            100,
            &mut |n| {
                times(n, || {
                    blocks
                        .process(black_box(&input), black_box(&mut out))
                        .expect("whole blocks")
                })
            },
            &mut |n| {
                times(n, || {
                    grown.clear();
                    files
                        .process(black_box(&input), black_box(&mut grown))
                        .expect("any length");
                })
            },
        );
    }
}

fn telephony(criterion: &mut Criterion) {
    let narrow: Vec<i16> = noise(1, 12_000).into_iter().take(160).collect();
    let (mut codes, mut peer_codes) = (vec![0; 160], vec![0; 160]);
    let (mut sound, mut peer_sound) = (vec![0; 160], vec![0; 160]);
    type Peer = (Law, &'static str, fn(i16) -> u8, fn(u8) -> i16);
    let laws: [Peer; 2] = [
        (
            Law::A,
            "a",
            audio_codec_algorithms::encode_alaw,
            audio_codec_algorithms::decode_alaw,
        ),
        (
            Law::Mu,
            "mu",
            audio_codec_algorithms::encode_ulaw,
            audio_codec_algorithms::decode_ulaw,
        ),
    ];
    for (law, name, peer_encode, peer_decode) in laws {
        compare(
            criterion,
            &format!("g711/encode-{name}"),
            1000,
            &mut |n| {
                times(n, || {
                    law.encode_all(black_box(&narrow), black_box(&mut codes))
                        .expect("fits")
                })
            },
            &mut |n| {
                times(n, || {
                    for (out, &sample) in peer_codes.iter_mut().zip(black_box(&narrow)) {
                        *out = peer_encode(sample);
                    }
                    black_box(&mut peer_codes);
                })
            },
        );
        compare(
            criterion,
            &format!("g711/decode-{name}"),
            1000,
            &mut |n| {
                times(n, || {
                    law.decode_all(black_box(&codes), black_box(&mut sound))
                        .expect("fits")
                })
            },
            &mut |n| {
                times(n, || {
                    for (out, &code) in peer_sound.iter_mut().zip(black_box(&peer_codes)) {
                        *out = peer_decode(code);
                    }
                    black_box(&mut peer_sound);
                })
            },
        );
    }
    let wide: Vec<i16> = noise(2, 12_000).into_iter().take(320).collect();
    let mut wide_out = vec![0; 320];
    let (mut encoder, mut decoder) = (g722::Encoder::new(), g722::Decoder::new());
    alone(criterion, "g722/encode", &mut || {
        encoder
            .encode(black_box(&wide), black_box(&mut codes))
            .expect("fits");
    });
    alone(criterion, "g722/decode", &mut || {
        decoder
            .decode(black_box(&peer_codes), black_box(&mut wide_out))
            .expect("fits");
    });
}
