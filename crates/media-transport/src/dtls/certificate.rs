use std::fmt;
use std::sync::Arc;

use dimpl::DtlsCertificate;

use super::Fingerprint;
use crate::error::Error;

/// A self-signed ECDSA P-256 certificate and its private key; cloning shares both.
///
/// DTLS-SRTP trusts the fingerprint that came through signaling, not the name or the issuer (RFC 8827 §5.1).
#[derive(Clone)]
pub struct Certificate {
    inner: Arc<Inner>,
    fingerprint: Fingerprint,
}

struct Inner {
    der: DtlsCertificate,
    #[cfg(feature = "webrtc-dtls")]
    shared: super::webrtc::Shared,
}

impl Certificate {
    /// Makes a new key pair and a certificate that is valid for one year.
    ///
    /// The only place in this crate that asks the operating system for randomness and the wall clock.
    ///
    /// # Errors
    /// [`Error::Certificate`] when the key or the certificate cannot be made.
    pub fn generate() -> Result<Self, Error> {
        let der = dimpl::certificate::generate_self_signed_certificate().map_err(|_| Error::Certificate)?;
        let fingerprint = Fingerprint::of_certificate(&der.certificate);
        let inner = Inner {
            der,
            #[cfg(feature = "webrtc-dtls")]
            shared: super::webrtc::Shared::default(),
        };
        Ok(Self {
            inner: Arc::new(inner),
            fingerprint,
        })
    }

    /// The SHA-256 fingerprint to announce in signaling.
    #[must_use]
    pub const fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// The certificate in DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.inner.der.certificate
    }

    pub(super) fn to_dimpl(&self) -> DtlsCertificate {
        self.inner.der.clone()
    }

    /// The certificate in DER and its key in PKCS#8.
    #[cfg(feature = "webrtc-dtls")]
    pub(super) fn to_parts(&self) -> (&[u8], &[u8]) {
        (&self.inner.der.certificate, &self.inner.der.private_key)
    }

    #[cfg(feature = "webrtc-dtls")]
    pub(super) fn shared(&self) -> &super::webrtc::Shared {
        &self.inner.shared
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("fingerprint", &format_args!("{}", self.fingerprint))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_differ_and_know_their_fingerprint() {
        let a = Certificate::generate().unwrap();
        let b = Certificate::generate().unwrap();
        assert_ne!(a.fingerprint(), b.fingerprint());
        assert_eq!(Fingerprint::of_certificate(a.der()), a.fingerprint());
    }
}
