use std::time::Duration;

use crate::bwe::Bitrate;

/// How patient an [`Allocator`](super::Allocator) is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct AllocatorConfig {
    /// What must be to spare, in percent of what would be spent, before something better is taken.
    pub headroom_percent: u32,
    /// For how long that must be so.
    pub patience: Duration,
    /// The same when there is more than enough: so many percent of what would be spent.
    pub plenty_percent: u32,
    /// For how long that must be so.
    pub plenty_patience: Duration,
    /// For how long it must be so for a source that is new or was changed by the viewer.
    pub first_patience: Duration,
    /// How long a source counts as new.
    pub new_for: Duration,
    /// The patience doubles, up to this, each time a better choice did not last.
    pub max_patience: Duration,
}

impl Default for AllocatorConfig {
    fn default() -> Self {
        Self {
            headroom_percent: 5,
            patience: Duration::from_millis(1500),
            plenty_percent: 140,
            plenty_patience: Duration::from_millis(500),
            first_patience: Duration::from_millis(200),
            new_for: Duration::from_secs(3),
            max_patience: Duration::from_secs(60),
        }
    }
}

/// What a source shows or plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SourceKind {
    /// Always sent; the client's view does not count.
    Audio,
    /// Sharpness before motion.
    Screen,
    /// Motion before sharpness.
    Camera,
}

/// What the client says it shows of a source. Sizes in pixels of the screen; 0 is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum View {
    /// Nothing.
    Hidden,
    /// One of many.
    Tile {
        /// Its width.
        width: u32,
        /// Its height.
        height: u32,
    },
    /// What the viewer looks at.
    Pinned {
        /// Its width.
        width: u32,
        /// Its height.
        height: u32,
    },
}

/// One way in which a source can be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layer {
    /// Simulcast or spatial layer, from small to large.
    pub spatial: u8,
    /// Temporal layer, from few frames to many.
    pub temporal: u8,
    /// In pixels; 0 is not known.
    pub width: u32,
    /// In pixels; 0 is not known.
    pub height: u32,
    /// What it takes, with the layers that it depends on: measured, or while it is not sent what it is expected to take.
    pub bitrate: Bitrate,
}

/// Something that can be sent.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The owner's number, unique among the sources.
    pub id: u64,
    /// What it is.
    pub kind: SourceKind,
    /// Higher is served earlier among its like.
    pub priority: u8,
    /// What is shown of it.
    pub view: View,
    /// Those that the publisher can send.
    pub layers: &'a [Layer],
}

/// What to send of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// Nothing.
    Paused,
    /// The layer with this index.
    Layer(usize),
}

/// What to send of which source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allocation {
    /// The source.
    pub id: u64,
    /// What to send of it.
    pub choice: Choice,
}
