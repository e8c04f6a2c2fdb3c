//! Access keys: connection strings, and requests signed with HMAC-SHA256.

mod connection_string;
mod header;
mod hmac;
mod key;

pub use self::connection_string::{ConnectionString, ConnectionStringError};
pub use self::header::{AuthorizationHeader, ParseError};
pub use self::hmac::{
    RequestToVerify, SignatureError, SignedHeaders, content_sha256, host_forms, sign_request, verify_request,
};
pub use self::key::{AccessKey, KeyError, KeySlot};
