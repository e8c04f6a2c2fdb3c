//! `CommunicationIdentifierModel`: an identifier as an object.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use anteroom_identity::id::CommunicationIdentifier;

/// An identifier as JSON. Answers have `rawId` and the object of its kind; requests may have either.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IdentifierModel {
    /// Which of the objects below there is. Read, but not relied on; written for known kinds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The whole identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw_id: Option<String>,
    /// `8:acs:…`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub communication_user: Option<CommunicationUserModel>,
    /// `4:…`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<PhoneNumberModel>,
    /// `8:orgid:…`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub microsoft_teams_user: Option<MicrosoftTeamsUserModel>,
    /// `28:orgid:…`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub microsoft_teams_app: Option<MicrosoftTeamsAppModel>,
}

/// A user of an ACS resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommunicationUserModel {
    /// The whole identifier.
    pub id: String,
}

/// A telephone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhoneNumberModel {
    /// In E.164: `+14255550123`.
    pub value: String,
}

/// A person in a directory, or an anonymous visitor of Teams.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MicrosoftTeamsUserModel {
    /// The object id in the directory.
    pub user_id: String,
    /// Not signed in. Always written: one of the SDKs fails without.
    #[serde(default, deserialize_with = "super::rest::null_as_default")]
    pub is_anonymous: bool,
    /// `public`, `dod` or `gcch`.
    #[serde(default = "public", deserialize_with = "cloud")]
    pub cloud: String,
}

/// A bot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MicrosoftTeamsAppModel {
    /// Its application id.
    pub app_id: String,
    /// `public`, `dod` or `gcch`.
    #[serde(default = "public", deserialize_with = "cloud")]
    pub cloud: String,
}

/// The object names nobody, or more than one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("Invalid format for communication identifier.")]
pub struct InvalidIdentifier;

impl From<&CommunicationIdentifier> for IdentifierModel {
    fn from(id: &CommunicationIdentifier) -> Self {
        let raw_id = id.to_string();
        let mut model = Self::default();
        let teams_user = |user_id: &str, is_anonymous, cloud: &str| MicrosoftTeamsUserModel {
            user_id: user_id.to_owned(),
            is_anonymous,
            cloud: cloud.to_owned(),
        };
        let teams_app = |app_id: &str, cloud: &str| MicrosoftTeamsAppModel {
            app_id: app_id.to_owned(),
            cloud: cloud.to_owned(),
        };
        let mut parts = raw_id.splitn(3, ':');
        model.kind = match (parts.next(), parts.next(), parts.next()) {
            (Some("8"), Some("acs" | "dod-acs" | "gcch-acs" | "spool"), Some(_)) => {
                model.communication_user = Some(CommunicationUserModel { id: raw_id.clone() });
                Some("communicationUser")
            }
            (Some("8"), Some(cloud @ ("orgid" | "dod" | "gcch")), Some(user)) => {
                model.microsoft_teams_user = Some(teams_user(user, false, cloud_name(cloud)));
                Some("microsoftTeamsUser")
            }
            (Some("8"), Some("teamsvisitor"), Some(user)) => {
                model.microsoft_teams_user = Some(teams_user(user, true, "public"));
                Some("microsoftTeamsUser")
            }
            (Some("28"), Some(cloud @ ("orgid" | "dod" | "gcch")), Some(app)) => {
                model.microsoft_teams_app = Some(teams_app(app, cloud_name(cloud)));
                Some("microsoftTeamsApp")
            }
            (Some("4"), Some(number), None) => {
                model.phone_number = Some(PhoneNumberModel {
                    value: number.to_owned(),
                });
                Some("phoneNumber")
            }
            _ => None,
        }
        .map(str::to_owned);
        model.raw_id = Some(raw_id);
        model
    }
}

impl TryFrom<IdentifierModel> for CommunicationIdentifier {
    type Error = InvalidIdentifier;

    fn try_from(model: IdentifierModel) -> Result<Self, InvalidIdentifier> {
        let IdentifierModel {
            kind: _,
            raw_id,
            communication_user,
            phone_number,
            microsoft_teams_user,
            microsoft_teams_app,
        } = model;
        let nested = [
            communication_user.map(|user| user.id),
            phone_number.map(|number| format!("4:{}", number.value)),
            microsoft_teams_user.map(|user| match (user.is_anonymous, user.cloud.as_str()) {
                (true, _) => format!("8:teamsvisitor:{}", user.user_id),
                (false, cloud) => format!("8:{}:{}", cloud_prefix(cloud), user.user_id),
            }),
            microsoft_teams_app.map(|app| format!("28:{}:{}", cloud_prefix(&app.cloud), app.app_id)),
        ];
        let mut nested = nested.into_iter().flatten();
        let (first, second) = (nested.next(), nested.next());
        if second.is_some() {
            return Err(InvalidIdentifier);
        }
        // An empty raw id is what some clients write for none.
        let raw_id = raw_id
            .filter(|raw_id| !raw_id.is_empty())
            .or(first)
            .ok_or(InvalidIdentifier)?;
        raw_id.parse().map_err(|_| InvalidIdentifier)
    }
}

fn cloud_name(prefix: &str) -> &str {
    if prefix == "orgid" { "public" } else { prefix }
}

fn cloud_prefix(cloud: &str) -> &str {
    match cloud {
        "dod" | "gcch" => cloud,
        _ => "orgid",
    }
}

fn public() -> String {
    "public".to_owned()
}

fn cloud<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_else(public))
}
