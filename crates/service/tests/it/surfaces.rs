//! Sign-in, Graph, pages, operations, and what every answer has.

use base64::Engine as _;
use reqwest::Method;
use serde_json::Value;

use crate::common::{Host, IDENTITY, expect, refusal};

#[tokio::test]
async fn directory_users_sign_in_and_see_their_meeting() {
    let host = Host::start().await;
    let dev = host.dev().clone();
    for tenant in ["contoso", "CONTOSO", &dev.tenant_id, "organizations", "common"] {
        let user = &dev.users[1];
        let answer = expect(
            host.password_grant(tenant, &user.upn.to_uppercase(), &user.password)
                .await,
            200,
        )
        .await;
        assert_eq!(answer["token_type"], "Bearer");
        assert_eq!(answer["expires_in"], 3600);
    }
    let token = host.sign_in("alice@contoso.example").await;
    let me = expect(
        host.get("/v1.0/me").bearer_auth(&token).send().await.unwrap(),
        200,
    )
    .await;
    assert_eq!(me["id"], dev.users[0].object_id);
    assert_eq!(me["userPrincipalName"], "alice@contoso.example");
    assert_eq!(me["displayName"], dev.users[0].display_name);
    let events = expect(
        host.get("/v1.0/me/events")
            .bearer_auth(&token)
            .send()
            .await
            .unwrap(),
        200,
    )
    .await;
    let event = &events["value"][0];
    assert_eq!(event["onlineMeeting"]["joinUrl"], dev.meeting.join_url);
    assert_eq!(event["onlineMeetingProvider"], "teamsForBusiness");
    assert_eq!(event["isOnlineMeeting"], true);
    assert_eq!(event["start"]["timeZone"], "UTC");

    let (_, guest) = host.guest(&["chat"]).await;
    let refused = host.get("/v1.0/me").bearer_auth(guest).send().await.unwrap();
    assert_eq!(refusal(refused, 401).await, "InvalidAuthenticationToken");
    assert_eq!(
        refusal(host.get("/v1.0/me").send().await.unwrap(), 401).await,
        "InvalidAuthenticationToken"
    );
    host.service.shutdown().await;
}

#[tokio::test]
async fn sign_in_refusals_have_the_form_of_oauth() {
    let host = Host::start().await;
    let error = |body: Value| body["error"].as_str().unwrap().to_owned();
    let wrong = host
        .password_grant("contoso", "alice@contoso.example", "wrong")
        .await;
    assert_eq!(wrong.headers()["cache-control"], "no-store");
    assert_eq!(error(expect(wrong, 400).await), "invalid_grant");
    let nobody = host
        .password_grant("contoso", "nobody@contoso.example", "wrong")
        .await;
    assert_eq!(error(expect(nobody, 400).await), "invalid_grant");
    let elsewhere = host
        .password_grant("fabrikam", "alice@contoso.example", "x")
        .await;
    assert_eq!(error(expect(elsewhere, 400).await), "invalid_request");
    for (form, status, code) in [
        ("", 400, "invalid_request"),
        ("grant_type=implicit&client_id=x", 400, "unsupported_grant_type"),
        ("grant_type=password&username=a&password=b", 401, "invalid_client"),
        (
            "grant_type=password&client_id=x&username=a",
            400,
            "invalid_request",
        ),
        (
            "grant_type=password&client_id=x&username=a&password=b",
            401,
            "invalid_client",
        ),
        (
            "grant_type=password&grant_type=password&client_id=x",
            400,
            "invalid_request",
        ),
    ] {
        let request = host.post("/contoso/oauth2/v2.0/token");
        let request = request
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form);
        assert_eq!(
            error(expect(request.send().await.unwrap(), status).await),
            code,
            "{form}"
        );
    }
    host.service.shutdown().await;
}

#[tokio::test]
async fn guessing_passwords_is_slowed_down() {
    let host = Host::start_with(|config| config.limits.sign_in_failures = 2).await;
    for _ in 0..2 {
        expect(
            host.password_grant("contoso", "alice@contoso.example", "wrong")
                .await,
            400,
        )
        .await;
    }
    // The right password waits, too: whoever guesses it learns nothing.
    let password = host.dev().users[0].password.clone();
    let waits = host
        .password_grant("contoso", "Alice@contoso.example", &password)
        .await;
    let seconds: u64 = waits.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds));
    assert_eq!(expect(waits, 429).await["error"], "temporarily_unavailable");
    host.sign_in("bob@contoso.example").await;
    host.service.shutdown().await;
}

#[tokio::test]
async fn errors_are_json_everywhere() {
    let host = Host::start().await;
    for (method, target, status, code) in [
        (Method::GET, "/nothing", 404, "NotFound"),
        (Method::POST, "/chat/unknown", 404, "NotFound"),
        (Method::GET, "/assets/none.js", 404, "NotFound"),
        (Method::GET, "/assets/../Cargo.toml", 404, "NotFound"),
        (Method::GET, "/assets/%2e%2e/%2e%2e/Cargo.toml", 404, "NotFound"),
        (Method::PUT, "/identities", 405, "MethodNotAllowed"),
        (Method::DELETE, "/v1.0/me", 405, "MethodNotAllowed"),
        (Method::GET, "/contoso/oauth2/v2.0/token", 405, "MethodNotAllowed"),
        (Method::POST, "/join", 405, "MethodNotAllowed"),
    ] {
        let response = host
            .client
            .request(method, host.url(target))
            .send()
            .await
            .unwrap();
        assert_eq!(refusal(response, status).await, code, "{target}");
    }
    host.service.shutdown().await;
}

#[tokio::test]
async fn answers_carry_correlation_headers() {
    let host = Host::start().await;
    let request = host
        .post(&format!("/identities?{IDENTITY}"))
        .header("x-ms-client-request-id", "abc-1");
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["x-ms-client-request-id"], "abc-1");
    let vector = response.headers()["ms-cv"].to_str().unwrap();
    assert!(vector.len() == 24 && vector.ends_with(".0"), "{vector}");
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    assert_eq!(response.headers()["x-ms-error-code"], "Denied");
    for path in ["/healthz", "/readyz"] {
        expect(host.get(path).send().await.unwrap(), 200).await;
    }
    host.service.shutdown().await;
}

#[tokio::test]
async fn pages_are_served_on_both_listeners_with_their_policy() {
    let host = Host::start().await;
    let http = host.dev().dev_http.clone().unwrap();
    for base in [host.dev().endpoint.clone(), http] {
        for path in ["/", "/join", "/teams"] {
            let response = host.client.get(format!("{base}{path}")).send().await.unwrap();
            assert_eq!(response.status(), 200, "{base}{path}");
            assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
            let policy = response.headers()["content-security-policy"].to_str().unwrap();
            assert!(
                policy.contains("frame-ancestors 'none'") && policy.contains("script-src 'self'"),
                "{policy}"
            );
            assert_eq!(response.headers()["referrer-policy"], "no-referrer");
            let tag = response.headers()["etag"].clone();
            let again = host
                .client
                .get(format!("{base}{path}"))
                .header("if-none-match", tag)
                .send();
            assert_eq!(again.await.unwrap().status(), 304);
        }
    }
    host.service.shutdown().await;
}

#[tokio::test]
async fn a_meeting_link_in_a_browser_leads_to_the_guest_page() {
    let host = Host::start().await;
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let pem = std::fs::read(host.dir.path().join("tls/ca.pem")).unwrap();
    let client = client
        .tls_certs_only([reqwest::Certificate::from_pem(&pem).unwrap()])
        .build()
        .unwrap();
    let response = client.get(&host.dev().meeting.join_url).send().await.unwrap();
    assert_eq!(response.status(), 303);
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    let link = host.dev().guest_page.split_once("/join?").unwrap().1;
    assert_eq!(location, format!("/join?{link}"));

    // Neither whether there is such a meeting nor whether the passcode is right shows here.
    let base = host.dev().endpoint.clone();
    for path in [
        "/meet/999000000000000?p=wrong1",
        "/meet/999000000000000",
        "/l/meetup-join/19%3ameeting_x%40thread.v2/0?context=%7b%22Tid%22%3a%225c1d3a52-8f0e-4b57-9a11-2f6f7d3c9e10%22%2c%22Oid%22%3a%220b7e6c44-91d2-4e0f-8a3b-6d5f4c3b2a19%22%7d",
    ] {
        let response = client.get(format!("{base}{path}")).send().await.unwrap();
        assert_eq!(response.status(), 303, "{path}");
        let location = response.headers()["location"].to_str().unwrap();
        let link = location.strip_prefix("/join?link=").unwrap();
        let link = percent_encoding::percent_decode_str(link).decode_utf8().unwrap();
        assert_eq!(link, format!("{base}{path}"));
    }
    for path in [
        "/meet/274-918-305-566",
        "/meet/274%20918%20305%20566",
        "/meet/274+918+305+566",
        "/meet/27491",
        "/meet/123456789012345678901",
        "/meet/274918305566421?p=",
        "/meet/274918305566421?p=a%0ab",
        "/l/meetup-join/nothing",
    ] {
        let response = client.get(format!("{base}{path}")).send().await.unwrap();
        assert_eq!(response.status(), 404, "{path}");
    }
    host.service.shutdown().await;
}

/// Where a token says that its server is.
fn server_of(token: &str) -> String {
    // As SDKs read it, with the plain alphabet.
    let payload = token.split('.').nth(1).unwrap();
    let payload = base64::engine::general_purpose::STANDARD_NO_PAD
        .decode(payload)
        .unwrap();
    let payload: Value = serde_json::from_slice(&payload).unwrap();
    payload["anteroom"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_guests_token_says_where_its_server_is() {
    let host = Host::start().await;
    let (_, token) = host.guest(&["chat", "voip"]).await;
    assert_eq!(server_of(&token), host.dev().endpoint);
    host.service.shutdown().await;
    let public = |config: &mut anteroom_service::Config| {
        config.public_url = Some("https://meet.example.org".to_owned());
    };
    let host = Host::start_with(public).await;
    let app = host.service.app();
    assert_eq!(app.origin().unwrap().as_str(), "https://meet.example.org");
    host.service.shutdown().await;
}

#[tokio::test]
async fn pages_come_compressed_and_answers_with_secrets_do_not() {
    let host = Host::start().await;
    let get = |path: &str, accept: &'static str, known: Option<String>| {
        let mut request = host.get(path).header("accept-encoding", accept);
        if let Some(known) = known {
            request = request.header("if-none-match", known);
        }
        request.send()
    };
    let head = |response: &reqwest::Response, name: &str| {
        let value = response.headers().get(name);
        value.map_or_else(String::new, |value| value.to_str().unwrap().to_owned())
    };
    let path = "/assets/base.css";
    let mut tags = Vec::new();
    let mut sizes = Vec::new();
    for (accept, coding) in [("identity", ""), ("gzip", "gzip"), ("gzip, br", "br")] {
        let response = get(path, accept, None).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(head(&response, "content-encoding"), coding);
        assert_eq!(head(&response, "content-type"), "text/css; charset=utf-8");
        assert_eq!(head(&response, "vary"), "accept-encoding");
        let policy = head(&response, "content-security-policy");
        assert!(
            policy.contains("default-src 'none'") && !policy.contains("unsafe"),
            "{policy}"
        );
        let tag = head(&response, "etag");
        sizes.push(response.bytes().await.unwrap().len());
        let again = get(path, accept, Some(tag.clone())).await.unwrap();
        assert_eq!(again.status(), 304);
        assert_eq!(head(&again, "etag"), tag);
        assert_eq!(head(&again, "vary"), "accept-encoding");
        assert_eq!(head(&again, "content-encoding"), "");
        assert!(again.bytes().await.unwrap().is_empty());
        tags.push(tag);
    }
    assert!(sizes[0] > 2 * sizes[1] && sizes[1] > sizes[2], "{sizes:?}");
    // What is known in one coding is not known in another.
    let other = get(path, "br", Some(tags[1].clone())).await.unwrap();
    assert_eq!(other.status(), 200);

    let catalogue = get("/assets/locales/en/common.ftl", "br", None).await.unwrap();
    assert_eq!(head(&catalogue, "content-type"), "text/plain; charset=utf-8");
    let token = host.sign_in("alice@contoso.example").await;
    for path in ["/v1.0/me", "/admin/api/tenant", "/readyz"] {
        let answer = get_as(&host, path, &token).await;
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(head(&answer, "content-encoding"), "", "{path}");
    }
    host.service.shutdown().await;
}

async fn get_as(host: &Host, path: &str, token: &str) -> reqwest::Response {
    let request = host.get(path).header("accept-encoding", "gzip, br");
    request.bearer_auth(token).send().await.unwrap()
}

#[tokio::test]
async fn the_demo_token_is_for_our_own_pages() {
    let host = Host::start().await;
    let base = host.dev().dev_http.clone().unwrap();
    let post = |origin: Option<String>, host_header: Option<&'static str>| {
        let mut request = host.client.post(format!("{base}/demo/guest-token")).body("{}");
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        if let Some(name) = host_header {
            request = request.header("host", name);
        }
        request.send()
    };
    let answer = expect(post(Some(base.clone()), None).await.unwrap(), 200).await;
    assert!(answer["userId"].as_str().unwrap().starts_with("8:acs:"));
    assert_eq!(answer["endpoint"], base);
    assert_eq!(server_of(answer["token"].as_str().unwrap()), base);
    assert!(answer["token"].is_string() && answer["expiresOn"].is_string());
    for origin in [
        None,
        Some("https://evil.example".to_owned()),
        Some("null".to_owned()),
    ] {
        assert_eq!(refusal(post(origin, None).await.unwrap(), 403).await, "Forbidden");
    }
    // A name of somebody else's that was pointed at this machine.
    let rebound = post(Some("http://evil.example".to_owned()), Some("evil.example"))
        .await
        .unwrap();
    assert_eq!(refusal(rebound, 403).await, "Forbidden");
    host.service.shutdown().await;
}
