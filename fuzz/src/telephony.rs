use std::time::{Duration, Instant};

use anteroom_codec::telephony::comfort_noise::{ComfortNoise, MAX_ORDER, NoiseGenerator};
use anteroom_codec::telephony::dtmf::Detector;
use anteroom_codec::telephony::event::{
    self, EndCause, Event, EventReceiver, EventSender, Happened, MAX_REPORTS,
};
use anteroom_codec::telephony::{g711::Law, g722};

/// What comes from a telephone network; the first byte says which of it: event packets, a key to be sent and received,
/// comfort noise, sound.
pub fn telephony(data: &[u8]) {
    let Some((kind, data)) = data.split_first() else {
        return;
    };
    match kind % 4 {
        0 => events(data),
        1 => key(data),
        2 => noise(data),
        _ => sound(data),
    }
}

/// Packets, each after a byte of time (4 ms a step), four of timestamp and one of length. Keys are pressed and released
/// in turns, whatever they say.
fn events(mut data: &[u8]) {
    let mut receiver = EventReceiver::new(Duration::from_millis(150));
    let mut now = Instant::now();
    let mut down: Option<Event> = None;
    while let Some(([wait, a, b, c, d, length], rest)) = data.split_first_chunk() {
        let (payload, rest) = rest.split_at(usize::from(*length).min(rest.len()));
        data = rest;
        now += Duration::from_millis(u64::from(*wait) * 4);
        if let Some(at) = receiver.next_timeout() {
            assert!(receiver.active().is_some());
            if at <= now {
                receiver.handle_timeout(at);
                assert!(receiver.active().is_none(), "an event outlives its timeout");
            }
        }
        let before = *receiver.stats();
        let timestamp = u32::from_be_bytes([*a, *b, *c, *d]);
        match event::parse(payload) {
            Ok(reports) => {
                let count = reports.count();
                assert!((1..=MAX_REPORTS).contains(&count) && count * 4 == payload.len());
                assert_eq!(receiver.receive(now, timestamp, payload), Ok(()));
                let after = *receiver.stats();
                let seen = after.reports + after.repeated + after.late;
                assert_eq!(
                    seen - before.reports - before.repeated - before.late,
                    count as u64
                );
            }
            Err(error) => {
                assert_eq!(receiver.receive(now, timestamp, payload), Err(error));
                assert_eq!(*receiver.stats(), before);
            }
        }
        while let Some(happened) = receiver.poll() {
            match happened {
                Happened::Started { event, volume } => {
                    assert!(volume < 64);
                    assert_eq!(down.replace(event), None, "two keys are down");
                }
                Happened::Ended { event, .. } => assert_eq!(down.take(), Some(event)),
            }
        }
        assert_eq!(receiver.active().map(|(event, _)| event), down);
        assert_eq!(receiver.stats().dropped, 0);
    }
}

/// A key of any length is heard as what it was.
fn key(data: &[u8]) {
    let Some(([event, volume, a, b, c, d, interval @ ..], _)) = data.split_first_chunk::<11>() else {
        return;
    };
    let [i, j, x, y, z] = *interval;
    let timestamp = u32::from_be_bytes([*a, *b, *c, *d]);
    let interval = u32::from_be_bytes([0, 0, i, j]);
    let length = u32::from_be_bytes([0, x, y, z]);
    let Ok(sender) = EventSender::digit(Event(*event), *volume, timestamp, interval, length) else {
        return;
    };
    if length / interval > 5000 {
        return;
    }
    let mut receiver = EventReceiver::new(Duration::from_secs(10_000));
    let begin = Instant::now();
    for (number, packet) in sender.enumerate() {
        assert_eq!(packet.marker, number == 0);
        let now = begin + Duration::from_micros(u64::from(packet.after_ticks) * 125);
        assert_eq!(receiver.receive(now, packet.timestamp, &packet.payload), Ok(()));
    }
    assert_eq!(
        receiver.poll(),
        Some(Happened::Started {
            event: Event(*event),
            volume: *volume
        })
    );
    assert_eq!(
        receiver.poll(),
        Some(Happened::Ended {
            event: Event(*event),
            duration_ticks: length.into(),
            cause: EndCause::EndBit
        })
    );
    assert_eq!(receiver.poll(), None);
}

fn noise(data: &[u8]) {
    let Ok(noise) = ComfortNoise::parse(data) else {
        return;
    };
    assert!(noise.level() < 128);
    assert!(noise.reflections().all(|k| k.abs() < 1.0) && noise.reflections().count() <= MAX_ORDER);
    let bytes = noise.to_bytes();
    assert_eq!(Some(bytes.as_ref()), data.get(..bytes.as_ref().len()));
    let mut generator = NoiseGenerator::new(data.len() as u64);
    generator.set(&noise);
    generator.fill(&mut [0; 320]);
}

/// Every byte is a code of every codec, and what it decodes to can be encoded again.
fn sound(data: &[u8]) {
    let mut wide = vec![0; data.len() * 2];
    g722::Decoder::new()
        .decode(data, &mut wide)
        .expect("two samples a byte");
    let mut codes = vec![0; data.len()];
    g722::Encoder::new()
        .encode(&wide, &mut codes)
        .expect("two samples a byte");
    let mut narrow = vec![0; data.len()];
    for law in Law::ALL {
        law.decode_all(data, &mut narrow).expect("one sample a byte");
        law.encode_all(&narrow, &mut codes).expect("one sample a byte");
        // µ-law has two zeros, and sound one.
        let same = |(a, b): (&u8, &u8)| a == b || (law == Law::Mu && *a == 0x7F && *b == 0xFF);
        assert!(data.iter().zip(&codes).all(same));
    }
    let mut detector = Detector::new(8_000).expect("a rate it knows");
    for samples in [&narrow, &wide] {
        detector.feed(samples);
        while detector.poll().is_some() {}
    }
}
