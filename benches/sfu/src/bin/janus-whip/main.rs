//! WHIP and WHEP in front of Janus and its videoroom. Descriptions pass through here, media goes straight to Janus, which is
//! a process of its own.

mod api;
mod process;
mod sdp;

use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anteroom_sfu_peers::{Begun, Server, Side};
use anyhow::Context as _;
use clap::Parser;
use serde_json::json;

use self::api::{Answered, Api, Handle};
use self::process::Janus;

/// How long a publisher is waited for that has only just come.
const PUBLISHER_PATIENCE: Duration = Duration::from_secs(5);

/// How often it is looked whether it is there.
const LOOK: Duration = Duration::from_millis(50);

/// WHIP and WHEP in front of Janus and its videoroom.
#[derive(Debug, Parser)]
struct Arguments {
    /// Where offers are posted.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,

    /// Janus, as Debian installs it.
    #[arg(long, default_value = "janus")]
    janus: PathBuf,

    /// Threads that Janus has for media [default: one for each client, as Janus comes].
    #[arg(long)]
    event_loops: Option<NonZeroU16>,
}

struct Gateway {
    api: Api,
    /// Whose media subscribers get.
    publisher: Mutex<Option<u64>>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    // The HTTP client wants to know even where there is no TLS.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let directory = tempfile::tempdir()?;
    let janus = Janus::start(&arguments.janus, directory.path(), arguments.event_loops)?;
    let api = Api::new(janus.endpoint())?;
    janus.ready(&api).await?;
    let gateway = Arc::new(Gateway {
        api,
        publisher: Mutex::new(None),
    });
    anteroom_sfu_peers::serve(gateway, arguments.listen, janus.id()).await
}

impl Gateway {
    async fn publish(&self, handle: Handle, offer: &str) -> anyhow::Result<String> {
        let body = json!({ "request": "joinandconfigure", "room": process::ROOM, "ptype": "publisher" });
        let Answered { data, description } = self.api.message(handle, &body, Some(("offer", offer))).await?;
        let id = data["id"].as_u64().context("a publisher without id")?;
        *self.publisher.lock().unwrap_or_else(PoisonError::into_inner) = Some(id);
        description.context("Janus does not answer the offer")
    }

    async fn subscribe(&self, handle: Handle, offer: &str) -> anyhow::Result<String> {
        let publisher = *self.publisher.lock().unwrap_or_else(PoisonError::into_inner);
        let publisher = publisher.context("nobody publishes")?;
        let body = json!({
            "request": "join",
            "room": process::ROOM,
            "ptype": "subscriber",
            "streams": [{ "feed": publisher }],
        });
        // A publisher is there for others when Janus has media from it, a moment after it is connected itself.
        let late = Instant::now() + PUBLISHER_PATIENCE;
        let attached = loop {
            match self.api.message(handle, &body, None).await {
                Err(_) if Instant::now() < late => tokio::time::sleep(LOOK).await,
                answered => break answered?,
            }
        };
        let theirs = attached.description.context("Janus does not offer anything")?;
        let (to_client, to_janus) = sdp::cross(offer, &theirs).context("the offers do not fit")?;
        let start = json!({ "request": "start" });
        self.api
            .message(handle, &start, Some(("answer", &to_janus)))
            .await?;
        Ok(to_client)
    }
}

impl Server for Gateway {
    async fn begin(&self, side: Side, offer: String) -> anyhow::Result<Begun> {
        let handle = self.api.attach("janus.plugin.videoroom").await?;
        let answer = match side {
            Side::Publisher => self.publish(handle, &sdp::active(&offer)).await,
            Side::Subscriber => self.subscribe(handle, &offer).await,
        };
        match answer {
            Ok(answer) => Ok(Begun {
                session: handle.session,
                answer,
            }),
            Err(error) => {
                self.end(handle.session).await;
                Err(error)
            }
        }
    }

    async fn end(&self, session: u64) {
        // One that has gone is what was asked for.
        let _ = self.api.destroy(session).await;
    }
}
