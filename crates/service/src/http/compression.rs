//! Files of the pages, compressed (RFC 9110 §8.4): once each, kept in memory.
//!
//! For files that everybody may read alone. What holds secrets is never compressed, since its size would tell of them.

use std::collections::HashMap;
use std::io::{self, Write as _};
use std::sync::{LazyLock, Mutex, PoisonError};

use axum::http::{HeaderMap, HeaderValue, header};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

/// Smaller files are sent as they are: there is nothing to gain, in bytes.
pub(super) const WORTH_IT: usize = 512;

/// Brotli's quality, of 11: the higher ones take ten times as long for a few percent.
const BROTLI_QUALITY: i32 = 9;

/// Kept at most. In a build that reads pages from the disk every change of a file leaves one behind.
const MAX_KEPT: usize = 1024;

/// SHA-256 of a file as it is.
pub(super) type Hash = [u8; 32];

/// What was compressed so far.
static KEPT: LazyLock<Mutex<HashMap<(Hash, Coding), Bytes>>> = LazyLock::new(Mutex::default);

/// How an answer's body is coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Coding {
    Identity,
    Gzip,
    Brotli,
}

impl Coding {
    /// The best one of those that a request accepts; the smallest, where it does not care.
    ///
    /// A client that accepts none at all gets the file as it is: a server may do so, and no browser asks for it.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let listed: Vec<(String, f32)> = headers
            .get_all(header::ACCEPT_ENCODING)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(weighed)
            .collect();
        let weight = |name: &str| {
            let exact = listed.iter().find(|(listed, _)| listed == name);
            let any = || listed.iter().find(|(listed, _)| listed == "*");
            exact.or_else(any).map_or(0.0, |(_, weight)| *weight)
        };
        let (gzip, brotli) = (weight("gzip"), weight("br"));
        if brotli > 0.0 && brotli >= gzip {
            Self::Brotli
        } else if gzip > 0.0 {
            Self::Gzip
        } else {
            Self::Identity
        }
    }

    /// `Content-Encoding`; `None` of a file as it is.
    pub(super) fn header(self) -> Option<HeaderValue> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some(HeaderValue::from_static("gzip")),
            Self::Brotli => Some(HeaderValue::from_static("br")),
        }
    }

    /// What tells the entity tags of one file's codings apart.
    pub(super) const fn suffix(self) -> &'static str {
        match self {
            Self::Identity => "",
            Self::Gzip => "-gzip",
            Self::Brotli => "-br",
        }
    }

    /// The file, coded. Compressing takes milliseconds, on a thread of its own.
    pub(super) async fn encode(self, hash: Hash, file: Bytes) -> io::Result<Bytes> {
        if self == Self::Identity {
            return Ok(file);
        }
        let known = kept(|kept| kept.get(&(hash, self)).cloned());
        if let Some(known) = known {
            return Ok(known);
        }
        let compressed = tokio::task::spawn_blocking(move || self.compress(&file))
            .await
            .map_err(io::Error::other)??;
        kept(|kept| {
            if kept.len() >= MAX_KEPT {
                kept.clear();
            }
            kept.insert((hash, self), compressed.clone());
        });
        Ok(compressed)
    }

    fn compress(self, mut file: &[u8]) -> io::Result<Bytes> {
        match self {
            Self::Identity => Ok(Bytes::copy_from_slice(file)),
            Self::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
                encoder.write_all(file)?;
                Ok(encoder.finish()?.into())
            }
            Self::Brotli => {
                let parameters = brotli::enc::BrotliEncoderParams {
                    quality: BROTLI_QUALITY,
                    size_hint: file.len(),
                    ..brotli::enc::BrotliEncoderParams::default()
                };
                let mut compressed = Vec::new();
                brotli::BrotliCompress(&mut file, &mut compressed, &parameters)?;
                Ok(compressed.into())
            }
        }
    }
}

fn kept<T>(look: impl FnOnce(&mut HashMap<(Hash, Coding), Bytes>) -> T) -> T {
    look(&mut KEPT.lock().unwrap_or_else(PoisonError::into_inner))
}

/// `gzip;q=0.5`: a coding in lower case and its weight (RFC 9110 §12.5.3). What is no weight counts as none.
fn weighed(listed: &str) -> (String, f32) {
    let mut parts = listed.split(';');
    let name = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
    let weight = parts
        .map(str::trim)
        .find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    let weight = weight.map_or(1.0, |weight| weight.trim().parse().unwrap_or(0.0));
    (name, weight)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn accepted(value: &'static str) -> Coding {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(value));
        Coding::of(&headers)
    }

    #[test]
    fn takes_the_smallest_that_is_accepted() {
        assert_eq!(Coding::of(&HeaderMap::new()), Coding::Identity);
        for (value, coding) in [
            ("gzip, deflate, br, zstd", Coding::Brotli),
            ("gzip, deflate", Coding::Gzip),
            ("GZIP", Coding::Gzip),
            ("br;q=0.5, gzip", Coding::Gzip),
            ("br;q=0, gzip;q=0.1", Coding::Gzip),
            ("br; q=0, gzip; q=0", Coding::Identity),
            ("*", Coding::Brotli),
            ("*;q=0.5, br;q=0", Coding::Gzip),
            ("identity", Coding::Identity),
            ("br;q=x", Coding::Identity),
            ("", Coding::Identity),
            (";;,,;q=", Coding::Identity),
        ] {
            assert_eq!(accepted(value), coding, "{value}");
        }
    }

    #[tokio::test]
    async fn what_was_compressed_is_the_file() {
        let text = Bytes::from("a line of a page\n".repeat(200));
        let mut sizes = Vec::new();
        for coding in [Coding::Identity, Coding::Gzip, Coding::Brotli] {
            // The second time from memory.
            let first = coding.encode([7; 32], text.clone()).await.unwrap();
            let again = coding.encode([7; 32], text.clone()).await.unwrap();
            assert_eq!(first, again);
            let mut read = Vec::new();
            match coding {
                Coding::Identity => read.extend_from_slice(&first),
                Coding::Gzip => drop(
                    flate2::read::GzDecoder::new(&*first)
                        .read_to_end(&mut read)
                        .unwrap(),
                ),
                Coding::Brotli => drop(
                    brotli::Decompressor::new(&*first, 4096)
                        .read_to_end(&mut read)
                        .unwrap(),
                ),
            }
            assert_eq!(read, text);
            sizes.push(first.len());
        }
        assert!(sizes[0] > 10 * sizes[1] && sizes[0] > 10 * sizes[2], "{sizes:?}");
    }
}
