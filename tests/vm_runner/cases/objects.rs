//! Kernel objects: the verifier takes each.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use aya::{
    Ebpf, EbpfLoader,
    programs::{CgroupSkb, Program, ProgramInfo, RawTracePoint, UProbe},
};
use sensor_ebpf::names;

use super::case;
use crate::{
    machine::knows_sender,
    report::{Case, Outcome},
};

/// A case for each `<name>.o` in the folder.
pub fn cases(folder: &Path) -> Result<Vec<Case>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("failed to read {}", folder.display()))?;
    let mut files: Vec<_> =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "o"));
    files.sort();
    Ok(files
        .into_iter()
        .map(|file| {
            let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let meaning = format!("verifier takes the {name} object");
            case(&format!("verifier_{name}"), &meaning, Box::new(move |_| verify(&file)))
        })
        .collect())
}

/// Loads every program. The note has the instructions that the verifier went through (all
/// programs together), where the kernel counts them (Linux 5.16 and later).
fn verify(file: &Path) -> Result<Outcome> {
    let object = fs::read(file).with_context(|| format!("failed to read {}", file.display()))?;
    // As the sensor does: before 6.10 the verifier must not see the call.
    let sender = u32::from(knows_sender());
    let mut ebpf = EbpfLoader::new()
        .override_global(names::HAS_CURRENT_PID, &sender, true)
        .override_global(names::READ_TLS, &1_u32, true)
        .load(&object)
        .context("the object was refused")?;
    let mut instructions = Some(0);
    for (name, load) in PROGRAMS {
        let info = load(&mut ebpf, name).with_context(|| format!("{name} was refused"))?;
        let count = info.verified_instruction_count();
        instructions = instructions.zip(count).map(|(sum, count)| sum + count);
    }
    Ok(match instructions {
        Some(count) => Outcome::Noted(format!("{count} instructions")),
        None => Outcome::Passed,
    })
}

type Load = fn(&mut Ebpf, &str) -> Result<ProgramInfo>;

/// Every program, and how one of its kind is loaded.
const PROGRAMS: &[(&str, Load)] = &[
    (names::INGRESS, cgroup_skb),
    (names::EGRESS, cgroup_skb),
    (names::SECRET, uprobe),
    (names::SECRET_GO, uprobe),
    (names::SECRET_WINDOW, uprobe),
    (names::EXEC, raw_tracepoint),
];

fn cgroup_skb(ebpf: &mut Ebpf, name: &str) -> Result<ProgramInfo> {
    let program: &mut CgroupSkb = program(ebpf, name)?.try_into()?;
    program.load()?;
    Ok(program.info()?)
}

fn uprobe(ebpf: &mut Ebpf, name: &str) -> Result<ProgramInfo> {
    let program: &mut UProbe = program(ebpf, name)?.try_into()?;
    program.load()?;
    Ok(program.info()?)
}

fn raw_tracepoint(ebpf: &mut Ebpf, name: &str) -> Result<ProgramInfo> {
    let program: &mut RawTracePoint = program(ebpf, name)?.try_into()?;
    program.load()?;
    Ok(program.info()?)
}

fn program<'a>(ebpf: &'a mut Ebpf, name: &str) -> Result<&'a mut Program> {
    ebpf.program_mut(name).with_context(|| format!("no program {name}"))
}
