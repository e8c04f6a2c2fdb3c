//! Development data: a tenant with three people's worth of demo accounts and one meeting, and `dev.json` that tells
//! programs about it.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::store::Connection;
use anteroom_chat::id::ThreadId;
use anteroom_chat::thread::Member;
use anteroom_identity::id::{CommunicationIdentifier, ObjectId, ResourceId, TeamsUserId, TenantId};
use anteroom_identity::signing::{ConnectionString, KeySlot};
use anteroom_identity::token::DirectoryClaims;
use anteroom_teams_link::link;
use anteroom_teams_link::policy::{GLOBAL, MeetingOptions, TenantSettings};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::utf8_percent_encode;
use rand::RngExt;
use serde::{Deserialize, Serialize};
use time::macros::format_description;
use time::{Duration, OffsetDateTime, UtcOffset};
use uuid::Uuid;

use crate::config::{Demo, io_reason};
use crate::directory::hash_password;
use crate::entra::secret_digest;
use crate::error::StartError;
use crate::http::pages::QUERY_VALUE;
use crate::meetings::{LastEnd, MeetingRecord};
use crate::state::{App, DIRECTORY_AUDIENCE};
use crate::store::StoreError;
use crate::store::sqlite::applications::{self, ApplicationRow, ClientKind, PermissionKind, SecretRow};
use crate::store::sqlite::calendar::{self, EventRow};
use crate::store::sqlite::directory::{self, UserRow};
use crate::store::sqlite::meetings::{self, GraphColumns, MeetingRow};
use crate::store::sqlite::settings;
use crate::tls::write_private;

/// Name of the demo tenant.
pub const TENANT_NAME: &str = "contoso";

/// Sign-in name and display name of the demo users; the first organizes the demo meeting.
const USERS: [(&str, &str); 2] = [
    ("alice@contoso.example", "Alice Meyer"),
    ("bob@contoso.example", "Bob Okafor"),
];

const SUBJECT: &str = "Loan consultation";

/// Setting that holds the demo meeting's id.
const MEETING_SETTING: &str = "demo.meeting";

/// Setting that holds the demo application's client id and secret.
const APP_SETTING: &str = "demo.app";

/// Setting that holds the client id of the demo program for people's devices.
const PUBLIC_APP_SETTING: &str = "demo.public_app";

/// Where people are sent back to after signing in with a demo program: any port of their machine.
const REDIRECT_URI: &str = "http://localhost";

/// What the demo application may do for itself.
const APP_PERMISSIONS: &[&str] = &[
    "Calendars.ReadWrite",
    "Chat.Read.All",
    "OnlineMeetingArtifact.Read.All",
    "OnlineMeetings.ReadWrite.All",
    "User.Read.All",
    "VirtualAppointment.Read.All",
];

/// What the demo programs may do for their users.
const USER_PERMISSIONS: &[&str] = &[
    "Calendars.ReadWrite",
    "Chat.ReadWrite",
    "OnlineMeetingArtifact.Read.All",
    "OnlineMeetings.ReadWrite",
    "User.Read",
    "User.ReadBasic.All",
    "VirtualAppointment.Read",
];

/// Host that long links of real Teams meetings point at.
const TEAMS_HOST: &str = "teams.microsoft.com";

/// Length of the demo meeting: it is there for as long as anybody tries things out.
const MEETING_LENGTH: Duration = Duration::days(365);

/// Life of the token for media: as long as somebody may leave a service running.
const MEDIA_TOKEN_LIFE: Duration = Duration::days(30);

/// What `dev.json` says. Secret: it holds passwords and an access key.
#[derive(Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DevInfo {
    /// The HTTPS address, without a trailing slash.
    pub endpoint: String,
    /// The ACS connection string, `endpoint=…;accesskey=…`.
    pub connection_string: String,
    /// The private authority's certificate in PEM; absent with a certificate of one's own.
    pub ca_file: Option<PathBuf>,
    /// The ACS resource.
    pub resource_id: String,
    /// The demo tenant.
    pub tenant_id: String,
    /// The demo users, the organizer first.
    pub users: Vec<DevUser>,
    /// What MSAL and azure-identity call the authority: where people and applications get tokens.
    pub authority: String,
    /// The base URL of Microsoft Graph.
    pub graph_endpoint: String,
    /// A program that may use the resource and Graph with Entra tokens (client credentials).
    pub app: DevApp,
    /// A program on people's devices, with which they sign in.
    pub public_app: DevPublicApp,
    /// The demo meeting.
    pub meeting: DevMeeting,
    /// The guest's page with the meeting's link filled in.
    pub guest_page: String,
    /// The Teams side's page.
    pub teams_page: String,
    /// Where media comes into the demo meeting by WHIP, and out of it by WHEP.
    pub whip_url: String,
    /// See `whip_url`.
    pub whep_url: String,
    /// A bearer token for both, of a colleague who is admitted without lobby; good for 30 days.
    pub media_token: String,
    /// UDP address of the first media thread.
    pub media: SocketAddr,
    /// The plain HTTP address for browsers on this machine, without a trailing slash.
    pub dev_http: Option<String>,
}

/// A demo user.
#[derive(Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DevUser {
    /// Sign-in name.
    pub upn: String,
    /// Object id.
    pub object_id: String,
    /// Password.
    pub password: String,
    /// Name shown to others.
    pub display_name: String,
}

/// A registered application.
#[derive(Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DevApp {
    /// Client id.
    pub client_id: String,
    /// Client secret.
    pub client_secret: String,
}

/// A registered application that has no secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DevPublicApp {
    /// Client id.
    pub client_id: String,
    /// Where people are sent back to; with any port.
    pub redirect_uri: String,
}

impl std::fmt::Debug for DevApp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DevApp")
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// The demo meeting.
#[derive(Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DevMeeting {
    /// The link on this service.
    pub join_url: String,
    /// What it is about.
    pub subject: String,
    /// Its chat thread.
    pub thread_id: String,
    /// The same meeting as a long `teams.microsoft.com` link.
    pub teams_url: String,
}

impl DevInfo {
    /// Reads a `dev.json`.
    ///
    /// # Errors
    /// The file cannot be read or is not one.
    pub fn read(path: &Path) -> std::io::Result<Self> {
        serde_json::from_slice(&std::fs::read(path)?).map_err(std::io::Error::other)
    }

    /// The line that makes Python, Node and curl trust the private authority.
    #[must_use]
    pub fn trust_line(&self) -> Option<String> {
        let ca = self.ca_file.as_ref()?.display().to_string();
        let ca = if ca
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"/._-+@".contains(&byte))
        {
            ca
        } else {
            format!("'{}'", ca.replace('\'', r"'\''"))
        };
        Some(format!(
            "export REQUESTS_CA_BUNDLE={ca} SSL_CERT_FILE={ca} NODE_EXTRA_CA_CERTS={ca} CURL_CA_BUNDLE={ca}"
        ))
    }
}

impl std::fmt::Debug for DevInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DevInfo")
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for DevUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DevUser")
            .field("object_id", &self.object_id)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for DevMeeting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DevMeeting").finish_non_exhaustive()
    }
}

/// The demo data as stored.
pub(crate) struct DemoData {
    tenant: TenantId,
    users: Vec<(UserRow, String)>,
    app: DevApp,
    public_app: DevPublicApp,
    meeting: MeetingRecord,
}

/// Makes the demo data when it is not there, and applies the configured settings.
pub(crate) async fn ensure(app: &App) -> Result<DemoData, StartError> {
    let failed = |source: StoreError| StartError::Store {
        path: app.config().data.clone(),
        source,
    };
    let now = app.clock().now();
    let known = app.directory().tenant(TENANT_NAME).await.map_err(failed)?;
    if known.is_none() {
        // Hashing takes a while: before the transaction.
        let users = tokio::task::spawn_blocking(new_users)
            .await
            .map_err(|error| StartError::Internal(error.to_string()))??;
        app.store()
            .write(move |connection| create(connection, &users, now))
            .await
            .map_err(failed)?;
    }
    let (tenant, users, meeting_id) = app.store().read(load).await.map_err(failed)?;
    let meeting = app
        .meetings()
        .get(&meeting_id)
        .await
        .map_err(failed)?
        .ok_or_else(|| failed(StoreError::Corrupt("demo meeting")))?;
    let organizer = TeamsUserId::new(meeting.organizer);
    let organizer = CommunicationIdentifier::MicrosoftTeamsUser(organizer);
    // The organizer is in the chat whether or not in the call; others come in with the call.
    let name = users
        .first()
        .map(|(user, _)| user.display_name.clone())
        .unwrap_or_default();
    let members = vec![Member::with_history(organizer.clone(), name)];
    app.chat()
        .ensure_thread(&meeting.thread_id, &meeting.subject, organizer, members)
        .await
        .map_err(|error| StartError::Internal(error.to_string()))?;
    let meeting = apply(app, &app.config().demo, meeting).await.map_err(failed)?;
    let (entry, invited) = calendar_entry(&meeting, &users, now);
    app.store()
        .write(move |connection| ensure_event(connection, &entry, &invited))
        .await
        .map_err(failed)?;
    let resource = app.resource();
    let (registered, public_app) = app
        .store()
        .write(move |connection| {
            let registered = ensure_app(connection, tenant, resource, now)?;
            Ok((registered, ensure_public_app(connection, tenant, now)?))
        })
        .await
        .map_err(failed)?;
    Ok(DemoData {
        tenant,
        users,
        app: registered,
        public_app,
        meeting,
    })
}

/// The demo meeting in the calendars of all demo users.
fn calendar_entry(
    meeting: &MeetingRecord,
    users: &[(UserRow, String)],
    now: OffsetDateTime,
) -> (EventRow, Vec<ObjectId>) {
    let wall_clock = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
    let local = |at: OffsetDateTime| {
        let at = at
            .to_offset(UtcOffset::UTC)
            .format(wall_clock)
            .unwrap_or_default();
        serde_json::json!({ "dateTime": at, "timeZone": "UTC" })
    };
    let others: Vec<&UserRow> = users
        .iter()
        .map(|(user, _)| user)
        .filter(|user| user.object != meeting.organizer)
        .collect();
    let attendees: Vec<_> = others
        .iter()
        .map(|user| {
            serde_json::json!({
                "type": "required",
                "status": { "response": "none", "time": "0001-01-01T00:00:00Z" },
                "emailAddress": { "name": user.display_name, "address": user.upn },
            })
        })
        .collect();
    let entry = EventRow {
        id: Uuid::new_v4().simple().to_string(),
        tenant: meeting.tenant,
        owner: meeting.organizer,
        meeting: Some(meeting.id.clone()),
        transaction_id: None,
        start: meeting.start,
        last: Some(meeting.end),
        event: serde_json::json!({
            "subject": meeting.subject,
            "start": local(meeting.start),
            "end": local(meeting.end),
            "attendees": attendees,
        }),
        created: now,
        changed: now,
        version: 1,
        cancelled: false,
    };
    (entry, others.iter().map(|user| user.object).collect())
}

/// Puts the demo meeting into calendars, unless it is there.
fn ensure_event(connection: &Connection, entry: &EventRow, invited: &[ObjectId]) -> Result<(), StoreError> {
    match &entry.meeting {
        Some(meeting) if !calendar::has_meeting(connection, meeting)? => {
            calendar::insert(connection, entry, invited)
        }
        _ => Ok(()),
    }
}

impl DemoData {
    /// Writes `dev.json` and gives back what it says.
    pub(crate) fn publish(
        self,
        app: &App,
        media: SocketAddr,
        ca_file: Option<&Path>,
    ) -> Result<DevInfo, StartError> {
        let endpoint = app.issuer().to_owned();
        let dev_http = app
            .dev_http()
            .map(|url| url.as_str().trim_end_matches('/').to_owned());
        let pages = dev_http.clone().unwrap_or_else(|| endpoint.clone());
        let media_token = media_token(app, self.users.last())?;
        let meeting = self.meeting;
        let teams_url = link::build_long(
            TEAMS_HOST,
            &meeting.thread_id.to_string(),
            meeting.tenant,
            meeting.organizer,
        );
        let info = DevInfo {
            connection_string: connection_string(app),
            // Programs that are told of the file may run elsewhere.
            ca_file: ca_file.map(|path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned())),
            resource_id: app.resource().to_string(),
            tenant_id: self.tenant.to_string(),
            users: self
                .users
                .into_iter()
                .map(|(user, password)| DevUser {
                    upn: user.upn,
                    object_id: user.object.to_string(),
                    password,
                    display_name: user.display_name,
                })
                .collect(),
            authority: format!("{endpoint}/{}", self.tenant),
            graph_endpoint: format!("{endpoint}/v1.0"),
            app: self.app,
            public_app: self.public_app,
            guest_page: format!(
                "{pages}/join?link={}",
                utf8_percent_encode(&meeting.join_url, QUERY_VALUE)
            ),
            teams_page: format!("{pages}/teams"),
            whip_url: door(&meeting.join_url, "whip"),
            whep_url: door(&meeting.join_url, "whep"),
            media_token,
            meeting: DevMeeting {
                join_url: meeting.join_url,
                subject: meeting.subject,
                thread_id: meeting.thread_id.to_string(),
                teams_url,
            },
            media,
            dev_http,
            endpoint,
        };
        write(app, "dev.json", &info)?;
        Ok(info)
    }
}

#[derive(Serialize)]
struct ResourceFile {
    endpoint: String,
    resource_id: String,
    connection_string: String,
}

/// Outside development mode: `resource.json`, where an operator finds the connection string.
pub(crate) fn write_resource(app: &App) -> Result<(), StartError> {
    let file = ResourceFile {
        endpoint: app.issuer().to_owned(),
        resource_id: app.resource().to_string(),
        connection_string: connection_string(app),
    };
    write(app, "resource.json", &file)
}

/// Writes the connection string anew, after a key was rotated.
pub(crate) fn publish_again(app: &App) -> Result<(), StartError> {
    match app.dev() {
        Some(dev) => {
            let dev = DevInfo {
                connection_string: connection_string(app),
                ..dev.clone()
            };
            write(app, "dev.json", &dev)
        }
        None => write_resource(app),
    }
}

/// A meeting's link by another door: the same id and passcode.
fn door(join_url: &str, door: &str) -> String {
    join_url.replacen("/meet/", &format!("/{door}/"), 1)
}

/// A token of this service's own kind for whoever is last of the demo users.
fn media_token(app: &App, user: Option<&(UserRow, String)>) -> Result<String, StartError> {
    let failed = |reason: &str| StartError::Internal(reason.to_owned());
    let (user, _) = user.ok_or_else(|| failed("there are no demo users"))?;
    let now = app.clock().now();
    let claims = DirectoryClaims {
        tenant: user.tenant,
        object: user.object,
        upn: user.upn.clone(),
        name: user.display_name.clone(),
        app: "anteroom-media".to_owned(),
        permissions: String::new(),
        sign_in: None,
        acs_scopes: None,
        extension_of: None,
        issued_at: now,
        expires_at: now + MEDIA_TOKEN_LIFE,
    };
    app.keys()
        .sign_directory(&claims, app.issuer(), DIRECTORY_AUDIENCE)
        .map_err(|error| failed(&error.to_string()))
}

/// The connection string of the default resource, with its primary key.
fn connection_string(app: &App) -> String {
    let Some(resource) = app.resources().get(app.resource()) else {
        return String::new();
    };
    ConnectionString {
        endpoint: app.endpoint().clone(),
        access_key: resource.key(KeySlot::Primary).clone(),
    }
    .to_secret_string()
}

fn write(app: &App, name: &str, value: &impl Serialize) -> Result<(), StartError> {
    let path = app.config().data.join(name);
    let mut text =
        serde_json::to_vec_pretty(value).map_err(|error| StartError::Internal(error.to_string()))?;
    text.push(b'\n');
    write_private(&path, &text).map_err(|error| StartError::DataNotWritable {
        path: app.config().data.clone(),
        reason: io_reason(&error),
    })
}

/// The demo application; its secret is kept beside it, as the demo users' passwords are.
fn ensure_app(
    connection: &Connection,
    tenant: TenantId,
    resource: ResourceId,
    now: OffsetDateTime,
) -> Result<DevApp, StoreError> {
    let app = match settings::get(connection, APP_SETTING)? {
        Some(stored) => {
            let (id, secret) = stored.split_once(' ').ok_or(StoreError::Corrupt("demo data"))?;
            DevApp {
                client_id: id.to_owned(),
                client_secret: secret.to_owned(),
            }
        }
        None => new_app(connection, tenant, resource, now)?,
    };
    for permission in APP_PERMISSIONS {
        applications::grant(
            connection,
            &app.client_id,
            PermissionKind::Application,
            permission,
        )?;
    }
    with_users(connection, &app.client_id)?;
    applications::grant_access_policy(connection, &app.client_id, applications::GLOBAL)?;
    Ok(app)
}

/// The demo program for people's devices.
fn ensure_public_app(
    connection: &Connection,
    tenant: TenantId,
    now: OffsetDateTime,
) -> Result<DevPublicApp, StoreError> {
    let client_id = match settings::get(connection, PUBLIC_APP_SETTING)? {
        Some(stored) => stored,
        None => {
            let row = ApplicationRow {
                client_id: Uuid::new_v4().to_string(),
                object: ObjectId::random(),
                tenant,
                resource: None,
                name: "Demo on your device".to_owned(),
                kind: ClientKind::Public,
                created: now,
            };
            applications::insert(connection, &row)?;
            settings::set(connection, PUBLIC_APP_SETTING, &row.client_id)?;
            row.client_id
        }
    };
    with_users(connection, &client_id)?;
    Ok(DevPublicApp {
        client_id,
        redirect_uri: REDIRECT_URI.to_owned(),
    })
}

/// What both demo programs have: people sign in with them.
fn with_users(connection: &Connection, client_id: &str) -> Result<(), StoreError> {
    for permission in USER_PERMISSIONS {
        applications::grant(connection, client_id, PermissionKind::Delegated, permission)?;
    }
    applications::add_redirect(connection, client_id, REDIRECT_URI)
}

fn new_app(
    connection: &Connection,
    tenant: TenantId,
    resource: ResourceId,
    now: OffsetDateTime,
) -> Result<DevApp, StoreError> {
    let made = DevApp {
        client_id: Uuid::new_v4().to_string(),
        client_secret: URL_SAFE_NO_PAD.encode(rand::random::<[u8; 30]>()),
    };
    let row = ApplicationRow {
        client_id: made.client_id.clone(),
        object: ObjectId::random(),
        tenant,
        resource: Some(resource),
        name: "Demo".to_owned(),
        kind: ClientKind::Confidential,
        created: now,
    };
    applications::insert(connection, &row)?;
    let secret = SecretRow {
        id: Uuid::new_v4().to_string(),
        name: "dev.json".to_owned(),
        sha256: secret_digest(&made.client_secret),
        created: now,
        expires: None,
    };
    applications::insert_secret(connection, &made.client_id, &secret)?;
    let stored = format!("{} {}", made.client_id, made.client_secret);
    settings::set(connection, APP_SETTING, &stored)?;
    Ok(made)
}

fn new_users() -> Result<Vec<(&'static str, &'static str, String, String)>, StartError> {
    USERS
        .iter()
        .map(|(upn, name)| {
            let password = new_password();
            let hash = hash_password(&password).map_err(|error| StartError::Internal(error.to_string()))?;
            Ok((*upn, *name, password, hash))
        })
        .collect()
}

/// 16 letters and digits, 95 bits: no character that a shell or a command line takes for something else.
fn new_password() -> String {
    rand::rng()
        .sample_iter(rand::distr::Alphanumeric)
        .take(16)
        .map(char::from)
        .collect()
}

fn password_setting(upn: &str) -> String {
    format!("demo.password.{upn}")
}

/// One transaction: either all of the demo data is there or none.
fn create(
    connection: &mut Connection,
    users: &[(&str, &str, String, String)],
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    let transaction = connection.savepoint()?;
    let tenant = TenantId::from(Uuid::new_v4());
    directory::insert_tenant(&transaction, tenant, TENANT_NAME, &TenantSettings::default())?;
    let mut organizer = None;
    for (upn, name, password, hash) in users {
        let user = UserRow {
            object: ObjectId::from(Uuid::new_v4()),
            tenant,
            upn: (*upn).to_owned(),
            display_name: (*name).to_owned(),
            password_hash: hash.clone(),
            // Who organizes the demo meeting looks after the demo tenant, too.
            is_admin: organizer.is_none(),
            enabled: true,
        };
        directory::insert_user(&transaction, &user)?;
        // The demo passwords are shown to whoever starts the service; `dev.json` is written anew on each start.
        settings::set(&transaction, &password_setting(upn), password)?;
        organizer.get_or_insert(user.object);
    }
    let organizer = organizer.ok_or(StoreError::Corrupt("demo users"))?;
    let meeting = MeetingRow {
        id: Uuid::new_v4().to_string(),
        tenant,
        organizer,
        subject: SUBJECT.to_owned(),
        thread: new_thread_id()?,
        meeting_id: new_digits(),
        passcode: Some(new_code()),
        options: MeetingOptions::default(),
        start: now,
        end: now + MEETING_LENGTH,
        graph: GraphColumns {
            expires: LastEnd::Once.expiry(now + MEETING_LENGTH, now),
            ..GraphColumns::lasting(now)
        },
    };
    meetings::insert(&transaction, &meeting)?;
    settings::set(&transaction, MEETING_SETTING, &meeting.id)?;
    transaction.commit()?;
    Ok(())
}

type Loaded = (TenantId, Vec<(UserRow, String)>, String);

fn load(connection: &mut Connection) -> Result<Loaded, StoreError> {
    let missing = StoreError::Corrupt("demo data");
    let tenant = directory::tenant(connection, TENANT_NAME)?.ok_or_else(|| missing.clone())?;
    let mut by_upn: HashMap<String, UserRow> = directory::users(connection, tenant)?
        .into_iter()
        .map(|user| (user.upn.clone(), user))
        .collect();
    let mut users = Vec::with_capacity(USERS.len());
    for (upn, _) in USERS {
        let user = by_upn.remove(upn).ok_or_else(|| missing.clone())?;
        let password = settings::get(connection, &password_setting(upn))?.ok_or_else(|| missing.clone())?;
        users.push((user, password));
    }
    let meeting = settings::get(connection, MEETING_SETTING)?.ok_or(missing)?;
    Ok((tenant, users, meeting))
}

/// Stores what the configuration says about the demo tenant and meeting.
async fn apply(app: &App, demo: &Demo, meeting: MeetingRecord) -> Result<MeetingRecord, StoreError> {
    let meetings = app.meetings();
    let tenant = meeting.tenant;
    let row = app
        .store()
        .read(move |connection| directory::tenant_row(connection, tenant))
        .await?;
    let mut row = row.ok_or(StoreError::Corrupt("demo data"))?;
    if let Some(disable) = demo.disable_anonymous_join {
        row.settings.disable_anonymous_join = disable;
    }
    if demo.allow_anonymous_join.is_some() || demo.allow_anonymous_start.is_some() {
        let global = row.policies.meeting.entry(GLOBAL.to_owned()).or_default();
        global.allow_anonymous_join = demo.allow_anonymous_join.unwrap_or(global.allow_anonymous_join);
        global.allow_anonymous_start = demo.allow_anonymous_start.unwrap_or(global.allow_anonymous_start);
    }
    app.store()
        .write(move |connection| directory::set_tenant_row(connection, tenant, &row))
        .await?;
    if let Some(scope) = demo.lobby {
        let mut options = meeting.options.clone();
        options.lobby.scope = scope;
        meetings.set_options(&meeting.id, options).await?;
    }
    meetings
        .get(&meeting.id)
        .await?
        .ok_or(StoreError::Corrupt("demo meeting"))
}

/// `19:meeting_<40 url-safe characters>@thread.v2`, the form of a private meeting's thread.
fn new_thread_id() -> Result<ThreadId, StoreError> {
    let random = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 30]>());
    format!("19:meeting_{random}@thread.v2")
        .parse()
        .map_err(|_| StoreError::Corrupt("thread id"))
}

/// 15 digits, the first not 0.
fn new_digits() -> String {
    rand::rng()
        .random_range(100_000_000_000_000_u64..1_000_000_000_000_000)
        .to_string()
}

/// 18 letters and digits, as in Teams' short links.
fn new_code() -> String {
    let mut rng = rand::rng();
    (0..18)
        .map(|_| char::from(rng.sample(rand::distr::Alphanumeric)))
        .collect()
}
