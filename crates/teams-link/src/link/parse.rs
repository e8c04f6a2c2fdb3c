//! From a text to a reference, step by step.

use std::borrow::Cow;

use anteroom_identity::id::{ObjectId, TenantId};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};
use url::Url;

use super::cloud::Cloud;
use super::error::{LinkError, OtherLink};
use super::locator::{Locator, Secret, ThreadId};
use super::own_host::{OwnHost, normal};
use super::reference::{LinkKind, MeetingRef, Wrapper};

/// Longest link read, in bytes, without white space around it.
pub const MAX_LINK_BYTES: usize = 8192;

/// How many wrappers are taken off.
const MAX_WRAPPERS: usize = 3;

/// How often a part of a link may have been percent-encoded.
const MAX_ENCODINGS: usize = 3;

/// Hosts of Safe Links, below which each region has its own.
const SAFE_LINKS: [&str; 2] = [
    ".safelinks.protection.outlook.com",
    ".safelinks.protection.office365.us",
];

/// The page on which Teams warns of links in chats.
const TEAMS_SAFE_LINKS: &str = "statics.teams.cdn.office.net";

/// Understands a meeting link.
///
/// `own_hosts` are the addresses of this service, whose links are understood besides Microsoft's.
///
/// # Errors
/// [`LinkError`], for every other text.
pub fn parse(input: &str, own_hosts: &[OwnHost]) -> Result<MeetingRef, LinkError> {
    let mut unwrapped = Vec::new();
    let mut text = Cow::Borrowed(input);
    for _ in 0..=MAX_WRAPPERS {
        text = match step(&text, own_hosts)? {
            Step::Inner { wrapper, link } => {
                unwrapped.extend(wrapper);
                Cow::Owned(link)
            }
            Step::Meeting {
                kind,
                cloud,
                locator,
                join_url,
            } => {
                return Ok(MeetingRef {
                    kind,
                    cloud,
                    locator,
                    join_url,
                    unwrapped,
                });
            }
        };
    }
    Err(LinkError::WrapperTooDeep)
}

/// Understands a meeting id and passcode as printed in an invitation; an empty passcode is none.
///
/// # Errors
/// [`LinkError::BadMeetingId`] and [`LinkError::BadPasscode`].
pub fn by_meeting_id(meeting_id: &str, passcode: &str) -> Result<MeetingRef, LinkError> {
    let mut digits = String::new();
    for character in meeting_id.chars() {
        match character {
            ' ' | '\u{a0}' | '\u{202f}' | '-' => {}
            '0'..='9' if digits.len() < 20 => digits.push(character),
            _ => return Err(LinkError::BadMeetingId),
        }
    }
    check_meeting_id(&digits)?;
    let fits =
        (6..=64).contains(&passcode.len()) && passcode.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !passcode.is_empty() && !fits {
        return Err(LinkError::BadPasscode);
    }
    Ok(MeetingRef {
        kind: LinkKind::Typed,
        cloud: Cloud::Public,
        locator: Locator::MeetingId {
            meeting_id: digits,
            passcode: (!passcode.is_empty()).then(|| Secret::new(passcode)),
        },
        join_url: String::new(),
        unwrapped: Vec::new(),
    })
}

enum Step {
    /// There is another link inside.
    Inner { wrapper: Option<Wrapper>, link: String },
    /// This is the one.
    Meeting {
        kind: LinkKind,
        cloud: Cloud,
        locator: Locator,
        join_url: String,
    },
}

/// A link taken apart. Path, query and fragment are not decoded.
struct Parts<'a> {
    /// Lower case, without a trailing dot.
    host: &'a str,
    segments: Vec<&'a str>,
    query: Option<&'a str>,
    fragment: Option<&'a str>,
}

fn step(input: &str, own_hosts: &[OwnHost]) -> Result<Step, LinkError> {
    let text = input.trim();
    let text = text
        .strip_prefix('<')
        .and_then(|rest| rest.strip_suffix('>'))
        .unwrap_or(text);
    if text.is_empty() {
        return Err(LinkError::Empty);
    }
    if text.len() > MAX_LINK_BYTES {
        return Err(LinkError::TooLong);
    }
    if text
        .chars()
        .any(|character| character.is_whitespace() || character.is_control())
    {
        return Err(LinkError::NotAUrl);
    }

    let text = with_web_scheme(text, own_hosts)?;
    let url = to_url(&text)?;
    let host = url.host_str().ok_or(LinkError::NotAUrl)?;
    let port = url.port_or_known_default().ok_or(LinkError::NotAUrl)?;
    let is_own = own_hosts.iter().any(|own| own.matches(url.scheme(), host, port));
    if !is_own && url.scheme() != "https" {
        return Err(LinkError::SchemeNotAllowed);
    }
    if !is_own && port != 443 {
        return Err(LinkError::PortNotAllowed);
    }

    // From the text, because the URL parser rewrites some characters of queries and fragments.
    let (front, fragment) = split_optional(&text, '#');
    let (_, query) = split_optional(front, '?');
    let segments = url
        .path()
        .split('/')
        .filter(|segment| !segment.is_empty())
        .collect();
    let parts = Parts {
        host: normal(host),
        segments,
        query,
        fragment,
    };
    if is_own {
        return own_meeting(&parts, &text);
    }
    if SAFE_LINKS.iter().any(|suffix| parts.host.ends_with(suffix)) {
        let target = parts.parameter("url").ok_or(LinkError::WrapperWithoutTarget)?;
        return Ok(Step::Inner {
            wrapper: Some(Wrapper::SafeLinks),
            link: decode(target)?.into_owned(),
        });
    }
    if parts.host == TEAMS_SAFE_LINKS && parts.starts_with(&["evergreen-assets", "safelinks"]) {
        let target = parts.parameter("url").ok_or(LinkError::WrapperWithoutTarget)?;
        return Ok(Step::Inner {
            wrapper: Some(Wrapper::TeamsSafeLinks),
            link: decode(target)?.into_owned(),
        });
    }
    match parts.host {
        "events.teams.microsoft.com" => return Err(LinkError::NotAMeetingLink(OtherLink::EventPage)),
        "dialin.teams.microsoft.com" => return Err(LinkError::NotAMeetingLink(OtherLink::DialInPage)),
        "visit.teams.microsoft.com" => return Err(LinkError::NotAMeetingLink(OtherLink::VirtualAppointment)),
        _ => {}
    }
    let cloud = Cloud::of_host(parts.host).ok_or(LinkError::HostNotAllowed)?;
    match wrapped_in_page(&parts)? {
        Some(step) => Ok(step),
        None => microsoft_meeting(&parts, cloud, &text),
    }
}

/// Turns `msteams:` into `https:` and refuses what is neither; `http` may go on when one of our own hosts uses it.
fn with_web_scheme<'a>(text: &'a str, own_hosts: &[OwnHost]) -> Result<Cow<'a, str>, LinkError> {
    let (scheme, rest) = text.split_once(':').ok_or(LinkError::NotAUrl)?;
    let well_formed = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte));
    if !well_formed {
        return Err(LinkError::NotAUrl);
    }
    if scheme.eq_ignore_ascii_case("msteams") {
        let rest = rest.trim_start_matches('/');
        let host = if starts_with(rest, "l/") || starts_with(rest, "meet/") {
            "teams.microsoft.com/"
        } else {
            ""
        };
        return Ok(Cow::Owned(format!("https://{host}{rest}")));
    }
    let plain = scheme.eq_ignore_ascii_case("http") && own_hosts.iter().any(OwnHost::is_plain);
    if !plain && !scheme.eq_ignore_ascii_case("https") {
        return Err(LinkError::SchemeNotAllowed);
    }
    Ok(Cow::Borrowed(text))
}

/// Parses a URL, and refuses the forms that browsers and other programs read differently.
fn to_url(text: &str) -> Result<Url, LinkError> {
    let rest = text
        .split_once(':')
        .and_then(|(_, rest)| rest.strip_prefix("//"))
        .ok_or(LinkError::NotAUrl)?;
    let front = rest.split(['?', '#']).next().unwrap_or_default();
    if front.contains('\\') {
        return Err(LinkError::NotAUrl);
    }
    let authority = front.split('/').next().unwrap_or_default();
    if authority.is_empty() {
        return Err(LinkError::NotAUrl);
    }
    if authority.contains('@') {
        return Err(LinkError::UserInfoPresent);
    }
    // The URL parser would turn full-width letters and percent-escapes of a host into plain ones.
    if !authority.is_ascii() || authority.contains('%') {
        return Err(LinkError::HostNotAllowed);
    }
    Url::parse(text).map_err(|_| LinkError::NotAUrl)
}

/// The pages of Teams that carry a meeting's link inside.
fn wrapped_in_page(parts: &Parts<'_>) -> Result<Option<Step>, LinkError> {
    if parts.path_is(&["dl", "launcher", "launcher.html"]) {
        let target = decode(parts.parameter("url").ok_or(LinkError::WrapperWithoutTarget)?)?;
        let target = if target.starts_with("/_#/") {
            target.get(3..).unwrap_or_default()
        } else {
            &target
        };
        if !target.starts_with('/') {
            return Err(LinkError::WrapperWithoutTarget);
        }
        let link = format!("https://{}{target}", parts.host);
        return Ok(Some(Step::Inner {
            wrapper: Some(Wrapper::Launcher),
            link,
        }));
    }
    match parts.fragment {
        Some(fragment) if parts.path_is(&["_"]) && starts_with(fragment, "/l/meetup-join") => {
            Ok(Some(Step::Inner {
                wrapper: None,
                link: format!("https://{}{fragment}", parts.host),
            }))
        }
        _ => Ok(None),
    }
}

fn own_meeting(parts: &Parts<'_>, text: &str) -> Result<Step, LinkError> {
    let locator = if parts.starts_with(&["l", "meetup-join"]) {
        parts.coordinates()?.0
    } else if parts.starts_with(&["meet"]) {
        parts.meeting_id()?
    } else {
        return Err(LinkError::NotAMeetingLink(OtherLink::Unknown));
    };
    Ok(Step::Meeting {
        kind: LinkKind::Own,
        cloud: Cloud::Public,
        locator,
        join_url: text.to_owned(),
    })
}

fn microsoft_meeting(parts: &Parts<'_>, host: Cloud, text: &str) -> Result<Step, LinkError> {
    let consumer = host == Cloud::Consumer;
    let (kind, locator) = if parts.starts_with(&["l", "meetup-join"]) {
        let (locator, context) = parts.coordinates()?;
        let channel = matches!(&locator, Locator::Coordinates { thread_id, .. } if thread_id.is_channel());
        let kind = match context.get("IsBroadcastMeeting") {
            _ if consumer => LinkKind::Consumer,
            Some(Value::Bool(true)) => LinkKind::LiveEvent,
            _ if channel => LinkKind::Channel,
            _ => LinkKind::Private,
        };
        (kind, locator)
    } else if parts.starts_with(&["meet"]) {
        (
            if consumer {
                LinkKind::Consumer
            } else {
                LinkKind::Short
            },
            parts.meeting_id()?,
        )
    } else if parts.starts_with(&["meetingOptions"]) {
        return Err(LinkError::NotAMeetingLink(OtherLink::MeetingOptions));
    } else if parts.starts_with(&["l"]) {
        return Err(LinkError::NotAMeetingLink(OtherLink::DeepLink));
    } else {
        return Err(LinkError::NotAMeetingLink(OtherLink::Unknown));
    };
    // A government's thread is one whatever the host: somebody has put the link together.
    let cloud = match &locator {
        Locator::Coordinates { thread_id, .. } if host == Cloud::Public => Cloud::of_thread(thread_id),
        _ => host,
    };
    Ok(Step::Meeting {
        kind,
        cloud,
        locator,
        join_url: text.to_owned(),
    })
}

impl Parts<'_> {
    /// Of `/l/meetup-join/<thread>[/<message>]?context=…`; also the context.
    fn coordinates(&self) -> Result<(Locator, Map<String, Value>), LinkError> {
        let (thread, message) = match self.segments.get(2..).unwrap_or_default() {
            [] => return Err(LinkError::MissingThreadId),
            [thread] => (*thread, "0"),
            [thread, message] => (*thread, *message),
            _ => return Err(LinkError::UnexpectedPath),
        };
        let thread_id = thread_id(thread)?;
        check_message_id(message)?;
        let context = context(self.parameter("context").ok_or(LinkError::MissingContext)?)?;
        let tenant = context.get("Tid").ok_or(LinkError::MissingTenant)?;
        let organizer = context.get("Oid").ok_or(LinkError::MissingOrganizer)?;
        let guid = |value: &Value| value.as_str().map(str::to_owned).ok_or(LinkError::BadGuid);
        let tenant_id: TenantId = guid(tenant)?.parse().map_err(|_| LinkError::BadGuid)?;
        let organizer_id: ObjectId = guid(organizer)?.parse().map_err(|_| LinkError::BadGuid)?;
        let message_id = message.to_owned();
        Ok((
            Locator::Coordinates {
                thread_id,
                message_id,
                tenant_id,
                organizer_id,
            },
            context,
        ))
    }

    /// Of `/meet/<digits>?p=…`.
    fn meeting_id(&self) -> Result<Locator, LinkError> {
        let meeting_id = match self.segments.get(1..).unwrap_or_default() {
            [] => return Err(LinkError::MissingMeetingId),
            [meeting_id] => *meeting_id,
            _ => return Err(LinkError::UnexpectedPath),
        };
        check_meeting_id(meeting_id)?;
        let passcode = self.parameter("p").map(passcode).transpose()?;
        Ok(Locator::MeetingId {
            meeting_id: meeting_id.to_owned(),
            passcode,
        })
    }

    /// The value of the first parameter of this name, not decoded.
    fn parameter(&self, name: &str) -> Option<&str> {
        self.query?.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (key == name).then_some(value)
        })
    }

    fn starts_with(&self, path: &[&str]) -> bool {
        self.segments.len() >= path.len()
            && self
                .segments
                .iter()
                .zip(path)
                .all(|(segment, name)| segment.eq_ignore_ascii_case(name))
    }

    fn path_is(&self, path: &[&str]) -> bool {
        self.segments.len() == path.len() && self.starts_with(path)
    }
}

fn thread_id(segment: &str) -> Result<ThreadId, LinkError> {
    let mut text = Cow::Borrowed(segment);
    for _ in 0..MAX_ENCODINGS {
        if text.starts_with("19:") && !text.contains('%') {
            break;
        }
        text = Cow::Owned(decode(&text).map_err(|_| LinkError::BadThreadId)?.into_owned());
    }
    text.parse().map_err(|_| LinkError::BadThreadId)
}

fn context(value: &str) -> Result<Map<String, Value>, LinkError> {
    let mut text = Cow::Borrowed(value);
    for round in 0..=MAX_ENCODINGS {
        // Quotes may be encoded where braces are not, so a brace alone does not tell that everything is decoded.
        if text.starts_with('{')
            && let Ok(context) = serde_json::from_str(&text)
        {
            return Ok(context);
        }
        if round < MAX_ENCODINGS {
            text = Cow::Owned(decode(&text).map_err(|_| LinkError::BadContextJson)?.into_owned());
        }
    }
    Err(LinkError::BadContextJson)
}

pub(super) fn check_message_id(text: &str) -> Result<(), LinkError> {
    let fits = (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if fits {
        Ok(())
    } else {
        Err(LinkError::BadMessageId)
    }
}

fn check_meeting_id(text: &str) -> Result<(), LinkError> {
    let fits = (9..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if fits {
        Ok(())
    } else {
        Err(LinkError::BadMeetingId)
    }
}

fn passcode(value: &str) -> Result<Secret, LinkError> {
    let code = decode(value).map_err(|_| LinkError::BadPasscode)?;
    let fits = (1..=128).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_graphic());
    if fits {
        Ok(Secret::new(code))
    } else {
        Err(LinkError::BadPasscode)
    }
}

/// Percent-decodes once; unlike in forms, `+` stays what it is.
fn decode(text: &str) -> Result<Cow<'_, str>, LinkError> {
    percent_decode_str(text)
        .decode_utf8()
        .map_err(|_| LinkError::NotAUrl)
}

fn split_optional(text: &str, separator: char) -> (&str, Option<&str>) {
    text.split_once(separator)
        .map_or((text, None), |(front, back)| (front, Some(back)))
}

fn starts_with(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}
