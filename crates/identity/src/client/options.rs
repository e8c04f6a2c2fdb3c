//! How a client behaves.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use thiserror::Error;

use super::pipeline::{SystemTime, TimeSource, Transport};

/// Options that every client takes.
#[derive(Clone)]
#[must_use]
pub struct ClientOptions {
    pub(super) timeout: Duration,
    pub(super) retry: RetryOptions,
    pub(super) tls: Option<Arc<ClientConfig>>,
    pub(super) application_id: Option<String>,
    pub(super) insecure_http: bool,
    pub(super) time: Arc<dyn TimeSource>,
    pub(super) transport: Option<Arc<dyn Transport>>,
}

/// When a request is repeated, see [`pipeline`](super::pipeline).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryOptions {
    /// Repetitions after the first attempt. Default 3, 0 for none.
    pub max_retries: u32,
    /// Upper bound of the first back-off; it doubles with each attempt. Default 800 ms.
    pub base_delay: Duration,
    /// Longest back-off. Default 60 s.
    pub max_delay: Duration,
    /// Longest `Retry-After` that is waited for; with a longer one the refusal is returned at once. Default 120 s.
    pub max_retry_after: Duration,
}

impl Default for RetryOptions {
    fn default() -> Self {
        Self {
            max_retries: 3,
            base_delay: Duration::from_millis(800),
            max_delay: Duration::from_secs(60),
            max_retry_after: Duration::from_secs(120),
        }
    }
}

/// A certificate authority's file cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CaError {
    /// The file cannot be read.
    #[error("cannot read the certificates: {0}")]
    Io(#[from] std::io::Error),
    /// It is no PEM, or holds no certificate that can be an authority.
    #[error("no certificate authority in PEM")]
    Malformed,
}

impl ClientOptions {
    /// The system's certificates, 30 s for an attempt, retries as by [`RetryOptions::default`].
    pub fn new() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            retry: RetryOptions::default(),
            tls: None,
            application_id: None,
            insecure_http: false,
            time: Arc::new(SystemTime),
            transport: None,
        }
    }

    /// Trusts the authorities in this PEM text, and those alone: Anteroom's own in development mode.
    ///
    /// # Errors
    /// [`CaError::Malformed`]
    pub fn with_ca_pem(self, pem: &[u8]) -> Result<Self, CaError> {
        let certificates: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(pem)
            .collect::<Result<_, _>>()
            .map_err(|_| CaError::Malformed)?;
        let mut roots = RootCertStore::empty();
        let (added, _) = roots.add_parsable_certificates(certificates);
        if added == 0 {
            return Err(CaError::Malformed);
        }
        install_crypto();
        let config = ClientConfig::builder()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(self.with_tls(Arc::new(config)))
    }

    /// The same from a file, as `REQUESTS_CA_BUNDLE` or `NODE_EXTRA_CA_CERTS` name it for other SDKs.
    ///
    /// # Errors
    /// [`CaError`]
    pub fn with_ca_file(self, path: impl AsRef<Path>) -> Result<Self, CaError> {
        self.with_ca_pem(&std::fs::read(path)?)
    }

    /// TLS settings of your own.
    pub fn with_tls(mut self, config: Arc<ClientConfig>) -> Self {
        self.tls = Some(config);
        self
    }

    /// The TLS settings, if not the system's; for other connections to the same service.
    #[must_use]
    pub const fn tls(&self) -> Option<&Arc<ClientConfig>> {
        self.tls.as_ref()
    }

    /// How long one attempt may take, from connecting to the last byte of the answer.
    pub const fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// When requests are repeated.
    pub const fn with_retry(mut self, retry: RetryOptions) -> Self {
        self.retry = retry;
        self
    }

    /// A name put in front of the `User-Agent`; up to 24 letters, digits, `.`, `-` and `/`, the rest is left out.
    pub fn with_application_id(mut self, id: &str) -> Self {
        let id: String = id
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || ".-/".contains(*c))
            .take(24)
            .collect();
        self.application_id = Some(id).filter(|id| !id.is_empty());
        self
    }

    /// Lets `http://` endpoints through, where whoever listens on the way reads tokens. Only for tests on one machine.
    pub const fn danger_allow_insecure_http(mut self) -> Self {
        self.insecure_http = true;
        self
    }

    /// Another clock than the system's.
    pub fn with_time_source(mut self, time: Arc<dyn TimeSource>) -> Self {
        self.time = time;
        self
    }

    /// Another HTTP client than the built-in one; TLS settings and time limits are its own matter then.
    pub fn with_transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ClientOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientOptions")
            .field("timeout", &self.timeout)
            .field("retry", &self.retry)
            .field("application_id", &self.application_id)
            .finish_non_exhaustive()
    }
}

/// The process's cryptography, unless it has chosen already; any will do.
pub(super) fn install_crypto() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_files_without_an_authority() {
        let options = ClientOptions::new();
        assert!(matches!(
            options.clone().with_ca_pem(b""),
            Err(CaError::Malformed)
        ));
        let key = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(matches!(
            options.clone().with_ca_pem(key),
            Err(CaError::Malformed)
        ));
        assert!(matches!(
            options.with_ca_file("/nonexistent/ca.pem"),
            Err(CaError::Io(_))
        ));
    }

    #[test]
    fn an_application_id_cannot_break_the_header() {
        let options = ClientOptions::new().with_application_id("clinic/1.0 (x)\r\nevil: yes");
        assert_eq!(options.application_id.as_deref(), Some("clinic/1.0xevilyes"));
        let options = options.with_application_id("\n");
        assert_eq!(options.application_id, None);
    }
}
