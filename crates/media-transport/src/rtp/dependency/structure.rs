use super::bits::Bits;
use super::{
    DecodeTargetIndication, Layer, MAX_DECODE_TARGETS, MAX_FRAME_DIFFS, MAX_SPATIAL_LAYERS, MAX_TEMPLATES,
};
use super::{MAX_TEMPORAL_LAYERS, Resolution};
use crate::error::ParseError;

/// How the frames of a stream depend on each other, as sent with a keyframe
/// (AV1 RTP specification §A.8.3, `template_dependency_structure`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DependencyStructure {
    template_id_offset: u8,
    /// 1..=[`MAX_TEMPLATES`].
    template_count: u8,
    /// 1..=[`MAX_DECODE_TARGETS`].
    target_count: u8,
    /// 0..=`target_count`.
    chain_count: u8,
    templates: [Template; MAX_TEMPLATES],
    /// By decode target: its chain, below `chain_count` when there are chains.
    protected_by: [u8; MAX_DECODE_TARGETS],
    /// By decode target: the highest layers it has.
    target_layers: [Layer; MAX_DECODE_TARGETS],
    /// 0, or one for each spatial layer.
    resolution_count: u8,
    resolutions: [Resolution; MAX_SPATIAL_LAYERS],
}

/// What the frames that name it have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Template {
    pub(super) layer: Layer,
    /// Two bits for each decode target, the first in the lowest.
    pub(super) indications: u64,
    pub(super) diff_count: u8,
    /// 1..=16 each.
    pub(super) diffs: [u8; MAX_FRAME_DIFFS],
    /// Four bits for each chain, the first in the lowest.
    pub(super) chain_diffs: u128,
}

impl DependencyStructure {
    pub(super) fn read(bits: &mut Bits<'_>) -> Result<Self, ParseError> {
        let template_id_offset = lower(bits.take(6, "template_id_offset")?);
        let target_count = lower(bits.take(5, "dt_cnt_minus_one")?) + 1;
        let mut structure = Self {
            template_id_offset,
            template_count: 0,
            target_count,
            chain_count: 0,
            templates: [Template::default(); MAX_TEMPLATES],
            protected_by: [0; MAX_DECODE_TARGETS],
            target_layers: [Layer::default(); MAX_DECODE_TARGETS],
            resolution_count: 0,
            resolutions: [Resolution::default(); MAX_SPATIAL_LAYERS],
        };
        structure.read_layers(bits)?;
        structure.read_indications(bits)?;
        structure.read_diffs(bits)?;
        structure.read_chains(bits)?;
        structure.read_resolutions(bits)?;
        Ok(structure)
    }

    /// The order of layers is that of the templates, so two bits each say how it goes on.
    fn read_layers(&mut self, bits: &mut Bits<'_>) -> Result<(), ParseError> {
        const FIELD: &str = "template_layers";
        let mut layer = Layer::default();
        for template in &mut self.templates {
            template.layer = layer;
            self.template_count += 1;
            match bits.take(2, FIELD)? {
                0 => {}
                1 => layer.temporal_id += 1,
                2 => {
                    layer = Layer {
                        spatial_id: layer.spatial_id + 1,
                        temporal_id: 0,
                    };
                }
                _ => return Ok(()),
            }
            let exists = usize::from(layer.spatial_id) < MAX_SPATIAL_LAYERS
                && usize::from(layer.temporal_id) < MAX_TEMPORAL_LAYERS;
            if !exists {
                return Err(ParseError::invalid(FIELD));
            }
        }
        Err(ParseError::invalid(FIELD))
    }

    fn read_indications(&mut self, bits: &mut Bits<'_>) -> Result<(), ParseError> {
        let targets = usize::from(self.target_count);
        for template in self.templates.iter_mut().take(usize::from(self.template_count)) {
            for (at, target) in self.target_layers.iter_mut().take(targets).enumerate() {
                let indication = bits.take(2, "template_dtis")?;
                template.indications |= u64::from(indication) << (2 * at);
                if indication != 0 {
                    target.spatial_id = target.spatial_id.max(template.layer.spatial_id);
                    target.temporal_id = target.temporal_id.max(template.layer.temporal_id);
                }
            }
        }
        Ok(())
    }

    fn read_diffs(&mut self, bits: &mut Bits<'_>) -> Result<(), ParseError> {
        const FIELD: &str = "template_fdiffs";
        for template in self.templates.iter_mut().take(usize::from(self.template_count)) {
            while bits.flag(FIELD)? {
                let diff = template.diffs.get_mut(usize::from(template.diff_count));
                *diff.ok_or(ParseError::invalid(FIELD))? = lower(bits.take(4, FIELD)?) + 1;
                template.diff_count += 1;
            }
        }
        Ok(())
    }

    fn read_chains(&mut self, bits: &mut Bits<'_>) -> Result<(), ParseError> {
        const FIELD: &str = "template_chains";
        let chains = bits.non_symmetric(u16::from(self.target_count) + 1, FIELD)?;
        self.chain_count = lower(chains);
        if chains == 0 {
            return Ok(());
        }
        for chain in self.protected_by.iter_mut().take(usize::from(self.target_count)) {
            *chain = lower(bits.non_symmetric(chains, FIELD)?);
        }
        for template in self.templates.iter_mut().take(usize::from(self.template_count)) {
            for chain in 0..self.chain_count {
                template.chain_diffs |= u128::from(bits.take(4, FIELD)?) << (4 * chain);
            }
        }
        Ok(())
    }

    fn read_resolutions(&mut self, bits: &mut Bits<'_>) -> Result<(), ParseError> {
        const FIELD: &str = "render_resolutions";
        if !bits.flag(FIELD)? {
            return Ok(());
        }
        self.resolution_count = self.spatial_layers();
        for resolution in self
            .resolutions
            .iter_mut()
            .take(usize::from(self.resolution_count))
        {
            *resolution = Resolution {
                width: u32::from(bits.take(16, FIELD)?) + 1,
                height: u32::from(bits.take(16, FIELD)?) + 1,
            };
        }
        Ok(())
    }

    /// The template of that id; `None` when it belongs to another structure.
    pub(super) fn template(&self, id: u8) -> Option<&Template> {
        let index = id.wrapping_sub(self.template_id_offset) % 64;
        self.templates
            .get(usize::from(index))
            .filter(|_| index < self.template_count)
    }

    /// How many decode targets there are, 1..=[`MAX_DECODE_TARGETS`].
    #[must_use]
    pub const fn decode_targets(&self) -> u8 {
        self.target_count
    }

    /// How many chains there are, at most as many as decode targets.
    #[must_use]
    pub const fn chains(&self) -> u8 {
        self.chain_count
    }

    /// How many spatial layers there are.
    #[must_use]
    pub fn spatial_layers(&self) -> u8 {
        // Templates are ordered by spatial layer.
        let last = usize::from(self.template_count).saturating_sub(1);
        self.templates
            .get(last)
            .map_or(1, |template| template.layer.spatial_id + 1)
    }

    /// The highest layers a decode target has; `None` when there is no such target.
    #[must_use]
    pub fn target_layer(&self, target: u8) -> Option<Layer> {
        self.target_layers
            .get(usize::from(target))
            .copied()
            .filter(|_| target < self.target_count)
    }

    /// The chain that protects a decode target: as long as no frame of it is missing, the target can be decoded. `None`
    /// without chains, or when there is no such target.
    #[must_use]
    pub fn protecting_chain(&self, target: u8) -> Option<u8> {
        self.protected_by
            .get(usize::from(target))
            .copied()
            .filter(|_| target < self.target_count && self.chain_count > 0)
    }

    /// The size of the pictures of a spatial layer, if it is said.
    #[must_use]
    pub fn resolution(&self, spatial_id: u8) -> Option<Resolution> {
        self.resolutions
            .get(usize::from(spatial_id))
            .copied()
            .filter(|_| spatial_id < self.resolution_count)
    }

    /// The decode target with the best picture within these layers: the highest spatial layer first, then the highest
    /// temporal one. `None` when all have more.
    #[must_use]
    pub fn best_target(&self, limit: Layer) -> Option<u8> {
        (0..self.target_count)
            .filter_map(|target| Some((self.target_layer(target)?, target)))
            .filter(|(layer, _)| {
                layer.spatial_id <= limit.spatial_id && layer.temporal_id <= limit.temporal_id
            })
            .max_by_key(|(layer, target)| (layer.spatial_id, layer.temporal_id, u8::MAX - target))
            .map(|(_, target)| target)
    }

    /// The mask with all decode targets.
    #[must_use]
    pub const fn all_targets(&self) -> u32 {
        u32::MAX >> (u32::BITS - self.target_count as u32)
    }
}

impl DecodeTargetIndication {
    /// That of a decode target among two bits for each.
    pub(super) const fn of(indications: u64, target: u8) -> Self {
        match indications >> (2 * (target as u32 % 32)) & 3 {
            0 => Self::NotPresent,
            1 => Self::Discardable,
            2 => Self::Switch,
            _ => Self::Required,
        }
    }
}

/// For fields of at most eight bits.
fn lower(value: u16) -> u8 {
    value.to_be_bytes()[1]
}
