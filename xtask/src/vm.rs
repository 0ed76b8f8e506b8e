//! Runs the sensor on Debian's kernels in QEMU, and on this machine's, and prints a table.

mod archive;
mod image;
mod kernel;
mod machine;
mod report;
mod table;

use std::{
    collections::VecDeque,
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, bail, ensure};

use crate::{build, process, setup, test, workspace};
use archive::Archive;
use image::{Base, Contents};
use kernel::Kernel;
use machine::Boot;
use report::{Report, Verdict};
use table::Column;

/// All virtual machines together.
const BUDGET: Duration = Duration::from_mins(10);

/// Virtual machines at a time; each has two processors.
const AT_ONCE: usize = 2;

/// Kernels of a series that are asked for until one can be had.
const DOWNLOADS: usize = 6;

/// Kernels of a series that are booted until one starts.
const ATTEMPTS: u32 = 2;

/// The page with the table.
const PAGE: &str = "docs/operations.md";

/// What the command line asks for.
#[derive(Debug, Default)]
pub struct Options {
    /// Series such as `5.10`, or `sid`; empty for all.
    pub kernels: Vec<String>,
    /// Leave this machine's own kernel out.
    pub without_native: bool,
    /// Write the table into the documentation.
    pub update_docs: bool,
}

/// The task `cargo xtask vm --list`.
pub fn list() -> Result<()> {
    let archive = Archive::open(&folder()?)?;
    let names = archive.package_names()?;
    for wanted in kernel::WANTED {
        let newest = kernel::candidates(wanted, &names).into_iter().next();
        let package = newest.map_or("not in the archive".to_owned(), |kernel| kernel.to_string());
        println!("{wanted:<8}{package}");
    }
    Ok(())
}

/// Whether this machine has what the virtual machines need; installs it where it may.
pub fn prepare() -> Result<()> {
    ensure!(std::env::consts::ARCH == "x86_64", "the virtual machines are x86-64 ones");
    setup::install_vm_tools()?;
    Archive::open(&folder()?).map(drop)
}

/// The task `cargo xtask vm`.
pub fn run(options: &Options) -> Result<()> {
    let start = Instant::now();
    let wanted = wanted(&options.kernels)?;
    prepare()?;
    let folder = folder()?;
    let archive = Archive::open(&folder)?;
    let names = archive.package_names()?;
    let contents = contents(&folder)?;
    let base = Base::pack(&contents, &folder)?;
    let machines = Machines { base, archive, folder, start: Instant::now() };
    let mut columns = machines.run(&wanted, &names);
    if !options.without_native {
        columns.extend(native(&contents)?);
    }
    for column in &columns {
        for line in &column.report.log {
            println!("{}: {line}", column.title);
        }
    }
    println!("{}", table::text(&columns));
    let [all, built] = [start, machines.start].map(|time| time.elapsed().as_secs_f64());
    eprintln!("xtask: {all:.0} s, {built:.0} s of them from the first boot on");
    if options.update_docs {
        table::update(&workspace::root().join(PAGE), &table::markdown(&columns))?;
    }
    let failed: usize = columns.iter().map(|column| column.report.failures()).sum();
    ensure!(failed == 0, "{failed} cases failed");
    Ok(())
}

fn folder() -> Result<PathBuf> {
    let folder = workspace::target_directory()?.join("vm");
    fs::create_dir_all(&folder)
        .with_context(|| format!("failed to create {}", folder.display()))?;
    Ok(folder)
}

fn wanted(given: &[String]) -> Result<Vec<&'static str>> {
    let known = |name: &String| kernel::WANTED.iter().copied().find(|wanted| wanted == name);
    if let Some(unknown) = given.iter().find(|name| known(name).is_none()) {
        bail!("no kernel {unknown}; there are {}", kernel::WANTED.join(", "));
    }
    match given {
        [] => Ok(kernel::WANTED.to_vec()),
        given => Ok(given.iter().filter_map(known).collect()),
    }
}

/// Builds what goes into the machines.
fn contents(folder: &Path) -> Result<Contents> {
    let toolchain = setup::toolchain()?;
    let objects = folder.join("objects");
    fs::create_dir_all(&objects)
        .with_context(|| format!("failed to create {}", objects.display()))?;
    for (name, profile) in
        [("debug", build::KernelProfile::Dev), ("release", build::KernelProfile::Release)]
    {
        let object = build::compile(&toolchain, profile)?;
        let copy = objects.join(name).with_extension("o");
        fs::copy(&object, &copy).with_context(|| {
            format!("failed to copy {} to {}", object.display(), copy.display())
        })?;
    }
    build::run(build::KernelProfile::Release)?;
    // With the features of the whole workspace, so that what the tests compiled is used.
    let mut command = workspace::cargo_command()?;
    test::lean(&mut command);
    process::run(command.args(["build", "--workspace", "--bin", "vm_runner"]))?;
    // A copy, since debug information is most of it.
    let runner = folder.join("vm_runner");
    let built = workspace::target_directory()?.join("debug/vm_runner");
    process::run(std::process::Command::new("strip").arg("-o").arg(&runner).arg(built))?;
    Ok(Contents { sensor: workspace::release_binary()?, runner, objects })
}

/// The same cases on this machine's own kernel, which only root may do.
fn native(contents: &Contents) -> Result<Option<Column>> {
    if !process::is_root() {
        eprintln!("xtask: not root: this machine's own kernel is left out");
        return Ok(None);
    }
    let mut command = std::process::Command::new(&contents.runner);
    command.arg("cases").arg(&contents.sensor).arg(&contents.objects).arg("native");
    eprintln!("xtask: this machine's own kernel ...");
    // A failed case is in the report.
    let output = command.output().context("failed to start the runner")?;
    let report = Report::parse(&String::from_utf8_lossy(&output.stdout));
    let kernel = report.kernel.clone().context("the runner printed no report")?;
    Ok(Some(Column { title: format!("{kernel} (native)"), report }))
}

/// What all virtual machines have in common.
struct Machines {
    base: Base,
    archive: Archive,
    folder: PathBuf,
    start: Instant,
}

impl Machines {
    /// A column for each wanted kernel, in that order.
    fn run(&self, wanted: &[&'static str], names: &[String]) -> Vec<Column> {
        let queue: Mutex<VecDeque<_>> = Mutex::new(wanted.iter().copied().enumerate().collect());
        let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let mut columns = thread::scope(|scope| {
            let work = || {
                let mut done = Vec::new();
                while let Some((place, wanted)) = next() {
                    done.push((place, self.column(wanted, names)));
                }
                done
            };
            let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
            let done = workers.into_iter().map(|worker| worker.join().expect("no panic"));
            done.flatten().collect::<Vec<_>>()
        });
        columns.sort_by_key(|(place, _)| *place);
        columns.into_iter().map(|(_, column)| column).collect()
    }

    fn column(&self, wanted: &str, names: &[String]) -> Column {
        let (title, report) = self.kernel(wanted, names).unwrap_or_else(|error| {
            (wanted.to_owned(), Report::failed("the machine boots", &format!("{error:#}")))
        });
        Column { title, report }
    }

    /// Both boots of the newest kernel that can be had and starts.
    fn kernel(&self, wanted: &str, names: &[String]) -> Result<(String, Report)> {
        let mut last = None;
        let mut started = 0;
        for kernel in kernel::candidates(wanted, names).into_iter().take(DOWNLOADS) {
            let files = match self.archive.fetch(&kernel) {
                Ok(files) => files,
                Err(error) => {
                    eprintln!("xtask: {error:#}");
                    last = last.or(Some(Err(error)));
                    continue;
                }
            };
            let initramfs = self.base.with_modules(&files, &self.folder)?;
            let mut report = self.boot(&kernel, &files.image, &initramfs, Boot::Plain)?;
            if report.kernel.is_some() {
                report.append(self.boot(&kernel, &files.image, &initramfs, Boot::Lockdown)?);
                return Ok((kernel.release, report));
            }
            last = Some(Ok((kernel.release, report)));
            started += 1;
            if started == ATTEMPTS {
                break;
            }
        }
        last.unwrap_or_else(|| {
            Err(anyhow!(
                "the archive has no kernel {wanted}; remove {} to fetch the package lists anew",
                self.folder.display()
            ))
        })
    }

    /// Once more where nothing began: emulated processors sometimes run into code that the
    /// kernel is changing as it starts.
    fn boot(&self, kernel: &Kernel, image: &Path, initramfs: &Path, boot: Boot) -> Result<Report> {
        let report = self.boot_once(kernel, image, initramfs, boot)?;
        if report.kernel.is_some() {
            return Ok(report);
        }
        self.boot_once(kernel, image, initramfs, boot)
    }

    fn boot_once(
        &self,
        kernel: &Kernel,
        image: &Path,
        initramfs: &Path,
        boot: Boot,
    ) -> Result<Report> {
        let left = BUDGET.saturating_sub(self.start.elapsed());
        ensure!(!left.is_zero(), "no time left for {kernel}");
        let log = self.folder.join(format!("{}-{}.log", kernel.release, boot.name()));
        eprintln!("xtask: {} ({}) ...", kernel.release, boot.name());
        let start = Instant::now();
        let ended = machine::run(image, initramfs, boot, &log, left)?;
        let text = fs::read(&log).with_context(|| format!("failed to read {}", log.display()))?;
        let mut report = Report::parse(&String::from_utf8_lossy(&text));
        if let Some(reason) = report.unfinished() {
            let reason = format!("{reason} ({ended}); see {}", log.display());
            report.add(&format!("the {} boot ends", boot.name()), Verdict::Failed(reason));
        }
        eprintln!(
            "xtask: {} ({}) took {:.0} s, {} failed",
            kernel.release,
            boot.name(),
            start.elapsed().as_secs_f64(),
            report.failures()
        );
        Ok(report)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernels_are_chosen_by_series() {
        assert_eq!(wanted(&[]).unwrap(), kernel::WANTED);
        assert_eq!(wanted(&["6.1".to_owned()]).unwrap(), ["6.1"]);
        let error = wanted(&["6.2".to_owned()]).unwrap_err().to_string();
        assert_eq!(error, "no kernel 6.2; there are 5.10, 6.1, 6.12, sid");
    }
}
