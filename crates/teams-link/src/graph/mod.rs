//! What Microsoft Graph's requests are made of. No HTTP, no store, no clock.

pub mod odata;
