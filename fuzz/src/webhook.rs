//! Webhooks: addresses that people want to be sent to, and what targets answer.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use anteroom_service::webhooks::address::AddressPolicy;
use anteroom_service::webhooks::cloud_event::EventType;
use anteroom_service::webhooks::schedule::{self, Answer, Next, RetryPolicy, Sent};
use anteroom_service::webhooks::settings::PrivateTargets;
use anteroom_service::webhooks::signature::Secret;
use anteroom_service::webhooks::{MAX_URL_BYTES, UrlRules, WebhookConfig, answer};
use time::OffsetDateTime;
use url::{Host, Url};

/// Where we are, in the way of a configuration.
const OWN: &str = "meet.example.org";

/// A target's address on the first line, names of events on the others. What is accepted is `https` and not ours, stays
/// what it is when it is read again, and leads to no address that only we can reach.
pub fn webhook_target(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.lines();
    let wanted = lines.next().unwrap_or_default();
    let rules = |allow_http| UrlRules {
        allow_http,
        own_authorities: vec![
            OWN.to_owned(),
            "127.0.0.1:8443".to_owned(),
            "[::1]:8443".to_owned(),
        ],
    };
    if let Ok(url) = rules(false).target(wanted) {
        assert!(wanted.len() <= MAX_URL_BYTES);
        assert_eq!(url.scheme(), "https");
        assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none());
        assert_eq!(rules(true).target(wanted), Ok(url.clone()));
        // This is how it is stored.
        assert_eq!(Url::parse(url.as_str()), Ok(url.clone()));
        leads_outside(&url);
    }
    for line in lines {
        if let Ok(event) = line.parse::<EventType>() {
            assert_eq!(event.as_str().parse(), Ok(event));
        }
        if let Ok(secret) = line.parse::<Secret>() {
            assert_eq!(secret.to_secret_string().parse(), Ok(secret));
        }
    }
}

fn leads_outside(url: &Url) {
    let strict = AddressPolicy::new(PrivateTargets::All(false));
    let open = AddressPolicy::new(PrivateTargets::All(true));
    let address = match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.strip_suffix('.').unwrap_or(name);
            assert!(!name.eq_ignore_ascii_case(OWN) || url.port().is_some());
            // Nobody takes a name for an address later.
            assert!(name.parse::<IpAddr>().is_err(), "{name}");
            return;
        }
        Some(Host::Ipv4(address)) => IpAddr::V4(address),
        Some(Host::Ipv6(address)) => IpAddr::V6(address),
        None => panic!("a target has a host"),
    };
    let permitted = strict.permits_literal(url, &[]);
    assert_eq!(permitted, strict.permits(address, &[]));
    assert!(!permitted || open.permits(address, &[]));
    // What is this machine's own is private, whatever its number.
    assert!(!strict.permits(address, &[address]));
    match address.to_canonical() {
        IpAddr::V4(address) => assert!(!permitted || !special_v4(address), "{address}"),
        IpAddr::V6(address) => {
            let nat64 = address.segments().starts_with(&[0x64, 0xff9b, 0, 0, 0, 0]);
            let [.., a, b, c, d] = address.octets();
            let inside = Ipv4Addr::new(a, b, c, d);
            assert!(
                !permitted || !(special_v6(address) || nat64 && special_v4(inside)),
                "{address}"
            );
        }
    }
}

/// What the standard library knows of special addresses.
fn special_v4(address: Ipv4Addr) -> bool {
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast()
        || address.is_documentation()
        || address.is_unspecified()
}

fn special_v6(address: Ipv6Addr) -> bool {
    address.is_loopback()
        || address.is_unspecified()
        || address.is_multicast()
        || address.is_unique_local()
        || address.is_unicast_link_local()
}

/// An answer: its status on the first line, `Retry-After` on the second, `WebHook-Allowed-Origin` on the third. What it
/// asks for is bounded, and only our name or `*` is consent.
pub fn webhook_answer(data: &[u8]) {
    let mut lines = data.splitn(3, |byte| *byte == b'\n');
    let mut text = || String::from_utf8_lossy(lines.next().unwrap_or_default()).into_owned();
    let code = text().trim().parse().unwrap_or(200);
    let now = OffsetDateTime::UNIX_EPOCH + Duration::from_secs(1_763_731_254);
    let retry_after = answer::retry_after(&text(), now);
    let allowed = text();
    if answer::consents(allowed.as_bytes(), OWN) {
        assert!(allowed == "*" || allowed.to_ascii_lowercase() == OWN);
    }

    let policy = RetryPolicy::from(&WebhookConfig::default());
    let answer = Answer::Status { code, retry_after };
    let day = Duration::from_secs(24 * 3600);
    assert!(answer.hold().is_none_or(|pause| pause <= day));
    for attempts in [1, 2, 10, u32::MAX] {
        let sent = Sent {
            created: now,
            attempts,
            failing_since: None,
        };
        match schedule::next(&policy, &sent, &answer, now, 1.0) {
            Next::Again(at) => assert!(at > now && at <= now + day, "{at}"),
            Next::Delivered => assert!((200..300).contains(&code)),
            Next::Disable(_) => assert_eq!(code, 410),
            Next::Dropped => panic!("an event of now is not too old"),
        }
    }
}
