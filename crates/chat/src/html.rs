//! Message content as HTML: made safe on the way in, made plain for clients that show text.

/// Keeps harmless formatting, links and images, and drops the rest (scripts, handlers, frames, styles).
#[must_use]
pub fn sanitize(html: &str) -> String {
    ammonia::clean(html)
}

/// The text of sanitised HTML, without markup. Line and paragraph ends become line breaks.
#[must_use]
pub fn to_text(html: &str) -> String {
    let mut with_breaks = html.to_owned();
    for end in ["<br>", "</p>", "</div>", "</li>"] {
        with_breaks = with_breaks.replace(end, &format!("\n{end}"));
    }
    let escaped = ammonia::Builder::empty().clean(&with_breaks).to_string();
    // `&amp;` last, so that nothing is unescaped twice.
    escaped
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&nbsp;", "\u{a0}")
        .replace("&amp;", "&")
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_formatting_and_drops_scripts() {
        assert_eq!(
            sanitize(r#"<b onclick="x()">hi</b><script>alert(1)</script><img src="javascript:x()">"#),
            "<b>hi</b><img>"
        );
    }

    #[test]
    fn plain_text_of_html() {
        assert_eq!(
            to_text("<p>a &amp;lt; <b>b</b></p><p>1 &lt; 2<br>c</p>"),
            "a &lt; b\n1 < 2\nc"
        );
        assert_eq!(to_text("<img>"), "");
    }

    #[test]
    fn deep_nesting_is_survived() {
        let hostile = "<b><i><a href=x>".repeat(28 * 1024 / 16);
        let clean = sanitize(&hostile);
        assert!(clean.len() < 64 * 28 * 1024, "{}", clean.len());
    }
}
