//! From who calls to who takes part.

use anteroom_identity::token::Scope;
use anteroom_teams_link::DisplayName;
use anteroom_teams_link::admission::EndReason;

use super::machine::{Person, PersonKind};
use crate::http::auth::Caller;
use crate::state::App;

/// Scopes that allow to take part in calls.
pub(crate) const CALL_SCOPES: [Scope; 2] = [Scope::Voip, Scope::VoipJoin];

/// How somebody takes part.
pub(crate) struct Means<'a> {
    /// What the client calls itself.
    pub(crate) client: &'a str,
    /// By media alone.
    pub(crate) media_only: bool,
}

/// Who joins. Guests bring their name, the others' comes from the directory.
///
/// # Errors
/// The reason for `Denied`.
pub(crate) async fn person(
    app: &App,
    caller: &Caller,
    display_name: &str,
    means: Means<'_>,
) -> Result<Person, EndReason> {
    let (display_name, kind) = match caller {
        Caller::Guest(claims) => {
            let name = DisplayName::parse(display_name).map_err(|_| EndReason::bad_display_name())?;
            let kind = PersonKind::Guest {
                resource: claims.user.resource(),
                scopes: claims.scopes,
            };
            (name.into_string(), kind)
        }
        Caller::Directory(claims) => {
            let user = app.directory().enabled_user(claims.object).await;
            let user = user.map_err(|error| {
                tracing::error!(%error, "a directory user could not be looked up");
                EndReason::service_failure()
            })?;
            let user = user.ok_or_else(EndReason::unauthenticated)?;
            let kind = PersonKind::Organization {
                tenant: user.tenant,
                object: user.oid,
            };
            (user.display_name, kind)
        }
    };
    Ok(Person {
        id: caller.identifier(),
        display_name,
        client: means.client.to_owned(),
        kind,
        media_only: means.media_only,
    })
}
