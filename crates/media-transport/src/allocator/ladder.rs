//! What one source can be sent as, from little to much.

use super::{Layer, Source, SourceKind, View};
use crate::bwe::Bitrate;

/// A camera's layer with so many percent of the shown size is large enough.
const ENOUGH_PERCENT: u64 = 80;

/// One way to send a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rung {
    /// Index into the source's layers.
    pub(super) layer: usize,
    pub(super) key: (u8, u8),
    pub(super) bitrate: Bitrate,
}

/// Appends the rungs of a source to `rungs`, in ascending order of quality and of bitrate; none when it is not shown.
pub(super) fn build(source: &Source<'_>, rungs: &mut Vec<Rung>) {
    if source.kind != SourceKind::Audio && source.view == View::Hidden {
        return;
    }
    let begin = rungs.len();
    let largest = largest_useful(source);
    let has_temporal = source.layers.iter().any(|layer| layer.temporal > 0);
    let useful = |layer: &Layer| {
        // A camera's motion matters more than its size; of a screen it is the other way round.
        let is_still =
            source.kind == SourceKind::Camera && has_temporal && layer.spatial > 0 && layer.temporal == 0;
        !is_still && largest.is_none_or(|largest| layer.area() <= largest)
    };
    let all = source.layers.iter().enumerate();
    rungs.extend(all.filter(|(_, layer)| useful(layer)).map(|(index, layer)| Rung {
        layer: index,
        key: layer.key(),
        bitrate: layer.bitrate,
    }));
    let Some(own) = rungs.get_mut(begin..) else { return };
    // From the best to the worst; what costs as much as something better is of no use.
    own.sort_unstable_by(|a, b| {
        b.key
            .cmp(&a.key)
            .then(a.bitrate.cmp(&b.bitrate))
            .then(a.layer.cmp(&b.layer))
    });
    let (mut cheapest, mut kept) = (None::<Bitrate>, 0);
    for index in 0..own.len() {
        let Some(rung) = own.get(index).copied() else {
            break;
        };
        if cheapest.is_none_or(|cheapest| rung.bitrate < cheapest) {
            cheapest = Some(rung.bitrate);
            if let Some(place) = own.get_mut(kept) {
                *place = rung;
            }
            kept += 1;
        }
    }
    rungs.truncate(begin + kept);
    if let Some(own) = rungs.get_mut(begin..) {
        own.reverse();
    }
}

/// The area of the smallest layer that fills what is shown; `None` when none does or nothing is known.
fn largest_useful(source: &Source<'_>) -> Option<u64> {
    let (width, height) = match source.view {
        View::Tile { width, height } | View::Pinned { width, height } => {
            (u64::from(width), u64::from(height))
        }
        View::Hidden => return None,
    };
    if width == 0 || height == 0 || source.kind == SourceKind::Audio {
        return None;
    }
    let percent = if source.kind == SourceKind::Screen {
        100
    } else {
        ENOUGH_PERCENT
    };
    let fills = |layer: &&Layer| {
        // A picture is fitted into its place: one side fills it.
        u64::from(layer.width) * 100 >= width * percent || u64::from(layer.height) * 100 >= height * percent
    };
    source.layers.iter().filter(fills).map(Layer::area).min()
}

impl Layer {
    fn area(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    fn key(&self) -> (u8, u8) {
        (self.spatial, self.temporal)
    }
}
