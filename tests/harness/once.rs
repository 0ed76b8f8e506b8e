//! Things that are fetched or built once and kept in the target directory.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use super::{Node, program, read_output};

/// Makes a file or folder by a command where it is not there. What was left half made is made
/// anew.
pub fn once(path: &Path, make: impl FnOnce(&Path) -> Command) -> PathBuf {
    if !path.exists() {
        let mut partial = path.as_os_str().to_owned();
        partial.push(".partial");
        let partial = PathBuf::from(partial);
        let _ = std::fs::remove_dir_all(&partial);
        read_output(&mut make(&partial));
        std::fs::rename(&partial, path).expect("both are here");
    }
    path.to_owned()
}

/// A folder for PYTHONPATH with a package of `PyPI` in it, named with its version.
pub fn from_pypi(node: &Node, package: &str) -> PathBuf {
    once(&node.cache.join(package), |folder| {
        let mut install = Command::new("python3");
        install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        install.args(["--root-user-action=ignore", "--target"]).arg(folder).arg(package);
        install
    })
}

/// Helm itself.
pub fn helm(node: &Node) -> PathBuf {
    once(&node.cache.join("helm-4.1.4"), |file| {
        let mut fetch = Command::new("python3");
        fetch.arg(program("fetch_helm.py")).arg(file);
        fetch
    })
}

/// Prometheus's own tool, out of Debian's package, which is not installed: it would start a
/// server.
pub fn promtool(node: &Node) -> PathBuf {
    let folder = once(&node.cache.join("prometheus"), |folder| {
        let mut fetch = Command::new("sh");
        let script = "mkdir -p \"$1.deb\" && cd \"$1.deb\" && \
                      (apt-get download -q prometheus || \
                       (apt-get update -q && apt-get download -q prometheus)) >&2 && \
                      dpkg -x prometheus_*.deb \"$1\" && rm -r \"$1.deb\"";
        fetch.args(["-ec", script, "sh"]).arg(folder);
        fetch
    });
    folder.join("usr/bin/promtool")
}
