//! A simulcast camera, and what a decoder would say of what comes of it.

use super::client::Got;
use super::network::Network;
use super::*;
use crate::payload::vp8::Vp8Descriptor;
use crate::rtcp::NtpTime;
use crate::rtp::PacketBuilder;

pub(super) const FRAME: Duration = Duration::from_micros(33_333);

/// Ids of extensions at the publisher.
pub(super) const IDS: ExtensionIds = ExtensionIds {
    mid: Some(4),
    rid: Some(5),
    repaired_rid: Some(6),
    transport_sequence: Some(7),
    ..ExtensionIds::NONE
};

pub(super) const RIDS: [&str; 3] = ["q", "h", "f"];

/// One simulcast layer, with two temporal layers.
#[derive(Debug, Clone)]
struct Layer {
    ssrc: u32,
    sequence: u16,
    first_timestamp: u32,
    picture_id: u16,
    tl0_pic_idx: u8,
    key_idx: u8,
    kbps: u64,
    size: (u16, u16),
    wants_keyframe: bool,
    frames: u32,
    is_active: bool,
    told: u8,
}

/// Sends VP8 in up to three layers.
pub(super) struct Encoder {
    client: usize,
    layers: Vec<Layer>,
    has_rids: bool,
    transport: u16,
    heard: usize,
    began: Option<Instant>,
    said: u64,
    /// In bytes; three times that of other frames if nothing else was said.
    keyframe: Option<usize>,
}

impl Encoder {
    pub(super) fn new(client: usize, kbps: &[u64]) -> Self {
        let layers = kbps.iter().zip(0_u16..).map(|(kbps, index)| Layer {
            ssrc: 70 + u32::from(index),
            sequence: (1000 * index).wrapping_add(65_000),
            first_timestamp: 777_777 * u32::from(index),
            picture_id: 0x7ff0 + 100 * index,
            tl0_pic_idx: u8::try_from(50 * index).unwrap(),
            key_idx: u8::try_from(7 * index).unwrap(),
            kbps: *kbps,
            size: (320 << index, 180 << index),
            wants_keyframe: true,
            frames: 0,
            is_active: true,
            told: 0,
        });
        Self {
            client,
            layers: layers.collect(),
            has_rids: kbps.len() > 1,
            transport: 65_500,
            heard: 0,
            began: None,
            said: 0,
            keyframe: None,
        }
    }

    /// With keyframes of so many bytes.
    pub(super) fn with_keyframes(mut self, bytes: usize) -> Self {
        self.keyframe = Some(bytes);
        self
    }

    pub(super) fn publication(&self, track: u64) -> Publication {
        let rids = if self.has_rids {
            &RIDS[..self.layers.len()]
        } else {
            &[]
        };
        Publication {
            ssrcs: if self.has_rids { vec![] } else { vec![70] },
            rids: rids.iter().map(|rid| (*rid).to_owned()).collect(),
            codecs: vec![vp8(VP8)],
            extensions: IDS,
            ..Publication::new(TrackId(track), MediaKind::Video, "v")
        }
    }

    /// Switches layers on and off, as a publisher does that obeys a demand.
    pub(super) fn obey(&mut self, rids: &[String]) {
        for (layer, rid) in self.layers.iter_mut().zip(RIDS) {
            let is_wanted = rids.iter().any(|wanted| wanted == rid);
            layer.wants_keyframe |= is_wanted && !layer.is_active;
            layer.is_active = is_wanted;
        }
    }

    /// Takes no notice of what it was told before, which is no longer there.
    pub(super) fn forget(&mut self) {
        self.heard = 0;
    }

    /// Films for a while.
    pub(super) fn film(&mut self, network: &mut Network, time: Duration) {
        let end = network.now + time;
        while network.now < end {
            self.frame(network);
            network.run(FRAME);
        }
    }

    pub(super) fn frame(&mut self, network: &mut Network) {
        let began = *self.began.get_or_insert(network.now);
        let elapsed = network.now - began;
        let reports = &network.clients[self.client].reports.plis;
        for (_, ssrc) in &reports[self.heard..] {
            let layer = self.layers.iter_mut().find(|layer| layer.ssrc == *ssrc);
            layer.unwrap().wants_keyframe = true;
        }
        self.heard = reports.len();
        let clock = ticks(elapsed, 90_000);
        for index in 0..self.layers.len() {
            self.layer_frame(network, index, clock);
        }
        if elapsed.as_secs() > self.said {
            self.said = elapsed.as_secs();
            for layer in &self.layers {
                let ntp = NtpTime((1 << 40) + (u64::from(clock) << 32) / 90_000);
                let timestamp = layer.first_timestamp.wrapping_add(clock);
                network.clients[self.client].send_sender_report(layer.ssrc, ntp, timestamp);
            }
        }
    }

    fn layer_frame(&mut self, network: &mut Network, index: usize, clock: u32) {
        let layer = &mut self.layers[index];
        if !layer.is_active {
            return;
        }
        let is_key = std::mem::take(&mut layer.wants_keyframe);
        let temporal = if is_key { 0 } else { layer.frames % 2 };
        layer.frames = if is_key { 1 } else { layer.frames + 1 };
        if is_key {
            layer.key_idx = (layer.key_idx + 1) & 0x1f;
        }
        if temporal == 0 {
            layer.tl0_pic_idx = layer.tl0_pic_idx.wrapping_add(1);
        }
        layer.picture_id = (layer.picture_id + 1) & 0x7fff;
        let scale = if is_key { 3 } else { 1 };
        let usual = usize::try_from(layer.kbps * 125 / 30 * scale).unwrap();
        let bytes = self.keyframe.filter(|_| is_key).unwrap_or(usual);
        let packets = bytes.div_ceil(1100);
        for packet in 0..packets {
            let [upper, lower] = layer.picture_id.to_be_bytes();
            let is_first = packet == 0;
            let mut payload = vec![
                if is_first { 0x90 } else { 0x80 },
                0xf0,
                upper | 0x80,
                lower,
                layer.tl0_pic_idx,
                u8::try_from(temporal).unwrap() << 6 | 0x20 | layer.key_idx,
            ];
            if is_first && is_key {
                let [a, b] = layer.size.0.to_le_bytes();
                let [c, d] = layer.size.1.to_le_bytes();
                payload.extend([0x00, 0, 0, 0x9d, 0x01, 0x2a, a, b, c, d]);
            } else {
                payload.extend([0x01; 10]);
            }
            payload.push(u8::try_from(index).unwrap());
            payload.resize((bytes / packets).max(20), 0);
            let transport = self.transport.to_be_bytes();
            self.transport = self.transport.wrapping_add(1);
            let timestamp = layer.first_timestamp.wrapping_add(clock);
            let mut builder = PacketBuilder::new(VP8, layer.sequence, timestamp, layer.ssrc)
                .marker(packet + 1 == packets)
                .extension(7, &transport);
            if layer.told < 3 {
                builder = builder.extension(4, b"v");
            }
            // Streams tell what they are until they know that we know.
            if self.has_rids && layer.told < 3 {
                layer.told += 1;
                builder = builder.extension(5, RIDS[index].as_bytes());
            }
            let mut buffer = [0; 1500];
            let len = builder.write(&payload, &mut buffer).unwrap();
            layer.sequence = layer.sequence.wrapping_add(1);
            network.clients[self.client].send_rtp(&buffer[..len]);
        }
    }
}

/// A frame that could be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decoded {
    pub(super) at: Instant,
    pub(super) layer: u8,
    pub(super) temporal: u8,
    pub(super) is_key: bool,
    pub(super) timestamp: u32,
}

/// Decodes what came without loss, or panics: numbers of packets and of pictures without gaps, time that goes on, layers
/// that change at keyframes only.
pub(super) fn decode(got: &[&Got]) -> Vec<Decoded> {
    let mut frames: Vec<Decoded> = Vec::new();
    let mut last: Option<(u16, u16, u8, u8)> = None;
    for packet in got {
        let descriptor = Vp8Descriptor::read(&packet.payload).unwrap();
        let layer = packet.payload[16];
        let (picture, tl0, key) = (
            descriptor.picture_id.unwrap().value(),
            descriptor.tl0_pic_idx.unwrap(),
            descriptor.key_idx.unwrap(),
        );
        let temporal = descriptor.temporal.unwrap().id;
        let is_key = descriptor.is_keyframe_start();
        if let Some((sequence, last_picture, last_tl0, last_key)) = last {
            let frame = *frames.last().unwrap();
            assert_eq!(packet.sequence, sequence.wrapping_add(1), "a gap after {frame:?}");
            if packet.timestamp == frame.timestamp {
                assert_eq!(
                    (picture, tl0, key, layer),
                    (last_picture, last_tl0, last_key, frame.layer)
                );
            } else {
                let step = packet.timestamp.wrapping_sub(frame.timestamp);
                assert!(step > 0 && step < 1 << 31, "time goes on");
                assert_eq!(
                    picture,
                    (last_picture + 1) & 0x7fff,
                    "a picture is missing after {frame:?}"
                );
                assert_eq!(tl0, last_tl0.wrapping_add(u8::from(temporal == 0)));
                assert_eq!(key, (last_key + u8::from(is_key)) & 0x1f);
                assert!(is_key || layer == frame.layer, "changes at keyframes");
            }
        } else {
            assert!(is_key, "it starts with a keyframe");
        }
        if last.is_none()
            || frames
                .last()
                .is_none_or(|frame| frame.timestamp != packet.timestamp)
        {
            frames.push(Decoded {
                at: packet.at,
                layer,
                temporal,
                is_key,
                timestamp: packet.timestamp,
            });
        }
        last = Some((packet.sequence, picture, tl0, key));
    }
    frames
}
