//! What a browser keeps: that a person is signed in here, and what tells a form of ours from a forged one.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest;
use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use time::Duration;

use super::token::new_opaque;
use crate::directory::DirectoryUser;
use crate::entra::secret_digest;
use crate::http::Surface;
use crate::state::App;
use crate::store::StoreError;
use crate::store::sqlite::sign_ins::{self, SessionRow};

/// How long a person stays signed in to the issuer itself.
const SESSION_LIFE: Duration = Duration::hours(12);

/// A cookie of ours.
#[derive(Debug, Clone, Copy)]
enum Cookie {
    /// The person's session.
    Session,
    /// The form's secret.
    Form,
}

impl Cookie {
    /// `__Host-` keeps other hosts of the domain from setting it; browsers take it with TLS only.
    fn name(self, surface: Surface) -> String {
        let name = match self {
            Self::Session => "anteroom-session",
            Self::Form => "anteroom-form",
        };
        match surface {
            Surface::Https => format!("__Host-{name}"),
            _ => name.to_owned(),
        }
    }

    fn read(self, surface: Surface, headers: &HeaderMap) -> Option<String> {
        let name = self.name(surface);
        let cookies = headers.get_all(header::COOKIE).iter();
        let mut pairs = cookies
            .filter_map(|value| value.to_str().ok())
            .flat_map(|text| text.split(';'));
        let value = pairs.find_map(|pair| pair.trim().strip_prefix(&name)?.strip_prefix('='))?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        (value.len() == 43 && value.bytes().all(plain)).then(|| value.to_owned())
    }

    /// `Lax`: it comes along when another site's page leads here, and with none of its forms.
    fn set(self, surface: Surface, value: &str) -> Option<HeaderValue> {
        let secure = if surface == Surface::Https { "; Secure" } else { "" };
        let gone = if value.is_empty() { "; Max-Age=0" } else { "" };
        let name = self.name(surface);
        HeaderValue::from_str(&format!(
            "{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{gone}"
        ))
        .ok()
    }
}

/// The secret of a browser's forms, and the field of a form that shows it came from our page.
pub(super) struct FormGuard {
    cookie: String,
}

impl FormGuard {
    /// The one the browser has, or a new one.
    pub(super) fn of(surface: Surface, headers: &HeaderMap) -> Self {
        let cookie = Cookie::Form.read(surface, headers).unwrap_or_else(new_opaque);
        Self { cookie }
    }

    /// What stands in the form.
    pub(super) fn field(&self) -> String {
        let salted = format!("form {}", self.cookie);
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, salted.as_bytes()))
    }

    /// What the browser is to keep.
    pub(super) fn set_cookie(&self, surface: Surface) -> Option<HeaderValue> {
        Cookie::Form.set(surface, &self.cookie)
    }

    /// Whether a form came from a page that this browser was given.
    pub(super) fn accepts(surface: Surface, headers: &HeaderMap, field: Option<&str>) -> bool {
        let (Some(cookie), Some(field)) = (Cookie::Form.read(surface, headers), field) else {
            return false;
        };
        let own = Self { cookie }.field();
        verify_slices_are_equal(own.as_bytes(), field.as_bytes()).is_ok()
    }
}

/// Who is signed in in this browser, and since when.
pub(super) async fn current(
    app: &App,
    surface: Surface,
    headers: &HeaderMap,
) -> Result<Option<(DirectoryUser, SessionRow)>, StoreError> {
    let Some(cookie) = Cookie::Session.read(surface, headers) else {
        return Ok(None);
    };
    let (digest, now) = (secret_digest(&cookie), app.clock().now());
    let session = app
        .store()
        .read(move |connection| sign_ins::session(connection, &digest, now))
        .await?;
    let Some(session) = session else {
        return Ok(None);
    };
    let user = app.directory().enabled_user(session.user).await?;
    Ok(user.map(|user| (user, session)))
}

/// Signs a person in in this browser: a new session, whatever was there before.
pub(super) async fn begin(
    app: &App,
    surface: Surface,
    headers: &HeaderMap,
    session: SessionRow,
) -> Result<Option<HeaderValue>, StoreError> {
    let old = Cookie::Session
        .read(surface, headers)
        .map(|old| secret_digest(&old));
    let cookie = new_opaque();
    let digest = secret_digest(&cookie);
    let expires = session.auth + SESSION_LIFE;
    app.store()
        .write(move |connection| {
            if let Some(old) = old {
                sign_ins::delete_session(connection, &old)?;
            }
            sign_ins::insert_session(connection, &digest, &session, expires)
        })
        .await?;
    Ok(Cookie::Session.set(surface, &cookie))
}

/// Signs out whoever is signed in in this browser.
pub(super) async fn end(
    app: &App,
    surface: Surface,
    headers: &HeaderMap,
) -> Result<Option<HeaderValue>, StoreError> {
    if let Some(cookie) = Cookie::Session.read(surface, headers) {
        let digest = secret_digest(&cookie);
        app.store()
            .write(move |connection| sign_ins::delete_session(connection, &digest))
            .await?;
    }
    Ok(Cookie::Session.set(surface, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(cookies: &[String]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            headers.append(header::COOKIE, cookie.parse().unwrap());
        }
        headers
    }

    #[test]
    fn a_form_is_of_the_browser_that_got_it() {
        let guard = FormGuard::of(Surface::Https, &HeaderMap::new());
        let other = FormGuard::of(Surface::Https, &HeaderMap::new());
        let set = guard.set_cookie(Surface::Https).unwrap();
        let set = set.to_str().unwrap();
        assert!(set.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"), "{set}");
        let pair = set.split(';').next().unwrap().to_owned();
        let headers = headers(&["a=b; c=d".to_owned(), pair]);
        let accepts = |surface, field: Option<&str>| FormGuard::accepts(surface, &headers, field);
        assert!(accepts(Surface::Https, Some(&guard.field())));
        assert!(!accepts(Surface::Https, Some(&other.field())));
        assert!(!accepts(Surface::Https, Some("")));
        assert!(!accepts(Surface::Https, None));
        assert!(!accepts(Surface::DevHttp, Some(&guard.field())));
        assert!(!FormGuard::accepts(
            Surface::Https,
            &HeaderMap::new(),
            Some(&guard.field())
        ));
        // The same browser keeps its secret.
        assert_eq!(FormGuard::of(Surface::Https, &headers).field(), guard.field());
    }
}
