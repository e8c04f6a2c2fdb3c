//! Tokens of an issuer that is not us: OpenID Connect, for applications that come with an Entra ID token.

use jsonwebtoken::jwk::{AlgorithmParameters, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, decode_header};
use serde::Deserialize;
use time::{Duration, OffsetDateTime};

use super::{MAX_TOKEN_BYTES, TokenError, signed_payload};

/// Keys looked at in one key set; issuers have a handful.
const MAX_KEYS: usize = 64;

/// Allowed difference between the issuer's clock and ours.
const LEEWAY: Duration = Duration::minutes(5);

/// The public keys of an issuer, as its JWKS document (RFC 7517) has them.
pub struct IssuerKeys(Vec<Key>);

struct Key {
    kid: String,
    algorithms: &'static [Algorithm],
    verifying: DecodingKey,
}

/// What the issuer says about the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalClaims {
    /// The application that asked for the token: `azp` (OpenID Connect), `appid` (Entra ID, version 1), `client_id`
    /// (RFC 9068), or the subject where there is none of them.
    pub client: String,
    /// Whom the token is about.
    pub subject: String,
}

#[derive(Deserialize)]
struct Payload {
    iss: String,
    aud: Audience,
    exp: i64,
    nbf: Option<i64>,
    sub: Option<String>,
    azp: Option<String>,
    appid: Option<String>,
    client_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl IssuerKeys {
    /// Reads a JWKS document; keys that are not for RSA or ECDSA signatures are left out.
    ///
    /// # Errors
    /// [`TokenError::Malformed`]: it is no key set.
    pub fn from_jwks(document: &[u8]) -> Result<Self, TokenError> {
        let set: JwkSet = serde_json::from_slice(document).map_err(|_| TokenError::Malformed)?;
        let keys = set.keys.iter().take(MAX_KEYS).filter_map(|jwk| {
            let algorithms: &[Algorithm] = match &jwk.algorithm {
                AlgorithmParameters::RSA(_) => &[Algorithm::RS256, Algorithm::PS256],
                AlgorithmParameters::EllipticCurve(_) => &[Algorithm::ES256],
                _ => return None,
            };
            Some(Key {
                kid: jwk.common.key_id.clone()?,
                algorithms,
                verifying: DecodingKey::from_jwk(jwk).ok()?,
            })
        });
        Ok(Self(keys.collect()))
    }

    /// Checks a token of this issuer for us.
    ///
    /// # Errors
    /// [`TokenError`]; [`TokenError::UnknownKey`] may mean that the issuer has new keys by now.
    pub fn verify(
        &self,
        token: &str,
        now: OffsetDateTime,
        issuer: &str,
        audience: &str,
    ) -> Result<ExternalClaims, TokenError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::TooLong);
        }
        let header = decode_header(token).map_err(|_| TokenError::Malformed)?;
        let kid = header.kid.ok_or(TokenError::UnknownKey)?;
        let key = self
            .0
            .iter()
            .find(|key| key.kid == kid)
            .ok_or(TokenError::UnknownKey)?;
        // The key says what it is for: a token cannot choose another kind.
        if !key.algorithms.contains(&header.alg) {
            return Err(TokenError::Algorithm);
        }
        let payload: Payload = signed_payload(token, &key.verifying, header.alg)?;
        let at = |seconds| OffsetDateTime::from_unix_timestamp(seconds).map_err(|_| TokenError::Malformed);
        if at(payload.exp)? + LEEWAY <= now {
            return Err(TokenError::Expired);
        }
        if payload
            .nbf
            .map(at)
            .transpose()?
            .is_some_and(|from| from > now + LEEWAY)
        {
            return Err(TokenError::NotYetValid);
        }
        let same = |found: &str, wanted: &str| found.trim_end_matches('/') == wanted.trim_end_matches('/');
        let for_us = match &payload.aud {
            Audience::One(aud) => same(aud, audience),
            Audience::Many(all) => all.iter().any(|aud| same(aud, audience)),
        };
        if !for_us || !same(&payload.iss, issuer) {
            return Err(TokenError::WrongAudience);
        }
        let subject = payload.sub.unwrap_or_default();
        let client = payload
            .azp
            .or(payload.appid)
            .or(payload.client_id)
            .unwrap_or_else(|| subject.clone());
        if client.is_empty() {
            return Err(TokenError::Malformed);
        }
        Ok(ExternalClaims { client, subject })
    }
}

impl std::fmt::Debug for IssuerKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|key| &key.kid)).finish()
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{EncodingKey, Header, encode};
    use serde_json::{Value, json};
    use time::macros::datetime;

    use super::*;
    use crate::token::SigningKey;

    const NOW: OffsetDateTime = datetime!(2026-11-20 12:00 UTC);
    const ISSUER: &str = "https://login.example.org/tenant/v2.0";
    const AUDIENCE: &str = "https://communication.azure.com/";

    struct Issuer {
        key: SigningKey,
        keys: IssuerKeys,
    }

    impl Issuer {
        fn new() -> Self {
            let key = SigningKey::generate().unwrap();
            let set = crate::token::SigningKeys::new(key.clone(), Vec::new()).jwks(NOW);
            let keys = IssuerKeys::from_jwks(set.to_string().as_bytes()).unwrap();
            Self { key, keys }
        }

        fn token(&self, claims: &Value) -> String {
            let mut header = Header::new(Algorithm::RS256);
            header.kid = Some(self.key.kid().to_owned());
            let signing = EncodingKey::from_rsa_pem(self.key.to_pkcs8_pem().as_bytes()).unwrap();
            encode(&header, claims, &signing).unwrap()
        }

        fn check(&self, change: Value) -> Result<ExternalClaims, TokenError> {
            let mut claims = json!({
                "iss": ISSUER, "aud": AUDIENCE, "exp": NOW.unix_timestamp() + 60, "sub": "subject", "azp": "client",
            });
            for (name, value) in change.as_object().unwrap() {
                claims[name] = value.clone();
            }
            self.keys.verify(&self.token(&claims), NOW, ISSUER, AUDIENCE)
        }
    }

    #[test]
    fn accepts_what_is_for_us_and_in_time() {
        let issuer = Issuer::new();
        let client = |change| issuer.check(change).map(|claims| claims.client);
        assert_eq!(client(json!({})), Ok("client".to_owned()));
        assert_eq!(client(json!({"azp": null, "appid": "v1"})), Ok("v1".to_owned()));
        assert_eq!(client(json!({"azp": null})), Ok("subject".to_owned()));
        assert_eq!(
            client(json!({"azp": null, "sub": null})),
            Err(TokenError::Malformed)
        );
        let two = json!(["other", "https://communication.azure.com"]);
        assert!(client(json!({"aud": two})).is_ok());
        assert_eq!(client(json!({"aud": "other"})), Err(TokenError::WrongAudience));
        assert_eq!(client(json!({"aud": []})), Err(TokenError::WrongAudience));
        assert_eq!(
            client(json!({"iss": "https://evil.example"})),
            Err(TokenError::WrongAudience)
        );
        let now = NOW.unix_timestamp();
        assert!(client(json!({"exp": now - 299})).is_ok());
        assert_eq!(client(json!({"exp": now - 300})), Err(TokenError::Expired));
        assert_eq!(client(json!({"exp": i64::MAX})), Err(TokenError::Malformed));
        assert_eq!(client(json!({"nbf": now + 301})), Err(TokenError::NotYetValid));
        assert_eq!(client(json!({"exp": "soon"})), Err(TokenError::Malformed));
    }

    #[test]
    fn refuses_other_keys_and_other_algorithms() {
        let (ours, theirs) = (Issuer::new(), Issuer::new());
        let claims = json!({"iss": ISSUER, "aud": AUDIENCE, "exp": NOW.unix_timestamp() + 60, "sub": "s"});
        let verify = |token: &str| ours.keys.verify(token, NOW, ISSUER, AUDIENCE);
        assert_eq!(verify(&theirs.token(&claims)), Err(TokenError::UnknownKey));
        let mut header = Header::new(Algorithm::RS256);
        header.kid = Some(ours.key.kid().to_owned());
        let signing = EncodingKey::from_rsa_pem(theirs.key.to_pkcs8_pem().as_bytes()).unwrap();
        assert_eq!(
            verify(&encode(&header, &claims, &signing).unwrap()),
            Err(TokenError::BadSignature)
        );
        // The public key as the secret of an HMAC: the oldest trick.
        header.alg = Algorithm::HS256;
        let secret = EncodingKey::from_secret(b"public");
        assert_eq!(
            verify(&encode(&header, &claims, &secret).unwrap()),
            Err(TokenError::Algorithm)
        );
        for text in ["", "a.b.c", "..", &"x".repeat(MAX_TOKEN_BYTES + 1)] {
            assert!(verify(text).is_err());
        }
    }

    #[test]
    fn reads_key_sets_with_what_it_does_not_know() {
        for text in ["", "[]", "{}", r#"{"keys":1}"#] {
            assert!(IssuerKeys::from_jwks(text.as_bytes()).is_err(), "{text}");
        }
        let octets = br#"{"keys":[{"kty":"oct","kid":"a","k":"c2VjcmV0"}]}"#;
        assert_eq!(IssuerKeys::from_jwks(octets).unwrap().0.len(), 0);
    }
}
