//! Links in the text of invitations.

use anteroom_teams_link::link::{
    FindError, Findings, LinkError, LinkKind, MAX_INVITE_BYTES, OtherLink, OwnHost, Rewriter, find, parse,
};
use proptest::prelude::*;

const SHORT: &str = "https://teams.microsoft.com/meet/274918305566421?p=Qm7Zt4Lw9Xc2Vb8Nk1";
const LONG: &str = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_abc%40thread.v2/0?context=%7b%22Tid%22%3a%225c1d3a52-8f0e-4b57-9a11-2f6f7d3c9e10%22%2c%22Oid%22%3a%220b7e6c44-91d2-4e0f-8a3b-6d5f4c3b2a19%22%7d";

fn look(text: &str) -> Findings {
    let own = OwnHost::parse("https://meet.contoso.example").expect("the address is one");
    find(text, &[own]).expect("the text is short enough")
}

fn urls(text: &str) -> Vec<String> {
    look(text)
        .links()
        .iter()
        .map(|link| link.join_url.clone())
        .collect()
}

#[test]
fn links_are_cut_out_of_prose() {
    for link in [SHORT, LONG] {
        for text in [
            link.to_owned(),
            format!("Join: {link}."),
            format!("Join ({link}), please!"),
            format!("Join <{link}>"),
            format!("Microsoft Teams meeting<{link}>\r\nNeed help?<https://aka.ms/JoinTeamsMeeting>"),
            format!("[Join]({link})"),
            format!("**{link}**"),
            format!("\"{link}\"; '{link}'"),
            format!("会議に参加する：{link}。"),
            format!("„{link}“ \u{ab}{link}\u{bb}\u{200b}"),
            format!("\t{link}\u{a0}x"),
            format!("___________\r\n{link}\r\n___________"),
        ] {
            assert_eq!(urls(&text), [link], "{text}");
        }
    }
}

#[test]
fn html_gives_its_links_and_what_it_shows() {
    let escaped = format!("{LONG}&amp;anon=true");
    let plain = format!("{LONG}&anon=true");
    for html in [
        format!("<html><body><a href=\"{escaped}\">Click here</a></body></html>"),
        format!("<a class=x HREF='{escaped}'>Click here</a>"),
        format!("<p>Join: {escaped}</p>"),
        format!("<div>&lt;{escaped}&gt;</div>"),
        format!("<div>&quot;{escaped}&quot;&nbsp;</div>"),
        format!("see {escaped} there"),
    ] {
        assert_eq!(urls(&html), [plain.as_str()], "{html}");
    }
    // A comment's or a script's link counts only when there is no other.
    let html = format!("<body><!-- {SHORT} --><a href=\"{LONG}\">x</a><script>'{SHORT}'</script>");
    assert_eq!(urls(&html), [LONG]);
    // Outlook beside Safe Links, and Safe Links alone.
    let wrapped: String = url::form_urlencoded::byte_serialize(SHORT.as_bytes()).collect();
    let safe = format!("https://eur02.safelinks.protection.outlook.com/?url={wrapped}&amp;data=05%7C02%7C");
    let html = format!("<a originalsrc=\"{SHORT}\" href=\"{safe}\">x</a>");
    assert_eq!(urls(&html), [SHORT]);
    assert_eq!(urls(&format!("<a href=\"{safe}\">x</a>")), [SHORT]);
}

#[test]
fn a_context_that_was_decoded_is_kept_whole() {
    let open = LONG.replace("%7b", "{").replace("%7d", "}").replace("%22", "\"");
    assert!(parse(&open, &[]).is_ok());
    assert_eq!(urls(&format!("Join ({open}).")), [open]);
    let braces = LONG.replace("%7d", "}").replace("%7b", "{");
    assert_eq!(urls(&format!("{{{braces}}}")), [braces]);
}

#[test]
fn the_first_meeting_is_preferred_to_pages_about_it() {
    let text = format!(
        "Dial in: https://dialin.teams.microsoft.com/0b7e6c44-91d2-4e0f-8a3b-6d5f4c3b2a19?id=112233445\n\
         Options: https://teams.microsoft.com/meetingOptions/?organizerId=x\n\
         Event: https://events.teams.microsoft.com/event/a@b\n\
         Join: {SHORT}\nOr: {LONG}\nAgain: {SHORT}"
    );
    let found = look(&text);
    assert_eq!(found.best().unwrap().join_url, SHORT);
    assert_eq!(found.links().len(), 2);
    assert_eq!(found.rewriter(), None);
}

#[test]
fn without_a_meeting_the_most_telling_refusal_is_given() {
    for (text, error, rewriter) in [
        ("", LinkError::NotAUrl, None),
        ("no link at all: really", LinkError::NotAUrl, None),
        (
            "https://www.contoso.example/ here",
            LinkError::HostNotAllowed,
            None,
        ),
        (
            "https://www.contoso.example/ http://teams.microsoft.com/meet/274918305566421",
            LinkError::SchemeNotAllowed,
            None,
        ),
        (
            "https://aka.ms/x https://dialin.teams.microsoft.com/x?id=1 https://aka.ms/y",
            LinkError::NotAMeetingLink(OtherLink::DialInPage),
            None,
        ),
        (
            "https://urldefense.com/v3/__https://teams.microsoft.com/meet/274918305566421?p=abc__;!!x$ https://aka.ms/y",
            LinkError::HostNotAllowed,
            Some(Rewriter::Proofpoint),
        ),
        (
            "https://teams.microsoft.com/l/meetup-join/19%3ameeting_abc%40thread.v2/0?context=%7b%22Tid%2",
            LinkError::BadContextJson,
            None,
        ),
    ] {
        let found = look(text);
        assert_eq!(found.best(), Err(error), "{text}");
        assert_eq!(found.rewriter(), rewriter, "{text}");
    }
}

#[test]
fn schemes_count_in_any_case_and_not_inside_words() {
    assert_eq!(
        urls("MSTEAMS:/meet/274918305566421"),
        ["https://teams.microsoft.com/meet/274918305566421"]
    );
    let upper = SHORT.replace("https", "HTTPS");
    assert_eq!(urls(&format!("({upper})")), [upper]);
    assert_eq!(urls(&format!("x{SHORT}")), Vec::<String>::new());
    assert_eq!(
        look("https://meet.contoso.example/meet/274918305")
            .best()
            .unwrap()
            .kind,
        LinkKind::Own
    );
}

#[test]
fn ids_and_passcodes_are_only_candidates() {
    let text = format!("{SHORT}\nMeeting ID: 274 918 305 566 421\nPasscode: aB3dE9fG\n");
    let html = "<p>Besprechungs-ID: <b>274 918 305 566 421</b><br>Kenncode: <span>aB3dE9fG</span></p>";
    for (text, links) in [(text.as_str(), 1), (html, 0)] {
        let found = look(text);
        assert_eq!(found.links().len(), links);
        let [typed] = found.typed() else {
            panic!("{found:?}")
        };
        assert_eq!(typed.meeting_id(), "274918305566421");
        assert_eq!(typed.passcode().map(|code| code.expose()), Some("aB3dE9fG"));
        assert_eq!(typed.confirm().unwrap().kind, LinkKind::Typed);
    }
    assert_eq!(look(html).best(), Err(LinkError::NotAUrl));
}

#[test]
fn work_is_bounded_on_hostile_input() {
    assert_eq!(
        find(&"x".repeat(MAX_INVITE_BYTES + 1), &[]),
        Err(FindError::TooLong)
    );
    for piece in [
        "https://",
        "https://a)))",
        ":",
        "<a ",
        "<a href=\"",
        "<",
        "&amp;",
        "&lt;https://a&gt;",
        "https://x?%7b\"",
        "1",
        "274 918 305 566 ",
        "<br>274 918 305 566\n",
        ")",
        "{",
        "https://safelinks.protection.outlook.com/?url=",
        "<script>",
        "msteams:/meet/1234567890 ",
    ] {
        let text = piece.repeat(MAX_INVITE_BYTES / piece.len());
        let found = find(&text, &[]).unwrap();
        assert!(found.links().len() <= 64 && found.typed().len() <= 8, "{piece}");
    }
    let many: String = (0..1000)
        .map(|n| format!("https://teams.microsoft.com/meet/{n:09} "))
        .collect();
    assert_eq!(look(&many).links().len(), 64);
}

fn invite_like() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        SHORT,
        LONG,
        "https://",
        "msteams:",
        "teams.microsoft.com/meet/274918305566421",
        "?p=abcdef",
        "&amp;",
        "&#x26;",
        "&quot;",
        "<a href=\"",
        "\">",
        "</a>",
        "<br>",
        "<",
        ">",
        "{",
        "}",
        "%7b",
        "%7d",
        "%",
        ".",
        ")",
        "(",
        "\n",
        " ",
        "274 918 305 566",
        "Passcode: Qm7Zt4Lw",
        "ü",
        "。",
        "https://urldefense.com/v3/__",
        "http://x",
    ]);
    prop_oneof![
        prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat()),
        "\\PC{0,200}",
    ]
}

proptest! {
    #[test]
    fn what_is_found_is_never_refused(text in invite_like()) {
        let own = [OwnHost::parse("https://meet.contoso.example").unwrap()];
        let found = find(&text, &own).unwrap();
        for link in found.links() {
            let again = parse(&link.join_url, &own).unwrap();
            prop_assert_eq!(&again.join_url, &link.join_url);
            prop_assert_eq!(again.kind, link.kind);
        }
        for typed in found.typed() {
            prop_assert!(typed.confirm().is_ok());
        }
    }

    #[test]
    fn redaction_never_shows_a_passcode(digits in "[0-9]{9,20}", code in "[A-Za-z0-9]{6,32}") {
        let link = format!("https://teams.microsoft.com/meet/{digits}?p={code}");
        let found = look(&format!("Join {link}\n{digits}\nPasscode: {code}"));
        let best = found.best().unwrap();
        let secret = found.typed().first().and_then(|typed| typed.passcode());
        for printed in [
            best.redacted(), best.to_string(), format!("{best:?}"), format!("{found:?}"), format!("{:?}", best.locator),
            format!("{secret:?}"), format!("{:?}", parse(&format!("{link}%0a"), &[])),
        ] {
            // The host and the names of fields may hold the same letters by chance.
            let plain = ["teams.microsoft.com", "Short", "passcode", "redacted"].iter().any(|word| word.contains(&code));
            prop_assert!(plain || !printed.contains(&code) , "{}", printed);
            prop_assert!(!printed.contains(&digits), "{}", printed);
        }
        prop_assert_eq!(best.redacted(), format!("Short teams.microsoft.com …{}", &digits[digits.len() - 4..]));
    }
}
