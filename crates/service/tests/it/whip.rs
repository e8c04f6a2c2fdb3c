//! WHIP and WHEP as far as HTTP goes. That media flows is shown by browsers.

use anteroom_signaling::proto::client_message::Body as Said;
use anteroom_signaling::proto::server_message::Body;
use anteroom_signaling::proto::{Admit, Participant, Reject, RosterUpdate};
use anteroom_signaling::sdp::{Description, Direction, LocalTransport, Msid, OfferBuilder};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;

use crate::common::{Host, refusal};
use crate::signaling::client::Client;

const SDP: &str = "application/sdp";
const FRAGMENT: &str = "application/trickle-ice-sdpfrag";

fn transport(ufrag: &str) -> LocalTransport {
    LocalTransport {
        ice_ufrag: ufrag.to_owned(),
        ice_pwd: "0123456789012345678901".to_owned(),
        fingerprint: [0xab; 32],
    }
}

/// What an encoder with a microphone offers.
fn voice() -> String {
    let msid = Msid {
        stream: "s".to_owned(),
        track: "t".to_owned(),
    };
    OfferBuilder::new(1, 1, transport("abcd"))
        .audio_send("0", 1234, "me", msid)
        .build()
}

/// What a player offers that hears.
fn listening() -> String {
    OfferBuilder::new(1, 1, transport("abcd"))
        .audio_receive("0")
        .build()
}

fn post(host: &Host, target: &str, token: &str, sdp: String) -> RequestBuilder {
    host.post(target)
        .bearer_auth(token)
        .header("content-type", SDP)
        .body(sdp)
}

/// `/meet/ID?p=CODE` of the demo's meeting, under another name.
fn meeting(host: &Host, door: &str) -> String {
    let link = url::Url::parse(&host.dev().meeting.join_url).unwrap();
    link[url::Position::BeforePath..].replace("/meet/", door)
}

struct Begun {
    location: String,
    etag: String,
    answer: Description,
}

async fn begun(response: Response) -> Begun {
    let header = |name: &str| {
        let value = response
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned());
        value.unwrap_or_default()
    };
    let (location, etag, kind) = (header("location"), header("etag"), header("content-type"));
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    assert_eq!((status, &*kind), (201, SDP), "{text}");
    Begun {
        location,
        etag,
        answer: Description::parse(&text).unwrap(),
    }
}

fn patch(host: &Host, session: &Begun, token: &str, tag: Option<&str>, fragment: &str) -> RequestBuilder {
    let request = host
        .client
        .patch(host.url(&session.location))
        .bearer_auth(token)
        .header("content-type", FRAGMENT)
        .body(fragment.to_owned());
    match tag {
        Some(tag) => request.header("if-match", tag),
        None => request,
    }
}

/// Somebody's newest roster entry of that name.
async fn entry(client: &mut Client, name: &str, wanted: impl Fn(&Participant) -> bool) -> Participant {
    client
        .expect(|body| match body {
            Body::Roster(RosterUpdate { upserted, .. }) => upserted
                .into_iter()
                .find(|entry| entry.display_name == name && wanted(entry)),
            _ => None,
        })
        .await
}

#[tokio::test]
async fn an_encoder_waits_in_the_lobby_speaks_and_leaves() {
    let host = Host::start().await;
    let (mut alice, _) = Client::alice(&host).await;
    let (_, token) = host.guest(&["voip"]).await;
    let target = format!("{}&name=Stage%20left", meeting(&host, "/whip/"));
    let waiting = tokio::spawn(post(&host, &target, &token, voice()).send());
    let id = alice.lobby_entry().await;
    let participant_ids = vec![id.clone()];
    alice
        .send(Said::Admit(Admit {
            participant_ids,
            all: false,
        }))
        .await;
    let session = begun(waiting.await.unwrap().unwrap()).await;
    assert!(session.answer.ice_lite);
    assert_eq!(session.answer.sections[0].direction, Direction::RecvOnly);
    let shown = entry(&mut alice, "Stage left", |entry| !entry.mic_muted).await;
    assert_eq!(shown.id, id);

    // Nobody else ends it, and nobody else learns of it.
    let (_, stranger) = host.guest(&["voip"]).await;
    let url = host.url(&session.location);
    let foreign = host
        .client
        .delete(&url)
        .bearer_auth(&stranger)
        .send()
        .await
        .unwrap();
    refusal(foreign, 404).await;
    let deleted = host.client.delete(&url).bearer_auth(&token).send().await.unwrap();
    assert_eq!(deleted.status(), 200);
    let left = alice
        .expect(|body| match body {
            Body::Roster(update) if !update.left.is_empty() => Some(update.left),
            _ => None,
        })
        .await;
    assert_eq!(left, [id]);
    let again = host.client.delete(&url).bearer_auth(&token).send().await.unwrap();
    refusal(again, 404).await;
    host.service.shutdown().await;
}

#[tokio::test]
async fn a_client_that_gives_up_or_is_turned_away_waits_no_more() {
    let host = Host::start().await;
    let (mut alice, _) = Client::alice(&host).await;
    let (_, token) = host.guest(&["voip"]).await;
    let target = meeting(&host, "/whip/");
    let waiting = tokio::spawn(post(&host, &target, &token, voice()).send());
    let id = alice.lobby_entry().await;
    alice
        .send(Said::Reject(Reject {
            participant_ids: vec![id],
        }))
        .await;
    let refused = waiting.await.unwrap().unwrap();
    assert_eq!(refusal(refused, 403).await, "NotAdmitted");

    let waiting = tokio::spawn(post(&host, &target, &token, voice()).send());
    let id = alice.lobby_entry().await;
    waiting.abort();
    let gone = alice
        .expect(|body| match body {
            Body::LobbyRoster(update) if !update.left.is_empty() => Some(update.left),
            _ => None,
        })
        .await;
    assert_eq!(gone, [id]);
    host.service.shutdown().await;
}

#[tokio::test]
async fn ice_restarts_and_candidates_are_taken_note_of() {
    let host = Host::start().await;
    let token = host.sign_in("bob@contoso.example").await;
    let session = begun(
        post(&host, &meeting(&host, "/whip/"), &token, voice())
            .send()
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(session.etag, format!("\"{}\"", session.answer.ice_ufrag));
    let candidate =
        "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n";
    let noted = patch(&host, &session, &token, Some(&session.etag), candidate)
        .send()
        .await
        .unwrap();
    assert_eq!(noted.status(), 204);
    let without = patch(&host, &session, &token, None, candidate)
        .send()
        .await
        .unwrap();
    assert_eq!(refusal(without, 428).await, "PreconditionRequired");
    let stale = patch(&host, &session, &token, Some("\"other\""), candidate)
        .send()
        .await
        .unwrap();
    assert_eq!(refusal(stale, 412).await, "PreconditionFailed");
    for fragment in ["{}", "a=ice-ufrag:abcde\r\n"] {
        let odd = patch(&host, &session, &token, Some("*"), fragment)
            .send()
            .await
            .unwrap();
        assert_eq!(refusal(odd, 400).await, "BadFragment");
    }
    let other = host
        .client
        .patch(host.url(&session.location))
        .bearer_auth(&token)
        .header("content-type", SDP)
        .header("if-match", "*")
        .send()
        .await
        .unwrap();
    assert_eq!(refusal(other, 415).await, "UnsupportedMediaType");

    let fresh = "a=ice-ufrag:wxyz\r\na=ice-pwd:1234567890123456789012\r\n";
    let restarted = patch(&host, &session, &token, Some("*"), fresh)
        .send()
        .await
        .unwrap();
    assert_eq!(restarted.status(), 200);
    assert_eq!(restarted.headers()["content-type"], FRAGMENT);
    let tag = restarted.headers()["etag"].to_str().unwrap().to_owned();
    assert_ne!(tag, session.etag);
    let text = restarted.text().await.unwrap();
    assert!(
        text.contains(&format!("a=ice-ufrag:{}\r\n", tag.trim_matches('"'))),
        "{text}"
    );
    assert!(text.contains("a=candidate:"), "{text}");
    let stale = patch(&host, &session, &token, Some(&session.etag), candidate)
        .send()
        .await
        .unwrap();
    refusal(stale, 412).await;
    let noted = patch(&host, &session, &token, Some(&tag), candidate)
        .send()
        .await
        .unwrap();
    assert_eq!(noted.status(), 204);
    host.service.shutdown().await;
}

#[tokio::test]
async fn a_player_is_answered_with_streams_before_there_is_anything_to_play() {
    let host = Host::start().await;
    let token = host.sign_in("bob@contoso.example").await;
    let session = begun(
        post(&host, &meeting(&host, "/whep/"), &token, listening())
            .send()
            .await
            .unwrap(),
    )
    .await;
    let [section] = &session.answer.sections[..] else {
        panic!("{:?}", session.answer);
    };
    assert_eq!((section.direction, section.ssrcs.len()), (Direction::SendOnly, 1));
    let link =
        url::form_urlencoded::byte_serialize(host.dev().meeting.join_url.as_bytes()).collect::<String>();
    let target = format!("/whep?link={link}");
    begun(post(&host, &target, &token, listening()).send().await.unwrap()).await;
    host.service.shutdown().await;
}

#[tokio::test]
async fn what_is_asked_for_wrongly_is_refused() {
    let host = Host::start().await;
    let token = host.sign_in("bob@contoso.example").await;
    let whip = meeting(&host, "/whip/");
    let code = async |target: &str, sdp: String, status: u16| {
        refusal(post(&host, target, &token, sdp).send().await.unwrap(), status).await
    };
    assert_eq!(code(&whip, "v=0\r\n".to_owned(), 400).await, "BadDescription");
    assert_eq!(code(&whip, listening(), 400).await, "BadDescription");
    assert_eq!(
        code(&meeting(&host, "/whep/"), voice(), 400).await,
        "BadDescription"
    );
    assert_eq!(code(&whip, "a".repeat(200_000), 400).await, "BadDescription");
    assert_eq!(code("/whip", voice(), 400).await, "MeetingAmbiguous");
    assert_eq!(
        code(&format!("{whip}&room=1"), voice(), 400).await,
        "MeetingAmbiguous"
    );
    assert_eq!(
        code(&format!("{whip}&source=roof"), voice(), 400).await,
        "BadRequest"
    );
    assert_eq!(
        code(&format!("{whip}&name=a&name=b"), voice(), 400).await,
        "BadRequest"
    );
    for target in [
        "/whip/000000000000?p=nonsense",
        "/whip?link=https%3A%2F%2Fgov.teams.microsoft.us%2Fl%2Fmeetup-join%2F19%253ameeting_a%2540thread.v2%2F0",
    ] {
        let refused = post(&host, target, &token, voice()).send().await.unwrap();
        assert!(
            refused.status().is_client_error(),
            "{target}: {}",
            refused.status()
        );
        let body: Value = refused.json().await.unwrap();
        assert!(body["error"]["code"].is_string(), "{body}");
    }
    let plain = host
        .post(&whip)
        .bearer_auth(&token)
        .body(voice())
        .send()
        .await
        .unwrap();
    assert_eq!(refusal(plain, 415).await, "UnsupportedMediaType");
    let nobody = host
        .post(&whip)
        .header("content-type", SDP)
        .body(voice())
        .send()
        .await
        .unwrap();
    refusal(nobody, 401).await;
    let (_, chatter) = host.guest(&["chat"]).await;
    refusal(post(&host, &whip, &chatter, voice()).send().await.unwrap(), 403).await;
    for method in [Method::GET, Method::PUT] {
        let refused = host
            .client
            .request(method, host.url("/whip"))
            .send()
            .await
            .unwrap();
        assert_eq!(refused.status(), 405);
    }
    let options = host
        .client
        .request(Method::OPTIONS, host.url(&whip))
        .send()
        .await
        .unwrap();
    assert_eq!(options.headers()["accept-post"], SDP);
    let preflight = host
        .client
        .request(Method::OPTIONS, host.url(&whip))
        .header("origin", "https://studio.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,content-type")
        .send()
        .await
        .unwrap();
    assert_eq!(preflight.headers()["access-control-allow-origin"], "*");
    host.service.shutdown().await;
}
