//! The `scope` parameter (RFC 6749 §3.3): for which API a token is asked, and with which permissions.

use crate::entra::{ACS_AUDIENCE, GRAPH_AUDIENCES, TEAMS_AUDIENCE};

/// Longest scope parameter looked at, in bytes.
pub(super) const MAX_SCOPE: usize = 4096;

/// Ends a scope that asks for whatever was granted.
const DEFAULT: &str = ".default";

/// An API that tokens are given for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Api {
    /// Microsoft Graph.
    Graph,
    /// Microsoft Graph by the address of this service.
    Own,
    /// ACS.
    Acs,
    /// ACS for Teams users.
    Teams,
}

/// What a scope parameter asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scopes {
    /// The API; Graph when none is named.
    pub(super) api: Api,
    /// Whatever was granted is asked for.
    pub(super) default: bool,
    /// Permissions by name, and the scope that asked for each.
    pub(super) named: Vec<(String, String)>,
    /// `openid`: an id token.
    pub(super) openid: bool,
    /// `offline_access`: a refresh token.
    pub(super) offline: bool,
    /// All of OpenID Connect's own scopes (§5.4, §11), as they were given.
    oidc: Vec<String>,
    /// All of it, as it was given.
    text: String,
    /// The scope that asked for [`default`](Self::default), as it was given.
    default_scope: Option<String>,
}

impl Scopes {
    /// Reads the parameter; `own` is the address of this service. `None` when it names an API that is none of ours, or
    /// several.
    pub(super) fn parse(scope: &str, own: &str) -> Option<Self> {
        if scope.len() > MAX_SCOPE {
            return None;
        }
        let mut scopes = Self {
            api: Api::Graph,
            default: false,
            named: Vec::new(),
            openid: false,
            offline: false,
            oidc: Vec::new(),
            text: scope.to_owned(),
            default_scope: None,
        };
        let mut api = None;
        for one in scope.split_whitespace() {
            if let "openid" | "profile" | "email" | "offline_access" = one {
                scopes.openid |= one == "openid";
                scopes.offline |= one == "offline_access";
                scopes.oidc.push(one.to_owned());
                continue;
            }
            let (of, permission) = split(one, own)?;
            if *api.get_or_insert(of) != of {
                return None;
            }
            if permission == DEFAULT {
                scopes.default = true;
                scopes.default_scope = Some(one.to_owned());
            } else {
                scopes.named.push((permission.to_owned(), one.to_owned()));
            }
        }
        scopes.api = api.unwrap_or(Api::Graph);
        Some(scopes)
    }

    /// The permissions that come of it, given what the client was granted, as `scp` has them.
    pub(super) fn permissions(&self, granted: &[String]) -> Vec<String> {
        if self.default {
            return granted.to_vec();
        }
        self.granted(granted).map(|(permission, _)| permission).collect()
    }

    /// The claim `scp`: the permissions, and at Graph what OpenID Connect's own scopes open there.
    pub(super) fn scp(&self, granted: &[String]) -> String {
        let mut words = self.permissions(granted);
        if matches!(self.api, Api::Graph | Api::Own) {
            let oidc = self.oidc.iter().filter(|word| *word != "offline_access");
            words.extend(oidc.cloned());
        }
        words.join(" ")
    }

    /// All of it, as it was given.
    pub(super) fn text(&self) -> String {
        self.text.clone()
    }

    /// Permissions that were asked for and not granted.
    pub(super) fn refused<'a>(&'a self, granted: &'a [String]) -> impl Iterator<Item = &'a str> {
        let has = |name: &str| granted.iter().any(|granted| granted.eq_ignore_ascii_case(name));
        let named = self.named.iter().map(|(name, _)| name.as_str());
        named.filter(move |name| !has(name))
    }

    fn granted<'a>(&'a self, granted: &'a [String]) -> impl Iterator<Item = (String, &'a String)> {
        self.named.iter().filter_map(|(name, scope)| {
            let granted = granted
                .iter()
                .find(|granted| granted.eq_ignore_ascii_case(name))?;
            Some((granted.clone(), scope))
        })
    }

    /// `scope` of the answer: what was asked for and granted, as it was asked for, so that clients find it in their
    /// caches; for `.default` also what it came to.
    pub(super) fn answer(&self, granted: &[String]) -> String {
        let mut words = self.oidc.clone();
        words.extend(self.granted(granted).map(|(_, scope)| scope.clone()));
        if let Some(scope) = &self.default_scope {
            words.extend(granted.iter().cloned());
            words.push(scope.clone());
        }
        words.join(" ")
    }
}

impl Api {
    /// The audience of its tokens.
    pub(super) const fn audience(self, own: &str) -> &str {
        match self {
            Self::Graph => {
                let [uri, _] = GRAPH_AUDIENCES;
                uri
            }
            Self::Own => own,
            Self::Acs => ACS_AUDIENCE,
            Self::Teams => TEAMS_AUDIENCE,
        }
    }

    /// What every client may ask for at this API; `None` where it must have been granted.
    pub(super) const fn free(self) -> Option<&'static str> {
        match self {
            Self::Graph | Self::Own => None,
            Self::Acs => Some("VoIP Chat"),
            Self::Teams => Some("Teams.ManageCalls Teams.ManageChats"),
        }
    }
}

/// The API that a scope names, and the permission.
fn split<'a>(scope: &'a str, own: &str) -> Option<(Api, &'a str)> {
    // A bare name is one of Graph's.
    if !scope.contains(['/', ':']) {
        return (scope.len() <= 128 && scope != DEFAULT).then_some((Api::Graph, scope));
    }
    let [graph, graph_id] = GRAPH_AUDIENCES;
    for (api, audience) in [
        (Api::Graph, graph),
        (Api::Graph, graph_id),
        (Api::Own, own),
        (Api::Acs, ACS_AUDIENCE),
        (Api::Teams, TEAMS_AUDIENCE),
    ] {
        let rest = scope
            .strip_prefix(audience.trim_end_matches('/'))
            .and_then(|rest| rest.strip_prefix('/'));
        if let Some(rest) = rest {
            let permission = rest.trim_start_matches('/').trim_start_matches("clients/");
            let plain = !permission.is_empty() && permission.len() <= 128 && !permission.contains('/');
            return plain.then_some((api, permission));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "https://meet.example:8443";

    fn parse(scope: &str) -> Option<(Api, bool, Vec<String>)> {
        let scopes = Scopes::parse(scope, OWN)?;
        let named = scopes.named.into_iter().map(|(name, _)| name).collect();
        Some((scopes.api, scopes.default, named))
    }

    #[test]
    fn scopes_name_an_api_and_permissions() {
        for (scope, api, default, named) in [
            ("", Api::Graph, false, &[][..]),
            ("openid profile offline_access", Api::Graph, false, &[]),
            (
                "User.Read openid Calendars.Read",
                Api::Graph,
                false,
                &["User.Read", "Calendars.Read"],
            ),
            ("https://graph.microsoft.com/.default", Api::Graph, true, &[]),
            ("https://graph.microsoft.com//.default", Api::Graph, true, &[]),
            (
                "https://graph.microsoft.com/User.Read Chat.Read",
                Api::Graph,
                false,
                &["User.Read", "Chat.Read"],
            ),
            (
                "00000003-0000-0000-c000-000000000000/.default",
                Api::Graph,
                true,
                &[],
            ),
            ("https://meet.example:8443/.default", Api::Own, true, &[]),
            ("https://communication.azure.com//.default", Api::Acs, true, &[]),
            (
                "https://communication.azure.com/clients/VoIP.Join openid",
                Api::Acs,
                false,
                &["VoIP.Join"],
            ),
            (
                "https://auth.msft.communication.azure.com/Teams.ManageCalls offline_access \
                 https://auth.msft.communication.azure.com/Teams.ManageChats",
                Api::Teams,
                false,
                &["Teams.ManageCalls", "Teams.ManageChats"],
            ),
        ] {
            let named = named.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(parse(scope), Some((api, default, named)), "{scope}");
        }
        for scope in [
            "https://communication.azure.com.evil.example/.default",
            "https://evil.example/.default",
            "https://graph.microsoft.com/.default https://communication.azure.com/.default",
            "User.Read https://communication.azure.com/.default",
            "https://graph.microsoft.com/",
            "https://graph.microsoft.com/a/b",
            "https://meet.example:84431/.default",
            ".default",
        ] {
            assert_eq!(parse(scope), None, "{scope}");
        }
        assert_eq!(parse(&"User.Read ".repeat(1000)), None);
    }

    #[test]
    fn what_was_granted_is_given_in_the_words_it_was_asked_for() {
        let granted = ["Chat.Read".to_owned(), "User.Read".to_owned()];
        let scopes = Scopes::parse("openid https://graph.microsoft.com/user.read Mail.Read", OWN).unwrap();
        assert_eq!(scopes.permissions(&granted), ["User.Read"]);
        assert_eq!(scopes.refused(&granted).collect::<Vec<_>>(), ["Mail.Read"]);
        assert_eq!(
            scopes.answer(&granted),
            "openid https://graph.microsoft.com/user.read"
        );
        let scopes = Scopes::parse("https://graph.microsoft.com/.default", OWN).unwrap();
        assert_eq!(scopes.permissions(&granted), granted);
        assert_eq!(
            scopes.answer(&granted),
            "Chat.Read User.Read https://graph.microsoft.com/.default"
        );
    }
}
