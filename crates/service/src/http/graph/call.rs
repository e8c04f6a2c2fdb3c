//! One request, read.

use anteroom_teams_link::graph::odata::QueryOptions;
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, Method, Uri};
use serde_json::{Map, Value};

use super::caller::GraphCaller;
use super::resource::{NoResource, Resource};
use crate::errors::{any, graph};
use crate::http::errors::ApiError;
use crate::http::request::parse_json;
use crate::state::App;

/// Path under which everything of Graph is.
pub(super) const VERSION: &str = "/v1.0";

/// What stands in a request besides its caller.
pub(super) struct Call {
    pub(super) app: App,
    pub(super) caller: GraphCaller,
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) options: QueryOptions,
    pub(super) prefer: Prefer,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// The wishes of `Prefer` that mean something here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Prefer {
    /// `include-unknown-enum-members`: newer members of enumerations by their names.
    pub(super) unknown_enum_members: bool,
    /// `outlook.timezone`: the zone that events are told in.
    pub(super) time_zone: Option<String>,
    /// `odata.maxpagesize`
    pub(super) page_size: Option<u32>,
    /// `outlook.body-content-type="text"`
    pub(super) text_body: bool,
}

impl Prefer {
    pub(super) fn read(headers: &HeaderMap) -> Self {
        let mut prefer = Self::default();
        let texts = headers
            .get_all("prefer")
            .iter()
            .filter_map(|value| value.to_str().ok());
        for wish in texts.flat_map(|text| text.split([',', ';'])) {
            let (name, value) = wish.split_once('=').unwrap_or((wish, ""));
            let value = value.trim().trim_matches('"');
            match name.trim().to_ascii_lowercase().as_str() {
                "include-unknown-enum-members" => prefer.unknown_enum_members = true,
                "outlook.timezone" => prefer.time_zone = Some(value.to_owned()),
                "odata.maxpagesize" | "maxpagesize" => {
                    prefer.page_size = value.parse().ok().filter(|size| *size > 0);
                }
                "outlook.body-content-type" => prefer.text_body = value.eq_ignore_ascii_case("text"),
                _ => {}
            }
        }
        prefer
    }

    /// For the header `Preference-Applied`.
    pub(super) fn applied(&self) -> Option<String> {
        let mut applied = Vec::new();
        if self.unknown_enum_members {
            applied.push("include-unknown-enum-members".to_owned());
        }
        if let Some(zone) = &self.time_zone
            && zone.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
        {
            applied.push(format!("outlook.timezone=\"{zone}\""));
        }
        (!applied.is_empty()).then(|| applied.join(", "))
    }
}

/// Reads which resource is meant and whether it has the method: what can be said without knowing who asks.
pub(super) fn resource_of(method: &Method, uri: &Uri) -> Result<Resource, ApiError> {
    let path = uri.path().get(VERSION.len()..).unwrap_or_default();
    let resource = Resource::parse(path).map_err(|error| match error {
        NoResource::Malformed => ApiError::new(&any::PATH_MALFORMED),
        NoResource::Unknown { segment } => {
            let segment: String = segment.chars().take(100).collect();
            ApiError::new(&graph::SEGMENT_UNKNOWN)
                .with_message(format!("Resource not found for the segment '{segment}'."))
        }
    })?;
    if resource.methods().contains(&method.as_str()) {
        Ok(resource)
    } else {
        Err(ApiError::new(&any::METHOD_NOT_ALLOWED))
    }
}

impl Call {
    /// The body as a JSON object, without annotations.
    pub(super) fn object(&self) -> Result<Map<String, Value>, ApiError> {
        let value: Option<Value> = parse_json(&self.body, &any::BODY_MALFORMED)?;
        match value {
            Some(Value::Object(mut members)) => {
                strip_annotations(&mut members);
                Ok(members)
            }
            Some(_) => Err(ApiError::new(&any::BODY_MALFORMED)
                .with_message("The request body could not be understood (line 1, column 1).")),
            None => Err(ApiError::new(&any::BODY_MISSING)),
        }
    }

    /// `<endpoint>/v1.0/$metadata#<what>`
    pub(super) fn context(&self, what: &str) -> String {
        format!("{}{VERSION}/$metadata#{what}", self.app.issuer())
    }

    /// The address of this request with another `$skiptoken`.
    pub(super) fn next_link(&self, token: &str) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in url::form_urlencoded::parse(self.uri.query().unwrap_or_default().as_bytes()) {
            let bare = name.strip_prefix('$').unwrap_or(&name).to_ascii_lowercase();
            if bare != "skiptoken" && bare != "skip" {
                query.append_pair(&name, &value);
            }
        }
        query.append_pair("$skiptoken", token);
        // Clients that split queries themselves know `%20` and not `+`.
        let query = query
            .finish()
            .replace('+', "%20")
            .replace("%24skiptoken", "$skiptoken");
        format!("{}{}?{query}", self.app.issuer(), self.uri.path())
    }

    /// Whether the client takes an answer that may be a little old, which Graph wants for some queries.
    pub(super) fn is_eventual(&self) -> bool {
        let level = self.header(&HeaderName::from_static("consistencylevel"));
        level.is_some_and(|level| level.trim().eq_ignore_ascii_case("eventual"))
    }

    /// The text of a header.
    pub(super) fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// Takes `@odata.type` and its kind away: they say nothing that is not known here.
fn strip_annotations(members: &mut Map<String, Value>) {
    members.retain(|name, _| !name.contains('@'));
    // JSON is bounded in depth by its parser.
    for value in members.values_mut() {
        strip_value(value);
    }
}

fn strip_value(value: &mut Value) {
    match value {
        Value::Object(members) => strip_annotations(members),
        Value::Array(items) => {
            for item in items {
                strip_value(item);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn reads_preferences() {
        let mut headers = HeaderMap::new();
        headers.append(
            "prefer",
            HeaderValue::from_static("include-unknown-enum-members, odata.maxpagesize=5"),
        );
        headers.append(
            "prefer",
            HeaderValue::from_static("outlook.timezone=\"Europe/Berlin\""),
        );
        let prefer = Prefer::read(&headers);
        assert!(prefer.unknown_enum_members && !prefer.text_body);
        assert_eq!(prefer.page_size, Some(5));
        assert_eq!(prefer.time_zone.as_deref(), Some("Europe/Berlin"));
        assert_eq!(
            prefer.applied().unwrap(),
            "include-unknown-enum-members, outlook.timezone=\"Europe/Berlin\""
        );
        assert_eq!(Prefer::read(&HeaderMap::new()).applied(), None);
    }

    #[test]
    fn annotations_say_nothing() {
        let mut value =
            serde_json::json!({"@odata.type": "x", "a": [{"b@odata.bind": 1, "c": {"@odata.type": 2}}]});
        strip_value(&mut value);
        assert_eq!(value, serde_json::json!({"a": [{"c": {}}]}));
    }
}
