//! `$batch`: several requests in one, as Graph has them in JSON. They run in order; one may wait for others.

use std::collections::{HashMap, HashSet};

use axum::body::{Bytes, to_bytes};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::answer::{Answer, CLIENT_REQUEST_ID, finish};
use super::call::VERSION;
use super::serve_one;
use crate::errors::{any, graph};
use crate::http::errors::{ApiError, json as json_answer};
use crate::http::request::parse_json;
use crate::state::App;

/// Most requests in one, as in Graph.
const MOST: usize = 20;

/// Largest answer of one request that is put into the answer of all.
const ANSWER_BYTES: usize = 4 * 1024 * 1024;

#[derive(Deserialize)]
struct Batch {
    requests: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Step {
    id: String,
    method: String,
    url: String,
    #[serde(default)]
    headers: Map<String, Value>,
    body: Option<Value>,
    #[serde(default)]
    depends_on: Vec<String>,
}

/// Runs the requests of a batch for the caller of the batch.
pub(super) async fn batch(app: &App, outer: &Parts, body: &Bytes) -> Answer {
    let batch: Batch =
        parse_json(body, &any::BODY_MALFORMED)?.ok_or_else(|| ApiError::new(&any::BODY_MISSING))?;
    check(&batch.requests)?;
    let mut answers = Vec::with_capacity(batch.requests.len());
    let mut failed: HashMap<&str, bool> = HashMap::new();
    for step in &batch.requests {
        let blocked = step
            .depends_on
            .iter()
            .any(|id| failed.get(id.as_str()).copied().unwrap_or(true));
        let headers = headers_of(step, &outer.headers);
        let response = if blocked {
            let refused = ApiError::new(&graph::FAILED_DEPENDENCY);
            finish(&headers, axum::response::IntoResponse::into_response(refused)).await
        } else {
            run(app, outer, step, headers).await
        };
        failed.insert(&step.id, !response.status().is_success());
        answers.push(answer_of(&step.id, response).await);
    }
    Ok(json_answer(StatusCode::OK, &json!({ "responses": answers })))
}

fn check(steps: &[Step]) -> Result<(), ApiError> {
    let refused = |message: String| Err(ApiError::new(&graph::BATCH_INVALID).with_message(message));
    if steps.is_empty() {
        return refused("The batch holds no request.".to_owned());
    }
    if steps.len() > MOST {
        return refused(format!(
            "Number of batch request steps exceeds the maximum value of {MOST}."
        ));
    }
    let mut known = HashSet::new();
    for step in steps {
        if step.id.is_empty() || step.id.len() > 128 || !known.insert(step.id.as_str()) {
            return refused("Each request of a batch needs an id of its own.".to_owned());
        }
        if step
            .depends_on
            .iter()
            .any(|id| *id == step.id || !known.contains(id.as_str()))
        {
            return refused("A request of a batch can depend on requests before it.".to_owned());
        }
    }
    Ok(())
}

fn headers_of(step: &Step, outer: &HeaderMap) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in &step.headers {
        let name = HeaderName::from_bytes(name.as_bytes());
        let value = value.as_str().and_then(|text| HeaderValue::from_str(text).ok());
        if let (Ok(name), Some(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    for name in [header::AUTHORIZATION, CLIENT_REQUEST_ID] {
        if let (false, Some(value)) = (headers.contains_key(&name), outer.get(&name)) {
            headers.insert(name, value.clone());
        }
    }
    headers
}

async fn run(app: &App, outer: &Parts, step: &Step, headers: HeaderMap) -> Response {
    let request = match request_of(step) {
        Ok(request) => request,
        Err(error) => {
            return finish(&headers, axum::response::IntoResponse::into_response(error)).await;
        }
    };
    let (mut parts, body) = request.into_parts();
    parts.headers = headers;
    // Where the connection comes from stays what it is.
    parts.extensions = outer.extensions.clone();
    // A batch in a batch would never end; `serve_one` has none.
    Box::pin(serve_one(app, parts, body)).await
}

fn request_of(step: &Step) -> Result<Request<Bytes>, ApiError> {
    let invalid = || ApiError::new(&graph::BATCH_INVALID);
    let method = Method::from_bytes(step.method.to_ascii_uppercase().as_bytes()).map_err(|_| invalid())?;
    let path = step.url.trim_start_matches('/');
    // Clients write `$filter=a eq 'b'` as it is.
    let path = path.replace(' ', "%20");
    let uri: Uri = format!("{VERSION}/{path}").parse().map_err(|_| invalid())?;
    let body = match &step.body {
        None | Some(Value::Null) => Bytes::new(),
        Some(Value::String(text)) => STANDARD.decode(text).map_err(|_| invalid())?.into(),
        Some(value) => value.to_string().into(),
    };
    Request::builder()
        .method(method)
        .uri(uri)
        .body(body)
        .map_err(|_| invalid())
}

async fn answer_of(id: &str, response: Response) -> Value {
    let (parts, body) = response.into_parts();
    let headers: Map<String, Value> = parts
        .headers
        .iter()
        .filter_map(|(name, value)| Some((title_case(name.as_str()), json!(value.to_str().ok()?))))
        .collect();
    let mut answer = json!({ "id": id, "status": parts.status.as_u16(), "headers": headers });
    if let Ok(bytes) = to_bytes(body, ANSWER_BYTES).await
        && !bytes.is_empty()
    {
        let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| Value::String(STANDARD.encode(&bytes)));
        if let Some(members) = answer.as_object_mut() {
            members.insert("body".to_owned(), body);
        }
    }
    answer
}

/// `Content-Type`, as Graph writes the names in a batch and as clients look for them.
fn title_case(name: &str) -> String {
    let words: Vec<String> = name
        .split('-')
        .map(|word| {
            let mut letters = word.chars();
            letters
                .next()
                .map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
                .unwrap_or_default()
        })
        .collect();
    words.join("-")
}
