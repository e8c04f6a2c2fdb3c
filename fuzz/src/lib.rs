//! The bodies of the fuzz targets. `fuzz_targets/` has one line for each; a plain `cargo test` runs every file of the
//! corpus through its body.
//!
//! A body must not panic, whatever it is given. Beyond that it asserts what must hold for every input.

mod chat;
mod client;
mod codec;
mod dtls;
mod files;
mod identity;
mod jitter;
mod link;
mod media;
mod oauth;
mod router;
mod srtp;
mod telephony;
mod transport;
mod trouter;
mod webhook;

use std::net::SocketAddr;

use anteroom_chat::wire::rest;
use anteroom_identity::signing::AuthorizationHeader;
use anteroom_media_transport::demux::{self, PacketClass};
use anteroom_media_transport::rtp;
use anteroom_media_transport::stun;
use anteroom_rooms::{MemoryRoomStore, RoomChanges, RoomId, RoomService, wire as rooms};
use anteroom_signaling::sdp::{self, Description};
use anteroom_signaling::wire::{self, Encoding};
use anteroom_teams_link::graph::odata::{Literal, MAX_CLAUSES, MAX_TERMS, QueryOptions, Search};

pub use self::chat::chat_commands;
pub use self::client::client_answer;
pub use self::codec::{opus_packet, opus_parameters, red};
pub use self::dtls::dtls_session;
pub use self::files::{sound_files, video_files};
pub use self::identity::{connection_string, hmac_signature, identifiers};
pub use self::jitter::jitter_ops;
pub use self::link::{icalendar, invite, meeting_link};
pub use self::media::{dependency_descriptor, frames, payload, rtcp_compound, rtp, twcc_recorder};
pub use self::oauth::authorization_request;
pub use self::router::router_ops;
pub use self::srtp::{srtp_differential, srtp_unprotect};
pub use self::telephony::telephony;
pub use self::transport::{peer_session, tcp_frames};
pub use self::trouter::{trouter_frame, trouter_session};
pub use self::webhook::{webhook_answer, webhook_target};

/// A body by its name.
pub type Body = fn(&[u8]);

/// All targets; the files in `fuzz_targets/` and the folders in `corpus/` have the same names.
pub const TARGETS: &[(&str, Body)] = &[
    ("authorization_request", authorization_request),
    ("chat_commands", chat_commands),
    ("client_answer", client_answer),
    ("connection_string", connection_string),
    ("demux", demux),
    ("dependency_descriptor", dependency_descriptor),
    ("dtls_session", dtls_session),
    ("frames", frames),
    ("hmac_header", hmac_header),
    ("hmac_signature", hmac_signature),
    ("icalendar", icalendar),
    ("identifiers", identifiers),
    ("invite", invite),
    ("jitter_ops", jitter_ops),
    ("meeting_link", meeting_link),
    ("odata", odata),
    ("opus_packet", opus_packet),
    ("opus_parameters", opus_parameters),
    ("payload", payload),
    ("peer_session", peer_session),
    ("red", red),
    ("rest_chat", rest_chat),
    ("rooms_rest", rooms_rest),
    ("router_ops", router_ops),
    ("rtcp_compound", rtcp_compound),
    ("rtp", rtp),
    ("sdp", sdp),
    ("signaling_json", signaling_json),
    ("signaling_proto", signaling_proto),
    ("sound_files", sound_files),
    ("srtp_differential", srtp_differential),
    ("srtp_unprotect", srtp_unprotect),
    ("stun", stun),
    ("tcp_frames", tcp_frames),
    ("telephony", telephony),
    ("trouter_frame", trouter_frame),
    ("trouter_session", trouter_session),
    ("twcc_recorder", twcc_recorder),
    ("video_files", video_files),
    ("webhook_answer", webhook_answer),
    ("webhook_target", webhook_target),
];

/// Query options of Graph. A filter or a search that parses can be applied to anything, and text in quotes is only ever
/// data.
pub fn odata(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let object = serde_json::json!({ "displayName": text, "members": [{ "id": 1 }, null], "on": true });
    if let Ok(options) = QueryOptions::parse(text) {
        if let Some(filter) = options.filter {
            assert!(filter.paths().len() <= MAX_TERMS * 2);
            let _ = filter.matches(&object);
        }
        if let Some(search) = options.search {
            searched(&search, &object);
        }
    }
    if let Ok(search) = Search::parse(text) {
        searched(&search, &object);
    }
    let quoted: String = text
        .replace('\'', "''")
        .bytes()
        .map(|byte| format!("%{byte:02x}"))
        .collect();
    if let Ok(options) = QueryOptions::parse(&format!("$filter=p eq '{quoted}'")) {
        let filter = options.filter.expect("there is a filter");
        let (_, literal) = filter.as_equality().expect("text in quotes stays text");
        assert_eq!(*literal, Literal::String(text.to_owned()));
    }
}

fn searched(search: &Search, object: &serde_json::Value) {
    assert!(search.properties().len() <= MAX_CLAUSES);
    let nothing = serde_json::json!({});
    assert!(
        !search.matches(&nothing, &["displayName"]),
        "words are found where there are none"
    );
    // With more to look at, what is found stays found.
    if search.matches(object, &[]) {
        assert!(search.matches(object, &["displayName", "on", "members"]));
    }
}

/// A STUN message, and its user name as the demultiplexer reads it.
pub fn stun(data: &[u8]) {
    let _ = stun::peek_username(data);
    if let Ok(message) = stun::Message::parse(data) {
        assert_eq!(demux::classify(data), PacketClass::Stun);
        let _ = format!("{message:?}");
    }
}

/// The class of a datagram.
pub fn demux(data: &[u8]) {
    let class = demux::classify(data);
    if rtp::Packet::parse(data).is_ok() {
        assert!(matches!(class, PacketClass::Rtp | PacketClass::Rtcp), "{class:?}");
    }
}

/// A signaling message in protobuf. What decodes encodes to the same message, in JSON as far as that has names for it.
pub fn signaling_proto(data: &[u8]) {
    signaling(Encoding::Protobuf, data);
}

/// A signaling message in JSON.
pub fn signaling_json(data: &[u8]) {
    signaling(Encoding::Json, data);
}

fn signaling(encoding: Encoding, data: &[u8]) {
    let _ = wire::decode_server(encoding, data);
    let Ok(message) = wire::decode_client(encoding, data) else {
        return;
    };
    for encoding in Encoding::ALL {
        let frame = wire::encode_client(encoding, &message);
        // A message may be longer in the other encoding, and then too long.
        let Ok(again) = wire::decode_client(encoding, frame.as_bytes()) else {
            continue;
        };
        match encoding {
            Encoding::Protobuf => assert_eq!(again, message),
            // Without the enumeration values that the schema does not have.
            Encoding::Json => assert_eq!(wire::encode_client(encoding, &again).as_bytes(), frame.as_bytes()),
        }
    }
}

/// An `Authorization` header.
pub fn hmac_header(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(header) = AuthorizationHeader::parse(text) {
        assert!(!header.signed_headers.is_empty());
    }
}

/// A session description, answered.
pub fn sdp(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(fragment) = sdp::Fragment::parse(text)
        && let Ok(again) = sdp::Fragment::parse(&sdp::Fragment::of_answer(text))
    {
        assert!(fragment.credentials.is_some() || again.credentials.is_none());
    }
    let Ok(description) = Description::parse(text) else {
        return;
    };
    let parameters = sdp::AnswerParams {
        session_id: 1,
        session_version: 1,
        ice_ufrag: "ufrag".to_owned(),
        ice_pwd: "passwordpasswordpassword".to_owned(),
        fingerprint: [1; 32],
        candidates: vec![SocketAddr::from(([127, 0, 0, 1], 9))],
        tcp_candidates: vec![SocketAddr::from(([127, 0, 0, 1], 9))],
    };
    let sections: Vec<sdp::SectionAnswer> = description
        .sections
        .iter()
        .map(|section| {
            let accept = if section.direction.sends() {
                sdp::Accept::receive(section)
            } else {
                sdp::Accept::send(section, sent()).filter(|_| section.direction.receives())
            };
            accept.map_or(sdp::SectionAnswer::Inactive, sdp::SectionAnswer::Accept)
        })
        .collect();
    match sdp::answer(&description, &parameters, &sections) {
        Ok(answer) => assert!(answer.is_ascii() || !text.is_ascii()),
        Err(error) => assert_eq!(error, sdp::AnswerError::Setup),
    }
}

fn sent() -> sdp::SendStream {
    sdp::SendStream {
        ssrc: 1,
        rtx_ssrc: Some(2),
        cname: "fuzz".to_owned(),
        msid: sdp::Msid {
            stream: "-".to_owned(),
            track: "track".to_owned(),
        },
    }
}

/// Bodies of the Chat REST API.
pub fn rest_chat(data: &[u8]) {
    if let Ok(request) = serde_json::from_slice::<rest::SendMessageRequest>(data) {
        let _ = request.into_new_message(None);
    }
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = rest::parse_time(text);
    }
}

/// Bodies of the Rooms REST API, carried out one line after the other: a letter for the operation, then its JSON. What
/// the API says of a room stays true whatever was asked.
pub fn rooms_rest(data: &[u8]) {
    use anteroom_identity::id::ResourceId;
    use time::macros::datetime;

    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let now = datetime!(2026-11-20 10:00:00 UTC);
    let resource: ResourceId = "7c1f0a52-8f0e-4b57-9a11-2f6f7d3c9e10"
        .parse()
        .expect("a resource");
    let mut service = RoomService::new(MemoryRoomStore::new());
    let (mut drawn, mut last) = (0, RoomId::from_random(0));
    for line in text.lines().take(32) {
        let mut chars = line.chars();
        let operation = chars.next();
        let json = chars.as_str();
        match operation {
            Some('c') => {
                let request = serde_json::from_str::<rooms::CreateRoomRequest>(json).ok();
                let Some(Ok(new)) = request.map(rooms::CreateRoomRequest::into_new_room) else {
                    continue;
                };
                let draw = || {
                    drawn += 1;
                    drawn
                };
                if let Ok(made) = service.create(resource, &new, None, draw, now) {
                    last = made.into_room().id;
                }
            }
            Some('u') => {
                if let Ok(request) = serde_json::from_str::<rooms::UpdateRoomRequest>(json) {
                    let _ = service.update(resource, last, RoomChanges::from(request), now);
                }
            }
            Some('p') => {
                let request = serde_json::from_str::<rooms::UpdateParticipantsRequest>(json);
                let map = request.ok().and_then(|request| request.participants);
                if let Some(Ok(changes)) = map.map(rooms::ParticipantMap::into_changes) {
                    let _ = service.update_participants(resource, last, &changes);
                }
            }
            _ => {
                let _ = service.list(resource, Some(line));
                let _ = service.participants(resource, last, Some(line));
                if let Ok(id) = line.parse::<RoomId>() {
                    assert_eq!(id.to_string(), line);
                }
                if let Some(time) = rooms::parse_time(line) {
                    assert!(rooms::parse_time(&rooms::format_time(time)).is_some_and(|again| again <= time));
                }
            }
        }
    }
    for room in service.list(resource, None).expect("rooms in memory").items {
        assert!(room.window.from() < room.window.until() && room.window.until() > now);
        let model = serde_json::to_string(&rooms::RoomModel::from(&room)).expect("a room is JSON");
        let model: rooms::RoomModel = serde_json::from_str(&model).expect("what is written can be read");
        assert_eq!(model.valid_until, room.window.until());
    }
}
