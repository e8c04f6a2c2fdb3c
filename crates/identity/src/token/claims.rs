//! What tokens say, and how it stands in them.
//!
//! Some SDKs decode the payload with the plain base64 alphabet, so it must never contain `-` or `_` in base64url. That
//! holds as long as it is ASCII without `>`, `?`, `~` and DEL: claims of user tokens are made of letters, digits and
//! `._:,-` only, in [`ServerOrigin`] of `/[]` besides.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use super::keys::issuer;
use super::{ScopeSet, ServerOrigin, TokenError};
use crate::id::{AcsUserId, ObjectId, ResourceId, TenantId};
use crate::signing::KeySlot;

/// `scp` of real tokens for chat and calls; no client is known to look inside.
const SCP: u32 = 1792;

/// `rgn` and `resourceLocation`: this is nobody's region.
const REGION: &str = "local";

/// The claims of a user token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserTokenClaims {
    /// Whose token it is.
    pub user: AcsUserId,
    /// What it allows.
    pub scopes: ScopeSet,
    /// When it was made, whole seconds.
    pub issued_at: OffsetDateTime,
    /// When it ends, whole seconds.
    pub expires_at: OffsetDateTime,
    /// The user's generation when it was made; revoking raises it.
    pub generation: u64,
    /// The access key that signed the request for it; rotating that key revokes the token. `None`: no key did.
    pub access_key: Option<KeyStamp>,
    /// Where the server is that gave it, for programs that look for it; nothing is checked by it: `anteroom`.
    pub server: Option<ServerOrigin>,
}

/// One of a resource's two access keys at a point of its history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyStamp {
    /// Which of the two.
    pub slot: KeySlot,
    /// How often it had been rotated.
    pub rotation: u32,
}

impl std::fmt::Display for KeyStamp {
    /// `p0`: the primary key as it was made; `s3`: the secondary one after three rotations.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let slot = match self.slot {
            KeySlot::Primary => 'p',
            KeySlot::Secondary => 's',
        };
        write!(f, "{slot}{}", self.rotation)
    }
}

impl std::str::FromStr for KeyStamp {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        let (slot, rotation) = match (text.strip_prefix('p'), text.strip_prefix('s')) {
            (Some(rotation), _) => (KeySlot::Primary, rotation),
            (_, Some(rotation)) => (KeySlot::Secondary, rotation),
            _ => return Err(TokenError::Malformed),
        };
        let rotation = rotation.parse().map_err(|_| TokenError::Malformed)?;
        Ok(Self { slot, rotation })
    }
}

/// The claims of a directory token.
#[derive(Clone, PartialEq, Eq)]
pub struct DirectoryClaims {
    /// The user's tenant.
    pub tenant: TenantId,
    /// The user.
    pub object: ObjectId,
    /// Sign-in name.
    pub upn: String,
    /// Display name.
    pub name: String,
    /// The program the user signed in with; empty in tokens of older programs.
    pub app: String,
    /// What the program may do for the user, separated by spaces: `scp`.
    pub permissions: String,
    /// The sign-in it came of, which can be revoked; `None` for one that left nothing behind: `sid`.
    pub sign_in: Option<Uuid>,
    /// What an ACS token that stands for the user is limited to; `None` for the user's own tokens.
    pub acs_scopes: Option<ScopeSet>,
    /// The resource through which the user acts, `8:acs:<resource>_<tenant>_<user>`.
    pub extension_of: Option<ResourceId>,
    /// When it was made, whole seconds.
    pub issued_at: OffsetDateTime,
    /// When it ends, whole seconds.
    pub expires_at: OffsetDateTime,
}

impl std::fmt::Debug for DirectoryClaims {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DirectoryClaims")
            .field("tenant", &self.tenant)
            .field("object", &self.object)
            .finish_non_exhaustive()
    }
}

/// The claims of a user token that stands for a directory's user, `8:orgid:…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeamsUserClaims {
    /// The resource that gave the token.
    pub resource: ResourceId,
    /// The user's tenant.
    pub tenant: TenantId,
    /// The user.
    pub object: ObjectId,
    /// Whether the user acts through the resource, `8:acs:<resource>_<tenant>_<user>`, or for itself, `8:orgid:<user>`.
    pub kind: TeamsUserKind,
    /// What it allows.
    pub scopes: ScopeSet,
    /// When it was made, whole seconds.
    pub issued_at: OffsetDateTime,
    /// When it ends, whole seconds.
    pub expires_at: OffsetDateTime,
    /// As in [`UserTokenClaims::server`].
    pub server: Option<ServerOrigin>,
}

/// As whom a directory's user appears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TeamsUserKind {
    /// `8:orgid:<user>`
    User,
    /// `8:acs:<resource>_<tenant>_<user>`
    Extension,
}

/// The claims of an application that acts for itself (RFC 6749 §4.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppClaims {
    /// The tenant it is registered in.
    pub tenant: TenantId,
    /// Its object in the directory.
    pub object: ObjectId,
    /// Its client id.
    pub client_id: String,
    /// The application permissions it was granted.
    pub roles: Vec<String>,
    /// When it was made, whole seconds.
    pub issued_at: OffsetDateTime,
    /// When it ends, whole seconds.
    pub expires_at: OffsetDateTime,
}

/// The claims of an ID token: who signed in, for the program alone that asked (OpenID Connect Core §2). It opens nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct IdTokenClaims {
    /// The user's tenant.
    pub tenant: TenantId,
    /// The user.
    pub object: ObjectId,
    /// Sign-in name.
    pub upn: String,
    /// Display name.
    pub name: String,
    /// The program it is for: `aud`.
    pub client_id: String,
    /// What the program sent to recognise its request by.
    pub nonce: Option<String>,
    /// The sign-in: `sid`.
    pub sign_in: Uuid,
    /// When the user last showed the password: `auth_time`.
    pub authenticated_at: OffsetDateTime,
    /// When it was made, whole seconds.
    pub issued_at: OffsetDateTime,
    /// When it ends, whole seconds.
    pub expires_at: OffsetDateTime,
}

impl std::fmt::Debug for IdTokenClaims {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IdTokenClaims")
            .field("tenant", &self.tenant)
            .field("object", &self.object)
            .finish_non_exhaustive()
    }
}

/// A user token's payload.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct UserPayload {
    skypeid: String,
    scp: u32,
    csi: String,
    pub(super) exp: i64,
    rgn: String,
    #[serde(rename = "acsScope")]
    acs_scope: String,
    #[serde(rename = "resourceId")]
    resource_id: String,
    #[serde(rename = "resourceLocation")]
    resource_location: String,
    pub(super) iat: i64,
    generation: u64,
    #[serde(rename = "accessKey", default, skip_serializing_if = "Option::is_none")]
    access_key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    anteroom: Option<String>,
}

/// A directory token's payload.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct DirectoryPayload {
    pub(super) aud: String,
    pub(super) iss: String,
    pub(super) iat: i64,
    pub(super) nbf: i64,
    pub(super) exp: i64,
    pub(super) tid: TenantId,
    oid: ObjectId,
    preferred_username: String,
    upn: String,
    name: String,
    #[serde(default)]
    appid: String,
    #[serde(default)]
    scp: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sid: Option<Uuid>,
    /// Tells tokens of one second apart (RFC 7519 §4.1.7); those of older versions have none.
    jti: Option<Uuid>,
    ver: String,
}

/// An ID token's payload. Without `upn`, so that it is never read as a [`DirectoryPayload`].
#[derive(Debug, Serialize)]
pub(super) struct IdPayload<'a> {
    aud: &'a str,
    iss: String,
    iat: i64,
    nbf: i64,
    exp: i64,
    auth_time: i64,
    tid: TenantId,
    oid: ObjectId,
    sub: ObjectId,
    preferred_username: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    sid: Uuid,
    jti: Uuid,
    ver: &'static str,
}

impl<'a> IdPayload<'a> {
    pub(super) fn new(claims: &'a IdTokenClaims, base: &str) -> Self {
        Self {
            aud: &claims.client_id,
            iss: issuer(base, claims.tenant),
            iat: claims.issued_at.unix_timestamp(),
            nbf: claims.issued_at.unix_timestamp(),
            exp: claims.expires_at.unix_timestamp(),
            auth_time: claims.authenticated_at.unix_timestamp(),
            tid: claims.tenant,
            oid: claims.object,
            sub: claims.object,
            preferred_username: &claims.upn,
            name: &claims.name,
            nonce: claims.nonce.as_deref(),
            sid: claims.sign_in,
            jti: Uuid::new_v4(),
            ver: "2.0",
        }
    }
}

/// The payload of an application's token.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct AppPayload {
    pub(super) aud: String,
    pub(super) iss: String,
    iat: i64,
    pub(super) nbf: i64,
    exp: i64,
    pub(super) tid: TenantId,
    oid: ObjectId,
    sub: ObjectId,
    appid: String,
    azp: String,
    idtyp: AppToken,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    roles: Vec<String>,
    /// Tells tokens of one second apart (RFC 7519 §4.1.7); those of older versions have none.
    jti: Option<Uuid>,
    ver: String,
}

/// Tells an application's tokens from users'.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum AppToken {
    App,
}

/// The payload of a user token that stands for a directory's user.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct TeamsUserPayload {
    skypeid: String,
    scp: u32,
    csi: String,
    exp: i64,
    rgn: String,
    #[serde(rename = "acsScope")]
    acs_scope: String,
    #[serde(rename = "resourceId")]
    resource_id: String,
    #[serde(rename = "resourceLocation")]
    resource_location: String,
    iat: i64,
    tid: TenantId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    anteroom: Option<String>,
}

/// Any of them, told apart by the claims that only one of them has.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Payload {
    User(UserPayload),
    TeamsUser(TeamsUserPayload),
    App(AppPayload),
    Directory(DirectoryPayload),
}

impl UserPayload {
    pub(super) fn new(claims: &UserTokenClaims) -> Self {
        let raw = claims.user.to_string();
        Self {
            skypeid: raw.strip_prefix("8:").unwrap_or(&raw).to_owned(),
            scp: SCP,
            csi: claims.issued_at.unix_timestamp().to_string(),
            exp: claims.expires_at.unix_timestamp(),
            rgn: REGION.to_owned(),
            acs_scope: claims.scopes.to_string(),
            resource_id: claims.user.resource().to_string(),
            resource_location: REGION.to_owned(),
            iat: claims.issued_at.unix_timestamp(),
            generation: claims.generation,
            access_key: claims.access_key.map(|key| key.to_string()),
            anteroom: claims.server.as_ref().map(ServerOrigin::to_string),
        }
    }

    pub(super) fn into_claims(self) -> Result<UserTokenClaims, TokenError> {
        Ok(UserTokenClaims {
            user: format!("8:{}", self.skypeid)
                .parse()
                .map_err(|_| TokenError::Malformed)?,
            scopes: self.acs_scope.parse().map_err(|_| TokenError::Malformed)?,
            issued_at: instant(self.iat)?,
            expires_at: instant(self.exp)?,
            generation: self.generation,
            access_key: self.access_key.as_deref().map(str::parse).transpose()?,
            server: origin(self.anteroom),
        })
    }
}

impl DirectoryPayload {
    pub(super) fn new(claims: &DirectoryClaims, base: &str, audience: &str) -> Self {
        Self {
            aud: audience.to_owned(),
            iss: issuer(base, claims.tenant),
            iat: claims.issued_at.unix_timestamp(),
            nbf: claims.issued_at.unix_timestamp(),
            exp: claims.expires_at.unix_timestamp(),
            tid: claims.tenant,
            oid: claims.object,
            preferred_username: claims.upn.clone(),
            upn: claims.upn.clone(),
            name: claims.name.clone(),
            appid: claims.app.clone(),
            scp: claims.permissions.clone(),
            sid: claims.sign_in,
            jti: Some(Uuid::new_v4()),
            ver: "2.0".to_owned(),
        }
    }

    pub(super) fn into_claims(self) -> Result<DirectoryClaims, TokenError> {
        Ok(DirectoryClaims {
            tenant: self.tid,
            object: self.oid,
            upn: self.upn,
            name: self.name,
            app: self.appid,
            permissions: self.scp,
            sign_in: self.sid,
            acs_scopes: None,
            extension_of: None,
            issued_at: instant(self.iat)?,
            expires_at: instant(self.exp)?,
        })
    }
}

impl AppPayload {
    pub(super) fn new(claims: &AppClaims, base: &str, audience: &str) -> Self {
        Self {
            aud: audience.to_owned(),
            iss: issuer(base, claims.tenant),
            iat: claims.issued_at.unix_timestamp(),
            nbf: claims.issued_at.unix_timestamp(),
            exp: claims.expires_at.unix_timestamp(),
            tid: claims.tenant,
            oid: claims.object,
            sub: claims.object,
            appid: claims.client_id.clone(),
            azp: claims.client_id.clone(),
            idtyp: AppToken::App,
            roles: claims.roles.clone(),
            jti: Some(Uuid::new_v4()),
            ver: "2.0".to_owned(),
        }
    }

    pub(super) fn into_claims(self) -> Result<AppClaims, TokenError> {
        Ok(AppClaims {
            tenant: self.tid,
            object: self.oid,
            client_id: self.appid,
            roles: self.roles,
            issued_at: instant(self.iat)?,
            expires_at: instant(self.exp)?,
        })
    }
}

impl TeamsUserPayload {
    pub(super) fn new(claims: &TeamsUserClaims) -> Self {
        Self {
            skypeid: match claims.kind {
                TeamsUserKind::User => format!("orgid:{}", claims.object),
                TeamsUserKind::Extension => {
                    format!("acs:{}_{}_{}", claims.resource, claims.tenant, claims.object)
                }
            },
            scp: SCP,
            csi: claims.issued_at.unix_timestamp().to_string(),
            exp: claims.expires_at.unix_timestamp(),
            rgn: REGION.to_owned(),
            acs_scope: claims.scopes.to_string(),
            resource_id: claims.resource.to_string(),
            resource_location: REGION.to_owned(),
            iat: claims.issued_at.unix_timestamp(),
            tid: claims.tenant,
            anteroom: claims.server.as_ref().map(ServerOrigin::to_string),
        }
    }

    pub(super) fn into_claims(self) -> Result<TeamsUserClaims, TokenError> {
        let fault = |_| TokenError::Malformed;
        let (kind, object) = match self.skypeid.strip_prefix("orgid:") {
            Some(object) => (TeamsUserKind::User, object),
            None => {
                let (_, object) = self.skypeid.rsplit_once('_').ok_or(TokenError::Malformed)?;
                (TeamsUserKind::Extension, object)
            }
        };
        Ok(TeamsUserClaims {
            resource: self.resource_id.parse().map_err(fault)?,
            tenant: self.tid,
            object: object.parse().map_err(fault)?,
            kind,
            scopes: self.acs_scope.parse().map_err(|_| TokenError::Malformed)?,
            issued_at: instant(self.iat)?,
            expires_at: instant(self.exp)?,
            server: origin(self.anteroom),
        })
    }
}

/// What cannot be an origin is as good as none: a token is worth the same without.
fn origin(claim: Option<String>) -> Option<ServerOrigin> {
    claim?.parse().ok()
}

fn instant(seconds: i64) -> Result<OffsetDateTime, TokenError> {
    OffsetDateTime::from_unix_timestamp(seconds).map_err(|_| TokenError::Malformed)
}
