//! `sensor tls explain`: what a scan finds in a file, label by label.

mod page;

use std::{fs::File, io, path::PathBuf, process::ExitCode};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use serde_json::{Value, json};

use super::super::form::Form;
use crate::capture::{
    keylog::{Budget, Explanation, Nothing, explain},
    libraries::mapped_files,
};

/// Say what the search for the key-log function finds in a file, or in the files that a process
/// has mapped to execute: each label with what uses it, the functions that they lead to, and why
/// one was chosen or none. Needs no running sensor.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sensor tls explain /usr/lib/x86_64-linux-gnu/libssl.so.3\n  \
    sudo sensor tls explain 4711      all that process 4711 has mapped (a file of that name: ./4711)\n  \
    sensor tls explain \"$(command -v node)\" --output json | jq '.[].found'")]
pub struct Arguments {
    /// Path of a file, or id of a process.
    #[arg(value_name = "FILE|PID")]
    target: PathBuf,
    /// Form of the output.
    #[arg(long, short, value_name = "FORM", default_value = "text")]
    output: Form,
}

/// A file with what was found in it.
struct Explained {
    /// Path in the mount namespace of the process.
    path: String,
    explanation: Explanation,
}

/// Files with a sign of TLS, and how many there are besides.
#[derive(Default)]
struct Found {
    files: Vec<Explained>,
    /// Files without such a sign.
    others: usize,
    /// Files that could not be opened, with the causes.
    unopened: Vec<String>,
}

impl Arguments {
    pub fn run(self) -> Result<ExitCode> {
        let found = match self.target.to_str().and_then(|text| text.parse().ok()) {
            Some(pid) => process(pid)?,
            None => Found { files: vec![self.file()?], ..Found::default() },
        };
        let files: Vec<_> = found.files.iter().map(Explained::json).collect();
        self.output.write(&files, |_, look| page::show(&found, look))?;
        Ok(ExitCode::SUCCESS)
    }

    fn file(&self) -> Result<Explained> {
        let path = self.target.display().to_string();
        let file = File::open(&self.target).with_context(|| {
            format!("failed to open {path}; give a file or the id of a process")
        })?;
        if !file.metadata().with_context(|| format!("failed to look at {path}"))?.is_file() {
            bail!("{path} is not a regular file; give a library, a program or the id of a process");
        }
        Ok(Explained { path, explanation: explain(&file, Budget::default()) })
    }
}

impl Explained {
    /// As an object: `path`, `found` (functions), `nothing` (why there is none), and what was seen.
    fn json(&self) -> Value {
        let Explanation {
            outcome,
            machine,
            build_id,
            signs,
            labels,
            candidates,
            symbols,
            go,
            spent,
        } = &self.explanation;
        json!({
            "path": self.path,
            "found": outcome.as_deref().unwrap_or_default(),
            "nothing": outcome.as_ref().err().map(ToString::to_string),
            "machine": machine,
            "build_id": build_id,
            "signs": signs,
            "labels": labels,
            "candidates": candidates,
            "symbols": symbols,
            "go": go,
            "spent": spent,
        })
    }
}

/// What a process has mapped.
fn process(pid: u32) -> Result<Found> {
    let mapped = mapped_files(pid).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            anyhow::anyhow!("there is no process {pid}; a file of that name is ./{pid}")
        }
        io::ErrorKind::PermissionDenied => anyhow::anyhow!(
            "failed to read what process {pid} has mapped: {error}; run it as root, with \
             CAP_SYS_PTRACE and outside of containers"
        ),
        _ => anyhow::anyhow!("failed to read what process {pid} has mapped: {error}"),
    })?;
    if mapped.len() == 0 {
        bail!("process {pid} has no file mapped to execute: it is ending, or a part of the kernel");
    }
    let mut found = Found::default();
    for (path, file) in mapped {
        let file = match file {
            Ok(file) => file,
            Err(error) => {
                found.unopened.push(format!("{path}: {error}"));
                continue;
            }
        };
        let explanation = explain(&file, Budget::default());
        if matches!(explanation.outcome, Err(Nothing::NoTls)) {
            found.others += 1;
        } else {
            found.files.push(Explained { path, explanation });
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(target: &str) -> String {
        let arguments = Arguments { target: target.into(), output: Form::Text };
        arguments.run().expect_err("nothing to explain").to_string()
    }

    #[test]
    fn what_cannot_be_explained_is_named_with_what_to_do() {
        fn check(target: &str, parts: &[&str]) {
            let error = refused(target);
            assert!(parts.iter().all(|part| error.contains(part)), "{error}");
        }
        check("/no/such/file", &["/no/such/file", "id of a process"]);
        check("/usr", &["/usr is not a regular file"]);
        // The number of no process: beyond the most that Linux gives (2^22).
        check("4194999", &["no process 4194999", "./4194999"]);
    }

    #[test]
    fn json_says_what_was_found_or_why_nothing() {
        let arguments = Arguments { target: "/bin/true".into(), output: Form::Json };
        let json = arguments.file().expect("it is there").json();
        assert_eq!((&json["path"], &json["found"]), (&json!("/bin/true"), &json!([])));
        assert_eq!(json["nothing"], "no TLS library");
        assert_eq!(json["machine"], std::env::consts::ARCH);
    }

    #[test]
    fn a_process_is_explained_by_its_files() {
        let found = process(std::process::id()).expect("this process");
        assert!(found.others > 0, "the C library has no TLS");
    }
}
