//! A client of the ACS Identity REST API: the missing Rust SDK, for Anteroom and, by the same protocol, for Azure.
//!
//! The shape is that of the official SDKs: [`CommunicationIdentityClient`] creates users and tokens for a back end that
//! holds the resource's access key; [`CommunicationTokenCredential`] keeps a user's token fresh for the clients that use
//! it. Both sit on [`pipeline`], which other clients (chat) share.
//!
//! ```no_run
//! use anteroom_identity::client::{ClientOptions, CommunicationIdentityClient};
//! use anteroom_identity::token::Scope;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let connection_string = std::env::var("COMMUNICATION_CONNECTION_STRING")?;
//! let client = CommunicationIdentityClient::from_connection_string(&connection_string, ClientOptions::default())?;
//! let (user, token) = client.create_user_and_token([Scope::Chat, Scope::VoipJoin], None).await?;
//! println!("{user} until {}", token.expires_on);
//! # Ok(()) }
//! ```
//!
//! | Python, JavaScript | here |
//! |---|---|
//! | `create_user` | [`create_user`](CommunicationIdentityClient::create_user) |
//! | `create_user_and_token` | [`create_user_and_token`](CommunicationIdentityClient::create_user_and_token) |
//! | `get_token` | [`token`](CommunicationIdentityClient::token) |
//! | `revoke_tokens` | [`revoke_tokens`](CommunicationIdentityClient::revoke_tokens) |
//! | `delete_user` | [`delete_user`](CommunicationIdentityClient::delete_user) |
//! | `get_token_for_teams_user` | [`token_for_teams_user`](CommunicationIdentityClient::token_for_teams_user) |
//! | `AzureKeyCredential`, `TokenCredential`, `CommunicationTokenCredential` | the same names |

mod credential;
mod identity;
mod options;
pub mod pipeline;
mod user_credential;

pub use self::credential::{AccessToken, AzureKeyCredential, BoxError, TokenCredential};
pub use self::identity::{API_VERSION, CommunicationIdentityClient, TeamsUserToken};
pub use self::options::{CaError, ClientOptions, RetryOptions};
pub use self::pipeline::{Error, Refusal};
pub use self::user_credential::{CommunicationTokenCredential, TokenRefresher};
