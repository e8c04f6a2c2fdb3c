//! A call: all the speech, one clip after the other, through one encoder, one link and one receiver.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anteroom_codec::container::ReadLimits;
use anteroom_codec::container::wav::{self, WavWriter};
use anteroom_codec::jitter::{JitterBuffer, JitterConfig, JitterStats};
use anteroom_codec::opus::{Encoder, EncoderConfig, MAX_PACKET_BYTES};
use anteroom_codec::red::{Packer, PackerConfig};
use anteroom_codec::{FRAME_DURATION, SAMPLE_RATE_HZ, SILENCE};
use anteroom_testkit::clock::Clock;
use anyhow::Context as _;
use serde_json::json;

use crate::grid::{Mechanism, Network, networks};
use crate::network::{Arrival, Sent, carry};
use crate::schedule;

const PACKET: usize = 960;

/// How much of the past deep redundancy covers.
const DRED: Duration = Duration::from_millis(500);

/// When, in microseconds after a packet is sent, the listener takes a frame: of each call in a cell. What is late by a hair
/// in one is in time in another.
const PHASES: [u64; 4] = [2500, 7500, 5000, 0];

/// From this complexity on, the decoder conceals by a neural network.
const DEEP_PLC: u8 = 5;

/// The speech of a call, and where each clip of it lies.
struct Speech {
    samples: Vec<i16>,
    clips: Vec<(String, usize, usize)>,
}

pub(crate) fn simulate(speech: &Path, out: &Path, only: &str, seeds: u64) -> anyhow::Result<()> {
    fs::create_dir_all(out.join("ours"))?;
    fs::create_dir_all(out.join("peer"))?;
    let speech = read(speech)?;
    write_wav(&out.join("clean.wav"), &speech.samples)?;
    let clips: Vec<_> = speech
        .clips
        .iter()
        .map(|(name, start, end)| json!({ "name": name, "start": start, "end": end }))
        .collect();
    fs::write(out.join("clips.json"), serde_json::to_vec_pretty(&clips)?)?;
    for network in networks() {
        for mechanism in Mechanism::ALL
            .into_iter()
            .filter(|m| cfg!(feature = "dred") || !m.is_deep())
        {
            for (seed, phase) in (1..=seeds).zip(PHASES) {
                let name = format!("{}.{}.{seed}", network.name, mechanism.name());
                if name.contains(only) {
                    cell(&speech, &network, mechanism, (seed, phase), out, &name)
                        .with_context(|| format!("cell {name}"))?;
                }
            }
        }
    }
    Ok(())
}

fn cell(
    speech: &Speech,
    network: &Network,
    mechanism: Mechanism,
    (seed, phase): (u64, u64),
    out: &Path,
    name: &str,
) -> anyhow::Result<()> {
    let sent = encode(&speech.samples, network, mechanism)?;
    let arrivals = carry(&sent, network, seed);
    if !mechanism.is_deep() {
        // The peer has neither.
        let schedules = out.join("schedules").join(phase.to_string());
        fs::create_dir_all(&schedules)?;
        schedule::write(
            &schedules.join(format!("{name}.sched")),
            &arrivals,
            mechanism.has_red(),
        )?;
    }
    let (heard, stats) = listen(
        &arrivals,
        mechanism,
        speech.samples.len(),
        Duration::from_micros(phase),
    )?;
    let ours = out.join("ours");
    write_wav(&ours.join(format!("{name}.wav")), &heard)?;
    let bytes: usize = sent.iter().map(|packet| packet.payload.len()).sum();
    let seconds = speech.samples.len() as f64 / f64::from(SAMPLE_RATE_HZ);
    let stats = json!({
        "jitterBufferDelay": stats.jitter_buffer_delay.as_secs_f64(),
        "jitterBufferEmittedCount": stats.jitter_buffer_emitted_count,
        "concealedSamples": stats.concealed_samples,
        "concealmentEvents": stats.concealment_events,
        "insertedSamplesForDeceleration": stats.inserted_samples_for_deceleration,
        "removedSamplesForAcceleration": stats.removed_samples_for_acceleration,
        "packetsDiscarded": stats.packets_discarded,
        "packetsLost": stats.packets_lost,
        "totalSamplesReceived": stats.total_samples_received,
    });
    let report = json!({ "stats": stats, "kbps": bytes as f64 * 8.0 / seconds / 1000.0 });
    fs::write(
        ours.join(format!("{name}.json")),
        serde_json::to_vec_pretty(&report)?,
    )?;
    Ok(())
}

fn read(directory: &Path) -> anyhow::Result<Speech> {
    let mut files: Vec<_> = fs::read_dir(directory)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "wav"));
    files.sort();
    anyhow::ensure!(!files.is_empty(), "no WAV files in {}", directory.display());
    let mut speech = Speech {
        samples: Vec::new(),
        clips: Vec::new(),
    };
    for file in files {
        let sound = wav::open(&file, ReadLimits::default()).with_context(|| format!("{}", file.display()))?;
        let name = file
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let start = speech.samples.len();
        speech.samples.extend(sound);
        let end = speech.samples.len();
        speech.samples.resize(end.next_multiple_of(PACKET), 0);
        speech.clips.push((name, start, end));
    }
    Ok(speech)
}

fn encode(samples: &[i16], network: &Network, mechanism: Mechanism) -> anyhow::Result<Vec<Sent>> {
    let mut encoder = Encoder::new(EncoderConfig {
        in_band_fec: mechanism.has_fec(),
        dred: if mechanism == Mechanism::Dred {
            DRED
        } else {
            Duration::ZERO
        },
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 30")]
        expected_loss_percent: if mechanism.has_fec() || mechanism == Mechanism::Dred {
            // What receivers report; the sender of a call without loss so far expects some.
            network.loss_percent().max(5.0) as u8
        } else {
            0
        },
        ..EncoderConfig::default()
    })?;
    let mut packer = Packer::new(PackerConfig::new(schedule::OPUS))?;
    let mut bytes = [0; MAX_PACKET_BYTES];
    let mut redundant = [0; MAX_PACKET_BYTES];
    let mut sent = Vec::with_capacity(samples.len() / PACKET);
    for (number, frame) in (0u32..).zip(samples.chunks_exact(PACKET)) {
        let length = encoder.encode(frame, &mut bytes)?;
        let timestamp = number.wrapping_mul(960);
        let mut payload = &bytes[..length];
        if mechanism.has_red() {
            let length = packer.pack(timestamp, payload, &mut redundant)?;
            payload = &redundant[..length];
        }
        sent.push(Sent {
            #[expect(clippy::cast_possible_truncation, reason = "sequence numbers wrap")]
            sequence: number as u16,
            timestamp,
            payload: payload.to_vec(),
        });
    }
    Ok(sent)
}

fn listen(
    arrivals: &[Arrival],
    mechanism: Mechanism,
    samples: usize,
    phase: Duration,
) -> anyhow::Result<(Vec<i16>, JitterStats)> {
    let mut clock = Clock::new();
    let mut buffer = JitterBuffer::new(JitterConfig {
        decoder_complexity: if mechanism.is_deep() { DEEP_PLC } else { 0 },
        dred: mechanism == Mechanism::Dred,
        ..JitterConfig::default()
    })?;
    let mut heard = Vec::with_capacity(samples + 96_000);
    let mut arrivals = arrivals.iter().peekable();
    let start = clock.now();
    clock.advance(phase);
    while heard.len() < samples + SAMPLE_RATE_HZ as usize {
        while let Some(arrival) = arrivals.next_if(|a| start + a.after <= clock.now()) {
            let at = start + arrival.after;
            if mechanism.has_red() {
                buffer.insert_red(at, arrival.sequence, arrival.timestamp, &arrival.payload);
            } else {
                buffer.insert(at, arrival.sequence, arrival.timestamp, &arrival.payload);
            }
        }
        let mut frame = SILENCE;
        buffer.pull(clock.now(), &mut frame);
        heard.extend(frame);
        clock.advance(FRAME_DURATION);
    }
    Ok((heard, buffer.stats().clone()))
}

fn write_wav(path: &Path, samples: &[i16]) -> anyhow::Result<()> {
    let mut writer = WavWriter::create(path)?;
    writer.write(samples)?;
    writer.finish()?;
    Ok(())
}
