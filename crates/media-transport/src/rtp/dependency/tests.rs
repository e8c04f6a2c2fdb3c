use proptest::collection::vec;
use proptest::prelude::*;

use super::bits::BitWriter;
use super::*;

/// Layer, indications, frame diffs and chain diffs.
type TemplateModel = (Layer, Vec<u8>, Vec<u8>, Vec<u8>);

/// A structure as a test says it.
#[derive(Debug, Clone)]
struct Model {
    offset: u8,
    targets: u8,
    templates: Vec<TemplateModel>,
    /// By decode target.
    protected_by: Vec<u8>,
    chains: u8,
    resolutions: Vec<(u16, u16)>,
}

fn put_non_symmetric(bits: &mut BitWriter<'_>, values: u16, value: u16) {
    let width = u16::BITS - values.leading_zeros();
    let short = (1 << width) - values;
    if value < short {
        bits.put(width - 1, value).unwrap();
    } else {
        bits.put(width, value + short).unwrap();
    }
}

impl Model {
    fn write(&self, bits: &mut BitWriter<'_>) {
        bits.put(6, u16::from(self.offset)).unwrap();
        bits.put(5, u16::from(self.targets) - 1).unwrap();
        for (at, (layer, ..)) in self.templates.iter().enumerate() {
            let next = match self.templates.get(at + 1) {
                None => 3,
                Some((next, ..)) if next == layer => 0,
                Some((next, ..)) if next.spatial_id == layer.spatial_id => 1,
                Some(_) => 2,
            };
            bits.put(2, next).unwrap();
        }
        for indication in self.templates.iter().flat_map(|template| &template.1) {
            bits.put(2, u16::from(*indication)).unwrap();
        }
        for (_, _, diffs, _) in &self.templates {
            for diff in diffs {
                bits.put(1, 1).unwrap();
                bits.put(4, u16::from(*diff) - 1).unwrap();
            }
            bits.put(1, 0).unwrap();
        }
        put_non_symmetric(bits, u16::from(self.targets) + 1, u16::from(self.chains));
        if self.chains > 0 {
            for chain in &self.protected_by {
                put_non_symmetric(bits, u16::from(self.chains), u16::from(*chain));
            }
            for diff in self.templates.iter().flat_map(|template| &template.3) {
                bits.put(4, u16::from(*diff)).unwrap();
            }
        }
        bits.put(1, u16::from(!self.resolutions.is_empty())).unwrap();
        for (width, height) in &self.resolutions {
            bits.put(16, *width).unwrap();
            bits.put(16, *height).unwrap();
        }
    }
}

/// Two spatial and two temporal layers, as libwebrtc's L2T2 has them in essence.
fn l2t2() -> Model {
    let layer = |spatial_id, temporal_id| Layer {
        spatial_id,
        temporal_id,
    };
    Model {
        offset: 60,
        targets: 4,
        templates: vec![
            (layer(0, 0), vec![2, 2, 2, 2], vec![], vec![0, 0]),
            (layer(0, 0), vec![3, 3, 2, 2], vec![4], vec![4, 3]),
            (layer(0, 1), vec![0, 1, 0, 3], vec![2], vec![2, 1]),
            (layer(1, 0), vec![0, 0, 2, 2], vec![1], vec![1, 1]),
            (layer(1, 0), vec![0, 0, 3, 3], vec![4, 1], vec![1, 1]),
            (layer(1, 1), vec![0, 0, 0, 1], vec![2, 1], vec![3, 2]),
        ],
        protected_by: vec![0, 0, 1, 1],
        chains: 2,
        resolutions: vec![(639, 359), (1279, 719)],
    }
}

fn written(len: usize, write: impl FnOnce(&mut BitWriter<'_>)) -> Vec<u8> {
    let mut bytes = vec![0; len];
    let mut bits = BitWriter::new(&mut bytes);
    write(&mut bits);
    let len = bits.len();
    bytes.truncate(len);
    bytes
}

fn keyframe(model: &Model, template: u8, number: u16) -> Vec<u8> {
    written(4000, |bits| {
        bits.put(8, 0x80 | u16::from((model.offset + template) % 64))
            .unwrap();
        bits.put(16, number).unwrap();
        bits.put(5, 0b1_0000).unwrap();
        model.write(bits);
    })
}

/// Start and end of a frame that names a template.
fn short(model: &Model, template: u8, number: u16) -> [u8; 3] {
    let [a, b] = number.to_be_bytes();
    [0xc0 | ((model.offset + template) % 64), a, b]
}

#[test]
fn reads_a_keyframe_and_frames_by_template() {
    let model = l2t2();
    let mut reader = DependencyReader::new();
    assert_eq!(
        reader.read(1, &short(&model, 0, 1)),
        Err(ParseError::invalid("template_dependency_structure"))
    );
    let frame = reader.read(2, &keyframe(&model, 0, 100)).unwrap();
    assert!(frame.is_keyframe_start() && frame.start_of_frame && !frame.end_of_frame);
    assert_eq!((frame.frame_number, frame.active_targets), (100, Some(0b1111)));
    assert_eq!(frame.frame_diffs().count(), 0);
    assert_eq!(
        frame.resolution,
        Some(Resolution {
            width: 640,
            height: 360
        })
    );
    let structure = reader.structure().unwrap();
    assert_eq!(
        (
            structure.decode_targets(),
            structure.chains(),
            structure.spatial_layers()
        ),
        (4, 2, 2)
    );
    let layers: Vec<_> = (0..5).map(|target| structure.target_layer(target)).collect();
    let layer = |spatial_id, temporal_id| {
        Some(Layer {
            spatial_id,
            temporal_id,
        })
    };
    assert_eq!(layers, [layer(0, 0), layer(0, 1), layer(1, 0), layer(1, 1), None]);
    assert_eq!(
        (
            structure.protecting_chain(1),
            structure.protecting_chain(2),
            structure.protecting_chain(4)
        ),
        (Some(0), Some(1), None)
    );
    assert_eq!(structure.best_target(layer(0, 7).unwrap()), Some(1));
    assert_eq!(structure.best_target(layer(3, 0).unwrap()), Some(2));

    let frame = reader.read(9, &short(&model, 5, 103)).unwrap();
    assert!(frame.start_of_frame && frame.end_of_frame && !frame.is_keyframe_start());
    assert_eq!((Some(frame.layer), frame.active_targets), (layer(1, 1), None));
    assert_eq!(frame.frame_diffs().collect::<Vec<_>>(), [2, 1]);
    assert_eq!(
        (frame.chain_diff(0), frame.chain_diff(1), frame.chain_diff(2)),
        (Some(3), Some(2), None)
    );
    let needed: Vec<_> = (0..5).map(|target| frame.is_needed_for(target)).collect();
    assert_eq!(needed, [false, false, false, true, false]);
    assert_eq!(frame.indication(3), DecodeTargetIndication::Discardable);
    assert_eq!(
        reader.read(10, &short(&model, 6, 104)),
        Err(ParseError::invalid("frame_dependency_template_id"))
    );
    assert_eq!(
        reader.read(10, &[0, 0]),
        Err(ParseError::truncated("dependency descriptor"))
    );
}

/// From a keyframe of Chrome, VP9 with three spatial and three temporal layers (in the tests of LiveKit, too).
const CHROME_L3T3: &str = "c1017280081485214eafffaaaa863cf0430c10c302afc0aaa0063c00430010c002a000a80006000040001d954926e0\
    82b04a0941b820ac1282503157f974000ca864330e222222eca8655304224230eca877530077004200ef008601df010d";

#[test]
fn reads_what_chrome_sends() {
    let digits: Vec<u8> = CHROME_L3T3
        .bytes()
        .map(|digit| u8::try_from(char::from(digit).to_digit(16).unwrap()).unwrap())
        .collect();
    let value: Vec<u8> = digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect();
    let mut reader = DependencyReader::new();
    let frame = reader.read(1, &value).unwrap();
    assert!(frame.start_of_frame && frame.end_of_frame && frame.is_keyframe_start());
    assert_eq!((frame.frame_number, frame.layer), (0x172, Layer::default()));
    let structure = reader.structure().unwrap();
    assert_eq!(
        (
            structure.decode_targets(),
            structure.chains(),
            structure.spatial_layers()
        ),
        (9, 3, 3)
    );
    assert_eq!(frame.active_targets, Some(0x1ff));
    let sizes: Vec<_> = (0..3)
        .map(|layer| structure.resolution(layer).unwrap().width)
        .collect();
    assert_eq!(sizes, [120, 240, 480]);
    let layers: Vec<_> = (0..9)
        .map(|target| structure.target_layer(target).unwrap())
        .collect();
    let expected = (0..3).flat_map(|spatial_id| {
        (0..3).map(move |temporal_id| Layer {
            spatial_id,
            temporal_id,
        })
    });
    assert!(layers.iter().copied().eq(expected), "{layers:?}");
    assert!((0..9).all(|target| structure.protecting_chain(target) == Some(target / 3)));
    assert!((0..9).all(|target| frame.is_needed_for(target)));
}

#[test]
fn a_late_structure_does_not_push_out_a_newer_one() {
    let old = l2t2();
    let mut new = l2t2();
    new.offset = 10;
    let mut reader = DependencyReader::new();
    reader.read(50, &keyframe(&new, 0, 200)).unwrap();
    let late = reader.read(20, &keyframe(&old, 0, 100)).unwrap();
    assert_eq!(late.frame_number, 100);
    assert!(reader.read(51, &short(&new, 1, 201)).is_ok());
    assert!(reader.read(21, &short(&old, 1, 101)).is_err());
    reader.read(52, &keyframe(&old, 0, 202)).unwrap();
    assert!(reader.read(53, &short(&old, 1, 203)).is_ok());
}

#[test]
fn reads_what_a_frame_has_of_its_own() {
    let model = l2t2();
    let mut reader = DependencyReader::new();
    reader.read(1, &keyframe(&model, 0, 1)).unwrap();
    let value = written(64, |bits| {
        bits.put(8, u16::from((model.offset + 1) % 64)).unwrap();
        bits.put(16, 7).unwrap();
        bits.put(5, 0b0_1111).unwrap();
        bits.put(4, 0b0011).unwrap();
        for indication in [0, 1, 2, 3] {
            bits.put(2, indication).unwrap();
        }
        for (size, diff) in [(1, 16), (2, 200), (3, 4096)] {
            bits.put(2, size).unwrap();
            bits.put(4 * u32::from(size), diff - 1).unwrap();
        }
        bits.put(2, 0).unwrap();
        bits.put(8, 255).unwrap();
        bits.put(8, 17).unwrap();
    });
    let frame = reader.read(2, &value).unwrap();
    assert_eq!(
        (frame.active_targets, reader.active_targets()),
        (Some(0b0011), 0b0011)
    );
    assert_eq!(frame.frame_diffs().collect::<Vec<_>>(), [16, 200, 4096]);
    assert_eq!((frame.chain_diff(0), frame.chain_diff(1)), (Some(255), Some(17)));
    assert_eq!(frame.indication(2), DecodeTargetIndication::Switch);
    for end in 3..value.len() {
        let cut = reader.clone().read(2, &value[..end]);
        assert!(cut.is_err() || end == 3, "{end} of {}", value.len());
    }
    // A mask from before says nothing about now.
    let mut earlier = value.clone();
    let len = frame.write_active_targets(&value, 0b1000, &mut earlier).unwrap();
    reader.read(1, &earlier[..len]).unwrap();
    assert_eq!(reader.active_targets(), 0b0011);
}

#[test]
fn refuses_what_the_limits_do_not_allow() {
    let refused = |model: &Model| {
        DependencyReader::new()
            .read(1, &keyframe(model, 0, 1))
            .unwrap_err()
    };
    let mut many = l2t2();
    many.templates = vec![many.templates[0].clone(); 65];
    assert_eq!(refused(&many), ParseError::invalid("template_layers"));
    many.templates.pop();
    many.resolutions.truncate(1);
    assert!(DependencyReader::new().read(1, &keyframe(&many, 63, 1)).is_ok());

    let mut spatial = l2t2();
    spatial.templates = (0..5)
        .map(|spatial_id| {
            (
                Layer {
                    spatial_id,
                    temporal_id: 0,
                },
                vec![0; 4],
                vec![],
                vec![0; 2],
            )
        })
        .collect();
    assert_eq!(refused(&spatial), ParseError::invalid("template_layers"));
    let mut temporal = l2t2();
    temporal.templates = (0..9)
        .map(|temporal_id| {
            (
                Layer {
                    spatial_id: 0,
                    temporal_id,
                },
                vec![0; 4],
                vec![],
                vec![0; 2],
            )
        })
        .collect();
    assert_eq!(refused(&temporal), ParseError::invalid("template_layers"));

    let mut diffs = l2t2();
    diffs.templates[1].2 = vec![1; 9];
    assert_eq!(refused(&diffs), ParseError::invalid("template_fdiffs"));
    let whole = keyframe(&l2t2(), 0, 1);
    for end in 4..whole.len() {
        assert!(DependencyReader::new().read(1, &whole[..end]).is_err(), "{end}");
    }
}

#[test]
fn the_mask_is_written_where_there_was_none() {
    let model = l2t2();
    let mut reader = DependencyReader::new();
    let key = keyframe(&model, 0, 1);
    let frame = reader.read(1, &key).unwrap();
    let mut out = [0xff; 64];
    let len = frame.write_active_targets(&key, 0b0101, &mut out).unwrap();
    let again = DependencyReader::new().read(1, &out[..len]).unwrap();
    assert_eq!(again.active_targets, Some(0b0101));
    assert!(again.has_structure);

    let value = short(&model, 2, 5);
    let frame = reader.read(2, &value).unwrap();
    let len = frame.write_active_targets(&value, 0xffff_fff3, &mut out).unwrap();
    assert_eq!(len, 5, "five flags and four bits");
    let again = reader.read(2, &out[..len]).unwrap();
    assert_eq!(
        (again.active_targets, again.frame_number, again.layer),
        (Some(0b0011), 5, frame.layer)
    );
    assert_eq!(frame.write_active_targets(&value, 1, &mut out[..4]), None);
}

fn model() -> impl Strategy<Value = Model> {
    let shape = (
        1_u8..=32,
        vec((0_u8..3, any::<bool>()), 0..20),
        any::<bool>(),
        0_u8..64,
    );
    shape
        .prop_flat_map(|(targets, steps, sized, offset)| {
            let mut layer = Layer::default();
            let mut layers = vec![layer];
            for (step, _) in steps {
                match step {
                    1 if layer.temporal_id < 7 => layer.temporal_id += 1,
                    2 if layer.spatial_id < 3 => {
                        layer = Layer {
                            spatial_id: layer.spatial_id + 1,
                            temporal_id: 0,
                        }
                    }
                    _ => {}
                }
                layers.push(layer);
            }
            let sizes = if sized {
                usize::from(layer.spatial_id) + 1
            } else {
                0
            };
            let count = layers.len();
            let dtis = vec(vec(0_u8..4, usize::from(targets)), count);
            let diffs = vec(vec(1_u8..=16, 0..=8), count);
            let chains = 0..=targets;
            (
                Just((targets, layers, offset)),
                dtis,
                diffs,
                chains,
                vec(any::<(u16, u16)>(), sizes),
            )
        })
        .prop_flat_map(|((targets, layers, offset), dtis, diffs, chains, resolutions)| {
            let protected = vec(0..chains.max(1), usize::from(targets));
            let chain_diffs = vec(vec(0_u8..16, usize::from(chains)), layers.len());
            (
                Just((targets, layers, offset, dtis, diffs, chains, resolutions)),
                protected,
                chain_diffs,
            )
        })
        .prop_map(
            |((targets, layers, offset, dtis, diffs, chains, resolutions), protected_by, chain_diffs)| {
                Model {
                    offset,
                    targets,
                    templates: layers
                        .into_iter()
                        .zip(dtis)
                        .zip(diffs)
                        .zip(chain_diffs)
                        .map(|(((layer, dtis), diffs), chains)| (layer, dtis, diffs, chains))
                        .collect(),
                    protected_by,
                    chains,
                    resolutions,
                }
            },
        )
}

proptest! {
    #[test]
    fn structures_read_back(model in model(), mask: u32, number: u16) {
        let mut reader = DependencyReader::new();
        let key = keyframe(&model, 0, number);
        let first = reader.read(5, &key).unwrap();
        prop_assert_eq!(first.frame_number, number);
        let structure = reader.structure().unwrap().clone();
        prop_assert_eq!(structure.decode_targets(), model.targets);
        for target in 0..model.targets {
            let chain = (model.chains > 0).then(|| model.protected_by[usize::from(target)]);
            prop_assert_eq!(structure.protecting_chain(target), chain);
        }
        for (spatial, size) in (0_u8..).zip(&model.resolutions) {
            let expected = Resolution { width: u32::from(size.0) + 1, height: u32::from(size.1) + 1 };
            prop_assert_eq!(structure.resolution(spatial), Some(expected));
        }
        for (at, (layer, dtis, diffs, chains)) in (0_u8..).zip(&model.templates) {
            let value = short(&model, at, number);
            let frame = reader.read(6, &value).unwrap();
            prop_assert_eq!(frame.layer, *layer);
            let read: Vec<_> = (0..model.targets).map(|target| frame.indication(target) as u8).collect();
            prop_assert_eq!(&read, dtis);
            prop_assert_eq!(frame.frame_diffs().map(|diff| u8::try_from(diff).unwrap()).collect::<Vec<_>>(), diffs.clone());
            prop_assert_eq!((0..model.chains).map(|chain| frame.chain_diff(chain).unwrap()).collect::<Vec<_>>(), chains.clone());
            let mut out = [0; 16];
            let len = frame.write_active_targets(&value, mask, &mut out).unwrap();
            let active = reader.clone().read(6, &out[..len]).unwrap();
            prop_assert_eq!(active.active_targets, Some(mask & structure.all_targets()));
            prop_assert_eq!((active.indications_of_all(), active.layer), (frame.indications_of_all(), frame.layer));
        }
        // The mask goes behind the structure, and the structure stays.
        let mut out = vec![0; key.len() + 5];
        let len = first.write_active_targets(&key, mask, &mut out).unwrap();
        let mut other = DependencyReader::new();
        let again = other.read(5, &out[..len]).unwrap();
        prop_assert_eq!(other.structure(), Some(&structure));
        prop_assert_eq!(again.active_targets, Some(mask & structure.all_targets()));
        let before = out[..len].to_vec();
        let len = again.write_active_targets(&before, u32::MAX, &mut out).unwrap();
        prop_assert_eq!(other.read(5, &out[..len]).unwrap().active_targets, Some(structure.all_targets()));
    }

    #[test]
    fn hostile_bytes_never_panic(values in vec(vec(any::<u8>(), 0..60), 1..8), mask: u32) {
        let mut reader = DependencyReader::new();
        reader.read(1, &keyframe(&l2t2(), 0, 1)).unwrap();
        for (sequence, value) in (2..).zip(values) {
            let Ok(frame) = reader.read(sequence, &value) else { continue };
            let mut out = [0; 80];
            let len = frame.write_active_targets(&value, mask, &mut out).unwrap();
            prop_assert!(len <= value.len() + 5);
            prop_assert!(reader.clone().read(sequence, &out[..len]).is_ok());
        }
    }
}

impl FrameDependencies {
    fn indications_of_all(&self) -> Vec<DecodeTargetIndication> {
        (0..self.decode_targets())
            .map(|target| self.indication(target))
            .collect()
    }
}
