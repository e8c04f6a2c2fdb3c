//! Identifiers, connection strings and request signing.

use std::time::Duration;

use anteroom_chat::wire::identifier::IdentifierModel;
use anteroom_identity::id::CommunicationIdentifier;
use anteroom_identity::signing::{
    AccessKey, ConnectionString, RequestToVerify, SignatureError, sign_request, verify_request,
};
use time::OffsetDateTime;
use url::form_urlencoded;

/// A raw identifier as text, and as an object in JSON; what is read is written the same.
pub fn identifiers(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(id) = text.parse::<CommunicationIdentifier>()
    {
        assert_eq!(id.to_string(), text);
        let model = IdentifierModel::from(&id);
        let json = serde_json::to_vec(&model).expect("an identifier has a JSON form");
        let again: IdentifierModel = serde_json::from_slice(&json).expect("what was written is read");
        assert_eq!(again, model);
        assert_eq!(CommunicationIdentifier::try_from(again), Ok(id));
    }
    if let Ok(model) = serde_json::from_slice::<IdentifierModel>(data)
        && let Ok(id) = CommunicationIdentifier::try_from(model)
    {
        let again = CommunicationIdentifier::try_from(IdentifierModel::from(&id));
        assert_eq!(again, Ok(id));
    }
}

/// A connection string; what is read, written and read again is the same.
pub fn connection_string(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(connection) = text.parse::<ConnectionString>() else {
        return;
    };
    assert!(matches!(connection.endpoint.scheme(), "http" | "https"));
    let secret = connection.to_secret_string();
    let again: ConnectionString = secret.parse().expect("what was written is read");
    assert_eq!(again.endpoint, connection.endpoint);
    assert_eq!(again.to_secret_string(), secret);
}

/// A request signed in one form and received in another: `method`, target as sent, target as signed, host as sent, host
/// as signed, body, one a line. It is accepted exactly if the form that was signed is one that official SDKs sign for
/// what was sent, which is computed here once more.
pub fn hmac_signature(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let mut lines = text.splitn(6, '\n');
    let mut next = || lines.next().unwrap_or_default();
    let (method, sent, signed, host, signed_host, body) = (next(), next(), next(), next(), next(), next());
    let key = AccessKey::from_base64("c2VjcmV0").expect("a key");
    let now = OffsetDateTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let headers = sign_request(method, signed, signed_host, now, body.as_bytes(), &key);
    let hosts = [host.to_owned(), "public.example".to_owned()];
    let request = RequestToVerify {
        method,
        raw_target: sent,
        hosts: &hosts,
        date: None,
        x_ms_date: Some(&headers.date),
        content_sha256: Some(&headers.content_sha256),
        authorization: Some(&headers.authorization),
        body: body.as_bytes(),
    };
    let skew = Duration::from_secs(300);
    let expected =
        if forms(sent).iter().any(|form| form == signed) && hosts.iter().any(|host| host == signed_host) {
            Ok(0)
        } else {
            Err(SignatureError::Signature)
        };
    assert_eq!(
        verify_request(&request, std::slice::from_ref(&key), now, skew),
        expected
    );

    let other = [body.as_bytes(), b"x"].concat();
    let changed = RequestToVerify {
        body: &other,
        ..request
    };
    assert!(verify_request(&changed, std::slice::from_ref(&key), now, skew).is_err());
    let stranger = AccessKey::from_base64("b3RoZXI=").expect("a key");
    assert!(verify_request(&request, &[stranger], now, skew).is_err());
}

/// As sent; percent-decoded; the query as a form.
fn forms(target: &str) -> Vec<String> {
    let mut forms = vec![target.to_owned()];
    let mut bytes = Vec::new();
    let mut rest = target.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let escaped = (*first == b'%')
            .then(|| tail.get(..2))
            .flatten()
            .and_then(|digits| Some((hex(digits[0])? << 4) | hex(digits[1])?));
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &tail[2..] } else { tail };
    }
    forms.push(String::from_utf8_lossy(&bytes).into_owned());
    if let Some((path, query)) = target.split_once('?') {
        let pairs = form_urlencoded::parse(query.as_bytes());
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish();
        forms.push(format!("{path}?{query}"));
    }
    forms
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}
