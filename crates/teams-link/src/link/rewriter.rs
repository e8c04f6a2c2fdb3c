//! Mail filters that put their own address before a link's.

use url::Url;

/// Whose filter rewrote a link.
///
/// What these make of a link differs from product to product and changes, so that it is not undone: the calendar entry
/// has the original.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rewriter {
    /// Barracuda Link Protection.
    Barracuda,
    /// Cisco Secure Email.
    Cisco,
    /// Trellix, formerly FireEye.
    FireEye,
    /// The page between a Google product and the link.
    Google,
    /// Mimecast URL Protect.
    Mimecast,
    /// Proofpoint URL Defense.
    Proofpoint,
    /// Sophos Email.
    Sophos,
    /// Symantec Email Security.
    Symantec,
    /// Trend Micro.
    TrendMicro,
}

/// Hosts, or with a leading dot everything below a domain. Right or wrong, the link is refused: only the hint differs.
const HOSTS: [(&str, Rewriter); 16] = [
    ("linkprotect.cudasvc.com", Rewriter::Barracuda),
    ("secure-web.cisco.com", Rewriter::Cisco),
    ("protect2.fireeye.com", Rewriter::FireEye),
    (".fireeye.com", Rewriter::FireEye),
    ("www.google.com", Rewriter::Google),
    (".mimecast.com", Rewriter::Mimecast),
    (".mimecastprotect.com", Rewriter::Mimecast),
    ("urldefense.com", Rewriter::Proofpoint),
    (".urldefense.com", Rewriter::Proofpoint),
    ("urldefense.us", Rewriter::Proofpoint),
    ("urldefense.proofpoint.com", Rewriter::Proofpoint),
    (".protection.sophos.com", Rewriter::Sophos),
    ("clicktime.symantec.com", Rewriter::Symantec),
    ("clicktime.cloud.postoffice.net", Rewriter::Symantec),
    (".trendmicro.com", Rewriter::TrendMicro),
    (".trendmicro.eu", Rewriter::TrendMicro),
];

impl Rewriter {
    /// Whose filter a link goes through, when it is one that is known.
    #[must_use]
    pub fn of_link(link: &str) -> Option<Self> {
        if link.len() > super::MAX_LINK_BYTES {
            return None;
        }
        let url = Url::parse(link.trim()).ok()?;
        let host = super::own_host::normal(url.host_str()?);
        HOSTS
            .iter()
            .find(|(known, _)| host == *known || known.starts_with('.') && host.ends_with(known))
            .map(|(_, rewriter)| *rewriter)
    }

    /// What to do about it.
    #[must_use]
    pub const fn hint(self) -> &'static str {
        "A mail filter rewrote this link: paste the link from the calendar entry."
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_common_filters() {
        for (link, expected) in [
            (
                "https://urldefense.com/v3/__https://teams.microsoft.com/meet/274918305566421?p=abc__;!!x$",
                Some(Rewriter::Proofpoint),
            ),
            ("https://URLDEFENSE.com./v3/__x__", Some(Rewriter::Proofpoint)),
            (
                "https://linkprotect.cudasvc.com/url?a=https%3a%2f%2fteams.microsoft.com",
                Some(Rewriter::Barracuda),
            ),
            (
                "https://url.uk.m.mimecastprotect.com/s/abc",
                Some(Rewriter::Mimecast),
            ),
            ("https://teams.microsoft.com/meet/274918305566421", None),
            ("https://noturldefense.com/v3/", None),
            ("no link", None),
        ] {
            assert_eq!(Rewriter::of_link(link), expected, "{link}");
        }
    }
}
