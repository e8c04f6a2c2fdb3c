//! What the build and the tests need from the system, and how to get it.
//!
//! On Debian and Ubuntu, as root, missing packages are installed. Elsewhere the exact command is printed instead.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::run;

/// Something that must be on the machine.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Need {
    /// What it is for.
    pub(crate) what: &'static str,
    /// Any of these programs on the `PATH` will do.
    programs: &'static [&'static str],
    /// Debian's packages that bring it.
    packages: &'static [&'static str],
}

/// What compiling the workspace needs.
pub(crate) const BUILD: &[Need] = &[
    Need {
        what: "a C compiler (aws-lc, SQLite)",
        programs: &["cc"],
        packages: &["build-essential"],
    },
    Need {
        what: "CMake (libopus)",
        programs: &["cmake"],
        packages: &["cmake"],
    },
];

/// What the tests in Rust need besides.
pub(crate) const TESTS: &[Need] = &[Need {
    what: "OpenSSL's command line (DTLS against another implementation)",
    programs: &["openssl"],
    packages: &["openssl"],
}];

/// The server that `bench sfu` puts beside ours.
pub(crate) const JANUS: &[Need] = &[Need {
    what: "Janus (beside which forwarding is measured)",
    programs: &["janus"],
    packages: &["janus"],
}];

/// What makes speech.
pub(crate) const SPEECH: &[Need] = &[Need {
    what: "espeak-ng (speech to measure with)",
    programs: &["espeak-ng"],
    packages: &["espeak-ng"],
}];

/// A C++ compiler, for libFuzzer.
pub(crate) const FUZZ: &[Need] = &[Need {
    what: "a C++ compiler (libFuzzer)",
    programs: &["c++"],
    packages: &["build-essential"],
}];

/// What the tests with outside SDKs need.
pub(crate) const PYTHON: &[Need] = &[Need {
    what: "Python 3 with venv (official Azure SDKs)",
    programs: &["python3"],
    packages: &["python3", "python3-venv"],
}];

/// What the tests with packages for JavaScript need.
pub(crate) const NODE: &[Need] = &[
    Need {
        what: "Node.js (browser driver, SDKs and stacks for JavaScript)",
        programs: &["node"],
        packages: &["nodejs"],
    },
    Need {
        what: "npm (the same)",
        programs: &["npm"],
        packages: &["npm"],
    },
];

/// What the tests with GStreamer need. Its binding is for the Python of the system, whichever is the first on the `PATH`.
pub(crate) const GSTREAMER: &[Need] = &[Need {
    what: "GStreamer with webrtcbin, codecs and the binding for Python",
    programs: &["gst-inspect-1.0"],
    packages: &[
        "gir1.2-gst-plugins-bad-1.0",
        "gstreamer1.0-nice",
        "gstreamer1.0-plugins-bad",
        "gstreamer1.0-plugins-base",
        "gstreamer1.0-plugins-good",
        "gstreamer1.0-tools",
        "python3",
        "python3-gst-1.0",
    ],
}];

/// The elements of [`GSTREAMER`]'s packages, one of each.
const ELEMENTS: [&str; 5] = ["webrtcbin", "nicesrc", "opusenc", "vp8enc", "openh264enc"];

/// What the tests with browsers need, besides [`NODE`].
pub(crate) const BROWSERS: &[Need] = &[
    Need {
        what: "Chromium",
        programs: &["chromium"],
        packages: &["chromium"],
    },
    Need {
        what: "Firefox",
        programs: &["firefox-esr"],
        packages: &["firefox-esr"],
    },
];

/// Makes sure that all `needs` are there, installing what is missing when that is possible.
pub(crate) fn ensure(needs: &[&[Need]]) -> Result<()> {
    let missing: Vec<&Need> = needs
        .iter()
        .flat_map(|list| list.iter())
        .filter(|need| !present(need))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = missing.iter().map(|need| need.what).collect();
    println!("missing: {}", names.join(", "));
    let mut packages: Vec<&str> = missing
        .iter()
        .flat_map(|need| need.packages.iter().copied())
        .collect();
    packages.sort_unstable();
    packages.dedup();
    install(&packages)?;
    if let Some(need) = missing.iter().find(|need| !present(need)) {
        bail!(
            "{} is still missing after installing {}",
            need.what,
            packages.join(" ")
        );
    }
    Ok(())
}

fn present(need: &Need) -> bool {
    if !need.programs.iter().any(|program| run::on_path(program)) {
        return false;
    }
    // Debian ships python3 without the part that makes virtual environments.
    if need.programs.contains(&"python3") {
        return Command::new("python3")
            .args(["-c", "import venv, ensurepip"])
            .output()
            .is_ok_and(|output| output.status.success());
    }
    if need.programs.contains(&"gst-inspect-1.0") {
        let succeeds = |command: &mut Command| command.output().is_ok_and(|output| output.status.success());
        let binding =
            "import gi; gi.require_version('GstWebRTC', '1.0'); from gi.repository import GstWebRTC";
        return ELEMENTS
            .iter()
            .all(|element| succeeds(Command::new("gst-inspect-1.0").arg(element)))
            && succeeds(Command::new("/usr/bin/python3").args(["-c", binding]));
    }
    true
}

fn install(packages: &[&str]) -> Result<()> {
    let by_hand = format!(
        "sudo apt-get update && sudo apt-get install -y {}",
        packages.join(" ")
    );
    if !run::on_path("apt-get") {
        bail!(
            "please install them with your system's package manager (on Debian or Ubuntu: `{by_hand}`), \
             then run this again"
        );
    }
    if !is_root()? {
        bail!("only root may install them; please run\n\n    {by_hand}\n\nthen run this again");
    }
    let mut update = run::command("apt-get");
    update.args(["update", "-qq"]);
    run::check(&mut update)?;
    let mut install = run::command("apt-get");
    install
        .env("DEBIAN_FRONTEND", "noninteractive")
        .args(["install", "-y", "-qq", "--no-install-recommends"])
        .args(packages);
    run::check(&mut install).with_context(|| format!("try it by hand: {by_hand}"))
}

fn is_root() -> Result<bool> {
    if Path::new("/proc/self/status").exists() {
        let status = std::fs::read_to_string("/proc/self/status").context("reading /proc/self/status")?;
        let effective = status
            .lines()
            .find_map(|line| line.strip_prefix("Uid:"))
            .and_then(|ids| ids.split_whitespace().nth(1).map(str::to_owned));
        return Ok(effective.as_deref() == Some("0"));
    }
    Ok(run::output(Command::new("id").arg("-u"))?.trim() == "0")
}
