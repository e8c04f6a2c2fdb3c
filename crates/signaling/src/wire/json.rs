//! Messages in the protobuf JSON mapping.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::DecodeError;
use crate::proto::{
    CapabilitiesChanged, ClientMessage, Connected, Label, Lobby, LobbyParticipant, Participant, Reaction,
    ReactionKind, Role, Section, SendReaction, ServerMessage, SetRole, Track, TrackKind, TrackSource,
    client_message, lobby, section, server_message,
};

pub(super) fn decode<M: DeserializeOwned>(bytes: &[u8]) -> Result<M, DecodeError> {
    serde_json::from_slice(bytes)
        .or_else(|error| without_nulls(bytes).ok_or(error))
        .map_err(|error| DecodeError::Json {
            line: error.line(),
            column: error.column(),
        })
}

/// Reads once more with members that are `null` left out: the mapping takes them for missing, the generated code takes
/// only some for that. Nobody writes them, so that the detour costs nobody.
fn without_nulls<M: DeserializeOwned>(bytes: &[u8]) -> Option<M> {
    let mut value: Value = serde_json::from_slice(bytes).ok()?;
    drop_nulls(&mut value);
    serde_json::from_value(value).ok()
}

/// As deep as `serde_json` reads, 128 levels.
fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

pub(super) fn encode_client(message: &ClientMessage) -> String {
    encode(message, |message| match &mut message.body {
        Some(client_message::Body::Offer(offer)) => {
            for Section { mid: _, r#use } in &mut offer.sections {
                if let Some(section::Use::Publish(source)) = r#use {
                    known::<TrackSource>(source);
                }
            }
        }
        Some(client_message::Body::SendReaction(SendReaction { kind })) => known::<ReactionKind>(kind),
        Some(client_message::Body::SetRole(SetRole { role, .. })) => known::<Role>(role),
        _ => {}
    })
}

pub(super) fn encode_server(message: &ServerMessage) -> String {
    encode(message, |message| match &mut message.body {
        Some(server_message::Body::Lobby(Lobby { reason, .. })) => known::<lobby::Reason>(reason),
        Some(server_message::Body::Connected(Connected { role, .. })) => known::<Role>(role),
        Some(server_message::Body::CapabilitiesChanged(CapabilitiesChanged { role, .. })) => {
            known::<Role>(role)
        }
        Some(server_message::Body::Reaction(Reaction { kind, .. })) => known::<ReactionKind>(kind),
        Some(server_message::Body::Roster(roster)) => {
            for Participant { role, label, .. } in &mut roster.upserted {
                known::<Role>(role);
                known::<Label>(label);
            }
        }
        Some(server_message::Body::LobbyRoster(lobby)) => {
            for LobbyParticipant { label, .. } in &mut lobby.upserted {
                known::<Label>(label);
            }
        }
        Some(server_message::Body::Tracks(tracks)) => {
            for Track { kind, source, .. } in &mut tracks.added {
                known::<TrackKind>(kind);
                known::<TrackSource>(source);
            }
        }
        _ => {}
    })
}

/// The mapping has no name for an enumeration value outside the schema, so that such a message is written again with
/// those values cleared.
fn encode<M: Serialize + Clone>(message: &M, clear_unknown: impl FnOnce(&mut M)) -> String {
    serde_json::to_string(message).unwrap_or_else(|_| {
        let mut message = message.clone();
        clear_unknown(&mut message);
        serde_json::to_string(&message).expect("strings and numbers with every enumeration value known")
    })
}

fn known<E: TryFrom<i32>>(value: &mut i32) {
    if E::try_from(*value).is_err() {
        *value = 0;
    }
}
