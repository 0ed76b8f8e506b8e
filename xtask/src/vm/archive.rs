//! Kernel packages, through apt with lists, cache and sources of its own: the machine's stay as
//! they are. Where the archive is, apt's own sources tell.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, SystemTime},
};

use anyhow::{Context, Result, bail, ensure};

use super::kernel::Kernel;
use crate::process;

/// Suites of Debian's archive, and of its security archive.
const SUITES: &[(Site, &str)] = &[
    (Site::Main, "bullseye"),
    (Site::Security, "bullseye-security"),
    (Site::Main, "bookworm"),
    (Site::Security, "bookworm-security"),
    (Site::Main, "sid"),
];

/// The keys that Debian's archives are signed with.
const KEYS: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Age at which package lists are fetched again.
const STALE: Duration = Duration::from_hours(24);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Site {
    Main,
    Security,
}

/// A private apt.
pub struct Archive {
    folder: PathBuf,
}

/// A kernel, unpacked.
pub struct Files {
    /// The boot image.
    pub image: PathBuf,
    /// The folder with its modules somewhere below.
    pub modules: PathBuf,
    /// As `uname -r` gives it.
    pub release: String,
}

impl Archive {
    /// Sets it up below `folder`, and fetches the package lists when they are old.
    pub fn open(folder: &Path) -> Result<Self> {
        let archive = Self { folder: folder.to_owned() };
        let apt = folder.join("apt");
        for name in ["lists/partial", "cache/archives/partial", "packages"] {
            let path = apt.join(name);
            fs::create_dir_all(&path)
                .with_context(|| format!("failed to create {}", path.display()))?;
        }
        let stamp = apt.join("updated");
        if is_fresh(&stamp) {
            return Ok(archive);
        }
        fs::write(apt.join("status"), "").context("failed to write an empty package status")?;
        fs::write(apt.join("sources.list"), sources(&machine_targets()?)?)
            .context("failed to write the list of sources")?;
        eprintln!("xtask: fetching package lists ...");
        let updated = process::output(archive.apt("apt-get").args([
            "-o",
            "APT::Update::Error-Mode=any",
            "update",
        ]));
        match updated {
            Ok(_) => fs::write(&stamp, "").context("failed to note the time of the lists")?,
            Err(error) if stamp.exists() => eprintln!("xtask: using old package lists: {error:#}"),
            Err(error) => {
                return Err(error.context(
                    "failed to fetch the package lists of the kernels; see that `apt-get update` \
                     works on this machine, then run `cargo xtask vm` again",
                ));
            }
        }
        Ok(archive)
    }

    /// Names of all packages with kernels.
    pub fn package_names(&self) -> Result<Vec<String>> {
        let names = process::output(self.apt("apt-cache").args(["pkgnames", "linux-"]))?;
        Ok(names.lines().map(str::to_owned).collect())
    }

    /// Downloads and unpacks a kernel, unless it is there.
    pub fn fetch(&self, kernel: &Kernel) -> Result<Files> {
        let folder = self.folder.join("kernels").join(&kernel.release);
        if !folder.exists() {
            // Unpacked aside, so that what is there is whole.
            let partial = folder.with_extension("partial");
            let _ = fs::remove_dir_all(&partial);
            fs::create_dir_all(&partial)
                .with_context(|| format!("failed to create {}", partial.display()))?;
            for package in &kernel.packages {
                self.unpack(package, &partial)?;
            }
            fs::rename(&partial, &folder)
                .with_context(|| format!("failed to rename {}", partial.display()))?;
        }
        let image = find(&folder, |name| name.starts_with("vmlinuz"))
            .with_context(|| format!("no vmlinuz in {}", folder.display()))?;
        Ok(Files { image, modules: folder, release: kernel.release.clone() })
    }

    fn unpack(&self, package: &str, into: &Path) -> Result<()> {
        eprintln!("xtask: fetching {package} ...");
        let packages = self.folder.join("apt/packages").join(package);
        fs::create_dir_all(&packages)
            .with_context(|| format!("failed to create {}", packages.display()))?;
        let mut download = self.apt("apt-get");
        let output = download.args(["download", package]).current_dir(&packages).output();
        let output = output.context("failed to start apt-get")?;
        if !output.status.success() {
            // It may have gone from the archive since the lists were fetched.
            make_stale(&self.folder.join("apt/updated"));
            bail!(
                "failed to download the package {package}: {}; see that `apt-get update` works on \
                 this machine, then run `cargo xtask vm` again, which fetches the package lists anew",
                String::from_utf8_lossy(&output.stderr).trim_end().replace('\n', "; ")
            );
        }
        let file = find(&packages, |_| true)
            .with_context(|| format!("apt-get left no package in {}", packages.display()))?;
        process::output(Command::new("dpkg").arg("-x").args([&file, into]))?;
        let _ = fs::remove_dir_all(&packages);
        Ok(())
    }

    fn apt(&self, program: &str) -> Command {
        let apt = self.folder.join("apt");
        let mut command = Command::new(program);
        for (key, path) in [
            ("Dir::Etc::SourceList", "sources.list"),
            ("Dir::State::Lists", "lists"),
            ("Dir::State::status", "status"),
            ("Dir::Cache", "cache"),
        ] {
            command.arg("-o").arg(format!("{key}={}", apt.join(path).display()));
        }
        command.args([
            "-q",
            "-o",
            "Dir::Etc::SourceParts=/dev/null",
            // Files of this user's, in a folder that apt's own user may not enter.
            "-o",
            "APT::Sandbox::User=root",
            "-o",
            "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false",
        ]);
        command
    }
}

/// A file below the folder, links not followed.
pub fn find(folder: &Path, wanted: impl Fn(&str) -> bool + Copy) -> Option<PathBuf> {
    let entries = fs::read_dir(folder).ok()?;
    for entry in entries.flatten() {
        let kind = entry.file_type().ok()?;
        if kind.is_dir() {
            if let Some(found) = find(&entry.path(), wanted) {
                return Some(found);
            }
        } else if kind.is_file() && entry.file_name().to_str().is_some_and(wanted) {
            return Some(entry.path());
        }
    }
    None
}

fn is_fresh(stamp: &Path) -> bool {
    let modified = fs::metadata(stamp).and_then(|metadata| metadata.modified());
    modified.is_ok_and(|time| SystemTime::now().duration_since(time).is_ok_and(|age| age < STALE))
}

/// The stamp stays: old lists are better than none.
fn make_stale(stamp: &Path) {
    if let Ok(file) = fs::File::options().write(true).open(stamp) {
        let _ = file.set_modified(SystemTime::UNIX_EPOCH);
    }
}

/// What the machine's apt reads: a line `<suite> <address>` for each package list.
fn machine_targets() -> Result<String> {
    ensure!(
        process::find_binary("apt-get").is_some(),
        "the kernels are Debian packages: this needs apt-get"
    );
    process::output(Command::new("apt-get").args([
        "indextargets",
        "--format",
        "$(RELEASE) $(REPO_URI)",
        "Created-By: Packages",
    ]))
}

/// The private list of sources.
fn sources(targets: &str) -> Result<String> {
    let mut text = String::new();
    for (site, suite) in SUITES {
        let Some(address) = address(targets, *site) else {
            bail!(
                "this machine's apt sources do not name Debian's {} archive, which has the kernels",
                if *site == Site::Main { "main" } else { "security" }
            );
        };
        let keys =
            if Path::new(KEYS).exists() { format!(" signed-by={KEYS}") } else { String::new() };
        let _ = writeln!(text, "deb [arch=amd64 lang=none{keys}] {address} {suite} main");
    }
    Ok(text)
}

/// The first address whose suite is a Debian release, or the security updates of one.
fn address(targets: &str, site: Site) -> Option<&str> {
    const RELEASES: &[&str] = &["bullseye", "bookworm", "trixie", "forky", "sid"];
    targets.lines().find_map(|line| {
        let (release, address) = line.split_once(' ')?;
        let release = match site {
            Site::Main => release,
            Site::Security => release.strip_suffix("-security")?,
        };
        RELEASES.contains(&release).then_some(address)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_archive_is_where_apt_has_it() {
        let targets = "\
            stable http://other.example/apt/\n\
            bookworm http://mirror.example/debian/\n\
            bookworm-updates http://mirror.example/debian/\n\
            bookworm-security http://security.example/debian/\n";
        let text = sources(targets).unwrap();
        let keys =
            if Path::new(KEYS).exists() { format!(" signed-by={KEYS}") } else { String::new() };
        for line in [
            format!("deb [arch=amd64 lang=none{keys}] http://mirror.example/debian/ sid main"),
            format!(
                "deb [arch=amd64 lang=none{keys}] http://security.example/debian/ \
                 bullseye-security main"
            ),
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
        assert_eq!(text.lines().count(), SUITES.len());
    }

    #[test]
    fn a_machine_without_debian_is_told() {
        let error = sources("noble http://mirror.example/ubuntu/\n").unwrap_err().to_string();
        assert!(error.contains("do not name Debian's main archive"), "{error}");
    }
}
