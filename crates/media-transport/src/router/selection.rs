//! Which packets of a track one subscription is sent: simulcast layers, and layers within a stream.

use super::MediaKind;
use super::picture::Picture;
use super::publisher::{Arrival, Track};
use crate::rtp::dependency::{DecodeTargetIndication, DependencyStructure, Layer};

/// No limit.
const EVERYTHING: Layer = Layer {
    spatial_id: u8::MAX,
    temporal_id: u8::MAX,
};

/// What a subscription shall be sent of a track.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Target {
    /// Index of the simulcast layer.
    pub(super) layer: usize,
    /// The highest layers within its stream.
    pub(super) limit: Layer,
}

impl Default for Target {
    fn default() -> Self {
        Self {
            layer: 0,
            limit: EVERYTHING,
        }
    }
}

/// What a subscription is being sent. One layer gives way to another at a keyframe of the other; within a stream fewer
/// layers are taken at the next frame, and more where the frames allow it.
#[derive(Debug)]
pub(super) struct Selection {
    /// `None`: nothing.
    target: Option<Target>,
    admitted: Option<Admitted>,
    /// Counts admissions.
    admission: u32,
}

#[derive(Debug, Clone, Copy)]
struct Admitted {
    generation: u32,
    layer: usize,
    /// The highest layers that are sent now.
    limit: Layer,
    /// Of the latest frame.
    timestamp: u32,
}

/// What is to be done with a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Passing {
    Goes {
        /// It is the first one that goes: numbering and time begin anew.
        starts: bool,
        /// It ends the part of the frame that goes.
        marks: bool,
    },
    /// The subscriber must not miss it.
    LeftOut,
    /// It is of another stream than the one that is sent.
    Stays,
    /// Only a keyframe could begin.
    Waits,
}

impl Default for Selection {
    fn default() -> Self {
        Self {
            target: Some(Target::default()),
            admitted: None,
            admission: 0,
        }
    }
}

impl Selection {
    /// Decides on a packet, in the order of arrival.
    pub(super) fn look(&mut self, track: &Track, arrival: &Arrival, timestamp: u32) -> Passing {
        let Some(target) = self.target else {
            self.admitted = None;
            return Passing::Stays;
        };
        let picture = &arrival.picture;
        let Some(mut admitted) = self
            .admitted
            .filter(|admitted| admitted.generation == arrival.generation)
        else {
            let layer = self.admitted.map(|admitted| admitted.layer);
            if arrival.layer != target.layer && layer != Some(arrival.layer) {
                return Passing::Stays;
            }
            if !picture.is_entry {
                return Passing::Waits;
            }
            return self.admit(track, arrival, target, timestamp);
        };
        if track.publication.kind == MediaKind::Audio {
            return Passing::Goes {
                starts: false,
                marks: false,
            };
        }
        let structure = picture
            .dependencies
            .as_ref()
            .and_then(|_| track.structure(arrival.generation));
        if timestamp != admitted.timestamp {
            admitted.timestamp = timestamp;
            if admitted.layer == target.layer {
                admitted.limit = next_limit(admitted.limit, target.limit, picture, structure);
            }
            self.admitted = Some(admitted);
        }
        if !passes(admitted.limit, picture, structure) {
            return Passing::LeftOut;
        }
        Passing::Goes {
            starts: false,
            marks: ends(admitted.limit, picture, structure),
        }
    }

    fn admit(&mut self, track: &Track, arrival: &Arrival, target: Target, timestamp: u32) -> Passing {
        self.admission = self.admission.wrapping_add(1);
        let limit = if arrival.layer == target.layer {
            target.limit
        } else {
            EVERYTHING
        };
        self.admitted = Some(Admitted {
            generation: arrival.generation,
            layer: arrival.layer,
            limit,
            timestamp,
        });
        let picture = &arrival.picture;
        let structure = picture
            .dependencies
            .as_ref()
            .and_then(|_| track.structure(arrival.generation));
        Passing::Goes {
            starts: true,
            // Of sound, the first packet after a pause has the marker (RFC 3551 §4.1).
            marks: !track.is_video() || ends(limit, picture, structure),
        }
    }

    /// Says what shall be sent; whether a keyframe is needed for that.
    pub(super) fn set_target(&mut self, target: Option<Target>) -> bool {
        let before = std::mem::replace(&mut self.target, target);
        let Some(target) = target else {
            self.admitted = None;
            return false;
        };
        let is_upwards = match self.admitted {
            Some(admitted) if admitted.layer == target.layer => {
                target.limit.spatial_id > admitted.limit.spatial_id
            }
            _ => true,
        };
        before != Some(target) && is_upwards
    }

    pub(super) fn target(&self) -> Option<Target> {
        self.target
    }

    /// The simulcast layer that is being sent.
    pub(super) fn current(&self) -> Option<usize> {
        self.admitted.map(|admitted| admitted.layer)
    }

    /// Counts what was admitted; that of the latest one.
    pub(super) fn admission(&self) -> u32 {
        self.admission
    }

    /// Whether this is the simulcast layer that shall be sent.
    pub(super) fn wants(&self, layer: usize) -> bool {
        self.target.is_some_and(|target| target.layer == layer)
    }

    /// Nothing more is sent before the next keyframe.
    pub(super) fn leave(&mut self) {
        self.admitted = None;
    }

    /// The simulcast layer of which a keyframe is needed, if one is.
    pub(super) fn needs_entry(&self, track: &Track) -> Option<usize> {
        let target = self.target?;
        let Some(generation) = track.generation(target.layer) else {
            return Some(target.layer);
        };
        let is_there = self
            .admitted
            .is_some_and(|admitted| admitted.generation == generation);
        (!is_there).then_some(target.layer)
    }
}

/// The limit from a frame on.
fn next_limit(
    now: Layer,
    wanted: Layer,
    picture: &Picture,
    structure: Option<&DependencyStructure>,
) -> Layer {
    if picture.is_entry {
        return wanted;
    }
    // More spatial layers than before can only be decoded from a keyframe on.
    let spatial_id = now.spatial_id.min(wanted.spatial_id);
    let fewer = Layer {
        spatial_id,
        temporal_id: now.temporal_id.min(wanted.temporal_id),
    };
    let Some((frame, structure)) = picture.dependencies.as_ref().zip(structure) else {
        let layer = picture.layer;
        let may_rise = picture.is_switching_point
            && layer.temporal_id > fewer.temporal_id
            && layer.temporal_id <= wanted.temporal_id;
        return Layer {
            temporal_id: if may_rise {
                layer.temporal_id
            } else {
                fewer.temporal_id
            },
            ..fewer
        };
    };
    if fewer.temporal_id >= wanted.temporal_id {
        return fewer;
    }
    let more = Layer {
        spatial_id,
        temporal_id: wanted.temporal_id,
    };
    let is_switch = structure
        .best_target(more)
        .is_some_and(|target| frame.indication(target) == DecodeTargetIndication::Switch);
    if is_switch { more } else { fewer }
}

fn passes(limit: Layer, picture: &Picture, structure: Option<&DependencyStructure>) -> bool {
    match picture.dependencies.as_ref().zip(structure) {
        Some((frame, structure)) => structure
            .best_target(limit)
            .is_none_or(|target| frame.is_needed_for(target)),
        None => {
            picture.layer.spatial_id <= limit.spatial_id && picture.layer.temporal_id <= limit.temporal_id
        }
    }
}

/// Whether the packet ends what is sent of its picture.
fn ends(limit: Layer, picture: &Picture, structure: Option<&DependencyStructure>) -> bool {
    if !picture.ends_frame {
        return false;
    }
    let top = picture
        .dependencies
        .as_ref()
        .zip(structure)
        .and_then(|(_, structure)| structure.target_layer(structure.best_target(limit)?));
    picture.layer.spatial_id == top.map_or(limit.spatial_id, |top| top.spatial_id)
}
