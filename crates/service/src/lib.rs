#![doc = include_str!("../README.md")]

pub mod backup;
pub mod bus;
pub mod chat;
pub mod clock;
pub mod config;
pub mod data;
pub mod demo;
pub mod directory;
pub mod emulator;
pub mod entra;
pub mod error;
pub mod errors;
pub mod export;
pub mod http;
pub mod identities;
pub mod keys;
pub mod media;
pub mod meeting;
pub mod meetings;
pub mod notifications;
pub mod oidc;
pub mod operator;
pub mod resources;
mod retention;
pub mod rooms;
pub mod service;
pub mod state;
pub mod store;
pub mod tls;
pub mod ws;

pub use config::Config;
pub use demo::DevInfo;
pub use error::StartError;
pub use http::auth;
pub use service::{RunningService, Service};
pub use state::App;
