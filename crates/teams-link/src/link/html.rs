//! What an HTML page shows, as far as links go.

use std::borrow::Cow;

use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};

/// Starts of tags by which HTML is told from plain text with links in angle brackets.
const TAGS: [&str; 14] = [
    "<!doctype html",
    "<html",
    "<head",
    "<body",
    "<a ",
    "<p>",
    "<p ",
    "<div",
    "<br",
    "<span",
    "<table",
    "<font",
    "<b>",
    "<meta",
];

/// Elements that end a line.
const BLOCKS: [&[u8]; 12] = [
    b"br", b"p", b"div", b"tr", b"li", b"ul", b"table", b"h1", b"h2", b"h3", b"hr", b"body",
];

/// Elements whose content is not shown.
const HIDDEN: [&[u8]; 5] = [b"script", b"style", b"title", b"template", b"noscript"];

/// What a page has in it.
pub(super) struct Page {
    /// Where its links lead, in their order.
    pub(super) links: Vec<String>,
    /// What it shows.
    pub(super) text: String,
}

/// Whether a text is HTML by its looks.
pub(super) fn is_html(text: &str) -> bool {
    text.match_indices('<').any(|(at, _)| {
        TAGS.iter().any(|tag| {
            text.get(at..at + tag.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(tag))
        })
    })
}

/// Reads a page, well-formed or not. Never longer than the page itself by more than its tags' line ends.
pub(super) fn read(html: &str) -> Page {
    let mut page = Page {
        links: Vec::new(),
        text: String::new(),
    };
    let mut hidden: Option<Vec<u8>> = None;
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    for token in Tokenizer::new_with_emitter(html, emitter) {
        let Ok(token) = token;
        match token {
            Token::StartTag(tag) => {
                page.take_link(&tag);
                page.end_line(&tag.name);
                if hidden.is_none() && !tag.self_closing && HIDDEN.contains(&tag.name.as_slice()) {
                    hidden = Some(tag.name.0);
                }
            }
            Token::EndTag(tag) => {
                if hidden.as_ref().is_some_and(|name| *name == tag.name.0) {
                    hidden = None;
                }
                page.end_line(&tag.name);
            }
            Token::String(text) if hidden.is_none() => {
                page.text.push_str(&String::from_utf8_lossy(&text));
            }
            _ => {}
        }
    }
    page
}

impl Page {
    fn take_link(&mut self, tag: &StartTag<()>) {
        if !matches!(tag.name.as_slice(), b"a" | b"area") {
            return;
        }
        // Outlook keeps what Safe Links replaced.
        for name in [b"originalsrc".as_slice(), b"href"] {
            if let Some(value) = tag.attributes.get(name) {
                self.links.push(String::from_utf8_lossy(value).into_owned());
            }
        }
    }

    fn end_line(&mut self, name: &[u8]) {
        if BLOCKS.contains(&name) {
            self.text.push('\n');
        } else if matches!(name, b"td" | b"th") {
            self.text.push(' ');
        }
    }
}

/// A link with its character references decoded as those of an attribute, where `&reg=1` is none.
pub(super) fn unescaped(link: &str) -> Cow<'_, str> {
    let has_reference = link.find('&').is_some_and(|at| link[at..].contains(';'));
    if !has_reference {
        return Cow::Borrowed(link);
    }
    let html = format!("<a href=\"{}\">", link.replace('"', "&quot;"));
    let attribute = Tokenizer::new(html.as_str()).find_map(|token| match token {
        Ok(Token::StartTag(mut tag)) => tag.attributes.remove(b"href".as_slice()),
        _ => None,
    });
    attribute.map_or(Cow::Borrowed(link), |value| {
        Cow::Owned(String::from_utf8_lossy(&value).into_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_html_from_links_in_angle_brackets() {
        assert!(is_html("x <BR> y"));
        assert!(is_html("<a href='x'>"));
        assert!(!is_html("<https://teams.microsoft.com/meet/274918305566421>"));
        assert!(!is_html("a < b > c <ä"));
    }

    #[test]
    fn shows_what_a_browser_would() {
        let page = read(
            "<style>https://a.example</style><p>one<br>two &amp; three</p><!-- four --><script>five</script>\
             <a originalsrc=\"https://b.example\" href='https://c.example?x=1&amp;y=2'>six</a><a href=\"https://d",
        );
        assert_eq!(page.links, ["https://b.example", "https://c.example?x=1&y=2"]);
        assert_eq!(page.text.trim(), "one\ntwo & three\nsix");
    }

    #[test]
    fn decodes_references_as_in_attributes() {
        for (link, decoded) in [
            ("https://a?b=1&amp;c=2", "https://a?b=1&c=2"),
            ("https://a?b=1&#38;c=2&#x26;d", "https://a?b=1&c=2&d"),
            ("https://a?b=1&reg=2;", "https://a?b=1&reg=2;"),
            ("https://a?\"&quot;", "https://a?\"\""),
            ("https://a?b&c", "https://a?b&c"),
        ] {
            assert_eq!(unescaped(link), decoded);
        }
    }
}
