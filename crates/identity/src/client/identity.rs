//! The Identity API's client.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::credential::{AccessToken, AzureKeyCredential, TokenCredential};
use super::options::ClientOptions;
use super::pipeline::{Authentication, Error, Method, Pipeline, segment};
use crate::id::{CommunicationIdentifier, ObjectId};
use crate::signing::ConnectionString;
use crate::token::Scope;
use crate::wire;

/// The version of the API that is asked for.
pub const API_VERSION: &str = "2023-10-01";

/// Creates users and their tokens; `CommunicationIdentityClient` of the official SDKs. For back ends: it holds the
/// resource's secret. Clones share connections.
#[derive(Debug, Clone)]
pub struct CommunicationIdentityClient {
    pipeline: Pipeline,
}

/// What an Entra ID user's token is exchanged with. `Debug` prints none of it.
#[derive(Clone)]
pub struct TeamsUserToken {
    /// The user's Entra ID access token.
    pub token: String,
    /// The application it was issued to, claim `appid`.
    pub client_id: ObjectId,
    /// The user, claim `oid`.
    pub user_object_id: ObjectId,
}

impl CommunicationIdentityClient {
    /// A client for `endpoint=https://…;accesskey=…`.
    ///
    /// # Errors
    /// [`Error::Misuse`] for a malformed text, otherwise as [`Pipeline::new`].
    pub fn from_connection_string(text: &str, options: ClientOptions) -> Result<Self, Error> {
        let connection: ConnectionString = text
            .parse()
            .map_err(|_| Error::Misuse("the connection string is malformed"))?;
        Self::with_key(
            connection.endpoint.as_str(),
            AzureKeyCredential::from(connection.access_key),
            options,
        )
    }

    /// A client that signs with an access key.
    ///
    /// # Errors
    /// As [`Pipeline::new`].
    pub fn with_key(endpoint: &str, key: AzureKeyCredential, options: ClientOptions) -> Result<Self, Error> {
        Self::build(endpoint, Authentication::Key(key), options)
    }

    /// A client with tokens of Entra ID, or of another issuer that the service trusts.
    ///
    /// # Errors
    /// As [`Pipeline::new`].
    pub fn with_token_credential(
        endpoint: &str,
        credential: impl TokenCredential,
        options: ClientOptions,
    ) -> Result<Self, Error> {
        Self::build(endpoint, Authentication::token(Arc::new(credential)), options)
    }

    fn build(endpoint: &str, authentication: Authentication, options: ClientOptions) -> Result<Self, Error> {
        let pipeline = Pipeline::new(endpoint, API_VERSION, authentication, options)?;
        Ok(Self { pipeline })
    }

    /// Creates a user.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn create_user(&self) -> Result<CommunicationIdentifier, Error> {
        let created = self.create(wire::CreateRequest::default()).await?;
        identifier(&created.identity.id)
    }

    /// Creates a user with a token. Its `lifetime` is whole minutes, 60 to 1440; 24 hours when not given.
    ///
    /// # Errors
    /// [`Error`]; 400 `ValidationError` for a lifetime out of range, and then no user is created.
    pub async fn create_user_and_token(
        &self,
        scopes: impl IntoIterator<Item = Scope>,
        lifetime: Option<Duration>,
    ) -> Result<(CommunicationIdentifier, AccessToken), Error> {
        let created = self
            .create(wire::CreateRequest {
                create_token_with_scopes: Some(names(scopes)),
                expires_in_minutes: lifetime.map(minutes).transpose()?,
            })
            .await?;
        let token = created
            .access_token
            .ok_or(Error::UnexpectedAnswer("there is no token with the user"))?;
        Ok((identifier(&created.identity.id)?, access_token(token)?))
    }

    async fn create(&self, body: wire::CreateRequest) -> Result<wire::CreateResponse, Error> {
        let request = self
            .pipeline
            .request(Method::Post, "/identities")
            .with_json(&body)?;
        self.pipeline.json(request, &[201]).await
    }

    /// Issues a token for a user (`get_token`). `lifetime` as in
    /// [`create_user_and_token`](Self::create_user_and_token).
    ///
    /// # Errors
    /// [`Error`]; 404 `NotFound` for a user that was deleted or is of another resource.
    pub async fn token(
        &self,
        user: &CommunicationIdentifier,
        scopes: impl IntoIterator<Item = Scope>,
        lifetime: Option<Duration>,
    ) -> Result<AccessToken, Error> {
        let body = wire::IssueRequest {
            scopes: Some(names(scopes)),
            expires_in_minutes: lifetime.map(minutes).transpose()?,
        };
        let path = format!("/identities/{}/:issueAccessToken", segment(&user.to_string())?);
        let request = self
            .pipeline
            .request(Method::Post, &path)
            .with_json(&body)?
            // A token too many harms nobody.
            .repeatable();
        access_token(self.pipeline.json(request, &[200]).await?)
    }

    /// Makes every token that the user has useless; later ones are good.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn revoke_tokens(&self, user: &CommunicationIdentifier) -> Result<(), Error> {
        let path = format!("/identities/{}/:revokeAccessTokens", segment(&user.to_string())?);
        let request = self.pipeline.request(Method::Post, &path);
        self.pipeline.send(request, &[204]).await.map(drop)
    }

    /// Deletes a user, its tokens and its data.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn delete_user(&self, user: &CommunicationIdentifier) -> Result<(), Error> {
        let path = format!("/identities/{}", segment(&user.to_string())?);
        let request = self.pipeline.request(Method::Delete, &path);
        self.pipeline.send(request, &[204]).await.map(drop)
    }

    /// Exchanges an Entra ID user's token for one of the service (`get_token_for_teams_user`); it ends when the first
    /// one ends.
    ///
    /// # Errors
    /// [`Error`]; 401 `InvalidAccessToken` for a bad token, 400 when application or user do not match it.
    pub async fn token_for_teams_user(&self, teams: &TeamsUserToken) -> Result<AccessToken, Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Exchange<'a> {
            token: &'a str,
            app_id: ObjectId,
            user_id: ObjectId,
        }

        let body = Exchange {
            token: &teams.token,
            app_id: teams.client_id,
            user_id: teams.user_object_id,
        };
        let request = self
            .pipeline
            .request(Method::Post, "/teamsUser/:exchangeAccessToken")
            .with_json(&body)?
            .repeatable();
        access_token(self.pipeline.json(request, &[200]).await?)
    }
}

impl fmt::Debug for TeamsUserToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TeamsUserToken(…)")
    }
}

fn names(scopes: impl IntoIterator<Item = Scope>) -> Vec<String> {
    scopes.into_iter().map(|scope| scope.to_string()).collect()
}

fn minutes(lifetime: Duration) -> Result<i64, Error> {
    let seconds = lifetime.as_secs();
    if !seconds.is_multiple_of(60) || lifetime.subsec_nanos() != 0 {
        return Err(Error::Misuse("a token's lifetime is whole minutes"));
    }
    i64::try_from(seconds / 60).map_err(|_| Error::Misuse("a token's lifetime is at most a day"))
}

fn identifier(raw: &str) -> Result<CommunicationIdentifier, Error> {
    raw.parse()
        .map_err(|_| Error::UnexpectedAnswer("the user's id is malformed"))
}

fn access_token(token: wire::AccessToken) -> Result<AccessToken, Error> {
    let expires_on = OffsetDateTime::parse(&token.expires_on, &Rfc3339)
        .map_err(|_| Error::UnexpectedAnswer("expiresOn is no time"))?;
    Ok(AccessToken {
        token: token.token,
        expires_on,
    })
}
