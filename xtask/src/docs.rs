//! `cargo xtask docs`: pages that are written from the source. Tests compare them.

use anyhow::Result;
use clap::ValueEnum;

use crate::run;

/// A page that can be written.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Page {
    /// `docs/errors.md`, from the catalogue of errors.
    Errors,
}

pub(crate) fn docs(page: Option<Page>) -> Result<()> {
    let pages = page.map_or_else(|| Page::value_variants().to_vec(), |page| vec![page]);
    for page in pages {
        match page {
            Page::Errors => errors()?,
        }
    }
    Ok(())
}

/// The test that compares the page writes it when told to.
fn errors() -> Result<()> {
    let mut cargo = run::cargo();
    cargo
        .args([
            "test",
            "--locked",
            "--package",
            "anteroom-service",
            "--test",
            "it",
        ])
        .args(["--", "--exact", "errors::the_page_is_what_the_catalogue_says"])
        .env("ANTEROOM_WRITE_DOCS", "1");
    run::check(&mut cargo)
}
