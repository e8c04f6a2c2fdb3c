//! The issuer over real sockets: people and applications sign in, and those who try tricks do not.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

#[path = "oauth/applications.rs"]
mod applications;
#[path = "oauth/browser.rs"]
mod browser;
#[path = "oauth/code.rs"]
mod code;
mod common;
#[path = "oauth/device.rs"]
mod device;
#[path = "oauth/page.rs"]
mod page;
