//! Meeting links in the text of an invitation.

use thiserror::Error;

use super::error::LinkError;
use super::html;
use super::own_host::OwnHost;
use super::parse::{MAX_LINK_BYTES, parse};
use super::reference::MeetingRef;
use super::rewriter::Rewriter;
use super::typed::{self, TypedMeeting};

/// Longest invitation looked through, in bytes.
pub const MAX_INVITE_BYTES: usize = 1 << 20;

/// Different links kept of one invitation.
const MAX_LINKS: usize = 64;

/// Pairs of meeting id and passcode kept of one invitation.
const MAX_TYPED: usize = 8;

/// Why an invitation is not looked through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FindError {
    /// More than [`MAX_INVITE_BYTES`].
    #[error("the invitation is longer than 1 MiB")]
    TooLong,
}

/// What an invitation has in it.
///
/// `Debug` prints no secret.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    links: Vec<MeetingRef>,
    typed: Vec<TypedMeeting>,
    refusal: Option<(LinkError, Option<Rewriter>)>,
}

/// Looks for meeting links in an invitation, plain text or HTML.
///
/// The work is linear in the length of the text.
///
/// # Errors
/// [`FindError::TooLong`]. A text without a link is no error, see [`Findings::best`].
pub fn find(text: &str, own_hosts: &[OwnHost]) -> Result<Findings, FindError> {
    if text.len() > MAX_INVITE_BYTES {
        return Err(FindError::TooLong);
    }
    let mut findings = Findings::default();
    if html::is_html(text) {
        let page = html::read(text);
        for link in &page.links {
            findings.consider(trimmed(link.trim()), own_hosts);
        }
        findings.look_through(&page.text, own_hosts);
        findings.typed = typed::candidates(&page.text, MAX_TYPED);
    } else {
        findings.typed = typed::candidates(text, MAX_TYPED);
    }
    // Also when it is HTML by its looks alone, or the link stands where nothing is shown.
    if findings.links.is_empty() {
        findings.look_through(text, own_hosts);
    }
    Ok(findings)
}

impl Findings {
    /// The links that lead into meetings, each once, in their order.
    #[must_use]
    pub fn links(&self) -> &[MeetingRef] {
        &self.links
    }

    /// What may be a meeting id with its passcode. No label tells for certain, in whatever language: let a person confirm
    /// one before it is used.
    #[must_use]
    pub fn typed(&self) -> &[TypedMeeting] {
        &self.typed
    }

    /// The filter that rewrote a link, when nothing better was found.
    #[must_use]
    pub fn rewriter(&self) -> Option<Rewriter> {
        self.refusal
            .filter(|_| self.links.is_empty())
            .and_then(|(_, rewriter)| rewriter)
    }

    /// The link to take: the first that leads into a meeting.
    ///
    /// # Errors
    /// The most telling refusal of a link that does not; [`LinkError::NotAUrl`] when there is no link at all,
    /// [`LinkError::Empty`] when there is nothing but white space.
    pub fn best(&self) -> Result<&MeetingRef, LinkError> {
        let refused = || self.refusal.map_or(LinkError::NotAUrl, |(error, _)| error);
        self.links.first().ok_or_else(refused)
    }

    /// Adds what another text of the same invitation has in it, after what is there. Bounded as what is found in one.
    pub fn append(&mut self, other: Self) {
        for link in other.links {
            self.keep(link);
        }
        for typed in other.typed {
            if self.typed.len() < MAX_TYPED && !self.typed.contains(&typed) {
                self.typed.push(typed);
            }
        }
        if let Some((error, rewriter)) = other.refusal {
            self.refuse(error, rewriter);
        }
    }

    fn look_through(&mut self, text: &str, own_hosts: &[OwnHost]) {
        for link in Candidates::new(text) {
            let link = html::unescaped(link);
            let link = link.get(..end_of_link(&link)).unwrap_or_default();
            self.consider(trimmed(link), own_hosts);
        }
    }

    fn consider(&mut self, link: &str, own_hosts: &[OwnHost]) {
        if self.links.len() >= MAX_LINKS {
            return;
        }
        match parse(link, own_hosts) {
            Ok(meeting) => self.keep(meeting),
            Err(error) => self.refuse(error, Rewriter::of_link(link)),
        }
    }

    fn keep(&mut self, meeting: MeetingRef) {
        let known = self.links.iter().any(|known| known.join_url == meeting.join_url);
        if !known && self.links.len() < MAX_LINKS {
            self.links.push(meeting);
        }
    }

    fn refuse(&mut self, error: LinkError, rewriter: Option<Rewriter>) {
        let telling = |(error, rewriter): (LinkError, Option<Rewriter>)| match error {
            LinkError::Empty => 0,
            LinkError::NotAUrl | LinkError::TooLong => 1,
            LinkError::HostNotAllowed if rewriter.is_none() => 2,
            LinkError::SchemeNotAllowed | LinkError::UserInfoPresent | LinkError::PortNotAllowed => 3,
            LinkError::HostNotAllowed => 4,
            _ => 5,
        };
        let new = (error, rewriter);
        if self.refusal.is_none_or(|old| telling(new) > telling(old)) {
            self.refusal = Some(new);
        }
    }
}

/// Parts of a text that look like links, with the punctuation after them.
struct Candidates<'a> {
    text: &'a str,
    /// Where to look on.
    from: usize,
}

impl<'a> Candidates<'a> {
    const fn new(text: &'a str) -> Self {
        Self { text, from: 0 }
    }
}

impl<'a> Iterator for Candidates<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        loop {
            let rest = self.text.get(self.from..)?;
            let colon = rest.find(':')?;
            let (before, after) = rest.split_at(colon);
            let Some(scheme) = scheme_at_end(before, after) else {
                self.from += colon + 1;
                continue;
            };
            let start = colon - scheme;
            let candidate = rest.get(start..)?;
            // A link in a link, as in a mail filter's, is not one of its own: all of it is passed over.
            let end = end_of_link(candidate).max(scheme + 1);
            self.from += start + end;
            let candidate = candidate.get(..end)?;
            if candidate.len() <= 2 * MAX_LINK_BYTES {
                return Some(candidate);
            }
        }
    }
}

/// The length of a link's scheme at the end of `before`, when `after` begins as links do behind it.
fn scheme_at_end(before: &str, after: &str) -> Option<usize> {
    let scheme = [("https", "://"), ("http", "://"), ("msteams", ":/")]
        .into_iter()
        .find(|(name, behind)| {
            let start = before.len().checked_sub(name.len());
            after.starts_with(behind)
                && start
                    .and_then(|start| before.get(start..))
                    .is_some_and(|end| end.eq_ignore_ascii_case(name))
        })?
        .0
        .len();
    let front = before.get(..before.len() - scheme)?;
    let glued = front.ends_with(|last: char| last.is_ascii_alphanumeric() || "+-.".contains(last));
    (!glued).then_some(scheme)
}

/// Where a link ends that begins a text: at white space, a quote, `<`, `>`, or punctuation that only stands in prose. A
/// quote between braces belongs to a context that was not encoded.
fn end_of_link(text: &str) -> usize {
    let mut open = 0_u32;
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '<' | '>' => return at,
            '{' => open += 1,
            '}' => open = open.saturating_sub(1),
            '%' => {
                let escape = characters.as_str().get(..2).unwrap_or_default();
                if escape.eq_ignore_ascii_case("7b") {
                    open += 1;
                } else if escape.eq_ignore_ascii_case("7d") {
                    open = open.saturating_sub(1);
                }
            }
            '"' | '\'' if open == 0 => return at,
            _ if character.is_whitespace() || character.is_control() || is_prose(character) => return at,
            _ => {}
        }
    }
    text.len()
}

/// Quotes, brackets and stops of other scripts, and characters without width.
const fn is_prose(character: char) -> bool {
    matches!(
        character,
        '\u{ab}' | '\u{bb}' | '\u{200b}'..='\u{200f}' | '\u{2018}'..='\u{201f}' | '\u{2026}' | '\u{202a}'..='\u{202e}'
            | '\u{2039}' | '\u{203a}' | '\u{2060}'..='\u{2064}' | '\u{3001}' | '\u{3002}' | '\u{3008}'..='\u{3011}'
            | '\u{feff}' | '\u{ff01}' | '\u{ff08}' | '\u{ff09}' | '\u{ff0c}' | '\u{ff1a}' | '\u{ff1b}' | '\u{ff1f}'
    )
}

/// Without the punctuation of the sentence around it. A bracket that the link itself opened stays.
fn trimmed(link: &str) -> &str {
    let count = |of: char| link.chars().filter(|character| *character == of).count();
    let mut pairs =
        [('(', ')'), ('[', ']'), ('{', '}')].map(|(open, close)| (close, count(close), count(open)));
    let mut link = link;
    while let Some(last) = link.chars().next_back() {
        let goes = match pairs.iter_mut().find(|(close, ..)| *close == last) {
            Some((_, closed, opened)) if *closed > *opened => {
                *closed -= 1;
                true
            }
            Some(_) => false,
            None => matches!(last, '.' | ',' | ';' | ':' | '\'' | '"' | '!' | '?' | '*'),
        };
        if !goes {
            break;
        }
        link = link.get(..link.len() - last.len_utf8()).unwrap_or_default();
    }
    link
}
