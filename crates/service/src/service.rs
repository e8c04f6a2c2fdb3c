//! Starting and stopping.

use std::fs::File;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::time::Duration;

use anteroom_chat::Limits as ChatLimits;
use anteroom_identity::id::ObjectId;
use anteroom_teams_link::link::OwnHost;
use axum::Router;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::task::JoinHandle;
use url::Url;

use crate::attendance;
use crate::chat::ChatHub;
use crate::clock::Clock;
use crate::config::{Config, ConfigError, io_reason};
use crate::data;
use crate::demo::{self, DevInfo};
use crate::directory::Directory;
use crate::directory::admin::is_user_name;
use crate::emulator::Emulator;
use crate::error::StartError;
use crate::external::External;
use crate::http::graph::rates::GraphRates;
use crate::http::limits::SignInLimits;
use crate::http::prompt::Prompt;
use crate::http::rate::{Profile, Rates};
use crate::http::whip::sessions::MediaSessions;
use crate::http::{self, Surface};
use crate::identities::Identities;
use crate::keys::{KeyRing, KeyRingError};
use crate::media::MediaAddrs;
use crate::meeting::Registry;
use crate::meeting::passcodes::PasscodeLimits;
use crate::meetings::MeetingStore;
use crate::notifications::Notifications;
use crate::oidc::OidcIssuer;
use crate::operator::{self, OperatorInfo};
use crate::recording::Recordings;
use crate::resources::Resources;
use crate::retention;
use crate::rooms::Rooms;
use crate::state::{App, Parts};
use crate::store::{Store, StoreError};
use crate::tenants::Tenants;
use crate::tls::{self, Material};
use crate::webhooks::{Sender, WebhookTable, Webhooks};

/// How long open requests may take to finish when the service stops.
const GRACE: Duration = Duration::from_secs(3);

/// How long the head of an HTTP/1.1 request, or the answer to an HTTP/2 ping, may take.
const HEADERS_WITHIN: Duration = Duration::from_secs(20);

/// How often a quiet HTTP/2 connection is asked whether it is there.
const HTTP2_PING: Duration = Duration::from_secs(60);

/// Requests at a time on one HTTP/2 connection.
const HTTP2_STREAMS: u32 = 128;

/// How often the age of the key that signs tokens is looked at.
const LOOK_AT_KEYS_EVERY: Duration = Duration::from_secs(600);

/// Connections the system keeps waiting to be accepted.
const BACKLOG: i32 = 1024;

/// The host: start it with [`Service::start`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Service {}

/// A service that runs; stop it with [`RunningService::shutdown`].
#[derive(Debug)]
pub struct RunningService {
    app: App,
    media: MediaAddrs,
    servers: Vec<Server>,
    keys: Watch,
    retention: Watch,
    /// Writes attendance reports; ends after the registry.
    attendance: JoinHandle<()>,
    /// Held as long as the data directory is in use.
    _lock: File,
}

#[derive(Debug)]
struct Server {
    handle: Handle<SocketAddr>,
    task: JoinHandle<io::Result<()>>,
}

/// A task that ends with its service.
#[derive(Debug)]
struct Watch(JoinHandle<()>);

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A service that is dropped stops listening, though nobody is told.
impl Drop for Server {
    fn drop(&mut self) {
        self.handle.shutdown();
    }
}

impl Service {
    /// Opens the data, starts media and listens.
    ///
    /// # Errors
    /// One clear line each: see [`StartError`].
    pub async fn start(config: Config) -> Result<RunningService, StartError> {
        Self::start_with_clock(config, Clock::system()).await
    }

    /// As [`Service::start`], with another wall clock.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start_with_clock(config: Config, clock: Clock) -> Result<RunningService, StartError> {
        check(&config)?;
        let lock = data::lock(&config.data)?;
        data::check_restored(&config.data)?;
        let https = listen(config.listen, "--listen")?;
        let dev_http = match config.dev_http.filter(|_| config.dev) {
            Some(address) => Some(listen(address, "--dev-http")?),
            None => None,
        };
        let https_port = local(&https, "--listen")?.port();
        let dev_http_address = match &dev_http {
            Some(listener) => Some(local(listener, "--dev-http")?),
            None => None,
        };
        let endpoint = endpoint(&config, https_port)?;
        let material = certificate(&config, &endpoint, &clock)?;

        let (app, media, attendance) = match open(config, clock, endpoint, dev_http_address, &material).await
        {
            Ok(opened) => opened,
            Err((store, error)) => {
                if let Some(store) = store {
                    store.close().await;
                }
                return Err(error);
            }
        };

        let mut servers = Vec::with_capacity(3);
        let tls = RustlsConfig::from_config(material.config);
        let router = http::router(app.clone(), Surface::Https);
        servers.push(serve(https, Some(tls), router).map_err(|error| internal(&error))?);
        if let Some(listener) = dev_http {
            let router = http::router(app.clone(), Surface::DevHttp);
            servers.push(serve(listener, None, router).map_err(|error| internal(&error))?);
        }
        let (listener, operator) = operator_listener()?;
        operator.write(&app.config().data)?;
        let router = http::operator_router(app.clone(), operator);
        servers.push(serve(listener, None, router).map_err(|error| internal(&error))?);
        let keys = tokio::spawn(watch_keys(app.clone()));
        let unfinished = app.recordings().unfinished();
        // Nobody waits for what a killed service has left behind.
        drop(tokio::task::spawn_blocking(move || {
            unfinished
                .iter()
                .for_each(|directory| Recordings::complete(directory));
        }));
        let retention = retention::run(
            app.chat().clone(),
            app.meetings().clone(),
            app.recordings().clone(),
            app.clock().clone(),
        );
        tracing::info!(endpoint = app.endpoint().as_str(), ?media, "started");
        Ok(RunningService {
            app,
            media,
            servers,
            keys: Watch(keys),
            retention: Watch(tokio::spawn(retention)),
            attendance,
            _lock: lock,
        })
    }
}

impl RunningService {
    /// The address clients know this service by; `https`.
    #[must_use]
    pub fn endpoint(&self) -> Url {
        self.app.endpoint().clone()
    }

    /// The plain HTTP address for a person's browser, in development mode.
    #[must_use]
    pub fn dev_http(&self) -> Option<Url> {
        self.app.dev_http().cloned()
    }

    /// The UDP addresses that media listens on, one for each media thread.
    #[must_use]
    pub fn media_addrs(&self) -> &[SocketAddr] {
        &self.media.udp
    }

    /// The TCP addresses that media listens on, one for each media thread; none where it is off.
    #[must_use]
    pub fn media_tcp_addrs(&self) -> &[SocketAddr] {
        &self.media.tcp
    }

    /// The demo data, in development mode.
    #[must_use]
    pub fn dev(&self) -> Option<&DevInfo> {
        self.app.dev()
    }

    /// The shared state, for programs that embed the service.
    #[must_use]
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Ends every call with the reason `service_stopping`, finishes open requests and closes the database.
    pub async fn shutdown(self) {
        drop(self.keys);
        drop(self.retention);
        self.app.registry().shutdown().await;
        if let Err(error) = self.attendance.await {
            tracing::warn!(%error, "attendance reports are not complete");
        }
        for server in &self.servers {
            server.handle.graceful_shutdown(Some(GRACE));
        }
        for mut server in self.servers {
            match (&mut server.task).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(%error, "a listener ended"),
                Err(error) => tracing::warn!(%error, "a listener's task ended"),
            }
        }
        self.app.webhooks().shutdown().await;
        // Nobody answers there any more.
        let _ = std::fs::remove_file(self.app.config().data.join(operator::FILE));
        self.app.store().close().await;
        tracing::info!("stopped");
    }
}

/// What the types of the configuration do not say.
fn check(config: &Config) -> Result<(), ConfigError> {
    if let Some(address) = config.dev_http.filter(|_| config.dev)
        && !address.ip().is_loopback()
    {
        return Err(ConfigError::NotLoopback { address });
    }
    let is_somebody = |name: &&String| is_user_name(name) || name.parse::<ObjectId>().is_ok();
    if let Some(name) = config.operators.iter().find(|name| !is_somebody(name)) {
        return Err(ConfigError::Operator { name: name.clone() });
    }
    match (&config.tls.cert, &config.tls.key) {
        (None, None) if !config.dev => Err(ConfigError::CertificateMissing),
        (Some(_), None) | (None, Some(_)) => Err(ConfigError::CertificateHalf),
        _ => Ok(()),
    }
}

fn listen(address: SocketAddr, option: &'static str) -> Result<TcpListener, StartError> {
    let open = || -> io::Result<TcpListener> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        #[cfg(unix)]
        socket.set_reuse_address(true)?;
        if address.is_ipv6() {
            socket.set_only_v6(false)?;
        }
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        Ok(socket.into())
    };
    open().map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => StartError::PortTaken { address, option },
        _ => StartError::Listen {
            address,
            option,
            reason: io_reason(&error),
        },
    })
}

fn local(listener: &TcpListener, option: &'static str) -> Result<SocketAddr, StartError> {
    listener.local_addr().map_err(|error| StartError::Listen {
        address: SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
        option,
        reason: io_reason(&error),
    })
}

/// The configured public address, or the one listened on.
fn endpoint(config: &Config, port: u16) -> Result<Url, StartError> {
    if let Some(text) = &config.public_url {
        let url = Url::parse(text).map_err(|_| ConfigError::PublicUrl)?;
        let plain = url.scheme() == "https"
            && url.host().is_some()
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty();
        return if plain {
            Ok(url)
        } else {
            Err(ConfigError::PublicUrl.into())
        };
    }
    base_url("https", reachable(config.listen.ip()), port)
}

/// An address for links: loopback for an unspecified one.
fn reachable(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(v4) if v4.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(v6) if v6.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        address => address,
    }
}

fn base_url(scheme: &str, host: IpAddr, port: u16) -> Result<Url, StartError> {
    let authority = SocketAddr::new(host, port);
    Url::parse(&format!("{scheme}://{authority}/")).map_err(|error| internal(&error))
}

fn certificate(config: &Config, endpoint: &Url, clock: &Clock) -> Result<Material, StartError> {
    if let (Some(cert), Some(key)) = (&config.tls.cert, &config.tls.key) {
        return Ok(tls::from_files(cert, key)?);
    }
    let configured = config
        .hosts
        .iter()
        .map(|host| http::auth::without_port(host).to_owned());
    let listened = Some(config.listen.ip())
        .filter(|ip| !ip.is_unspecified())
        .map(|ip| ip.to_string());
    let names = endpoint
        .host_str()
        .map(str::to_owned)
        .into_iter()
        .chain(configured)
        .chain(listened);
    Ok(tls::development(
        &config.data.join("tls"),
        &tls::development_names(names),
        clock.now(),
    )?)
}

/// Opens the database and everything that lives in it, then starts media. On failure gives back the open database.
async fn open(
    config: Config,
    clock: Clock,
    endpoint: Url,
    dev_http: Option<SocketAddr>,
    material: &Material,
) -> Result<(App, MediaAddrs, JoinHandle<()>), (Option<Store>, StartError)> {
    let data = config.data.clone();
    let unusable = |source: StoreError| StartError::Store {
        path: data.clone(),
        source,
    };
    let store = Store::open(&data::database_path(&data)).map_err(|error| (None, unusable(error)))?;
    let built = async {
        let now = clock.now();
        let key_ring = KeyRing::open(store.clone(), now)
            .await
            .map_err(|error| internal(&error))?;
        rotate_keys(&config, &key_ring, now)
            .await
            .map_err(|error| internal(&error))?;
        let resources = Resources::open(store.clone(), now).await.map_err(unusable)?;
        let dev_http_url = match dev_http {
            // A person's browser takes `localhost` for a secure context in every browser.
            Some(address) => Some(
                Url::parse(&format!("http://localhost:{}/", address.port()))
                    .map_err(|error| internal(&error))?,
            ),
            None => None,
        };
        let (own_hosts, own_authorities) =
            own_hosts(&config, &endpoint, dev_http.map(|address| address.port()));
        let chat_limits = match (config.limits.chat, config.limits.rates.profile) {
            (Some(limits), _) => limits,
            (None, Profile::Acs) => ChatLimits::acs(),
            (None, _) => ChatLimits::default(),
        };
        let oidc = config.oidc.clone().map(OidcIssuer::new).transpose()?;
        let external = External::new(&config.sign_in)?;
        let (chat, notices) = ChatHub::new(store.clone(), clock.clone(), chat_limits);
        let sender = Sender::new(&config.webhooks, &endpoint, own_authorities.clone())?;
        let table = WebhookTable::open(store.clone()).await.map_err(unusable)?;
        let notifications = Notifications::new(config.limits.notification_sockets);
        notifications.start(notices);
        let meetings = MeetingStore::new(store.clone(), clock.clone(), endpoint.clone());
        let app = App::new(Parts {
            directory: Directory::new(store.clone()),
            tenants: Tenants::new(store.clone(), meetings.changes()),
            meetings,
            chat,
            rooms: Rooms::new(store.clone(), clock.clone()),
            notifications,
            registry: Registry::new(),
            webhooks: Webhooks::new(table, sender),
            sign_in_limits: SignInLimits::new(&config.limits),
            passcode_limits: PasscodeLimits::new(&config.limits),
            rates: Rates::new(&config.limits.rates),
            graph_rates: GraphRates::new(&config.limits.graph),
            emulator: Emulator::new(config.dev),
            media_sessions: MediaSessions::default(),
            recordings: Recordings::new(&config.recording, &config.data),
            oidc,
            external,
            dev: std::sync::OnceLock::new(),
            dev_http: dev_http_url,
            own_hosts,
            own_authorities,
            config,
            clock,
            store: store.clone(),
            key_ring,
            resources,
            identities: Identities::new(store.clone()),
            endpoint,
        });
        app.notifications().obey(&app);
        // A guest is in a meeting's chat only while in its call, and no call outlives the service.
        app.chat()
            .clear_guests()
            .await
            .map_err(|error| internal(&error))?;
        let demo = if app.config().dev {
            Some(demo::ensure(&app).await?)
        } else {
            None
        };
        app.registry()
            .events()
            .resume(app.store())
            .await
            .map_err(unusable)?;
        app.webhooks().start(&app);
        let attendance = attendance::start(&app).await.map_err(unusable)?;
        let media = app.registry().start(&app)?;
        let first = media.udp.first().copied().unwrap_or_else(|| app.config().media);
        let published = match demo {
            Some(demo) => demo
                .publish(&app, first, material.ca_file.as_deref())
                .map(|info| app.set_dev(info)),
            None => demo::write_resource(&app),
        };
        if let Err(error) = published {
            app.registry().shutdown().await;
            app.webhooks().shutdown().await;
            return Err(error);
        }
        Ok((app, media, attendance))
    };
    let outcome: Result<(App, MediaAddrs, JoinHandle<()>), StartError> = built.await;
    outcome.map_err(|error| (Some(store), error))
}

/// The operator's interface is on a loopback port that the system chooses.
fn operator_listener() -> Result<(TcpListener, OperatorInfo), StartError> {
    let option = "the operator's interface";
    let listener = listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), option)?;
    let address = local(&listener, option)?;
    Ok((listener, OperatorInfo::new(format!("http://{address}"))))
}

/// A new key when the one that signs is as old as the configuration allows.
async fn rotate_keys(config: &Config, keys: &KeyRing, now: time::OffsetDateTime) -> Result<(), KeyRingError> {
    if let Some(days) = config.limits.signing_key_days {
        keys.rotate_if_older(time::Duration::days(i64::from(days.get())), now)
            .await?;
    }
    Ok(())
}

/// Looks at the age of the key that signs as long as the service runs.
async fn watch_keys(app: App) {
    loop {
        tokio::time::sleep(LOOK_AT_KEYS_EVERY).await;
        // Not the clock that a test has set: keys are kept, and outlive the test.
        let now = app.clock().system_now();
        if let Err(error) = rotate_keys(app.config(), app.key_ring(), now).await {
            tracing::error!(%error, "a new key to sign tokens could not be made");
        }
    }
}

/// The hosts whose links are ours, and the authorities browsers may call us by.
fn own_hosts(config: &Config, endpoint: &Url, dev_http_port: Option<u16>) -> (Vec<OwnHost>, Vec<String>) {
    let mut hosts = Vec::new();
    let mut authorities: Vec<String> = Vec::new();
    let mut add = |scheme: &str, authority: String| {
        let authority = authority.to_ascii_lowercase();
        if let Ok(host) = OwnHost::parse(&format!("{scheme}://{authority}")) {
            hosts.push(host);
        }
        if !authorities.contains(&authority) {
            authorities.push(authority);
        }
    };
    add("https", endpoint.authority().to_owned());
    for host in &config.hosts {
        add("https", host.clone());
    }
    if config.dev {
        let port = endpoint.port_or_known_default().unwrap_or(443);
        for loopback in ["127.0.0.1", "localhost", "[::1]"] {
            add("https", format!("{loopback}:{port}"));
            if let Some(port) = dev_http_port {
                add("http", format!("{loopback}:{port}"));
            }
        }
    }
    (hosts, authorities)
}

fn serve(listener: TcpListener, tls: Option<RustlsConfig>, router: Router) -> io::Result<Server> {
    let handle = Handle::new();
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let task = match tls {
        Some(tls) => {
            let mut server = axum_server::from_tcp_rustls(listener, tls)?
                .handle(handle.clone())
                .map(|acceptor| Prompt::new(acceptor, HEADERS_WITHIN));
            limit_time(server.http_builder());
            tokio::spawn(server.serve(service))
        }
        None => {
            let mut server = axum_server::from_tcp(listener)?
                .handle(handle.clone())
                .map(|acceptor| Prompt::new(acceptor, HEADERS_WITHIN));
            limit_time(server.http_builder());
            tokio::spawn(server.serve(service))
        }
    };
    Ok(Server { handle, task })
}

/// A connection that says nothing, or says it a byte at a time, does not stay.
fn limit_time(builder: &mut Builder<TokioExecutor>) {
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_WITHIN);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(HTTP2_PING)
        .keep_alive_timeout(HEADERS_WITHIN)
        .max_concurrent_streams(HTTP2_STREAMS);
}

fn internal(error: &impl std::fmt::Display) -> StartError {
    StartError::Internal(error.to_string())
}
