//! One host is the provider of another: two whole parties, with pages, cookies, codes and keys.

use anteroom_service::directory::admin::{Request, perform};
use anteroom_service::external::ProviderConfig;
use url::Url;

use crate::common::{Host, expect};
use crate::oauth::browser::{Browser, claims, query, redeem, text};

/// Hosts, and the one that people sign in at.
struct Two {
    provider: Host,
    host: Host,
}

impl Two {
    async fn start() -> Self {
        let provider = Host::start().await;
        let dev = provider.dev().clone();
        let issuer = format!("{}/{}/v2.0", dev.endpoint, dev.tenant_id);
        let mut config = ProviderConfig::new("other", "contoso", &issuer, &dev.app.client_id);
        config.name = "the other host".to_owned();
        config.client_secret = Some(dev.app.client_secret.clone().into());
        config.subject_claim = "oid".to_owned();
        config.ca = Some(provider.dir.path().join("tls/ca.pem"));
        let host = Host::start_with(|all| all.sign_in.providers = vec![config]).await;
        let uri = format!("{}/contoso/login/other/callback", host.dev().endpoint);
        let add = Request::AddRedirectUri {
            application: dev.app.client_id.clone(),
            uri,
        };
        let app = provider.service.app();
        perform(app.store(), app.clock().now(), add).await.unwrap();
        Self { provider, host }
    }

    async fn stop(self) {
        self.host.service.shutdown().await;
        self.provider.service.shutdown().await;
    }
}

fn path(url: &str) -> String {
    let url = Url::parse(url).unwrap();
    format!("{}?{}", url.path(), url.query().unwrap_or_default())
}

#[tokio::test]
async fn a_person_of_one_host_is_a_person_of_the_other_once_linked() {
    let two = Two::start().await;
    let (host, provider) = (&two.host, &two.provider);
    let (mut here, mut there) = (Browser::new(host), Browser::new(provider));
    let page = here.authorize(&query(host, &[])).await;
    assert!(page.html.contains("Sign in with the other host"), "{}", page.html);
    let href = page.html.split("class=\"button wide\" href=\"").nth(1).unwrap();
    let href = href.split('"').next().unwrap().replace("&amp;", "&");
    let left = here.get(&href).await.location.unwrap();
    assert!(left.starts_with(&provider.dev().endpoint), "{left}");
    // The person shows a password there, not here.
    let page = there.get(&path(&left)).await;
    let back = there
        .sign_in(&page, "alice@contoso.example")
        .await
        .location
        .unwrap();
    let refused = here.get(&path(&back)).await;
    assert_eq!((refused.status, &refused.location), (401, &None));
    assert!(
        refused.html.contains("you have no account here"),
        "{}",
        refused.html
    );

    let link = Request::Link {
        user: "bob@contoso.example".to_owned(),
        issuer: format!("{}/{}/v2.0", provider.dev().endpoint, provider.dev().tenant_id),
        subject: provider.dev().users[0].object_id.clone(),
    };
    let app = host.service.app();
    let linked = perform(app.store(), app.clock().now(), link).await.unwrap();
    assert_eq!(linked["hasPassword"], true);
    assert_eq!(
        linked["external"][0]["subject"],
        provider.dev().users[0].object_id
    );

    // Who is signed in there comes back at once, and is asked here: another program could be on the port.
    let left = here.get(&href).await.location.unwrap();
    let back = there.get(&path(&left)).await.location.unwrap();
    let page = here.get(&path(&back)).await;
    assert_eq!(page.status, 200);
    let bob = &host.dev().users[1];
    assert!(page.html.contains(&bob.display_name), "{}", page.html);
    let granted = here.submit(&page, &[("step", "continue")]).await;
    assert_eq!(granted.parameters()["state"], "a&b=c");
    let answer = expect(redeem(host, &granted.code(), &[]).await, 200).await;
    let said = claims(&text(&answer["id_token"]));
    assert_eq!(said["oid"], *bob.object_id);
    assert_eq!(said["nonce"], "n-1");
    assert_eq!(said["tid"], *host.dev().tenant_id);
    two.stop().await;
}
