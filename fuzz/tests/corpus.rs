//! Every file of the corpus through its target's body, on any toolchain.

use std::fs;
use std::path::Path;

#[test]
fn every_seed_runs_through_its_target() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for (name, body) in anteroom_fuzz::TARGETS {
        let mut seeds: Vec<_> = fs::read_dir(corpus.join(name))
            .expect("each target has seeds")
            .map(|entry| entry.unwrap().path())
            .collect();
        seeds.sort();
        assert!(!seeds.is_empty(), "{name} has no seeds");
        for seed in seeds {
            println!("{}", seed.display());
            body(&fs::read(&seed).unwrap());
        }
        body(&[]);
    }
}

#[test]
fn every_target_has_a_file_and_a_folder() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let names = |folder: &str| -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(here.join(folder))
            .unwrap()
            .map(|entry| {
                entry
                    .unwrap()
                    .path()
                    .file_stem()
                    .unwrap()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        names.sort();
        names
    };
    let targets: Vec<String> = anteroom_fuzz::TARGETS
        .iter()
        .map(|(name, _)| (*name).to_owned())
        .collect();
    assert_eq!(names("fuzz_targets"), targets);
    assert_eq!(names("corpus"), targets);
}
