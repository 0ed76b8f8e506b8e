//! Embeds the kernel object, and lets the sensor build without one.
//!
//! `cargo xtask build` leaves the compiled kernel programs at
//! `<target directory>/ebpf/sensor-ebpf.o`; a packager may name another file in
//! `SENSOR_EBPF_OBJECT`. Either is copied to `OUT_DIR/sensor-ebpf.o`. Without one that copy
//! is empty, so that `cargo build`, `clippy` and `test` need no BPF toolchain.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

const VARIABLE: &str = "SENSOR_EBPF_OBJECT";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed={VARIABLE}");
    if let Err(error) = embed() {
        println!("cargo::error={error}");
    }
}

/// Copies the object to `OUT_DIR`. The error names the file and the next step.
fn embed() -> Result<(), String> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set: build with cargo")?);
    let object = match env::var_os(VARIABLE).filter(|value| !value.is_empty()) {
        Some(value) => named(PathBuf::from(value))?,
        None => built(&out)?,
    };
    println!("cargo::rerun-if-changed={}", object.display());
    // Not `fs::copy`: it copies the mode too, and a read-only copy cannot be written again.
    fs::read(&object)
        .and_then(|bytes| fs::write(out.join("sensor-ebpf.o"), bytes))
        .map_err(|error| format!("failed to copy the kernel object {}: {error}", object.display()))
}

/// The file that the packager named.
fn named(object: PathBuf) -> Result<PathBuf, String> {
    // Build scripts run in the package's folder, which is not where the variable was set.
    if !object.is_absolute() {
        return Err(format!("{VARIABLE}={} must be an absolute path", object.display()));
    }
    if !object.is_file() {
        return Err(format!(
            "{VARIABLE}={} is not a file: unset it, or name the object that \
             `cargo xtask build` made",
            object.display()
        ));
    }
    Ok(object)
}

/// The file that `cargo xtask build` makes, or an empty one in its place.
fn built(out: &Path) -> Result<PathBuf, String> {
    let target = target_directory(out)
        .ok_or_else(|| format!("no target directory above OUT_DIR {}", out.display()))?;
    let object = target.join("ebpf/sensor-ebpf.o");
    if !object.exists() {
        placeholder(&object)
            .map_err(|error| format!("failed to write {}: {error}", object.display()))?;
    }
    Ok(object)
}

/// Writes an empty object that cargo takes for old.
///
/// Cargo runs a build script again at every build while a file that it watches is absent, and
/// when that file is newer than the script's last run.
fn placeholder(object: &Path) -> io::Result<()> {
    if let Some(folder) = object.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::File::create(object)?.set_modified(SystemTime::UNIX_EPOCH)
}

/// `OUT_DIR` is `<target>/[<triple>/]<profile>/build/<package>/out`; the triple is there when
/// cargo was given `--target`.
fn target_directory(out: &Path) -> Option<&Path> {
    let above = out.ancestors().nth(4)?;
    let triple = env::var_os("TARGET")?;
    if above.file_name() == Some(triple.as_os_str()) { above.parent() } else { Some(above) }
}
