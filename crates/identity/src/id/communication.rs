//! Raw identifiers of participants, `8:acs:…` and the like.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use super::{ObjectId, ResourceId, TenantId};
use crate::error::IdError;

/// Longest raw identifier accepted, in bytes.
const MAX_RAW_ID: usize = 512;

/// The cloud an identifier belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Cloud {
    /// Public, `orgid`.
    #[default]
    Public,
    /// US Department of Defense, `dod`.
    Dod,
    /// US Government Community Cloud High, `gcch`.
    Gcch,
}

impl Cloud {
    /// The name in `CommunicationIdentifierModel.cloud`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Dod => "dod",
            Self::Gcch => "gcch",
        }
    }

    const fn prefix(self) -> &'static str {
        match self {
            Self::Public => "orgid",
            Self::Dod => "dod",
            Self::Gcch => "gcch",
        }
    }

    fn from_prefix(text: &str) -> Option<Self> {
        [Self::Public, Self::Dod, Self::Gcch]
            .into_iter()
            .find(|cloud| cloud.prefix() == text)
    }
}

/// A user of an ACS resource: `8:acs:<resource>_<user>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AcsUserId {
    resource: ResourceId,
    user: Uuid,
}

impl AcsUserId {
    /// The user with this id of this resource.
    #[must_use]
    pub const fn new(resource: ResourceId, user: Uuid) -> Self {
        Self { resource, user }
    }

    /// A new user of this resource, drawn at random.
    #[must_use]
    pub fn random(resource: ResourceId) -> Self {
        Self {
            resource,
            user: Uuid::new_v4(),
        }
    }

    /// The resource the user belongs to.
    #[must_use]
    pub const fn resource(&self) -> ResourceId {
        self.resource
    }

    /// The user within the resource.
    #[must_use]
    pub const fn user(&self) -> Uuid {
        self.user
    }
}

impl fmt::Display for AcsUserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "8:acs:{}_{}", self.resource, self.user.hyphenated())
    }
}

impl FromStr for AcsUserId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let fault = || IdError::new("ACS user id");
        let (resource, user) = text
            .strip_prefix("8:acs:")
            .and_then(|rest| rest.split_once('_'))
            .ok_or_else(fault)?;
        let user: ObjectId = user.parse().map_err(|_| fault())?;
        Ok(Self {
            resource: resource.parse().map_err(|_| fault())?,
            user: user.as_uuid(),
        })
    }
}

/// A user of a directory: `8:orgid:<oid>`, `8:dod:<oid>` or `8:gcch:<oid>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TeamsUserId {
    oid: ObjectId,
    cloud: Cloud,
}

impl TeamsUserId {
    /// A user in the public cloud.
    #[must_use]
    pub const fn new(oid: ObjectId) -> Self {
        Self {
            oid,
            cloud: Cloud::Public,
        }
    }

    /// A user in another cloud.
    #[must_use]
    pub const fn in_cloud(oid: ObjectId, cloud: Cloud) -> Self {
        Self { oid, cloud }
    }

    /// The directory object.
    #[must_use]
    pub const fn oid(&self) -> ObjectId {
        self.oid
    }

    /// The cloud the user is in.
    #[must_use]
    pub const fn cloud(&self) -> Cloud {
        self.cloud
    }
}

impl fmt::Display for TeamsUserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "8:{}:{}", self.cloud.prefix(), self.oid)
    }
}

/// A Teams application (bot): `28:orgid:<app id>`, `28:dod:…` or `28:gcch:…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TeamsAppId {
    app: ObjectId,
    cloud: Cloud,
}

impl TeamsAppId {
    /// An application in a cloud.
    #[must_use]
    pub const fn new(app: ObjectId, cloud: Cloud) -> Self {
        Self { app, cloud }
    }

    /// The application.
    #[must_use]
    pub const fn app(&self) -> ObjectId {
        self.app
    }

    /// The cloud it is in.
    #[must_use]
    pub const fn cloud(&self) -> Cloud {
        self.cloud
    }
}

impl fmt::Display for TeamsAppId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "28:{}:{}", self.cloud.prefix(), self.app)
    }
}

/// A directory's user who acts through an ACS resource: `8:acs:<resource>_<tenant>_<user>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TeamsExtensionUserId {
    resource: ResourceId,
    tenant: TenantId,
    user: ObjectId,
    cloud: Cloud,
}

impl TeamsExtensionUserId {
    /// A user in the public cloud.
    #[must_use]
    pub const fn new(resource: ResourceId, tenant: TenantId, user: ObjectId) -> Self {
        Self {
            resource,
            tenant,
            user,
            cloud: Cloud::Public,
        }
    }

    /// The resource.
    #[must_use]
    pub const fn resource(&self) -> ResourceId {
        self.resource
    }

    /// The tenant of the directory's user.
    #[must_use]
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// The directory's user.
    #[must_use]
    pub const fn user(&self) -> ObjectId {
        self.user
    }

    /// The cloud all of them are in.
    #[must_use]
    pub const fn cloud(&self) -> Cloud {
        self.cloud
    }
}

impl fmt::Display for TeamsExtensionUserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = match self.cloud {
            Cloud::Public => "acs",
            Cloud::Dod => "dod-acs",
            Cloud::Gcch => "gcch-acs",
        };
        write!(f, "8:{prefix}:{}_{}_{}", self.resource, self.tenant, self.user)
    }
}

impl FromStr for TeamsExtensionUserId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let fault = || IdError::new("Teams extension user id");
        let (prefix, ids) = text
            .strip_prefix("8:")
            .and_then(|rest| rest.split_once(':'))
            .ok_or_else(fault)?;
        let cloud = match prefix {
            "acs" => Cloud::Public,
            "dod-acs" => Cloud::Dod,
            "gcch-acs" => Cloud::Gcch,
            _ => return Err(fault()),
        };
        let mut ids = ids.split('_');
        let (Some(resource), Some(tenant), Some(user), None) =
            (ids.next(), ids.next(), ids.next(), ids.next())
        else {
            return Err(fault());
        };
        Ok(Self {
            resource: resource.parse().map_err(|_| fault())?,
            tenant: tenant.parse().map_err(|_| fault())?,
            user: user.parse().map_err(|_| fault())?,
            cloud,
        })
    }
}

/// A phone number: what follows `4:` of its raw identifier.
///
/// `+14255550123`; `anonymous`, a caller who hides it; `+14255550123_<asserted id>`, where the part after the last
/// underscore tells callers with the same number apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PhoneNumber(String);

impl PhoneNumber {
    /// The number, E.164 as a rule.
    #[must_use]
    pub fn value(&self) -> &str {
        self.0.rsplit_once('_').map_or(&self.0, |(value, _)| value)
    }

    /// Tells callers with the same number apart.
    #[must_use]
    pub fn asserted_id(&self) -> Option<&str> {
        self.0.rsplit_once('_').map(|(_, asserted)| asserted)
    }

    /// Whether the caller hides the number.
    #[must_use]
    pub fn is_anonymous(&self) -> bool {
        self.0 == "anonymous"
    }
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for PhoneNumber {
    type Err = IdError;

    /// Accepts any printable ASCII: what a number must look like is for who calls it.
    fn from_str(text: &str) -> Result<Self, IdError> {
        if text.is_empty() || text.len() > MAX_RAW_ID || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(IdError::new("phone number"));
        }
        Ok(Self(text.to_owned()))
    }
}

/// Any participant, by its raw identifier.
///
/// What is not understood is kept as [`Unknown`](Self::Unknown), so every raw id survives a round trip unchanged.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum CommunicationIdentifier {
    /// A user of an ACS resource.
    CommunicationUser(AcsUserId),
    /// A phone number.
    PhoneNumber(PhoneNumber),
    /// A user of a directory.
    MicrosoftTeamsUser(TeamsUserId),
    /// Somebody who visits Teams without signing in, what follows `8:teamsvisitor:`.
    TeamsVisitor(String),
    /// A directory's user who acts through an ACS resource.
    TeamsExtensionUser(TeamsExtensionUserId),
    /// A user of an ACS resource that is not of this kind of service: `8:gcch-acs:…`, `8:dod-acs:…`, `8:spool:…`.
    ForeignUser(String),
    /// A Teams application.
    MicrosoftTeamsApp(TeamsAppId),
    /// Anything else, as it is.
    Unknown(String),
}

impl FromStr for CommunicationIdentifier {
    type Err = IdError;

    /// Fails only for text that is empty, longer than 512 bytes, or not printable ASCII.
    fn from_str(text: &str) -> Result<Self, IdError> {
        if text.is_empty() || text.len() > MAX_RAW_ID || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(IdError::new("raw id"));
        }
        Ok(known(text)
            .filter(|id| id.to_string() == text)
            .unwrap_or_else(|| Self::Unknown(text.to_owned())))
    }
}

/// The identifier a text stands for, whatever its spelling.
fn known(text: &str) -> Option<CommunicationIdentifier> {
    if let Some(number) = text.strip_prefix("4:") {
        return number.parse().ok().map(CommunicationIdentifier::PhoneNumber);
    }
    let (kind, rest) = text.split_once(':')?;
    let (cloud, id) = rest.split_once(':')?;
    match (kind, cloud) {
        ("8", "acs" | "dod-acs" | "gcch-acs") if id.matches('_').count() == 2 => {
            return text.parse().ok().map(CommunicationIdentifier::TeamsExtensionUser);
        }
        ("8", "acs") => return text.parse().ok().map(CommunicationIdentifier::CommunicationUser),
        ("8", "dod-acs" | "gcch-acs" | "spool") => {
            return (!id.is_empty()).then(|| CommunicationIdentifier::ForeignUser(text.to_owned()));
        }
        ("8", "teamsvisitor") => {
            return (!id.is_empty()).then(|| CommunicationIdentifier::TeamsVisitor(id.to_owned()));
        }
        _ => {}
    }
    let (cloud, id) = (Cloud::from_prefix(cloud)?, id.parse().ok()?);
    match kind {
        "8" => Some(CommunicationIdentifier::MicrosoftTeamsUser(
            TeamsUserId::in_cloud(id, cloud),
        )),
        "28" => Some(CommunicationIdentifier::MicrosoftTeamsApp(TeamsAppId::new(
            id, cloud,
        ))),
        _ => None,
    }
}

impl fmt::Display for CommunicationIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CommunicationUser(user) => fmt::Display::fmt(user, f),
            Self::PhoneNumber(number) => write!(f, "4:{number}"),
            Self::TeamsVisitor(id) => write!(f, "8:teamsvisitor:{id}"),
            Self::TeamsExtensionUser(user) => fmt::Display::fmt(user, f),
            Self::ForeignUser(raw) => f.write_str(raw),
            Self::MicrosoftTeamsUser(user) => fmt::Display::fmt(user, f),
            Self::MicrosoftTeamsApp(app) => fmt::Display::fmt(app, f),
            Self::Unknown(raw) => f.write_str(raw),
        }
    }
}

impl From<AcsUserId> for CommunicationIdentifier {
    fn from(user: AcsUserId) -> Self {
        Self::CommunicationUser(user)
    }
}

impl From<TeamsUserId> for CommunicationIdentifier {
    fn from(user: TeamsUserId) -> Self {
        Self::MicrosoftTeamsUser(user)
    }
}

impl Serialize for CommunicationIdentifier {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CommunicationIdentifier {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RESOURCE: &str = "0b7e6c44-91d2-4e0f-8a3b-6d5f4c3b2a19";
    const USER: &str = "0000001b-e76c-cf3c-1985-0948220072ec";

    #[test]
    fn reads_each_kind() {
        let read = |text: &str| text.parse::<CommunicationIdentifier>().unwrap();
        let acs = read(&format!("8:acs:{RESOURCE}_{USER}"));
        assert!(
            matches!(acs, CommunicationIdentifier::CommunicationUser(user) if user.user().to_string() == USER)
        );
        assert!(matches!(
            read(&format!("8:orgid:{USER}")),
            CommunicationIdentifier::MicrosoftTeamsUser(_)
        ));
        assert!(matches!(
            read(&format!("28:gcch:{USER}")),
            CommunicationIdentifier::MicrosoftTeamsApp(_)
        ));
        assert!(matches!(
            read("4:+14255550123"),
            CommunicationIdentifier::PhoneNumber(_)
        ));
    }

    #[test]
    fn reads_extension_users_of_every_cloud() {
        for (prefix, cloud) in [
            ("8:acs:", Cloud::Public),
            ("8:gcch-acs:", Cloud::Gcch),
            ("8:dod-acs:", Cloud::Dod),
        ] {
            let text = format!("{prefix}{RESOURCE}_{RESOURCE}_{USER}");
            let Ok(CommunicationIdentifier::TeamsExtensionUser(user)) = text.parse() else {
                panic!("{text}");
            };
            assert_eq!(user.cloud(), cloud);
            assert_eq!(
                (user.user().to_string(), user.to_string()),
                (USER.to_owned(), text)
            );
        }
        assert_eq!(
            format!("8:gcch-acs:{RESOURCE}_{USER}").parse(),
            Ok(CommunicationIdentifier::ForeignUser(format!(
                "8:gcch-acs:{RESOURCE}_{USER}"
            )))
        );
        assert_eq!(
            "8:teamsvisitor:ab:c".parse(),
            Ok(CommunicationIdentifier::TeamsVisitor("ab:c".to_owned()))
        );
    }

    #[test]
    fn reads_the_parts_of_phone_numbers() {
        for (text, value, asserted, anonymous) in [
            ("4:+14255550123", "+14255550123", None, false),
            ("4:+14255550123_345", "+14255550123", Some("345"), false),
            ("4:+1_2_3", "+1_2", Some("3"), false),
            ("4:anonymous", "anonymous", None, true),
            ("4:_x", "", Some("x"), false),
            ("4:14255550123_", "14255550123", Some(""), false),
        ] {
            let Ok(CommunicationIdentifier::PhoneNumber(number)) = text.parse() else {
                panic!("{text}");
            };
            assert_eq!(
                (number.value(), number.asserted_id(), number.is_anonymous()),
                (value, asserted, anonymous),
                "{text}"
            );
        }
    }

    #[test]
    fn keeps_what_it_does_not_know() {
        for text in [
            "hello".to_owned(),
            format!("28:{USER}"),
            format!("8:acs:{RESOURCE}_{USER}_x"),
            format!("8:acs:{RESOURCE}_{USER}_{USER}_{USER}"),
            format!("8:acs:{RESOURCE}"),
            "8:teamsvisitor:".to_owned(),
            "8:spool:".to_owned(),
            // Upper case would not survive a round trip as a UUID.
            format!("8:orgid:{}", USER.to_uppercase()),
            "4:".to_owned(),
        ] {
            assert_eq!(text.parse(), Ok(CommunicationIdentifier::Unknown(text.clone())));
        }
    }

    #[test]
    fn refuses_empty_long_and_unprintable() {
        for text in ["", "a b", "8:acs:\n", "ü"] {
            assert!(text.parse::<CommunicationIdentifier>().is_err(), "{text:?}");
        }
        assert!("x".repeat(513).parse::<CommunicationIdentifier>().is_err());
    }

    proptest! {
        #[test]
        fn round_trips(text in "(8:acs:|8:orgid:|28:dod:|4:)?[!-~]{0,100}") {
            if let Ok(id) = text.parse::<CommunicationIdentifier>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }
}
