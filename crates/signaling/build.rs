//! Generates the message types and their JSON mapping from the schema. `protox` compiles the schema in Rust, so that no
//! `protoc` has to be installed.

use std::error::Error;
use std::path::Path;

use prost::Message as _;

const PACKAGE: &str = "anteroom.signaling.v1";
const SCHEMA: &str = "anteroom/signaling/v1/signaling.proto";

/// Messages and oneofs that hold tokens, links or what people said: they get a `Debug` that leaves it out.
const SECRET: &[&str] = &[
    "Hello",
    "Resume",
    "RefreshToken",
    "Welcome",
    "Join",
    "Join.locator",
    "MeetingIdLocator",
    "CoordinatesLocator",
    "Connected",
    "SendChat",
    "ChatMessage",
    "Typing",
    "Rename",
    "Announcement",
];

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new("proto");
    println!("cargo:rerun-if-changed=proto");

    let schema = protox::compile([root.join(SCHEMA)], [root])?;
    let mut config = prost_build::Config::new();
    config.skip_debug(SECRET.iter().map(|name| format!(".{PACKAGE}.{name}")));
    config.compile_fds(schema.clone())?;

    pbjson_build::Builder::new()
        .register_descriptors(&schema.encode_to_vec())?
        .ignore_unknown_fields()
        .ignore_unknown_enum_variants()
        .build(&[format!(".{PACKAGE}")])?;
    Ok(())
}
