//! What an operator may set: defaults, then a TOML file, then `ANTEROOM_*` in the environment, then the command line.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use figment::value::UncasedStr;
use serde::{Deserialize, Deserializer, Serialize};

use anteroom_identity::id::ResourceId;
use anteroom_media_transport::DtlsBackend;
use anteroom_media_transport::router::RouterConfig;
use anteroom_teams_link::policy::LobbyScope;

use crate::entra::ACS_AUDIENCE;
use crate::external::SignInConfig;
use crate::http::graph::rates::GraphRateConfig;
use crate::http::rate::RateConfig;
use crate::recording::RecordingConfig;
use crate::webhooks::WebhookConfig;

/// Everything an operator may set. Names are the keys of the file; `ANTEROOM_TLS__CERT` in the environment is
/// `tls.cert`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// Development mode: a private certificate authority, demo data, the demo token endpoint and plain HTTP on
    /// loopback. On when there is no configuration file.
    pub dev: bool,
    /// Address of the HTTPS and WebSocket surface. Port 0: the system chooses.
    pub listen: SocketAddr,
    /// Address of the first UDP port for media; every further media thread has the next one. Port 0: the system chooses
    /// all of them.
    pub media: SocketAddr,
    /// Where media is taken over TCP, for clients that no UDP reaches.
    pub media_tcp: MediaTcp,
    /// Media threads, each with a UDP port of its own; one for each core when not set.
    pub media_threads: Option<NonZeroUsize>,
    /// Microphones of a meeting that are forwarded at a time, those of the loudest speakers; 0 or `"all"` for all.
    #[serde(deserialize_with = "number_or_all")]
    pub media_voices: Option<NonZeroUsize>,
    /// The library that makes DTLS handshakes: `"dimpl"`, or in builds with the feature `webrtc-dtls` `"rtc-dtls"`.
    #[serde(with = "dtls_backend")]
    pub media_dtls: DtlsBackend,
    /// Addresses clients are told to send media to; empty: the address listened on, or all of this machine's when
    /// that is unspecified.
    pub media_advertise: Vec<IpAddr>,
    /// The bearer token that `/metrics` asks for. Without one, figures are given in development mode only.
    pub metrics_token: Option<String>,
    /// Plain HTTP for a person's browser in development mode; loopback only; `"off"` for none. Port 0: the system
    /// chooses.
    #[serde(deserialize_with = "address_or_off")]
    pub dev_http: Option<SocketAddr>,
    /// Directory of the database, the development certificate authority and `dev.json`.
    pub data: PathBuf,
    /// The address clients know this service by, when it is not the one listened on: `https://meet.example.org`.
    pub public_url: Option<String>,
    /// Further `host` or `host:port` names under which clients reach this service.
    pub hosts: Vec<String>,
    /// Who operates this service, by sign-in name or object id: sees all tenants and the resources' access keys on the
    /// administrators' page. In development mode the demo's first user does, too.
    pub operators: Vec<String>,
    /// The certificate, outside development mode required.
    pub tls: TlsFiles,
    /// An OpenID Connect issuer, Entra ID for one, whose tokens open the Identity and Rooms APIs to applications that
    /// hold no access key.
    pub oidc: Option<OidcConfig>,
    /// How people sign in.
    pub sign_in: SignInConfig,
    /// What other servers are told of meetings.
    pub webhooks: WebhookConfig,
    /// What is written when a meeting is recorded.
    pub recording: RecordingConfig,
    /// Limits against abuse and mistakes.
    pub limits: Limits,
    /// Settings of the demo tenant and meeting in development mode.
    pub demo: Demo,
}

/// Where media is taken over TCP: `"on"`, `"off"` or an address.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum MediaTcp {
    /// On the port numbers of UDP; where one is taken, on a port that the system chooses.
    #[default]
    On,
    /// Nowhere.
    Off,
    /// There; every further media thread has the next port. Port 0: the system chooses all of them.
    At(SocketAddr),
}

impl TryFrom<String> for MediaTcp {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.as_str() {
            "on" => Ok(Self::On),
            "off" => Ok(Self::Off),
            address => address
                .parse()
                .map(Self::At)
                .map_err(|_| format!("`{address}` is neither an address nor \"on\" or \"off\"")),
        }
    }
}

impl From<MediaTcp> for String {
    fn from(tcp: MediaTcp) -> Self {
        match tcp {
            MediaTcp::On => "on".to_owned(),
            MediaTcp::Off => "off".to_owned(),
            MediaTcp::At(address) => address.to_string(),
        }
    }
}

/// Certificate files in PEM.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct TlsFiles {
    /// The certificate, followed by the intermediate ones.
    pub cert: Option<PathBuf>,
    /// Its private key, PKCS#8, PKCS#1 or SEC1.
    pub key: Option<PathBuf>,
}

/// An issuer of tokens that is not us.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct OidcConfig {
    /// Its address, `https://login.microsoftonline.com/TENANT/v2.0`; `/.well-known/openid-configuration` below it is
    /// read.
    pub issuer: String,
    /// What tokens must be for.
    #[serde(default = "acs_audience")]
    pub audience: String,
    /// The applications that may use the resource: `azp`, `appid` or `client_id` of their tokens, else the subject.
    pub clients: Vec<String>,
    /// The ACS resource they may use; the first one when not set.
    #[serde(default)]
    pub resource: Option<ResourceId>,
    /// Certificate authority of the issuer, in PEM; the system's when not set.
    #[serde(default)]
    pub ca: Option<PathBuf>,
}

impl OidcConfig {
    /// An issuer, and the applications of its that may use ACS.
    #[must_use]
    pub fn new(issuer: impl Into<String>, clients: Vec<String>) -> Self {
        Self {
            issuer: issuer.into(),
            audience: acs_audience(),
            clients,
            resource: None,
            ca: None,
        }
    }
}

fn acs_audience() -> String {
    ACS_AUDIENCE.to_owned()
}

/// Limits against abuse and mistakes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Limits {
    /// Largest HTTP request body, in bytes.
    pub body_bytes: usize,
    /// Allowed difference between a signed request's date and our clock, in seconds.
    pub clock_skew_seconds: u64,
    /// Failed sign-ins of one name from one address within the window below before further ones wait.
    pub sign_in_failures: u32,
    /// Failed sign-ins from one address, whatever the name, before further ones wait.
    pub sign_in_failures_per_source: u32,
    /// The window of both, in seconds.
    pub sign_in_window_seconds: u64,
    /// Wrong meeting ids and passcodes from one address, in IPv6 from one /64, within the window below before further
    /// ones are refused unseen; 0 for no limit.
    pub passcode_failures_per_source: u32,
    /// Wrong passcodes for one meeting id, wherever they come from, before everybody has to wait; 0 for no limit.
    pub passcode_failures_per_meeting: u32,
    /// The window of both, in seconds.
    pub passcode_window_seconds: u64,
    /// Days after which a new key signs tokens; left out: only when an operator says so.
    pub signing_key_days: Option<NonZeroU32>,
    /// Participants in one meeting's call.
    pub meeting_participants: usize,
    /// Guests waiting in one meeting's lobby.
    pub meeting_lobby: usize,
    /// Sessions under one identity in one meeting; 16 when not set, 1,000 in development mode, where one token may stand for
    /// a crowd.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sessions_per_identity: Option<usize>,
    /// How long a guest may wait in the lobby, in seconds.
    pub lobby_timeout_seconds: u64,
    /// WebSocket connections in all.
    pub websockets: usize,
    /// WebSocket connections from one address (loopback excepted).
    pub websockets_per_source: usize,
    /// Media connections for clients that check their network before they join, in all.
    pub network_checks: usize,
    /// Sockets for real-time notifications in all.
    pub notification_sockets: usize,
    /// How often ACS operations may be called.
    pub rates: RateConfig,
    /// How often Microsoft Graph may be asked.
    pub graph: GraphRateConfig,
    /// How much fits into threads and messages; by the rates' profile when not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chat: Option<anteroom_chat::Limits>,
}

/// Settings of the demo tenant and meeting. What is not set keeps its stored or default value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Demo {
    /// Who bypasses the demo meeting's lobby.
    pub lobby: Option<LobbyScope>,
    /// The tenant refuses all anonymous joins.
    pub disable_anonymous_join: Option<bool>,
    /// The organizer lets anonymous participants join.
    pub allow_anonymous_join: Option<bool>,
    /// With lobby scope `everyone`: guests may be first in.
    pub allow_anonymous_start: Option<bool>,
}

impl Default for Config {
    fn default() -> Self {
        let loopback = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Self {
            dev: true,
            listen: loopback(8443),
            // All addresses: a browser without permission for camera or microphone never reaches loopback.
            media: SocketAddr::from((Ipv4Addr::UNSPECIFIED, 10_000)),
            media_tcp: MediaTcp::default(),
            media_threads: None,
            media_voices: RouterConfig::default().max_voices,
            media_dtls: DtlsBackend::default(),
            metrics_token: None,
            media_advertise: Vec::new(),
            dev_http: Some(loopback(8080)),
            data: default_data(),
            public_url: None,
            hosts: Vec::new(),
            operators: Vec::new(),
            tls: TlsFiles::default(),
            oidc: None,
            sign_in: SignInConfig::default(),
            webhooks: WebhookConfig::default(),
            recording: RecordingConfig::default(),
            limits: Limits::default(),
            demo: Demo::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 256 * 1024,
            clock_skew_seconds: 300,
            sign_in_failures: 5,
            sign_in_failures_per_source: 50,
            sign_in_window_seconds: 60,
            passcode_failures_per_source: 30,
            passcode_failures_per_meeting: 100,
            passcode_window_seconds: 60,
            signing_key_days: NonZeroU32::new(90),
            meeting_participants: 1000,
            meeting_lobby: 500,
            sessions_per_identity: None,
            lobby_timeout_seconds: 30 * 60,
            websockets: 10_000,
            websockets_per_source: 200,
            network_checks: 500,
            notification_sockets: 20_000,
            rates: RateConfig::default(),
            graph: GraphRateConfig::default(),
            chat: None,
        }
    }
}

impl Limits {
    /// Sessions under one identity in one meeting.
    #[must_use]
    pub(crate) const fn sessions_per_identity(&self, dev: bool) -> usize {
        match self.sessions_per_identity {
            Some(most) => most,
            None if dev => 1000,
            None => 16,
        }
    }
}

impl Config {
    /// Development mode with its data in `data` and every port chosen by the system: what tests and the demo want.
    #[must_use]
    pub fn dev(data: impl Into<PathBuf>) -> Self {
        let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            data: data.into(),
            listen: free,
            media: free,
            dev_http: Some(free),
            ..Self::default()
        }
    }

    /// Reads the configuration. `command_line` holds the keys given there; keys without a value must be left out of
    /// its serialized form.
    ///
    /// Variables in the environment that start with `ANTEROOM_` and name no key or section are not ours.
    ///
    /// # Errors
    /// The file is missing or is not TOML, a key is unknown, a value is of the wrong kind.
    pub fn load(file: Option<&Path>, command_line: &impl Serialize) -> Result<Self, ConfigError> {
        let defaults = Self {
            dev: file.is_none(),
            ..Self::default()
        };
        let known = serde_json::to_value(&defaults).unwrap_or_default();
        // An environment is shared with others (Kubernetes puts `ANTEROOM_PORT` there for a service of that name), so
        // that a variable with our prefix need not be meant for us.
        let is_key = move |name: &UncasedStr| {
            let section = name.as_str().split("__").next().unwrap_or_default();
            known.get(section.to_ascii_lowercase()).is_some()
        };
        let mut figment = Figment::from(Serialized::defaults(defaults));
        if let Some(path) = file {
            std::fs::metadata(path).map_err(|error| ConfigError::File {
                path: path.to_owned(),
                reason: io_reason(&error),
            })?;
            figment = figment.merge(Toml::file_exact(path));
        }
        figment
            .merge(Env::prefixed("ANTEROOM_").filter(is_key).split("__"))
            .merge(Serialized::defaults(command_line))
            .extract()
            .map_err(ConfigError::from_figment)
    }
}

/// What is wrong with the configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration file {} cannot be read: {reason}", path.display())]
    File {
        /// Its path.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// A key this program does not know.
    #[error("unknown configuration key `{key}` in {origin}")]
    UnknownKey {
        /// The key with the sections it is in, `limits.body`.
        key: String,
        /// Where it was found.
        origin: String,
    },
    /// A value of the wrong kind, or a file that is not TOML.
    #[error("configuration, {origin}: {reason}")]
    Value {
        /// Where it was found, with the key when there is one.
        origin: String,
        /// What is wrong.
        reason: String,
    },
    /// Plain HTTP would leave this machine.
    #[error("dev_http {address}: plain HTTP is served on loopback addresses only")]
    NotLoopback {
        /// The address asked for.
        address: SocketAddr,
    },
    /// Outside development mode there must be a certificate.
    #[error("tls.cert and tls.key must be set outside development mode (or start with --dev)")]
    CertificateMissing,
    /// One of the two files is set without the other.
    #[error("tls.cert and tls.key must be set together")]
    CertificateHalf,
    /// The issuer cannot be one.
    #[error("oidc: {reason}")]
    Oidc {
        /// What is wrong.
        reason: String,
    },
    /// The settings of how people sign in cannot be used.
    #[error("sign_in: {reason}")]
    SignIn {
        /// What is wrong.
        reason: String,
    },
    /// The settings of webhooks cannot be used.
    #[error("webhooks: {reason}")]
    Webhooks {
        /// What is wrong.
        reason: String,
    },
    /// What names nobody: an operator is named by sign-in name or object id.
    #[error("operators: `{name}` is neither a sign-in name (name@domain) nor an object id")]
    Operator {
        /// What was given.
        name: String,
    },
    /// The public address is not one.
    #[error("public_url must be https://host[:port] without a path")]
    PublicUrl,
}

impl ConfigError {
    fn from_figment(error: figment::Error) -> Self {
        let path = error.path.join(".");
        let origin = error.metadata.as_ref().map_or_else(
            || "the configuration".to_owned(),
            |metadata| match &metadata.source {
                Some(figment::Source::File(file)) => file.display().to_string(),
                _ if metadata.name.contains("environment") => "the environment (ANTEROOM_…)".to_owned(),
                _ => "the command line".to_owned(),
            },
        );
        match error.kind {
            figment::error::Kind::UnknownField(field, _) => {
                let key = if path.is_empty() || path == field {
                    field
                } else if path.ends_with(&format!(".{field}")) {
                    path
                } else {
                    format!("{path}.{field}")
                };
                Self::UnknownKey { key, origin }
            }
            kind => {
                let origin = if path.is_empty() {
                    origin
                } else {
                    format!("{origin}, `{path}`")
                };
                let reason = kind.to_string().lines().collect::<Vec<_>>().join(" ");
                Self::Value { origin, reason }
            }
        }
    }
}

/// The system's words for an I/O error, without the number.
pub(crate) fn io_reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}

fn default_data() -> PathBuf {
    let under = |name: &str, rest: &str| {
        let base = std::env::var_os(name).filter(|value| !value.is_empty())?;
        Some(PathBuf::from(base).join(rest))
    };
    under("XDG_DATA_HOME", "anteroom")
        .or_else(|| under("HOME", ".local/share/anteroom"))
        .unwrap_or_else(|| PathBuf::from("anteroom-data"))
}

fn address_or_off<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else {
        return Ok(None);
    };
    if text.eq_ignore_ascii_case("off") {
        return Ok(None);
    }
    text.parse()
        .map(Some)
        .map_err(|_| serde::de::Error::custom("expected ADDRESS:PORT or \"off\""))
}

/// A library by its name.
mod dtls_backend {
    use anteroom_media_transport::DtlsBackend;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(backend: &DtlsBackend, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(backend)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DtlsBackend, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map_err(serde::de::Error::custom)
    }
}

fn number_or_all<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<NonZeroUsize>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Given {
        Number(usize),
        Text(String),
    }
    match Option::<Given>::deserialize(deserializer) {
        Ok(None) => Ok(None),
        Ok(Some(Given::Number(number))) => Ok(NonZeroUsize::new(number)),
        Ok(Some(Given::Text(text))) if text.eq_ignore_ascii_case("all") => Ok(None),
        Ok(Some(Given::Text(_))) | Err(_) => Err(serde::de::Error::custom("expected a number or \"all\"")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Nothing {}

    fn load(toml: &str) -> Result<Config, ConfigError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("anteroom.toml");
        std::fs::write(&path, toml).unwrap();
        Config::load(Some(&path), &Nothing {})
    }

    #[test]
    fn a_file_overrides_defaults_and_turns_dev_mode_off() {
        let config = load("listen = \"0.0.0.0:443\"\n[limits]\nbody_bytes = 1000\n").unwrap();
        assert_eq!(config.listen, "0.0.0.0:443".parse::<SocketAddr>().unwrap());
        assert_eq!(config.limits.body_bytes, 1000);
        assert_eq!(config.limits.clock_skew_seconds, 300);
        assert!(!config.dev);
        assert!(Config::load(None, &Nothing {}).unwrap().dev);
    }

    #[test]
    fn the_command_line_wins() {
        #[derive(Serialize)]
        struct Given {
            listen: &'static str,
            dev_http: &'static str,
        }
        let config = Config::load(
            None,
            &Given {
                listen: "127.0.0.1:1",
                dev_http: "off",
            },
        )
        .unwrap();
        assert_eq!(config.listen, "127.0.0.1:1".parse::<SocketAddr>().unwrap());
        assert_eq!(config.dev_http, None);
    }

    #[test]
    fn a_number_of_voices_or_all() {
        assert_eq!(load("").unwrap().media_voices, NonZeroUsize::new(5));
        assert_eq!(
            load("media_voices = 3").unwrap().media_voices,
            NonZeroUsize::new(3)
        );
        assert_eq!(load("media_voices = 0").unwrap().media_voices, None);
        assert_eq!(load("media_voices = \"All\"").unwrap().media_voices, None);
    }

    #[test]
    fn operators_are_named_in_a_list() {
        assert_eq!(load("").unwrap().operators, Vec::<String>::new());
        let named = load("operators = [\"alice@contoso.example\"]").unwrap();
        assert_eq!(named.operators, ["alice@contoso.example"]);
        assert!(load("operators = \"alice@contoso.example\"").is_err());
    }

    #[test]
    fn a_dtls_library_of_this_build() {
        assert_eq!(load("").unwrap().media_dtls, DtlsBackend::Dimpl);
        for backend in DtlsBackend::ALL {
            let read = load(&format!("media_dtls = \"{backend}\"")).unwrap();
            assert_eq!(read.media_dtls, *backend);
        }
        let error = load("media_dtls = \"openssl\"").unwrap_err().to_string();
        assert!(error.contains("dimpl"), "{error}");
    }

    #[test]
    fn names_unknown_keys() {
        let Err(ConfigError::UnknownKey { key, origin }) = load("lissten = \"127.0.0.1:1\"\n") else {
            panic!("accepted")
        };
        assert_eq!(key, "lissten");
        assert!(origin.ends_with("anteroom.toml"), "{origin}");
        let error = load("[limits]\nbody = 1\n").unwrap_err();
        assert!(error.to_string().contains("`limits.body`"), "{error}");
    }

    #[test]
    fn refuses_wrong_values_in_one_line() {
        for toml in [
            "listen = 5",
            "listen = \"here\"",
            "listen = ",
            "dev_http = \"nowhere\"",
            "media_voices = \"some\"",
            "media_voices = -1",
            "media_dtls = \"openssl\"",
            "media_dtls = 1",
            "[demo]\nlobby = \"x\"",
        ] {
            let error = load(toml).unwrap_err().to_string();
            assert_eq!(error.lines().count(), 1, "{error}");
        }
        let missing = Config::load(Some(Path::new("/nonexistent/a.toml")), &Nothing {}).unwrap_err();
        assert!(matches!(missing, ConfigError::File { .. }), "{missing}");
    }
}
