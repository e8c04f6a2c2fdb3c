//! The dependency descriptor (AV1 RTP specification, appendix A): which frames a frame needs, and which frames a decode
//! target needs, without a look into the payload. It was made for AV1 and goes with VP8, VP9 and H.264 just as well.
//!
//! A *decode target* is a choice of layers that can be decoded by itself. A sender describes the stream by *templates*, at
//! each keyframe; after that most frames only name their template. A *chain* tells whether all that a decode target needs
//! has arrived.
//!
//! [`DependencyReader`] keeps the templates of one stream. All limits are those of the specification, and 8 references per
//! frame where it has none: AV1 and VP9 have no more than 7 and 3.

mod bits;
mod frame;
mod structure;
#[cfg(test)]
mod tests;

pub use frame::FrameDependencies;
pub use structure::DependencyStructure;

use self::bits::Bits;
use self::frame::Mandatory;
use self::structure::Template;
use crate::error::ParseError;

/// Most templates of a structure: ids have six bits.
pub const MAX_TEMPLATES: usize = 64;
/// Most decode targets of a structure: their number has five bits.
pub const MAX_DECODE_TARGETS: usize = 32;
/// Most spatial layers, as in AV1.
pub const MAX_SPATIAL_LAYERS: usize = 4;
/// Most temporal layers, as in AV1.
pub const MAX_TEMPORAL_LAYERS: usize = 8;
/// Most frames that a frame refers to.
pub const MAX_FRAME_DIFFS: usize = 8;

/// A spatial and a temporal layer; a frame of it may need all lower ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Layer {
    /// 0..[`MAX_SPATIAL_LAYERS`].
    pub spatial_id: u8,
    /// 0..[`MAX_TEMPORAL_LAYERS`].
    pub temporal_id: u8,
}

/// The size of a picture in pixels, 1..=65536.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Resolution {
    /// Across.
    pub width: u32,
    /// Down.
    pub height: u32,
}

/// What a frame is to a decode target (§A.8.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DecodeTargetIndication {
    /// It does not belong to it.
    NotPresent,
    /// It belongs to it, and no later frame of the target needs it.
    Discardable,
    /// All later frames of the target can be decoded when this and the following ones have arrived: one can change to the
    /// target here.
    Switch,
    /// Later frames of the target need it.
    Required,
}

/// Reads the descriptors of one stream and remembers what they refer to.
#[derive(Debug, Clone, Default)]
pub struct DependencyReader {
    /// Boxed: it has some kilobytes, and most streams have none. Written over at each keyframe.
    structure: Option<Box<DependencyStructure>>,
    /// Extended sequence number of the packet that brought the structure.
    structure_from: u64,
    active_targets: u32,
    /// Extended sequence number of the packet that said which targets are active.
    active_from: u64,
}

impl DependencyReader {
    /// A stream of which nothing is known yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the value of the extension in the packet with this extended sequence number.
    ///
    /// A structure counts for the packets behind it; one in a packet that comes late does not push out a newer one.
    ///
    /// # Errors
    /// [`ParseError`]: before the first keyframe, `template_dependency_structure`; for a packet of an earlier or a later
    /// structure than the one that is known, `frame_dependency_template_id`. Nothing is remembered then.
    pub fn read(&mut self, sequence: u64, value: &[u8]) -> Result<FrameDependencies, ParseError> {
        let mut bits = Bits::new(value);
        let (mandatory, flags) = Mandatory::read(&mut bits)?;
        let frame = if flags.has_structure {
            let structure = DependencyStructure::read(&mut bits)?;
            let frame = FrameDependencies::read(&mut bits, mandatory, flags, &structure)?;
            if self.structure.is_none() || sequence >= self.structure_from {
                self.structure_from = sequence;
                match &mut self.structure {
                    Some(known) => **known = structure,
                    None => self.structure = Some(Box::new(structure)),
                }
            }
            frame
        } else {
            let structure = self
                .structure
                .as_deref()
                .ok_or(ParseError::invalid("template_dependency_structure"))?;
            FrameDependencies::read(&mut bits, mandatory, flags, structure)?
        };
        if let Some(active) = frame.active_targets
            && sequence >= self.active_from
        {
            (self.active_targets, self.active_from) = (active, sequence);
        }
        Ok(frame)
    }

    /// The newest structure.
    #[must_use]
    pub fn structure(&self) -> Option<&DependencyStructure> {
        self.structure.as_deref()
    }

    /// The decode targets the sender sends now, one bit each; 0 before the first keyframe.
    #[must_use]
    pub const fn active_targets(&self) -> u32 {
        self.active_targets
    }
}

impl Template {
    pub(super) fn chain_diff(&self, chain: u8) -> u8 {
        u8::try_from(self.chain_diffs >> (4 * (u32::from(chain) % 32)) & 0x0f).unwrap_or_default()
    }
}
