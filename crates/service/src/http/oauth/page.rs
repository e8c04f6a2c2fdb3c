//! The issuer's pages for people: plain HTML that works without scripts.

use std::fmt::Write as _;

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use url::Url;

use super::request::Destination;

/// A page with a form to sign in.
pub(super) struct SignIn<'a> {
    /// Where the form goes: the tenant of the path.
    pub(super) tenant: &'a str,
    /// The authorization request as it came, which the form brings back.
    pub(super) request: &'a str,
    /// Shows that the form is ours.
    pub(super) guard: &'a str,
    pub(super) to: &'a Destination,
    /// What went wrong before.
    pub(super) problem: Option<&'a str>,
    /// Whether people of the tenant sign in with passwords.
    pub(super) passwords: bool,
    /// The external providers: names, and where they are gone to.
    pub(super) providers: &'a [(String, String)],
    pub(super) step: Step<'a>,
}

/// What the form asks for.
pub(super) enum Step<'a> {
    /// Name and password; the name may be known.
    Password { upn: &'a str },
    /// To go on as whoever is signed in.
    Account { name: &'a str, upn: &'a str },
}

/// The page with the form.
pub(super) fn sign_in(page: &SignIn<'_>, status: StatusCode) -> Response {
    let mut body = String::from("<h1>Sign in</h1>");
    let name = escaped(&page.to.client.name);
    let _ = match &page.to.device {
        None => write!(body, "<p class=\"lead\">to continue to <b>{name}</b></p>"),
        // Somebody else may have sent the code (RFC 8628 §5.4).
        Some(code) => write!(
            body,
            "<p class=\"lead\">to continue to <b>{name}</b> on the device that shows the code <b>{}</b></p>\
             <p>Go on only if you started this yourself, on a device of yours.</p>",
            escaped(&super::device::shown(code))
        ),
    };
    if let Some(problem) = page.problem {
        let _ = write!(
            body,
            "<p class=\"form-problem\" role=\"alert\">{}</p>",
            escaped(problem)
        );
    }
    let _ = write!(
        body,
        "<input type=\"hidden\" name=\"request\" value=\"{}\"><input type=\"hidden\" name=\"guard\" value=\"{}\">",
        escaped(page.request),
        escaped(page.guard)
    );
    match page.step {
        Step::Password { .. } if !page.passwords => {}
        Step::Password { upn } => {
            let _ = write!(
                body,
                "<label class=\"field\" for=\"upn\"><span>User name</span><input id=\"upn\" name=\"username\" type=\"text\" \
                 inputmode=\"email\" autocomplete=\"username\" autocapitalize=\"none\" spellcheck=\"false\" required{}{}></label>\
                 <label class=\"field\" for=\"password\"><span>Password</span><input id=\"password\" name=\"password\" \
                 type=\"password\" autocomplete=\"current-password\" required{}></label>\
                 <button type=\"submit\" class=\"primary wide\" name=\"step\" value=\"password\">Sign in</button>",
                if upn.is_empty() { " autofocus" } else { "" },
                value(upn),
                if upn.is_empty() { "" } else { " autofocus" },
            );
        }
        Step::Account { name, upn } => {
            let _ = write!(
                body,
                "<p class=\"account\"><b>{}</b><span>{}</span></p>\
                 <button type=\"submit\" class=\"primary wide\" name=\"step\" value=\"continue\" autofocus>Continue</button>\
                 <button type=\"submit\" class=\"wide\" name=\"step\" value=\"other\">Use another account</button>",
                escaped(name),
                escaped(upn)
            );
        }
    }
    if matches!(page.step, Step::Password { .. }) {
        for (name, address) in page.providers {
            let _ = write!(
                body,
                "<a class=\"button wide\" href=\"{}\">Sign in with {}</a>",
                escaped(address),
                escaped(name)
            );
        }
    }
    // The browser's own checks would keep somebody without a password from going back.
    body.push_str(
        "<button type=\"submit\" class=\"quiet wide\" name=\"step\" value=\"cancel\" formnovalidate>Cancel</button>",
    );
    let action = format!("/{}/login", escaped(page.tenant));
    let form = format!("<form class=\"sign-in\" method=\"post\" action=\"{action}\">{body}</form>");
    // Browsers hold the redirect that follows a form to this rule, too.
    html(status, "Sign in", &form, &origin(&page.to.redirect_uri))
}

/// A page that brings an answer to a redirect URI as a form (OAuth 2.0 Form Post Response Mode).
pub(super) fn form_post(to: &Destination, answer: &[(&'static str, String)]) -> Response {
    let mut fields = String::new();
    for (name, value) in answer {
        let _ = write!(
            fields,
            "<input type=\"hidden\" name=\"{name}\" value=\"{}\">",
            escaped(value)
        );
    }
    let form = format!(
        "<form class=\"sign-in\" method=\"post\" action=\"{}\"><h1>One moment</h1>{fields}\
         <button type=\"submit\" class=\"primary wide\">Continue</button></form>\
         <script src=\"/assets/form-post.js\"></script>",
        escaped(&to.redirect_uri)
    );
    html(StatusCode::OK, "One moment", &form, &origin(&to.redirect_uri))
}

/// The page on which a person types the code that a device shows (RFC 8628 §3.3).
pub(super) fn device(tenant: &str, guard: &str, code: &str, problem: Option<&str>) -> Response {
    let problem = problem.map_or_else(String::new, |problem| {
        format!(
            "<p class=\"form-problem\" role=\"alert\">{}</p>",
            escaped(problem)
        )
    });
    let body = format!(
        "<form class=\"sign-in\" method=\"post\" action=\"/{}/device\"><h1>Sign in on a device</h1>{problem}\
         <input type=\"hidden\" name=\"guard\" value=\"{}\">\
         <label class=\"field\" for=\"code\"><span>Code that the device shows</span><input id=\"code\" name=\"user_code\" \
         type=\"text\" autocomplete=\"off\" autocapitalize=\"characters\" spellcheck=\"false\" required autofocus{}></label>\
         <button type=\"submit\" class=\"primary wide\">Next</button></form>",
        escaped(tenant),
        escaped(guard),
        value(code)
    );
    let status = if problem.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::BAD_REQUEST
    };
    html(status, "Sign in on a device", &body, "")
}

/// A page that only says something.
pub(super) fn message(status: StatusCode, title: &str, text: &str) -> Response {
    let body = format!(
        "<div class=\"sign-in\"><h1>{}</h1><p>{}</p></div>",
        escaped(title),
        escaped(text)
    );
    html(status, title, &body, "")
}

/// `form_action`: where forms may lead besides here.
fn html(status: StatusCode, title: &str, body: &str, form_action: &str) -> Response {
    let document = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{} · Anteroom</title>\
         <link rel=\"icon\" href=\"/assets/favicon.svg\" type=\"image/svg+xml\">\
         <link rel=\"stylesheet\" href=\"/assets/base.css\"><link rel=\"stylesheet\" href=\"/assets/sign-in.css\">\
         </head><body><main class=\"sign-in-page\"><p class=\"brand\">Anteroom</p>{body}</main></body></html>",
        escaped(title)
    );
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; \
         form-action 'self' {form_action}; frame-ancestors 'none'"
    );
    let mut response = (status, document).into_response();
    // Told apart from what a library refused by itself.
    response.extensions_mut().insert(crate::http::errors::Catalogued);
    let headers = response.headers_mut();
    let fixed = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_FRAME_OPTIONS, "DENY"),
        // With less, browsers would not say where a form comes from.
        (header::REFERRER_POLICY, "same-origin"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// What stands for a redirect URI in `form-action`: its origin, or its scheme where there is none.
fn origin(redirect_uri: &str) -> String {
    match Url::parse(redirect_uri) {
        Ok(url) if url.origin().is_tuple() => url.origin().ascii_serialization(),
        Ok(url) => format!("{}:", url.scheme()),
        Err(_) => String::new(),
    }
}

fn value(text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!(" value=\"{}\"", escaped(text))
    }
}

/// Text for HTML, in elements and in quoted attributes.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        assert_eq!(
            escaped("<b a=\"x\" c='&'>"),
            "&lt;b a=&quot;x&quot; c=&#39;&amp;&#39;&gt;"
        );
    }

    #[test]
    fn a_form_may_lead_to_the_redirect_uri_alone() {
        for (uri, expected) in [
            ("https://app.example/cb?x=1", "https://app.example"),
            ("http://localhost:5321", "http://localhost:5321"),
            ("com.example.app:/cb", "com.example.app:"),
        ] {
            assert_eq!(origin(uri), expected);
        }
    }
}
