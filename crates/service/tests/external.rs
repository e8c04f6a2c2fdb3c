//! People who sign in at an external OpenID Connect provider: another host of ours, and one that misbehaves.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

#[path = "oauth/browser.rs"]
#[allow(dead_code, reason = "each test file uses a part")]
mod browser;
mod common;
#[path = "external/forgery.rs"]
mod forgery;
#[path = "external/people.rs"]
mod people;
#[path = "external/provider.rs"]
mod provider;
#[path = "external/two_hosts.rs"]
mod two_hosts;
#[path = "external/ways.rs"]
mod ways;
