use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;
use crate::proto::*;

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "[a-z0-9:_-]{1,12}",
        "\\PC{0,8}",
        any::<String>()
    ]
}

fn reason() -> impl Strategy<Value = Option<EndReason>> {
    option::of(
        (any::<u32>(), any::<u32>(), text(), text()).prop_map(|(code, sub_code, key, message)| EndReason {
            code,
            sub_code,
            key,
            message,
        }),
    )
}

fn client_body() -> impl Strategy<Value = client_message::Body> {
    use client_message::Body;
    let resume = option::of(
        (text(), any::<u64>()).prop_map(|(resume_token, last_seq)| Resume {
            resume_token,
            last_seq,
        }),
    );
    let locator = option::of(prop_oneof![
        text().prop_map(join::Locator::MeetingLink),
        (text(), text()).prop_map(|(meeting_id, passcode)| {
            join::Locator::MeetingId(MeetingIdLocator { meeting_id, passcode })
        }),
        text().prop_map(join::Locator::RoomId),
        text().prop_map(join::Locator::GroupId),
        any::<[String; 4]>().prop_map(|[thread_id, organizer_id, tenant_id, message_id]| {
            join::Locator::Coordinates(CoordinatesLocator {
                thread_id,
                organizer_id,
                tenant_id,
                message_id,
            })
        }),
    ]);
    let section_use = option::of(prop_oneof![
        (0..4).prop_map(section::Use::Publish),
        text().prop_map(section::Use::Subscribe)
    ]);
    let section = (text(), section_use).prop_map(|(mid, r#use)| Section { mid, r#use });
    prop_oneof![
        (text(), resume, text()).prop_map(|(token, resume, client)| Body::Hello(Hello {
            token,
            resume,
            client
        })),
        (locator, text()).prop_map(|(locator, display_name)| Body::Join(Join {
            locator,
            display_name
        })),
        (text(), vec(section, 0..4), any::<bool>()).prop_map(|(sdp, sections, confirms)| Body::Offer(
            Offer {
                sdp,
                sections,
                confirms
            }
        )),
        Just(Body::ConfirmAnswer(ConfirmAnswer {})),
        any::<[bool; 3]>().prop_map(|[mic_muted, camera_on, screen_sharing]| {
            Body::MediaState(MediaState {
                mic_muted,
                camera_on,
                screen_sharing,
            })
        }),
        (text(), text()).prop_map(|(text, client_message_id)| Body::SendChat(SendChat {
            text,
            client_message_id
        })),
        (vec(text(), 0..3), any::<bool>())
            .prop_map(|(participant_ids, all)| Body::Admit(Admit { participant_ids, all })),
        vec(text(), 0..3).prop_map(|participant_ids| Body::Reject(Reject { participant_ids })),
        vec(text(), 0..3).prop_map(|participant_ids| Body::Remove(Remove { participant_ids })),
        Just(Body::EndMeeting(EndMeeting {})),
        Just(Body::Leave(Leave {})),
        any::<u64>().prop_map(|seq| Body::Ack(Ack { seq })),
        Just(Body::Ping(Ping {})),
        care(),
    ]
}

/// What looks after a meeting.
fn care() -> impl Strategy<Value = client_message::Body> {
    use client_message::Body;
    let ids = || vec(text(), 0..3);
    prop_oneof![
        (any::<bool>(), text()).prop_map(|(raised, participant_id)| Body::SetHand(SetHand {
            raised,
            participant_id
        })),
        (0..6).prop_map(|kind| Body::SendReaction(SendReaction { kind })),
        (ids(), any::<bool>()).prop_map(|(participant_ids, remove)| Body::Spotlight(Spotlight {
            participant_ids,
            remove
        })),
        (ids(), any::<bool>()).prop_map(|(participant_ids, all)| Body::MuteParticipants(MuteParticipants {
            participant_ids,
            all
        })),
        (ids(), any::<Option<bool>>(), any::<Option<bool>>()).prop_map(
            |(participant_ids, mic_allowed, camera_allowed)| Body::SetAttendeeMedia(SetAttendeeMedia {
                participant_ids,
                mic_allowed,
                camera_allowed
            })
        ),
        (text(), 0..7).prop_map(|(participant_id, role)| Body::SetRole(SetRole { participant_id, role })),
        text().prop_map(|name| Body::Rename(Rename { name })),
        any::<bool>().prop_map(|locked| Body::LockMeeting(LockMeeting { locked })),
        any::<[bool; 2]>().prop_map(|[recording, transcription]| Body::SetRecording(SetRecording {
            recording,
            transcription
        })),
        Just(Body::GrantConsent(GrantConsent {})),
        Just(Body::StartMeeting(StartMeeting {})),
        Just(Body::SendTyping(SendTyping {})),
        text().prop_map(|sdp| Body::Preflight(Preflight { sdp })),
        text().prop_map(|token| Body::RefreshToken(RefreshToken { token })),
        text().prop_map(|message_id| Body::SendReadReceipt(SendReadReceipt { message_id })),
        vec((text(), any::<[u32; 3]>(), any::<[bool; 2]>()), 0..3).prop_map(|views| Body::SetViews(
            SetViews {
                views: views
                    .into_iter()
                    .map(
                        |(track_id, [width, height, priority], [pinned, hidden])| TrackView {
                            track_id,
                            width,
                            height,
                            pinned,
                            hidden,
                            priority,
                        }
                    )
                    .collect()
            }
        )),
    ]
}

fn capability_states() -> impl Strategy<Value = Vec<CapabilityState>> {
    let state = (text(), any::<bool>(), text()).prop_map(|(name, is_present, reason)| CapabilityState {
        name,
        is_present,
        reason,
    });
    vec(state, 0..3)
}

/// How a meeting stands.
fn life() -> impl Strategy<Value = server_message::Body> {
    use server_message::Body;
    let ids = || vec(text(), 0..3);
    prop_oneof![
        (any::<[bool; 8]>(), ids(), ids(), any::<i64>()).prop_map(
            |(flags, spotlight, hands, started_at_ms)| {
                let [
                    locked,
                    recording,
                    transcription,
                    mic,
                    camera,
                    consent_required,
                    name_change_allowed,
                    green_room,
                ] = flags;
                Body::MeetingState(MeetingState {
                    locked,
                    recording,
                    transcription,
                    spotlight,
                    hands,
                    started_at_ms,
                    attendee_mic_allowed: mic,
                    attendee_camera_allowed: camera,
                    consent_required,
                    name_change_allowed,
                    green_room,
                })
            }
        ),
        (any::<[bool; 3]>(), text()).prop_map(
            |([recording, transcription, consent_required], by_participant_id)| {
                Body::RecordingState(RecordingState {
                    recording,
                    transcription,
                    consent_required,
                    by_participant_id,
                })
            }
        ),
        (text(), 0..6).prop_map(|(participant_id, kind)| Body::Reaction(Reaction { participant_id, kind })),
        (ids(), ids(), any::<[u32; 2]>()).prop_map(|(entered, left, [entered_count, left_count])| {
            Body::Announcement(Announcement {
                entered,
                left,
                entered_count,
                left_count,
            })
        }),
        text().prop_map(|by_participant_id| Body::Muted(Muted { by_participant_id })),
        (text(), text(), any::<bool>(), ids()).prop_map(|(track_id, mid, watched, rids)| Body::Demand(
            Demand {
                track_id,
                mid,
                watched,
                rids
            }
        )),
    ]
}

fn server_body() -> impl Strategy<Value = server_message::Body> {
    use server_message::Body;
    let participant = (text(), text(), text(), 0..5_i32, 0..3_i32, any::<[bool; 8]>()).prop_map(
        |(id, raw_id, display_name, role, label, flags)| {
            let [
                external,
                mic_muted,
                camera_on,
                screen_sharing,
                reconnecting,
                mic_forbidden,
                camera_forbidden,
                name_hidden,
            ] = flags;
            Participant {
                id,
                raw_id,
                display_name,
                role,
                external,
                mic_muted,
                camera_on,
                screen_sharing,
                reconnecting,
                mic_forbidden,
                camera_forbidden,
                label,
                name_hidden,
            }
        },
    );
    let waiting = (text(), text(), text(), any::<i64>(), 0..3_i32).prop_map(
        |(id, raw_id, display_name, since_ms, label)| LobbyParticipant {
            id,
            raw_id,
            display_name,
            since_ms,
            label,
        },
    );
    let track = (text(), text(), 0..3_i32, 0..4_i32).prop_map(|(id, participant_id, kind, source)| Track {
        id,
        participant_id,
        kind,
        source,
    });
    let speaker = (text(), any::<u32>()).prop_map(|(participant_id, level)| Speaker {
        participant_id,
        level,
    });
    prop_oneof![
        (text(), text(), any::<u32>(), any::<bool>(), text(), any::<u32>()).prop_map(
            |(session_id, resume_token, resume_window_ms, resumed, raw_id, ping_interval_ms)| {
                Body::Welcome(Welcome {
                    session_id,
                    resume_token,
                    resume_window_ms,
                    resumed,
                    raw_id,
                    ping_interval_ms,
                })
            }
        ),
        (0..3_i32, any::<u32>(), text()).prop_map(|(reason, timeout_seconds, subject)| Body::Lobby(Lobby {
            reason,
            timeout_seconds,
            subject
        })),
        (
            text(),
            0..5_i32,
            vec(text(), 0..3),
            text(),
            text(),
            text(),
            text(),
            capability_states()
        )
            .prop_map(
                |(participant_id, role, capabilities, subject, thread_id, call_id, join_url, states)| {
                    Body::Connected(Connected {
                        participant_id,
                        role,
                        capabilities,
                        subject,
                        thread_id,
                        call_id,
                        join_url,
                        states,
                    })
                }
            ),
        reason().prop_map(|reason| Body::Denied(Denied { reason })),
        reason().prop_map(|reason| Body::Ended(Ended { reason })),
        (text(), vec(text(), 0..3))
            .prop_map(|(sdp, missing_tracks)| Body::Answer(Answer { sdp, missing_tracks })),
        (any::<bool>(), vec(participant, 0..3), vec(text(), 0..3)).prop_map(|(snapshot, upserted, left)| {
            Body::Roster(RosterUpdate {
                snapshot,
                upserted,
                left,
            })
        }),
        (any::<bool>(), vec(waiting, 0..3), vec(text(), 0..3)).prop_map(|(snapshot, upserted, left)| {
            Body::LobbyRoster(LobbyUpdate {
                snapshot,
                upserted,
                left,
            })
        }),
        (any::<bool>(), vec(track, 0..3), vec(text(), 0..3)).prop_map(|(snapshot, added, removed)| {
            Body::Tracks(TracksUpdate {
                snapshot,
                added,
                removed,
            })
        }),
        vec(speaker, 0..3).prop_map(|speakers| Body::Speaking(Speaking { speakers })),
        (any::<[String; 4]>(), any::<[i64; 2]>(), any::<[bool; 3]>()).prop_map(
            |(texts, [created_ms, edited_ms], [history, name_hidden, deleted])| {
                let [id, sender_raw_id, sender_display_name, text] = texts;
                Body::Chat(ChatMessage {
                    id,
                    sender_raw_id,
                    sender_display_name,
                    text,
                    created_ms,
                    history,
                    name_hidden,
                    edited_ms,
                    deleted,
                })
            }
        ),
        (text(), text(), text(), any::<bool>()).prop_map(
            |(participant_id, raw_id, display_name, name_hidden)| Body::Typing(Typing {
                participant_id,
                raw_id,
                display_name,
                name_hidden,
            })
        ),
        (text(), text(), text()).prop_map(|(participant_id, message_id, raw_id)| Body::ReadReceipt(
            ReadReceipt {
                participant_id,
                message_id,
                raw_id,
            }
        )),
        any::<bool>().prop_map(|allowed| Body::ChatAccess(ChatAccess { allowed })),
        (0..7, vec(text(), 0..4), capability_states()).prop_map(|(role, capabilities, states)| {
            Body::CapabilitiesChanged(CapabilitiesChanged {
                role,
                capabilities,
                states,
            })
        }),
        life(),
        text().prop_map(|id| Body::Done(Done { id })),
        any::<[String; 4]>().prop_map(|[key, message, capability, reason]| Body::Error(Error {
            key,
            message,
            capability,
            reason
        })),
        Just(Body::Pong(Pong {})),
    ]
}

proptest! {
    #[test]
    fn both_encodings_carry_every_client_message(id in any::<u32>(), body in option::of(client_body())) {
        let message = ClientMessage { id, body };
        for encoding in Encoding::ALL {
            let frame = encode_client(encoding, &message);
            prop_assert_eq!(decode_client(encoding, frame.as_bytes()), Ok(message.clone()), "{:?}", encoding);
        }
    }

    #[test]
    fn both_encodings_carry_every_server_message(
        seq in any::<u64>(), in_reply_to in any::<u32>(), body in option::of(server_body()),
    ) {
        let message = ServerMessage { seq, in_reply_to, body };
        for encoding in Encoding::ALL {
            let frame = encode_server(encoding, &message);
            prop_assert_eq!(decode_server(encoding, frame.as_bytes()), Ok(message.clone()), "{:?}", encoding);
        }
    }

    #[test]
    fn a_body_for_many_says_what_it_says_to_one(
        seq in any::<u64>(), in_reply_to in any::<u32>(), body in server_body(),
    ) {
        let shared = SharedBody::new(body.clone());
        let message = ServerMessage { seq, in_reply_to, body: Some(body) };
        for encoding in Encoding::ALL {
            prop_assert_eq!(shared.encode(encoding, seq, in_reply_to), encode_server(encoding, &message));
        }
    }

    #[test]
    fn any_bytes_are_a_message_or_an_error(bytes in vec(any::<u8>(), 0..256)) {
        for encoding in Encoding::ALL {
            let _ = decode_client(encoding, &bytes);
            let _ = decode_server(encoding, &bytes);
        }
    }

    #[test]
    fn damaged_json_is_a_message_or_an_error(body in client_body(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = encode_client(Encoding::Json, &ClientMessage { id: 1, body: Some(body) }).as_bytes().to_vec();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = decode_client(Encoding::Json, &bytes);
    }
}

fn json(text: &str) -> Result<ClientMessage, DecodeError> {
    decode_client(Encoding::Json, text.as_bytes())
}

#[test]
fn json_looks_as_documented() {
    let message = ServerMessage {
        seq: 12,
        in_reply_to: 3,
        body: Some(server_message::Body::Connected(Connected {
            participant_id: "p1".into(),
            role: Role::Attendee.into(),
            capabilities: vec!["turnVideoOn".into()],
            ..Connected::default()
        })),
    };
    assert_eq!(
        encode_server(Encoding::Json, &message),
        Frame::Text(
            r#"{"seq":"12","inReplyTo":3,"connected":{"participantId":"p1","role":"ROLE_ATTENDEE","capabilities":["turnVideoOn"]}}"#
                .into()
        )
    );
}

#[test]
fn json_reads_what_clients_write() {
    let expected = ClientMessage {
        id: 7,
        body: Some(client_message::Body::Ack(Ack { seq: 9 })),
    };
    for text in [
        r#"{"id":7,"ack":{"seq":"9"}}"#,
        r#"{"ack":{"seq":9},"id":7}"#,
        r#"{"id":7,"ack":{"seq":9,"later":{"a":[1,{}]}},"more":null}"#,
    ] {
        assert_eq!(json(text), Ok(expected.clone()), "{text}");
    }
    let coordinates = r#"{"join":{"coordinates":{"threadId":"19:meeting_x@thread.v2","organizerId":"o","tenantId":"t","messageId":"0"},"displayName":"Dana"}}"#;
    let locator = join::Locator::Coordinates(CoordinatesLocator {
        thread_id: "19:meeting_x@thread.v2".into(),
        organizer_id: "o".into(),
        tenant_id: "t".into(),
        message_id: "0".into(),
    });
    let join = Join {
        locator: Some(locator),
        display_name: "Dana".into(),
    };
    let body = Some(client_message::Body::Join(join));
    assert_eq!(json(coordinates), Ok(ClientMessage { id: 0, body }));
    assert_eq!(json("{}"), Ok(ClientMessage::default()));
    assert_eq!(json(r#"{"id":null,"hello":null}"#), Ok(ClientMessage::default()));
    assert_eq!(
        json(r#"{"id":1,"inventedLater":{}}"#),
        Ok(ClientMessage { id: 1, body: None })
    );
    let section = r#"{"offer":{"sdp":"v=0","sections":[{"mid":"0","publish":"TRACK_SOURCE_CAMERA"}]}}"#;
    let numbered = r#"{"offer":{"sdp":"v=0","sections":[{"mid":"0","publish":2}]}}"#;
    assert_eq!(json(section), json(numbered));
    assert!(json(section).is_ok());
}

#[test]
fn refuses_malformed_json() {
    for text in [
        "",
        "{",
        "[]",
        "null",
        "1",
        r#"{"id":-1}"#,
        r#"{"id":4294967296}"#,
        r#"{"id":"x"}"#,
        r#"{"hello":{"token":1}}"#,
        r#"{"ping":{},"leave":{}}"#,
        "{\"hello\":{\"token\":\"\u{1}\"}}",
    ] {
        assert!(
            matches!(json(text), Err(DecodeError::Json { .. })),
            "{text}: {:?}",
            json(text)
        );
    }
    assert!(matches!(
        decode_client(Encoding::Json, b"{\"hello\":{\"token\":\"\xff\"}}"),
        Err(DecodeError::Json { .. })
    ));
}

#[test]
fn refuses_malformed_protobuf() {
    for bytes in [
        &b"\x12"[..],
        b"\x12\x05ab",
        b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x12\x03\x0a\x01\xff",
    ] {
        assert_eq!(
            decode_client(Encoding::Protobuf, bytes),
            Err(DecodeError::Protobuf),
            "{bytes:?}"
        );
    }
}

#[test]
fn size_is_bounded_on_both_sides() {
    for encoding in Encoding::ALL {
        let filler = |len: usize| ClientMessage {
            id: 0,
            body: Some(client_message::Body::SendChat(SendChat {
                text: "a".repeat(len),
                ..SendChat::default()
            })),
        };
        let overhead = encode_client(encoding, &filler(MAX_MESSAGE_BYTES / 2))
            .as_bytes()
            .len()
            - MAX_MESSAGE_BYTES / 2;
        let fits = encode_client(encoding, &filler(MAX_MESSAGE_BYTES - overhead));
        assert_eq!(fits.as_bytes().len(), MAX_MESSAGE_BYTES);
        assert!(decode_client(encoding, fits.as_bytes()).is_ok());
        let over = encode_client(encoding, &filler(MAX_MESSAGE_BYTES - overhead + 1));
        assert_eq!(
            decode_client(encoding, over.as_bytes()),
            Err(DecodeError::TooLarge {
                len: MAX_MESSAGE_BYTES + 1,
                max: MAX_MESSAGE_BYTES
            })
        );
        let huge = vec![b' '; MAX_SERVER_MESSAGE_BYTES + 1];
        assert!(matches!(
            decode_server(encoding, &huge),
            Err(DecodeError::TooLarge { .. })
        ));
    }
}

#[test]
fn deep_nesting_is_refused_or_skipped_without_recursion() {
    let deep = "[".repeat(MAX_MESSAGE_BYTES / 2);
    assert!(matches!(json(&deep), Err(DecodeError::Json { .. })));
    // In a member that is ignored, 128 levels is the most.
    let nested = |levels| {
        format!(
            r#"{{"id":1,"unknown":{}{}}}"#,
            "[".repeat(levels),
            "]".repeat(levels)
        )
    };
    assert!(json(&nested(100)).is_ok());
    let _ = json(&nested(100_000));
    // Groups of protobuf nest without a length.
    let groups = vec![0x7b; MAX_MESSAGE_BYTES];
    assert_eq!(
        decode_client(Encoding::Protobuf, &groups),
        Err(DecodeError::Protobuf)
    );
}

#[test]
fn unknown_enumeration_values_are_unspecified_in_json() {
    let message = |role| ServerMessage {
        seq: 1,
        in_reply_to: 0,
        body: Some(server_message::Body::Connected(Connected {
            role,
            ..Connected::default()
        })),
    };
    let frame = encode_server(Encoding::Json, &message(77));
    assert_eq!(decode_server(Encoding::Json, frame.as_bytes()), Ok(message(0)));
    assert_eq!(
        decode_server(
            Encoding::Json,
            br#"{"seq":"1","connected":{"role":"ROLE_JANITOR"}}"#
        ),
        Ok(message(0))
    );
    // Protobuf keeps the number.
    let frame = encode_server(Encoding::Protobuf, &message(77));
    assert_eq!(
        decode_server(Encoding::Protobuf, frame.as_bytes()),
        Ok(message(77))
    );
    let offer = ClientMessage {
        id: 1,
        body: Some(client_message::Body::Offer(Offer {
            sdp: "v=0".into(),
            sections: vec![Section {
                mid: "0".into(),
                r#use: Some(section::Use::Publish(99)),
            }],
            confirms: false,
        })),
    };
    assert!(json(std::str::from_utf8(encode_client(Encoding::Json, &offer).as_bytes()).unwrap()).is_ok());
}

#[test]
fn subprotocols_name_encodings() {
    assert_eq!(
        Encoding::from_subprotocol("anteroom.v1.proto"),
        Some(Encoding::Protobuf)
    );
    assert_eq!(
        Encoding::from_subprotocol("anteroom.v1.json"),
        Some(Encoding::Json)
    );
    assert_eq!(Encoding::from_subprotocol("anteroom.v2.json"), None);
}

#[test]
fn debug_output_holds_no_secrets() {
    let secret = "s3cr3t";
    let messages = [
        format!(
            "{:?}",
            Hello {
                token: secret.into(),
                resume: Some(Resume {
                    resume_token: secret.into(),
                    last_seq: 1
                }),
                client: String::new()
            }
        ),
        format!(
            "{:?}",
            Welcome {
                resume_token: secret.into(),
                ..Welcome::default()
            }
        ),
        format!(
            "{:?}",
            Join {
                locator: Some(join::Locator::MeetingLink(secret.into())),
                display_name: secret.into()
            }
        ),
        format!(
            "{:?}",
            join::Locator::MeetingId(MeetingIdLocator {
                meeting_id: secret.into(),
                passcode: secret.into()
            })
        ),
        format!(
            "{:?}",
            MeetingIdLocator {
                meeting_id: secret.into(),
                passcode: secret.into()
            }
        ),
        format!(
            "{:?}",
            Join {
                locator: Some(join::Locator::Coordinates(CoordinatesLocator {
                    thread_id: secret.into(),
                    ..CoordinatesLocator::default()
                })),
                display_name: secret.into()
            }
        ),
        format!(
            "{:?}",
            CoordinatesLocator {
                thread_id: secret.into(),
                organizer_id: secret.into(),
                tenant_id: secret.into(),
                message_id: secret.into()
            }
        ),
        format!(
            "{:?}",
            Connected {
                join_url: secret.into(),
                subject: secret.into(),
                ..Connected::default()
            }
        ),
        format!("{:?}", Rename { name: secret.into() }),
        format!(
            "{:?}",
            Announcement {
                entered: vec![secret.into()],
                left: vec![secret.into()],
                ..Announcement::default()
            }
        ),
        format!(
            "{:?}",
            SendChat {
                text: secret.into(),
                client_message_id: String::new()
            }
        ),
        format!(
            "{:?}",
            ChatMessage {
                text: secret.into(),
                sender_display_name: secret.into(),
                ..ChatMessage::default()
            }
        ),
    ];
    for text in messages {
        assert!(!text.contains(secret), "{text}");
    }
}
