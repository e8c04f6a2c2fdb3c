//! Requests as each official client signs them, against the verifier. How a client signs is written here a second time
//! and by hand, so that a mistake in one place does not hide in the other.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::time::Duration;

use anteroom_identity::signing::{
    AccessKey, RequestToVerify, SignatureError, content_sha256, host_forms, verify_request,
};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use time::OffsetDateTime;
use time::macros::datetime;

const NOW: OffsetDateTime = datetime!(2026-11-20 21:38:59 UTC);
const DATE: &str = "Fri, 20 Nov 2026 21:38:59 GMT";
const SKEW: Duration = Duration::from_secs(300);
const KEY: &str = "VmVyeSBzZWNyZXQgYnl0ZXMgb2YgYW4gYWNjZXNzIGtleQ==";

/// A program that signs requests.
#[derive(Debug, Clone, Copy)]
enum Client {
    PythonIdentity,
    PythonIdentity2021,
    PythonRooms,
    JavaScript,
    JavaScript2021,
    DotNet,
    Java,
}

const CLIENTS: [Client; 7] = [
    Client::PythonIdentity,
    Client::PythonIdentity2021,
    Client::PythonRooms,
    Client::JavaScript,
    Client::JavaScript2021,
    Client::DotNet,
    Client::Java,
];

/// What arrives at the server.
#[derive(Debug, Clone)]
struct Sent {
    method: &'static str,
    target: String,
    host: String,
    date: Option<String>,
    x_ms_date: Option<String>,
    content_sha256: String,
    authorization: String,
    body: Vec<u8>,
}

impl Client {
    /// `authority` is the endpoint's, with or without port; `target` is what goes over the wire.
    fn send(self, method: &'static str, authority: &str, target: &str, body: &[u8]) -> Sent {
        let signed_target = match self {
            Self::PythonIdentity | Self::PythonIdentity2021 | Self::DotNet | Self::Java => target.to_owned(),
            Self::PythonRooms => unquote(target),
            Self::JavaScript | Self::JavaScript2021 => match target.split_once('?') {
                Some((path, query)) => format!("{path}?{}", url_search_params(query)),
                None => target.to_owned(),
            },
        };
        let without_default = authority.strip_suffix(":443").unwrap_or(authority);
        let without_port = authority.split_once(':').map_or(authority, |(host, _)| host);
        // What is signed, and what the Host header says.
        let (signed_host, host) = match self {
            Self::PythonIdentity | Self::PythonIdentity2021 | Self::PythonRooms => {
                (authority, without_default)
            }
            Self::JavaScript | Self::JavaScript2021 | Self::DotNet => (without_default, without_default),
            Self::Java => (without_port, without_port),
        };
        let hash = content_sha256(body);
        let old = matches!(self, Self::PythonIdentity2021 | Self::JavaScript2021);
        let both = matches!(self, Self::DotNet | Self::Java);
        let names = if old {
            "date;host;x-ms-content-sha256"
        } else {
            "x-ms-date;host;x-ms-content-sha256"
        };
        let text = format!("{method}\n{signed_target}\n{DATE};{signed_host};{hash}");
        let key = hmac::Key::new(hmac::HMAC_SHA256, &STANDARD.decode(KEY).unwrap());
        let signature = STANDARD.encode(hmac::sign(&key, text.as_bytes()));
        Sent {
            method,
            target: target.to_owned(),
            host: host.to_owned(),
            date: (old || both).then(|| DATE.to_owned()),
            x_ms_date: (!old).then(|| DATE.to_owned()),
            content_sha256: hash,
            authorization: format!("HMAC-SHA256 SignedHeaders={names}&Signature={signature}"),
            body: body.to_vec(),
        }
    }
}

impl Sent {
    fn verify(&self, public: &[&str]) -> Result<usize, SignatureError> {
        let public: Vec<String> = public.iter().map(|name| (*name).to_owned()).collect();
        let hosts = host_forms(&self.host, 443, &public);
        let keys = [AccessKey::generate(), AccessKey::from_base64(KEY).unwrap()];
        let request = RequestToVerify {
            method: self.method,
            raw_target: &self.target,
            hosts: &hosts,
            date: self.date.as_deref(),
            x_ms_date: self.x_ms_date.as_deref(),
            content_sha256: Some(&self.content_sha256),
            authorization: Some(&self.authorization),
            body: &self.body,
        };
        verify_request(&request, &keys, NOW, SKEW)
    }
}

/// Python's `urllib.parse.unquote`: `%XX` to bytes, those as UTF-8 with replacement; `+` stays.
fn unquote(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digits = text.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        match digits.and_then(|digits| {
            let hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
            hex.then(|| u8::from_str_radix(digits, 16).unwrap())
        }) {
            Some(byte) => {
                decoded.push(byte);
                at += 3;
            }
            None => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// JavaScript's `new URLSearchParams(query).toString()`.
fn url_search_params(query: &str) -> String {
    let encode = |text: &str| {
        let spaced = text.replace('+', " ");
        let mut out = String::new();
        for byte in unquote(&spaced).into_bytes() {
            match byte {
                b' ' => out.push('+'),
                b'*' | b'-' | b'.' | b'_' => out.push(char::from(byte)),
                byte if byte.is_ascii_alphanumeric() => out.push(char::from(byte)),
                byte => out.push_str(&format!("%{byte:02X}")),
            }
        }
        out
    };
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            format!("{}={}", encode(name), encode(value))
        })
        .collect::<Vec<_>>()
        .join("&")
}

const TARGETS: [&str; 6] = [
    "/identities?api-version=2023-10-01",
    "/identities/8%3Aacs%3A1-2_3/:issueAccessToken?api-version=2023-10-01",
    "/identities/8:acs:1-2_3/:issueAccessToken?api-version=2023-10-01",
    "/rooms?token=3%20a%2Bb%3D%3D&api-version=ApiVersion.V2025_03_13",
    "/rooms?skip=a+b&x&=&&name=%C3%A4%F0%9F%98%80&half=%C3&not=%zz&api-version=2025-03-13",
    "/rooms/99123456789012345",
];

#[test]
fn every_client_is_understood() {
    for client in CLIENTS {
        for target in TARGETS {
            for authority in ["acs.example", "acs.example:443", "acs.example:8443"] {
                let sent = client.send("POST", authority, target, b"{}");
                assert_eq!(
                    sent.verify(&["acs.example:8443"]),
                    Ok(1),
                    "{client:?} {authority} {target}"
                );
            }
        }
    }
}

#[test]
fn behind_a_proxy_that_changes_the_host_public_names_are_tried() {
    for client in CLIENTS {
        for public in ["meet.example", "meet.example:8443"] {
            let mut sent = client.send("GET", public, "/rooms?api-version=2025-03-13", b"");
            sent.host = "10.0.0.7:3000".to_owned();
            assert_eq!(sent.verify(&[public]), Ok(1), "{client:?}");
            assert_eq!(
                sent.verify(&["other.example"]),
                Err(SignatureError::Signature),
                "{client:?}"
            );
        }
    }
}

#[test]
fn forms_that_no_client_has_are_refused() {
    let target = "/rooms?a=3%20a%2Bb&api-version=2025-03-13";
    let sign = |signed_target: &str, names: &str, values: &str| {
        let mut sent = Client::DotNet.send("GET", "acs.example", target, b"");
        let text = format!("GET\n{signed_target}\n{values}");
        let key = hmac::Key::new(hmac::HMAC_SHA256, &STANDARD.decode(KEY).unwrap());
        let signature = STANDARD.encode(hmac::sign(&key, text.as_bytes()));
        sent.authorization = format!("HMAC-SHA256 SignedHeaders={names}&Signature={signature}");
        sent.verify(&[])
    };
    let hash = content_sha256(b"");
    let (names, values) = (
        "x-ms-date;host;x-ms-content-sha256",
        format!("{DATE};acs.example;{hash}"),
    );
    assert_eq!(sign(target, names, &values), Ok(1));
    for signed_target in [
        "/rooms",
        "/rooms?",
        "/rooms?api-version=2025-03-13&a=3%20a%2Bb",
        "/rooms?a=3 a b&api-version=2025-03-13",
        "https://acs.example/rooms?a=3%20a%2Bb&api-version=2025-03-13",
        "/ROOMS?a=3%20a%2Bb&api-version=2025-03-13",
        "/rooms?a=3%20a%2Bb&api-version=2025-03-13\n",
    ] {
        assert_eq!(
            sign(signed_target, names, &values),
            Err(SignatureError::Signature),
            "{signed_target:?}"
        );
    }
    for host in [
        "",
        "acs.example.evil.example",
        "https://acs.example",
        "acs.example/",
        "acs.example:80",
    ] {
        let values = format!("{DATE};{host};{hash}");
        assert_eq!(
            sign(target, names, &values),
            Err(SignatureError::Signature),
            "{host:?}"
        );
    }
    // The order of the values is the one SignedHeaders names, whatever it is; nothing may be there twice.
    assert_eq!(
        sign(
            target,
            "host;x-ms-content-sha256;x-ms-date",
            &format!("acs.example;{hash};{DATE}")
        ),
        Ok(1)
    );
    assert_eq!(
        sign(target, "host;x-ms-content-sha256;x-ms-date", &values),
        Err(SignatureError::Signature)
    );
    for names in [
        "x-ms-date;host;host;x-ms-content-sha256",
        "x-ms-date;x-ms-date;host;x-ms-content-sha256",
        "x-ms-date;host;x-ms-content-sha256;content-type",
    ] {
        assert_eq!(
            sign(target, names, &values),
            Err(SignatureError::Headers),
            "{names}"
        );
    }
}

#[test]
fn the_window_is_closed_on_both_sides() {
    for client in CLIENTS {
        let sent = client.send("POST", "acs.example", TARGETS[0], b"{}");
        for (date, accepted) in [
            ("Fri, 20 Nov 2026 21:43:59 GMT", true),
            ("Fri, 20 Nov 2026 21:44:00 GMT", false),
            ("Fri, 20 Nov 2026 21:33:59 GMT", true),
            ("Fri, 20 Nov 2026 21:33:58 GMT", false),
            ("Fri, 20 Nov 2026 21:38:59", false),
            ("", false),
        ] {
            let mut sent = sent.clone();
            for header in [&mut sent.date, &mut sent.x_ms_date].into_iter().flatten() {
                date.clone_into(header);
            }
            // The date is part of what is signed: a good one with another signature is still refused.
            let outcome = sent.verify(&[]);
            if accepted {
                assert_eq!(outcome, Err(SignatureError::Signature), "{client:?} {date}");
            } else {
                assert!(
                    matches!(outcome, Err(SignatureError::Skew | SignatureError::Date)),
                    "{client:?} {date}"
                );
            }
        }
    }
}

fn clients() -> impl Strategy<Value = Client> {
    prop::sample::select(&CLIENTS[..])
}

proptest! {
    #[test]
    fn whatever_is_asked_for_is_understood(
        client in clients(),
        path in "(/([a-zA-Z0-9:@._~-]|%3A|%40|%C3%A4|%E2%82%AC){0,12}){1,3}",
        query in "(\\?(([a-z0-9:/+*'(),~!$-]|%[0-9A-Fa-f]{2}|%){0,6}=?&?([a-z0-9:/+*=-]|%[0-9A-Fa-f]{2}){0,6}){0,3})?",
        authority in "[a-z]{1,8}\\.example(:(443|8443|1))?",
        body in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        // No URL library sends a lone question mark.
        let target = format!("{path}{}", if query == "?" { "" } else { &query });
        let sent = client.send("PATCH", &authority, &target, &body);
        prop_assert_eq!(sent.verify(&[&authority]), Ok(1));
    }

    #[test]
    fn a_change_of_any_byte_is_refused(
        client in clients(),
        place in any::<prop::sample::Index>(),
        part in 0..5,
        byte in b'0'..=b'z',
    ) {
        let good = client.send("POST", "acs.example:8443", TARGETS[1], b"{\"scopes\":[\"chat\"]}");
        let mut sent = good.clone();
        let change = |text: &mut String| {
            let place = place.index(text.len());
            let mut bytes = std::mem::take(text).into_bytes();
            bytes[place] = byte;
            *text = String::from_utf8(bytes).unwrap();
        };
        match part {
            0 => change(&mut sent.target),
            1 => change(&mut sent.content_sha256),
            2 => change(&mut sent.authorization),
            3 => {
                let place = place.index(sent.body.len());
                sent.body[place] = byte;
            }
            _ => sent.method = "PUT",
        }
        let same = sent.target == good.target
            && sent.content_sha256 == good.content_sha256
            && sent.body == good.body
            && sent.method == good.method
            && sent.authorization.eq_ignore_ascii_case(&good.authorization);
        // The other spellings of the same target are the same request: `%3a` for `%3A`, say.
        let other_spelling = part == 0 && unquote(&sent.target) == unquote(&good.target);
        prop_assume!(!same && !other_spelling);
        prop_assert!(sent.verify(&[]).is_err());
    }
}
