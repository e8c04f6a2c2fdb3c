//! What a crate costs whoever uses it alone: how many others it brings along, and how many lines they have.
//!
//! Both are the same on every machine, so they are enforced. The time a build takes is not; it is measured when asked for
//! (`cargo xtask tidy --timings`).

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::run;

/// A crate, and the most it may cost. A budget is raised in the commit that spends it, which says for what.
struct Budget {
    package: &'static str,
    /// Outside crates in its tree, those of build scripts and procedural macros included.
    crates: usize,
    /// Lines of Rust in them, thousands.
    rust_kilolines: usize,
    /// Lines of C, headers included, thousands.
    c_kilolines: usize,
}

const BUDGETS: &[Budget] = &[Budget {
    package: "anteroom-codec",
    crates: 36,
    rust_kilolines: 260,
    // libopus; most of them are the weights of its neural networks.
    c_kilolines: 600,
}];

/// Who drags in one of these is no library for sound, whatever else it is.
const RUNTIMES: &[&str] = &[
    "async-executor",
    "async-std",
    "futures-executor",
    "hyper",
    "mio",
    "smol",
    "tokio",
];

/// What the budgets are counted for.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Adds to `faults` what is over its budget, and prints what there is.
pub(super) fn budgets(faults: &mut Vec<String>) -> Result<()> {
    let mut manifests = None;
    for budget in BUDGETS {
        let tree = tree(budget.package)?;
        if manifests.is_none() {
            manifests = Some(Manifests::read()?);
        }
        let known = manifests.as_ref().context("read above")?;
        let mut cost = Cost::default();
        for dependency in tree.iter().filter(|dependency| dependency.name != budget.package) {
            cost.add(dependency, known)?;
        }
        println!("tidy: {} alone: {}", budget.package, cost.beside(budget));
        cost.check(budget, faults);
    }
    Ok(())
}

/// Builds each crate that has a budget from nothing, and prints how long that takes.
pub(super) fn timings() -> Result<()> {
    for budget in BUDGETS {
        let target = run::target_dir().join("tidy-timings");
        remove(&target)?;
        for (profile, arguments) in [("dev", &[][..]), ("release", &["--release"])] {
            let mut build = run::cargo();
            build
                .args(["build", "--locked", "--quiet", "--package", budget.package])
                .args(arguments)
                .env("CARGO_TARGET_DIR", &target);
            let start = Instant::now();
            run::check(&mut build)?;
            println!(
                "tidy: {} from nothing, {profile}: {:.1} s",
                budget.package,
                start.elapsed().as_secs_f64()
            );
        }
        remove(&target)?;
    }
    Ok(())
}

fn remove(directory: &Path) -> Result<()> {
    if directory.exists() {
        fs::remove_dir_all(directory).with_context(|| format!("removing {}", directory.display()))?;
    }
    Ok(())
}

/// One crate in a tree.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Dependency {
    name: String,
    version: String,
}

/// The crates that are built for `package` and for nobody else: not for its tests, not for the rest of the workspace.
fn tree(package: &str) -> Result<BTreeSet<Dependency>> {
    let text = run::output(run::cargo().args([
        "tree",
        "--locked",
        "--package",
        package,
        "--edges",
        "normal,build",
        "--prefix",
        "none",
        "--target",
        TARGET,
    ]))?;
    parse_tree(&text)
}

/// Reads lines such as `syn v2.0.119 (*)`.
fn parse_tree(text: &str) -> Result<BTreeSet<Dependency>> {
    let mut dependencies = BTreeSet::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let mut words = line.split_whitespace();
        let (Some(name), Some(version)) = (words.next(), words.next()) else {
            bail!("cargo tree says `{line}`");
        };
        let version = version
            .strip_prefix('v')
            .with_context(|| format!("cargo tree says `{line}`"))?;
        dependencies.insert(Dependency {
            name: name.to_owned(),
            version: version.to_owned(),
        });
    }
    if dependencies.is_empty() {
        bail!("cargo tree says nothing");
    }
    Ok(dependencies)
}

/// Where the sources of all packages are.
struct Manifests(Value);

impl Manifests {
    fn read() -> Result<Self> {
        let text = run::output(run::cargo().args([
            "metadata",
            "--format-version",
            "1",
            "--locked",
            "--filter-platform",
            TARGET,
        ]))?;
        Ok(Self(serde_json::from_str(&text).context("cargo metadata")?))
    }

    fn directory(&self, dependency: &Dependency) -> Result<PathBuf> {
        let packages = self.0["packages"].as_array().into_iter().flatten();
        let manifest = packages
            .filter(|package| {
                package["name"] == *dependency.name && package["version"] == *dependency.version
            })
            .find_map(|package| package["manifest_path"].as_str())
            .and_then(|path| Path::new(path).parent())
            .with_context(|| format!("cargo metadata does not know {dependency:?}"))?;
        Ok(manifest.to_path_buf())
    }
}

/// What a crate brings along.
#[derive(Debug, Default, PartialEq, Eq)]
struct Cost {
    crates: usize,
    rust_lines: usize,
    c_lines: usize,
    /// Crates it must not bring.
    unwanted: Vec<String>,
}

impl Cost {
    fn add(&mut self, dependency: &Dependency, manifests: &Manifests) -> Result<()> {
        self.crates += 1;
        let ours = dependency.name == "anteroom" || dependency.name.starts_with("anteroom-");
        if ours || RUNTIMES.contains(&dependency.name.as_str()) {
            self.unwanted.push(dependency.name.clone());
        }
        self.add_lines(&manifests.directory(dependency)?)
    }

    fn add_lines(&mut self, directory: &Path) -> Result<()> {
        for path in files(directory)? {
            let counter = match path.extension().and_then(|extension| extension.to_str()) {
                Some("rs") => &mut self.rust_lines,
                Some("c" | "h" | "cc" | "cpp" | "S") => &mut self.c_lines,
                _ => continue,
            };
            let bytes = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
            *counter += bytes.iter().filter(|&&byte| byte == b'\n').count();
        }
        Ok(())
    }

    fn check(&self, budget: &Budget, faults: &mut Vec<String>) {
        let package = budget.package;
        for unwanted in &self.unwanted {
            faults.push(format!("{package} must not bring {unwanted} along"));
        }
        for (what, spent, most) in [
            ("crates", self.crates, budget.crates),
            ("lines of Rust", self.rust_lines, budget.rust_kilolines * 1000),
            ("lines of C", self.c_lines, budget.c_kilolines * 1000),
        ] {
            if spent > most {
                faults.push(format!(
                    "{package} brings {spent} {what} along; its budget is {most}"
                ));
            }
        }
    }

    fn beside(&self, budget: &Budget) -> String {
        format!(
            "{} crates (of {}), {} lines of Rust (of {}), {} lines of C (of {})",
            self.crates,
            budget.crates,
            self.rust_lines,
            budget.rust_kilolines * 1000,
            self.c_lines,
            budget.c_kilolines * 1000
        )
    }
}

/// All files of a package but those that nobody compiles who only uses it.
fn files(directory: &Path) -> Result<Vec<PathBuf>> {
    const APART: [&str; 6] = ["tests", "test", "benches", "examples", "doc", "target"];
    let (mut found, mut pending) = (Vec::new(), vec![directory.to_path_buf()]);
    while let Some(directory) = pending.pop() {
        for entry in fs::read_dir(&directory).with_context(|| format!("reading {}", directory.display()))? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if !path.is_dir() {
                found.push(path);
            } else if !APART.contains(&&*name) && !name.starts_with('.') {
                pending.push(path);
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUDGET: Budget = Budget {
        package: "anteroom-codec",
        crates: 2,
        rust_kilolines: 1,
        c_kilolines: 1,
    };

    #[test]
    fn a_tree_is_read_once_for_each_version() {
        let text = "anteroom-codec v0.1.0 (/work)\nsyn v2.0.1\nsyn v3.0.0\nsyn v2.0.1 (*)\nx v1.0.0 (proc-macro)\n\n";
        let tree = parse_tree(text).expect("a tree");
        let named: Vec<_> = tree
            .iter()
            .map(|d| (d.name.as_str(), d.version.as_str()))
            .collect();
        assert_eq!(
            named,
            [
                ("anteroom-codec", "0.1.0"),
                ("syn", "2.0.1"),
                ("syn", "3.0.0"),
                ("x", "1.0.0")
            ]
        );
        assert!(parse_tree("").is_err(), "nothing is no tree");
        assert!(parse_tree("error: no such package").is_err());
    }

    #[test]
    fn what_is_within_the_budget_passes_and_one_more_does_not() {
        let mut cost = Cost {
            crates: 2,
            rust_lines: 1000,
            c_lines: 1000,
            unwanted: Vec::new(),
        };
        let mut faults = Vec::new();
        cost.check(&BUDGET, &mut faults);
        assert_eq!(faults, [""; 0]);
        cost.crates += 1;
        cost.rust_lines += 1;
        cost.c_lines += 1;
        cost.check(&BUDGET, &mut faults);
        assert_eq!(faults.len(), 3, "{faults:?}");
        assert!(faults.iter().all(|fault| fault.starts_with("anteroom-codec")));
    }

    #[test]
    fn runtimes_and_siblings_are_unwanted_and_others_are_not() {
        let directory = env!("CARGO_MANIFEST_DIR");
        let names = ["tokio", "anteroom-chat", "rubato", "tokio-like"];
        let packages: Vec<Value> = names
            .iter()
            .map(|name| {
                serde_json::json!({
                    "name": name,
                    "version": "1.0.0",
                    "manifest_path": format!("{directory}/Cargo.toml"),
                })
            })
            .collect();
        let manifests = Manifests(serde_json::json!({ "packages": packages }));
        let mut cost = Cost::default();
        for name in names {
            let dependency = Dependency {
                name: name.to_owned(),
                version: "1.0.0".to_owned(),
            };
            cost.add(&dependency, &manifests).expect("it is known");
        }
        assert_eq!(
            (cost.crates, cost.unwanted.join(" ").as_str()),
            (4, "tokio anteroom-chat")
        );
        assert!(cost.rust_lines > 4 * 500, "the lines of this program, four times");
        assert_eq!(cost.c_lines, 0);
        let unknown = Dependency {
            name: "rubato".to_owned(),
            version: "2.0.0".to_owned(),
        };
        assert!(cost.add(&unknown, &manifests).is_err());
    }
}
