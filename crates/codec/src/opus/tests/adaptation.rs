//! Loss in, protection out: taken at once, left slowly, and never more than the bitrate carries.

use std::time::{Duration, Instant};

use super::*;
use crate::red::PackerConfig;

struct Path {
    adaptation: LossAdaptation,
    now: Instant,
}

impl Path {
    fn new(limits: AdaptationLimits) -> Self {
        #[expect(clippy::disallowed_methods, reason = "any first instant")]
        let now = Instant::now();
        Self {
            adaptation: LossAdaptation::new(limits),
            now,
        }
    }

    /// A report each second.
    fn lose(&mut self, lost: f64, seconds: u32) -> Protection {
        for _ in 0..seconds {
            self.now += Duration::from_secs(1);
            self.adaptation.report(self.now, lost);
        }
        self.adaptation.protection()
    }
}

fn red() -> AdaptationLimits {
    AdaptationLimits {
        most_blocks: 2,
        ..AdaptationLimits::default()
    }
}

#[test]
fn protection_grows_with_the_loss() {
    let mut path = Path::new(red());
    let clean = path.lose(0.0, 5);
    assert_eq!(
        clean,
        Protection {
            expected_loss_percent: 0,
            in_band_fec: false,
            bitrate_bps: 32_000,
            frame: FrameDuration::Ms20,
            red_blocks: 0,
            dred: Duration::ZERO,
        }
    );
    let some = path.lose(0.03, 5);
    assert_eq!(
        (some.in_band_fec, some.expected_loss_percent, some.red_blocks),
        (true, 5, 0)
    );
    let more = path.lose(0.08, 5);
    assert_eq!((more.expected_loss_percent, more.red_blocks), (10, 1));
    let much = path.lose(0.2, 5);
    assert_eq!((much.expected_loss_percent, much.red_blocks), (20, 2));
    assert_eq!(path.lose(1.0, 5).expected_loss_percent, 40);
}

#[test]
fn it_comes_with_one_report_and_goes_after_half_a_minute() {
    let mut path = Path::new(red());
    path.lose(0.0, 20);
    assert_eq!(path.lose(0.1, 1).red_blocks, 1);
    // One bad second is forgotten, but not at once.
    assert_eq!(path.lose(0.0, 4).red_blocks, 1);
    let after = path.lose(0.0, 6);
    assert_eq!((after.red_blocks, after.in_band_fec), (0, true));
    let later = path.lose(0.0, 30);
    assert_eq!((later.in_band_fec, later.expected_loss_percent), (false, 0));
    assert!(path.adaptation.loss() < 0.005);
}

#[test]
fn a_loss_about_a_threshold_changes_nothing() {
    let mut path = Path::new(red());
    path.lose(0.055, 10);
    let mut changes = 0;
    let mut last = path.adaptation.protection();
    for second in 0..600 {
        let next = path.lose([0.03, 0.06, 0.045][second % 3], 1);
        changes += u32::from(next.red_blocks != last.red_blocks || next.in_band_fec != last.in_band_fec);
        last = next;
    }
    assert_eq!((changes, last.red_blocks), (0, 1));
    // But far below it, one does.
    assert_eq!(path.lose(0.01, 60).red_blocks, 0);
}

#[test]
fn a_step_is_held() {
    let mut path = Path::new(red());
    path.lose(0.0, 1);
    path.lose(0.16, 1);
    path.now += STALE;
    // A stale history: the new report counts alone, and the step has been held.
    assert!(!path.lose(0.0, 1).in_band_fec);
    let mut path = Path::new(red());
    path.adaptation.report(path.now, 0.5);
    for _ in 0..40 {
        path.now += Duration::from_millis(100);
        assert_eq!(path.adaptation.report(path.now, 0.0).red_blocks, 2);
    }
}

#[test]
fn what_the_bitrate_cannot_carry_is_not_taken() {
    let mut path = Path::new(red());
    path.lose(0.2, 5);
    // 25.6 kbit/s of headers and three times the sound.
    let ample = path.adaptation.set_available_bps(125_000);
    assert_eq!((ample.red_blocks, ample.bitrate_bps), (2, 32_000));
    let one = path.adaptation.set_available_bps(90_000);
    assert_eq!((one.red_blocks, one.bitrate_bps), (2, 21_466));
    let one = path.adaptation.set_available_bps(65_000 + 12_800);
    assert_eq!((one.red_blocks, one.frame), (2, FrameDuration::Ms20));
    let one = path.adaptation.set_available_bps(58_000);
    assert_eq!(
        (one.red_blocks, one.bitrate_bps, one.frame),
        (1, 22_600, FrameDuration::Ms40)
    );
    let none = path.adaptation.set_available_bps(40_000);
    assert_eq!(
        (none.red_blocks, none.bitrate_bps, none.in_band_fec),
        (0, 27_200, true)
    );
    let narrow = path.adaptation.set_available_bps(20_000);
    assert_eq!(
        (narrow.bitrate_bps, narrow.in_band_fec, narrow.frame),
        (11_808, false, FrameDuration::Ms60)
    );
    let nothing = path.adaptation.set_available_bps(0);
    assert_eq!((nothing.bitrate_bps, nothing.red_blocks), (8000, 0));
    let all = path.adaptation.set_available_bps(u32::MAX);
    assert_eq!(
        (all.bitrate_bps, all.red_blocks, all.in_band_fec),
        (32_000, 2, true)
    );
}

#[test]
fn deep_redundancy_takes_the_place_of_blocks() {
    let dred = Duration::from_millis(500);
    let mut path = Path::new(AdaptationLimits {
        most_dred: dred,
        ..AdaptationLimits::default()
    });
    assert_eq!(path.lose(0.03, 5).dred, Duration::ZERO);
    let deep = path.lose(0.1, 5);
    assert_eq!((deep.dred, deep.red_blocks), (dred, 0));
    let mut config = EncoderConfig::default();
    deep.apply(&mut config);
    assert_eq!((config.expected_loss_percent, config.dred), (10, Duration::ZERO));
    config.dred = Duration::from_millis(10);
    deep.apply(&mut config);
    assert_eq!(config.dred, dred);
    let mut packer = PackerConfig::new(111);
    deep.apply_red(&mut packer);
    assert_eq!(packer.blocks, 0);
}

#[test]
fn nonsense_is_ignored() {
    let mut path = Path::new(red());
    let before = path.lose(0.03, 3);
    for lost in [f64::NAN, f64::INFINITY, -0.1, 1.1] {
        assert_eq!(path.lose(lost, 1), before);
    }
    // Time that stands still or runs backwards does no harm.
    path.now -= Duration::from_secs(3);
    assert!(path.lose(0.5, 1).expected_loss_percent <= 40);
}

proptest! {
    #[test]
    fn every_outcome_is_a_valid_setting(
        reports in proptest::collection::vec((0.0f64..=1.0, 0u64..20_000, any::<u32>(), any::<bool>()), 1..50),
        target_bps in 500u32..200_000, least_bps in 500u32..200_000, most_blocks in any::<u8>(),
    ) {
        let mut path = Path::new(AdaptationLimits { target_bps, least_bps, most_blocks, ..AdaptationLimits::default() });
        let mut encoder = Encoder::new(EncoderConfig::default()).unwrap();
        for (lost, pause, available, small) in reports {
            path.now += Duration::from_millis(pause);
            path.adaptation.report(path.now, lost);
            let protection = path.adaptation.set_available_bps(if small { available % 100_000 } else { available });
            prop_assert!(protection.bitrate_bps <= target_bps && protection.red_blocks <= most_blocks.min(2));
            prop_assert!(protection.bitrate_bps >= least_bps.min(target_bps));
            let mut config = encoder.config().clone();
            protection.apply(&mut config);
            encoder.set_config(config).unwrap();
        }
    }
}
