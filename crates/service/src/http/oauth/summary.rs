//! An authorization request as far as it is read without a directory: for the programs that try what can be sent.

use super::device;
use super::parameters::Parameters;
use super::request::parse_rest;
use crate::store::sqlite::applications::ClientKind;

/// What an authorization request says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestSummary {
    /// Where the answer is to go. It is not known yet whether that is registered.
    pub redirect_uri: Option<String>,
    /// The scope parameter.
    pub scope: String,
    /// The permissions it names.
    pub permissions: Vec<String>,
    /// The S256 code challenge.
    pub challenge: Option<String>,
    /// The user code of a device, as it is kept, if one was typed.
    pub user_code: Option<String>,
}

/// Reads a query or a form of a public or confidential client; `own` is the address of this service.
///
/// # Errors
/// The error code that the client or the person is told.
pub fn summarize(form: &[u8], own: &str, kind: ClientKind) -> Result<RequestSummary, &'static str> {
    let mut form = Parameters::parse(form).map_err(|error| error.entry().code())?;
    let user_code = form.take(device::REQUEST).and_then(|code| device::normal(&code));
    let redirect_uri = form.take("redirect_uri");
    let ((scope, _, challenge, _, _), scopes) =
        parse_rest(&mut form, kind, own).map_err(|error| error.entry().code())?;
    Ok(RequestSummary {
        redirect_uri,
        scope,
        permissions: scopes.named.into_iter().map(|(name, _)| name).collect(),
        challenge,
        user_code,
    })
}
