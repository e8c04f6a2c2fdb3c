//! The clinic's pages.

use axum::Form;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum_extra::extract::cookie::SignedCookieJar;
use serde::Deserialize;
use time::OffsetDateTime;

use crate::Broker;
use crate::session::{Customer, Refused, Session};
use crate::tokens;

/// The demo login's customers: id and name.
pub const DEMO_CUSTOMERS: [(&str, &str); 2] = [("dana", "Dana Novak"), ("lee", "Lee Park")];

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// `GET /`: the appointment, or the ways to log in.
pub async fn home(State(broker): State<Broker>, session: Option<Session>, jar: SignedCookieJar) -> Response {
    // Forms need a CSRF token before the login, too.
    let (session, jar) = match session {
        Some(session) => (session, jar),
        None => {
            let session = Session::new(None, OffsetDateTime::now_utc());
            let jar = session.store(jar, &broker.parts().public_url);
            (session, jar)
        }
    };
    let body = match &session.customer {
        Some(customer) => appointment(customer, session.csrf()),
        None => logins(&broker, session.csrf()),
    };
    (jar, Html(document(session.csrf(), &body))).into_response()
}

/// `GET /assets/page.js`
pub async fn script() -> impl IntoResponse {
    let kind = [(header::CONTENT_TYPE, "text/javascript; charset=utf-8")];
    (kind, include_str!("../assets/page.js"))
}

/// `GET /assets/page.css`
pub async fn style() -> impl IntoResponse {
    let kind = [(header::CONTENT_TYPE, "text/css; charset=utf-8")];
    (kind, include_str!("../assets/page.css"))
}

/// The form of `POST /login/demo`.
#[derive(Debug, Deserialize)]
pub struct DemoLogin {
    csrf: String,
    customer: String,
}

/// `POST /login/demo`: becomes one of [`DEMO_CUSTOMERS`], without a password.
///
/// # Errors
/// 404 where there is no demo login, 403 for what is not our form, 400 for nobody we know.
pub async fn demo_login(
    State(broker): State<Broker>,
    session: Option<Session>,
    jar: SignedCookieJar,
    Form(form): Form<DemoLogin>,
) -> Result<Response, Response> {
    if !broker.parts().demo_login {
        return Err(StatusCode::NOT_FOUND.into_response());
    }
    check(session, &form.csrf).map_err(IntoResponse::into_response)?;
    let (id, name) = DEMO_CUSTOMERS
        .into_iter()
        .find(|(id, _)| *id == form.customer)
        .ok_or_else(|| StatusCode::BAD_REQUEST.into_response())?;
    let customer = Customer {
        id: format!("demo:{id}"),
        name: name.to_owned(),
    };
    Ok(logged_in(&broker, jar, customer))
}

/// A new session, never the one from before the login, and back to the start page.
pub(crate) fn logged_in(broker: &Broker, jar: SignedCookieJar, customer: Customer) -> Response {
    let session = Session::new(Some(customer), OffsetDateTime::now_utc());
    (session.store(jar, &broker.parts().public_url), Redirect::to("/")).into_response()
}

/// The form of `POST /logout`.
#[derive(Debug, Deserialize)]
pub struct Logout {
    csrf: String,
}

/// `POST /logout`: takes the tokens back, too; a tab that is still in a call is out of it.
///
/// # Errors
/// 403 for what is not our form, 503 when the tokens could not be taken back; then the session stays.
pub async fn logout(
    State(broker): State<Broker>,
    session: Option<Session>,
    jar: SignedCookieJar,
    Form(form): Form<Logout>,
) -> Result<Response, Response> {
    let session = check(session, &form.csrf).map_err(IntoResponse::into_response)?;
    if let Some(customer) = &session.customer {
        tokens::revoke(&broker, customer).await.map_err(|error| {
            tracing::error!(%error, "tokens could not be revoked");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "You are still logged in. Try again in a minute.",
            )
                .into_response()
        })?;
    }
    let session = Session::new(None, OffsetDateTime::now_utc());
    let jar = session.store(jar, &broker.parts().public_url);
    Ok((jar, Redirect::to("/")).into_response())
}

fn check(session: Option<Session>, csrf: &str) -> Result<Session, Refused> {
    let session = session.ok_or(Refused::NotLoggedIn)?;
    session.check_csrf(csrf)?;
    Ok(session)
}

/// Nothing from elsewhere, no frames, nothing kept: the answers hold tokens.
pub async fn security_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn logins(broker: &Broker, csrf: &str) -> String {
    let mut body = "<p>Log in to see your appointments.</p>\n".to_owned();
    if broker.parts().oidc.is_some() {
        body.push_str("<p><a class=\"button\" href=\"/login/oidc\">Log in</a></p>\n");
    }
    if broker.parts().demo_login {
        let buttons: String = DEMO_CUSTOMERS
            .iter()
            .map(|(id, name)| format!("<button name=\"customer\" value=\"{id}\">{name}</button>\n"))
            .collect();
        let csrf = escape(csrf);
        body.push_str(&format!(
            "<form method=\"post\" action=\"/login/demo\">\n<p>Demo: be one of these.</p>\n\
             <input type=\"hidden\" name=\"csrf\" value=\"{csrf}\">\n{buttons}</form>\n"
        ));
    }
    body
}

fn appointment(customer: &Customer, csrf: &str) -> String {
    let (name, csrf) = (escape(&customer.name), escape(csrf));
    format!(
        "<p>Good to see you, <strong>{name}</strong>.</p>\n\
         <p>Your consultation is open. The doctor will let you in.</p>\n\
         <p><button id=\"join\" disabled>Join the consultation</button></p>\n\
         <p id=\"state\" role=\"status\">Preparing …</p>\n\
         <form method=\"post\" action=\"/logout\">\n\
         <input type=\"hidden\" name=\"csrf\" value=\"{csrf}\">\n<button>Log out</button>\n</form>\n\
         <script src=\"/assets/page.js\" type=\"module\"></script>\n"
    )
}

fn document(csrf: &str, body: &str) -> String {
    let csrf = escape(csrf);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<meta name=\"csrf\" content=\"{csrf}\">\n\
         <title>Riverside Clinic</title>\n<link rel=\"stylesheet\" href=\"/assets/page.css\">\n</head>\n\
         <body>\n<main>\n<h1>Riverside Clinic</h1>\n{body}</main>\n</body>\n</html>\n"
    )
}

/// Text within HTML and within quoted attributes.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_text() {
        let customer = Customer {
            id: "x".to_owned(),
            name: "<script>'\"&".to_owned(),
        };
        let page = appointment(&customer, "\"><b>");
        assert!(page.contains("&lt;script&gt;&#39;&quot;&amp;"));
        assert!(page.contains("&quot;&gt;&lt;b&gt;"));
    }
}
