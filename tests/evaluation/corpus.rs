//! Which specifications.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};

use super::random::Random;

const CHOSEN: &str = include_str!("specifications.txt");

/// Publishers of half the package.
const LARGE: [&str; 3] = ["amazonaws.com", "azure.com", "googleapis.com"];

/// The specifications of a folder.
pub struct Corpus {
    folder: PathBuf,
    /// Names without `.json`, such as `github.com/api.github.com`, in their order.
    names: Vec<String>,
}

impl Corpus {
    /// All that the folder holds.
    pub fn open(folder: &Path) -> Result<Self> {
        let mut names = Vec::new();
        collect(folder, folder, &mut names)?;
        ensure!(!names.is_empty(), "there is no specification in {}", folder.display());
        names.sort();
        Ok(Self { folder: folder.to_owned(), names })
    }

    /// The names in the list of the repository.
    pub fn chosen(&self) -> Result<Vec<String>> {
        let names = CHOSEN.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let names: Vec<_> = names.map(str::to_owned).collect();
        for name in &names {
            ensure!(self.names.binary_search(name).is_ok(), "{name} is not in the package");
        }
        Ok(names)
    }

    /// All names.
    pub fn all(&self) -> Vec<String> {
        self.names.clone()
    }

    /// Those with `pattern` in their name.
    pub fn matching(&self, pattern: &str) -> Result<Vec<String>> {
        let names: Vec<_> =
            self.names.iter().filter(|name| name.contains(pattern)).cloned().collect();
        ensure!(!names.is_empty(), "no specification has {pattern} in its name");
        Ok(names)
    }

    /// So many, drawn among those that are not in the list. From each folder at most as many as
    /// the draw is likely to reach: half the package is of three publishers, so a publisher is
    /// drawn first.
    pub fn sample(&self, count: usize, seed: u64) -> Vec<String> {
        let chosen: BTreeSet<_> = CHOSEN.lines().collect();
        let mut random = Random::new(seed, "sample");
        let mut left: Vec<_> =
            self.names.iter().filter(|name| !chosen.contains(name.as_str())).collect();
        let mut drawn = Vec::new();
        while drawn.len() < count && !left.is_empty() {
            let publishers: BTreeSet<_> = left.iter().map(|name| publisher(name)).collect();
            let publishers: Vec<_> = publishers.into_iter().collect();
            let publisher_drawn = *random.pick(&publishers);
            let of: Vec<_> =
                (0..left.len()).filter(|&at| publisher(left[at]) == publisher_drawn).collect();
            drawn.push(left.remove(*random.pick(&of)).clone());
        }
        drawn
    }

    /// Specifications to fit with: `count` drawn by publisher and `more` of the three that publish half
    /// the package, none of an API or a publisher (but for those three) in the list.
    pub fn training(&self, count: usize, more: usize, seed: u64) -> Vec<String> {
        let chosen: Vec<_> = CHOSEN.lines().filter(|line| line.contains('.')).collect();
        let is_free = |name: &String| {
            !chosen.iter().any(|listed| {
                let is_same =
                    publisher(name) == publisher(listed) && !LARGE.contains(&publisher(name));
                name.starts_with(listed)
                    || is_same
                    || name.split('-').next() == listed.split('-').next()
            })
        };
        let drawn = self.sample(count, seed);
        let mut large: Vec<_> =
            self.names.iter().filter(|name| LARGE.contains(&publisher(name))).cloned().collect();
        Random::new(seed, "large").shuffle(&mut large);
        let mut names: Vec<_> = drawn.into_iter().filter(is_free).collect();
        names.extend(large.into_iter().filter(is_free).take(more));
        names.sort();
        names.dedup();
        names
    }

    /// All of publishers of whom nothing is in the list.
    pub fn unlisted_publishers(&self) -> Vec<String> {
        let listed: BTreeSet<_> = CHOSEN.lines().map(publisher).collect();
        self.names.iter().filter(|name| !listed.contains(publisher(name))).cloned().collect()
    }

    /// The bytes of one.
    pub fn load(&self, name: &str) -> Result<Vec<u8>> {
        let file = self.folder.join(format!("{name}.json"));
        fs::read(&file).with_context(|| format!("failed to read {}", file.display()))
    }
}

fn publisher(name: &str) -> &str {
    name.split('/').next().unwrap_or(name)
}

fn collect(root: &Path, folder: &Path, names: &mut Vec<String>) -> Result<()> {
    let failed = || format!("failed to read {}", folder.display());
    for entry in fs::read_dir(folder).with_context(failed)? {
        let path = entry.with_context(failed)?.path();
        if path.is_dir() {
            collect(root, &path, names)?;
        } else if path.extension().is_some_and(|extension| extension == "json")
            && let Ok(name) = path.with_extension("").strip_prefix(root)
        {
            names.push(name.to_string_lossy().into_owned());
        }
    }
    Ok(())
}
