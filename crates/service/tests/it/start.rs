//! Starting, stopping, starting again, and why it does not start.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use anteroom_service::config::ConfigError;
use anteroom_service::tls::TlsError;
use anteroom_service::{Config, DevInfo, Service, StartError};
use serde_json::{Value, json};

use crate::common::{CHAT, Host, client, expect};

async fn refusal(config: Config) -> StartError {
    let error = Service::start(config).await.unwrap_err();
    assert_eq!(error.to_string().lines().count(), 1, "{error}");
    error
}

#[tokio::test]
async fn a_second_start_keeps_everything() {
    let host = Host::start().await;
    let first = host.dev().clone();
    let alice = host.sign_in("alice@contoso.example").await;
    let (_, guest) = host.guest(&["chat", "voip"]).await;
    let target = format!("{}/messages?{CHAT}", host.thread_path());
    let sent = host
        .post(&target)
        .bearer_auth(&alice)
        .json(&json!({ "content": "kept" }))
        .send()
        .await
        .unwrap();
    expect(sent, 201).await;
    let ca = std::fs::read(host.dir.path().join("tls/ca.pem")).unwrap();
    host.service.shutdown().await;

    // Other ports this time.
    let service = Service::start(Config::dev(host.dir.path())).await.unwrap();
    let second = service.dev().unwrap().clone();
    assert_eq!(std::fs::read(host.dir.path().join("tls/ca.pem")).unwrap(), ca);
    assert_eq!(second.tenant_id, first.tenant_id);
    assert_eq!(second.resource_id, first.resource_id);
    assert_eq!(second.meeting.thread_id, first.meeting.thread_id);
    assert_eq!(second.meeting.teams_url, first.meeting.teams_url);
    let passwords = |dev: &DevInfo| {
        dev.users
            .iter()
            .map(|user| (user.object_id.clone(), user.password.clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(passwords(&second), passwords(&first));
    let path = |url: &str| url.splitn(4, '/').nth(3).unwrap().to_owned();
    assert_eq!(path(&second.meeting.join_url), path(&first.meeting.join_url));
    assert!(second.meeting.join_url.starts_with(&second.endpoint));
    let key = |dev: &DevInfo| {
        dev.connection_string
            .split_once(";accesskey=")
            .unwrap()
            .1
            .to_owned()
    };
    assert_eq!(key(&second), key(&first));
    assert!(
        second
            .connection_string
            .starts_with(&format!("endpoint={}/;", second.endpoint))
    );

    let host = Host {
        service,
        client: client(host.dir.path()),
        dir: host.dir,
    };
    let list = |token: String| host.get(&target).bearer_auth(token).send();
    // The guest's token lives on; the directory token named the old address as its issuer.
    assert_eq!(list(guest).await.unwrap().status(), 403);
    let alice = host.sign_in("alice@contoso.example").await;
    let page = expect(list(alice).await.unwrap(), 200).await;
    assert_eq!(page["value"][0]["content"]["message"], "kept");
    host.service.shutdown().await;
}

#[tokio::test]
async fn dev_json_has_what_programs_need_and_is_private() {
    let host = Host::start().await;
    let text = std::fs::read_to_string(host.dev_json()).unwrap();
    let json: Value = serde_json::from_str(&text).unwrap();
    for key in [
        "endpoint",
        "connection_string",
        "ca_file",
        "tenant_id",
        "guest_page",
        "teams_page",
        "resource_id",
    ] {
        assert!(json[key].is_string(), "{key}");
    }
    for key in ["join_url", "subject", "thread_id", "teams_url"] {
        assert!(json["meeting"][key].is_string(), "{key}");
    }
    let users: Vec<_> = json["users"]
        .as_array()
        .unwrap()
        .iter()
        .map(|user| user["upn"].clone())
        .collect();
    assert_eq!(users, ["alice@contoso.example", "bob@contoso.example"]);
    assert!(json["users"][0]["object_id"].is_string() && json["users"][0]["password"].is_string());
    let meeting = json["meeting"]["join_url"].as_str().unwrap();
    let (digits, code) = meeting.rsplit_once('/').unwrap().1.split_once("?p=").unwrap();
    assert!(
        digits.len() == 15 && digits.bytes().all(|byte| byte.is_ascii_digit()),
        "{digits}"
    );
    assert!(code.len() == 18 && code.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    let http = json["dev_http"].as_str().unwrap();
    assert!(http.starts_with("http://localhost:"));
    assert!(
        json["guest_page"]
            .as_str()
            .unwrap()
            .starts_with(&format!("{http}/join?link=https%3A%2F%2F127"))
    );
    assert_eq!(json["teams_page"], format!("{http}/teams"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        for name in ["dev.json", "anteroom.db", "anteroom.db-wal"] {
            assert_eq!(mode(host.dir.path().join(name)), 0o600, "{name}");
        }
        assert_eq!(mode(host.dir.path().join("tls/ca-key.pem")), 0o600);
    }
    host.service.shutdown().await;
}

#[tokio::test]
async fn names_the_port_that_is_taken_and_its_option() {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .unwrap()
        .local_addr()
        .map(|a| a.port());
    let holder = TcpListener::bind((Ipv4Addr::LOCALHOST, taken.unwrap())).unwrap();
    let address = holder.local_addr().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config::dev(dir.path());
    config.listen = address;
    let error = refusal(config).await;
    assert!(
        matches!(
            error,
            StartError::PortTaken {
                option: "--listen",
                ..
            }
        ),
        "{error}"
    );
    assert!(error.to_string().contains(&address.to_string()), "{error}");
    let mut config = Config::dev(dir.path());
    config.dev_http = Some(address);
    let error = refusal(config).await;
    assert!(
        matches!(
            error,
            StartError::PortTaken {
                option: "--dev-http",
                ..
            }
        ),
        "{error}"
    );
    let udp = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let mut config = Config::dev(dir.path());
    config.media = udp.local_addr().unwrap();
    let error = refusal(config).await;
    assert!(
        matches!(
            error,
            StartError::PortTaken {
                option: "--media",
                ..
            }
        ),
        "{error}"
    );
    // What failed has let go of everything.
    Service::start(Config::dev(dir.path()))
        .await
        .unwrap()
        .shutdown()
        .await;
}

#[tokio::test]
async fn refuses_a_directory_that_is_in_use_or_not_one() {
    let host = Host::start().await;
    let error = refusal(Config::dev(host.dir.path())).await;
    assert!(matches!(error, StartError::DataInUse { .. }), "{error}");
    let error = refusal(Config::dev(host.dev_json())).await;
    assert!(matches!(error, StartError::DataNotWritable { .. }), "{error}");
    let error = refusal(Config::dev("/proc/anteroom")).await;
    assert!(matches!(error, StartError::DataNotWritable { .. }), "{error}");
    host.service.shutdown().await;
}

#[tokio::test]
async fn refuses_a_database_that_is_none() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("anteroom.db"), "x".repeat(5000)).unwrap();
    let error = refusal(Config::dev(dir.path())).await;
    assert!(matches!(error, StartError::Store { .. }), "{error}");
}

#[tokio::test]
async fn refuses_plain_http_beyond_this_machine_and_missing_certificates() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config::dev(dir.path());
    config.dev_http = Some(SocketAddr::from(([0, 0, 0, 0], 0)));
    let error = refusal(config).await;
    assert!(
        matches!(error, StartError::Config(ConfigError::NotLoopback { .. })),
        "{error}"
    );

    let mut config = Config::dev(dir.path());
    config.dev = false;
    let error = refusal(config.clone()).await;
    assert!(
        matches!(error, StartError::Config(ConfigError::CertificateMissing)),
        "{error}"
    );
    config.tls.cert = Some(dir.path().join("none.pem"));
    let error = refusal(config.clone()).await;
    assert!(
        matches!(error, StartError::Config(ConfigError::CertificateHalf)),
        "{error}"
    );
    config.tls.key = Some(dir.path().join("none-key.pem"));
    let error = refusal(config).await;
    assert!(
        matches!(
            error,
            StartError::Tls(TlsError::Missing {
                what: "certificate",
                ..
            })
        ),
        "{error}"
    );
}

#[tokio::test]
async fn production_has_no_demo_data_and_writes_the_connection_string() {
    let dev = Host::start().await;
    let cert = dev.dir.path().join("tls");
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config::dev(dir.path());
    config.dev = false;
    config.tls.cert = Some(cert.join("cert.pem"));
    config.tls.key = Some(cert.join("key.pem"));
    let service = Service::start(config).await.unwrap();
    assert!(service.dev().is_none() && service.dev_http().is_none());
    assert!(!dir.path().join("dev.json").exists());
    let file: Value =
        serde_json::from_slice(&std::fs::read(dir.path().join("resource.json")).unwrap()).unwrap();
    assert!(
        file["connection_string"]
            .as_str()
            .unwrap()
            .contains(";accesskey=")
    );
    let url = format!("{}demo/guest-token", service.endpoint());
    let absent = dev.client.post(url).header("origin", "x").send().await.unwrap();
    assert_eq!(absent.status(), 404);
    service.shutdown().await;
    dev.service.shutdown().await;
}

#[tokio::test]
async fn guests_are_out_of_the_chat_after_a_start() {
    let host = Host::start().await;
    let (id, guest) = host.guest(&["chat"]).await;
    let thread = host.dev().meeting.thread_id.parse().unwrap();
    let member = id.parse().unwrap();
    let chat = host.service.app().chat().clone();
    let silent = anteroom_chat::thread::SystemMessages::Silent;
    chat.add_member(&thread, &member, "Dana", None, silent)
        .await
        .unwrap();
    let target = format!("{}?{CHAT}", host.thread_path());
    expect(host.get(&target).bearer_auth(&guest).send().await.unwrap(), 200).await;
    host.service.shutdown().await;
    let service = Service::start(Config::dev(host.dir.path())).await.unwrap();
    let host = Host {
        service,
        client: client(host.dir.path()),
        dir: host.dir,
    };
    assert_eq!(
        host.get(&target)
            .bearer_auth(&guest)
            .send()
            .await
            .unwrap()
            .status(),
        403
    );
    host.service.shutdown().await;
}
