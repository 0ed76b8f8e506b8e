//! Words that names of resources and actions are made of: those in the paths of several publishers,
//! none of which is in the list.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use serde_json::Value;

use super::Corpus;

/// Publishers that use a word, at least.
const MIN_PUBLISHERS: usize = 4;

/// Longest segment that is taken for a name.
const MAX_SEGMENT: usize = 48;

/// The words, one a line, in order.
pub fn words(corpus: &Corpus) -> Result<String> {
    let mut publishers: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for name in corpus.unlisted_publishers() {
        let Ok(document) = serde_json::from_slice::<Value>(&corpus.load(&name)?) else { continue };
        let publisher = name.split('/').next().unwrap_or(&name);
        let paths = document["paths"].as_object();
        for path in paths.into_iter().flat_map(|paths| paths.keys()) {
            for segment in
                path.split('/').filter(|one| !one.contains('{') && one.len() <= MAX_SEGMENT)
            {
                for part in parts(segment) {
                    publishers.entry(part).or_default().insert(publisher.to_owned());
                }
            }
        }
    }
    let words = publishers.iter().filter(|(_, users)| users.len() >= MIN_PUBLISHERS);
    Ok(words.map(|(word, _)| format!("{word}\n")).collect())
}

/// Runs of letters, which end where a capital begins another, in small letters: two at least.
fn parts(segment: &str) -> Vec<String> {
    let mut parts = Vec::new();
    for run in segment.split(|c: char| !c.is_ascii_alphabetic()) {
        let mut part = String::new();
        let letters: Vec<char> = run.chars().collect();
        for (index, &letter) in letters.iter().enumerate() {
            let before = index.checked_sub(1).map(|at| letters[at]);
            let behind = letters.get(index + 1);
            let begins = letter.is_ascii_uppercase()
                && (before.is_some_and(|before| before.is_ascii_lowercase())
                    || before.is_some() && behind.is_some_and(char::is_ascii_lowercase));
            if begins {
                parts.push(std::mem::take(&mut part));
            }
            part.push(letter.to_ascii_lowercase());
        }
        parts.push(part);
    }
    parts.retain(|part| part.len() > 1);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_parts() {
        let check = |segment: &str, expected: &[&str]| assert_eq!(parts(segment), expected);
        check("verify_credentials", &["verify", "credentials"]);
        check("backendServices", &["backend", "services"]);
        check("HTTPServer-v2.json", &["http", "server", "json"]);
        check("URL", &["url"]);
        check("42", &[]);
    }
}
