//! WHIP and WHEP: an offer posted, an answer that holds for good.

use reqwest::header::{CONTENT_TYPE, LOCATION};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use url::Url;

use super::sections;
use crate::cli::load::sfu::agreement::{Agreed, Kind, Local, Signaling};
use crate::cli::load::sfu::error::ClientError;

/// A session by WHIP or WHEP.
pub(in crate::cli::load::sfu) struct Http {
    client: Client,
    /// Where to post.
    url: Url,
    token: Option<String>,
    kinds: Vec<Kind>,
    sends: bool,
    /// The session's own address, once it has begun.
    session: Option<Url>,
}

impl Http {
    /// Sends these (WHIP) or receives them (WHEP).
    pub(in crate::cli::load::sfu) const fn new(
        client: Client,
        url: Url,
        token: Option<String>,
        kinds: Vec<Kind>,
        sends: bool,
    ) -> Self {
        Self {
            client,
            url,
            token,
            kinds,
            sends,
            session: None,
        }
    }

    fn request(&self, method: Method, url: Url) -> RequestBuilder {
        let request = self.client.request(method, url);
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }
}

impl Signaling for Http {
    async fn agree(&mut self, local: &Local) -> Result<Agreed, ClientError> {
        if self.session.is_some() {
            // There are no other answers.
            return std::future::pending().await;
        }
        let sections = sections(&self.kinds, self.sends);
        let response = self
            .request(Method::POST, self.url.clone())
            .header(CONTENT_TYPE, "application/sdp")
            .body(local.offer(1, &sections))
            .send()
            .await
            .map_err(ClientError::signaling)?;
        let status = response.status();
        let location = response
            .headers()
            .get(LOCATION)
            .and_then(|value| value.to_str().ok());
        let location = location.and_then(|location| self.url.join(location).ok());
        let body = response.text().await.map_err(ClientError::signaling)?;
        if status != StatusCode::CREATED {
            return Err(ClientError::Signaling(format!("{status}: {body}")));
        }
        let session = location.ok_or_else(|| ClientError::signaling("the answer has no Location"))?;
        self.session = Some(session);
        local.agreed(&sections, &body)
    }

    async fn leave(&mut self) {
        if let Some(session) = self.session.take() {
            // Whoever is gone already is gone.
            let _ = self.request(Method::DELETE, session).send().await;
        }
    }
}
