//! The issuer over real sockets: people and applications sign in, and those who try tricks do not.

mod applications;
pub(crate) mod browser;
mod code;
mod device;
mod page;
