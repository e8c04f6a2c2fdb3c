//! The back end of a fictional clinic: what stands between its customers and the communication service.
//!
//! It knows who its customers are (OpenID Connect, or a demo login), which communication user each of them is, and holds
//! the resource's access key. A customer's page gets a token of the least scope and the shortest life that the API has,
//! for its own user alone, and a new one before the old one ends.

pub mod config;
pub mod customers;
pub mod oidc;
pub mod pages;
pub mod session;
pub mod tokens;

use std::sync::Arc;

use anteroom_identity::client::CommunicationIdentityClient;
use axum::Router;
use axum::extract::FromRef;
use axum::middleware;
use axum::routing::{get, post};
use axum_extra::extract::cookie::Key;
use url::Url;

use self::customers::Customers;
use self::oidc::Oidc;

/// The program's state. Clones share it.
#[derive(Clone)]
pub struct Broker {
    inner: Arc<Inner>,
}

/// What the program is made of.
#[expect(missing_debug_implementations, reason = "it holds keys")]
pub struct Parts {
    /// Where browsers reach this program: `http://localhost:3000/`.
    pub public_url: Url,
    /// The communication service, by its access key.
    pub service: CommunicationIdentityClient,
    /// Who is who.
    pub customers: Customers,
    /// The page that joins the meeting, with its link: `https://…/join?link=…`.
    pub join_page: Url,
    /// What cookies are signed with.
    pub cookie_key: Key,
    /// Whether anybody may be any demo customer.
    pub demo_login: bool,
    /// The clinic's identity provider.
    pub oidc: Option<Oidc>,
}

struct Inner {
    parts: Parts,
}

impl Broker {
    /// Puts it together.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self {
            inner: Arc::new(Inner { parts }),
        }
    }

    /// All routes.
    pub fn router(self) -> Router {
        Router::new()
            .route("/", get(pages::home))
            .route("/assets/page.js", get(pages::script))
            .route("/assets/page.css", get(pages::style))
            .route("/login/demo", post(pages::demo_login))
            .route("/login/oidc", get(oidc::begin))
            .route("/login/oidc/callback", get(oidc::finish))
            .route("/logout", post(pages::logout))
            .route("/api/token", post(tokens::issue))
            .layer(middleware::from_fn(pages::security_headers))
            .with_state(self)
    }

    fn parts(&self) -> &Parts {
        &self.inner.parts
    }
}

impl FromRef<Broker> for Key {
    fn from_ref(broker: &Broker) -> Self {
        broker.parts().cookie_key.clone()
    }
}

impl std::fmt::Debug for Broker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Broker")
            .field("public_url", &self.parts().public_url.as_str())
            .finish_non_exhaustive()
    }
}
