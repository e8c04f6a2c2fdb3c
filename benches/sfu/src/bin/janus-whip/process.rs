//! Janus itself, with a configuration of its own and nothing loaded that is not needed.

use std::net::{Ipv4Addr, TcpListener};
use std::num::NonZeroU16;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::api::Api;

/// The room everybody is in.
pub(crate) const ROOM: u64 = 1;

/// How long it may take to start.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often it is looked whether it has started.
const LOOK: Duration = Duration::from_millis(50);

/// A Janus that runs until this is dropped.
pub(crate) struct Janus {
    child: Child,
    port: u16,
}

impl Janus {
    pub(crate) fn start(
        program: &Path,
        directory: &Path,
        event_loops: Option<NonZeroU16>,
    ) -> anyhow::Result<Self> {
        // Free now, and hardly anybody else's a moment later.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        for (file, text) in [
            ("janus.jcfg", core(event_loops)),
            ("janus.transport.http.jcfg", transport(port)),
            ("janus.plugin.videoroom.jcfg", room()),
        ] {
            std::fs::write(directory.join(file), text)?;
        }
        let child = Command::new(program)
            .arg("--configs-folder")
            .arg(directory)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| format!("starting {}", program.display()))?;
        Ok(Self { child, port })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}/janus", self.port)
    }

    /// Waits until it answers.
    pub(crate) async fn ready(&self, api: &Api) -> anyhow::Result<()> {
        let late = Instant::now() + PATIENCE;
        while !api.is_up().await {
            if Instant::now() > late {
                bail!("Janus does not answer at {}", self.endpoint());
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }
}

impl Drop for Janus {
    fn drop(&mut self) {
        // It holds nothing that is worth a farewell.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sessions do not have to be kept alive, and ICE is that of a server. Janus has no candidate on the loopback interface; what
/// is sent to another address of the same machine goes over it all the same.
fn core(event_loops: Option<NonZeroU16>) -> String {
    let loops = event_loops.map_or_else(String::new, |loops| format!("event_loops = {loops}\n"));
    format!(
        "general: {{\n debug_level = 2\n session_timeout = 0\n {loops}}}\n\
         media: {{\n ipv6 = false\n}}\n\
         nat: {{\n ice_lite = true\n}}\n\
         plugins: {{\n disable = \"{}\"\n}}\n\
         transports: {{\n disable = \"{}\"\n}}\n\
         events: {{\n broadcast = false\n}}\n",
        libraries(&[
            "audiobridge",
            "duktape",
            "echotest",
            "lua",
            "nosip",
            "recordplay",
            "sip",
            "streaming",
            "textroom",
            "videocall",
            "voicemail",
        ]),
        libraries(&["mqtt", "nanomsg", "pfunix", "rabbitmq", "websockets"]),
    )
}

fn libraries(names: &[&str]) -> String {
    let files: Vec<String> = names.iter().map(|name| format!("libjanus_{name}.so")).collect();
    files.join(",")
}

fn transport(port: u16) -> String {
    format!(
        "general: {{\n json = \"compact\"\n base_path = \"/janus\"\n http = true\n port = {port}\n ip = \"127.0.0.1\"\n \
         https = false\n}}\nadmin: {{\n admin_http = false\n admin_https = false\n}}\n"
    )
}

/// Whatever publishers send, without a limit.
fn room() -> String {
    format!(
        "room-{ROOM}: {{\n description = \"load\"\n publishers = 100\n bitrate = 0\n audiocodec = \"opus\"\n \
         videocodec = \"vp8\"\n record = false\n}}\n"
    )
}
