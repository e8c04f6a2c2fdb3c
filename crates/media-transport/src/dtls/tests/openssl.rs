//! Against OpenSSL's command line, in either role: another implementation's handshake, profiles, certificates and keys.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "another program needs a socket and real time"
)]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::super::keys::SrtpKeys;
use super::*;

/// Far more than a handshake takes, on a machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(60);

const AES_128_GCM: &str = "SRTP_AEAD_AES_128_GCM";
const AES_256_GCM: &str = "SRTP_AEAD_AES_256_GCM";
const AES_128_CM: &str = "SRTP_AES128_CM_SHA1_80";

/// As libwebrtc lists them.
const LIKE_A_BROWSER: &str = "SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_256_GCM:SRTP_AEAD_AES_128_GCM";

/// A running `openssl` with a folder for its files; both are gone when this is dropped.
struct OpenSsl {
    child: Child,
    folder: Folder,
}

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("anteroom-dtls-{}-{name}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn path(&self, file: &str) -> PathBuf {
        self.0.join(file)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Drop for OpenSsl {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A certificate and its key as files, made by OpenSSL.
struct Identity {
    certificate: PathBuf,
    key: PathBuf,
    fingerprint: Fingerprint,
}

fn identity(folder: &Path, algorithm: &[&str]) -> Identity {
    let (certificate, key) = (folder.join("certificate.der"), folder.join("key.pem"));
    let made = Command::new("openssl")
        .args([
            "req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=peer", "-outform", "DER",
        ])
        .args(algorithm)
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .stderr(Stdio::null())
        .status()
        .expect("`openssl` is on the machine; on Debian the package has the same name");
    assert!(made.success(), "{algorithm:?}");
    let fingerprint = Fingerprint::of_certificate(&fs::read(&certificate).unwrap());
    Identity {
        certificate,
        key,
        fingerprint,
    }
}

const P256: &[&str] = &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
const P384: &[&str] = &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"];
const RSA: &[&str] = &["-newkey", "rsa:2048"];
const ED25519: &[&str] = &["-newkey", "ed25519"];

/// What `openssl` does in a case.
struct Case<'a> {
    name: &'a str,
    backend: DtlsBackend,
    key: &'a [&'a str],
    /// Empty: no `use_srtp`.
    profiles: &'a str,
    options: &'a [&'a str],
}

impl<'a> Case<'a> {
    const fn new(name: &'a str, backend: DtlsBackend, profiles: &'a str) -> Self {
        Self {
            name,
            backend,
            key: P256,
            profiles,
            options: &[],
        }
    }

    fn spawn(&self, role: &str, folder: Folder, identity: &Identity, more: &[&str]) -> OpenSsl {
        let child = Command::new("openssl")
            .args([role, "-dtls1_2"])
            .args(
                ["-use_srtp", self.profiles]
                    .iter()
                    .filter(|_| !self.profiles.is_empty()),
            )
            .args(["-keymatexport", "EXTRACTOR-dtls_srtp", "-keymatexportlen", "88"])
            .args(["-certform", "DER", "-cert"])
            .arg(&identity.certificate)
            .arg("-key")
            .arg(&identity.key)
            .args(self.options)
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::from(fs::File::create(folder.path("stderr")).unwrap()))
            .spawn()
            .unwrap();
        OpenSsl { child, folder }
    }

    fn config(&self, side: Side, peer: &Identity) -> EndpointConfig {
        EndpointConfig {
            backend: self.backend,
            side,
            certificate: Certificate::generate().unwrap(),
            expected: peer.fingerprint,
            accepted: SrtpProfile::PREFERENCE.to_vec(),
        }
    }

    /// Us as the server: what the handshake ended with.
    fn serve(&self) -> Result<SrtpProfile, DtlsFailure> {
        let folder = Folder::new(self.name);
        let peer = identity(&folder.0, self.key);
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let here = socket.local_addr().unwrap().to_string();
        let mut openssl = self.spawn("s_client", folder, &peer, &["-connect", &here]);
        let mut end = End::new(self.config(Side::Passive, &peer), Instant::now());
        let mut address = None;
        drive(&mut end, &socket, &mut address, |end| end.keys.is_some());
        if let Some(failure) = end.failure {
            return Err(failure);
        }
        // "Q" makes it close.
        let mut input = openssl.child.stdin.take().unwrap();
        input.write_all(b"Q\n").unwrap();
        drive(&mut end, &socket, &mut address, |end| end.is_closed);
        assert!(end.is_closed, "{}: {:?}", self.name, end.failure);
        drop(input);
        Ok(self.compare(end, openssl, Side::Passive))
    }

    /// Us as the client.
    fn connect(&self) -> Result<SrtpProfile, DtlsFailure> {
        let folder = Folder::new(self.name);
        let peer = identity(&folder.0, self.key);
        let options = ["-accept", "127.0.0.1:0", "-Verify", "1", "-naccept", "1"];
        let mut openssl = self.spawn("s_server", folder, &peer, &options);
        // It lives as long as its input.
        let _input = openssl.child.stdin.take();
        let mut said = BufReader::new(openssl.child.stdout.take().unwrap());
        let mut line = String::new();
        let port = loop {
            line.clear();
            assert_ne!(
                said.read_line(&mut line).unwrap(),
                0,
                "{}: it has ended",
                self.name
            );
            if let Some((_, port)) = line
                .trim()
                .strip_prefix("ACCEPT ")
                .and_then(|at| at.rsplit_once(':'))
            {
                break port.parse::<u16>().unwrap();
            }
        };
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let mut address = Some(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        let mut end = End::new(self.config(Side::Active, &peer), Instant::now());
        drive(&mut end, &socket, &mut address, |end| end.keys.is_some());
        if let Some(failure) = end.failure {
            return Err(failure);
        }
        end.endpoint.close(Instant::now());
        // It ends when it has understood.
        drive(&mut end, &socket, &mut address, |_| {
            openssl.child.try_wait().unwrap().is_some()
        });
        openssl.child.stdout = Some(said.into_inner());
        Ok(self.compare(end, openssl, Side::Active))
    }

    /// Compares our keys with those that OpenSSL has exported: a packet from either opens at the other.
    fn compare(&self, mut end: End, mut openssl: OpenSsl, side: Side) -> SrtpProfile {
        let mut said = String::new();
        openssl
            .child
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut said)
            .unwrap();
        let log = || fs::read_to_string(openssl.folder.path("stderr")).unwrap_or_default();
        let mut ours = end.keys.take().unwrap();
        let name = said
            .lines()
            .find_map(|line| line.trim().strip_prefix("SRTP Extension negotiated, profile="));
        let name = name.unwrap_or_else(|| panic!("{}: {said}\n{}", self.name, log()));
        let profile = match name {
            AES_128_GCM => SrtpProfile::AeadAes128Gcm,
            AES_256_GCM => SrtpProfile::AeadAes256Gcm,
            AES_128_CM => SrtpProfile::Aes128CmHmacSha1_80,
            other => panic!("{other}"),
        };
        assert_eq!(ours.profile, profile, "{}", self.name);
        let hex = said
            .lines()
            .find_map(|line| line.trim().strip_prefix("Keying material: "));
        let hex = hex.unwrap_or_else(|| panic!("{}: {said}\n{}", self.name, log()));
        let material: Vec<u8> = hex
            .as_bytes()
            .as_chunks::<2>()
            .0
            .iter()
            .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect();
        assert_eq!(material.len(), 88);
        let other = match side {
            Side::Active => Side::Passive,
            Side::Passive => Side::Active,
        };
        // A shorter export is the beginning of a longer one.
        let material = &material[..SrtpKeys::material_len(profile)];
        let mut theirs = SrtpKeys::split(material, profile, other).unwrap();
        assert_opens(&mut ours, &mut theirs);
        assert_opens(&mut theirs, &mut ours);
        profile
    }
}

/// Carries datagrams until that holds, a failure, or the end of our patience.
fn drive(
    end: &mut End,
    socket: &UdpSocket,
    address: &mut Option<SocketAddr>,
    mut done: impl FnMut(&End) -> bool,
) {
    socket.set_read_timeout(Some(Duration::from_millis(10))).unwrap();
    let begin = Instant::now();
    let mut buffer = [0; 2048];
    let mut result = Ok(());
    loop {
        let now = Instant::now();
        for datagram in end.drain(now, result) {
            // Whoever has gone does not read any more.
            let _ = socket.send_to(&datagram, address.unwrap());
        }
        if done(end) || end.failure.is_some() {
            return;
        }
        assert!(now.duration_since(begin) < PATIENCE, "nothing happens");
        result = match socket.recv_from(&mut buffer) {
            Ok((length, from)) => {
                *address = Some(from);
                end.endpoint
                    .handle_packet(Instant::now(), &buffer[..length])
                    .map(|_| ())
            }
            Err(_) => end.endpoint.handle_timeout(Instant::now()),
        };
    }
}

#[test]
fn every_profile_alone_and_all_together_from_a_client() {
    for backend in DtlsBackend::ALL {
        let serve = |name, profiles| Case::new(name, *backend, profiles).serve();
        assert_eq!(
            serve("c1", AES_128_GCM),
            Ok(SrtpProfile::AeadAes128Gcm),
            "{backend:?}"
        );
        assert_eq!(
            serve("c2", AES_256_GCM),
            Ok(SrtpProfile::AeadAes256Gcm),
            "{backend:?}"
        );
        assert_eq!(
            serve("c3", AES_128_CM),
            Ok(SrtpProfile::Aes128CmHmacSha1_80),
            "{backend:?}"
        );
        let best = match backend {
            DtlsBackend::Dimpl => SrtpProfile::AeadAes256Gcm,
            #[cfg(feature = "webrtc-dtls")]
            DtlsBackend::WebrtcDtls => SrtpProfile::AeadAes128Gcm,
        };
        assert_eq!(serve("c4", LIKE_A_BROWSER), Ok(best), "{backend:?}");
    }
}

#[test]
fn every_profile_alone_and_all_together_from_a_server() {
    for backend in DtlsBackend::ALL {
        let connect = |name, profiles| Case::new(name, *backend, profiles).connect();
        assert_eq!(
            connect("s1", AES_128_GCM),
            Ok(SrtpProfile::AeadAes128Gcm),
            "{backend:?}"
        );
        assert_eq!(
            connect("s2", AES_256_GCM),
            Ok(SrtpProfile::AeadAes256Gcm),
            "{backend:?}"
        );
        assert_eq!(
            connect("s3", AES_128_CM),
            Ok(SrtpProfile::Aes128CmHmacSha1_80),
            "{backend:?}"
        );
        assert!(connect("s4", LIKE_A_BROWSER).is_ok(), "{backend:?}");
    }
}

/// Which keys a peer's certificate may have, by backend.
#[test]
fn certificates_of_every_kind() {
    for backend in DtlsBackend::ALL {
        let has_all = *backend != DtlsBackend::Dimpl;
        for (name, key, of_clients, of_servers) in [
            ("p384", P384, true, true),
            ("rsa", RSA, has_all, has_all),
            ("ed25519", ED25519, has_all, false),
        ] {
            let case = Case {
                key,
                ..Case::new(name, *backend, AES_128_GCM)
            };
            let (served, connected) = (case.serve(), case.connect());
            assert_eq!(
                served.is_ok(),
                of_clients,
                "{backend:?}, client with {name}: {served:?}"
            );
            assert_eq!(
                connected.is_ok(),
                of_servers,
                "{backend:?}, server with {name}: {connected:?}"
            );
        }
    }
}

#[test]
fn a_peer_without_srtp_is_refused() {
    for backend in DtlsBackend::ALL {
        let case = Case::new("plain", *backend, "");
        assert_eq!(case.serve(), Err(DtlsFailure::SrtpProfile), "{backend:?}");
        assert_eq!(case.connect(), Err(DtlsFailure::SrtpProfile), "{backend:?}");
    }
}

#[test]
fn a_peer_that_cuts_its_messages_into_pieces() {
    for backend in DtlsBackend::ALL {
        let case = Case {
            options: &["-mtu", "300"],
            ..Case::new("mtu", *backend, AES_128_GCM)
        };
        assert!(case.serve().is_ok(), "{backend:?}");
        assert!(case.connect().is_ok(), "{backend:?}");
    }
}
