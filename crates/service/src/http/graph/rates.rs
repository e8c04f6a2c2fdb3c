//! How often Graph may be asked: per application and tenant, and per mailbox.

use std::collections::BTreeMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::caller::GraphCaller;
use super::resource::{Owner, Resource};
use crate::errors::graph;
use crate::http::errors::ApiError;
use crate::http::rate::{GENEROUS, Meter, at_least_one, scale};

/// Parts of Graph whose requests are counted by themselves, by their names in the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum GraphService {
    /// All requests.
    Any,
    /// `users`
    Directory,
    /// `onlineMeetings` and what lies below.
    OnlineMeetings,
    /// `events`, `calendar`, `calendarView`
    Calendar,
    /// `chats`
    Chats,
}

/// What requests are counted together for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GraphPer {
    /// An application in a tenant, whoever is signed in.
    Application,
    /// An application and the user whose resources it asks for.
    Mailbox,
}

/// At most so many requests in so many seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GraphRate {
    /// Counted together for.
    pub per: GraphPer,
    /// Requests, from 1.
    #[serde(deserialize_with = "at_least_one")]
    pub calls: u32,
    /// Seconds, from 1.
    #[serde(deserialize_with = "at_least_one")]
    pub seconds: u32,
}

/// The rates of Graph in force.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct GraphRateConfig {
    /// Where the numbers come from.
    pub profile: GraphProfile,
    /// Rates of single services in place of the profile's; an empty list for none.
    pub services: BTreeMap<GraphService, Vec<GraphRate>>,
}

/// A named set of rates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GraphProfile {
    /// A thousand times what Microsoft Graph allows.
    #[default]
    Generous,
    /// What Microsoft Graph documents.
    Graph,
    /// No rates at all.
    Off,
}

/// Counts requests.
#[derive(Debug)]
pub struct GraphRates {
    rules: Vec<(GraphService, GraphPer, Meter)>,
    hasher: RandomState,
    start: Instant,
}

impl GraphRates {
    /// Rates as configured.
    #[must_use]
    pub fn new(config: &GraphRateConfig) -> Self {
        let factor = match config.profile {
            GraphProfile::Generous => Some(GENEROUS),
            GraphProfile::Graph => Some(1.0),
            GraphProfile::Off => None,
        };
        let mut rules = Vec::new();
        for (service, per, calls, seconds) in DOCUMENTED {
            if let (Some(factor), false) = (factor, config.services.contains_key(service)) {
                rules.push((*service, *per, Meter::new(scale(*calls, factor), *seconds)));
            }
        }
        for (service, rates) in &config.services {
            let meter = |rate: &GraphRate| (*service, rate.per, Meter::new(rate.calls, rate.seconds));
            rules.extend(rates.iter().map(meter));
        }
        Self {
            rules,
            hasher: RandomState::new(),
            start: Instant::now(),
        }
    }

    /// Counts a request, unless there were too many.
    ///
    /// # Errors
    /// 429 with the seconds after which the request would be let through.
    pub(super) fn check(&self, caller: &GraphCaller, resource: &Resource) -> Result<(), ApiError> {
        self.check_at(caller, resource, Instant::now())
            .map_err(|wait| ApiError::new(&graph::THROTTLED).with_retry_after(wait.as_secs().max(1)))
    }

    fn check_at(&self, caller: &GraphCaller, resource: &Resource, now: Instant) -> Result<(), Duration> {
        let since_start = now.saturating_duration_since(self.start);
        let service = service_of(resource);
        let (tenant, application) = (caller.tenant(), caller.client_id());
        let key = |per| match per {
            GraphPer::Application => self.hasher.hash_one((tenant, application)),
            GraphPer::Mailbox => self
                .hasher
                .hash_one((tenant, application, mailbox(caller, resource))),
        };
        // A request that one of the rules refuses must not count against the others.
        let mut taken = Vec::new();
        for (of, per, meter) in &self.rules {
            if *of != GraphService::Any && Some(*of) != service {
                continue;
            }
            let key = key(*per);
            if let Err(wait) = meter.take(key, since_start) {
                for (meter, key) in taken {
                    Meter::give_back(meter, key);
                }
                return Err(wait);
            }
            taken.push((meter, key));
        }
        Ok(())
    }
}

/// "Microsoft Graph service-specific throttling limits": a small tenant's directory, Outlook, reading in Teams.
const DOCUMENTED: &[(GraphService, GraphPer, u32, u32)] = &[
    (GraphService::Any, GraphPer::Application, 130_000, 10),
    (GraphService::Directory, GraphPer::Application, 3500, 10),
    (GraphService::Calendar, GraphPer::Mailbox, 10_000, 600),
    (GraphService::Chats, GraphPer::Application, 30, 1),
];

const fn service_of(resource: &Resource) -> Option<GraphService> {
    Some(match resource {
        Resource::Users | Resource::UsersCount | Resource::User(_) => GraphService::Directory,
        Resource::OnlineMeetings(_)
        | Resource::CreateOrGet(_)
        | Resource::OnlineMeeting(..)
        | Resource::Reports(..)
        | Resource::Report(..)
        | Resource::Records(..)
        | Resource::VirtualAppointment(..)
        | Resource::CommunicationsMeetings => GraphService::OnlineMeetings,
        Resource::Events(_)
        | Resource::Event(..)
        | Resource::Instances(..)
        | Resource::Respond(..)
        | Resource::Cancel(..)
        | Resource::Calendar(_)
        | Resource::CalendarView(_) => GraphService::Calendar,
        Resource::Chats(_)
        | Resource::Chat(_)
        | Resource::Messages(_)
        | Resource::Message(..)
        | Resource::Members(_)
        | Resource::Member(..) => GraphService::Chats,
        Resource::Root | Resource::Metadata | Resource::Batch => return None,
    })
}

/// Whose resources a request is about, as the path says it; the caller's own otherwise.
fn mailbox(caller: &GraphCaller, resource: &Resource) -> Option<String> {
    let owner = resource.owner();
    match (owner, caller) {
        (Some(Owner::User(id)), _) => Some(id.to_ascii_lowercase()),
        (_, GraphCaller::User { user, .. }) => Some(user.oid.to_string()),
        (_, GraphCaller::App { .. }) => None,
    }
}

#[cfg(test)]
mod tests {
    use anteroom_identity::id::{ObjectId, TenantId};

    use super::super::caller::Permissions;
    use super::*;

    fn app(client_id: &str, tenant: TenantId) -> GraphCaller {
        GraphCaller::App {
            tenant,
            client_id: client_id.to_owned(),
            object: ObjectId::random(),
            permissions: Permissions::everything(),
        }
    }

    fn events_of(user: &str) -> Resource {
        Resource::Events(Owner::User(user.to_owned()))
    }

    fn through(rates: &GraphRates, caller: &GraphCaller, resource: &Resource, tries: usize) -> usize {
        (0..tries)
            .filter(|_| rates.check_at(caller, resource, rates.start).is_ok())
            .count()
    }

    #[test]
    fn each_application_has_its_own_count_in_each_tenant() {
        let config = GraphRateConfig {
            profile: GraphProfile::Graph,
            ..GraphRateConfig::default()
        };
        let rates = GraphRates::new(&config);
        let (one, other) = (TenantId::random(), TenantId::random());
        let chats = Resource::Chats(None);
        assert_eq!(through(&rates, &app("a", one), &chats, 50), 30);
        assert_eq!(through(&rates, &app("a", other), &chats, 50), 30);
        assert_eq!(through(&rates, &app("b", one), &chats, 50), 30);
        // What one service refuses does not count for another.
        assert_eq!(through(&rates, &app("a", one), &Resource::Users, 5000), 3500);
    }

    #[test]
    fn each_mailbox_has_its_own_count() {
        let config = GraphRateConfig {
            profile: GraphProfile::Graph,
            ..GraphRateConfig::default()
        };
        let rates = GraphRates::new(&config);
        let caller = app("a", TenantId::random());
        assert_eq!(
            through(&rates, &caller, &events_of("x@y.example"), 10_010),
            10_000
        );
        assert_eq!(through(&rates, &caller, &events_of("X@y.example"), 10), 0);
        assert_eq!(through(&rates, &caller, &events_of("z@y.example"), 10), 10);
    }

    #[test]
    fn own_rates_stand_in_place_of_the_profile() {
        let rate = GraphRate {
            per: GraphPer::Application,
            calls: 2,
            seconds: 1,
        };
        for profile in [GraphProfile::Off, GraphProfile::Generous, GraphProfile::Graph] {
            let rates = GraphRates::new(&GraphRateConfig {
                profile,
                services: [(GraphService::Directory, vec![rate.clone()])].into(),
            });
            let caller = app("a", TenantId::random());
            assert_eq!(through(&rates, &caller, &Resource::Users, 9), 2);
            let wait = rates
                .check_at(&caller, &Resource::Users, rates.start)
                .unwrap_err();
            assert!(wait <= Duration::from_secs(3), "{wait:?}");
            let later = rates.start + Duration::from_secs(wait.as_secs().max(1));
            assert_eq!(rates.check_at(&caller, &Resource::Users, later), Ok(()));
        }
        let rates = GraphRates::new(&GraphRateConfig {
            profile: GraphProfile::Off,
            services: BTreeMap::new(),
        });
        let caller = app("a", TenantId::random());
        assert_eq!(through(&rates, &caller, &Resource::Chats(None), 500), 500);
    }
}
