//! Who gets in: one decision, beside the same decision by somebody who keeps the settings as JSON and reads them each time;
//! and a lobby of a thousand that is admitted at once, beside one that is a plain list.

use std::hint::black_box;
use std::time::{Duration as StdDuration, Instant};

use anteroom_benches::{Comparison, times};
use anteroom_identity::id::ResourceId;
use anteroom_teams_link::admission::{AdmissionInput, Decision, Participant, decide, decide_admitted};
use anteroom_teams_link::link::{Cloud, LinkKind};
use anteroom_teams_link::lobby::{Lobby, LobbyConfig};
use anteroom_teams_link::policy::{Attendee, AttendeeRole, MeetingOptions, OrganizerPolicy, TenantSettings};
use criterion::Criterion;

const WAITING: u32 = 1000;

/// What a decision may take at most.
const BUDGET_NS: f64 = 5_000.0;

struct Settings {
    tenant: TenantSettings,
    organizer: OrganizerPolicy,
    options: MeetingOptions,
    guest: ResourceId,
}

impl Settings {
    /// A tenant that lists a hundred resources, the guest's last, and a meeting with a hundred invited.
    fn new() -> Self {
        let guest = ResourceId::random();
        let mut tenant = TenantSettings {
            enable_acs_users: true,
            ..TenantSettings::default()
        };
        tenant
            .allowed_acs_resources
            .extend((0..99).map(|_| ResourceId::random()).chain([guest]));
        let organizer = OrganizerPolicy {
            enable_acs_federation_access: true,
            ..OrganizerPolicy::default()
        };
        let mut options = MeetingOptions::default();
        let invited = (0..100).map(|_| Attendee {
            id: uuid(),
            role: AttendeeRole::Attendee,
        });
        options.attendees.extend(invited);
        Self {
            tenant,
            organizer,
            options,
            guest,
        }
    }

    fn input(&self) -> AdmissionInput<'_> {
        AdmissionInput {
            cloud: Cloud::Public,
            kind: LinkKind::Own,
            tenant: &self.tenant,
            organizer: &self.organizer,
            options: &self.options,
            started: true,
            participant_count: 100,
            limit: 350,
            participant: Participant::Guest {
                resource: self.guest,
                is_bot: false,
            },
        }
    }
}

fn uuid() -> anteroom_identity::id::ObjectId {
    ResourceId::random()
        .to_string()
        .parse()
        .expect("any UUID is an object id")
}

#[expect(clippy::print_stdout, reason = "the report is the product of a bench")]
fn report(
    criterion: &mut Criterion,
    name: &str,
    operations: u32,
    mut ours: impl FnMut(u64) -> StdDuration,
    (peer_name, mut peer): (&str, impl FnMut(u64) -> StdDuration),
) -> Comparison {
    let mut group = criterion.benchmark_group(name);
    group.bench_function("anteroom", |bencher| bencher.iter_custom(&mut ours));
    group.bench_function(peer_name, |bencher| bencher.iter_custom(&mut peer));
    group.finish();
    let comparison = Comparison::measure(11, operations, &mut ours, &mut peer);
    println!("{name}: {comparison}\n");
    comparison
}

fn decision(criterion: &mut Criterion) {
    let settings = Settings::new();
    let texts = [
        serde_json::to_string(&settings.tenant).expect("settings are JSON"),
        serde_json::to_string(&settings.organizer).expect("settings are JSON"),
        serde_json::to_string(&settings.options).expect("settings are JSON"),
    ];
    let by_json = || {
        let [tenant, organizer, options] = black_box(&texts);
        let read = Settings {
            tenant: serde_json::from_str(tenant).expect("our own JSON"),
            organizer: serde_json::from_str(organizer).expect("our own JSON"),
            options: serde_json::from_str(options).expect("our own JSON"),
            guest: settings.guest,
        };
        decide(&read.input())
    };
    assert_eq!(decide(&settings.input()), by_json());
    assert!(matches!(by_json(), Decision::Lobby(_)));
    let measured = report(
        criterion,
        "admission/decide",
        2000,
        |operations| {
            times(operations, || {
                black_box(decide(&black_box(&settings).input()));
            })
        },
        ("settings_as_json", |operations| {
            times(operations, || {
                black_box(by_json());
            })
        }),
    );
    assert!(
        cfg!(debug_assertions) || measured.ours_ns < BUDGET_NS,
        "a decision takes {:.0} ns",
        measured.ours_ns
    );
}

/// Everybody who waits comes in, one by one.
fn admit_all(criterion: &mut Criterion) {
    let settings = Settings::new();
    let now = Instant::now();
    let mut full = Lobby::new(LobbyConfig::default());
    for key in 0..WAITING {
        let waits = full.join(now, key, decide(&settings.input()).into());
        assert!(waits.is_ok(), "there is room");
    }
    let list: Vec<u32> = (0..WAITING).collect();
    report(
        criterion,
        "lobby/admit_all_1000",
        20,
        |operations| {
            let mut took = StdDuration::ZERO;
            for _ in 0..operations {
                let mut lobby = full.clone();
                let start = Instant::now();
                lobby.review();
                while let Some(key) = lobby.poll_review() {
                    let verdict = decide_admitted(&black_box(&settings).input());
                    black_box(lobby.decided(now, &key, verdict.into()));
                }
                took += start.elapsed();
                assert!(lobby.is_empty(), "everybody is in");
            }
            took
        },
        ("list", |operations| {
            let mut took = StdDuration::ZERO;
            for _ in 0..operations {
                let mut waiting = list.clone();
                let start = Instant::now();
                for key in &list {
                    let verdict = decide_admitted(&black_box(&settings).input());
                    if matches!(verdict, Decision::Admit { .. }) {
                        waiting.retain(|other| other != key);
                    }
                    black_box(verdict);
                }
                took += start.elapsed();
                assert!(waiting.is_empty(), "everybody is in");
            }
            took
        }),
    );
}

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(StdDuration::from_millis(300))
        .measurement_time(StdDuration::from_millis(800))
        .configure_from_args();
    decision(&mut criterion);
    admit_all(&mut criterion);
    criterion.final_summary();
}
