//! The files that the checks read.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::{process, workspace};

/// One text file of the workspace.
pub struct Source {
    /// Relative to the workspace, with slashes.
    pub path: String,
    /// As written.
    pub text: String,
    /// The same with comments, strings and character literals blanked, for Rust; each byte in
    /// its place. As written for other files.
    pub code: String,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Self {
        let is_rust = Path::new(path).extension().is_some_and(|extension| extension == "rs");
        let code = if is_rust { blank(text) } else { text.to_owned() };
        Self { path: path.to_owned(), text: text.to_owned(), code }
    }

    pub fn is_rust(&self) -> bool {
        Path::new(&self.path).extension().is_some_and(|extension| extension == "rs")
    }

    /// Line, from 1, of a byte offset.
    pub fn line(&self, offset: usize) -> usize {
        self.text[..offset].bytes().filter(|byte| *byte == b'\n').count() + 1
    }

    /// Where a whole word stands in the code.
    pub fn words<'a>(&'a self, word: &'a str) -> impl Iterator<Item = usize> + 'a {
        words(&self.code, word)
    }

    /// Whether all of the file is tests: `x/tests.rs`, or below a folder `tests`.
    pub fn is_test(&self) -> bool {
        let names = self.path.split('/');
        names.into_iter().any(|name| name == "tests" || name == "tests.rs")
    }

    /// Where the tests begin that a file ends with: `#[cfg(test)] mod tests {`. Declaring a
    /// module of tests in another file begins none.
    pub fn tests_start(&self) -> usize {
        const MARK: &str = "#[cfg(test)]";
        let mut starts = self.code.match_indices(MARK).map(|(offset, _)| offset);
        let start = starts.find(|offset| {
            let item = self.code[offset + MARK.len()..].trim_start();
            let opens = item.find(['{', ';']).is_some_and(|at| item[at..].starts_with('{'));
            item.starts_with("mod ") && opens
        });
        start.unwrap_or(self.code.len())
    }

    /// The path inside the sensor's sources, such as `capture/live.rs`.
    pub fn in_sensor(&self) -> Option<&str> {
        self.path.strip_prefix("sensor/src/")
    }
}

/// Where `word` stands in `text` with no word character on either side.
pub fn words<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.match_indices(word).map(|(offset, _)| offset).filter(move |&offset| {
        let bytes = text.as_bytes();
        let before = offset.checked_sub(1).map(|index| bytes[index]);
        let after = bytes.get(offset + word.len()).copied();
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

/// All text files of the workspace that belong to it: tracked, or new and not ignored.
pub fn tree() -> Result<Vec<Source>> {
    let root = workspace::root();
    let mut sources = Vec::new();
    for path in listed(root).map_or_else(|_| walked(root), Ok)? {
        let file = root.join(&path);
        // A file deleted but not yet committed is still listed.
        let Ok(bytes) = fs::read(&file) else { continue };
        if let Ok(text) = String::from_utf8(bytes) {
            sources.push(Source::new(&path, &text));
        }
    }
    Ok(sources)
}

/// What git knows of; fails outside a repository.
fn listed(root: &Path) -> Result<Vec<String>> {
    let mut command = Command::new("git");
    command.arg("-C").arg(root);
    command.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"]);
    Ok(process::output(&mut command)?.split_terminator('\0').map(str::to_owned).collect())
}

/// All files, for a copy of the sources that is no repository.
fn walked(root: &Path) -> Result<Vec<String>> {
    let target = workspace::target_directory()?;
    let mut paths = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let absolute = root.join(&folder);
        let entries = fs::read_dir(&absolute)
            .with_context(|| format!("failed to list {}", absolute.display()))?;
        for entry in entries {
            let entry = entry.with_context(|| format!("failed to list {}", absolute.display()))?;
            let path = folder.join(entry.file_name());
            let kind =
                entry.file_type().with_context(|| format!("failed to read {}", path.display()))?;
            if kind.is_file() {
                paths.extend(path.to_str().map(str::to_owned));
            } else if kind.is_dir() && entry.path() != target && entry.file_name() != "target" {
                folders.push(path);
            }
        }
    }
    paths.sort();
    Ok(paths)
}

/// Replaces what is not code with spaces, newlines apart.
fn blank(text: &str) -> String {
    let mut code = text.as_bytes().to_vec();
    let mut at = 0;
    while at < text.len() {
        let length = token(&text[at..]);
        match length {
            Token::Code(length) => at += length,
            Token::Other(length) => {
                let bytes = &mut code[at..at + length];
                bytes.iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
                at += length;
            }
        }
    }
    // Code outside strings and comments may hold any identifier, all else is now ASCII; the
    // lengths of tokens end on character boundaries.
    String::from_utf8(code).unwrap_or_default()
}

/// The length in bytes of the next piece of Rust.
enum Token {
    Code(usize),
    Other(usize),
}

fn token(rest: &str) -> Token {
    if rest.starts_with("//") {
        return Token::Other(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Token::Other(block_comment(rest));
    }
    if let Some(length) = raw_string(rest) {
        return Token::Other(length);
    }
    let first = rest.chars().next().unwrap_or_default();
    if first == '"' {
        return Token::Other(quoted(rest, '"'));
    }
    if first == '\'' {
        return if is_lifetime(rest) { Token::Code(1) } else { Token::Other(quoted(rest, '\'')) };
    }
    // A whole identifier, so that the `r` at the end of one starts no raw string.
    let is_identifier = |c: char| c.is_alphanumeric() || c == '_';
    if is_identifier(first) {
        return Token::Code(rest.find(|c| !is_identifier(c)).unwrap_or(rest.len()));
    }
    Token::Code(first.len_utf8())
}

/// Block comments nest.
fn block_comment(rest: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while let Some(found) = rest[at..].find(['/', '*']) {
        at += found;
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

/// `r"..."`, `r#"..."#`, and with `b` or `c` before.
fn raw_string(rest: &str) -> Option<usize> {
    let prefix = if rest.starts_with('r') { 1 } else { 2 };
    if prefix == 2 && !rest.starts_with("br") && !rest.starts_with("cr") {
        return None;
    }
    let hashes = rest[prefix..].len() - rest[prefix..].trim_start_matches('#').len();
    let body = rest[prefix + hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = body.find(&end).map_or(body.len(), |found| found + end.len());
    Some(prefix + hashes + 1 + length)
}

/// A literal between quotes, with backslash escapes.
fn quoted(rest: &str, quote: char) -> usize {
    let mut characters = rest.char_indices().skip(1);
    while let Some((offset, character)) = characters.next() {
        if character == '\\' {
            characters.next();
        } else if character == quote {
            return offset + quote.len_utf8();
        }
    }
    rest.len()
}

/// `'a` is a lifetime where `'a'` is a character.
fn is_lifetime(rest: &str) -> bool {
    let mut characters = rest.chars().skip(1);
    let first = characters.next();
    first != Some('\\') && characters.next() != Some('\'')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_code_is_left() {
        let check = |text: &str, expect: &str| {
            let code = blank(text);
            assert_eq!(code.len(), text.len(), "{text}");
            let squeezed: Vec<_> = code.split_whitespace().collect();
            assert_eq!(squeezed.join(" "), expect, "{text}");
        };
        check("a // b\nc", "a c");
        check("a /* b /* c */ d */ e", "a e");
        check("a /* never closed", "a");
        check(r#"f("unsafe \" {", x)"#, "f( , x)");
        check(r##"f(r#"a " b"#, br"c", r"d\")"##, "f( , , )");
        check("for r in var\"\"", "for r in var");
        check("b'\\'' + '\"' + 'é' + x", "b + + + x");
        check("fn f<'a>(x: &'a str) -> &'static str", "fn f<'a>(x: &'a str) -> &'static str");
        check("let é = \"ü\";", "let é = ;");
        check("\"never closed", "");
    }

    #[test]
    fn words_are_whole() {
        let check = |text, expect: &[usize]| {
            assert_eq!(words(text, "unsafe").collect::<Vec<_>>(), expect, "{text}");
        };
        check("unsafe { unsafe_code }", &[0]);
        check("x unsafe", &[2]);
        check("notunsafe", &[]);
    }

    #[test]
    fn tests_are_told_from_the_rest() {
        let file = |path, expect| assert_eq!(Source::new(path, "").is_test(), expect, "{path}");
        file("sensor/src/sink/tests.rs", true);
        file("sensor/src/sink/tests/disk.rs", true);
        file("tests/lib.rs", true);
        file("sensor/src/sink.rs", false);
        let rest = |text: &str, expect| {
            let start = Source::new("a.rs", text).tests_start();
            assert_eq!(&text[start..], expect, "{text}");
        };
        rest("fn f() {}\n#[cfg(test)]\nmod tests {}", "#[cfg(test)]\nmod tests {}");
        rest("#[cfg(test)]\nmod tests;\nfn f() {}", "");
        rest("#[cfg(test)]\nuse a::{b};\n", "");
    }

    #[test]
    fn a_copy_without_git_lists_the_same_sources() {
        let root = workspace::root();
        let walked = walked(root).unwrap();
        assert!(walked.iter().any(|path| path == "xtask/src/tidy/source.rs"));
        assert!(!walked.iter().any(|path| path.starts_with("target/")));
    }
}
