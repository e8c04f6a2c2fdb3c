//! Real-time notifications: packets read and written, and one message's notification for 250 recipients, written once
//! and spliced, beside `serde_json` writing it anew for each.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use anteroom_benches::{Comparison, times};
use anteroom_chat::event::Event;
use anteroom_chat::thread::{Message, MessageKind};
use anteroom_chat::trouter::{Packet, ServerConfig, ServerSession, polling};
use anteroom_chat::wire::notification::{NotificationBody, escaped_recipient};
use anteroom_chat::{MessageId, SequenceId};
use anteroom_identity::id::CommunicationIdentifier;
use criterion::Criterion;
use time::OffsetDateTime;

const RECIPIENTS: usize = 250;

const ANSWER: &str = r#"3:::{"id":1795210447032001,"status":200,"headers":{"MS-CV":"abcDEF123.0.0","trouter-client":"{\"cd\":2}"},"body":""}"#;

fn recipients() -> Vec<CommunicationIdentifier> {
    (0..RECIPIENTS)
        .map(|number| {
            format!("8:acs:7c1f0a52-8f0e-4b57-9a11-2f6f7d3c9e10_{number:08x}-52b4-4d8e-9a59-0f4c7f3f1a77")
                .parse()
                .expect("a raw id")
        })
        .collect()
}

fn event(sender: &CommunicationIdentifier) -> Event {
    Event::MessageReceived {
        thread: "19:f98e8e9ef582d0e2@thread.v2".parse().expect("a thread id"),
        message: Message {
            id: MessageId::from_unix_ms(1_795_210_307_717),
            sequence_id: SequenceId::new(1),
            version: 1_795_210_307_717,
            kind: MessageKind::Text,
            sender: Some(sender.clone()),
            sender_display_name: "Alice".to_owned(),
            content: "Good morning, everybody: the \"daily\" starts in five minutes. ☕".to_owned(),
            created_on: OffsetDateTime::UNIX_EPOCH,
            edited_on: None,
            deleted_on: None,
            metadata: BTreeMap::new(),
        },
    }
}

#[expect(clippy::print_stdout, reason = "the report is the product of a bench")]
fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(800))
        .configure_from_args();

    let mut group = criterion.benchmark_group("trouter/frame");
    group.bench_function("parse", |bencher| {
        bencher.iter(|| black_box(Packet::parse(black_box(ANSWER)).expect("a good packet")));
    });
    let packet = Packet::parse(ANSWER).expect("a good packet");
    group.bench_function("encode", |bencher| bencher.iter(|| black_box(packet.to_string())));
    let packets = [ANSWER; 16];
    let body = polling::body(&packets);
    group.bench_function("polling_16", |bencher| {
        bencher.iter(|| black_box(polling::packets(black_box(&body)).expect("a good body")));
    });
    group.finish();

    let now = Instant::now();
    let mut session = ServerSession::new(ServerConfig::new(OffsetDateTime::UNIX_EPOCH), now);
    criterion.bench_function("trouter/session/answer", |bencher| {
        bencher.iter(|| {
            session.handle_packet(now, black_box(ANSWER));
            while let Some(event) = session.poll_event() {
                black_box(event);
            }
        });
    });

    let recipients = recipients();
    let escaped: Vec<String> = recipients.iter().map(escaped_recipient).collect();
    let event = event(&recipients[0]);
    let mut spliced = |operations| {
        let mut out = String::with_capacity(4096);
        times(operations, || {
            let body = NotificationBody::new(black_box(&event)).expect("a message is told");
            for recipient in &escaped {
                out.clear();
                body.write_escaped(recipient, &mut out);
                black_box(&out);
            }
        })
    };
    let json = NotificationBody::new(&event)
        .expect("a message is told")
        .to_json(&recipients[0]);
    let mut fields: serde_json::Value = serde_json::from_str(&json).expect("our own JSON");
    let names: Vec<String> = recipients.iter().map(ToString::to_string).collect();
    let mut anew = |operations| {
        times(operations, || {
            for name in &names {
                fields["recipientMri"] = name.as_str().into();
                let body = serde_json::to_string(black_box(&fields)).expect("an object");
                black_box(serde_json::to_string(&body).expect("a string"));
            }
        })
    };
    let mut group = criterion.benchmark_group("trouter/body_250");
    group.bench_function("spliced", |bencher| bencher.iter_custom(&mut spliced));
    group.bench_function("serde_json", |bencher| bencher.iter_custom(&mut anew));
    group.finish();
    println!(
        "trouter/body_250: {}\n",
        Comparison::measure(11, 200, &mut spliced, &mut anew)
    );
    criterion.final_summary();
}
