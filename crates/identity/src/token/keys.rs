//! The keys that sign tokens.

use std::fmt;

use aws_lc_rs::digest;
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::{KeyPair, KeySize, PublicKeyComponents};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use thiserror::Error;
use time::{Duration, OffsetDateTime};

use super::claims::{DirectoryPayload, Payload, UserPayload};
use super::{DirectoryClaims, Expected, MAX_TOKEN_BYTES, TokenError, UserTokenClaims, VerifiedToken};

const PEM_BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const PEM_END: &str = "-----END PRIVATE KEY-----";

/// How far in the future a token may have been issued, for clocks that differ.
const MAX_CLOCK_DIFFERENCE: Duration = Duration::minutes(5);

/// An RSA key pair with which tokens are signed and checked. `Debug` does not print the private key.
#[derive(Clone)]
pub struct SigningKeys {
    kid: String,
    pkcs8: Vec<u8>,
    signing: EncodingKey,
    verifying: DecodingKey,
    modulus: String,
    exponent: String,
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

impl SigningKeys {
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
        let signing = EncodingKey::from_rsa_pem(pem(&pkcs8).as_bytes()).map_err(|_| KeysError::Malformed)?;
        let (modulus, exponent) = (
            URL_SAFE_NO_PAD.encode(&public.n),
            URL_SAFE_NO_PAD.encode(&public.e),
        );
        // RFC 7638: the thumbprint of the members in lexicographic order, without white space.
        let members = format!(r#"{{"e":"{exponent}","kty":"RSA","n":"{modulus}"}}"#);
        let kid = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, members.as_bytes()));
        let verifying = DecodingKey::from_rsa_raw_components(&public.n, &public.e);
        Ok(Self {
            kid,
            pkcs8,
            signing,
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

    /// The public key as a JSON Web Key Set (RFC 7517 §5).
    #[must_use]
    pub fn jwks(&self) -> Value {
        json!({"keys": [{
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid, "n": self.modulus, "e": self.exponent,
        }]})
    }

    /// Signs a user token.
    ///
    /// # Errors
    /// [`KeysError::Sign`].
    pub fn sign_user(&self, claims: &UserTokenClaims) -> Result<String, KeysError> {
        self.sign(&UserPayload::new(claims))
    }

    /// Signs a directory token.
    ///
    /// # Errors
    /// [`KeysError::Sign`].
    pub fn sign_directory(
        &self,
        claims: &DirectoryClaims,
        issuer: &str,
        audience: &str,
    ) -> Result<String, KeysError> {
        self.sign(&DirectoryPayload::new(claims, issuer, audience))
    }

    fn sign(&self, payload: &impl Serialize) -> Result<String, KeysError> {
        let mut header = Header::new(Algorithm::RS256);
        header.kid = Some(self.kid.clone());
        encode(&header, payload, &self.signing).map_err(|_| KeysError::Sign)
    }

    /// Checks a token of either kind, except for revocation.
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
        if header.kid.as_deref() != Some(self.kid.as_str()) {
            return Err(TokenError::UnknownKey);
        }
        let mut validation = Validation::new(Algorithm::RS256);
        // Time, audience and issuer are checked below, where the time is known.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let payload = decode::<Payload>(token, &self.verifying, &validation)
            .map_err(|error| match error.kind() {
                ErrorKind::InvalidSignature => TokenError::BadSignature,
                ErrorKind::InvalidAlgorithm => TokenError::Algorithm,
                _ => TokenError::Malformed,
            })?
            .claims;
        match payload {
            Payload::User(payload) => {
                let claims = payload.into_claims()?;
                check_time(now, claims.issued_at, claims.expires_at)?;
                if expected
                    .resource
                    .is_some_and(|resource| resource != claims.user.resource())
                {
                    return Err(TokenError::WrongResource);
                }
                Ok(VerifiedToken::User(claims))
            }
            Payload::Directory(payload) => {
                if payload.iss != expected.issuer || payload.aud != expected.audience {
                    return Err(TokenError::WrongAudience);
                }
                let claims = payload.into_claims()?;
                check_time(now, claims.issued_at, claims.expires_at)?;
                Ok(VerifiedToken::Directory(claims))
            }
        }
    }
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

impl fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKeys")
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
