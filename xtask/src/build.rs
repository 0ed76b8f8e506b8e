//! Builds the kernel programs, then the sensor with them inside.

use std::{
    env::consts::ARCH,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::{
    process,
    setup::{self, Compiler, Toolchain},
    workspace,
};

const TARGET: &str = "bpfel-unknown-none";

/// How the kernel programs are compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KernelProfile {
    /// As they run on nodes.
    Release,
    /// Optimised less, so that the verifier's log follows the source.
    Dev,
}

/// The task `cargo xtask build`.
pub fn run(profile: KernelProfile) -> Result<()> {
    let toolchain = setup::toolchain()?;
    let object = kernel_object(&toolchain, profile)?;
    process::run(workspace::cargo_command()?.args([
        "build",
        "--release",
        "--package",
        "sensor",
        "--bin",
        "sensor",
    ]))?;
    let sensor = workspace::release_binary()?;
    eprintln!(
        "xtask: built {} ({} KiB) with the kernel object inside ({} KiB)",
        sensor.display(),
        kibibytes(&sensor)?,
        kibibytes(&object)?
    );
    Ok(())
}

/// Compiles the kernel programs and leaves the object where `sensor/build.rs` looks for it.
fn kernel_object(toolchain: &Toolchain, profile: KernelProfile) -> Result<PathBuf> {
    let compiled = compile(toolchain, profile)?;
    let object = workspace::kernel_object()?;
    replace_if_changed(&compiled, &object)?;
    Ok(object)
}

/// Compiles the kernel programs; gives the object, which the sensor does not see yet.
pub fn compile(toolchain: &Toolchain, profile: KernelProfile) -> Result<PathBuf> {
    // A target directory of its own: another compiler with other flags would throw the host's
    // builds away at each turn.
    let target = workspace::target_directory()?.join("ebpf");
    process::run(&mut compile_command(toolchain, profile, &target)).with_context(|| {
        format!(
            "failed to build the kernel programs; where the linker cannot read the bitcode, {} \
             is of an older LLVM than the compiler: remove it and run `cargo xtask setup`",
            toolchain.linker.display()
        )
    })?;
    let folder = match profile {
        KernelProfile::Release => "release",
        KernelProfile::Dev => "debug",
    };
    Ok(target.join(TARGET).join(folder).join("sensor-ebpf"))
}

fn compile_command(toolchain: &Toolchain, profile: KernelProfile, target: &Path) -> Command {
    let mut command = match toolchain.compiler {
        Compiler::Debian => {
            let mut command = Command::new("/usr/bin/cargo");
            // Nightly features for aya-ebpf's `asm_experimental_arch`.
            command.env("RUSTC", "/usr/bin/rustc").env("RUSTC_BOOTSTRAP", "1");
            command.arg("build");
            command
        }
        Compiler::Nightly => {
            let mut command = Command::new("rustup");
            command.args(["run", "nightly", "cargo", "build", "-Zbuild-std=core"]);
            command.env_remove("RUSTC");
            command
        }
    };
    command
        .current_dir(workspace::root())
        .args(["--package", "sensor-ebpf", "--bin", "sensor-ebpf", "--target", TARGET])
        .arg("--target-dir")
        .arg(target)
        .env("CARGO_ENCODED_RUSTFLAGS", rust_flags(&toolchain.linker))
        // Of the rustup toolchain that runs this task; not for another compiler.
        .env_remove("RUSTUP_TOOLCHAIN")
        .env_remove("LD_LIBRARY_PATH")
        .env_remove("CARGO")
        .env_remove("RUSTC_WRAPPER")
        .env_remove("RUSTC_WORKSPACE_WRAPPER");
    // Debug information becomes BTF. Said here, since CI turns it off for the host's builds.
    match profile {
        KernelProfile::Release => command
            .arg("--release")
            .env("CARGO_PROFILE_RELEASE_DEBUG", "2")
            .env("CARGO_PROFILE_RELEASE_STRIP", "none"),
        // Without optimisation the kernel's stack of 512 bytes overflows, and at level 1 the
        // verifiers before 6.12 take a result's unused half for read. All refuse the panics of
        // assertions and overflow checks, which do not return.
        KernelProfile::Dev => command
            .env("CARGO_PROFILE_DEV_DEBUG", "2")
            .env("CARGO_PROFILE_DEV_OPT_LEVEL", "2")
            .env("CARGO_PROFILE_DEV_DEBUG_ASSERTIONS", "false")
            .env("CARGO_PROFILE_DEV_OVERFLOW_CHECKS", "false"),
    };
    command
}

/// Flags of the compiler, in cargo's encoding: separated by 0x1f, since one has quotes in it.
fn rust_flags(linker: &Path) -> OsString {
    // aya-ebpf takes from it whose registers a probe's context holds.
    let host = format!("bpf_target_arch=\"{ARCH}\"");
    let mut flags = OsString::from(
        ["--cfg", &host, "-Cdebuginfo=2", "-Clink-arg=--btf", "-Clinker="].join("\x1f"),
    );
    flags.push(linker);
    flags
}

/// Copies, unless the same bytes are there: a newer file would have the sensor built again.
fn replace_if_changed(from: &Path, to: &Path) -> Result<()> {
    let bytes = fs::read(from).with_context(|| format!("failed to read {}", from.display()))?;
    if fs::read(to).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    fs::write(to, bytes).with_context(|| format!("failed to write {}", to.display()))
}

fn kibibytes(file: &Path) -> Result<u64> {
    let metadata =
        fs::metadata(file).with_context(|| format!("failed to read {}", file.display()))?;
    Ok(metadata.len().div_ceil(1024))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toolchain(compiler: Compiler) -> Toolchain {
        Toolchain { compiler, linker: PathBuf::from("/opt/linker/bin/bpf-linker") }
    }

    #[test]
    fn each_compiler_is_called_its_own_way() {
        let check = |compiler, profile, expect: &[&str]| {
            let command = compile_command(&toolchain(compiler), profile, Path::new("/target/ebpf"));
            let words = std::iter::once(command.get_program()).chain(command.get_args());
            let words: Vec<_> = words.map(|word| word.to_str().unwrap()).collect();
            for word in expect {
                assert!(words.contains(word), "{word} is not in {words:?}");
            }
            assert_eq!(words.contains(&"--release"), profile == KernelProfile::Release);
        };
        let target = ["--target", TARGET, "--target-dir", "/target/ebpf"];
        check(Compiler::Debian, KernelProfile::Release, &target);
        check(Compiler::Debian, KernelProfile::Dev, &["/usr/bin/cargo"]);
        check(Compiler::Nightly, KernelProfile::Release, &["nightly", "-Zbuild-std=core"]);
    }

    #[test]
    fn the_flags_name_the_host_and_the_linker() {
        let flags = rust_flags(Path::new("/opt/bin/bpf-linker"));
        let flags: Vec<_> = flags.to_str().unwrap().split('\x1f').collect();
        let host = format!("bpf_target_arch=\"{ARCH}\"");
        let linker = "-Clinker=/opt/bin/bpf-linker";
        assert_eq!(flags, ["--cfg", &host, "-Cdebuginfo=2", "-Clink-arg=--btf", linker]);
    }

    #[test]
    fn an_equal_object_keeps_its_time() {
        let folder = std::env::temp_dir().join(format!("xtask-object-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (from, to) = (folder.join("from"), folder.join("to"));
        fs::write(&from, "one").unwrap();
        replace_if_changed(&from, &to).unwrap();
        let old = std::time::SystemTime::UNIX_EPOCH;
        fs::File::options().write(true).open(&to).unwrap().set_modified(old).unwrap();
        replace_if_changed(&from, &to).unwrap();
        assert_eq!(fs::metadata(&to).unwrap().modified().unwrap(), old);
        fs::write(&from, "two").unwrap();
        replace_if_changed(&from, &to).unwrap();
        assert_eq!(fs::read(&to).unwrap(), b"two");
        assert_ne!(fs::metadata(&to).unwrap().modified().unwrap(), old);
        fs::remove_dir_all(&folder).unwrap();
    }
}
