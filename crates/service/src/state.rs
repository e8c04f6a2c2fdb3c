//! What every surface of a running service shares.

use std::sync::{Arc, OnceLock};

use anteroom_identity::id::ResourceId;
use anteroom_identity::token::{Expected, ServerOrigin, SigningKeys};
use anteroom_teams_link::link::OwnHost;
use url::Url;

use crate::chat::ChatHub;
use crate::clock::Clock;
use crate::config::Config;
use crate::demo::DevInfo;
use crate::directory::Directory;
use crate::emulator::Emulator;
use crate::external::External;
use crate::http::graph::rates::GraphRates;
use crate::http::limits::SignInLimits;
use crate::http::rate::Rates;
use crate::http::whip::sessions::MediaSessions;
use crate::identities::Identities;
use crate::keys::KeyRing;
use crate::meeting::Registry;
use crate::meeting::passcodes::PasscodeLimits;
use crate::meetings::MeetingStore;
use crate::notifications::Notifications;
use crate::oidc::OidcIssuer;
use crate::recording::Recordings;
use crate::resources::Resources;
use crate::rooms::Rooms;
use crate::store::Store;
use crate::tenants::Tenants;
use crate::webhooks::Webhooks;

/// Audience of directory tokens.
pub const DIRECTORY_AUDIENCE: &str = "anteroom";

/// The shared state of one running service; clones are the same service.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// What an [`App`] is made of.
pub(crate) struct Parts {
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) store: Store,
    pub(crate) key_ring: KeyRing,
    pub(crate) resources: Resources,
    pub(crate) identities: Identities,
    pub(crate) endpoint: Url,
    pub(crate) dev_http: Option<Url>,
    pub(crate) own_hosts: Vec<OwnHost>,
    pub(crate) own_authorities: Vec<String>,
    pub(crate) directory: Directory,
    pub(crate) meetings: MeetingStore,
    pub(crate) tenants: Tenants,
    pub(crate) chat: ChatHub,
    pub(crate) rooms: Rooms,
    pub(crate) notifications: Notifications,
    pub(crate) registry: Registry,
    pub(crate) webhooks: Webhooks,
    pub(crate) sign_in_limits: SignInLimits,
    pub(crate) passcode_limits: PasscodeLimits,
    pub(crate) rates: Rates,
    pub(crate) graph_rates: GraphRates,
    pub(crate) oidc: Option<OidcIssuer>,
    pub(crate) external: External,
    pub(crate) emulator: Emulator,
    pub(crate) media_sessions: MediaSessions,
    pub(crate) recordings: Recordings,
    pub(crate) dev: OnceLock<DevInfo>,
}

impl App {
    pub(crate) fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// The configuration the service was started with.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// The recordings of meetings.
    pub(crate) fn recordings(&self) -> &Recordings {
        &self.0.recordings
    }

    /// The wall clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// The database.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// The keys that sign access tokens, as they are now.
    #[must_use]
    pub fn keys(&self) -> Arc<SigningKeys> {
        self.0.key_ring.keys()
    }

    /// The keys that sign access tokens, and their rotation.
    #[must_use]
    pub fn key_ring(&self) -> &KeyRing {
        &self.0.key_ring
    }

    /// The ACS resources of this service.
    #[must_use]
    pub fn resources(&self) -> &Resources {
        &self.0.resources
    }

    /// The ACS resource that was there first, which is meant where none is named.
    #[must_use]
    pub fn resource(&self) -> ResourceId {
        self.0.resources.first()
    }

    /// The users of all resources.
    #[must_use]
    pub fn identities(&self) -> &Identities {
        &self.0.identities
    }

    /// The address clients know this service by; `https`, no path.
    #[must_use]
    pub fn endpoint(&self) -> &Url {
        &self.0.endpoint
    }

    /// The origin of the endpoint, as ACS user tokens name it.
    #[must_use]
    pub fn origin(&self) -> Option<ServerOrigin> {
        ServerOrigin::of(self.endpoint())
    }

    /// The plain HTTP address for a person's browser in development mode.
    #[must_use]
    pub fn dev_http(&self) -> Option<&Url> {
        self.0.dev_http.as_ref()
    }

    /// The address that issuers named in directory tokens start with: the endpoint without a trailing slash.
    #[must_use]
    pub fn issuer(&self) -> &str {
        self.0.endpoint.as_str().trim_end_matches('/')
    }

    /// What an access token must say to be accepted here, besides being of one of the resources and not revoked.
    #[must_use]
    pub fn expected(&self) -> Expected<'_> {
        Expected {
            resource: None,
            audiences: &[DIRECTORY_AUDIENCE],
        }
    }

    /// Running sessions of WHIP and WHEP.
    pub(crate) fn media_sessions(&self) -> &MediaSessions {
        &self.0.media_sessions
    }

    /// The hosts whose meeting links are ours.
    #[must_use]
    pub fn own_hosts(&self) -> &[OwnHost] {
        &self.0.own_hosts
    }

    /// `host[:port]` under which browsers may call this service, lower case.
    #[must_use]
    pub fn own_authorities(&self) -> &[String] {
        &self.0.own_authorities
    }

    /// Faults on demand, in development mode.
    #[must_use]
    pub fn emulator(&self) -> &Emulator {
        &self.0.emulator
    }

    /// Tenants and their users.
    #[must_use]
    pub fn directory(&self) -> &Directory {
        &self.0.directory
    }

    /// Scheduled meetings and the settings that apply to them.
    #[must_use]
    pub fn meetings(&self) -> &MeetingStore {
        &self.0.meetings
    }

    /// Chat threads.
    #[must_use]
    pub fn chat(&self) -> &ChatHub {
        &self.0.chat
    }

    /// Rooms.
    #[must_use]
    pub fn rooms(&self) -> &Rooms {
        &self.0.rooms
    }

    /// Who listens to real-time notifications.
    #[must_use]
    pub fn notifications(&self) -> &Notifications {
        &self.0.notifications
    }

    /// What is set for tenants.
    #[must_use]
    pub fn tenants(&self) -> &Tenants {
        &self.0.tenants
    }

    /// Running meetings.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.0.registry
    }

    /// What other servers are told of meetings.
    #[must_use]
    pub fn webhooks(&self) -> &Webhooks {
        &self.0.webhooks
    }

    /// Counts failed sign-ins.
    #[must_use]
    pub fn sign_in_limits(&self) -> &SignInLimits {
        &self.0.sign_in_limits
    }

    /// Counts meetings that were not found. Whoever looks one up by a passcode asks here first.
    #[must_use]
    pub fn passcode_limits(&self) -> &PasscodeLimits {
        &self.0.passcode_limits
    }

    /// The configured issuer of applications' tokens.
    #[must_use]
    pub fn oidc(&self) -> Option<&OidcIssuer> {
        self.0.oidc.as_ref()
    }

    /// The external providers where people sign in.
    #[must_use]
    pub fn external(&self) -> &External {
        &self.0.external
    }

    /// Counts calls of ACS operations.
    #[must_use]
    pub fn rates(&self) -> &Rates {
        &self.0.rates
    }

    /// Counts requests to Microsoft Graph.
    #[must_use]
    pub fn graph_rates(&self) -> &GraphRates {
        &self.0.graph_rates
    }

    /// The demo data, in development mode.
    #[must_use]
    pub fn dev(&self) -> Option<&DevInfo> {
        self.0.dev.get()
    }

    /// Set once, when media's address is known.
    pub(crate) fn set_dev(&self, info: DevInfo) {
        let _ = self.0.dev.set(info);
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App")
            .field("endpoint", &self.0.endpoint.as_str())
            .finish_non_exhaustive()
    }
}
