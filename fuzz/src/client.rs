//! What a service answers to our clients.

use std::sync::Arc;

use anteroom_identity::client::pipeline::{Authentication, Method, Pager, Pipeline, ScriptedTransport};
use anteroom_identity::client::{
    AzureKeyCredential, ClientOptions, CommunicationTokenCredential, Error, RetryOptions,
};
use futures_util::{FutureExt as _, StreamExt as _};
use serde_json::Value;

/// An answer: status, header fields, an empty line, the body. Read as a value, as the first page of a list, and the
/// body as a token.
pub fn client_answer(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.parse().ok()).unwrap_or(200);
    let fields: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(": ")).collect();
    // A list may lead from page to page; here every page is the same.
    let transport = (0..4).fold(ScriptedTransport::new(), |transport, _| {
        transport.answer(status, &fields, body)
    });
    let options = ClientOptions::new()
        .with_transport(Arc::new(transport.clone()))
        .with_retry(RetryOptions {
            max_retries: 0,
            ..RetryOptions::default()
        });
    let key = AzureKeyCredential::new("c2VjcmV0").expect("a key");
    let pipeline = Pipeline::new(
        "https://acs.example",
        "2023-10-01",
        Authentication::Key(key),
        options,
    )
    .expect("the endpoint is good");
    let request = pipeline.request(Method::Get, "/x");
    let outcome = pipeline
        .json::<Value>(request.clone(), &[200])
        .now_or_never()
        .expect("nothing waits");
    if let Err(error) = outcome {
        assert_eq!(error.status().is_some(), !(200..300).contains(&status));
        assert!(!error.to_string().contains(char::is_control));
    }
    let items = Pager::<Value>::new(pipeline, request)
        .map(|item| item.map_err(|error| matches!(error, Error::Refused(_))))
        .collect::<Vec<_>>()
        .now_or_never()
        .expect("nothing waits");
    assert!(
        items.iter().rev().skip(1).all(Result::is_ok),
        "a list ends with its first error"
    );
    for request in transport.requests() {
        assert_eq!(request.authority(), "acs.example");
    }
    let _ = CommunicationTokenCredential::new(body);
}
