//! Certificates: an operator's own, or in development mode a private authority and a certificate it signed.

use std::fs;
use std::io::{self, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::config::io_reason;

/// Validity of the private authority.
const AUTHORITY_VALIDITY: Duration = Duration::days(3650);

/// Validity of a certificate it signs: the longest that Apple's clients accept of a private authority.
const LEAF_VALIDITY: Duration = Duration::days(825);

/// A certificate with less than this left is replaced when the service starts.
const RENEW_BEFORE: Duration = Duration::days(30);

/// Certificates count from yesterday, for clients whose clock is behind.
const BACKDATED: Duration = Duration::days(1);

/// Why there is no usable certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file does not exist.
    #[error("the {what} {} does not exist", path.display())]
    Missing {
        /// Certificate or key.
        what: &'static str,
        /// Its path.
        path: PathBuf,
    },
    /// A file cannot be read.
    #[error("the {what} {} cannot be read: {reason}", path.display())]
    Unreadable {
        /// Certificate or key.
        what: &'static str,
        /// Its path.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// A file does not hold what it should.
    #[error("{} holds no {what} in PEM form", path.display())]
    NotPem {
        /// Certificate or key.
        what: &'static str,
        /// Its path.
        path: PathBuf,
    },
    /// The key is not that of the certificate, or of a kind TLS does not know.
    #[error("the certificate {} and the key {} do not go together: {reason}", cert.display(), key.display())]
    Mismatch {
        /// Path of the certificate.
        cert: PathBuf,
        /// Path of the key.
        key: PathBuf,
        /// What the TLS library said.
        reason: String,
    },
    /// A development certificate could not be made or kept.
    #[error("the development certificate in {} cannot be made: {reason}", path.display())]
    Development {
        /// Directory of the files.
        path: PathBuf,
        /// What went wrong.
        reason: String,
    },
}

/// What the HTTPS listener needs, and where its authority's certificate is.
#[derive(Debug, Clone)]
pub struct Material {
    /// Server configuration with HTTP/2 and HTTP/1.1.
    pub config: Arc<ServerConfig>,
    /// The private authority's certificate in PEM, in development mode.
    pub ca_file: Option<PathBuf>,
}

/// Reads an operator's certificate and key.
///
/// # Errors
/// A file is missing, unreadable or not PEM; the two do not go together.
pub fn from_files(cert: &Path, key: &Path) -> Result<Material, TlsError> {
    Ok(Material {
        config: server_config(cert, key)?,
        ca_file: None,
    })
}

/// The private authority and certificate kept in `dir`, made when missing, the certificate replaced when it is about to
/// expire or does not name all of `names`.
///
/// # Errors
/// The files cannot be written or read.
pub fn development(dir: &Path, names: &[String], now: OffsetDateTime) -> Result<Material, TlsError> {
    let files = Files::new(dir);
    let failed = |reason: String| TlsError::Development {
        path: dir.to_owned(),
        reason,
    };
    fs::create_dir_all(dir).map_err(|error| failed(io_reason(&error)))?;
    if !files.ca_cert.exists() || !files.ca_key.exists() {
        files.make_authority(now).map_err(failed)?;
        // What the old authority signed is worthless now.
        remove(&files.leaf_about).map_err(|error| failed(io_reason(&error)))?;
    }
    if !files.leaf_is_good(names, now) {
        files.make_leaf(names, now).map_err(failed)?;
    }
    Ok(Material {
        config: server_config(&files.leaf_cert, &files.leaf_key)?,
        ca_file: Some(files.ca_cert),
    })
}

/// Names a development certificate stands for: loopback and this machine's own.
#[must_use]
pub fn development_names(more: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
    for name in host_name().into_iter().chain(more) {
        let name = name.trim_matches(['[', ']']).to_ascii_lowercase();
        if !names.contains(&name) && is_dns_or_ip(&name) {
            names.push(name);
        }
    }
    names
}

/// The name of this machine, if the system tells it.
#[must_use]
pub fn host_name() -> Option<String> {
    let name = fs::read_to_string("/proc/sys/kernel/hostname")
        .ok()
        .or_else(|| std::env::var("HOSTNAME").ok())?;
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

struct Files {
    ca_cert: PathBuf,
    ca_key: PathBuf,
    leaf_cert: PathBuf,
    leaf_key: PathBuf,
    leaf_about: PathBuf,
}

/// What a certificate was made for; kept beside it so that reading it needs no X.509 parser.
#[derive(Serialize, Deserialize)]
struct LeafAbout {
    names: Vec<String>,
    not_after: i64,
}

impl Files {
    fn new(dir: &Path) -> Self {
        Self {
            ca_cert: dir.join("ca.pem"),
            ca_key: dir.join("ca-key.pem"),
            leaf_cert: dir.join("cert.pem"),
            leaf_key: dir.join("key.pem"),
            leaf_about: dir.join("cert.json"),
        }
    }

    fn make_authority(&self, now: OffsetDateTime) -> Result<(), String> {
        let key = KeyPair::generate().map_err(|error| error.to_string())?;
        let mut params = authority_params();
        params.not_before = now - BACKDATED;
        params.not_after = now + AUTHORITY_VALIDITY;
        let cert = params.self_signed(&key).map_err(|error| error.to_string())?;
        write_private(&self.ca_key, key.serialize_pem().as_bytes()).map_err(|error| io_reason(&error))?;
        write_atomically(&self.ca_cert, cert.pem().as_bytes()).map_err(|error| io_reason(&error))
    }

    fn make_leaf(&self, names: &[String], now: OffsetDateTime) -> Result<(), String> {
        let pem = fs::read_to_string(&self.ca_key).map_err(|error| io_reason(&error))?;
        let ca_key = KeyPair::from_pem(&pem).map_err(|error| error.to_string())?;
        let issuer = Issuer::new(authority_params(), ca_key);
        let key = KeyPair::generate().map_err(|error| error.to_string())?;
        let mut params = CertificateParams::new(names.to_vec()).map_err(|error| error.to_string())?;
        params.distinguished_name = distinguished_name("Anteroom development server");
        params.not_before = now - BACKDATED;
        params.not_after = now - BACKDATED + LEAF_VALIDITY;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let cert = params
            .signed_by(&key, &issuer)
            .map_err(|error| error.to_string())?;
        let about = LeafAbout {
            names: names.to_vec(),
            not_after: params.not_after.unix_timestamp(),
        };
        let about = serde_json::to_string(&about).map_err(|error| error.to_string())?;
        remove(&self.leaf_about).map_err(|error| io_reason(&error))?;
        write_private(&self.leaf_key, key.serialize_pem().as_bytes()).map_err(|error| io_reason(&error))?;
        write_atomically(&self.leaf_cert, cert.pem().as_bytes()).map_err(|error| io_reason(&error))?;
        // Last: a leaf without this file is made again.
        write_atomically(&self.leaf_about, about.as_bytes()).map_err(|error| io_reason(&error))
    }

    fn leaf_is_good(&self, names: &[String], now: OffsetDateTime) -> bool {
        let about = fs::read_to_string(&self.leaf_about).ok();
        let about = about.and_then(|text| serde_json::from_str::<LeafAbout>(&text).ok());
        let Some(about) = about else { return false };
        let lasts = about.not_after > (now + RENEW_BEFORE).unix_timestamp();
        lasts
            && names.iter().all(|name| about.names.contains(name))
            && self.leaf_cert.exists()
            && self.leaf_key.exists()
    }
}

/// The same for every authority this program makes: signing a leaf later needs no reading of the certificate.
fn authority_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = distinguished_name("Anteroom development authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn distinguished_name(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationName, "Anteroom");
    name.push(DnType::CommonName, common_name);
    name
}

fn server_config(cert: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&read("certificate", cert)?)
        .collect::<Result<_, _>>()
        .ok()
        .filter(|chain: &Vec<_>| !chain.is_empty())
        .ok_or_else(|| TlsError::NotPem {
            what: "certificate",
            path: cert.to_owned(),
        })?;
    let private = PrivateKeyDer::from_pem_slice(&read("key", key)?).map_err(|_| TlsError::NotPem {
        what: "private key",
        path: key.to_owned(),
    })?;
    let mismatch = |error: rustls::Error| TlsError::Mismatch {
        cert: cert.to_owned(),
        key: key.to_owned(),
        reason: error.to_string(),
    };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(mismatch)?
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .map_err(mismatch)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn read(what: &'static str, path: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => TlsError::Missing {
            what,
            path: path.to_owned(),
        },
        _ => TlsError::Unreadable {
            what,
            path: path.to_owned(),
            reason: io_reason(&error),
        },
    })
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn is_dns_or_ip(name: &str) -> bool {
    name.parse::<IpAddr>().is_ok()
        || (name.len() <= 253
            && name.split('.').all(|label| {
                (1..=63).contains(&label.len())
                    && label
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                    && !label.starts_with('-')
                    && !label.ends_with('-')
            }))
}

/// Writes a file that only its owner may read, whole or not at all.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_with_mode(path, bytes, 0o600)
}

fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_with_mode(path, bytes, 0o644)
}

fn write_with_mode(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".new");
    let temporary = PathBuf::from(temporary);
    // The mode counts only for a file made here.
    remove(&temporary)?;
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let mut file = options.open(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap()
    }

    #[test]
    fn keeps_the_authority_and_renews_the_leaf() {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::new(dir.path());
        let names = development_names([]);
        let made = development(dir.path(), &names, now()).unwrap();
        assert_eq!(made.ca_file.as_deref(), Some(files.ca_cert.as_path()));
        let ca = fs::read(&files.ca_cert).unwrap();
        let leaf = fs::read(&files.leaf_cert).unwrap();

        development(dir.path(), &names, now() + Duration::days(700)).unwrap();
        assert_eq!(fs::read(&files.leaf_cert).unwrap(), leaf);
        development(dir.path(), &names, now() + Duration::days(800)).unwrap();
        let renewed = fs::read(&files.leaf_cert).unwrap();
        assert_ne!(renewed, leaf);
        development(
            dir.path(),
            &development_names(["meet.example".to_owned()]),
            now() + Duration::days(800),
        )
        .unwrap();
        assert_ne!(fs::read(&files.leaf_cert).unwrap(), renewed);
        assert_eq!(fs::read(&files.ca_cert).unwrap(), ca);
    }

    #[cfg(unix)]
    #[test]
    fn keys_are_private() {
        use std::os::unix::fs::PermissionsExt;

        let dir = tempfile::tempdir().unwrap();
        development(dir.path(), &development_names([]), now()).unwrap();
        for name in ["ca-key.pem", "key.pem"] {
            let mode = fs::metadata(dir.path().join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }

    #[test]
    fn names_what_is_wrong_with_files() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        development(&at("a"), &development_names([]), now()).unwrap();
        development(&at("b"), &development_names([]), now()).unwrap();
        let refusal = |cert: &Path, key: &Path| from_files(cert, key).unwrap_err();

        assert!(matches!(
            refusal(&at("none.pem"), &at("a/key.pem")),
            TlsError::Missing {
                what: "certificate",
                ..
            }
        ));
        assert!(matches!(
            refusal(&at("a/cert.pem"), &at("none.pem")),
            TlsError::Missing { what: "key", .. }
        ));
        assert!(matches!(
            refusal(dir.path(), &at("a/key.pem")),
            TlsError::Unreadable { .. }
        ));
        assert!(matches!(
            refusal(&at("a/cert.json"), &at("a/key.pem")),
            TlsError::NotPem { .. }
        ));
        assert!(matches!(
            refusal(&at("a/cert.pem"), &at("a/cert.pem")),
            TlsError::NotPem { .. }
        ));
        let mismatch = refusal(&at("a/cert.pem"), &at("b/key.pem"));
        assert!(matches!(mismatch, TlsError::Mismatch { .. }));
        assert_eq!(mismatch.to_string().lines().count(), 1);
    }
}
