//! The vectors of `tests/data/meeting_links.json`, and what holds for every link.

use anteroom_teams_link::link::{
    Cloud, LinkError, LinkKind, Locator, MeetingRef, OtherLink, OwnHost, Wrapper, build_long, build_short,
    by_meeting_id, parse,
};
use proptest::prelude::*;
use serde::Deserialize;
use url::Url;
use uuid::Uuid;

const LONG: &str = "/l/meetup-join/19%3ameeting_abc%40thread.v2/0?context=%7b%22Tid%22%3a%225c1d3a52-8f0e-4b57-9a11-2f6f7d3c9e10%22%2c%22Oid%22%3a%220b7e6c44-91d2-4e0f-8a3b-6d5f4c3b2a19%22%7d";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vectors {
    links: Vec<Vector>,
    typed: Vec<Typed>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    name: String,
    input: String,
    ok: Option<Expected>,
    error: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    kind: String,
    cloud: String,
    thread: Option<String>,
    message: Option<String>,
    tenant: Option<String>,
    organizer: Option<String>,
    meeting_id: Option<String>,
    passcode: Option<String>,
    unwrapped: Vec<String>,
    join_url: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Typed {
    id: String,
    passcode: Option<String>,
    meeting_id: Option<String>,
    error: Option<String>,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("data/meeting_links.json")).expect("the vectors are JSON")
}

fn own_hosts() -> Vec<OwnHost> {
    [
        "https://meet.contoso.example",
        "https://127.0.0.1:8443",
        "http://localhost:8080",
        "http://[::1]:8080",
    ]
    .map(|host| OwnHost::parse(host).expect("the address is one"))
    .into()
}

fn check(name: &str, found: &MeetingRef, expected: &Expected) {
    assert_eq!(format!("{:?}", found.kind), expected.kind, "{name}");
    assert_eq!(format!("{:?}", found.cloud), expected.cloud, "{name}");
    let unwrapped: Vec<_> = found
        .unwrapped
        .iter()
        .map(|wrapper| format!("{wrapper:?}"))
        .collect();
    assert_eq!(unwrapped, expected.unwrapped, "{name}");
    match &found.locator {
        Locator::Coordinates {
            thread_id,
            message_id,
            tenant_id,
            organizer_id,
        } => {
            assert_eq!(Some(thread_id.as_str()), expected.thread.as_deref(), "{name}");
            assert_eq!(Some(message_id), expected.message.as_ref(), "{name}");
            assert_eq!(Some(tenant_id.to_string()), expected.tenant, "{name}");
            assert_eq!(Some(organizer_id.to_string()), expected.organizer, "{name}");
        }
        Locator::MeetingId { meeting_id, passcode } => {
            assert_eq!(Some(meeting_id), expected.meeting_id.as_ref(), "{name}");
            assert_eq!(
                passcode.as_ref().map(|code| code.expose()),
                expected.passcode.as_deref(),
                "{name}"
            );
        }
    }
    if let Some(join_url) = &expected.join_url {
        assert_eq!(&found.join_url, join_url, "{name}");
    }
}

#[test]
fn the_vectors_come_out_as_they_should() {
    let vectors = vectors();
    assert_eq!(vectors.links.len(), 23 + 33);
    for vector in &vectors.links {
        // Hosts of our own change nothing about the others.
        for own in [Vec::new(), own_hosts()] {
            match (parse(&vector.input, &own), &vector.ok, &vector.error) {
                (Ok(found), Some(expected), None) => check(&vector.name, &found, expected),
                (Err(error), None, Some(expected)) => {
                    assert_eq!(&format!("{error:?}"), expected, "{}", vector.name)
                }
                (outcome, ..) => panic!("{}: {outcome:?}", vector.name),
            }
        }
    }
}

#[test]
fn typed_ids_come_out_as_they_should() {
    let vectors = vectors();
    assert_eq!(vectors.typed.len(), 8);
    for vector in &vectors.typed {
        let passcode = vector.passcode.as_deref().unwrap_or_default();
        match by_meeting_id(&vector.id, passcode) {
            Ok(found) => {
                assert_eq!((found.kind, found.cloud), (LinkKind::Typed, Cloud::Public));
                let Locator::MeetingId { meeting_id, passcode } = &found.locator else {
                    panic!("{}", vector.id)
                };
                assert_eq!(Some(meeting_id), vector.meeting_id.as_ref());
                assert_eq!(
                    passcode.as_ref().map(|code| code.expose()),
                    vector.passcode.as_deref()
                );
            }
            Err(error) => assert_eq!(Some(format!("{error:?}")), vector.error, "{}", vector.id),
        }
    }
    assert_eq!(
        by_meeting_id("274\u{a0}918\u{202f}305", "").map(|found| found.kind),
        Ok(LinkKind::Typed)
    );
    assert_eq!(
        by_meeting_id(&"1".repeat(1 << 20), ""),
        Err(LinkError::BadMeetingId)
    );
    assert_eq!(
        by_meeting_id("274918305", &"a".repeat(65)),
        Err(LinkError::BadPasscode)
    );
}

#[test]
fn our_own_links_are_understood_on_our_own_hosts_only() {
    let own = own_hosts();
    for base in [
        "https://meet.contoso.example",
        "https://127.0.0.1:8443",
        "http://localhost:8080",
        "http://[::1]:8080",
    ] {
        let link = build_short(
            &Url::parse(base).unwrap(),
            "274918305566421",
            Some("Qm7Zt4Lw9Xc2Vb8Nk1"),
        );
        assert_eq!(link, format!("{base}/meet/274918305566421?p=Qm7Zt4Lw9Xc2Vb8Nk1"));
        let found = parse(&link, &own).unwrap();
        assert_eq!(
            (found.kind, found.cloud, &found.join_url),
            (LinkKind::Own, Cloud::Public, &link)
        );
        assert_eq!(
            parse(&format!("{base}{LONG}"), &own).map(|found| found.kind),
            Ok(LinkKind::Own)
        );
    }
    assert_eq!(
        parse("https://MEET.contoso.example.:443/Meet/274918305", &own).map(|found| found.kind),
        Ok(LinkKind::Own)
    );

    for (link, error) in [
        (
            "https://meet.contoso.example:8443/meet/274918305",
            LinkError::PortNotAllowed,
        ),
        ("https://127.0.0.1:8444/meet/274918305", LinkError::PortNotAllowed),
        (
            "http://127.0.0.1:8443/meet/274918305",
            LinkError::SchemeNotAllowed,
        ),
        (
            "http://localhost:8081/meet/274918305",
            LinkError::SchemeNotAllowed,
        ),
        (
            "http://meet.contoso.example/meet/274918305",
            LinkError::SchemeNotAllowed,
        ),
        ("https://localhost/meet/274918305", LinkError::HostNotAllowed),
        (
            "https://meet.contoso.example/join?link=x",
            LinkError::NotAMeetingLink(OtherLink::Unknown),
        ),
        ("https://meet.contoso.example/meet/27491", LinkError::BadMeetingId),
        (
            "https://alice@meet.contoso.example/meet/274918305",
            LinkError::UserInfoPresent,
        ),
    ] {
        assert_eq!(parse(link, &own), Err(error), "{link}");
    }
    assert_eq!(
        parse("https://meet.contoso.example/meet/274918305", &[]),
        Err(LinkError::HostNotAllowed)
    );
}

#[test]
fn wrappers_come_off_three_deep() {
    let mut link = format!("https://teams.microsoft.com{LONG}");
    for depth in 0..6 {
        match parse(&link, &[]) {
            Ok(found) => {
                assert!(depth <= 3, "{depth}");
                assert_eq!(found.unwrapped.len(), depth);
                assert_eq!(found.join_url, format!("https://teams.microsoft.com{LONG}"));
            }
            Err(error) => {
                assert!(depth > 3, "{depth}");
                assert_eq!(error, LinkError::WrapperTooDeep);
            }
        }
        let inner: String = url::form_urlencoded::byte_serialize(link.as_bytes()).collect();
        link = format!("https://eur02.safelinks.protection.outlook.com/?url={inner}");
    }
}

#[test]
fn the_safe_links_page_of_teams_comes_off() {
    let inner: String =
        url::form_urlencoded::byte_serialize(format!("https://teams.microsoft.com{LONG}").as_bytes())
            .collect();
    let page = "https://statics.teams.cdn.office.net/evergreen-assets/safelinks/1/atp-safelinks.html";
    let found = parse(&format!("{page}?url={inner}&locale=en-us"), &[]).unwrap();
    assert_eq!(found.unwrapped, [Wrapper::TeamsSafeLinks]);
    assert_eq!(found.join_url, format!("https://teams.microsoft.com{LONG}"));
    assert_eq!(parse(page, &[]), Err(LinkError::WrapperWithoutTarget));
    assert_eq!(
        parse(
            &format!("https://statics.teams.cdn.office.net/other?url={inner}"),
            &[]
        ),
        Err(LinkError::HostNotAllowed)
    );
}

#[test]
fn protocol_links_are_understood_in_each_form() {
    let short = "https://teams.microsoft.com/meet/274918305566421?p=abc";
    let long = format!("https://teams.microsoft.com{LONG}");
    for (text, link) in [
        ("msteams:/meet/274918305566421?p=abc".to_owned(), short),
        ("msteams:meet/274918305566421?p=abc".to_owned(), short),
        (
            "MsTeams://teams.microsoft.com/meet/274918305566421?p=abc".to_owned(),
            short,
        ),
        ("msteams:///meet/274918305566421?p=abc".to_owned(), short),
        (format!("msteams:{LONG}"), &long),
        (format!("msteams://teams.microsoft.com{LONG}"), &long),
        (format!("msteams:/{LONG}"), &long),
    ] {
        assert_eq!(
            parse(&text, &[]).map(|found| found.join_url).as_deref(),
            Ok(link),
            "{text}"
        );
    }
    for (text, error) in [
        (
            "msteams://evil.example/meet/274918305566421",
            LinkError::HostNotAllowed,
        ),
        (
            "msteams://a@teams.microsoft.com/meet/274918305566421",
            LinkError::UserInfoPresent,
        ),
        (
            "msteams:/l/chat/0",
            LinkError::NotAMeetingLink(OtherLink::DeepLink),
        ),
    ] {
        assert_eq!(parse(text, &[]), Err(error), "{text}");
    }
}

#[test]
fn names_are_those_of_the_variants() {
    for vector in vectors().links {
        let own = own_hosts();
        match parse(&vector.input, &own) {
            Ok(found) => {
                assert_eq!(found.kind.name(), format!("{:?}", found.kind));
                assert_eq!(found.cloud.name(), format!("{:?}", found.cloud));
                for wrapper in found.unwrapped {
                    assert_eq!(wrapper.name(), format!("{wrapper:?}"));
                }
            }
            Err(error) => assert_eq!(error.name(), format!("{error:?}")),
        }
    }
}

#[test]
fn refuses_what_programs_read_differently() {
    for (link, error) in [
        ("https:teams.microsoft.com/meet/274918305", LinkError::NotAUrl),
        ("https:/teams.microsoft.com/meet/274918305", LinkError::NotAUrl),
        ("https:///teams.microsoft.com/meet/274918305", LinkError::NotAUrl),
        (
            "https://evil.example\\@teams.microsoft.com/meet/274918305",
            LinkError::NotAUrl,
        ),
        ("https://teams.microsoft.com\\meet\\274918305", LinkError::NotAUrl),
        (
            "https://@teams.microsoft.com/meet/274918305",
            LinkError::UserInfoPresent,
        ),
        (
            "https://te%61ms.microsoft.com/meet/274918305",
            LinkError::HostNotAllowed,
        ),
        (
            "https://ｔeams.microsoft.com/meet/274918305",
            LinkError::HostNotAllowed,
        ),
        (
            "https://teams.microsoft.com/meet/274918305\u{200b}",
            LinkError::BadMeetingId,
        ),
        (
            "https://teams.microsoft.com/meet/274918305?p=",
            LinkError::BadPasscode,
        ),
        (
            "https://teams.microsoft.com/l/meetup-join/a/0/extra",
            LinkError::UnexpectedPath,
        ),
        ("teams.microsoft.com/meet/274918305", LinkError::NotAUrl),
        ("javascript:alert(1)", LinkError::SchemeNotAllowed),
        ("msteams:", LinkError::NotAUrl),
        (
            "https://teams.microsoft.com/dl/launcher/launcher.html?url=evil",
            LinkError::WrapperWithoutTarget,
        ),
        (
            "https://teams.microsoft.com/_",
            LinkError::NotAMeetingLink(OtherLink::Unknown),
        ),
    ] {
        assert_eq!(parse(link, &[]), Err(error), "{link}");
    }
    let long = format!(
        "https://teams.microsoft.com/meet/274918305?p=x&x={}",
        "y".repeat(9000)
    );
    assert_eq!(parse(&long, &[]), Err(LinkError::TooLong));
}

#[test]
fn a_context_with_quotes_encoded_and_braces_not_is_read() {
    let link = format!(
        "https://teams.microsoft.com{}",
        LONG.replace("%7b", "{").replace("%7d", "}")
    );
    assert!(parse(&link, &[]).is_ok());
}

#[test]
fn nothing_printed_gives_a_meeting_away() {
    let link = "https://teams.microsoft.com/meet/274918305566421?p=Qm7Zt4Lw9Xc2Vb8Nk1";
    let found = parse(link, &[]).unwrap();
    assert_eq!(found.to_string(), "Short teams.microsoft.com …6421");
    let long = parse(&format!("https://teams.microsoft.com{LONG}"), &[]).unwrap();
    assert_eq!(long.to_string(), "Private teams.microsoft.com");
    for printed in [
        format!("{found:?}"),
        format!("{found}"),
        format!("{long:?}"),
        format!("{long}"),
    ] {
        for secret in ["Qm7Z", "2749", "meeting_abc"] {
            assert!(!printed.contains(secret), "{printed}");
        }
    }
}

#[test]
fn the_same_meeting_is_recognised_by_thread_or_id() {
    let read = |link: &str| parse(link, &[]).unwrap();
    let short = read("https://teams.microsoft.com/meet/274918305?p=abc");
    assert!(short.is_same_meeting(&read("https://teams.cloud.microsoft/meet/274918305")));
    assert!(!short.is_same_meeting(&read("https://teams.microsoft.com/meet/274918306?p=abc")));
    let long = read(&format!("https://teams.microsoft.com{LONG}"));
    assert!(long.is_same_meeting(&read(&format!("msteams:{LONG}"))));
    assert!(!long.is_same_meeting(&short));
}

/// Texts made of the pieces links are made of.
fn link_like() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "https://",
        "HTTP://",
        "msteams:",
        "teams.microsoft.com",
        "gov.teams.microsoft.us",
        "teams.live.com",
        "eur02.safelinks.protection.outlook.com",
        "localhost:8080",
        ":443",
        "@",
        "/",
        "//",
        "/l/meetup-join/",
        "/meet/",
        "/_#",
        "dl/launcher/launcher.html?url=",
        "?url=",
        "?context=",
        "&",
        "#",
        "?p=",
        "274918305566421",
        "%",
        "%25",
        "19:meeting_abc@thread.v2",
        "19%3ameeting_abc%40thread.v2",
        "{\"Tid\":\"",
        "%7b%22Tid%22%3a%22",
        "}",
        "<",
        ">",
        " ",
        "\\",
        "..",
        "%2e%2e",
        "ü",
        "5c1d3a52-8f0e-4b57-9a11-2f6f7d3c9e10",
    ]);
    prop_oneof![
        prop::collection::vec(piece, 0..16).prop_map(|pieces| pieces.concat()),
        "\\PC{0,80}",
        Just(format!("https://teams.microsoft.com{LONG}")).prop_mutate(),
    ]
}

trait Mutate {
    fn prop_mutate(self) -> BoxedStrategy<String>;
}

impl<S: Strategy<Value = String> + 'static> Mutate for S {
    /// One character replaced or taken out.
    fn prop_mutate(self) -> BoxedStrategy<String> {
        (self, any::<prop::sample::Index>(), any::<Option<char>>())
            .prop_map(|(text, index, replacement)| {
                let at = index.index(text.chars().count());
                let keep = |(position, character): (usize, char)| {
                    if position == at {
                        replacement
                    } else {
                        Some(character)
                    }
                };
                text.chars().enumerate().filter_map(keep).collect()
            })
            .boxed()
    }
}

proptest! {
    #[test]
    fn what_was_kept_reads_as_the_same(text in link_like()) {
        let own = own_hosts();
        if let Ok(found) = parse(&text, &own) {
            let again = parse(&found.join_url, &own).unwrap();
            prop_assert!(again.unwrapped.is_empty());
            prop_assert_eq!(MeetingRefParts::of(&again), MeetingRefParts::of(&found));
        }
    }

    #[test]
    fn short_links_that_are_written_can_be_read(digits in "[0-9]{9,20}", code in prop::option::of("[!-~]{1,128}")) {
        let link = build_short(&Url::parse("https://meet.contoso.example/any?x#y").unwrap(), &digits, code.as_deref());
        let found = parse(&link, &own_hosts()).unwrap();
        let Locator::MeetingId { meeting_id, passcode } = found.locator else { panic!("{link}") };
        prop_assert_eq!(meeting_id, digits);
        prop_assert_eq!(passcode.as_ref().map(|code| code.expose()), code.as_deref());
    }

    #[test]
    fn long_links_that_are_written_can_be_read(
        name in "[A-Za-z0-9_.-]{1,256}",
        tenant in any::<u128>(),
        organizer in any::<u128>(),
    ) {
        let (tenant, organizer) = (Uuid::from_u128(tenant).into(), Uuid::from_u128(organizer).into());
        let thread = format!("19:{name}@thread.v2");
        for authority in ["teams.microsoft.com", "127.0.0.1:8443"] {
            let link = build_long(authority, &thread, tenant, organizer);
            let found = parse(&link, &own_hosts()).unwrap();
            let Locator::Coordinates { thread_id, tenant_id, organizer_id, .. } = &found.locator else {
                panic!("{link}")
            };
            prop_assert_eq!(thread_id.as_str(), &thread);
            prop_assert_eq!((*tenant_id, *organizer_id), (tenant, organizer));
            prop_assert_eq!(&found.join_url, &link);
        }
    }
}

#[derive(Debug, PartialEq)]
struct MeetingRefParts {
    kind: LinkKind,
    cloud: Cloud,
    locator: Locator,
    join_url: String,
}

impl MeetingRefParts {
    fn of(found: &MeetingRef) -> Self {
        Self {
            kind: found.kind,
            cloud: found.cloud,
            locator: found.locator.clone(),
            join_url: found.join_url.clone(),
        }
    }
}
