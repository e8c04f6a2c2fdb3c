//! ICE.

mod credentials;

pub use credentials::IceCredentials;
