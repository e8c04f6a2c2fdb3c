use std::fmt;

use crate::lanes::blocks;
use crate::{Job, Tag};
#[cfg(target_arch = "x86_64")]
use crate::{avx2, avx512, lanes};

/// A way to compute tags that this processor is known to support.
#[derive(Clone, Copy)]
pub struct Backend(Kind);

#[derive(Clone, Copy)]
enum Kind {
    OneByOne,
    #[cfg(target_arch = "x86_64")]
    Avx2(avx2::Avx2),
    #[cfg(target_arch = "x86_64")]
    Avx512(avx512::Avx512),
}

impl Backend {
    /// The one with the most lanes. The processor is asked once; later calls read the remembered answer.
    #[must_use]
    #[inline]
    pub fn best() -> Self {
        Self::available().next().unwrap_or(Self(Kind::OneByOne))
    }

    /// All that this processor supports, the best first; hashing one by one is always the last.
    pub fn available() -> impl Iterator<Item = Self> {
        #[cfg(target_arch = "x86_64")]
        let vectors = [
            avx512::Avx512::detect().map(Kind::Avx512),
            avx2::Avx2::detect().map(Kind::Avx2),
        ];
        #[cfg(not(target_arch = "x86_64"))]
        let vectors: [Option<Kind>; 0] = [];
        vectors.into_iter().flatten().chain([Kind::OneByOne]).map(Self)
    }

    /// How many messages it hashes at once.
    #[must_use]
    pub const fn lanes(self) -> usize {
        match self.0 {
            Kind::OneByOne => 1,
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2(_) => avx2::LANES,
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512(_) => avx512::LANES,
        }
    }

    /// As [`tags`](crate::tags), with this backend.
    pub fn tags(self, jobs: &[Job<'_>], tags: &mut [Tag]) {
        let lanes = self.lanes();
        for (jobs, tags) in jobs.chunks(lanes).zip(tags.chunks_mut(lanes)) {
            let count = jobs.len().min(tags.len());
            let (jobs, tags) = (&jobs[..count], &mut tags[..count]);
            match self.0 {
                #[cfg(target_arch = "x86_64")]
                Kind::Avx512(kernel) if self.pays(jobs) => lanes::tags(kernel, jobs, tags),
                #[cfg(target_arch = "x86_64")]
                Kind::Avx2(kernel) if self.pays(jobs) => lanes::tags(kernel, jobs, tags),
                _ => {
                    for (job, tag) in jobs.iter().zip(tags) {
                        *tag = job.key.tag(job.message);
                    }
                }
            }
        }
    }

    /// Whether enough lanes have work for long enough: a step of all lanes takes as long as several blocks one by one,
    /// with SHA instructions.
    pub(crate) fn pays(self, jobs: &[Job<'_>]) -> bool {
        let cost = match self.0 {
            Kind::OneByOne => return false,
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2(_) => 5,
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512(_) => 4,
        };
        let in_lane = |job: &Job<'_>| blocks(job.message) + 1;
        let all: usize = jobs.iter().map(in_lane).sum();
        let longest = jobs.iter().map(in_lane).max().unwrap_or(0);
        all > cost * longest
    }
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Kind::OneByOne => "OneByOne",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2(_) => "Avx2",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512(_) => "Avx512",
        })
    }
}
