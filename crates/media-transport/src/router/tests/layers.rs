use std::time::Instant;

use super::client::Got;
use super::encoder::{Decoded, Encoder, decode};
use super::network::Network;
use super::*;
use crate::allocator::View;
use crate::rtcp::transport_cc::TwccRecorder;

const LAYERS: [u64; 3] = [150, 500, 1500];

/// A viewer that tells when packets arrive, and takes retransmissions in a stream of their own.
fn watch(network: &mut Network, client: usize) {
    let mut codec = vp8(101);
    codec.rtx = Some(102);
    network.clients[client].recorder = Some((12, TwccRecorder::new(1)));
    network.subscribe(
        client,
        vec![Subscription {
            rtx_ssrc: Some(61),
            codecs: vec![codec],
            extensions: ExtensionIds {
                transport_sequence: Some(12),
                ..ExtensionIds::NONE
            },
            ..Subscription::new(TrackId(5), "w", 60)
        }],
    );
}

/// The first of `viewers + 1` clients films, the others watch.
fn stage(seed: u64, viewers: usize, kbps: &[u64]) -> (Network, Encoder, Vec<usize>) {
    let mut network = Network::new(seed);
    let joined = network.join(1, viewers + 1);
    let encoder = Encoder::new(joined[0], kbps);
    network.publish(joined[0], vec![encoder.publication(5)]);
    let viewers = joined[1..].to_vec();
    for viewer in &viewers {
        watch(&mut network, *viewer);
    }
    (network, encoder, viewers)
}

fn show(network: &mut Network, client: usize, view: View) {
    let peer = PeerId(u64::try_from(client).unwrap());
    let views = vec![TrackView {
        track: TrackId(5),
        view,
        priority: 0,
    }];
    network.command(Command::SetViews { peer, views });
}

fn decoded(network: &Network, client: usize) -> Vec<Decoded> {
    decode(&network.clients[client].got(60))
}

/// Which layers came since then, and how many frames a second.
fn since(frames: &[Decoded], begin: Instant, end: Instant) -> ([usize; 3], usize) {
    let mut layers = [0; 3];
    let mut count = 0;
    for frame in frames.iter().filter(|frame| frame.at >= begin) {
        layers[usize::from(frame.layer)] += 1;
        count += 1;
    }
    let seconds = usize::try_from((end - begin).as_millis()).unwrap();
    (layers, count * 1000 / seconds.max(1))
}

fn demands(network: &Network) -> Vec<(bool, Vec<String>)> {
    let demands = network.events.iter().filter_map(|event| match event {
        Event::Demand { is_watched, rids, .. } => Some((*is_watched, rids.clone())),
        _ => None,
    });
    demands.collect()
}

#[test]
fn each_viewer_gets_the_layer_its_path_carries() {
    let (mut network, mut camera, viewers) = stage(1, 2, &LAYERS);
    network.limit(viewers[0], 5_000_000);
    network.limit(viewers[1], 800_000);
    camera.film(&mut network, ms(15_000));
    let begin = network.now;
    camera.film(&mut network, ms(10_000));
    let end = network.now;
    let (rich, rate) = since(&decoded(&network, viewers[0]), begin, end);
    assert!(
        rich[2] > 280 && rate >= 29,
        "{rich:?}: the poor one does not hurt the rich one"
    );
    let (poor, _) = since(&decoded(&network, viewers[1]), begin, end);
    assert!(poor[1] > 250 && poor[2] == 0, "{poor:?}");
    let path = network.bottlenecks[&network.clients[viewers[1]].address];
    assert!(path.longest < ms(200), "{:?} in the queue", path.longest);
}

#[test]
fn what_is_sent_follows_the_capacity_down_and_up() {
    let (mut network, mut camera, viewers) = stage(2, 1, &LAYERS);
    let viewer = viewers[0];
    network.limit(viewer, 3_000_000);
    camera.film(&mut network, ms(15_000));
    let (layers, _) = since(&decoded(&network, viewer), network.now - ms(3000), network.now);
    assert!(layers[2] > 80, "{layers:?}");
    network.limit(viewer, 300_000);
    camera.film(&mut network, ms(10_000));
    let address = network.clients[viewer].address;
    let dropped = network.bottlenecks[&address].dropped;
    let lossy = network.clients[viewer].got(60).len();
    camera.film(&mut network, ms(5000));
    let got = network.clients[viewer].got(60);
    let (layers, rate) = since(&frames_of(&got[lossy..]), network.now - ms(3000), network.now);
    assert!(layers[0] > 40 && layers[2] == 0, "{layers:?} at {rate}");
    assert!(
        network.bottlenecks[&address].dropped < dropped + 20,
        "the path is not overfull any more"
    );
    network.limit(viewer, 3_000_000);
    camera.film(&mut network, ms(30_000));
    let got = network.clients[viewer].got(60);
    let (layers, _) = since(&frames_of(&got[lossy..]), network.now - ms(3000), network.now);
    assert!(layers[2] > 80, "{layers:?}");
}

/// Frames of a stream with losses, whatever could be decoded.
fn frames_of(got: &[&Got]) -> Vec<Decoded> {
    let mut frames: Vec<Decoded> = Vec::new();
    for packet in got {
        if frames
            .last()
            .is_none_or(|frame| frame.timestamp != packet.timestamp)
        {
            frames.push(Decoded {
                at: packet.at,
                layer: packet.payload[16],
                temporal: 0,
                is_key: false,
                timestamp: packet.timestamp,
            });
        }
    }
    frames
}

#[test]
fn nobody_is_sent_more_than_is_shown_and_the_publisher_is_told() {
    let (mut network, mut camera, viewers) = stage(3, 1, &LAYERS);
    let viewer = viewers[0];
    let mut run = |network: &mut Network, millis: u64| {
        for _ in 0..millis / 100 {
            camera.film(network, ms(100));
            if let Some((_, rids)) = demands(network).last() {
                camera.obey(rids);
            }
        }
    };
    run(&mut network, 12_000);
    let (layers, _) = since(&decoded(&network, viewer), network.now - ms(2000), network.now);
    assert!(layers[2] > 50, "{layers:?}");
    show(
        &mut network,
        viewer,
        View::Tile {
            width: 320,
            height: 180,
        },
    );
    run(&mut network, 5000);
    assert_eq!(demands(&network).last(), Some(&(true, vec!["q".to_owned()])));
    let (layers, rate) = since(&decoded(&network, viewer), network.now - ms(2000), network.now);
    assert!(
        layers[0] > 50 && layers[1] + layers[2] == 0 && rate >= 29,
        "{layers:?}"
    );
    show(&mut network, viewer, View::Hidden);
    run(&mut network, 5000);
    assert_eq!(demands(&network).last(), Some(&(false, vec![])));
    let before = network.clients[viewer].got(60).len();
    run(&mut network, 2000);
    assert_eq!(network.clients[viewer].got(60).len(), before);
    show(
        &mut network,
        viewer,
        View::Pinned {
            width: 1280,
            height: 720,
        },
    );
    run(&mut network, 10_000);
    let (layers, _) = since(&decoded(&network, viewer), network.now - ms(2000), network.now);
    assert!(layers[2] > 50, "{layers:?}");
}

#[test]
fn time_goes_on_evenly_when_layers_change() {
    let (mut network, mut camera, viewers) = stage(4, 1, &LAYERS);
    let viewer = viewers[0];
    camera.film(&mut network, ms(8000));
    for (width, height) in [(320, 180), (1280, 720), (640, 360), (1280, 720)] {
        show(&mut network, viewer, View::Tile { width, height });
        camera.film(&mut network, ms(6000));
    }
    let frames = decoded(&network, viewer);
    let changes = frames.windows(2).filter(|pair| pair[0].layer != pair[1].layer);
    let steps: Vec<u32> = changes
        .map(|pair| pair[1].timestamp.wrapping_sub(pair[0].timestamp))
        .collect();
    assert!(steps.len() >= 4, "{steps:?}");
    // A frame's time, or next to nothing when the old layer's frame of the same moment had been sent; never the
    // difference of the layers' own clocks.
    assert!(steps.iter().all(|step| (1..=3100).contains(step)), "{steps:?}");
}

#[test]
fn where_there_is_little_room_every_other_frame_is_left_out() {
    let (mut network, mut camera, viewers) = stage(5, 1, &[1000]);
    let viewer = viewers[0];
    network.limit(viewer, 5_000_000);
    camera.film(&mut network, ms(10_000));
    network.limit(viewer, 750_000);
    camera.film(&mut network, ms(12_000));
    let from = network.clients[viewer].got(60).len();
    let begin = network.now;
    camera.film(&mut network, ms(5000));
    let got = network.clients[viewer].got(60);
    let (_, rate) = since(&frames_of(&got[from..]), begin, network.now);
    assert!((13..=17).contains(&rate), "{rate} frames a second");
    let from_key = got[from..].iter().any(|packet| packet.payload[5] >> 6 != 0);
    assert!(!from_key, "the lower temporal layer alone");
}

#[test]
fn publishers_learn_when_their_packets_arrived() {
    let (mut network, mut camera, _) = stage(6, 1, &[500]);
    camera.film(&mut network, ms(2000));
    network.run(ms(200));
    let first = 65_500_u16;
    let count = network.stats(0).publications[0].packets;
    let arrivals = &network.clients[0].reports.arrivals;
    let expected: Vec<u16> = (0..u16::try_from(count).unwrap())
        .map(|number| first.wrapping_add(number))
        .collect();
    assert_eq!(*arrivals, expected);
}

/// Once buffers have their size, a packet that is paced costs no allocation, nor does what the viewer tells of it.
#[test]
fn pacing_allocates_nothing() {
    let (mut network, mut camera, viewers) = stage(7, 3, &LAYERS);
    for viewer in &viewers {
        network.limit(*viewer, 20_000_000);
    }
    camera.film(&mut network, ms(20_000));
    let (before, sent) = (network.allocations, network.router_sent);
    camera.film(&mut network, ms(4000));
    assert!(
        network.router_sent - sent > 3 * 600,
        "{}",
        network.router_sent - sent
    );
    assert_eq!(network.allocations - before, 0);
}

/// A camera that was switched off and on is another track in the same section, and its streams no longer say what they are.
#[test]
fn streams_are_known_by_what_they_said_before() {
    let (mut network, mut camera, viewers) = stage(8, 1, &LAYERS);
    camera.film(&mut network, ms(3000));
    network.publish(0, vec![]);
    network.run(ms(500));
    network.publish(0, vec![camera.publication(6)]);
    let mut codec = vp8(101);
    codec.rtx = Some(102);
    network.subscribe(
        viewers[0],
        vec![Subscription {
            rtx_ssrc: Some(81),
            codecs: vec![codec],
            extensions: ExtensionIds {
                transport_sequence: Some(12),
                ..ExtensionIds::NONE
            },
            ..Subscription::new(TrackId(6), "w", 80)
        }],
    );
    camera.film(&mut network, ms(3000));
    let frames = decode(&network.clients[viewers[0]].got(80));
    assert!(frames.len() > 60, "{}", frames.len());
}
