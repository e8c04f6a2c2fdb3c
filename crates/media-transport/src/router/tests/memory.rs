//! What a participant costs in memory.

use super::encoder::Encoder;
use super::network::Network;
use super::*;
use crate::rtcp::transport_cc::TwccRecorder;

/// Of one session.
const BUDGET: i64 = 150 * 1024;

/// People of the meeting whom the one hears and sees.
const OTHERS: usize = 9;

/// What a browser subscribes to in a meeting of ten: nine microphones, nine cameras, a screen.
fn subscriptions() -> Vec<Subscription> {
    let numbered = ExtensionIds {
        mid: Some(9),
        transport_sequence: Some(12),
        ..SUBSCRIBER_IDS
    };
    let mut picture = vp8(101);
    picture.rtx = Some(102);
    let mut sound = opus(100);
    sound.red = Some(103);
    let each = (0..=u32::try_from(OTHERS).unwrap()).flat_map(|other| {
        let track = u64::from(other) * 2 + 1;
        let microphone = Subscription {
            codecs: vec![sound],
            extensions: numbered,
            ..Subscription::new(TrackId(track), format!("{track}"), 1000 + other * 10)
        };
        let camera = Subscription {
            rtx_ssrc: Some(1002 + other * 10),
            codecs: vec![picture],
            extensions: numbered,
            ..Subscription::new(TrackId(track + 1), format!("{}", track + 1), 1001 + other * 10)
        };
        [microphone, camera]
    });
    // The last microphone is none: a screen.
    each.filter(|one| one.track != TrackId(2 * OTHERS as u64 + 1))
        .collect()
}

/// A session that is connected, publishes and subscribes, and gets nothing yet.
#[test]
fn an_idle_session_is_within_its_budget() {
    let mut network = Network::new(1);
    network.join(1, OTHERS);
    let before = network.memory;
    let one = network.join(1, 1)[0];
    let connected = network.memory - before;
    network.publish(one, vec![microphone(501, &[11]), camera(502, &[12])]);
    network.subscribe(one, subscriptions());
    network.run(ms(10_000));
    let whole = network.memory - before;
    println!("a session: {connected} bytes connected, {whole} with its tracks and subscriptions");
    assert!(connected > 1024, "{connected} bytes: something was measured");
    assert!(connected < BUDGET / 4, "{connected} bytes");
    assert!(whole > connected && whole < BUDGET, "{whole} bytes");
    // What leaves takes its memory along.
    network.command(Command::RemovePeer {
        peer: PeerId(u64::try_from(one).unwrap()),
    });
    network.run(ms(1000));
    let left = network.memory - before;
    assert!(left.abs() < 16 * 1024, "{left} bytes are left");
}

/// The same while it hears and sees somebody, and has stopped to.
#[test]
fn a_session_that_was_busy_is_within_its_budget_too() {
    let mut network = Network::new(2);
    network.join(1, OTHERS);
    let mut cameras = Encoder::new(0, &[150, 500, 1500]);
    network.publish(0, vec![microphone(1, &[11]), cameras.publication(2)]);
    cameras.film(&mut network, ms(3000));
    let before = network.memory;
    let one = network.join(1, 1)[0];
    network.clients[one].recorder = Some((12, TwccRecorder::new(1)));
    network.subscribe(one, subscriptions());
    for sequence in 0..250 {
        network.clients[0].speak(11, sequence, u32::from(sequence) * 960, 30);
        cameras.film(&mut network, ms(40));
    }
    let busy = network.memory - before;
    network.run(ms(10_000));
    let idle = network.memory - before;
    println!("a session that watches one of ten: {busy} bytes, {idle} afterwards");
    assert!(network.clients[one].got.len() > 1000);
    assert!(idle > 1024 && idle < BUDGET, "{idle} bytes");
    assert!(busy < 2 * BUDGET, "{busy} bytes");
}
