//! What Microsoft Graph changes in a running meeting, and what it tells of it afterwards.

use anteroom_signaling::proto::lobby::Reason;
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{Host, expect};
use crate::signaling::client::Client;

const ALICE: &str = "alice@contoso.example";

async fn graph(host: &Host, method: Method, target: &str, body: Option<Value>) -> reqwest::Response {
    let token = host.sign_in(ALICE).await;
    let url = host.url(&format!("/v1.0/me/{target}"));
    let mut request = host.client.request(method, url).bearer_auth(token);
    if let Some(body) = body {
        request = request.json(&body);
    }
    request.send().await.unwrap()
}

/// The demo meeting's id in Graph.
async fn meeting(host: &Host) -> String {
    let filter = format!("JoinWebUrl eq '{}'", host.dev().meeting.join_url);
    let query: String = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("$filter", &filter)
        .finish();
    let found = graph(host, Method::GET, &format!("onlineMeetings?{query}"), None).await;
    let found = expect(found, 200).await;
    format!("onlineMeetings/{}", found["value"][0]["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_patched_lobby_opens_at_once_and_deleting_ends_the_call() {
    let host = Host::start().await;
    let id = meeting(&host).await;
    let (mut alice, _) = Client::alice(&host).await;
    let mut dana = Client::guest(&host, "Dana (guest)").await;
    assert_eq!(dana.lobby().await, Reason::WaitForAdmit);
    let open = json!({"lobbyBypassSettings": {"scope": "everyone"}, "subject": "Renamed"});
    expect(graph(&host, Method::PATCH, &id, Some(open)).await, 200).await;
    let connected = dana.connected().await;
    // The subject waits for the next call.
    assert_eq!(connected.subject, host.dev().meeting.subject);
    assert_eq!(graph(&host, Method::DELETE, &id, None).await.status(), 204);
    assert_eq!(dana.end_key().await, "ended");
    assert_eq!(alice.end_key().await, "ended");
    let mut late = Client::guest(&host, "Late").await;
    assert_eq!(late.end_key().await, "meeting_not_found");
    host.service.shutdown().await;
}

#[tokio::test]
async fn a_report_names_everybody_who_was_there() {
    let host = Host::start().await;
    let id = meeting(&host).await;
    let open = json!({"lobbyBypassSettings": {"scope": "everyone"}});
    expect(graph(&host, Method::PATCH, &id, Some(open)).await, 200).await;
    let (mut alice, _) = Client::alice(&host).await;
    let mut dana = Client::guest(&host, "Dana").await;
    dana.connected().await;
    dana.send(leave()).await;
    dana.closed().await;
    alice.send(leave()).await;
    alice.closed().await;
    let reports = format!("{id}/attendanceReports?$expand=attendanceRecords");
    // Written behind the call's back: soon, not at once.
    let report = loop {
        let answer = expect(graph(&host, Method::GET, &reports, None).await, 200).await;
        if answer["value"][0]["meetingEndDateTime"].is_string() {
            break answer["value"][0].clone();
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(report["totalParticipantCount"], 2);
    let records = report["attendanceRecords"].as_array().unwrap();
    assert_eq!(
        (&records[0]["role"], &records[0]["emailAddress"]),
        (&json!("Organizer"), &json!(ALICE))
    );
    let guest = &records[1]["identity"];
    assert_eq!(
        guest["@odata.type"],
        "#microsoft.graph.azureCommunicationServicesUserIdentity"
    );
    assert_eq!(guest["displayName"], "Dana");
    assert_eq!(
        guest["azureCommunicationServicesResourceId"],
        host.dev().resource_id
    );
    for record in records {
        let interval = &record["attendanceIntervals"][0];
        assert!(interval["joinDateTime"].is_string() && interval["leaveDateTime"].is_string());
    }
    host.service.shutdown().await;
}

fn leave() -> anteroom_signaling::proto::client_message::Body {
    anteroom_signaling::proto::client_message::Body::Leave(anteroom_signaling::proto::Leave {})
}
