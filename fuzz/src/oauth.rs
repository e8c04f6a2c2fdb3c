//! What strangers send to the issuer's pages.

use anteroom_service::directory::redirect;
use anteroom_service::http::oauth::{RequestSummary, summarize};
use anteroom_service::store::sqlite::applications::ClientKind;
use url::{Url, form_urlencoded};

const OWN: &str = "https://meet.example:8443";

/// Redirect URIs as applications register them.
const REGISTERED: [&str; 4] = [
    "https://app.example/cb?x=1",
    "http://localhost",
    "http://127.0.0.1:9/cb",
    "com.example.app:/cb",
];

/// An authorization request. What is read of it is written to the same request, and nobody is sent where nothing is
/// registered.
pub fn authorization_request(data: &[u8]) {
    for kind in [ClientKind::Public, ClientKind::Confidential] {
        let Ok(read) = summarize(data, OWN, kind) else {
            continue;
        };
        assert!(kind == ClientKind::Confidential || read.challenge.is_some());
        for permission in &read.permissions {
            assert!(!permission.is_empty() && permission.len() <= 128 && !permission.contains('/'));
        }
        assert_eq!(
            summarize(written(&read).as_bytes(), OWN, kind).as_ref(),
            Ok(&read)
        );
        if let Some(uri) = &read.redirect_uri {
            leads_to_what_is_registered(uri);
            // What can be registered leads back to itself.
            if redirect::check(uri, kind).is_ok() {
                assert!(redirect::matches(uri, std::slice::from_ref(uri)));
            }
        }
    }
}

fn leads_to_what_is_registered(uri: &str) {
    let registered = REGISTERED.map(str::to_owned);
    if !redirect::matches(uri, &registered) {
        return;
    }
    redirect::check(uri, ClientKind::Public).expect("a redirect URI that matches could be registered");
    let asked = Url::parse(uri).expect("a redirect URI is a URI");
    let same = registered.iter().any(|known| {
        let known = Url::parse(known).expect("ours are URIs");
        (known.scheme(), known.host(), known.path(), known.query())
            == (asked.scheme(), asked.host(), asked.path(), asked.query())
    });
    assert!(same, "{uri}");
}

fn written(read: &RequestSummary) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("response_type", "code")
        .append_pair("scope", &read.scope);
    if let Some(uri) = &read.redirect_uri {
        form.append_pair("redirect_uri", uri);
    }
    if let Some(challenge) = &read.challenge {
        form.append_pair("code_challenge", challenge)
            .append_pair("code_challenge_method", "S256");
    }
    if let Some(code) = &read.user_code {
        form.append_pair("device_user_code", code);
    }
    form.finish()
}
