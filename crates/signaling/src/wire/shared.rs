//! Messages that go to many clients.

use std::sync::{Arc, OnceLock};

use prost::Message as _;

use super::{Encoding, Frame, encode_server};
use crate::proto::ServerMessage;
use crate::proto::server_message::Body;

/// The body of a message that many clients get, written once per encoding. Clones are cheap.
///
/// What differs from client to client is the number, and protobuf as well as JSON let it be put in front of the rest.
#[derive(Debug, Clone)]
pub struct SharedBody(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    body: Body,
    /// Without number.
    protobuf: OnceLock<Vec<u8>>,
    /// The same as JSON.
    json: OnceLock<String>,
}

impl SharedBody {
    /// A body for many.
    #[must_use]
    pub fn new(body: Body) -> Self {
        Self(Arc::new(Parts {
            body,
            protobuf: OnceLock::new(),
            json: OnceLock::new(),
        }))
    }

    /// What it says.
    #[must_use]
    pub fn body(&self) -> &Body {
        &self.0.body
    }

    /// The message of this body with a number, written.
    #[must_use]
    pub fn encode(&self, encoding: Encoding, seq: u64, in_reply_to: u32) -> Frame {
        let header = ServerMessage {
            seq,
            in_reply_to,
            body: None,
        };
        match encoding {
            // Protobuf messages one after the other are one message.
            Encoding::Protobuf => {
                let rest = self.protobuf();
                let mut bytes = Vec::with_capacity(header.encoded_len() + rest.len());
                bytes.extend(header.encode_to_vec());
                bytes.extend_from_slice(rest);
                Frame::Binary(bytes)
            }
            Encoding::Json => Frame::Text(join(encode_server(encoding, &header), self.json())),
        }
    }

    /// The body as protobuf, without number.
    pub(crate) fn protobuf(&self) -> &[u8] {
        self.0.protobuf.get_or_init(|| self.unnumbered().encode_to_vec())
    }

    fn json(&self) -> &str {
        self.0
            .json
            .get_or_init(|| match encode_server(Encoding::Json, &self.unnumbered()) {
                Frame::Text(text) => text,
                Frame::Binary(_) => String::new(),
            })
    }

    fn unnumbered(&self) -> ServerMessage {
        ServerMessage {
            seq: 0,
            in_reply_to: 0,
            body: Some(self.0.body.clone()),
        }
    }
}

/// One JSON object of the members of two: `{"seq":"1"}` and `{"pong":{}}`.
fn join(header: Frame, rest: &str) -> String {
    let Frame::Text(mut text) = header else {
        return rest.to_owned();
    };
    let members = rest.strip_prefix('{').unwrap_or(rest);
    text.pop();
    text.reserve(members.len() + 1);
    if text.len() > 1 {
        text.push(',');
    }
    text.push_str(members);
    text
}
