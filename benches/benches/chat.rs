//! The chat state machine over its store in memory: a message sent in a thread of 250 beside one in a thread of 2.

use std::hint::black_box;
use std::time::{Duration as StdDuration, Instant};

use anteroom_benches::Comparison;
use anteroom_chat::{
    ChatService, Member, MemoryChatStore, NewMessage, NewThread, PageRequest, SystemMessages, ThreadId,
};
use anteroom_identity::id::{AcsUserId, CommunicationIdentifier, ResourceId};
use criterion::Criterion;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

const START: OffsetDateTime = datetime!(2026-11-20 10:00:00 UTC);

/// Messages in a thread before it is made anew, so that a run does not grow without end.
const MESSAGES: u64 = 10_000;

struct Bench {
    members: usize,
    people: Vec<CommunicationIdentifier>,
    chat: ChatService<MemoryChatStore>,
    thread: ThreadId,
    sent: u64,
}

impl Bench {
    fn new(members: usize) -> Self {
        let resource = ResourceId::random();
        let people: Vec<CommunicationIdentifier> =
            (0..members).map(|_| AcsUserId::random(resource).into()).collect();
        let (chat, thread) = thread(&people);
        Self {
            members,
            people,
            chat,
            thread,
            sent: 0,
        }
    }

    fn send(&mut self) {
        self.sent += 1;
        let new = NewMessage {
            content: "Good morning, everybody: the daily starts in five minutes.".to_owned(),
            ..NewMessage::default()
        };
        let now = START + Duration::milliseconds(i64::try_from(self.sent).unwrap_or(i64::MAX));
        let sent = self
            .chat
            .send_message(&self.people[0], &self.thread, new, now)
            .expect("a member may send");
        black_box(sent);
        let mut recipients = 0;
        while let Some(notice) = self.chat.poll_event() {
            recipients += notice.recipients.len();
        }
        assert_eq!(recipients, self.members);
    }

    /// Sends so many; what there is to be done for a new thread is not counted.
    fn run(&mut self, messages: u64) -> StdDuration {
        let mut took = StdDuration::ZERO;
        let mut left = messages;
        while left > 0 {
            let part = left.min(MESSAGES - self.sent % MESSAGES);
            if self.sent.is_multiple_of(MESSAGES) {
                (self.chat, self.thread) = thread(&self.people);
            }
            let start = Instant::now();
            for _ in 0..part {
                self.send();
            }
            took += start.elapsed();
            left -= part;
        }
        took
    }
}

fn thread(people: &[CommunicationIdentifier]) -> (ChatService<MemoryChatStore>, ThreadId) {
    let mut chat = ChatService::new(MemoryChatStore::new());
    let new = NewThread::new("Daily", people[0].clone(), START);
    let thread = chat.create_thread(new).expect("a thread").id;
    for id in people {
        let member = Member::with_history(id.clone(), "");
        chat.add_member(&thread, member, SystemMessages::Silent, START)
            .expect("a member");
    }
    while chat.poll_event().is_some() {}
    (chat, thread)
}

#[expect(clippy::print_stdout, reason = "the report is the product of a bench")]
fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(StdDuration::from_millis(300))
        .measurement_time(StdDuration::from_millis(800))
        .configure_from_args();
    let (mut many, mut two) = (Bench::new(250), Bench::new(2));
    let mut group = criterion.benchmark_group("chat/send");
    group.bench_function("members_250", |bencher| {
        bencher.iter_custom(|messages| many.run(messages));
    });
    group.bench_function("members_2", |bencher| {
        bencher.iter_custom(|messages| two.run(messages));
    });
    group.finish();
    println!(
        "chat/send: 250 members in units of 2: {}\n",
        Comparison::measure(11, 2000, &mut |messages| many.run(messages), &mut |messages| two
            .run(messages))
    );

    let (caller, thread) = (two.people[0].clone(), two.thread.clone());
    criterion.bench_function("chat/list_newest_200", |bencher| {
        let page = PageRequest {
            max_page_size: Some(200),
            sync_state: None,
        };
        bencher.iter(|| {
            let listed = two.chat.list_messages(&caller, &thread, None, page);
            black_box(listed.expect("a member may list"));
        });
    });
    criterion.final_summary();
}
