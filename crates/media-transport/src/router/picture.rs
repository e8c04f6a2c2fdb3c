//! What a packet says of its frame, from the dependency descriptor or else from the payload.

use super::munger::FrameNumbers;
use super::{CodecName, ExtensionIds};
use crate::payload::av1::Av1Payload;
use crate::payload::h264::H264Payload;
use crate::payload::vp8::{PictureId, Vp8Descriptor};
use crate::payload::vp9::Vp9Descriptor;
use crate::rtp::Packet;
use crate::rtp::dependency::{DependencyReader, FrameDependencies, Layer};

/// What a forwarder has to know of a packet. Of a packet whose payload cannot be read, nothing: it is forwarded with its
/// stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Picture {
    /// A decoder that has seen nothing before can start here.
    pub(super) is_entry: bool,
    pub(super) layer: Layer,
    /// Who decodes fewer temporal layers can go on with this one from here.
    pub(super) is_switching_point: bool,
    /// Nothing refers to the frame.
    pub(super) is_discardable: bool,
    /// The last packet of the layer's frame, though frames of further layers may follow with the same timestamp.
    pub(super) ends_frame: bool,
    /// Picture ids must have no gaps when frames are left out.
    pub(super) renumbers: bool,
    pub(super) numbers: FrameNumbers,
    /// Width and height in pixels, of a keyframe.
    pub(super) size: Option<(u32, u32)>,
    pub(super) dependencies: Option<FrameDependencies>,
}

impl Picture {
    /// Sound: every packet is one to start with.
    pub(super) const SOUND: Self = Self {
        is_entry: true,
        layer: Layer {
            spatial_id: 0,
            temporal_id: 0,
        },
        is_switching_point: false,
        is_discardable: false,
        ends_frame: true,
        renumbers: false,
        numbers: FrameNumbers {
            picture_id: 0,
            tl0_pic_idx: 0,
            key_idx: 0,
            frame_number: 0,
        },
        size: None,
        dependencies: None,
    };

    /// Reads a packet with its extended sequence number.
    pub(super) fn read(
        codec: CodecName,
        extensions: &ExtensionIds,
        reader: &mut DependencyReader,
        sequence: u64,
        packet: &Packet<'_>,
    ) -> Self {
        let mut picture = match codec {
            CodecName::Opus => return Self::SOUND,
            CodecName::Vp8 => Self::vp8(packet.payload()),
            CodecName::Vp9 { .. } => Self::vp9(packet.payload()),
            CodecName::H264 { .. } => Self::h264(packet),
            CodecName::Av1 { .. } => Self::av1(packet),
        };
        let value = extensions
            .dependency_descriptor
            .and_then(|id| packet.extension(id));
        if let Some(frame) = value.and_then(|value| reader.read(sequence, value).ok()) {
            picture.describe(&frame);
        }
        picture
    }

    fn vp8(payload: &[u8]) -> Self {
        let Ok(descriptor) = Vp8Descriptor::read(payload) else {
            return Self::default();
        };
        let temporal = descriptor.temporal;
        Self {
            is_entry: descriptor.is_keyframe_start(),
            layer: Layer {
                spatial_id: 0,
                temporal_id: temporal.map_or(0, |temporal| temporal.id),
            },
            is_switching_point: temporal.is_some_and(|temporal| temporal.is_sync),
            is_discardable: descriptor.is_non_reference,
            ends_frame: false,
            renumbers: true,
            numbers: FrameNumbers {
                picture_id: descriptor.picture_id.map_or(0, PictureId::value),
                tl0_pic_idx: descriptor.tl0_pic_idx.unwrap_or(0),
                key_idx: descriptor.key_idx.unwrap_or(0),
                frame_number: 0,
            },
            size: descriptor
                .size()
                .map(|(width, height)| (width.into(), height.into())),
            dependencies: None,
        }
    }

    fn vp9(payload: &[u8]) -> Self {
        let Ok(descriptor) = Vp9Descriptor::read(payload) else {
            return Self::default();
        };
        let layer = descriptor.layer;
        let top = descriptor.structure.as_ref().and_then(|structure| {
            let last = structure.spatial_layers.checked_sub(1)?;
            structure.size(last)
        });
        Self {
            is_entry: descriptor.is_keyframe_start(),
            layer: Layer {
                spatial_id: layer.map_or(0, |layer| layer.spatial_id),
                temporal_id: layer.map_or(0, |layer| layer.temporal_id),
            },
            is_switching_point: layer.is_some_and(|layer| layer.is_switching_up_point),
            is_discardable: false,
            ends_frame: descriptor.ends_frame,
            renumbers: false,
            numbers: FrameNumbers::default(),
            size: top.map(|(width, height)| (width.into(), height.into())),
            dependencies: None,
        }
    }

    fn h264(packet: &Packet<'_>) -> Self {
        let Ok(payload) = H264Payload::read(packet.payload()) else {
            return Self::default();
        };
        Self {
            is_entry: payload.is_keyframe_start(),
            ends_frame: packet.marker(),
            ..Self::default()
        }
    }

    fn av1(packet: &Packet<'_>) -> Self {
        let Ok(payload) = Av1Payload::read(packet.payload()) else {
            return Self::default();
        };
        let (temporal_id, spatial_id) = payload.layer().unwrap_or_default();
        Self {
            is_entry: payload.is_keyframe_start(),
            layer: Layer {
                spatial_id,
                temporal_id,
            },
            ends_frame: packet.marker(),
            ..Self::default()
        }
    }

    /// The dependency descriptor knows better.
    fn describe(&mut self, frame: &FrameDependencies) {
        self.is_entry = frame.is_keyframe_start();
        self.layer = frame.layer;
        self.ends_frame = frame.end_of_frame;
        self.numbers.frame_number = frame.frame_number;
        if let Some(resolution) = frame.resolution.filter(|_| frame.has_structure) {
            self.size = Some((resolution.width, resolution.height));
        }
        self.dependencies = Some(*frame);
    }
}
