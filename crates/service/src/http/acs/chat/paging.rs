//! Lists in pages.

use anteroom_chat::wire::rest::{Collection, parse_time};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use serde::Serialize;
use time::OffsetDateTime;

use crate::errors::chat as entry;
use crate::http::Surface;
use crate::http::errors::{ApiError, json};
use crate::http::request::{authority, query_values};

/// What a request for a page says.
pub(super) struct PageQuery {
    pub(super) size: Option<u32>,
    pub(super) skip: usize,
    pub(super) start_time: Option<String>,
    pub(super) sync_state: Option<String>,
}

impl PageQuery {
    pub(super) fn read(uri: &Uri) -> Result<Self, ApiError> {
        let first = |name| query_values(uri, name).next();
        let size = first("maxPageSize").map(|text| text.parse().map_err(|_| invalid("maxPageSize")));
        let skip = first("skip").map(|text| text.parse().map_err(|_| invalid("skip")));
        Ok(Self {
            size: size.transpose()?,
            skip: skip.transpose()?.unwrap_or(0),
            // A plus that a client did not encode is a space by now; there is no other in a time.
            start_time: first("startTime").map(|text| text.replace(' ', "+")),
            sync_state: first("syncState"),
        })
    }

    /// The time from which on to list.
    pub(super) fn start(&self) -> Result<Option<OffsetDateTime>, ApiError> {
        self.start_time
            .as_deref()
            .map(|text| parse_time(text).ok_or_else(|| invalid("startTime")))
            .transpose()
    }

    /// The link to the page that a list goes on with.
    pub(super) fn continued(&self, surface: Surface, uri: &Uri, headers: &HeaderMap, next: &str) -> String {
        let mut link = Link::new(surface, uri, headers);
        link.add("syncState", next);
        if let Some(size) = self.size {
            link.add("maxPageSize", &size.to_string());
        }
        if let Some(start) = &self.start_time {
            link.add("startTime", start);
        }
        link.finish(uri)
    }

    /// The page of a short list that is asked for, and the link to the next.
    pub(super) fn cut<'a, T>(
        &self,
        all: &'a [T],
        surface: Surface,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Result<(&'a [T], Option<String>), ApiError> {
        let size = usize::try_from(self.size.unwrap_or(u32::MAX)).unwrap_or(usize::MAX);
        if size == 0 {
            return Err(invalid("maxPageSize"));
        }
        let rest = all.get(self.skip..).unwrap_or_default();
        let page = rest.get(..size).unwrap_or(rest);
        let next = (page.len() < rest.len()).then(|| {
            let mut link = Link::new(surface, uri, headers);
            link.add("skip", &self.skip.saturating_add(page.len()).to_string());
            link.add("maxPageSize", &size.to_string());
            link.finish(uri)
        });
        Ok((page, next))
    }
}

pub(super) fn collection<T: Serialize>(value: Vec<T>, next_link: Option<String>) -> Response {
    json(StatusCode::OK, &Collection { value, next_link })
}

fn invalid(parameter: &'static str) -> ApiError {
    ApiError::new(&entry::BAD_REQUEST)
        .with_message(format!("The query parameter {parameter} is not valid."))
        .with_target(parameter)
}

/// A link to the next page: absolute, with the authority that the client called, with all parameters.
struct Link {
    base: String,
    query: url::form_urlencoded::Serializer<'static, String>,
}

impl Link {
    fn new(surface: Surface, uri: &Uri, headers: &HeaderMap) -> Self {
        let base = match authority(uri, headers) {
            Some(host) => format!("{}://{host}{}", surface.scheme(), uri.path()),
            None => uri.path().to_owned(),
        };
        Self {
            base,
            query: url::form_urlencoded::Serializer::new(String::new()),
        }
    }

    fn add(&mut self, name: &str, value: &str) {
        self.query.append_pair(name, value);
    }

    fn finish(mut self, uri: &Uri) -> String {
        if let Some(version) = query_values(uri, "api-version").next() {
            self.query.append_pair("api-version", &version);
        }
        format!("{}?{}", self.base, self.query.finish())
    }
}
