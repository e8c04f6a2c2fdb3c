//! A meeting of 1000: what the last to join costs, beside the last of a meeting of 10; what one takes in memory; and the
//! decision to let somebody in.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anteroom_benches::Comparison;
use anteroom_identity::id::{
    AcsUserId, CommunicationIdentifier, ObjectId, ResourceId, TeamsUserId, TenantId,
};
use anteroom_identity::token::Scope;
use anteroom_media_transport::Certificate;
use anteroom_media_transport::router::RoomId;
use anteroom_service::media::negotiate::Environment;
use anteroom_service::meeting::machine::{
    ChatStart, Effect, Facts, Host, Input, Limits, Meeting, MeetingConfig, Now, Person, PersonKind, Policy,
    Rules, SessionId,
};
use anteroom_teams_link::admission::{AdmissionInput, Participant, decide};
use anteroom_teams_link::link::{Cloud, LinkKind};
use anteroom_teams_link::policy::{LobbyScope, MeetingOptions, OrganizerPolicy, TenantSettings};
use criterion::Criterion;
use time::macros::datetime;

/// Changes that follow one another within this time are told together, as in the service.
const FAN_OUT: Duration = Duration::from_millis(50);

/// What one in a meeting of 1000 may take at most, without connection and session.
const BUDGET_BYTES: i64 = 4 * 1024;

struct Bench {
    meeting: Meeting,
    now: Now,
    resource: ResourceId,
    sessions: u64,
}

impl Bench {
    /// A meeting with so many in it.
    fn new(participants: u64) -> Self {
        let tenant: TenantId = uuid::Uuid::from_u128(1).to_string().parse().expect("a tenant");
        let organizer: ObjectId = uuid::Uuid::from_u128(2).to_string().parse().expect("a user");
        let facts = Facts {
            subject: "All hands".to_owned(),
            thread_id: "19:meeting_x@thread.v2".to_owned(),
            join_url: "https://127.0.0.1/meet/1".to_owned(),
            host: Some(Host { tenant, organizer }),
        };
        let options = MeetingOptions {
            lobby: LobbyScope::Everyone.into(),
            ..MeetingOptions::default()
        };
        let meeting = Meeting::new(MeetingConfig {
            facts,
            policy: Policy::Meeting(Rules {
                tenant: TenantSettings::default(),
                organizer: OrganizerPolicy::default(),
                options,
            }),
            limits: Limits {
                participants: 2000,
                lobby: 2000,
                per_identity: 16,
                lobby_timeout: Duration::from_secs(1800),
                fan_out: FAN_OUT,
            },
            media: Environment {
                certificate: Certificate::generate().expect("a certificate"),
                candidates: Vec::new(),
                tcp_candidates: Vec::new(),
            },
            room: RoomId(1),
            seed: [1; 32],
        });
        let mut bench = Self {
            meeting,
            now: Now {
                instant: Instant::now(),
                wall: datetime!(2026-11-20 10:00:00 UTC),
            },
            resource: ResourceId::random(),
            sessions: 0,
        };
        let alice = Person {
            id: CommunicationIdentifier::MicrosoftTeamsUser(TeamsUserId::new(organizer)),
            display_name: "Alice".to_owned(),
            client: String::new(),
            kind: PersonKind::Organization {
                tenant,
                object: organizer,
            },
            media_only: false,
        };
        bench.join(alice);
        while bench.sessions < participants {
            bench.join_guest();
        }
        bench
    }

    fn join_guest(&mut self) -> SessionId {
        let guest = Person {
            id: AcsUserId::random(self.resource).into(),
            display_name: format!("Guest {}", self.sessions),
            client: String::new(),
            kind: PersonKind::Guest {
                resource: self.resource,
                scopes: [Scope::Voip].into_iter().collect(),
            },
            media_only: false,
        };
        self.join(guest)
    }

    fn join(&mut self, person: Person) -> SessionId {
        self.sessions += 1;
        let session = SessionId::new(self.sessions);
        // Past the tick, so that everybody is told at once.
        self.now.instant += FAN_OUT;
        let input = Input::Join {
            person: Box::new(person),
            reply: 1,
        };
        self.meeting.handle(self.now, session, input);
        self.drain();
        session
    }

    fn drain(&mut self) {
        while let Some(effect) = self.meeting.poll_effect() {
            if let Effect::ChatAdd { member, .. } = &effect {
                let start = ChatStart {
                    after: 0,
                    at: self.now.wall,
                };
                self.meeting.handle_chat_joined(member, start);
            }
            black_box(effect);
        }
    }

    /// What one takes of those who join now and stay.
    fn bytes_each(&mut self, participants: i64) -> i64 {
        let allocated = allocation_counter::measure(|| {
            for _ in 0..participants {
                self.join_guest();
            }
        });
        allocated.bytes_current / participants
    }

    /// Somebody joins the full meeting, so often; leaving again is not counted.
    fn run(&mut self, joins: u64) -> Duration {
        let mut took = Duration::ZERO;
        for _ in 0..joins {
            let start = Instant::now();
            let session = self.join_guest();
            took += start.elapsed();
            self.now.instant += FAN_OUT;
            self.meeting.handle(self.now, session, Input::Leave { reply: 0 });
            self.drain();
        }
        took
    }
}

#[expect(clippy::print_stdout, reason = "the report is the product of a bench")]
fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(800))
        .configure_from_args();
    let (mut thousand, mut ten) = (Bench::new(999), Bench::new(9));
    let mut group = criterion.benchmark_group("meeting/join");
    group.bench_function("last_of_1000", |bencher| {
        bencher.iter_custom(|joins| thousand.run(joins));
    });
    group.bench_function("last_of_10", |bencher| {
        bencher.iter_custom(|joins| ten.run(joins));
    });
    group.finish();
    println!(
        "meeting/join: the last of 1000 in units of the last of 10: {}\n",
        Comparison::measure(11, 200, &mut |joins| thousand.run(joins), &mut |joins| ten
            .run(joins))
    );

    let each = Bench::new(199).bytes_each(800);
    println!("meeting/memory: {each} bytes for each of 1000\n");
    assert!(each < BUDGET_BYTES, "one in a meeting takes {each} bytes");

    let (tenant, organizer) = (TenantSettings::default(), OrganizerPolicy::default());
    let options = MeetingOptions::default();
    let resource = ResourceId::random();
    criterion.bench_function("meeting/admission", |bencher| {
        bencher.iter(|| {
            let input = AdmissionInput {
                cloud: Cloud::Public,
                kind: LinkKind::Own,
                tenant: &tenant,
                organizer: &organizer,
                options: &options,
                started: true,
                participant_count: 999,
                limit: 1000,
                participant: Participant::Guest {
                    resource,
                    is_bot: false,
                },
            };
            black_box(decide(black_box(&input)))
        });
    });
    criterion.final_summary();
}
