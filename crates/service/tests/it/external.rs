//! People who sign in at an external OpenID Connect provider: another host of ours, and one that misbehaves.

mod forgery;
mod people;
mod provider;
mod two_hosts;
mod ways;
