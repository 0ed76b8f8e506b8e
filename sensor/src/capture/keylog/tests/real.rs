//! Real files, in the folder that `SENSOR_TLS_BINARIES` names; skipped without it. It holds what
//! npm, PyPI and Debian hand out, each unpacked, in any folders.

use std::{
    env,
    fs::{self, File},
    path::{Path, PathBuf},
};

use crate::capture::keylog::{Budget, Library, explain};

/// Ends of paths with the library that must be found, and how many labels must agree.
const EXPECT: &[(&str, Library, usize)] = &[
    ("node16/package/bin/node", Library::OpenSsl, 8),
    ("node20/package/bin/node", Library::OpenSsl, 3),
    ("node24/package/bin/node", Library::OpenSsl, 3),
    ("bun-linux-x64/package/bin/bun", Library::BoringSsl, 7),
    ("bun-linux-aarch64/package/bin/bun", Library::BoringSsl, 7),
    ("linux-gnu.so", Library::BoringSsl, 7),
    ("_rust.abi3.so", Library::OpenSsl, 3),
    ("usr/bin/caddy", Library::Go, 0),
    ("libssl.so.3", Library::OpenSsl, 3),
    ("libgnutls.so.30", Library::GnuTls, 4),
];

#[test]
fn real_files() {
    let Some(folder) = env::var_os("SENSOR_TLS_BINARIES") else {
        eprintln!("skipped: SENSOR_TLS_BINARIES is not set");
        return;
    };
    let mut files = Vec::new();
    walk(Path::new(&folder), &mut files);
    files.extend(
        ["libssl.so.3", "libgnutls.so.30"]
            .map(|name| Path::new("/usr/lib/x86_64-linux-gnu").join(name)),
    );
    for path in files.iter().filter(|path| path.exists()) {
        let end = |(end, ..): &&(&str, Library, usize)| {
            path.ends_with(end) || path.display().to_string().ends_with(end)
        };
        let Some((_, library, labels)) = EXPECT.iter().find(end) else { continue };
        let file = File::open(path).expect("open");
        let explanation = explain(&file, Budget::default());
        let found = explanation.outcome.unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        assert_eq!(found.len(), 1, "{}", path.display());
        assert_eq!(found[0].library, *library, "{}", path.display());
        assert!(found[0].evidence.labels.len() >= *labels, "{}", path.display());
        assert!(found[0].is_in(&file));
        eprintln!(
            "{}: {:?} at {:#x}, {} labels, {:?}",
            path.display(),
            library,
            found[0].offset,
            found[0].evidence.labels.len(),
            explanation.spent
        );
    }
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("folder").flatten() {
        let kind = entry.file_type().expect("type");
        if kind.is_dir() {
            walk(&entry.path(), files);
        } else if kind.is_file() {
            files.push(entry.path());
        }
    }
}
