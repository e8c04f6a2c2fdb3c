//! Which values settings can have, for forms that offer them.

use std::collections::BTreeMap;

use serde::de::value::Error;
use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor};
use serde::{Serialize, forward_to_deserialize_any};

use super::{
    AcsUserLabel, AllowedLobbyAdmitters, AllowedPresenters, AnonymousUserAuthenticationMethod,
    AutoAdmittedUsers, CapabilityProfile, CaptchaVerification, ClientType, DesignatedPresenterRoleMode,
    ExplicitRecordingConsent, ExternalBotAccessMode, LobbyScope, MeetingChat, MeetingChatPolicy, PolicyType,
    Restrictions, Switch, UsersCanAdmitFromLobby, WatermarkForAnonymousUsers,
};

/// What forms for a tenant's file offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Choices {
    /// The values of settings and options that have few, by name, in the order of Microsoft's documentation. Of
    /// `BlockedAnonymousJoinClientTypes` any number may be chosen.
    pub values: BTreeMap<&'static str, &'static [&'static str]>,
    /// What labels and templates can fix. Those without an entry in `values` are on or off.
    pub restrictions: &'static [&'static str],
}

/// What forms for a [`TenantFile`](super::TenantFile) offer.
#[must_use]
pub fn choices() -> Choices {
    let values = [
        (
            "AnonymousUserAuthenticationMethod",
            names::<AnonymousUserAuthenticationMethod>(),
        ),
        ("AttendeeIdentityMasking", names::<Switch>()),
        ("AutoAdmittedUsers", names::<AutoAdmittedUsers>()),
        ("BlockedAnonymousJoinClientTypes", names::<ClientType>()),
        ("CapabilityProfile", names::<CapabilityProfile>()),
        (
            "CaptchaVerificationForMeetingJoin",
            names::<CaptchaVerification>(),
        ),
        (
            "DesignatedPresenterRoleMode",
            names::<DesignatedPresenterRoleMode>(),
        ),
        ("ExplicitRecordingConsent", names::<ExplicitRecordingConsent>()),
        ("ExternalBotAccessMode", names::<ExternalBotAccessMode>()),
        ("LabelForAllowedAcsUsers", names::<AcsUserLabel>()),
        ("LobbyChat", names::<Switch>()),
        ("MeetingChatEnabledType", names::<MeetingChatPolicy>()),
        ("ParticipantNameChange", names::<Switch>()),
        ("PolicyType", names::<PolicyType>()),
        ("StreamingAttendeeMode", names::<Switch>()),
        ("UsersCanAdmitFromLobby", names::<UsersCanAdmitFromLobby>()),
        (
            "WatermarkForAnonymousUsers",
            names::<WatermarkForAnonymousUsers>(),
        ),
        ("allowMeetingChat", names::<MeetingChat>()),
        ("allowedLobbyAdmitters", names::<AllowedLobbyAdmitters>()),
        ("allowedPresenters", names::<AllowedPresenters>()),
        ("lobbyScope", names::<LobbyScope>()),
    ];
    Choices {
        values: values.into_iter().collect(),
        restrictions: names::<Restrictions>(),
    }
}

/// The names of an enum's variants or a struct's fields, as they are written.
fn names<T: DeserializeOwned>() -> &'static [&'static str] {
    let mut names: &'static [&'static str] = &[];
    // Always an error: there is nothing to be read.
    let _nothing = T::deserialize(Names(&mut names));
    names
}

/// Reads nothing, and learns which names the type would know.
struct Names<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Names<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("there is nothing to be read"))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        *self.0 = variants;
        self.deserialize_any(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        *self.0 = fields;
        self.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value};

    use super::*;
    use crate::policy::{TenantFile, TenantPolicies, TenantSettings};

    #[test]
    fn every_setting_with_a_word_for_its_value_is_offered() {
        let file = TenantFile::of(&TenantSettings::default(), &TenantPolicies::default(), |id| {
            id.to_string()
        });
        let sections = [
            &file.meeting_configuration,
            &file.federation_configuration,
            &file.anteroom,
        ];
        let Choices { values, .. } = choices();
        let mut words = 0;
        for (setting, value) in sections
            .into_iter()
            .chain(file.meeting_policies.values())
            .flatten()
        {
            let Value::String(word) = value else { continue };
            assert!(values[setting.as_str()].contains(&word.as_str()), "{setting}");
            words += 1;
        }
        // All but those of labels and templates, of grants, and of a list.
        assert_eq!(words, values.len() - 6);
    }

    #[test]
    fn every_value_that_is_offered_can_be_set() {
        let Choices { values, restrictions } = choices();
        for restriction in restrictions {
            let on_or_off = [Value::Bool(true), Value::Bool(false)].to_vec();
            let words = values.get(restriction);
            let words = words.map(|words| words.iter().map(|word| Value::from(*word)).collect());
            for value in words.unwrap_or(on_or_off) {
                let fixed = Map::from_iter([((*restriction).to_owned(), value.clone())]);
                let read: Restrictions = serde_json::from_value(Value::Object(fixed.clone())).unwrap();
                assert_eq!(serde_json::to_value(read).unwrap(), Value::Object(fixed));
            }
        }
        assert_eq!(values["BlockedAnonymousJoinClientTypes"], ["ACS", "Teams"]);
        assert_eq!(values["CapabilityProfile"], ["2021", "2022", "current"]);
    }
}
