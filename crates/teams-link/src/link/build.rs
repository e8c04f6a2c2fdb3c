//! Links of our own.

use std::fmt::Write as _;

use anteroom_identity::id::{ObjectId, TenantId};
use url::Url;

/// The short link of a meeting: `<base>/meet/<digits>?p=<code>`.
///
/// Of `base`, scheme, host and port count. `meeting_id` is 9 to 20 digits, `passcode` 1 to 128 printable characters;
/// with anything else the link comes out well-formed, but [`parse`](super::parse) refuses it.
#[must_use]
pub fn build_short(base: &Url, meeting_id: &str, passcode: Option<&str>) -> String {
    let mut link = base.clone();
    link.set_fragment(None);
    link.set_path(&format!("/meet/{meeting_id}"));
    link.set_query(passcode.map(|code| format!("p={}", Escaped(code))).as_deref());
    link.into()
}

/// The long link of a meeting on an authority, `host[:port]`, of Teams or ours.
///
/// The escapes are in lower case, as in Microsoft's.
#[must_use]
pub fn build_long(authority: &str, thread_id: &str, tenant: TenantId, organizer: ObjectId) -> String {
    let context = format!(r#"{{"Tid":"{tenant}","Oid":"{organizer}"}}"#);
    format!(
        "https://{authority}/l/meetup-join/{}/0?context={}",
        Escaped(thread_id),
        Escaped(&context)
    )
}

/// Everything but letters, digits and `-._~` percent-encoded (RFC 3986 §2.3).
struct Escaped<'a>(&'a str);

impl std::fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for byte in self.0.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                f.write_char(char::from(byte))?;
            } else {
                write!(f, "%{byte:02x}")?;
            }
        }
        Ok(())
    }
}
