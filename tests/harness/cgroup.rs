//! A cgroup like a container's.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

/// Cgroup directories made as a kubelet with the systemd driver makes them for a container of
/// containerd. Removed when dropped; what runs inside must have been ended before.
#[derive(Debug)]
pub struct Container {
    /// The container's id.
    pub id: String,
    /// The pod's uid.
    pub pod: String,
    /// From the outermost to the innermost.
    directories: Vec<PathBuf>,
}

impl Container {
    /// Makes the `number`th one below the cgroup root.
    pub fn new(root: &Path, number: u8) -> Self {
        let (id, pod) = ids(number);
        let names = [
            format!("sensor-test-{}-{number}.slice", std::process::id()),
            "kubepods.slice".to_owned(),
            "kubepods-burstable.slice".to_owned(),
            format!("kubepods-burstable-pod{}.slice", pod.replace('-', "_")),
            format!("cri-containerd-{id}.scope"),
        ];
        Self::made(root, id, pod, &names)
    }

    /// The same as with the cgroupfs driver.
    pub fn with_cgroupfs(root: &Path, number: u8) -> Self {
        let (id, pod) = ids(number);
        let names = [
            format!("sensor-test-{}-{number}", std::process::id()),
            "kubepods".to_owned(),
            "besteffort".to_owned(),
            format!("pod{pod}"),
            id.clone(),
        ];
        Self::made(root, id, pod, &names)
    }

    fn made(root: &Path, id: String, pod: String, names: &[String]) -> Self {
        let mut container = Self { id, pod, directories: Vec::new() };
        let mut directory = root.to_owned();
        for name in names {
            directory.push(name);
            fs::create_dir(&directory)
                .unwrap_or_else(|error| panic!("cannot create {}: {error}", directory.display()));
            container.directories.push(directory.clone());
        }
        container
    }

    /// The innermost directory.
    pub fn directory(&self) -> &Path {
        self.directories.last().expect("it was made")
    }

    /// The command, changed so that it runs inside. It keeps its process id.
    pub fn wrap(&self, command: &Command) -> Command {
        let procs = self.directory().join("cgroup.procs");
        let mut wrapped = Command::new("sh");
        wrapped.args(["-c", "echo $$ > \"$0\" && exec \"$@\""]).arg(procs);
        wrapped.arg(command.get_program()).args(command.get_args());
        wrapped.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        wrapped
    }
}

/// A container id and a pod uid.
fn ids(number: u8) -> (String, String) {
    (format!("{number:02x}").repeat(32), format!("0b1c2d3e-4f50-6172-8394-a5b6c7d8e9{number:02x}"))
}

impl Drop for Container {
    fn drop(&mut self) {
        for directory in self.directories.iter().rev() {
            // A process that was just killed is still leaving.
            for _ in 0..100 {
                if fs::remove_dir(directory).is_ok() {
                    break;
                }
                std::thread::sleep(Duration::from_millis(10));
            }
        }
    }
}
