//! Many who begin to watch at once, and how soon they see something.

use std::time::Instant;

use super::encoder::{Encoder, FRAME, decode};
use super::network::Network;
use super::*;

/// A camera that has been filming for a while with somebody watching, and others who do not watch yet.
fn stage(seed: u64, viewers: usize) -> (Network, Encoder, Vec<usize>) {
    let mut network = Network::new(seed);
    network.delay = ms(20);
    let joined = network.join(1, viewers + 2);
    let mut camera = Encoder::new(joined[0], &[600]);
    network.publish(joined[0], vec![camera.publication(5)]);
    watch(&mut network, joined[1]);
    camera.film(&mut network, Duration::from_secs(5));
    network.clients[joined[0]].reports.plis.clear();
    camera.forget();
    (network, camera, joined[2..].to_vec())
}

fn watch(network: &mut Network, viewer: usize) {
    let subscription = subscription(5, 60);
    network.subscribe(viewer, vec![subscription]);
}

/// Films for a while; at each of these times, in milliseconds, something is done.
fn film(
    network: &mut Network,
    camera: &mut Encoder,
    millis: u64,
    mut act: impl FnMut(&mut Network, u64) -> bool,
) {
    let begin = network.now;
    let mut next_frame = begin;
    for step in 0..millis {
        let now = begin + ms(step);
        while act(network, step) {}
        if next_frame <= now {
            camera.frame(network);
            next_frame += FRAME;
        }
        network.run(begin + ms(step + 1) - network.now);
    }
}

/// How long each waited for its first whole frame, sorted.
fn waits(network: &Network, begun: &[(usize, Instant)]) -> Vec<Duration> {
    let wait = |(viewer, begin): &(usize, Instant)| {
        let got = network.clients[*viewer].got(60);
        let first = decode(&got)[0];
        assert!(first.is_key, "viewer {viewer}");
        let whole = got.iter().find(|got| got.marker).unwrap();
        assert_eq!(whole.timestamp, first.timestamp);
        whole.at - *begin
    };
    let mut waits: Vec<Duration> = begun.iter().map(wait).collect();
    waits.sort_unstable();
    waits
}

#[test]
fn a_hundred_who_come_within_half_a_second_see_something_soon() {
    for seed in 1..4 {
        let (mut network, mut camera, viewers) = stage(seed, 100);
        let mut left = viewers.iter();
        let mut begun = Vec::new();
        film(&mut network, &mut camera, 2000, |network, step| {
            if begun.len() as u64 * 5 > step {
                return false;
            }
            let Some(viewer) = left.next() else { return false };
            watch(network, *viewer);
            begun.push((*viewer, network.now));
            true
        });
        let waits = waits(&network, &begun);
        assert_eq!(waits.len(), 100);
        let (median, longest) = (waits[50], waits[99]);
        assert!(
            (ms(40)..=ms(250)).contains(&median),
            "seed {seed}: {median:?}, {longest:?} at most"
        );
        assert!(longest <= ms(330), "seed {seed}: {longest:?}");
        let asked = network.clients[0].reports.plis.len();
        assert!((3..=5).contains(&asked), "seed {seed}: asked {asked} times");
    }
}

/// Somebody begins and ends to watch twenty times a second.
#[test]
fn who_comes_and_goes_all_the_time_does_not_cost_a_keyframe_each_time() {
    let (mut network, mut camera, viewers) = stage(1, 1);
    let flapping = viewers[0];
    film(&mut network, &mut camera, 30_000, |network, step| {
        if step % 25 == 0 {
            match step / 25 % 2 {
                0 => watch(network, flapping),
                _ => network.subscribe(flapping, vec![]),
            }
        }
        false
    });
    // Two a second is what anybody may cause; beyond that eight at first, and then one more each second.
    let asked = network.clients[0].reports.plis.len();
    assert!((30..=60 + 8 + 30).contains(&asked), "asked {asked} times in 30 s");
    let got = network.clients[1].got(60);
    let frames = decode(&got);
    let late = frames.iter().filter(|frame| frame.at + ms(30_000) >= network.now);
    assert!((890..=901).contains(&late.count()), "who watches sees all of it");
}
