//! What every request pays for: tokens signed and checked, beside the `jsonwebtoken` crate used as it comes, and request
//! signatures checked, beside their two digests alone.

use std::hint::black_box;
use std::time::Duration as StdDuration;

use anteroom_benches::{Comparison, times};
use anteroom_identity::id::{AcsUserId, ResourceId};
use anteroom_identity::signing::{AccessKey, RequestToVerify, host_forms, sign_request, verify_request};
use anteroom_identity::token::{Expected, Scope, ScopeSet, SigningKey, SigningKeys, UserTokenClaims};
use aws_lc_rs::{digest, hmac};
use criterion::Criterion;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use time::OffsetDateTime;
use time::macros::datetime;

const NOW: OffsetDateTime = datetime!(2026-11-20 10:00:00 UTC);
const TARGET: &str = "/identities?api-version=2023-10-01";
const BODY: &[u8] = br#"{"createTokenWithScopes":["chat","voip"],"expiresInMinutes":60}"#;

#[expect(clippy::print_stdout, reason = "the report is the product of a bench")]
fn report(
    criterion: &mut Criterion,
    name: &str,
    operations: u32,
    mut ours: impl FnMut(u64) -> StdDuration,
    (peer_name, mut peer): (&str, impl FnMut(u64) -> StdDuration),
) {
    let mut group = criterion.benchmark_group(name);
    group.bench_function("anteroom", |bencher| bencher.iter_custom(&mut ours));
    group.bench_function(peer_name, |bencher| bencher.iter_custom(&mut peer));
    group.finish();
    println!(
        "{name}: {}\n",
        Comparison::measure(11, operations, &mut ours, &mut peer)
    );
}

fn tokens(criterion: &mut Criterion) {
    let key = SigningKey::generate().expect("a key");
    let pem = key.to_pkcs8_pem();
    let keys = SigningKeys::new(key, Vec::new());
    let resource = ResourceId::random();
    let claims = UserTokenClaims {
        user: AcsUserId::random(resource),
        scopes: ScopeSet::from_iter([Scope::Chat, Scope::Voip]),
        issued_at: NOW,
        expires_at: NOW + time::Duration::HOUR,
        generation: 0,
        access_key: None,
        server: None,
    };
    let token = keys.sign_user(&claims).expect("a token");
    let encoding = EncodingKey::from_rsa_pem(pem.as_bytes()).expect("a key");
    let header = Header {
        kid: Some(keys.kid().to_owned()),
        ..Header::new(Algorithm::RS256)
    };
    // The same claims under the same names.
    let mut validation = Validation::new(Algorithm::RS256);
    validation.validate_exp = false;
    validation.validate_aud = false;
    let jwks = keys.jwks(NOW);
    let text = |name: &str| {
        jwks["keys"][0][name]
            .as_str()
            .expect("a member of the key")
            .to_owned()
    };
    let decoding = DecodingKey::from_rsa_components(&text("n"), &text("e")).expect("a key");
    let payload: serde_json::Value = jsonwebtoken::decode(&token, &decoding, &validation)
        .expect("our own token")
        .claims;

    report(
        criterion,
        "token/sign_rs256_2048",
        200,
        |operations| {
            times(operations, || {
                black_box(keys.sign_user(black_box(&claims)).expect("a token"));
            })
        },
        ("jsonwebtoken", |operations| {
            times(operations, || {
                black_box(jsonwebtoken::encode(&header, black_box(&payload), &encoding).expect("a token"));
            })
        }),
    );
    let expected = Expected {
        resource: Some(resource),
        audiences: &[],
    };
    report(
        criterion,
        "token/verify_rs256_2048",
        2000,
        |operations| {
            times(operations, || {
                black_box(
                    keys.verify(black_box(&token), NOW, &expected)
                        .expect("a good token"),
                );
            })
        },
        ("jsonwebtoken", |operations| {
            times(operations, || {
                let decoded =
                    jsonwebtoken::decode::<serde_json::Value>(black_box(&token), &decoding, &validation);
                black_box(decoded.expect("a good token"));
            })
        }),
    );
}

fn signatures(criterion: &mut Criterion) {
    let key = AccessKey::generate();
    let host = "anteroom.example:8443";
    let signed = sign_request("POST", TARGET, host, NOW, BODY, &key);
    let hosts = host_forms(host, 443, &[]);
    let request = RequestToVerify {
        method: "POST",
        raw_target: TARGET,
        hosts: &hosts,
        date: None,
        x_ms_date: Some(&signed.date),
        content_sha256: Some(&signed.content_sha256),
        authorization: Some(&signed.authorization),
        body: BODY,
    };
    // The right key is the second of four resources' keys: the last to be tried.
    let mut keys: Vec<AccessKey> = (0..7).map(|_| AccessKey::generate()).collect();
    keys.push(key.clone());
    let skew = StdDuration::from_secs(300);
    assert_eq!(verify_request(&request, &keys, NOW, skew), Ok(7));

    let raw = hmac::Key::new(hmac::HMAC_SHA256, key.to_secret_base64().as_bytes());
    let text = format!("POST\n{TARGET}\n{};{host};{}", signed.date, signed.content_sha256);
    let one = [key];
    let digests = |operations| {
        times(operations, || {
            black_box(digest::digest(&digest::SHA256, black_box(BODY)));
            black_box(hmac::sign(&raw, black_box(text.as_bytes())));
        })
    };
    for (name, keys) in [("hmac/verify", &one[..]), ("hmac/verify_eighth_key", &keys[..])] {
        let ours = |operations| {
            times(operations, || {
                black_box(verify_request(black_box(&request), keys, NOW, skew)).expect("a good signature");
            })
        };
        report(criterion, name, 5000, ours, ("digests", digests));
    }
}

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(StdDuration::from_millis(300))
        .measurement_time(StdDuration::from_millis(800))
        .configure_from_args();
    tokens(&mut criterion);
    signatures(&mut criterion);
    criterion.final_summary();
}
