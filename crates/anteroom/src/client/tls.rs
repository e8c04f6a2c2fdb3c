//! Which certificates the client trusts: the system's, or one private CA.

use std::path::Path;
use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use super::Error;

/// TLS settings for HTTP and WebSocket.
#[derive(Debug, Clone)]
pub(super) enum Trust {
    /// The system's certificates.
    System,
    /// Only this certification authority.
    Private(Arc<ClientConfig>),
}

impl Trust {
    /// Trusts the authority in this PEM file alone, or the system's without one.
    pub(super) fn load(ca_file: Option<&Path>) -> Result<Self, Error> {
        // Someone else may have installed a provider already; any will do.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let Some(path) = ca_file else {
            return Ok(Self::System);
        };
        let fault = |what: &str| Error::CaFile {
            path: path.to_path_buf(),
            reason: what.to_owned(),
        };
        let certificates: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(path)
            .and_then(Iterator::collect)
            .map_err(|error| fault(&error.to_string()))?;
        let mut roots = RootCertStore::empty();
        let (added, _) = roots.add_parsable_certificates(certificates);
        if added == 0 {
            return Err(fault("it holds no certificate"));
        }
        let config = ClientConfig::builder()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self::Private(Arc::new(config)))
    }
}
