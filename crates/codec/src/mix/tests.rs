use std::time::{Duration, Instant};

use anteroom_testkit::clock::Clock;
use proptest::prelude::*;

use super::{
    limiter::CEILING,
    select::{SelectConfig, Selector},
    *,
};
use crate::{AudioFrame, FRAME_SAMPLES, SAMPLE_RATE_HZ};

const TICK: Duration = Duration::from_millis(10);

fn start() -> Instant {
    Clock::new().now()
}

/// Frame `tick` of a sine; it goes on where the frame before ended.
fn sine(tick: usize, hz: f64, amplitude: f64) -> [i32; FRAME_SAMPLES] {
    std::array::from_fn(|i| {
        let at = (tick * FRAME_SAMPLES + i) as f64 / f64::from(SAMPLE_RATE_HZ);
        #[expect(clippy::cast_possible_truncation, reason = "a few times full scale at most")]
        {
            ((at * hz * std::f64::consts::TAU).sin() * amplitude).round() as i32
        }
    })
}

fn tone(tick: usize, hz: f64, amplitude: f64) -> AudioFrame {
    sine(tick, hz, amplitude).map(|sample| i16::try_from(sample).unwrap())
}

/// A bus with any sum, made of as many sources as that takes.
fn bus_of(sum: &[i32; FRAME_SAMPLES]) -> Bus {
    let mut bus = Bus::new();
    let mut rest = *sum;
    while rest.iter().any(|&s| s != 0) {
        let part = rest.map(|s| i16::try_from(s.clamp(-32_767, 32_767)).unwrap());
        bus.add(&part);
        for (rest, part) in rest.iter_mut().zip(part) {
            *rest -= i32::from(part);
        }
    }
    bus
}

/// Limits a sum that is a function of time; gives input and output.
fn limited(ticks: usize, sum: impl Fn(usize) -> [i32; FRAME_SAMPLES]) -> (Vec<i32>, Vec<i16>) {
    let mut mixer = Mixer::new();
    let (mut input, mut output) = (Vec::new(), Vec::new());
    for tick in 0..ticks {
        let frame = sum(tick);
        let mut out = [0; FRAME_SAMPLES];
        mixer.render(&bus_of(&frame), &mut out);
        input.extend(frame);
        output.extend(out);
    }
    (input, output)
}

/// The gain at every sample that is large enough to tell, in decibels.
fn gains_db(input: &[i32], output: &[i16]) -> Vec<f64> {
    let peak = input.iter().map(|s| s.abs()).max().unwrap();
    input
        .iter()
        .zip(output)
        .filter(|(s, _)| s.abs() > peak / 2)
        .map(|(&s, &o)| 20.0 * (f64::from(o) / f64::from(s)).log10())
        .collect()
}

fn spread(values: &[f64]) -> f64 {
    let (least, most) = values
        .iter()
        .fold((f64::MAX, f64::MIN), |(l, m), &v| (l.min(v), m.max(v)));
    most - least
}

#[test]
fn nothing_is_silence_and_one_quiet_source_passes_untouched() {
    let mut mixer = Mixer::new();
    let mut out = [7; FRAME_SAMPLES];
    mixer.mix([], &mut out);
    assert_eq!(out, [0; FRAME_SAMPLES]);
    let voice = tone(0, 400.0, 20_000.0);
    mixer.mix([&voice], &mut out);
    assert_eq!(out, voice);
}

#[test]
fn up_to_the_ceiling_every_sample_is_untouched_and_one_step_above_it_is_not() {
    let ceiling = 29_204;
    assert!((f64::from(CEILING) - f64::from(ceiling)).abs() < 0.5);
    let square =
        |level: i32| move |tick: usize| sine(tick, 700.0, 1.0).map(|s| if s < 0 { -level } else { level });
    let (input, output) = limited(50, square(ceiling));
    assert!(input.iter().zip(&output).all(|(&i, &o)| i == i32::from(o)));
    let (input, output) = limited(50, square(ceiling + 200));
    assert!(input.iter().zip(&output).any(|(&i, &o)| i != i32::from(o)));
}

#[test]
fn a_steady_loud_tone_meets_a_steady_gain() {
    // Frequencies that divide the frame and such that do not, down to a deep voice.
    for hz in [60.0, 100.0, 133.0, 440.0, 997.0, 3001.0, 11_900.0] {
        for amplitude in [33_000.0, 60_000.0, 300_000.0] {
            let (input, output) = limited(200, |tick| sine(tick, hz, amplitude));
            let loudest = output.iter().map(|s| s.unsigned_abs()).max().unwrap();
            assert!(loudest <= 32_767, "{hz} {amplitude}: {loudest}");
            let settled = 50 * FRAME_SAMPLES;
            let gains = gains_db(&input[settled..], &output[settled..]);
            // Rounding to 16 bits alone is 0.0006 dB at half the ceiling.
            assert!(spread(&gains) < 0.1, "{hz} {amplitude}: {}", spread(&gains));
            // It is no quieter than it must be, and not distorted by the knee: the peak sits at the ceiling.
            let peak = output[settled..].iter().map(|s| s.unsigned_abs()).max().unwrap();
            assert!((28_870..=29_300).contains(&peak), "{hz} {amplitude}: {peak}");
        }
    }
}

#[test]
fn the_gain_moves_in_a_line_also_from_frame_to_frame() {
    // A loud second over a constant: the output shows the gain itself.
    let (_, output) = limited(200, |tick| {
        [if (50..150).contains(&tick) { 60_000 } else { 20_000 }; FRAME_SAMPLES]
    });
    let steps = |range: std::ops::Range<usize>| {
        output[range]
            .windows(2)
            .map(|pair| (i32::from(pair[1]) - i32::from(pair[0])).abs())
            .max()
            .unwrap()
    };
    let (on, off) = (50 * FRAME_SAMPLES, 150 * FRAME_SAMPLES);
    assert_eq!(steps(0..on), 0);
    // While it is on, after the first millisecond: nothing but the knee's and the line's small steps.
    assert!(steps(on + 48..off) <= 1, "{}", steps(on + 48..off));
    // On its way back: at most 0.4 % of 0.51 of 20 000 a millisecond.
    assert!(
        steps(off + 1..output.len()) <= 2,
        "{}",
        steps(off + 1..output.len())
    );
    // And it does come back, in bounded time: not at once (that would be pumping), and bit-exact in the end.
    let level = |ms: usize| output[off + ms * 48];
    assert!(level(20) < 10_000, "the hold is too short: {}", level(20));
    assert!((12_000..19_000).contains(&level(250)), "{}", level(250));
    let (_, output) = limited(500, |tick| {
        [if tick < 50 { 60_000 } else { 20_000 }; FRAME_SAMPLES]
    });
    assert!(
        output[50 * FRAME_SAMPLES + 2_400 * 48..]
            .iter()
            .all(|&s| s == 20_000)
    );
}

#[test]
fn a_peak_that_can_be_seen_coming_is_not_distorted() {
    // The loud part begins in the middle of a frame: the gain is down before it comes, so its first peak is scaled.
    let mut mixer = Mixer::new();
    let sum: [i32; FRAME_SAMPLES] = std::array::from_fn(|i| if i < 240 { 1000 } else { 58_408 });
    let mut out = [0; FRAME_SAMPLES];
    mixer.render(&bus_of(&sum), &mut out);
    assert_eq!(out[..190], [1000; 190]);
    assert!(
        out[240..].iter().all(|&s| (29_203..=29_205).contains(&s)),
        "{:?}",
        &out[235..245]
    );
}

#[test]
fn mix_minus_is_the_mix_of_the_others() {
    for amplitude in [3000.0, 30_000.0] {
        let frames: [AudioFrame; 3] = [300.0, 500.0, 110.0].map(|hz| tone(0, hz, amplitude));
        let [a, b, c] = &frames;
        let mut bus = Bus::new();
        frames.iter().for_each(|f| bus.add(f));
        assert_eq!(bus.sources(), 3);
        let (mut minus, mut others) = ([0; FRAME_SAMPLES], [0; FRAME_SAMPLES]);
        Mixer::new().render_without(&bus, b, &mut minus);
        Mixer::new().mix([a, c], &mut others);
        assert_eq!(minus, others);
    }
}

#[test]
fn the_most_sources_at_full_scale_do_not_overflow() {
    let mut bus = Bus::new();
    for _ in 0..=MAX_SOURCES {
        bus.add(&[i16::MIN; FRAME_SAMPLES]);
    }
    assert_eq!(bus.sources(), MAX_SOURCES);
    let mut out = [0; FRAME_SAMPLES];
    Mixer::new().render_without(&bus, &[i16::MAX; FRAME_SAMPLES], &mut out);
    assert!(out.iter().all(|&s| s < -29_000 && s > i16::MIN));
}

proptest! {
    #[test]
    fn any_sum_stays_within_full_scale_and_keeps_its_sign(
        levels in proptest::collection::vec(0f64..32_767.0, 1..40),
        ticks in 1usize..8,
    ) {
        let mut mixer = Mixer::new();
        for tick in 0..ticks {
            let mut bus = Bus::new();
            let mut sums = [0i32; FRAME_SAMPLES];
            for (i, level) in levels.iter().enumerate() {
                let frame = tone(tick, 80.0 + 37.0 * i as f64, *level);
                bus.add(&frame);
                for (sum, sample) in sums.iter_mut().zip(frame) {
                    *sum += i32::from(sample);
                }
            }
            let mut out = [0; FRAME_SAMPLES];
            mixer.render(&bus, &mut out);
            for (&sum, &sample) in sums.iter().zip(&out) {
                prop_assert!(sample > i16::MIN, "hard clipping");
                prop_assert!(sum.signum() * i32::from(sample) >= 0);
                prop_assert!(i32::from(sample).abs() <= sum.abs());
            }
        }
    }
}

fn room(speakers: Option<usize>, legs: usize) -> (Conference, Vec<LegId>) {
    let select = speakers.map(|speakers| SelectConfig {
        speakers,
        ..SelectConfig::default()
    });
    let mut room = Conference::new(ConferenceConfig { select }).unwrap();
    let legs = (0..legs).map(|_| room.join().unwrap()).collect();
    (room, legs)
}

#[test]
fn every_leg_hears_all_but_itself_and_the_silent_share_one_mix() {
    let (mut room, legs) = room(None, 6);
    let start = start();
    for tick in 0..20 {
        let frames: Vec<AudioFrame> = (0..3)
            .map(|i| tone(tick, 200.0 + 90.0 * i as f64, 4000.0))
            .collect();
        for (leg, frame) in legs.iter().zip(&frames) {
            assert!(room.push(*leg, frame));
        }
        // The fourth pushes silence, the others nothing.
        room.push(legs[3], &[0; FRAME_SAMPLES]);
        room.tick(start + TICK * u32::try_from(tick).unwrap());
        assert_eq!(room.speakers(), 3);
        if tick == 0 {
            // Faded in.
            assert!(room.everyone().frame()[..20].iter().all(|s| s.abs() < 500));
            continue;
        }
        let sum = |left_out: usize| -> AudioFrame {
            std::array::from_fn(|s| {
                let others = frames.iter().enumerate().filter(|(i, _)| *i != left_out);
                others.map(|(_, frame)| frame[s]).sum()
            })
        };
        for (i, &leg) in legs.iter().enumerate() {
            let expected = sum(i);
            let heard = room.heard(leg);
            assert_eq!(room.is_heard(leg), i < 3);
            if i < 3 {
                assert_eq!(heard, Heard::Own(&expected), "{tick} {i}");
            } else {
                assert_eq!(heard, Heard::Everyone(&expected), "{tick} {i}");
            }
        }
    }
}

#[test]
fn who_stops_talking_in_a_loud_room_goes_back_to_the_shared_mix_without_a_step() {
    let (mut room, legs) = room(None, 3);
    let start = start();
    let mut heard = Vec::new();
    let mut shared = Vec::new();
    for tick in 0..300u32 {
        // Two shout so that the limiter works; the third, a constant zero-sum voice of small size, stops at 1 s.
        room.push(legs[0], &[30_000; FRAME_SAMPLES]);
        room.push(legs[1], &[10_000; FRAME_SAMPLES]);
        if tick < 100 {
            room.push(legs[2], &[20_000; FRAME_SAMPLES]);
        }
        room.tick(start + TICK * tick);
        let now = room.heard(legs[2]);
        shared.push(matches!(now, Heard::Everyone(_)));
        heard.extend_from_slice(now.frame());
    }
    assert!(shared[..100].iter().all(|s| !s), "who talks has a mix of its own");
    assert!(shared[299], "and shares it again later");
    let settled = &heard[48_000 / 10..];
    let step = settled
        .windows(2)
        .map(|pair| (i32::from(pair[1]) - i32::from(pair[0])).abs())
        .max()
        .unwrap();
    // A hundredth of a decibel of 29 204 is 34.
    assert!(step <= 40, "{step}");
}

#[test]
fn a_leg_that_left_is_not_heard_and_its_name_is_not_used_again() {
    let (mut room, legs) = room(Some(1), 2);
    let start = start();
    assert!(room.push_with_level(legs[0], &[9000; FRAME_SAMPLES], 10));
    room.tick(start);
    assert!(room.is_heard(legs[0]));
    assert!(room.leave(legs[0]));
    assert!(!room.leave(legs[0]));
    let newcomer = room.join().unwrap();
    assert_ne!(newcomer, legs[0]);
    assert!(!room.push(legs[0], &[9000; FRAME_SAMPLES]));
    assert!(!room.is_heard(legs[0]));
    room.tick(start + TICK);
    assert_eq!(room.speakers(), 0);
    assert_eq!(room.heard(newcomer), Heard::Everyone(&[0; FRAME_SAMPLES]));
    assert_eq!(room.heard(legs[0]), room.everyone());
}

#[test]
fn changes_of_the_selection_are_faded() {
    // Constants make every click visible. The second leg is 20 dB louder, from 1 s on.
    let (mut room, legs) = room(Some(1), 3);
    let start = start();
    let mut heard = Vec::new();
    for tick in 0..200u32 {
        room.push_with_level(legs[0], &[1000; FRAME_SAMPLES], 30);
        if tick >= 100 {
            room.push_with_level(legs[1], &[10_000; FRAME_SAMPLES], 10);
        }
        room.tick(start + TICK * tick);
        assert!(room.speakers() <= 2, "one, and during a fade one more");
        heard.extend_from_slice(room.heard(legs[2]).frame());
    }
    assert_eq!(heard[60 * FRAME_SAMPLES], 1000);
    assert_eq!(heard.last(), Some(&10_000));
    let step = heard.windows(2).map(|p| (p[1] - p[0]).abs()).max().unwrap();
    // 9000 over 480 samples is 19 per sample; a cut would be 9000.
    assert!((15..=25).contains(&step), "{step}");
}

/// Feeds levels for some time; gives who was selected at each tick.
fn run(
    selector: &mut Selector<u8>,
    start: Instant,
    ticks: std::ops::Range<u32>,
    level: impl Fn(u32, u8) -> u8,
) -> Vec<Vec<u8>> {
    let mut history = Vec::new();
    for tick in ticks {
        let now = start + TICK * tick;
        for member in 0..6 {
            selector.update(now, member, level(tick, member));
        }
        let before: Vec<u8> = selector.selected().collect();
        let changed = selector.select(now);
        let after: Vec<u8> = selector.selected().collect();
        assert_eq!(changed, before != after);
        assert!(after.len() <= selector.config().speakers);
        history.push(after);
    }
    history
}

fn selector(speakers: usize) -> Selector<u8> {
    Selector::new(SelectConfig {
        speakers,
        ..SelectConfig::default()
    })
    .unwrap()
}

fn changes(history: &[Vec<u8>]) -> usize {
    history.windows(2).filter(|pair| pair[0] != pair[1]).count()
}

#[test]
fn the_loudest_are_selected_at_once_and_the_silent_never() {
    for speakers in 1..=4 {
        let mut selector = selector(speakers);
        // Members 0 to 3 speak, the higher the louder; 4 and 5 are silent.
        let history = run(&mut selector, start(), 0..300, |_, m| {
            if m < 4 { 50 - 8 * m } else { 90 }
        });
        let loudest: Vec<u8> = (0..4).skip(4 - speakers).collect();
        assert!(history.iter().all(|selected| *selected == loudest), "{history:?}");
    }
    let history = run(&mut selector(3), start(), 0..300, |_, _| 80);
    assert!(history.iter().all(Vec::is_empty), "nobody speaks");
}

#[test]
fn two_of_about_the_same_loudness_do_not_flap() {
    // Syllables of 150 ms, the two in turns 5 dB louder and quieter.
    let mut selector = selector(1);
    let history = run(&mut selector, start(), 0..3000, |tick, m| match m {
        0 | 1 if (tick / 15 + u32::from(m)) % 2 == 0 => 25,
        0 | 1 => 30,
        _ => 127,
    });
    assert_eq!(changes(&history), 0);
}

#[test]
fn who_is_clearly_louder_takes_over_after_the_hold_and_not_before() {
    let mut selector = selector(1);
    let start = start();
    let config = selector.config().clone();
    // 1 speaks 20 dB louder than 0 from tick 10 on: 0 has its place since tick 0.
    let history = run(&mut selector, start, 0..300, |tick, m| match m {
        0 => 40,
        1 if tick >= 10 => 20,
        _ => 127,
    });
    let taken = history.iter().position(|selected| *selected == [1]).unwrap();
    let hold = usize::try_from(config.min_hold.as_millis() / 10).unwrap();
    assert!((hold..=hold + 2).contains(&taken), "{taken}");
    assert_eq!(changes(&history), 1);
    // Once the hold is over, only the lead (and the meter's attack) is waited for.
    let history = run(&mut selector, start, 300..500, |tick, m| match m {
        1 => 40,
        2 if tick >= 350 => 20,
        _ => 127,
    });
    let taken = history.iter().position(|selected| *selected == [2]).unwrap();
    assert!((60..=65).contains(&taken), "{taken}");
    // A knock shorter than the lead takes nobody's place.
    let history = run(&mut selector, start, 500..800, |tick, m| match m {
        2 => 40,
        3 if (600..604).contains(&tick) => 5,
        _ => 127,
    });
    assert_eq!(changes(&history), 0);
}

#[test]
fn a_pause_keeps_the_place_and_a_free_one_is_given_at_once() {
    let mut selector = selector(2);
    let start = start();
    // 0 pauses for 1.5 s: keeps its place. Then for good: loses it after decay and hangover, in bounded time.
    let history = run(&mut selector, start, 0..1200, |tick, m| match m {
        0 if tick < 300 || (450..600).contains(&tick) => 30,
        5 if tick >= 100 => 30,
        _ => 127,
    });
    assert_eq!(history[99], [0]);
    assert_eq!(history[100], [0, 5], "no beginning of a word is lost");
    let left = history.iter().position(|selected| *selected == [5]).unwrap();
    assert!((800..=802).contains(&left), "{left}");
    assert_eq!(changes(&history), 2);
}

#[test]
fn a_place_changes_hands_at_most_once_in_its_hold() {
    // Everybody shouts in turns of 50 ms, far louder each time.
    let mut selector = selector(2);
    let ticks = 2000;
    let history = run(&mut selector, start(), 0..ticks, |tick, m| {
        if (tick / 30) % 6 == u32::from(m) { 5 } else { 70 }
    });
    let most = 2 * (u64::from(ticks) * 10).div_ceil(600) + 2;
    assert!(
        (2..=most).contains(&(changes(&history) as u64)),
        "{}",
        changes(&history)
    );
}

#[test]
fn who_sends_no_levels_any_more_is_silent() {
    let mut selector = selector(1);
    let start = start();
    selector.update(start, 1, 10);
    assert!(selector.select(start));
    assert!(selector.is_selected(&1));
    let later = start + Duration::from_millis(2_300);
    selector.select(start + Duration::from_millis(250));
    assert!(selector.select(later));
    assert_eq!(selector.selected().count(), 0);
    // A clock that seems to go backwards does no harm, and who is removed is forgotten.
    selector.update(start, 2, 10);
    selector.select(start);
    selector.remove(&2);
    assert!(!selector.is_selected(&2));
}

#[test]
fn equal_claims_and_no_holds_come_to_an_end() {
    let config = SelectConfig {
        speakers: 2,
        margin_db: 0,
        lead: Duration::ZERO,
        min_hold: Duration::ZERO,
        ..SelectConfig::default()
    };
    let mut selector = Selector::new(config).unwrap();
    run(&mut selector, start(), 0..100, |_, _| 10);
    assert_eq!(selector.selected().count(), 2);
}

#[test]
fn refuses_settings_that_make_no_sense() {
    for config in [
        SelectConfig {
            speakers: 0,
            ..SelectConfig::default()
        },
        SelectConfig {
            silence_level: 128,
            ..SelectConfig::default()
        },
        SelectConfig {
            margin_db: 200,
            ..SelectConfig::default()
        },
    ] {
        assert!(matches!(
            Selector::<u8>::new(config.clone()),
            Err(crate::Error::Setting(_))
        ));
        assert!(Conference::new(ConferenceConfig { select: Some(config) }).is_err());
    }
}
