//! Which packages of the archive are which kernel.
//!
//! Up to 6.12 a kernel is one package, `linux-image-<release>-unsigned`; later ones come as
//! `linux-binary-unsigned-<release>` and `linux-modules-<release>`. The flavour is `cloud-amd64`,
//! the smallest. Signed packages hold the same code.

use std::fmt;

/// Series, and the newest of sid.
pub const WANTED: &[&str] = &["5.10", "6.1", "6.12", "sid"];

const FLAVOUR: &str = "-cloud-amd64";

/// A kernel of the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kernel {
    /// As `uname -r` gives it.
    pub release: String,
    /// The packages that hold its image and modules.
    pub packages: Vec<String>,
}

impl fmt::Display for Kernel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.packages.join(" "))
    }
}

/// The kernels that answer to a name of [`WANTED`], the newest first. For `sid` these are the
/// newest of each series that is no other name's.
pub fn candidates(wanted: &str, names: &[String]) -> Vec<Kernel> {
    let mut kernels: Vec<_> = names.iter().filter_map(|name| kernel(name)).collect();
    kernels.sort_by_key(|kernel| std::cmp::Reverse(numbers(&kernel.release)));
    if wanted == "sid" {
        kernels.retain(|kernel| !WANTED.contains(&series(&kernel.release).as_str()));
        kernels.dedup_by_key(|kernel| series(&kernel.release));
    } else {
        kernels.retain(|kernel| series(&kernel.release) == wanted);
    }
    kernels
}

/// The kernel whose main package has this name.
fn kernel(name: &str) -> Option<Kernel> {
    let one = |release: &str| vec![format!("linux-image-{release}-unsigned")];
    let two = |release: &str| {
        vec![format!("linux-binary-unsigned-{release}"), format!("linux-modules-{release}")]
    };
    let image = name.strip_prefix("linux-image-").and_then(|rest| rest.strip_suffix("-unsigned"));
    let (release, packages) = if let Some(release) = image {
        (release, one(release))
    } else {
        let release = name.strip_prefix("linux-binary-unsigned-")?;
        (release, two(release))
    };
    let version = release.strip_suffix(FLAVOUR)?;
    let real = version.starts_with(|letter: char| letter.is_ascii_digit());
    (real && !version.contains("rc")).then(|| Kernel { release: release.to_owned(), packages })
}

/// Major and minor number.
fn series(release: &str) -> String {
    let numbers: Vec<_> = release.split('.').take(2).collect();
    numbers.join(".")
}

/// Every number in the release, to compare two of them.
fn numbers(release: &str) -> Vec<u64> {
    let words = release.split(|letter: char| !letter.is_ascii_digit());
    words.filter_map(|word| word.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: &[&str] = &[
        "linux-image-5.10.0-32-cloud-amd64-unsigned",
        "linux-image-5.10.0-9-cloud-amd64-unsigned",
        "linux-image-6.1.0-0.deb11.52-cloud-amd64-unsigned",
        "linux-image-6.1.0-56-cloud-amd64-unsigned",
        "linux-image-6.1.0-56-cloud-amd64",
        "linux-image-6.1.0-56-amd64-unsigned",
        "linux-image-6.12.117+deb12-cloud-amd64-unsigned",
        "linux-image-6.12.9+deb12-cloud-amd64-unsigned",
        "linux-image-cloud-amd64-unsigned",
        "linux-image-6.19~rc4-cloud-amd64-unsigned",
        "linux-binary-unsigned-7.2.13+deb14-cloud-amd64",
        "linux-binary-unsigned-7.2.13+deb14-rt-amd64",
        "linux-binary-unsigned-7.2.9+deb14-cloud-amd64",
        "linux-image-6.18.5+deb14-cloud-amd64-unsigned",
        "linux-modules-7.2.13+deb14-cloud-amd64",
    ];

    fn check(wanted: &str, expect: &[&str]) {
        let names: Vec<_> = NAMES.iter().map(|name| (*name).to_owned()).collect();
        let found = candidates(wanted, &names);
        let releases: Vec<_> = found.iter().map(|kernel| kernel.release.as_str()).collect();
        assert_eq!(releases, expect, "{wanted}");
    }

    #[test]
    fn the_newest_comes_first_by_number() {
        check("5.10", &["5.10.0-32-cloud-amd64", "5.10.0-9-cloud-amd64"]);
        check("6.1", &["6.1.0-56-cloud-amd64", "6.1.0-0.deb11.52-cloud-amd64"]);
        check("6.12", &["6.12.117+deb12-cloud-amd64", "6.12.9+deb12-cloud-amd64"]);
    }

    #[test]
    fn sid_is_the_newest_of_every_other_series() {
        check("sid", &["7.2.13+deb14-cloud-amd64", "6.18.5+deb14-cloud-amd64"]);
    }

    #[test]
    fn a_kernel_is_one_package_or_two() {
        let packages = |name| kernel(name).unwrap().packages;
        assert_eq!(packages(NAMES[0]), [NAMES[0]]);
        assert_eq!(packages(NAMES[10]), [NAMES[10], NAMES[14]]);
        assert_eq!(kernel("linux-image-cloud-amd64-unsigned"), None);
    }
}
