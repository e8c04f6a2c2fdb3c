//! Forwarding, kernel included, beside its floor: copying, encrypting and sending the same packets and nothing else.
//!
//! One thread has both ends of every socket on loopback. CPU time of that thread (`CLOCK_THREAD_CPUTIME_ID`) is counted
//! while the server works; publishers send and subscribers empty their sockets in between, uncounted, so that every
//! datagram is delivered and none is dropped. The real path and its floors take turns frame by frame, so that a noisy
//! minute hits all of them; only their ratios mean something.
//!
//! The floors send to the same sockets packets of the same sizes: *one by one* with a call for each, *trains* with a call
//! for each frame and subscriber, whose packets are of one size already.
//!
//! What the real path does above its floor, for each packet: a look into the publisher's buffer, header and payload parsed
//! again for each subscriber, a place in the subscriber's queue, the stream's rollover counter; for each subscriber and
//! turn: some twenty cache lines of its state, cold when there are hundreds; for each turn: waking up, and two calls to
//! receive. The last two are all but the whole of it where single packets of sound arrive one at a time.

#![expect(clippy::print_stdout, reason = "the report is the product of a bench")]

mod floor;
mod room;

use std::fmt;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::room::{HEADER, Kind, Room, Stream};

/// What the extension with transport-wide numbers adds to a header.
const TRANSPORT_SEQUENCE_BYTES: usize = 4;

/// Passes of which the median is told.
const PASSES: usize = 9;

/// What one way to forward costs.
#[derive(Debug, Default, Clone)]
struct Cost {
    /// Nanoseconds per forwarded packet, pass by pass.
    passes: Vec<f64>,
    time: Duration,
    packets: usize,
    calls: u64,
}

impl Cost {
    fn count(&mut self, time: Duration, packets: usize, calls: u64) {
        self.time += time;
        self.packets += packets;
        self.calls += calls;
    }

    fn end_pass(&mut self) {
        self.passes
            .push(self.time.as_secs_f64() * 1e9 / self.packets as f64);
        (self.time, self.packets) = (Duration::ZERO, 0);
    }

    fn median(&self) -> f64 {
        let mut passes = self.passes.clone();
        passes.sort_unstable_by(f64::total_cmp);
        passes[passes.len() / 2]
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.0} ns", self.median())
    }
}

fn main() {
    // Cargo's tests run it without `--bench`: then it only has to work.
    let given = |flag: &str| std::env::args().any(|argument| argument == flag);
    let is_quick = given("--quick") || !given("--bench");
    let filter = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'));
    let wanted = |name: &str| {
        filter
            .as_ref()
            .is_none_or(|filter| name.contains(filter.as_str()))
    };
    let scale = if is_quick { 1 } else { 5 };
    println!(
        "CPU time of the sending thread per forwarded packet; receivers are drained by the same thread, uncounted\n"
    );
    if wanted("forwarding/video") {
        video(scale);
    }
    if wanted("forwarding/paced") {
        paced(scale);
    }
    if wanted("forwarding/audio") {
        audio(scale);
    }
}

/// The sizes of a frame's packets, at 1.5 Mbit/s and 30 frames a second.
fn frame(rng: &mut StdRng, index: usize) -> Vec<usize> {
    // A keyframe every ten seconds. The parts of a frame differ by a byte, as browsers cut them.
    let bytes = if index.is_multiple_of(300) {
        30_000
    } else {
        rng.random_range(4500..8000)
    };
    let parts: usize = bytes / 1180 + 1;
    (0..parts).map(|part| (bytes + part) / parts).collect()
}

/// One publisher, 100 subscribers, one frame after the other.
fn video(scale: usize) {
    let mut room = Room::new(1, 100, Stream::new(Kind::Video, 1));
    let mut rng = StdRng::seed_from_u64(1);
    let mut frame = |index: usize| frame(&mut rng, index);
    let first = frame(0);
    room.publish(0, &first);
    room.verify(first.len() * 100);

    let mut floor = room.floor();
    let (mut ours, mut singly, mut trains) = (Cost::default(), Cost::default(), Cost::default());
    let mut index = 0;
    // The first pass only warms up.
    for pass in 0..=PASSES {
        for _ in 0..30 * scale {
            index += 1;
            let sizes = frame(index);
            let packets = sizes.len() * 100;
            room.publish(0, &sizes);
            let (time, calls) = room.forward(packets);
            ours.count(time, packets, calls);
            let plain: Vec<_> = sizes.iter().map(|size| size + HEADER).collect();
            let (time, calls) = floor.one_by_one(&plain);
            room.drain(packets);
            singly.count(time, packets, calls);
            let (time, calls) = floor.trains(&plain);
            room.drain(packets);
            trains.count(time, packets, calls);
        }
        room.keep_alive();
        if pass == 0 {
            (ours, singly, trains) = (Cost::default(), Cost::default(), Cost::default());
        } else {
            [&mut ours, &mut singly, &mut trains]
                .into_iter()
                .for_each(Cost::end_pass);
        }
    }
    println!("forwarding/video: 1 publisher at 1.5 Mbit/s, 100 subscribers");
    println!("  floor, one by one  {singly}");
    println!("  floor, trains      {trains}");
    println!(
        "  real path          {ours}, {:.2} calls for one of the trains' floor",
        ours.calls as f64 / trains.calls as f64
    );
    println!(
        "  ratio              {:.2} of the trains' floor (budget 1.30), {:.2} of one by one\n",
        ours.median() / trains.median(),
        ours.median() / singly.median()
    );
}

/// The same in real time, with subscribers that tell when packets arrive, as browsers do: their reports, the estimate, the
/// pacer and its timers are counted.
fn paced(scale: usize) {
    const INTERVAL: Duration = Duration::from_micros(33_333);
    let mut room = Room::new(1, 100, Stream::new(Kind::Video, 1).paced());
    let mut rng = StdRng::seed_from_u64(3);
    let first = frame(&mut rng, 0);
    room.publish(0, &first);
    let mut floor = room.floor();
    let (mut ours, mut trains) = (Cost::default(), Cost::default());
    let mut at = Instant::now();
    let mut index = 0;
    for pass in 0..=PASSES {
        for _ in 0..30 * scale {
            index += 1;
            at += INTERVAL;
            let sizes = frame(&mut rng, index);
            room.publish(0, &sizes);
            // The rest of the interval is for the floor.
            let (time, packets, calls) = room.forward_until(at - INTERVAL / 4);
            ours.count(time, packets, calls);
            let plain: Vec<_> = sizes
                .iter()
                .map(|size| size + HEADER + TRANSPORT_SEQUENCE_BYTES)
                .collect();
            let (time, calls) = floor.trains(&plain);
            room.drain(plain.len() * 100);
            trains.count(time, plain.len() * 100, calls);
            std::thread::sleep(at.saturating_duration_since(Instant::now()));
        }
        room.keep_alive();
        if pass == 0 {
            (ours, trains) = (Cost::default(), Cost::default());
        } else {
            [&mut ours, &mut trains].into_iter().for_each(Cost::end_pass);
        }
    }
    println!(
        "forwarding/paced: 1 publisher at 1.5 Mbit/s in real time, 100 subscribers that give transport-wide feedback"
    );
    println!("  floor, trains      {trains}");
    println!(
        "  real path          {ours}, {:.2} calls for one of the trains' floor",
        ours.calls as f64 / trains.calls as f64
    );
    println!(
        "  ratio              {:.2} of the trains' floor\n",
        ours.median() / trains.median()
    );
}

/// 50 publishers, 200 listeners, each of whom hears the same 3.
fn audio(scale: usize) {
    const HEARD: usize = 3;
    let mut room = Room::new(50, 200, Stream::new(Kind::Audio, HEARD));
    let mut rng = StdRng::seed_from_u64(2);
    let mut sizes = || -> Vec<usize> { (0..50).map(|_| rng.random_range(70..140)).collect() };
    let first = sizes();
    for (publisher, size) in first.iter().enumerate() {
        room.publish(publisher, &[*size]);
    }
    room.verify(HEARD * 200);

    let mut floor = room.floor();
    let [mut spread, mut together, mut singly, mut trains] = [const {
        Cost {
            passes: vec![],
            time: Duration::ZERO,
            packets: 0,
            calls: 0,
        }
    }; 4];
    for pass in 0..=PASSES {
        for _ in 0..10 * scale {
            let sizes = sizes();
            let packets = HEARD * 200;
            // Everybody's 20 ms begin at another time.
            for (publisher, size) in sizes.iter().enumerate() {
                room.publish(publisher, &[*size]);
                if publisher < HEARD {
                    let (time, calls) = room.forward(200);
                    spread.count(time, 200, calls);
                } else {
                    // What nobody listens to costs, too.
                    spread.count(room.idle(), 0, 0);
                }
            }
            // All at the same time.
            for (publisher, size) in sizes.iter().enumerate() {
                room.publish(publisher, &[*size]);
            }
            let (time, calls) = room.forward(packets);
            together.count(time, packets, calls);
            let plain: Vec<_> = sizes.iter().take(HEARD).map(|size| size + HEADER).collect();
            // One after the other, as they arrive.
            for len in &plain {
                let (time, calls) = floor.one_by_one(&[*len]);
                room.drain(200);
                singly.count(time, 200, calls);
            }
            let (time, calls) = floor.trains(&plain);
            room.drain(packets);
            trains.count(time, packets, calls);
        }
        room.keep_alive();
        let mut all = [&mut spread, &mut together, &mut singly, &mut trains];
        if pass == 0 {
            all.iter_mut().for_each(|cost| **cost = Cost::default());
        } else {
            all.into_iter().for_each(Cost::end_pass);
        }
    }
    println!("forwarding/audio: 50 publishers, 200 listeners, the same 3 heard by all");
    println!("  floor, one by one               {singly}");
    println!("  floor, trains of 3              {trains}");
    println!("  real path, arriving spread      {spread}");
    println!("  real path, arriving together    {together}");
    println!(
        "  ratio to the floor one by one   {:.2} spread, {:.2} together (budget 1.20)\n",
        spread.median() / singly.median(),
        together.median() / singly.median()
    );
}
