//! The ACS Rooms API over real sockets.

use reqwest::{Method, Response};
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use crate::common::{Host, IDENTITY, ROOMS, expect, refusal};

async fn call(host: &Host, method: Method, target: &str, body: &Value) -> Response {
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    host.signed(method, target, &body).send().await.unwrap()
}

fn room(id: &str) -> String {
    format!("/rooms/{id}?{ROOMS}")
}

fn people(id: &str) -> String {
    format!("/rooms/{id}/participants?{ROOMS}")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}"))
}

fn at(value: &Value) -> OffsetDateTime {
    OffsetDateTime::parse(text(value), &Rfc3339).unwrap()
}

/// Python's `%Y-%m-%dT%H:%M:%S.%f%z`.
fn python_parses(value: &Value) -> bool {
    let (_, fraction) = text(value).split_once('.').unwrap();
    let (digits, offset) = fraction.split_at(fraction.find(['+', '-', 'Z']).unwrap());
    (1..=6).contains(&digits.len()) && offset == "+00:00"
}

fn written(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap()
}

#[tokio::test]
async fn rooms_are_made_read_changed_and_deleted() {
    let host = Host::start().await;
    let (user, _) = host.guest(&["voip"]).await;
    let (other, _) = host.guest(&["voip"]).await;
    let before = OffsetDateTime::now_utc();
    let body = json!({"validFrom": null, "validUntil": null, "participants": {&user: {"role": "Presenter"}}});
    let response = call(&host, Method::POST, &format!("/rooms?{ROOMS}"), &body).await;
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    assert!(!response.headers().contains_key("repeatability-result"));
    let made = expect(response, 201).await;
    let id = text(&made["id"]).to_owned();
    assert_eq!(location, id);
    assert!(id.starts_with("99") && id.len() == 17, "{id}");
    assert_eq!(made["pstnDialOutEnabled"], false);
    for name in ["createdAt", "validFrom", "validUntil"] {
        assert!(python_parses(&made[name]), "{made}");
    }
    assert_eq!(
        at(&made["validUntil"]) - at(&made["validFrom"]),
        Duration::days(180)
    );
    assert!(at(&made["validFrom"]) >= before - Duration::milliseconds(1));

    assert_eq!(
        expect(call(&host, Method::GET, &room(&id), &Value::Null).await, 200).await,
        made
    );

    // One field changes, the others stay: null means not given.
    let body = json!({"validFrom": null, "validUntil": null, "pstnDialOutEnabled": true});
    let changed = expect(call(&host, Method::PATCH, &room(&id), &body).await, 200).await;
    assert_eq!(changed["pstnDialOutEnabled"], true);
    assert_eq!(changed["validUntil"], made["validUntil"]);
    let body = json!({"validUntil": "2099-01-01T00:00:00Z"});
    let refused = expect(call(&host, Method::PATCH, &room(&id), &body).await, 400).await;
    assert_eq!(refused["error"]["code"], "BadRequest");
    assert_eq!(
        refused["error"]["details"][0],
        json!({"code": "BadArgument", "target": "ValidUntil",
               "message": "The time range is incorrect, or larger than 180 days."})
    );

    // Participants: in order, null removes, a missing role is Attendee.
    let listed = expect(call(&host, Method::GET, &people(&id), &Value::Null).await, 200).await;
    assert_eq!(listed, json!({"value": [{"rawId": user, "role": "Presenter"}]}));
    let body = json!({"participants": {&other: {"role": "Collaborator"}, &user: {}}});
    assert_eq!(
        expect(call(&host, Method::PATCH, &people(&id), &body).await, 200).await,
        json!({})
    );
    let listed = expect(call(&host, Method::GET, &people(&id), &Value::Null).await, 200).await;
    assert_eq!(
        listed["value"],
        json!([{"rawId": user, "role": "Attendee"}, {"rawId": other, "role": "Collaborator"}])
    );
    let body = json!({"participants": {&user: null, "wrong_mri": null}});
    let refused = call(&host, Method::PATCH, &people(&id), &body).await;
    assert_eq!(refused.headers()["x-ms-error-code"], "BadRequest");
    let refused = expect(refused, 400).await;
    assert_eq!(refused["error"]["message"], "Invalid value for the Participants.");
    let body = json!({"participants": {&user: null}});
    for _ in 0..2 {
        assert_eq!(
            expect(call(&host, Method::PATCH, &people(&id), &body).await, 200).await,
            json!({})
        );
    }
    let listed = expect(call(&host, Method::GET, &people(&id), &Value::Null).await, 200).await;
    assert_eq!(listed["value"], json!([{"rawId": other, "role": "Collaborator"}]));

    // A deleted identity is invited nowhere.
    let target = format!("/identities/{}?{IDENTITY}", other.replace(':', "%3A"));
    assert_eq!(
        call(&host, Method::DELETE, &target, &Value::Null).await.status(),
        204
    );
    let listed = expect(call(&host, Method::GET, &people(&id), &Value::Null).await, 200).await;
    assert_eq!(listed["value"], json!([]));

    assert_eq!(
        call(&host, Method::DELETE, &room(&id), &Value::Null)
            .await
            .status(),
        204
    );
    for method in [Method::GET, Method::PATCH, Method::DELETE] {
        let gone = call(&host, method, &room(&id), &json!({})).await;
        assert_eq!(gone.headers()["x-ms-error-code"], "NotFound");
        assert_eq!(refusal(gone, 404).await, "NotFound");
    }
    assert_eq!(
        refusal(call(&host, Method::GET, &people(&id), &Value::Null).await, 404).await,
        "NotFound"
    );
    host.service.shutdown().await;
}

#[tokio::test]
async fn bad_requests_are_refused_and_change_nothing() {
    let host = Host::start().await;
    let (user, _) = host.guest(&["voip"]).await;
    let now = OffsetDateTime::now_utc();
    let day = Duration::days(1);
    let strange = "8:acs:7c1f0a52-8f0e-4b57-9a11-2f6f7d3c9e10_0000001b-e76c-cf3c-1985-0948220072ec";
    for (body, message) in [
        (json!({"validUntil": written(now - day)}), "details"),
        (json!({"validUntil": written(now + 210 * day)}), "details"),
        (json!({"validFrom": written(now + 181 * day)}), "details"),
        (
            json!({"validFrom": written(now + 3 * day), "validUntil": written(now + 2 * day)}),
            "details",
        ),
        (json!({"validFrom": "tomorrow"}), "could not be understood"),
        (json!({"pstnDialOutEnabled": "yes"}), "could not be understood"),
        (json!([1]), "could not be understood"),
        (
            json!({"participants": {"wrong_mri": {}}}),
            "Invalid format for communication identifier.",
        ),
        (
            json!({"participants": {strange: {}}}),
            "Invalid format for communication identifier.",
        ),
        (
            json!({"participants": {&user: {"role": "Kafka"}}}),
            "Invalid value for the Participants.",
        ),
        (json!({"participants": [user]}), "could not be understood"),
    ] {
        let refused = call(&host, Method::POST, &format!("/rooms?{ROOMS}"), &body).await;
        let refused = expect(refused, 400).await;
        assert_eq!(refused["error"]["code"], "BadRequest");
        if message == "details" {
            assert_eq!(refused["error"]["details"][0]["target"], "ValidUntil", "{body}");
        } else {
            assert!(
                text(&refused["error"]["message"]).contains(message),
                "{body}: {refused}"
            );
        }
    }
    let listed = expect(
        call(&host, Method::GET, &format!("/rooms?{ROOMS}"), &Value::Null).await,
        200,
    )
    .await;
    assert_eq!(listed, json!({"value": []}));

    for id in ["invalid_id", "123", "8919969036266052", "9919969036266052451"] {
        for method in [Method::GET, Method::PATCH, Method::DELETE] {
            let refused = expect(call(&host, method, &room(id), &json!({})).await, 400).await;
            assert_eq!(refused["error"]["message"], "Invalid room ID length.");
        }
        assert_eq!(
            refusal(call(&host, Method::GET, &people(id), &Value::Null).await, 400).await,
            "BadRequest"
        );
    }
    let unknown = "99199690362660524";
    assert_eq!(
        refusal(call(&host, Method::GET, &room(unknown), &Value::Null).await, 404).await,
        "NotFound"
    );
    for query in [
        "nextLink=x",
        "nextLink=1-2",
        "nextLink=1-99199690362660524&nextLink=1-99199690362660524",
    ] {
        let refused = call(
            &host,
            Method::GET,
            &format!("/rooms?{query}&{ROOMS}"),
            &Value::Null,
        )
        .await;
        assert_eq!(refusal(refused, 400).await, "BadRequest", "{query}");
    }
    let unsigned = host.get(&format!("/rooms?{ROOMS}")).send().await.unwrap();
    assert_eq!(refusal(unsigned, 401).await, "Denied");
    let old = call(&host, Method::GET, "/rooms?api-version=2019-01-01", &Value::Null).await;
    assert_eq!(refusal(old, 400).await, "UnsupportedApiVersion");
    host.service.shutdown().await;
}

#[tokio::test]
async fn lists_are_read_page_by_page_newest_first() {
    let host = Host::start().await;
    let mut made = Vec::new();
    for _ in 0..53 {
        let room = call(
            &host,
            Method::POST,
            &format!("/rooms?{ROOMS}"),
            &json!({"participants": {}}),
        )
        .await;
        made.insert(0, text(&expect(room, 201).await["id"]).to_owned());
    }
    let mut listed = Vec::new();
    // As Python asks: with the name of its enumeration on every page but the first.
    let mut target = format!("/rooms?{ROOMS}");
    loop {
        let page = expect(call(&host, Method::GET, &target, &Value::Null).await, 200).await;
        listed.extend(
            page["value"]
                .as_array()
                .unwrap()
                .iter()
                .map(|room| text(&room["id"]).to_owned()),
        );
        let Some(link) = page.get("nextLink") else { break };
        let rest = text(link)
            .strip_prefix(&host.url(""))
            .unwrap_or_else(|| panic!("another host: {link}"));
        assert!(rest.ends_with("api-version=2025-03-13"), "{rest}");
        target = rest.replace("api-version=2025-03-13", "api-version=ApiVersion.V2025_03_13");
    }
    assert_eq!(listed, made);

    let (user, _) = host.guest(&["voip"]).await;
    let resource = user.split('_').next().unwrap();
    let invited: serde_json::Map<String, Value> = (0..51)
        .map(|number| {
            (
                format!("{resource}_{number:08x}-e76c-cf3c-1985-0948220072ec"),
                json!({}),
            )
        })
        .collect();
    let id = &made[0];
    let body = json!({ "participants": invited });
    assert_eq!(call(&host, Method::PATCH, &people(id), &body).await.status(), 200);
    let first = expect(call(&host, Method::GET, &people(id), &Value::Null).await, 200).await;
    assert_eq!(first["value"].as_array().unwrap().len(), 50);
    let rest = text(&first["nextLink"]).replace(&host.url(""), "");
    let second = expect(call(&host, Method::GET, &rest, &Value::Null).await, 200).await;
    assert_eq!(second["value"].as_array().unwrap().len(), 1);
    assert!(second.get("nextLink").is_none());
    host.service.shutdown().await;
}

#[tokio::test]
async fn a_repeated_request_makes_no_second_room() {
    let host = Host::start().await;
    let post = |headers: Vec<(&'static str, String)>| {
        let mut request = host.signed(Method::POST, &format!("/rooms?{ROOMS}"), "{}");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        async { request.send().await.unwrap() }
    };
    let sent = "Fri, 20 Nov 2026 21:38:59 GMT".to_owned();
    let pair = |id: &str| {
        vec![
            ("Repeatability-Request-ID", id.to_owned()),
            ("Repeatability-First-Sent", sent.clone()),
        ]
    };
    let mut made = Vec::new();
    for id in [
        "aaaaaaaa-0000-4000-8000-000000000000",
        "aaaaaaaa-0000-4000-8000-000000000000",
        "b",
    ] {
        let response = post(pair(id)).await;
        assert_eq!(response.headers()["repeatability-result"], "accepted");
        made.push(expect(response, 201).await);
    }
    assert_eq!(made[0], made[1]);
    assert_ne!(made[0]["id"], made[2]["id"]);

    for headers in [
        vec![("Repeatability-Request-ID", "c".to_owned())],
        vec![("Repeatability-First-Sent", sent.clone())],
        vec![
            ("Repeatability-Request-ID", "c".to_owned()),
            ("Repeatability-First-Sent", "yesterday".to_owned()),
        ],
        vec![
            ("Repeatability-Request-ID", "c".repeat(129)),
            ("Repeatability-First-Sent", sent.clone()),
        ],
    ] {
        let response = post(headers).await;
        assert_eq!(response.headers()["repeatability-result"], "rejected");
        assert_eq!(refusal(response, 400).await, "BadRequest");
    }
    let listed = expect(
        call(&host, Method::GET, &format!("/rooms?{ROOMS}"), &Value::Null).await,
        200,
    )
    .await;
    assert_eq!(listed["value"].as_array().unwrap().len(), 2);
    host.service.shutdown().await;
}

#[tokio::test]
async fn every_version_of_the_api_is_served() {
    let host = Host::start().await;
    for version in ["2023-06-14", "2024-04-15", "2025-03-13"] {
        let target = format!("/rooms?api-version={version}");
        let response = call(&host, Method::POST, &target, &json!({})).await;
        assert!(
            response.headers()["api-supported-versions"]
                .to_str()
                .unwrap()
                .contains(version)
        );
        let made = expect(response, 201).await;
        assert_eq!(made.as_object().unwrap().len(), 5, "{made}");
    }
    host.service.shutdown().await;
}
