//! Which Microsoft cloud a host belongs to.

use super::locator::ThreadId;

/// The Microsoft cloud a link leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cloud {
    /// Worldwide (and GCC, which a link does not tell apart); also our own meetings.
    Public,
    /// US government, GCC High.
    GccHigh,
    /// US Department of Defense.
    Dod,
    /// China, run by 21Vianet.
    China,
    /// Teams for personal use.
    Consumer,
}

/// Hosts of meeting links. A host is one of these or none: there is no matching of suffixes.
const HOSTS: [(&str, Cloud); 6] = [
    ("teams.microsoft.com", Cloud::Public),
    ("teams.cloud.microsoft", Cloud::Public),
    ("gov.teams.microsoft.us", Cloud::GccHigh),
    ("dod.teams.microsoft.us", Cloud::Dod),
    ("teams.microsoftonline.cn", Cloud::China),
    ("teams.live.com", Cloud::Consumer),
];

impl Cloud {
    /// Whether the cloud belongs to a government.
    #[must_use]
    pub const fn is_government(self) -> bool {
        matches!(self, Self::GccHigh | Self::Dod)
    }

    /// The name of the cloud, as in `GccHigh`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Public => "Public",
            Self::GccHigh => "GccHigh",
            Self::Dod => "Dod",
            Self::China => "China",
            Self::Consumer => "Consumer",
        }
    }

    /// The cloud that a thread's id names; China's and the worldwide one's look the same.
    pub(super) fn of_thread(thread: &ThreadId) -> Self {
        let name = thread.as_str();
        if name.starts_with("19:gcch:") {
            Self::GccHigh
        } else if name.starts_with("19:dod:") {
            Self::Dod
        } else {
            Self::Public
        }
    }

    /// The cloud of a host in lower case, without a trailing dot.
    pub(super) fn of_host(host: &str) -> Option<Self> {
        HOSTS
            .iter()
            .find(|(known, _)| *known == host)
            .map(|(_, cloud)| *cloud)
    }
}

/// Whether meeting links of this host lead to Microsoft, whatever the case and with or without a trailing dot.
#[must_use]
pub fn is_microsoft_host(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    HOSTS.iter().any(|(known, _)| known.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_whole_hosts_only() {
        for host in ["teams.microsoft.com", "TEAMS.live.com", "teams.cloud.microsoft."] {
            assert!(is_microsoft_host(host), "{host}");
        }
        for host in [
            "microsoft.com",
            "teams.microsoft.us",
            "a.teams.microsoft.com",
            "127.0.0.1",
            "",
        ] {
            assert!(!is_microsoft_host(host), "{host}");
        }
    }
}
