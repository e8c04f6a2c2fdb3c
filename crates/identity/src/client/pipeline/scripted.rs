//! A transport for tests.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::message::{Headers, Request, Response};
use super::{BoxFuture, Transport, TransportError};

/// Gives prepared answers one after the other and remembers what was asked; for tests without a network.
///
/// Clones share both. Without a further answer the connection fails.
#[derive(Clone, Default)]
pub struct ScriptedTransport {
    inner: Arc<Mutex<Script>>,
}

#[derive(Default)]
struct Script {
    answers: VecDeque<Result<Response, TransportError>>,
    requests: Vec<Request>,
}

impl ScriptedTransport {
    /// Without answers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With a further answer: status, header fields and body.
    #[must_use]
    pub fn answer(self, status: u16, fields: &[(&str, &str)], body: &str) -> Self {
        let mut headers = Headers::default();
        for (name, value) in fields {
            headers.set(name, value);
        }
        let body = body.to_owned().into();
        self.push(Ok(Response {
            status,
            headers,
            body,
        }))
    }

    /// With a failure in place of a further answer.
    #[must_use]
    pub fn fail(self, error: TransportError) -> Self {
        self.push(Err(error))
    }

    fn push(self, outcome: Result<Response, TransportError>) -> Self {
        self.lock().answers.push_back(outcome);
        self
    }

    /// The requests so far, in their order.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.lock().requests.clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Script> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Transport for ScriptedTransport {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        let mut script = self.lock();
        script.requests.push(request);
        let outcome = script.answers.pop_front().unwrap_or_else(|| {
            Err(TransportError::Connect(
                "the script has no further answer".to_owned(),
            ))
        });
        Box::pin(std::future::ready(outcome))
    }
}

impl fmt::Debug for ScriptedTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptedTransport")
            .field("answers", &self.lock().answers.len())
            .finish_non_exhaustive()
    }
}
