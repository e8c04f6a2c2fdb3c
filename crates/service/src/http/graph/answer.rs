//! Answers: entities, collections, and Graph's error envelope.

use anteroom_teams_link::graph::odata::{Direction, Expr, ODataError, Path, QueryOptions, lookup};
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{OffsetDateTime, UtcOffset};
use uuid::Uuid;

use super::call::{Call, Prefer};
use super::schema::EntityType;
use crate::errors::graph;
use crate::http::errors::{ApiError, json as json_answer};

/// Largest error body of our own.
const ERROR_BYTES: usize = 64 * 1024;

/// The name under which a client knows its request.
pub(super) const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("client-request-id");

/// What handlers give.
pub(super) type Answer = Result<Response, ApiError>;

/// A time as Graph writes it in `DateTimeOffset` properties: UTC, with a fraction where there is one.
pub(super) fn time_text(at: OffsetDateTime) -> String {
    at.to_offset(UtcOffset::UTC).format(&Rfc3339).unwrap_or_default()
}

/// One entity.
pub(super) fn entity(
    call: &Call,
    status: StatusCode,
    context: &str,
    kind: &EntityType,
    entity: Value,
) -> Answer {
    check_select(&call.options, kind)?;
    let mut members = vec![("@odata.context".to_owned(), json!(call.context(context)))];
    members.extend(selected(&call.options, entity));
    Ok(json_answer(status, &Map::from_iter(members)))
}

/// A function's plain value.
pub(super) fn value(call: &Call, value: &Value) -> Response {
    let body = json!({ "@odata.context": call.context("Edm.String"), "value": value });
    json_answer(StatusCode::OK, &body)
}

/// How a collection is cut into pages.
pub(super) struct Paging {
    /// Entities of a page where the client names none.
    pub(super) default: u32,
    /// Most entities of a page.
    pub(super) most: u32,
}

/// All entities that fit the request's options, a page of them.
///
/// # Errors
/// Options that do not fit the type.
pub(super) fn collection(
    call: &Call,
    context: &str,
    kind: &EntityType,
    mut entities: Vec<Value>,
    paging: &Paging,
) -> Answer {
    let options = &call.options;
    check_select(options, kind)?;
    if let Some(filter) = &options.filter {
        entities = filtered(filter, kind, entities)?;
    }
    sort(options, kind, &mut entities)?;
    let count = entities.len();
    let page = cut(call, &entities, paging)?;
    let (page, next) = (page.items.to_vec(), page.next);
    Ok(page_of(call, context, page, options.count.then_some(count), next))
}

/// A part of a list.
pub(super) struct Part<'e, T> {
    pub(super) items: &'e [T],
    /// The token of the next part, if there is one.
    pub(super) next: Option<String>,
}

/// The part that the request's options name.
pub(super) fn cut<'e, T>(call: &Call, items: &'e [T], paging: &Paging) -> Result<Part<'e, T>, ApiError> {
    let size = usize::try_from(page_size(call, paging)?).unwrap_or(usize::MAX);
    let from = start_of_page(&call.options)?;
    let next = from.saturating_add(size).min(items.len());
    Ok(Part {
        items: items.get(from..next).unwrap_or_default(),
        next: (next < items.len() && from < next).then(|| URL_SAFE_NO_PAD.encode(format!("o{next}"))),
    })
}

/// A page that was cut already.
pub(super) fn page_of(
    call: &Call,
    context: &str,
    page: Vec<Value>,
    count: Option<usize>,
    next: Option<String>,
) -> Response {
    let mut body = Map::new();
    body.insert("@odata.context".to_owned(), json!(call.context(context)));
    if let Some(count) = count {
        body.insert("@odata.count".to_owned(), json!(count));
    }
    if let Some(token) = next {
        body.insert("@odata.nextLink".to_owned(), json!(call.next_link(&token)));
    }
    let page: Vec<Value> = page
        .into_iter()
        .map(|entity| Value::Object(selected(&call.options, entity)))
        .collect();
    body.insert("value".to_owned(), json!(page));
    json_answer(StatusCode::OK, &body)
}

/// How many entities the client wants on a page.
pub(super) fn page_size(call: &Call, paging: &Paging) -> Result<u32, ApiError> {
    match call.options.top {
        Some(0) => Err(query_error(&format!(
            "Invalid page size specified: '0'. Must be between 1 and {} inclusive",
            paging.most
        ))),
        Some(top) => Ok(top.min(paging.most)),
        None => Ok(call.prefer.page_size.unwrap_or(paging.default).min(paging.most)),
    }
}

fn start_of_page(options: &QueryOptions) -> Result<usize, ApiError> {
    let skip = options.skip.and_then(|skip| usize::try_from(skip).ok());
    Ok(offset_of(options)?.or(skip).unwrap_or(0))
}

/// Where a page begins that a `$skiptoken` names.
pub(super) fn offset_of(options: &QueryOptions) -> Result<Option<usize>, ApiError> {
    let Some(token) = &options.skip_token else {
        return Ok(None);
    };
    URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| text.strip_prefix('o')?.parse().ok())
        .map(Some)
        .ok_or_else(|| query_error("The skip token is not valid"))
}

/// Fails for a filter on what the type does not have.
pub(super) fn check_filter(filter: &Expr, kind: &EntityType) -> Result<(), ApiError> {
    filter.paths().iter().try_for_each(|path| check_path(path, kind))
}

/// Whether a filter holds for an entity.
pub(super) fn matches(filter: &Expr, entity: &Value) -> Result<bool, ApiError> {
    filter
        .matches(entity)
        .map_err(|error| query_error(&error.to_string()))
}

fn filtered(filter: &Expr, kind: &EntityType, entities: Vec<Value>) -> Result<Vec<Value>, ApiError> {
    check_filter(filter, kind)?;
    let mut kept = Vec::new();
    for entity in entities {
        if matches(filter, &entity)? {
            kept.push(entity);
        }
    }
    Ok(kept)
}

fn sort(options: &QueryOptions, kind: &EntityType, entities: &mut [Value]) -> Result<(), ApiError> {
    for order in &options.order_by {
        check_path(&order.path, kind)?;
    }
    // The first of the list counts most.
    for order in options.order_by.iter().rev() {
        entities.sort_by(|left, right| {
            let ordered = sort_key(left, &order.path).cmp(&sort_key(right, &order.path));
            match order.direction {
                Direction::Ascending => ordered,
                Direction::Descending => ordered.reverse(),
            }
        });
    }
    Ok(())
}

fn sort_key(entity: &Value, path: &Path) -> (bool, String) {
    match lookup(entity, path) {
        Value::Null => (false, String::new()),
        Value::String(text) => (true, text.to_lowercase()),
        other => (true, other.to_string()),
    }
}

/// Fails for a `$select` of what the type does not have.
pub(super) fn check_select(options: &QueryOptions, kind: &EntityType) -> Result<(), ApiError> {
    options.select.iter().try_for_each(|path| check_path(path, kind))
}

fn check_path(path: &Path, kind: &EntityType) -> Result<(), ApiError> {
    let first = path.names().first().map_or("", String::as_str);
    if first == "*" || kind.has(first) {
        return Ok(());
    }
    let name: String = first.chars().take(64).collect();
    Err(query_error(&format!(
        "Could not find a property named '{name}' on type 'microsoft.graph.{}'",
        kind.name
    )))
}

/// Only what `$select` names, annotations, and what was expanded.
fn selected(options: &QueryOptions, entity: Value) -> Map<String, Value> {
    let Value::Object(mut members) = entity else {
        return Map::new();
    };
    let wanted = &options.select;
    if wanted.is_empty() || wanted.iter().any(|path| path.is(&["*"])) {
        return members;
    }
    members.retain(|name, _| {
        let named = |path: &Path| {
            path.names()
                .first()
                .is_some_and(|first| first.eq_ignore_ascii_case(name))
        };
        name.contains('@')
            || wanted.iter().any(named)
            || options.expand.iter().any(|expand| named(&expand.path))
    });
    members
}

/// 400 for a query option.
pub(super) fn query_error(what: &str) -> ApiError {
    ApiError::new(&graph::QUERY_INVALID).with_message(format!("{}.", what.trim_end_matches('.')))
}

impl From<ODataError> for ApiError {
    fn from(error: ODataError) -> Self {
        query_error(&error.to_string())
    }
}

/// What every answer of Graph has: ids of the request, the version of OData, in errors the inner error.
pub(super) async fn finish(headers: &HeaderMap, mut response: Response) -> Response {
    let request_id = Uuid::new_v4().to_string();
    let client_request_id = headers
        .get(&CLIENT_REQUEST_ID)
        .filter(|id| id.len() <= 128 && id.to_str().is_ok())
        .cloned();
    if response.status().is_client_error() || response.status().is_server_error() {
        let id = client_request_id.as_ref().and_then(|id| id.to_str().ok());
        response = with_inner_error(response, &request_id, id.unwrap_or(&request_id)).await;
    }
    let own = HeaderValue::from_str(&request_id).unwrap_or(HeaderValue::from_static("0"));
    let answer = response.headers_mut();
    let client_request_id = client_request_id.unwrap_or_else(|| own.clone());
    answer.insert(HeaderName::from_static("request-id"), own);
    answer.insert(CLIENT_REQUEST_ID, client_request_id);
    answer.insert(
        HeaderName::from_static("odata-version"),
        HeaderValue::from_static("4.0"),
    );
    answer
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-cache"));
    let applied = Prefer::read(headers).applied();
    if let Some(applied) = applied.and_then(|applied| HeaderValue::from_str(&applied).ok()) {
        answer.insert(HeaderName::from_static("preference-applied"), applied);
    }
    response
}

async fn with_inner_error(response: Response, request_id: &str, client_request_id: &str) -> Response {
    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, ERROR_BYTES).await.unwrap_or_default();
    let Ok(mut envelope) = serde_json::from_slice::<Value>(&bytes) else {
        return Response::from_parts(parts, Body::from(bytes));
    };
    if let Some(error) = envelope.get_mut("error").and_then(Value::as_object_mut) {
        let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
        let date = OffsetDateTime::now_utc().format(format).unwrap_or_default();
        error.insert(
            "innerError".to_owned(),
            json!({ "date": date, "request-id": request_id, "client-request-id": client_request_id }),
        );
    }
    parts.headers.remove(header::CONTENT_LENGTH);
    let text = serde_json::to_vec(&envelope).unwrap_or_default();
    (parts, text).into_response()
}
