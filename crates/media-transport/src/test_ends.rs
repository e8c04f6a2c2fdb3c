//! The two ends of a session in tests, and what each is told of the other.

use std::net::SocketAddr;

use rand::RngExt as _;
use rand::rngs::StdRng;

use crate::{Certificate, IceCredentials, PeerConfig, RemoteParameters, Role, SrtpProfile};

#[derive(Debug)]
pub(crate) struct Ends {
    pub(crate) client: PeerConfig,
    pub(crate) server: PeerConfig,
    /// What the server is told.
    pub(crate) to_server: RemoteParameters,
    /// What the client is told: the server is at these addresses.
    pub(crate) to_client: RemoteParameters,
}

impl Ends {
    pub(crate) fn new(rng: &mut StdRng, servers: &[SocketAddr]) -> Self {
        Self::with_certificate(rng, servers, Certificate::generate().unwrap())
    }

    /// The same where servers share a certificate.
    pub(crate) fn with_certificate(
        rng: &mut StdRng,
        servers: &[SocketAddr],
        certificate: Certificate,
    ) -> Self {
        let mut config = |role, certificate| PeerConfig {
            role,
            local: IceCredentials::generate(rng),
            certificate,
            srtp_profiles: SrtpProfile::PREFERENCE.to_vec(),
            seed: rng.random(),
        };
        let server = config(Role::Server, certificate);
        let client = config(Role::Client, Certificate::generate().unwrap());
        let about = |config: &PeerConfig, candidates| RemoteParameters {
            credentials: config.local.clone(),
            fingerprint: config.certificate.fingerprint(),
            candidates,
        };
        Self {
            to_server: about(&client, vec![]),
            to_client: about(&server, servers.to_vec()),
            client,
            server,
        }
    }
}
