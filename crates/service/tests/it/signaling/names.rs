//! Names that attendees do not see, over real connections and in the chat's own interface; who unmutes; what a chat
//! knows of a new name.

use anteroom_signaling::proto::client_message::Body as Said;
use anteroom_signaling::proto::server_message::Body;
use anteroom_signaling::proto::{
    Ack, ChatMessage, CoordinatesLocator, Join, MediaState, MuteParticipants, Ping, Rename, SendChat, join,
};
use anteroom_signaling::wire::Encoding;
use anteroom_teams_link::policy::{AllowedPresenters, LobbyScope, MeetingOptions, TenantFile};
use serde_json::{Value, json};

use crate::common::{Host, expect};
use crate::signaling::client::Client;

/// A guest attendee, with the token it has for everything.
struct Guest {
    client: Client,
    token: String,
}

impl Guest {
    async fn join(host: &Host, name: &str) -> Self {
        let (_, token) = host.guest(&["voip", "chat"]).await;
        let (mut client, _) = Client::hello(host, Encoding::Json, &token).await;
        client.join(&host.dev().meeting.join_url, name).await;
        client.connected().await;
        Self { client, token }
    }

    /// What the chat's interface says to the guest.
    async fn read(&self, host: &Host, what: &str) -> Vec<Value> {
        let target = format!("{}/{what}?api-version=2025-03-15", host.thread_path());
        let request = host.get(&target).bearer_auth(&self.token);
        let body = expect(request.send().await.unwrap(), 200).await;
        body["value"].as_array().unwrap().clone()
    }
}

async fn change(host: &Host, change: impl FnOnce(&mut MeetingOptions)) {
    let meetings = host.service.app().meetings();
    let tenant = host.dev().tenant_id.parse().unwrap();
    let record = meetings.of_tenant(tenant).await.unwrap().remove(0);
    let mut options = record.options;
    change(&mut options);
    assert!(meetings.set_options(&record.id, options).await.unwrap());
}

async fn set_policy(host: &Host, policy: Value) {
    let file = json!({ "CsTeamsMeetingPolicy": { "Global": policy } });
    let file: TenantFile = serde_json::from_value(file).unwrap();
    let app = host.service.app();
    let tenant = host.dev().tenant_id.parse().unwrap();
    let applied = app.tenants().apply(tenant, file, app.resource(), false).await;
    applied.unwrap();
}

/// Guests come in as attendees; their names are hidden from each other.
async fn masked() -> Host {
    let host = Host::start().await;
    change(&host, |options| {
        options.lobby = LobbyScope::Everyone.into();
        options.allowed_presenters = AllowedPresenters::Organization;
    })
    .await;
    set_policy(&host, json!({ "AttendeeIdentityMasking": "Enabled" })).await;
    host
}

async fn say(client: &mut Client, text: &str) {
    let chat = SendChat {
        text: text.to_owned(),
        ..SendChat::default()
    };
    let id = client.send(Said::SendChat(chat)).await;
    assert!(matches!(client.answer(id).await, Body::Done(_)));
}

async fn hears(client: &mut Client, text: &str) -> ChatMessage {
    client
        .expect(|body| match body {
            Body::Chat(message) if message.text == text => Some(message),
            _ => None,
        })
        .await
}

#[tokio::test]
async fn a_guest_reads_no_name_of_another_anywhere() {
    let host = masked().await;
    let (mut alice, _) = Client::alice(&host).await;
    let mut dana = Guest::join(&host, "Dana Secret").await;
    let mut erin = Guest::join(&host, "Erin Secret").await;
    let own = erin
        .client
        .expect(|body| match body {
            Body::Roster(update) => {
                assert!(!format!("{update:?}").contains("Dana Secret"), "{update:?}");
                update
                    .upserted
                    .into_iter()
                    .find(|entry| entry.display_name == "Erin Secret")
            }
            _ => None,
        })
        .await;
    assert!(!own.name_hidden);

    // Who says nothing for long is cut off, and all this takes its time on a busy machine.
    alice.send(Said::Ping(Ping {})).await;
    say(&mut dana.client, "from Dana").await;
    let told = hears(&mut alice, "from Dana").await;
    assert_eq!(told.sender_display_name, "Dana Secret");
    say(&mut alice, "from Alice").await;
    let told = hears(&mut erin.client, "from Dana").await;
    assert_eq!(
        (told.sender_display_name.as_str(), told.name_hidden),
        ("Attendee", true)
    );
    let alices = host.dev().users[0].display_name.clone();
    let told = hears(&mut erin.client, "from Alice").await;
    assert_eq!((&told.sender_display_name, told.name_hidden), (&alices, false));
    erin.client.send(Said::Ping(Ping {})).await;

    let names = |items: &[Value], member: &str| -> Vec<String> {
        let mut names: Vec<String> = items
            .iter()
            .filter_map(|item| item[member].as_str().map(str::to_owned))
            .collect();
        names.sort_unstable();
        names
    };
    let mut expected = [alices.clone(), "Attendee".to_owned(), "Erin Secret".to_owned()];
    expected.sort_unstable();
    let participants = erin.read(&host, "participants").await;
    let seen = names(&participants, "displayName");
    assert!(expected.iter().all(|name| seen.contains(name)), "{seen:?}");
    assert!(!format!("{participants:?}").contains("Dana Secret"));
    let messages = erin.read(&host, "messages").await;
    let mut expected = vec![alices, "Attendee".to_owned()];
    expected.sort_unstable();
    assert_eq!(names(&messages, "senderDisplayName"), expected);
    assert!(!format!("{messages:?}").contains("Dana Secret"));
    // The own name stands with the own message.
    let messages = dana.read(&host, "messages").await;
    assert!(names(&messages, "senderDisplayName").contains(&"Dana Secret".to_owned()));

    erin.client.send(Said::Ping(Ping {})).await;
    // As soon as names are no longer hidden, they are there.
    set_policy(&host, json!({})).await;
    erin.client
        .expect(|body| match body {
            Body::Roster(update) if update.snapshot => update
                .upserted
                .into_iter()
                .find(|entry| entry.display_name == "Dana Secret"),
            _ => None,
        })
        .await;
    let participants = erin.read(&host, "participants").await;
    assert!(format!("{participants:?}").contains("Dana Secret"));
    host.service.shutdown().await;
}

#[tokio::test]
async fn the_chat_knows_a_new_name() {
    let host = masked().await;
    set_policy(&host, json!({ "ParticipantNameChange": "Enabled" })).await;
    change(&host, |options| options.allow_participants_to_change_name = true).await;
    let (_alice, _) = Client::alice(&host).await;
    let mut dana = Guest::join(&host, "Dana").await;
    let rename = Rename {
        name: "Dana Dee".to_owned(),
    };
    let id = dana.client.send(Said::Rename(rename)).await;
    assert!(matches!(dana.client.answer(id).await, Body::Done(_)));
    // What follows is carried out after it.
    say(&mut dana.client, "hello").await;
    let participants = dana.read(&host, "participants").await;
    let names: Vec<_> = participants.iter().map(|item| &item["displayName"]).collect();
    assert!(
        names.contains(&&json!("Dana Dee")) && !names.contains(&&json!("Dana")),
        "{names:?}"
    );
    host.service.shutdown().await;
}

#[tokio::test]
async fn a_mute_wins_until_it_is_acknowledged() {
    let host = masked().await;
    let (mut alice, _) = Client::alice(&host).await;
    let Guest { client: mut dana, .. } = Guest::join(&host, "Dana").await;
    let unmuted = || Said::MediaState(MediaState::default());
    let id = dana.send(unmuted()).await;
    assert!(matches!(dana.answer(id).await, Body::Done(_)));
    let mute = MuteParticipants {
        all: true,
        ..MuteParticipants::default()
    };
    let id = alice.send(Said::MuteParticipants(mute)).await;
    assert!(matches!(alice.answer(id).await, Body::Done(_)));
    dana.expect(|body| matches!(body, Body::Muted(_)).then_some(()))
        .await;
    let muted_at = dana.last_seq;
    // Nobody knows whether this was sent before or after the client heard of it.
    let id = dana.send(unmuted()).await;
    assert_eq!(dana.error(id).await, "muted");
    dana.send(Said::Ack(Ack { seq: muted_at - 1 })).await;
    let id = dana.send(unmuted()).await;
    assert_eq!(dana.error(id).await, "muted");
    dana.send(Said::Ack(Ack { seq: muted_at })).await;
    let id = dana.send(unmuted()).await;
    assert!(matches!(dana.answer(id).await, Body::Done(_)));
    host.service.shutdown().await;
}

/// Asks to join by coordinates, some of them changed.
async fn by_coordinates(host: &Host, change: impl FnOnce(&mut CoordinatesLocator)) -> Client {
    let meetings = host.service.app().meetings();
    let tenant = host.dev().tenant_id.parse().unwrap();
    let record = meetings.of_tenant(tenant).await.unwrap().remove(0);
    let mut coordinates = CoordinatesLocator {
        thread_id: record.thread_id.to_string(),
        organizer_id: record.organizer.to_string(),
        tenant_id: record.tenant.to_string(),
        message_id: "0".to_owned(),
    };
    change(&mut coordinates);
    let (_, token) = host.guest(&["voip", "chat"]).await;
    let (mut client, _) = Client::hello(host, Encoding::Json, &token).await;
    let locator = Some(join::Locator::Coordinates(coordinates));
    let join = Join {
        locator,
        display_name: "Dana".to_owned(),
    };
    client.send(Said::Join(join)).await;
    client
}

#[tokio::test]
async fn a_meeting_is_found_by_its_coordinates() {
    let host = masked().await;
    let (_alice, connected) = Client::alice(&host).await;
    let mut dana = by_coordinates(&host, |_| {}).await;
    assert_eq!(dana.connected().await.thread_id, connected.thread_id);
    // GUIDs have no case.
    let mut erin = by_coordinates(&host, |at| at.tenant_id = at.tenant_id.to_uppercase()).await;
    erin.connected().await;
    let other = || "4c1f7b0a-0000-4000-8000-000000000001".to_owned();
    for (what, expected) in [
        (0, "meeting_not_found"),
        (1, "meeting_not_found"),
        (2, "meeting_not_found"),
        (3, "bad_locator"),
        (4, "bad_locator"),
        (5, "bad_locator"),
    ] {
        let mut client = by_coordinates(&host, |at| match what {
            0 => at.thread_id = "19:meeting_nobody@thread.v2".to_owned(),
            1 => at.organizer_id = other(),
            2 => at.tenant_id = other(),
            3 => at.message_id = "zero".to_owned(),
            4 => at.organizer_id = "alice".to_owned(),
            _ => at.thread_id.clear(),
        })
        .await;
        assert_eq!(client.end_key().await, expected, "{what}");
    }
    let mut client = by_coordinates(&host, |at| at.thread_id = "x".repeat(9000)).await;
    let key = client
        .expect(|body| match body {
            Body::Error(error) => Some(error.key),
            _ => None,
        })
        .await;
    assert_eq!(key, "too_large");
    host.service.shutdown().await;
}

/// A client that calls itself a bot waits, in a lobby that is open.
#[tokio::test]
async fn a_bot_waits_to_be_let_in() {
    let host = masked().await;
    let (mut alice, _) = Client::alice(&host).await;
    let mut bot = Client::guest(&host, "Contoso Notetaker").await;
    let reason = bot.lobby().await;
    assert_eq!(reason, anteroom_signaling::proto::lobby::Reason::WaitForAdmit);
    alice.lobby_entry().await;
    let Guest { .. } = Guest::join(&host, "Dana").await;
    host.service.shutdown().await;
}
