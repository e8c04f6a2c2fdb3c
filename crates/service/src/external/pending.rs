//! Who is on the way to a provider and back. In memory, and bounded: a restart only means to begin again.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::entra::secret_digest;

/// How long somebody may take at the provider.
const LIFE: Duration = Duration::from_secs(15 * 60);

/// Most of them at a time.
const MOST: usize = 8192;

/// Most of them from one address: another one takes the place of that address's oldest.
const MOST_PER_SOURCE: usize = 256;

/// Longest authorization request that is kept, in bytes.
pub(crate) const MAX_REQUEST: usize = 8 * 1024;

/// Somebody who was sent to a provider.
#[derive(Clone)]
pub(crate) struct Pending {
    /// The provider's id.
    pub(crate) provider: String,
    /// The tenant as the path of the sign-in page had it.
    pub(crate) tenant: String,
    /// The authorization request that goes on afterwards, as it came.
    pub(crate) request: String,
    /// What the browser has to bring a cookie for.
    pub(crate) guard: String,
    /// The redirect URI that the provider was told.
    pub(crate) redirect_uri: String,
    /// What must stand in the ID token.
    pub(crate) nonce: String,
    /// The PKCE code verifier.
    pub(crate) verifier: String,
    /// Whether the person was to sign in anew, and since when.
    pub(crate) fresh_since: Option<i64>,
    source: IpAddr,
    begun: Instant,
}

/// What is kept of whoever is on the way, by the digest of `state`.
#[derive(Default)]
pub(crate) struct PendingSignIns(Mutex<HashMap<Vec<u8>, Pending>>);

/// There are too many on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooMany;

impl Pending {
    /// Somebody at `source` who leaves now, for that provider and this request.
    pub(crate) fn new(provider: &str, tenant: &str, request: &str, source: IpAddr) -> Self {
        Self {
            provider: provider.to_owned(),
            tenant: tenant.to_owned(),
            request: request.to_owned(),
            guard: String::new(),
            redirect_uri: String::new(),
            nonce: String::new(),
            verifier: String::new(),
            fresh_since: None,
            source,
            begun: Instant::now(),
        }
    }
}

impl PendingSignIns {
    /// Keeps somebody under a state.
    ///
    /// # Errors
    /// [`TooMany`].
    pub(crate) fn insert(&self, state: &str, pending: Pending) -> Result<(), TooMany> {
        let now = Instant::now();
        let mut all = self.all();
        all.retain(|_, known| now.saturating_duration_since(known.begun) < LIFE);
        let same = all.iter().filter(|(_, known)| known.source == pending.source);
        if same.clone().count() >= MOST_PER_SOURCE {
            let oldest = same
                .min_by_key(|(_, known)| known.begun)
                .map(|(key, _)| key.clone());
            oldest.and_then(|key| all.remove(&key));
        }
        if all.len() >= MOST {
            return Err(TooMany);
        }
        all.insert(secret_digest(state), pending);
        Ok(())
    }

    /// Who comes back with this state, once; `is_theirs` says whether this is the browser and the provider. Who is not
    /// meant leaves it to whom it belongs to.
    pub(crate) fn take(&self, state: &str, is_theirs: impl FnOnce(&Pending) -> bool) -> Option<Pending> {
        let key = secret_digest(state);
        let mut all = self.all();
        let known = all.get(&key)?;
        let good = known.begun.elapsed() < LIFE && is_theirs(known);
        if good { all.remove(&key) } else { None }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Vec<u8>, Pending>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for PendingSignIns {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("PendingSignIns").field(&self.all().len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn pending(source: u32, provider: &str) -> Pending {
        Pending::new(provider, "contoso", "", Ipv4Addr::from(source).into())
    }

    #[test]
    fn a_state_is_good_once_and_for_its_browser() {
        let all = PendingSignIns::default();
        all.insert("s", pending(1, "a")).unwrap();
        assert!(all.take("t", |_| true).is_none());
        assert!(all.take("s", |known| known.provider == "b").is_none());
        assert!(all.take("s", |known| known.provider == "a").is_some());
        assert!(all.take("s", |_| true).is_none());
    }

    #[test]
    fn one_address_takes_nobody_elses_place_and_there_is_an_end() {
        let all = PendingSignIns::default();
        all.insert("other", pending(1, "a")).unwrap();
        for state in 0..=MOST_PER_SOURCE {
            all.insert(&state.to_string(), pending(2, "a")).unwrap();
        }
        assert!(all.take("0", |_| true).is_none());
        assert!(all.take("1", |_| true).is_some());
        assert!(all.take("other", |_| true).is_some());
        let mut source = 3;
        while all.insert(&format!("x{source}"), pending(source, "a")).is_ok() {
            source += 1;
        }
        assert_eq!(all.all().len(), MOST);
    }
}
