//! What a meeting, a room or a group call is, as the store has it.

use std::time::Duration;

use anteroom_media_transport::router::RoomId;

use super::super::Venue;
use super::super::events::Place;
use super::super::machine::{Facts, GroupRules, Host, Limits, MeetingConfig, Policy, RoomRules, Rules};
use super::FAN_OUT;
use crate::media::MediaControl;
use crate::rooms::RoomsError;
use crate::state::App;

/// Where events happen.
pub(super) fn place(venue: &Venue) -> Place {
    match venue {
        Venue::Meeting(record) => Place::Meeting {
            id: record.id.clone(),
            tenant: record.tenant,
            organizer: record.organizer,
            thread_id: record.thread_id.to_string(),
        },
        Venue::Room(id) => Place::Room { id: id.to_string() },
        Venue::Group { resource, id } => Place::Group {
            key: venue.key(),
            id: id.to_string(),
            resource: *resource,
        },
    }
}

/// What a call is about and who gets in.
pub(super) struct Loaded {
    pub(super) subject: String,
    pub(super) policy: Policy,
}

/// What holds for a meeting, a room or a group call now; `None` when it does not exist any more.
pub(super) async fn load(app: &App, venue: &Venue) -> Result<Option<Loaded>, RoomsError> {
    match venue {
        Venue::Meeting(record) => {
            let Some(record) = app.meetings().get(&record.id).await? else {
                return Ok(None);
            };
            let rules = app.meetings().rules(&record).await?;
            Ok(rules.map(|rules| Loaded {
                subject: record.subject,
                policy: Policy::Meeting(Rules {
                    tenant: rules.tenant,
                    organizer: rules.applied.policy,
                    options: rules.effective.options,
                }),
            }))
        }
        Venue::Room(id) => {
            let found = app.rooms().invited(*id).await?;
            Ok(found.map(|(room, list)| Loaded {
                subject: format!("Room {id}"),
                policy: Policy::Room(RoomRules {
                    room,
                    invited: list
                        .into_iter()
                        .map(|invited| (invited.user, invited.role))
                        .collect(),
                }),
            }))
        }
        Venue::Group { resource, .. } => Ok(Some(Loaded {
            subject: "Group call".to_owned(),
            policy: Policy::Group(GroupRules { resource: *resource }),
        })),
    }
}

pub(super) fn config(
    app: &App,
    media: &MediaControl,
    venue: &Venue,
    loaded: Loaded,
    room: RoomId,
) -> MeetingConfig {
    let limits = &app.config().limits;
    let mut seed = [0; 32];
    rand::Rng::fill_bytes(&mut rand::rng(), &mut seed);
    let Loaded { subject, policy } = loaded;
    let tenants = match &policy {
        Policy::Meeting(rules) => rules
            .tenant
            .lobby_timeout_seconds
            .map(|seconds| seconds.get().into()),
        Policy::Room(_) | Policy::Group(_) => None,
    };
    let facts = match venue {
        Venue::Meeting(record) => Facts {
            subject,
            thread_id: record.thread_id.to_string(),
            join_url: record.join_url.clone(),
            host: Some(Host {
                tenant: record.tenant,
                organizer: record.organizer,
            }),
        },
        Venue::Room(id) => Facts {
            subject,
            thread_id: String::new(),
            join_url: format!("{}/join?room={id}", app.issuer()),
            host: None,
        },
        Venue::Group { .. } => Facts {
            subject,
            thread_id: String::new(),
            join_url: String::new(),
            host: None,
        },
    };
    MeetingConfig {
        facts,
        policy,
        limits: Limits {
            participants: limits.meeting_participants,
            lobby: limits.meeting_lobby,
            fan_out: FAN_OUT,
            per_identity: limits.sessions_per_identity(app.config().dev),
            lobby_timeout: Duration::from_secs(tenants.unwrap_or(limits.lobby_timeout_seconds)),
        },
        media: media.environment(room),
        room,
        seed,
    }
}
