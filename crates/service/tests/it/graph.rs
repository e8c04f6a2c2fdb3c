//! Microsoft Graph: online meetings, calendars, chats, batches, and what is refused.

mod calendar;
mod callers;
mod chats;
mod limits;
mod meetings;
mod occurrences;
mod requests;
mod strangers;
mod users;

use reqwest::{Method, Response};
use serde_json::Value;

use crate::common::{Host, expect};

pub(crate) const ALICE: &str = "alice@contoso.example";
pub(crate) const BOB: &str = "bob@contoso.example";

/// Somebody who calls Graph.
pub(crate) struct Graph<'h> {
    pub(crate) host: &'h Host,
    pub(crate) token: String,
}

impl<'h> Graph<'h> {
    pub(crate) async fn of(host: &'h Host, upn: &str) -> Self {
        Self {
            host,
            token: host.sign_in(upn).await,
        }
    }

    pub(crate) async fn call(&self, method: Method, target: &str, body: Option<Value>) -> Response {
        self.call_with(method, target, body, &[]).await
    }

    pub(crate) async fn call_with(
        &self,
        method: Method,
        target: &str,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> Response {
        let url = self.host.url(&format!("/v1.0{target}"));
        let mut request = self.host.client.request(method, url).bearer_auth(&self.token);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await.unwrap()
    }

    pub(crate) async fn get(&self, target: &str) -> Value {
        expect(self.call(Method::GET, target, None).await, 200).await
    }

    pub(crate) async fn post(&self, target: &str, body: Value) -> Value {
        expect(self.call(Method::POST, target, Some(body)).await, 201).await
    }

    pub(crate) async fn patch(&self, target: &str, body: Value) -> Value {
        expect(self.call(Method::PATCH, target, Some(body)).await, 200).await
    }

    /// The code and message of a refusal.
    pub(crate) async fn refused(
        &self,
        method: Method,
        target: &str,
        body: Option<Value>,
        status: u16,
    ) -> (String, String) {
        let answer = expect(self.call(method, target, body).await, status).await;
        let inner = &answer["error"]["innerError"];
        assert!(
            inner["request-id"].is_string() && inner["date"].is_string(),
            "{answer}"
        );
        let text = |name: &str| answer["error"][name].as_str().unwrap().to_owned();
        (text("code"), text("message"))
    }
}

/// Percent-encodes everything.
pub(crate) fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
