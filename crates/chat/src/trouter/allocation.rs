//! JSON and text of the requests that come before a socket.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use super::Transport;

/// Answer of `GET /chat/config/realTimeNotifications`. The addresses have no trailing slash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RealTimeConfig {
    /// Before `/v4/a`.
    pub trouter_service_url: String,
    /// Before `/v3/registrations`.
    pub registrar_service_url: String,
    /// Any text but `int`.
    pub cloud_type: String,
}

/// Answer of `POST /v4/a`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allocation {
    /// Origin of the socket's service, with a slash at the end and without a path.
    pub socketio: String,
    /// Address of the endpoint; its path is the prefix of the notifications' `url`.
    pub url: String,
    /// Given to the registrar.
    pub surl: String,
    /// Base of call-backs; informational.
    #[serde(default)]
    pub curlb: String,
    /// Given back at every later request.
    pub connectparams: ConnectParams,
    /// Name of the endpoint; informational.
    #[serde(default)]
    pub id: String,
    /// Name of the connection, in later queries.
    #[serde(default)]
    pub ccid: String,
    /// Life of this allocation in seconds; text or number.
    #[serde(default, deserialize_with = "text_or_number")]
    pub ttl: String,
}

/// Values a client keeps and gives back, by name. Written to URLs as they are: letters, digits, `-` and `_` only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConnectParams(BTreeMap<String, Value>);

impl ConnectParams {
    /// Adds a value.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.0.insert(name.to_owned(), Value::String(value.into()));
        self
    }

    /// The text or number of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<String> {
        self.0.get(name).and_then(text)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `name=value&…`, a value cut at its first `=`, as clients write it. Other values than text and numbers are left
    /// out.
    #[must_use]
    pub fn to_query(&self) -> String {
        let pairs: Vec<String> = self
            .0
            .iter()
            .filter_map(|(name, value)| {
                let value = text(value)?;
                let value = value.split('=').next().unwrap_or_default();
                Some(format!("{name}={value}"))
            })
            .collect();
        pairs.join("&")
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn text_or_number<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(text(&Value::deserialize(deserializer)?).unwrap_or_default())
}

/// Answer of `GET /socket.io/1/`: `<sid>:<heartbeat>:<close>:<transports>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handshake {
    /// Name and secret of the socket: graphic ASCII without colon and slash.
    pub sid: String,
    /// A client leaves when no packet came for so long.
    pub heartbeat: Duration,
    /// A client leaves when no data came for so long after the last.
    pub close: Duration,
    /// What the service speaks, best first. Unknown ones are left out.
    pub transports: Vec<Transport>,
}

/// Text that is no handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("malformed handshake: {0}")]
pub struct HandshakeError(&'static str);

impl fmt::Display for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}:{}:",
            self.sid,
            self.heartbeat.as_secs(),
            self.close.as_secs()
        )?;
        for (index, transport) in self.transports.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            f.write_str(transport.as_str())?;
        }
        Ok(())
    }
}

impl FromStr for Handshake {
    type Err = HandshakeError;

    fn from_str(body: &str) -> Result<Self, HandshakeError> {
        let seconds = |text: &str, field| {
            // A day and a half; what is longer is no time-out.
            let seconds = text.parse().ok().filter(|seconds| *seconds <= 131_072);
            seconds.map(Duration::from_secs).ok_or(HandshakeError(field))
        };
        let mut fields = body.trim_end().splitn(4, ':');
        let mut next = |field| fields.next().ok_or(HandshakeError(field));
        let sid = next("sid")?;
        let graphic = |byte: u8| byte.is_ascii_graphic() && !b"/?#%".contains(&byte);
        if sid.is_empty() || sid.len() > 256 || !sid.bytes().all(graphic) {
            return Err(HandshakeError("sid"));
        }
        Ok(Self {
            sid: sid.to_owned(),
            heartbeat: seconds(next("heartbeat")?, "heartbeat")?,
            close: seconds(next("close")?, "close")?,
            transports: next("transports")?
                .split(',')
                .filter_map(|name| name.parse().ok())
                .collect(),
        })
    }
}

/// Body of `POST /v3/registrations`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Registration {
    /// The application.
    #[serde(default)]
    pub client_description: ClientDescription,
    /// The endpoint id of the allocation.
    pub registration_id: String,
    /// Empty.
    #[serde(default)]
    pub node_id: String,
    /// Where to deliver.
    pub transports: Transports,
}

/// The application that registers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClientDescription {
    /// `AcsWeb`
    pub app_id: String,
    /// Empty.
    pub aes_key: String,
    /// `en-US`
    pub language_id: String,
    /// `SPOOL`
    pub platform: String,
    /// `AcsWeb_Chat_2.1`
    pub template_key: String,
    /// `0.0.0`
    #[serde(rename = "platformUIVersion")]
    pub platform_ui_version: String,
}

/// Where to deliver.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transports {
    /// The endpoint's addresses.
    #[serde(rename = "TROUTER", default)]
    pub trouter: Vec<TrouterPath>,
}

/// One address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrouterPath {
    /// Empty.
    #[serde(default)]
    pub context: String,
    /// `surl` of the allocation.
    pub path: String,
    /// For how long, in seconds.
    #[serde(default)]
    pub ttl: u64,
}

impl Registration {
    /// What the chat SDK for browsers registers.
    #[must_use]
    pub fn of_chat_client(endpoint_id: &str, surl: &str, ttl: Duration) -> Self {
        Self {
            client_description: ClientDescription {
                app_id: "AcsWeb".to_owned(),
                aes_key: String::new(),
                language_id: "en-US".to_owned(),
                platform: "SPOOL".to_owned(),
                template_key: "AcsWeb_Chat_2.1".to_owned(),
                platform_ui_version: "0.0.0".to_owned(),
            },
            registration_id: endpoint_id.to_owned(),
            node_id: String::new(),
            transports: Transports {
                trouter: vec![TrouterPath {
                    context: String::new(),
                    path: surl.to_owned(),
                    ttl: ttl.as_secs(),
                }],
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handshakes_round_trip() {
        let text = "30715af9daf182b4-8f5ed187c34cd85e:180:180:websocket,xhr-polling";
        let handshake: Handshake = text.parse().unwrap();
        assert_eq!(handshake.heartbeat, Duration::from_secs(180));
        assert_eq!(
            handshake.transports,
            [Transport::WebSocket, Transport::XhrPolling]
        );
        assert_eq!(handshake.to_string(), text);
        for (text, field) in [
            ("", "sid"),
            (":1:1:websocket", "sid"),
            ("a/b:1:1:websocket", "sid"),
            ("a", "heartbeat"),
            ("a:x:1:websocket", "heartbeat"),
            ("a:1:-1:websocket", "close"),
            ("a:1:99999999:websocket", "close"),
            ("a:1:1", "transports"),
        ] {
            assert_eq!(text.parse::<Handshake>(), Err(HandshakeError(field)), "{text}");
        }
    }

    #[test]
    fn connect_params_are_written_as_clients_write_them() {
        let allocation: Allocation = serde_json::from_str(
            r#"{"socketio":"https://a/","url":"https://a/v4/f/x/","surl":"https://a/v4/f/x/","ttl":85971,
               "connectparams":{"sr":"x","sig":"abc+/==","se":1795296847058,"more":[1]},"other":1}"#,
        )
        .unwrap();
        assert_eq!(allocation.ttl, "85971");
        assert_eq!(
            allocation.connectparams.to_query(),
            "se=1795296847058&sig=abc+/&sr=x"
        );
        assert_eq!(
            allocation.connectparams.get("se").as_deref(),
            Some("1795296847058")
        );
        assert_eq!(allocation.connectparams.get("more"), None);
    }

    #[test]
    fn registers_as_the_chat_sdk_does() {
        let registration = Registration::of_chat_client("e", "https://a/", Duration::from_secs(7200));
        let json = serde_json::to_value(&registration).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "clientDescription": {"appId": "AcsWeb", "aesKey": "", "languageId": "en-US", "platform": "SPOOL",
                    "templateKey": "AcsWeb_Chat_2.1", "platformUIVersion": "0.0.0"},
                "registrationId": "e", "nodeId": "",
                "transports": {"TROUTER": [{"context": "", "path": "https://a/", "ttl": 7200}]},
            })
        );
    }
}
