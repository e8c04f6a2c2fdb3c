use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::test_clock::start;

fn kbps(kbps: u64) -> Bitrate {
    Bitrate::from_kbps(kbps)
}

fn layer(spatial: u8, temporal: u8, height: u32, rate: u64) -> Layer {
    Layer {
        spatial,
        temporal,
        width: height * 16 / 9,
        height,
        bitrate: kbps(rate),
    }
}

fn camera() -> [Layer; 6] {
    [
        layer(0, 0, 180, 100),
        layer(0, 1, 180, 150),
        layer(1, 0, 360, 300),
        layer(1, 1, 360, 500),
        layer(2, 0, 720, 1000),
        layer(2, 1, 720, 1700),
    ]
}

fn screen() -> [Layer; 4] {
    [
        layer(0, 0, 540, 200),
        layer(0, 1, 540, 400),
        layer(1, 0, 1080, 350),
        layer(1, 1, 1080, 1200),
    ]
}

const VOICE: [Layer; 1] = [Layer {
    spatial: 0,
    temporal: 0,
    width: 0,
    height: 0,
    bitrate: Bitrate::from_kbps(40),
}];

fn tile(height: u32) -> View {
    View::Tile {
        width: height * 16 / 9,
        height,
    }
}

fn pinned(height: u32) -> View {
    View::Pinned {
        width: height * 16 / 9,
        height,
    }
}

fn source(id: u64, kind: SourceKind, view: View, layers: &[Layer]) -> Source<'_> {
    Source {
        id,
        kind,
        priority: 0,
        view,
        layers,
    }
}

/// (spatial, temporal) of each source.
fn chosen(
    allocator: &mut Allocator,
    now: Instant,
    budget: u64,
    sources: &[Source<'_>],
) -> Vec<Option<(u8, u8)>> {
    let allocations = allocator.allocate(now, kbps(budget), sources).to_vec();
    let choice = |(allocation, source): (&Allocation, &Source<'_>)| match allocation.choice {
        Choice::Paused => None,
        Choice::Layer(index) => Some((source.layers[index].spatial, source.layers[index].temporal)),
    };
    allocations.iter().zip(sources).map(choice).collect()
}

fn fresh(budget: u64, sources: &[Source<'_>]) -> Vec<Option<(u8, u8)>> {
    chosen(
        &mut Allocator::new(AllocatorConfig::default()),
        start(),
        budget,
        sources,
    )
}

#[test]
fn audio_then_prominent_then_the_others() {
    let (camera, screen) = (camera(), screen());
    let sources = [
        source(1, SourceKind::Camera, tile(180), &camera),
        source(2, SourceKind::Camera, tile(180), &camera),
        source(3, SourceKind::Screen, tile(1080), &screen),
        source(4, SourceKind::Audio, View::Hidden, &VOICE),
    ];
    assert_eq!(fresh(0, &sources), [None, None, None, Some((0, 0))]);
    assert_eq!(
        fresh(239, &sources),
        [Some((0, 1)), None, None, Some((0, 0))],
        "the screen does not fit"
    );
    assert_eq!(fresh(240, &sources), [None, None, Some((0, 0)), Some((0, 0))]);
    // Sharpness before motion, and the cameras have their least before the screen has its motion.
    assert_eq!(
        fresh(600, &sources),
        [Some((0, 0)), Some((0, 0)), Some((1, 0)), Some((0, 0))]
    );
    assert_eq!(
        fresh(1440, &sources),
        [Some((0, 0)), Some((0, 0)), Some((1, 1)), Some((0, 0))]
    );
    assert_eq!(
        fresh(9000, &sources),
        [Some((0, 1)), Some((0, 1)), Some((1, 1)), Some((0, 0))]
    );
}

#[test]
fn nobody_gets_more_than_is_seen() {
    let camera = camera();
    let one = |view| fresh(9000, &[source(1, SourceKind::Camera, view, &camera)]);
    assert_eq!(one(View::Hidden), [None]);
    assert_eq!(one(tile(120)), [Some((0, 1))]);
    assert_eq!(one(tile(220)), [Some((0, 1))], "a little less is enough");
    assert_eq!(one(tile(360)), [Some((1, 1))]);
    assert_eq!(one(pinned(1080)), [Some((2, 1))]);
    assert_eq!(one(tile(0)), [Some((2, 1))], "the size is not known");
}

#[test]
fn cameras_rise_in_turn_by_priority_and_size() {
    let camera = camera();
    let mut sources = [
        source(1, SourceKind::Camera, tile(360), &camera),
        source(2, SourceKind::Camera, tile(360), &camera),
        source(3, SourceKind::Camera, tile(700), &camera),
    ];
    assert_eq!(fresh(450, &sources), [Some((0, 1)), Some((0, 1)), Some((0, 1))]);
    assert_eq!(
        fresh(800, &sources),
        [Some((0, 1)), Some((0, 1)), Some((1, 1))],
        "the largest first"
    );
    sources[1].priority = 1;
    assert_eq!(fresh(800, &sources), [Some((0, 1)), Some((1, 1)), Some((0, 1))]);
    assert_eq!(fresh(100, &sources), [None, Some((0, 0)), None]);
}

#[test]
fn falls_at_once_and_rises_after_a_while_with_room_to_spare() {
    let camera = camera();
    let sources = [source(1, SourceKind::Camera, tile(720), &camera)];
    let mut allocator = Allocator::new(AllocatorConfig::default());
    let mut now = start();
    assert_eq!(chosen(&mut allocator, now, 600, &sources), [Some((1, 1))]);
    now += Duration::from_secs(10);
    assert_eq!(chosen(&mut allocator, now, 499, &sources), [Some((0, 1))]);
    // Room, but nothing to spare.
    for _ in 0..100 {
        now += Duration::from_millis(100);
        assert_eq!(chosen(&mut allocator, now, 520, &sources), [Some((0, 1))]);
        assert_eq!(allocator.poll_timeout(), None);
    }
    // Something to spare, but not for long.
    for _ in 0..20 {
        assert_eq!(chosen(&mut allocator, now, 600, &sources), [Some((0, 1))]);
        now += Duration::from_millis(1400);
        assert_eq!(chosen(&mut allocator, now, 510, &sources), [Some((0, 1))]);
    }
    chosen(&mut allocator, now, 600, &sources);
    let due = allocator.poll_timeout().unwrap();
    assert_eq!(due, now + AllocatorConfig::default().patience);
    assert_eq!(chosen(&mut allocator, due, 600, &sources), [Some((1, 1))]);
    assert_eq!(allocator.poll_timeout(), None);
}

#[test]
fn what_fits_into_what_is_sustained_is_kept_and_nothing_more_is_taken() {
    let layers = camera();
    let sources = [source(1, SourceKind::Camera, tile(720), &layers)];
    let mut allocator = Allocator::new(AllocatorConfig::default());
    let now = start();
    allocator.allocate(now, kbps(600), &sources);
    assert_eq!(allocator.spent(), kbps(500));
    allocator.set_sustained(kbps(2000));
    for millis in [100, 3000] {
        allocator.allocate(now + Duration::from_millis(millis), kbps(450), &sources);
        assert_eq!(allocator.spent(), kbps(500));
    }
    allocator.set_sustained(kbps(490));
    allocator.allocate(now + Duration::from_secs(4), kbps(450), &sources);
    assert_eq!(allocator.spent(), kbps(150));
}

#[test]
fn what_did_not_last_is_tried_less_often() {
    let camera = camera();
    let sources = [source(1, SourceKind::Camera, tile(720), &camera)];
    let mut allocator = Allocator::new(AllocatorConfig::default());
    let mut now = start();
    chosen(&mut allocator, now, 300, &sources);
    now += Duration::from_secs(10);
    let mut rises = Vec::new();
    let begin = now;
    // A budget that goes as soon as it is used.
    let mut budget = 600;
    while now < begin + Duration::from_secs(60) {
        now += Duration::from_millis(50);
        let choice = chosen(&mut allocator, now, budget, &sources);
        if choice == [Some((1, 1))] {
            rises.push(now - begin);
            budget = 400;
        } else {
            budget = 600;
        }
    }
    assert!((4..=8).contains(&rises.len()), "{rises:?}");
}

#[test]
fn says_what_the_next_better_choice_needs() {
    let camera = camera();
    let sources = [
        source(1, SourceKind::Camera, tile(720), &camera),
        source(2, SourceKind::Camera, tile(360), &camera),
    ];
    let config = AllocatorConfig::default();
    let mut allocator = Allocator::new(config);
    let now = start();
    // 150 for each; the next step of either is to 500.
    allocator.allocate(now, kbps(400), &sources);
    assert_eq!(allocator.spent(), kbps(300));
    let headroom = 100 + config.headroom_percent;
    assert_eq!(allocator.needed(), Some(kbps(650).percent(headroom)));
    let mut best = Allocator::new(config);
    best.allocate(now, kbps(9000), &sources);
    assert_eq!(best.needed(), None);
}

/// What did not last is taken soon again only where there is far more than then.
#[test]
fn plenty_is_taken_soon() {
    let camera = camera();
    let sources = [source(1, SourceKind::Camera, tile(360), &camera)];
    let config = AllocatorConfig::default();
    let mut allocator = Allocator::new(config);
    let mut now = start();
    let mut run = |allocator: &mut Allocator, budget: u64, millis: u64| -> u64 {
        for step in 0..millis / 50 {
            allocator.allocate(now, kbps(budget), &sources);
            now += Duration::from_millis(50);
            if allocator.spent() == kbps(500) {
                return step * 50;
            }
        }
        u64::MAX
    };
    run(&mut allocator, 200, 5000);
    assert_eq!(run(&mut allocator, 800, 5000), 500);
    run(&mut allocator, 200, 50);
    // It did not last, so that 560 is waited for twice as long, and 800 is not far more than there was.
    assert_eq!(run(&mut allocator, 800, 5000), 3000);
    run(&mut allocator, 200, 50);
    assert_eq!(run(&mut allocator, 2000, 5000), 500);
}

#[test]
fn what_the_viewer_changes_counts_at_once_and_the_rest_stays() {
    let camera = camera();
    let mut sources = [
        source(1, SourceKind::Camera, tile(180), &camera),
        source(2, SourceKind::Camera, tile(180), &camera),
    ];
    let mut allocator = Allocator::new(AllocatorConfig::default());
    let now = start();
    assert_eq!(
        chosen(&mut allocator, now, 2000, &sources),
        [Some((0, 1)), Some((0, 1))]
    );
    sources[0].view = pinned(720);
    assert_eq!(
        chosen(&mut allocator, now, 2000, &sources),
        [Some((2, 1)), Some((0, 1))]
    );
    sources[0].view = View::Hidden;
    sources[1].view = pinned(720);
    assert_eq!(chosen(&mut allocator, now, 2000, &sources), [None, Some((2, 1))]);
    assert_eq!(allocator.spent(), kbps(1700));
    assert_eq!(chosen(&mut allocator, now, 2000, &sources[..1]), [None]);
    assert_eq!(allocator.spent(), Bitrate::ZERO);
}

#[test]
fn a_new_source_rises_soon_with_a_budget_that_is_still_found() {
    let screen = screen();
    let sources = [source(1, SourceKind::Screen, tile(1080), &screen)];
    let mut allocator = Allocator::new(AllocatorConfig::default());
    let now = start();
    assert_eq!(chosen(&mut allocator, now, 300, &sources), [Some((0, 0))]);
    assert_eq!(
        chosen(&mut allocator, now + Duration::from_millis(100), 2000, &sources),
        [Some((0, 0))]
    );
    assert_eq!(
        chosen(&mut allocator, now + Duration::from_millis(300), 2000, &sources),
        [Some((1, 1))]
    );
}

#[derive(Debug, Clone)]
struct Spec {
    kind: SourceKind,
    view: View,
    priority: u8,
    layers: Vec<Layer>,
}

fn spec() -> impl Strategy<Value = Spec> {
    let kind = prop_oneof![1 => Just(SourceKind::Audio), 1 => Just(SourceKind::Screen), 4 => Just(SourceKind::Camera)];
    let view = prop_oneof![
        1 => Just(View::Hidden),
        4 => (0..1000u32).prop_map(tile),
        1 => (0..1000u32).prop_map(pinned),
    ];
    let layer =
        (0..3u8, 0..3u8, 0..1000u32, 0..3000u64).prop_map(|(s, t, height, rate)| layer(s, t, height, rate));
    (kind, view, 0..3u8, prop::collection::vec(layer, 0..8)).prop_map(|(kind, view, priority, layers)| Spec {
        kind,
        view,
        priority,
        layers,
    })
}

fn sources(specs: &[Spec]) -> Vec<Source<'_>> {
    (0..)
        .zip(specs)
        .map(|(id, spec)| Source {
            id,
            kind: spec.kind,
            priority: spec.priority,
            view: spec.view,
            layers: &spec.layers,
        })
        .collect()
}

fn rates(allocations: &[Allocation], sources: &[Source<'_>]) -> Vec<Option<Bitrate>> {
    let rate = |(allocation, source): (&Allocation, &Source<'_>)| match allocation.choice {
        Choice::Paused => None,
        Choice::Layer(index) => Some(source.layers[index].bitrate),
    };
    allocations.iter().zip(sources).map(rate).collect()
}

fn sum(rates: impl Iterator<Item = Option<Bitrate>>) -> Bitrate {
    rates.flatten().fold(Bitrate::ZERO, Bitrate::saturating_add)
}

proptest! {
    #[test]
    fn never_above_the_budget_but_for_the_least_of_audio(
        specs in prop::collection::vec(spec(), 0..10),
        budgets in prop::collection::vec((0..8_000u64, 0..3_000u64), 1..20),
    ) {
        let sources = sources(&specs);
        let mut allocator = Allocator::new(AllocatorConfig::default());
        let mut now = start();
        for (budget, after) in budgets {
            now += Duration::from_millis(after);
            let rates = rates(allocator.allocate(now, kbps(budget), &sources), &sources);
            prop_assert_eq!(rates.len(), sources.len());
            let total = sum(rates.iter().copied());
            prop_assert_eq!(allocator.spent(), total);
            prop_assert!(total <= allocator.wanted());
            let is_audio = |index: usize| sources[index].kind == SourceKind::Audio;
            if total > kbps(budget) {
                for (index, rate) in rates.iter().enumerate() {
                    let least = sources[index].layers.iter().map(|layer| layer.bitrate).min();
                    if is_audio(index) {
                        prop_assert_eq!(*rate, least);
                    } else {
                        prop_assert!(rate.is_none_or(|rate| rate == Bitrate::ZERO));
                    }
                }
            }
            for (index, source) in sources.iter().enumerate() {
                let is_hidden = source.view == View::Hidden && !is_audio(index);
                prop_assert!(!is_hidden || rates[index].is_none());
                prop_assert!(!is_audio(index) || source.layers.is_empty() || rates[index].is_some());
            }
        }
    }

    #[test]
    fn more_budget_is_not_less_for_audio_and_for_what_is_prominent(
        specs in prop::collection::vec(spec(), 0..8),
        budget in 0..6_000u64,
        more in 0..3_000u64,
    ) {
        let sources = sources(&specs);
        let run = |budget| {
            let mut allocator = Allocator::new(AllocatorConfig::default());
            rates(allocator.allocate(start(), kbps(budget), &sources), &sources)
        };
        let (before, after) = (run(budget), run(budget + more));
        let of = |rates: &[Option<Bitrate>], rank| {
            let one = sources.iter().zip(rates).filter(|(source, _)| Rank::of(source) == rank);
            one.map(|(_, rate)| *rate).collect::<Vec<_>>()
        };
        let audio = [&before, &after].map(|rates| sum(of(rates, Rank::Audio).into_iter()));
        prop_assert!(audio[0] <= audio[1]);
        if audio[0] != audio[1] {
            // What is better for audio may leave less for the others.
            return Ok(());
        }
        let (before, after) = (of(&before, Rank::Prominent), of(&after, Rank::Prominent));
        if let ([before], [after]) = (before.as_slice(), after.as_slice()) {
            prop_assert!(before <= after, "{before:?} {after:?}");
        }
    }

    #[test]
    fn an_ordinary_source_has_nothing_that_a_prominent_one_could_have(
        specs in prop::collection::vec(spec(), 1..8),
        budget in 0..6_000u64,
    ) {
        let sources = sources(&specs);
        let mut allocator = Allocator::new(AllocatorConfig::default());
        let rates = rates(allocator.allocate(start(), kbps(budget), &sources), &sources);
        let ordinary: Vec<_> = (0..sources.len()).filter(|index| Rank::of(&sources[*index]) == Rank::Ordinary).collect();
        let free = kbps(budget).saturating_sub(allocator.spent());
        let spent_on = sum(ordinary.iter().map(|index| rates[*index]));
        for (index, source) in sources.iter().enumerate() {
            if Rank::of(source) != Rank::Prominent || rates[index].is_some() || source.view == View::Hidden {
                continue;
            }
            // It is paused: not even its least would fit in the place of all ordinary ones.
            let mut rungs = Vec::new();
            ladder::build(source, &mut rungs);
            if let Some(least) = rungs.first() {
                prop_assert!(least.bitrate > free.saturating_add(spent_on));
            }
        }
    }

    #[test]
    fn a_small_wave_in_the_budget_changes_nothing(
        specs in prop::collection::vec(spec(), 1..8),
        budget in 100..6_000u64,
        wave in prop::collection::vec(0..4u64, 100),
    ) {
        let sources = sources(&specs);
        let mut allocator = Allocator::new(AllocatorConfig::default());
        let mut now = start();
        let mut changes = 0;
        let mut last = None;
        for percent in wave {
            now += Duration::from_millis(500);
            let budget = kbps(budget).percent(100 - u32::try_from(percent).unwrap());
            let next = Some(rates(allocator.allocate(now, budget, &sources), &sources));
            changes += u32::from(last.is_some() && last != next);
            last = next;
        }
        // It falls to what the trough allows, and what may rise has done so.
        prop_assert!(changes <= 6, "{changes} changes");
    }
}
