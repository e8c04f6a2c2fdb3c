//! Whose microphones are forwarded when there are more than seats.

use std::num::NonZeroUsize;

use super::network::Network;
use super::*;
use crate::rtp::PacketBuilder;

/// Speaker `i` has track `i + 1` and SSRC `10 + i`; listeners get it with SSRC `20 + i`.
struct Hall {
    network: Network,
    speakers: usize,
    listener: usize,
    sequences: Vec<u16>,
    timestamp: u32,
}

const SPEECH: u8 = 30;
const SILENCE: u8 = 127;

impl Hall {
    fn new(seed: u64, speakers: usize, seats: Option<usize>) -> Self {
        let config = RouterConfig {
            max_voices: seats.and_then(NonZeroUsize::new),
            ..RouterConfig::default()
        };
        let mut network = Network::with(seed, config);
        let joined = network.join(1, speakers + 1);
        for (speaker, number) in joined[..speakers].iter().zip(0_u32..) {
            network.publish(*speaker, vec![microphone(u64::from(number) + 1, &[10 + number])]);
        }
        let listener = joined[speakers];
        network.subscribe(listener, Self::subscriptions(speakers, Voice::AmongLoudest));
        Self {
            network,
            speakers,
            listener,
            sequences: vec![65_530; speakers],
            timestamp: 0,
        }
    }

    fn subscriptions(speakers: usize, voice: Voice) -> Vec<Subscription> {
        let each = (0..u32::try_from(speakers).unwrap()).map(|number| Subscription {
            voice,
            ..subscription(u64::from(number) + 1, 20 + number)
        });
        each.collect()
    }

    /// So long everybody sends each 20 ms, at these levels; nothing for `None`.
    fn talk(&mut self, millis: u64, levels: &[Option<u8>]) {
        for _ in 0..millis / 20 {
            for (speaker, level) in levels.iter().enumerate() {
                if let Some(level) = level {
                    self.speak(speaker, *level);
                }
            }
            self.timestamp += 960;
            self.network.run(ms(20));
        }
    }

    fn speak(&mut self, speaker: usize, level: u8) {
        let (sequence, ssrc) = (self.sequences[speaker], 10 + u32::try_from(speaker).unwrap());
        self.network.clients[speaker].speak(ssrc, sequence, self.timestamp, level);
        self.sequences[speaker] = sequence.wrapping_add(1);
    }

    /// How many packets of each speaker the listener has got.
    fn heard(&self) -> Vec<usize> {
        let client = &self.network.clients[self.listener];
        (0..self.speakers)
            .map(|number| client.got(20 + u32::try_from(number).unwrap()).len())
            .collect()
    }

    /// The same, of the time in which something is done.
    fn heard_during(&mut self, act: impl FnOnce(&mut Self)) -> Vec<usize> {
        self.network.run(ms(50));
        let before = self.heard();
        act(self);
        self.network.run(ms(50));
        self.heard()
            .iter()
            .zip(before)
            .map(|(after, before)| after - before)
            .collect()
    }
}

#[test]
fn the_loudest_are_forwarded_and_nobody_is_left_out_where_there_are_seats() {
    for seed in 1..4 {
        let mut hall = Hall::new(seed, 4, Some(2));
        // Who was first has the seats, silence or not.
        hall.talk(1000, &[Some(SILENCE); 4]);
        assert_eq!(hall.heard(), [50, 50, 0, 0]);
        let heard = hall.heard_during(|hall| {
            hall.talk(2000, &[Some(SILENCE), Some(SILENCE), Some(SPEECH), Some(SPEECH)]);
        });
        // The first packet of each is the price: one alone may be a click.
        assert_eq!(heard[2..], [99, 99]);
        assert!(heard[0] + heard[1] <= 4, "{heard:?}");
        let heard = hall.heard_during(|hall| hall.talk(1000, &[Some(SILENCE); 4]));
        assert_eq!(heard, [0, 0, 50, 50], "they keep their seats while nobody speaks");
    }
    let mut hall = Hall::new(4, 4, Some(4));
    hall.talk(1000, &[Some(SILENCE), Some(SILENCE), Some(SPEECH), Some(SPEECH)]);
    assert_eq!(hall.heard(), [50; 4]);
    let mut hall = Hall::new(5, 8, None);
    hall.talk(1000, &[Some(SPEECH); 8]);
    assert_eq!(hall.heard(), [50; 8]);
    let mut hall = Hall::new(6, 8, Some(5));
    assert_eq!(RouterConfig::default().max_voices, NonZeroUsize::new(5));
    hall.talk(1000, &[Some(SPEECH); 8]);
    assert_eq!(hall.heard(), [50, 50, 50, 50, 50, 0, 0, 0]);
}

#[test]
fn who_comes_back_is_no_loss_and_begins_with_a_marker() {
    for seed in 1..4 {
        let mut hall = Hall::new(seed, 2, Some(1));
        hall.talk(1000, &[Some(SPEECH), Some(SILENCE)]);
        hall.talk(4000, &[Some(SILENCE), Some(SPEECH)]);
        hall.talk(4000, &[Some(SPEECH), Some(SILENCE)]);
        hall.network.run(ms(50));
        let got = hall.network.clients[hall.listener].got(20);
        assert!((100..=290).contains(&got.len()), "{}", got.len());
        let mut pauses = 0;
        for pair in got.windows(2) {
            assert_eq!(pair[1].sequence, pair[0].sequence.wrapping_add(1), "no gap");
            let step = pair[1].timestamp.wrapping_sub(pair[0].timestamp);
            let elapsed = u32::try_from((pair[1].at - pair[0].at).as_millis()).unwrap() * 48;
            assert!(
                step.abs_diff(elapsed) <= 960,
                "time goes on: {step} after {elapsed}"
            );
            assert_eq!(pair[1].marker, step > 960, "the marker begins a spurt");
            pauses += usize::from(step > 960);
        }
        assert_eq!(pauses, 1);
        // What was forwarded can be asked for again, before and after.
        let first = got[0].sequence;
        let last = got[got.len() - 1].sequence;
        let before = hall.network.stats(hall.listener).packets_retransmitted;
        hall.network.clients[hall.listener]
            .send_rtcp(|writer| writer.nack(1, 20, [first, last].into_iter()).unwrap());
        hall.network.run(ms(50));
        let repeated = hall.network.stats(hall.listener).packets_retransmitted - before;
        assert_eq!(repeated, 1, "the old one is forgotten, the new one is not");
        let again = hall.network.clients[hall.listener].got(20);
        let again = again[again.len() - 1];
        assert_eq!(again.sequence, last);
    }
}

#[test]
fn a_pause_between_words_costs_no_seat_and_equals_do_not_take_turns() {
    let mut hall = Hall::new(1, 2, Some(1));
    hall.talk(2000, &[Some(SPEECH), Some(SPEECH)]);
    let heard = hall.heard_during(|hall| {
        for _ in 0..10 {
            hall.talk(400, &[Some(SPEECH), Some(SPEECH - 3)]);
            // Between words, while the other goes on.
            hall.talk(600, &[Some(SILENCE), Some(SPEECH)]);
        }
    });
    assert_eq!(heard, [500, 0]);
    // Who has stopped for good gives way, and so does who is far less loud.
    let heard = hall.heard_during(|hall| hall.talk(4000, &[Some(SILENCE), Some(SPEECH)]));
    // When one follows the other, both are heard in that moment.
    assert!(heard[1] >= 100 && heard[0] >= 30, "{heard:?}");
    assert!((198..=202).contains(&(heard[0] + heard[1])), "{heard:?}");
    let heard = hall.heard_during(|hall| hall.talk(1000, &[Some(SPEECH - 15), Some(SPEECH)]));
    assert!(heard[0] >= 30 && heard[0] + heard[1] <= 52, "{heard:?}");
}

#[test]
fn a_click_takes_no_seat_and_comfort_noise_keeps_one() {
    let mut hall = Hall::new(2, 2, Some(1));
    hall.talk(500, &[Some(SILENCE), Some(SILENCE)]);
    let heard = hall.heard_during(|hall| {
        for _ in 0..10 {
            hall.talk(20, &[Some(SILENCE), Some(5)]);
            hall.talk(380, &[Some(SILENCE), Some(SILENCE)]);
        }
    });
    assert_eq!(heard, [200, 0]);
    // Discontinuous transmission: a packet each 400 ms, while the other breathes.
    let heard = hall.heard_during(|hall| {
        for _ in 0..10 {
            hall.speak(0, SILENCE);
            hall.talk(400, &[None, Some(SILENCE)]);
        }
    });
    assert_eq!(heard, [10, 0]);
    // Who sends nothing at all gives way to anybody.
    let heard = hall.heard_during(|hall| hall.talk(3000, &[None, Some(SILENCE)]));
    assert!((65..=80).contains(&heard[1]), "{heard:?}");
}

#[test]
fn who_tells_no_level_and_who_was_chosen_is_always_forwarded() {
    let mut hall = Hall::new(3, 3, Some(1));
    let silent = |network: &mut Network, sequence: u16| {
        let mut buffer = [0; 200];
        let len = PacketBuilder::new(OPUS, sequence, u32::from(sequence) * 960, 11)
            .extension(4, b"a")
            .write(&[0xaa; 60], &mut buffer)
            .unwrap();
        network.clients[1].send_rtp(&buffer[..len]);
    };
    for sequence in 0..50 {
        silent(&mut hall.network, sequence);
        hall.talk(20, &[Some(SPEECH), None, Some(SPEECH)]);
    }
    hall.network.run(ms(50));
    assert_eq!(hall.heard(), [50, 50, 0]);
    let listener = hall.listener;
    hall.network
        .subscribe(listener, Hall::subscriptions(3, Voice::Always));
    let heard = hall.heard_during(|hall| hall.talk(1000, &[Some(SPEECH), None, Some(SPEECH)]));
    assert_eq!(heard, [50, 0, 50]);
    hall.network
        .subscribe(listener, Hall::subscriptions(3, Voice::AmongLoudest));
    let heard = hall.heard_during(|hall| hall.talk(1000, &[Some(SPEECH), None, Some(SPEECH)]));
    assert_eq!(heard, [50, 0, 0]);
    let numbers = hall.network.clients[listener].numbers(22);
    assert_eq!(numbers, (0..50).collect(), "one after the other");
}

#[test]
fn a_seat_is_free_again_when_its_holder_has_left_or_is_paused() {
    let mut hall = Hall::new(4, 2, Some(1));
    hall.talk(1000, &[Some(SPEECH), Some(SPEECH)]);
    assert_eq!(hall.heard(), [50, 0]);
    let paused = Publication {
        paused: true,
        ..microphone(1, &[10])
    };
    hall.network.publish(0, vec![paused]);
    let heard = hall.heard_during(|hall| hall.talk(1000, &[Some(SPEECH), Some(SILENCE)]));
    assert_eq!(heard, [0, 50]);
    hall.network.publish(0, vec![microphone(1, &[10])]);
    let heard = hall.heard_during(|hall| hall.talk(1000, &[Some(SILENCE), Some(SPEECH)]));
    assert_eq!(heard, [0, 50]);
    hall.network.command(Command::RemovePeer { peer: PeerId(1) });
    let heard = hall.heard_during(|hall| hall.talk(1000, &[Some(SILENCE)]));
    assert_eq!(heard, [50, 0]);
    hall.network.set_forwarding(0, false);
    assert!(hall.network.router.rooms[&RoomId(1)].voices.is_empty());
}

/// Deciding costs no allocation, whoever is heard.
#[test]
fn voices_allocate_nothing() {
    let mut hall = Hall::new(5, 3, Some(1));
    let round = |hall: &mut Hall| {
        for loud in 0..3 {
            let mut levels = [Some(SILENCE); 3];
            levels[loud] = Some(SPEECH);
            hall.talk(1800, &levels);
        }
    };
    // Until each stream remembers as many spurts as it ever does.
    (0..70).for_each(|_| round(&mut hall));
    let before = hall.network.allocations;
    let heard = hall.heard_during(round);
    assert!(heard.iter().all(|heard| (10..100).contains(heard)), "{heard:?}");
    assert_eq!(hall.network.allocations - before, 0);
}
