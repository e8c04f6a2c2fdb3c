//! The catalogue as a page for people.

use std::fmt::Write as _;

use super::{ENTRIES, Entry, Surface};

/// `docs/errors.md`, whole.
#[must_use]
pub fn markdown() -> String {
    let mut page = String::from(HEAD);
    for entries in ENTRIES {
        let Some(first) = entries.first() else {
            continue;
        };
        section(&mut page, first.surface(), entries);
    }
    page
}

const HEAD: &str = "\
# Errors

<!-- Written by `cargo xtask docs errors` from crates/service/src/errors. Do not edit. -->

Every error this service answers: how it looks, why it comes, what to do. Bodies are JSON everywhere:
`{\"error\":{\"code\":…,\"message\":…}}`, with `target`, `details` and `innererror` where they help; the code also stands
in the header `x-ms-error-code`. The OAuth issuer answers `{\"error\":…,\"error_description\":…}` (RFC 6749 §5.2).
What stands in braces is filled in. The header `MS-CV` of an answer names it in a report.
";

fn section(page: &mut String, surface: Surface, entries: &[&Entry]) {
    let _ = write!(page, "\n## {}\n", surface.name());
    if surface == Surface::Join {
        page.push_str(
            "\nNot HTTP: `code` and `subCode` of `callEndReason`, as clients made for ACS expect them. Sub codes from \
             990000 are our own.\n",
        );
    }
    for entry in entries {
        let _ = match entry.sub_code() {
            Some(sub_code) => write!(
                page,
                "\n### {}/{sub_code} {}\n\nCategory `{}`. ",
                entry.status(),
                entry.key(),
                entry.code()
            ),
            None => write!(
                page,
                "\n### {} {}\n\n`{}`. ",
                entry.status(),
                entry.key(),
                entry.code()
            ),
        };
        let _ = write!(
            page,
            "\u{201c}{}\u{201d}\n\n- **Cause**: {}\n- **Remedy**: {}\n",
            entry.sentence(),
            entry.cause(),
            entry.remedy()
        );
    }
}
