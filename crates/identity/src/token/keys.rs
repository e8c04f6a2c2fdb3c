//! The keys that sign tokens.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest;
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use thiserror::Error;
use time::{Duration, OffsetDateTime};

use super::claims::{AppPayload, DirectoryPayload, IdPayload, Payload, TeamsUserPayload, UserPayload};
use super::{
    AppClaims, DirectoryClaims, Expected, IdTokenClaims, MAX_TOKEN_BYTES, TeamsUserClaims, TokenError,
    UserTokenClaims, VerifiedToken, signed_payload,
};
use crate::id::TenantId;

const PEM_BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const PEM_END: &str = "-----END PRIVATE KEY-----";

/// How far in the future a token may have been issued, for clocks that differ.
const MAX_CLOCK_DIFFERENCE: Duration = Duration::minutes(5);

/// An RSA key pair with which tokens are signed and checked. `Debug` does not print the private key.
#[derive(Clone)]
pub struct SigningKey {
    kid: String,
    /// A token's first part, the same for all that this key signs.
    header: String,
    pkcs8: Vec<u8>,
    pair: Arc<KeyPair>,
    verifying: DecodingKey,
    modulus: String,
    exponent: String,
}

/// The key that signs, and those it replaced as long as tokens of theirs may be alive.
#[derive(Debug, Clone)]
pub struct SigningKeys {
    current: SigningKey,
    retired: Vec<RetiredKey>,
}

/// A key that signs no more.
#[derive(Debug, Clone)]
pub struct RetiredKey {
    /// The key.
    pub key: SigningKey,
    /// When the last token it signed has expired.
    pub verifies_until: OffsetDateTime,
}

/// A key could not be made, read or used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeysError {
    /// The key could not be generated.
    #[error("generating the signing key failed")]
    Generate,
    /// The text is no RSA private key in PKCS#8 PEM.
    #[error("the signing key is malformed")]
    Malformed,
    /// Signing failed.
    #[error("signing a token failed")]
    Sign,
}

impl SigningKey {
    /// Makes a new key pair, RSA with 2048 bits. Takes a noticeable part of a second.
    ///
    /// # Errors
    /// [`KeysError::Generate`] when the cryptographic library cannot.
    pub fn generate() -> Result<Self, KeysError> {
        let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| KeysError::Generate)?;
        let pkcs8 = pair.as_der().map_err(|_| KeysError::Generate)?;
        Self::new(pkcs8.as_ref().to_vec())
    }

    /// Reads what [`to_pkcs8_pem`](Self::to_pkcs8_pem) wrote.
    ///
    /// # Errors
    /// [`KeysError::Malformed`].
    pub fn from_pkcs8_pem(pem: &str) -> Result<Self, KeysError> {
        let body = pem
            .trim()
            .strip_prefix(PEM_BEGIN)
            .and_then(|rest| rest.strip_suffix(PEM_END))
            .ok_or(KeysError::Malformed)?;
        let base64: String = body.split_whitespace().collect();
        Self::new(STANDARD.decode(base64).map_err(|_| KeysError::Malformed)?)
    }

    fn new(pkcs8: Vec<u8>) -> Result<Self, KeysError> {
        let pair = KeyPair::from_pkcs8(&pkcs8).map_err(|_| KeysError::Malformed)?;
        let public = PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
        let (modulus, exponent) = (
            URL_SAFE_NO_PAD.encode(&public.n),
            URL_SAFE_NO_PAD.encode(&public.e),
        );
        // RFC 7638: the thumbprint of the members in lexicographic order, without white space.
        let members = format!(r#"{{"e":"{exponent}","kty":"RSA","n":"{modulus}"}}"#);
        let kid = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, members.as_bytes()));
        let header = format!(r#"{{"alg":"RS256","kid":"{kid}","typ":"JWT"}}"#);
        let verifying = DecodingKey::from_rsa_raw_components(&public.n, &public.e);
        Ok(Self {
            kid,
            header: URL_SAFE_NO_PAD.encode(header),
            pkcs8,
            pair: Arc::new(pair),
            verifying,
            modulus,
            exponent,
        })
    }

    /// The private key for storage. Secret.
    #[must_use]
    pub fn to_pkcs8_pem(&self) -> String {
        pem(&self.pkcs8)
    }

    /// The key's name in token headers: its RFC 7638 thumbprint.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    fn jwk(&self) -> Value {
        json!({
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid, "n": self.modulus, "e": self.exponent,
        })
    }

    /// RFC 7515 §7.1. The key pair is parsed once, not for each token: that alone would take as long as signing.
    fn sign(&self, payload: &impl Serialize) -> Result<String, KeysError> {
        let payload = serde_json::to_vec(payload).map_err(|_| KeysError::Sign)?;
        let mut token = format!("{}.{}", self.header, URL_SAFE_NO_PAD.encode(payload));
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                token.as_bytes(),
                &mut signature,
            )
            .map_err(|_| KeysError::Sign)?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(&signature, &mut token);
        Ok(token)
    }
}

impl SigningKeys {
    /// A new key, with none before it.
    ///
    /// # Errors
    /// As [`SigningKey::generate`].
    pub fn generate() -> Result<Self, KeysError> {
        Ok(Self::new(SigningKey::generate()?, Vec::new()))
    }

    /// A key that signs and those it replaced.
    #[must_use]
    pub const fn new(current: SigningKey, retired: Vec<RetiredKey>) -> Self {
        Self { current, retired }
    }

    /// The key that signs.
    #[must_use]
    pub const fn current(&self) -> &SigningKey {
        &self.current
    }

    /// The keys it replaced.
    #[must_use]
    pub fn retired(&self) -> &[RetiredKey] {
        &self.retired
    }

    /// The name of the key that signs.
    #[must_use]
    pub fn kid(&self) -> &str {
        self.current.kid()
    }

    /// The public keys whose tokens are accepted, as a JSON Web Key Set (RFC 7517 §5).
    #[must_use]
    pub fn jwks(&self, now: OffsetDateTime) -> Value {
        let keys: Vec<Value> = self.verifying(now).map(SigningKey::jwk).collect();
        json!({ "keys": keys })
    }

    fn verifying(&self, now: OffsetDateTime) -> impl Iterator<Item = &SigningKey> {
        let retired = self.retired.iter().filter(move |key| now < key.verifies_until);
        std::iter::once(&self.current).chain(retired.map(|retired| &retired.key))
    }

    /// Signs a user token.
    ///
    /// # Errors
    /// [`KeysError::Sign`].
    pub fn sign_user(&self, claims: &UserTokenClaims) -> Result<String, KeysError> {
        self.current.sign(&UserPayload::new(claims))
    }

    /// Signs a user token that stands for a directory's user.
    ///
    /// # Errors
    /// [`KeysError::Sign`].
    pub fn sign_teams_user(&self, claims: &TeamsUserClaims) -> Result<String, KeysError> {
        self.current.sign(&TeamsUserPayload::new(claims))
    }

    /// Signs a directory token. `base` is the issuer's address without a trailing slash; the token's `iss` is
    /// `<base>/<tenant>/v2.0`.
    ///
    /// # Errors
    /// [`KeysError::Sign`].
    pub fn sign_directory(
        &self,
        claims: &DirectoryClaims,
        base: &str,
        audience: &str,
    ) -> Result<String, KeysError> {
        self.current.sign(&DirectoryPayload::new(claims, base, audience))
    }

    /// Signs the token of an application that acts for itself. `base` as in [`sign_directory`](Self::sign_directory).
    ///
    /// # Errors
    /// [`KeysError::Sign`].
    pub fn sign_app(&self, claims: &AppClaims, base: &str, audience: &str) -> Result<String, KeysError> {
        self.current.sign(&AppPayload::new(claims, base, audience))
    }

    /// Signs an ID token. `base` as in [`sign_directory`](Self::sign_directory).
    ///
    /// # Errors
    /// [`KeysError::Sign`].
    pub fn sign_id(&self, claims: &IdTokenClaims, base: &str) -> Result<String, KeysError> {
        self.current.sign(&IdPayload::new(claims, base))
    }

    /// Checks a token of any kind, except for revocation.
    ///
    /// # Errors
    /// [`TokenError`]; never [`TokenError::Revoked`].
    pub fn verify(
        &self,
        token: &str,
        now: OffsetDateTime,
        expected: &Expected<'_>,
    ) -> Result<VerifiedToken, TokenError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::TooLong);
        }
        let header = TokenHeader::read(token)?;
        if header.alg != "RS256" {
            return Err(TokenError::Algorithm);
        }
        let kid = header.kid.ok_or(TokenError::UnknownKey)?;
        let key = self
            .verifying(now)
            .find(|key| key.kid == kid)
            .ok_or(TokenError::UnknownKey)?;
        let payload: Payload = signed_payload(token, &key.verifying, Algorithm::RS256)?;
        match payload {
            Payload::User(payload) => {
                let claims = payload.into_claims()?;
                check_time(now, claims.issued_at, claims.expires_at)?;
                expected.check_resource(claims.user.resource())?;
                Ok(VerifiedToken::User(claims))
            }
            Payload::TeamsUser(payload) => {
                let claims = payload.into_claims()?;
                check_time(now, claims.issued_at, claims.expires_at)?;
                expected.check_resource(claims.resource)?;
                Ok(VerifiedToken::TeamsUser(claims))
            }
            Payload::App(payload) => {
                check_audience(expected, &payload.aud, &payload.iss, payload.tid)?;
                check_not_before(now, payload.nbf)?;
                let claims = payload.into_claims()?;
                check_time(now, claims.issued_at, claims.expires_at)?;
                Ok(VerifiedToken::App(claims))
            }
            Payload::Directory(payload) => {
                check_audience(expected, &payload.aud, &payload.iss, payload.tid)?;
                check_not_before(now, payload.nbf)?;
                let claims = payload.into_claims()?;
                check_time(now, claims.issued_at, claims.expires_at)?;
                Ok(VerifiedToken::Directory(claims))
            }
        }
    }
}

/// The signature says that the token is ours, so the host in its `iss` does not matter: tokens outlive a change of the
/// service's address. The tenant must be the one of the claims.
fn check_audience(expected: &Expected<'_>, aud: &str, iss: &str, tenant: TenantId) -> Result<(), TokenError> {
    let same = |accepted: &str| accepted.trim_end_matches('/') == aud.trim_end_matches('/');
    let issuer = issuer("", tenant);
    if expected.audiences.iter().any(|accepted| same(accepted)) && iss.ends_with(&issuer) {
        Ok(())
    } else {
        Err(TokenError::WrongAudience)
    }
}

/// The issuer of a tenant's tokens.
#[must_use]
pub fn issuer(base: &str, tenant: TenantId) -> String {
    format!("{base}/{tenant}/v2.0")
}

/// The part of the header that decides how a token is checked (RFC 7515 §4.1).
#[derive(Deserialize)]
struct TokenHeader {
    alg: String,
    kid: Option<String>,
    /// Extensions that must be understood; none are.
    crit: Option<IgnoredAny>,
}

impl TokenHeader {
    fn read(token: &str) -> Result<Self, TokenError> {
        let (header, _) = token.split_once('.').ok_or(TokenError::Malformed)?;
        let header = URL_SAFE_NO_PAD
            .decode(header)
            .map_err(|_| TokenError::Malformed)?;
        let header: Self = serde_json::from_slice(&header).map_err(|_| TokenError::Malformed)?;
        if header.crit.is_some() {
            Err(TokenError::Malformed)
        } else {
            Ok(header)
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

fn check_time(
    now: OffsetDateTime,
    issued_at: OffsetDateTime,
    expires_at: OffsetDateTime,
) -> Result<(), TokenError> {
    if now >= expires_at {
        return Err(TokenError::Expired);
    }
    if issued_at - now > MAX_CLOCK_DIFFERENCE {
        return Err(TokenError::NotYetValid);
    }
    Ok(())
}

/// RFC 7519 §4.1.5.
fn check_not_before(now: OffsetDateTime, nbf: i64) -> Result<(), TokenError> {
    let not_before = OffsetDateTime::from_unix_timestamp(nbf).map_err(|_| TokenError::Malformed)?;
    if not_before - now > MAX_CLOCK_DIFFERENCE {
        return Err(TokenError::NotYetValid);
    }
    Ok(())
}

/// RFC 7468, lines of 64 characters.
fn pem(pkcs8: &[u8]) -> String {
    let base64 = STANDARD.encode(pkcs8);
    let mut text = format!("{PEM_BEGIN}\n");
    let mut rest = base64.as_str();
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(64));
        text.push_str(line);
        text.push('\n');
        rest = more;
    }
    text.push_str(PEM_END);
    text.push('\n');
    text
}

#[cfg(test)]
mod tests;
