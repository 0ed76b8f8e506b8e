//! Kernel objects: the verifier takes each.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use aya::{EbpfLoader, programs::CgroupSkb};
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

/// Loads both programs. The note has the instructions that the verifier went through (both
/// programs together), where the kernel counts them (Linux 5.16 and later).
fn verify(file: &Path) -> Result<Outcome> {
    let object = fs::read(file).with_context(|| format!("failed to read {}", file.display()))?;
    // As the sensor does: before 6.10 the verifier must not see the call.
    let sender = u32::from(knows_sender());
    let mut ebpf = EbpfLoader::new()
        .override_global(names::HAS_CURRENT_PID, &sender, true)
        .load(&object)
        .context("the object was refused")?;
    let mut instructions = Some(0);
    for name in [names::INGRESS, names::EGRESS] {
        let program = ebpf.program_mut(name).with_context(|| format!("no program {name}"))?;
        let program: &mut CgroupSkb = program.try_into()?;
        program.load().with_context(|| format!("{name} was refused"))?;
        let count = program.info()?.verified_instruction_count();
        instructions = instructions.zip(count).map(|(sum, count)| sum + count);
    }
    Ok(match instructions {
        Some(count) => Outcome::Noted(format!("{count} instructions")),
        None => Outcome::Passed,
    })
}
