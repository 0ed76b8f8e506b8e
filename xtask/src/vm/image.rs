//! The initial file system of the machines: busybox, the sensor, the runner and what they need.

use std::{
    ffi::OsStr,
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use super::archive::{Files, find};
use crate::process;

/// What is tried in the machines.
pub struct Contents {
    /// `target/release/sensor`.
    pub sensor: PathBuf,
    /// The runner, without debug information.
    pub runner: PathBuf,
    /// Kernel objects, `*.o`.
    pub objects: PathBuf,
}

/// Modules that the cases or the sensor use, in the order of their dependence. On other machines
/// the kernel fetches them itself.
const MODULES: &[&str] = &["inet_diag", "tcp_diag", "veth"];

/// The first process. The kernel makes an environment variable of `SENSOR_BOOT=...`.
const INIT: &str = "\
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t devtmpfs none /dev
mount -t proc none /proc
mount -t sysfs none /sys
mount -t tmpfs none /run
mount -t tmpfs none /tmp
mkdir -p /sys/fs/cgroup
ip link set lo up
for module in inet_diag tcp_diag veth; do
    [ -e /$module.ko ] && insmod /$module.ko
done
vm_runner cases /bin/sensor /objects \"$SENSOR_BOOT\"
poweroff -f
";

/// The part that is the same for every kernel, packed.
pub struct Base(PathBuf);

impl Base {
    /// Packs it below `folder`.
    pub fn pack(contents: &Contents, folder: &Path) -> Result<Self> {
        let root = fresh(&folder.join("root"))?;
        for name in ["bin", "dev", "proc", "sys", "run", "tmp", "objects"] {
            create(&root.join(name))?;
        }
        let busybox = process::find_binary("busybox").context("no busybox on PATH")?;
        let openssl = process::find_binary("openssl").context("no openssl on PATH")?;
        copy(&busybox, &root.join("bin/busybox"))?;
        copy(&openssl, &root.join("bin/openssl"))?;
        copy(&contents.sensor, &root.join("bin/sensor"))?;
        copy(&contents.runner, &root.join("bin/vm_runner"))?;
        for object in fs::read_dir(&contents.objects).context("failed to list objects")?.flatten() {
            copy(&object.path(), &root.join("objects").join(object.file_name()))?;
        }
        for binary in [&contents.sensor, &contents.runner, &openssl] {
            let listed = process::output(Command::new("ldd").arg(binary))?;
            for library in libraries(&listed) {
                let place = root.join(library.strip_prefix("/").unwrap_or(library));
                create(place.parent().context("a library lies in a folder")?)?;
                copy(library, &place)?;
            }
        }
        let init = root.join("init");
        fs::write(&init, INIT).context("failed to write /init")?;
        fs::set_permissions(&init, fs::Permissions::from_mode(0o755))
            .context("failed to make /init executable")?;
        symlink("busybox", root.join("bin/sh")).context("failed to link /bin/sh")?;
        pack(&root, &folder.join("base.cpio.gz")).map(Self)
    }

    /// Adds the kernel's own modules: archives one after another are one to the kernel.
    pub fn with_modules(&self, kernel: &Files, folder: &Path) -> Result<PathBuf> {
        let root = fresh(&folder.join("modules").join(&kernel.release))?;
        for module in MODULES {
            let (plain, packed) = (format!("{module}.ko"), format!("{module}.ko.xz"));
            let file = find(&kernel.modules, |name| name == plain || name == packed);
            // Built in.
            let Some(file) = file else { continue };
            if file.extension() == Some(OsStr::new("xz")) {
                copy(&file, &root.join(&packed))?;
                process::output(Command::new("xz").arg("-d").arg(root.join(&packed)))?;
            } else {
                copy(&file, &root.join(&plain))?;
            }
        }
        let modules = pack(&root, &root.with_extension("cpio.gz"))?;
        let read = |path: &Path| {
            fs::read(path).with_context(|| format!("failed to read {}", path.display()))
        };
        let whole = folder.join(format!("{}.initramfs", kernel.release));
        fs::write(&whole, [read(&self.0)?, read(&modules)?].concat())
            .with_context(|| format!("failed to write {}", whole.display()))?;
        Ok(whole)
    }
}

/// Files that `ldd` lists: `name => /path (address)`, and the loader alone.
fn libraries(listed: &str) -> Vec<&Path> {
    let words = listed.lines().filter_map(|line| {
        let line = line.split_once(" (").map_or(line, |(line, _)| line).trim();
        Some(line.rsplit(" => ").next()?.trim()).filter(|word| word.starts_with('/'))
    });
    words.map(Path::new).collect()
}

/// The folder's files as a compressed archive in the form that kernels read.
fn pack(root: &Path, archive: &Path) -> Result<PathBuf> {
    let mut command = Command::new("sh");
    command.args(["-c", "find . | cpio --create --format newc --quiet | gzip -1 > \"$0\""]);
    process::output(command.arg(archive).current_dir(root))?;
    Ok(archive.to_owned())
}

/// An empty folder.
fn fresh(folder: &Path) -> Result<PathBuf> {
    let _ = fs::remove_dir_all(folder);
    create(folder)?;
    Ok(folder.to_owned())
}

fn create(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("failed to create {}", folder.display()))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to)
        .map(|_| ())
        .with_context(|| format!("failed to copy {} to {}", from.display(), to.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_those_with_a_file() {
        let listed = "\tlinux-vdso.so.1 (0x00007ffc)\n\
            \tlibgcc_s.so.1 => /lib/x86_64-linux-gnu/libgcc_s.so.1 (0x00007f34)\n\
            \tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f33)\n\
            \t/lib64/ld-linux-x86-64.so.2 (0x00007f35)\n";
        let expect = [
            "/lib/x86_64-linux-gnu/libgcc_s.so.1",
            "/lib/x86_64-linux-gnu/libc.so.6",
            "/lib64/ld-linux-x86-64.so.2",
        ];
        assert_eq!(libraries(listed), expect.map(Path::new));
        assert!(libraries("\tstatically linked\n").is_empty());
    }

    #[test]
    fn init_loads_every_module() {
        assert!(INIT.contains(&format!("for module in {}; do", MODULES.join(" "))));
    }
}
