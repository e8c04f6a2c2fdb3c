use super::bits::{BitWriter, Bits};
use super::structure::DependencyStructure;
use super::{DecodeTargetIndication, Layer, MAX_DECODE_TARGETS, MAX_FRAME_DIFFS, Resolution};
use crate::error::ParseError;

/// Bits before the flags of the extended fields.
const MANDATORY_BITS: usize = 24;
/// The flags of the extended fields.
const FLAG_BITS: usize = 5;
/// Of those, the one that announces a mask of active decode targets.
const ACTIVE_TARGETS_FLAG: u16 = 0b0_1000;

/// What the dependency descriptor of one packet says about its frame (AV1 RTP specification §A.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameDependencies {
    /// The first packet of the frame.
    pub start_of_frame: bool,
    /// The last packet of the frame.
    pub end_of_frame: bool,
    /// Rises by one from frame to frame, over all layers.
    pub frame_number: u16,
    /// The layers of the frame.
    pub layer: Layer,
    /// The size of the layer's pictures, if the structure says it.
    pub resolution: Option<Resolution>,
    /// The packet brings a structure, which senders do at the start of every keyframe and nowhere else.
    pub has_structure: bool,
    /// The decode targets that are active from this frame on, one bit each, if the packet says it.
    pub active_targets: Option<u32>,
    target_count: u8,
    chain_count: u8,
    diff_count: u8,
    /// Two bits for each decode target, the first in the lowest.
    indications: u64,
    diffs: [u16; MAX_FRAME_DIFFS],
    chain_diffs: [u8; MAX_DECODE_TARGETS],
    /// In bits from the start of the value: where the mask is or would be, and where the zero padding begins.
    mask_at: usize,
    end_at: usize,
    has_mask: bool,
}

/// The first three bytes, which need no structure.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mandatory {
    start_of_frame: bool,
    end_of_frame: bool,
    template_id: u8,
    frame_number: u16,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Flags {
    pub(super) has_structure: bool,
    has_active_targets: bool,
    custom_indications: bool,
    custom_diffs: bool,
    custom_chains: bool,
}

impl Mandatory {
    pub(super) fn read(bits: &mut Bits<'_>) -> Result<(Self, Flags), ParseError> {
        const FIELD: &str = "dependency descriptor";
        let mandatory = Self {
            start_of_frame: bits.flag(FIELD)?,
            end_of_frame: bits.flag(FIELD)?,
            template_id: bits.take(6, FIELD)?.to_be_bytes()[1],
            frame_number: bits.take(16, FIELD)?,
        };
        let flags = if bits.remaining() == 0 {
            Flags::default()
        } else {
            Flags {
                has_structure: bits.flag(FIELD)?,
                has_active_targets: bits.flag(FIELD)?,
                custom_indications: bits.flag(FIELD)?,
                custom_diffs: bits.flag(FIELD)?,
                custom_chains: bits.flag(FIELD)?,
            }
        };
        Ok((mandatory, flags))
    }
}

impl FrameDependencies {
    /// Reads what follows the structure, or would if there were one.
    pub(super) fn read(
        bits: &mut Bits<'_>,
        mandatory: Mandatory,
        flags: Flags,
        structure: &DependencyStructure,
    ) -> Result<Self, ParseError> {
        let template = structure
            .template(mandatory.template_id)
            .ok_or(ParseError::invalid("frame_dependency_template_id"))?;
        let (target_count, chain_count) = (structure.decode_targets(), structure.chains());
        let mask_at = bits.position();
        let mut active_targets = flags.has_structure.then(|| structure.all_targets());
        if flags.has_active_targets {
            active_targets = Some(read_mask(bits, target_count)?);
        }
        let mut frame = Self {
            start_of_frame: mandatory.start_of_frame,
            end_of_frame: mandatory.end_of_frame,
            frame_number: mandatory.frame_number,
            layer: template.layer,
            resolution: structure.resolution(template.layer.spatial_id),
            has_structure: flags.has_structure,
            active_targets,
            target_count,
            chain_count,
            diff_count: template.diff_count,
            indications: template.indications,
            diffs: template.diffs.map(u16::from),
            chain_diffs: [0; MAX_DECODE_TARGETS],
            mask_at,
            end_at: mask_at,
            has_mask: flags.has_active_targets,
        };
        if flags.custom_indications {
            frame.indications = 0;
            for target in 0..target_count {
                frame.indications |= u64::from(bits.take(2, "frame_dtis")?) << (2 * target);
            }
        }
        if flags.custom_diffs {
            frame.read_diffs(bits)?;
        }
        for (chain, diff) in (0..chain_count).zip(&mut frame.chain_diffs) {
            *diff = if flags.custom_chains {
                bits.take(8, "frame_chains")?.to_be_bytes()[1]
            } else {
                template.chain_diff(chain)
            };
        }
        frame.end_at = bits.position();
        Ok(frame)
    }

    fn read_diffs(&mut self, bits: &mut Bits<'_>) -> Result<(), ParseError> {
        const FIELD: &str = "frame_fdiffs";
        self.diff_count = 0;
        loop {
            let size = u32::from(bits.take(2, FIELD)?);
            if size == 0 {
                return Ok(());
            }
            let diff = self.diffs.get_mut(usize::from(self.diff_count));
            *diff.ok_or(ParseError::invalid(FIELD))? = bits.take(4 * size, FIELD)? + 1;
            self.diff_count += 1;
        }
    }

    /// Whether it belongs to a keyframe: it brings a structure. Later packets of the same frame do not, but have the same
    /// [`Self::frame_number`].
    #[must_use]
    pub const fn is_keyframe_start(&self) -> bool {
        self.has_structure
    }

    /// How many decode targets there are.
    #[must_use]
    pub const fn decode_targets(&self) -> u8 {
        self.target_count
    }

    /// What the frame is to a decode target; [`DecodeTargetIndication::NotPresent`] when there is no such target.
    #[must_use]
    pub const fn indication(&self, target: u8) -> DecodeTargetIndication {
        if target < self.target_count {
            DecodeTargetIndication::of(self.indications, target)
        } else {
            DecodeTargetIndication::NotPresent
        }
    }

    /// Whether the packet has to be sent to someone who decodes this target.
    #[must_use]
    pub fn is_needed_for(&self, target: u8) -> bool {
        self.indication(target) != DecodeTargetIndication::NotPresent
    }

    /// How many frames back the frames are that this one refers to, 1..=4096 each. None for a keyframe.
    pub fn frame_diffs(&self) -> impl Iterator<Item = u16> {
        self.diffs.into_iter().take(usize::from(self.diff_count))
    }

    /// How many frames back the last frame of a chain is, counted by [`Self::frame_number`]; 0 when this frame begins the
    /// chain anew. `None` when there is no such chain.
    #[must_use]
    pub fn chain_diff(&self, chain: u8) -> Option<u8> {
        self.chain_diffs
            .get(usize::from(chain))
            .copied()
            .filter(|_| chain < self.chain_count)
    }

    /// Writes `value`, the descriptor this was read from, with another mask of active decode targets to the front of
    /// `out`, and returns the length: up to five bytes more than before. Bits of targets that do not exist are left out.
    ///
    /// A forwarder does this when it stops or starts to send layers, so that the decoder does not wait for those it will
    /// not get (§A.8.2).
    ///
    /// `None` when `out` is too small or `value` is not what this was read from.
    #[must_use]
    pub fn write_active_targets(&self, value: &[u8], mask: u32, out: &mut [u8]) -> Option<usize> {
        let mut from = Bits::new(value);
        let mut to = BitWriter::new(out);
        to.copy(&mut from, MANDATORY_BITS)?;
        if from.remaining() == 0 {
            to.put(u32::try_from(FLAG_BITS).ok()?, ACTIVE_TARGETS_FLAG)?;
        } else {
            let flags = from.take(u32::try_from(FLAG_BITS).ok()?, "flags").ok()?;
            to.put(u32::try_from(FLAG_BITS).ok()?, flags | ACTIVE_TARGETS_FLAG)?;
            let between = self.mask_at.checked_sub(from.position())?;
            to.copy(&mut from, between)?;
        }
        let count = u32::from(self.target_count);
        if self.has_mask {
            read_mask(&mut from, self.target_count).ok()?;
        }
        let [a, b, c, d] = mask.to_be_bytes();
        let (upper, lower) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        to.put(count.saturating_sub(16), upper)?;
        to.put(count.min(16), lower)?;
        if from.remaining() > 0 {
            let behind = self.end_at.checked_sub(from.position())?;
            to.copy(&mut from, behind)?;
        }
        Some(to.len())
    }
}

/// `f(DtCnt)`: the last decode target is in the highest bit.
fn read_mask(bits: &mut Bits<'_>, targets: u8) -> Result<u32, ParseError> {
    const FIELD: &str = "active_decode_targets_bitmask";
    let upper = bits.take(u32::from(targets.saturating_sub(16)), FIELD)?;
    let lower = bits.take(u32::from(targets.min(16)), FIELD)?;
    Ok(u32::from(upper) << 16 | u32::from(lower))
}
