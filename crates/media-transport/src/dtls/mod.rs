//! DTLS.

mod certificate;
mod fingerprint;

pub use certificate::Certificate;
pub use fingerprint::Fingerprint;
