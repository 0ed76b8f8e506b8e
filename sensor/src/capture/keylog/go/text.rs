//! Where a Go program's text starts, which its table of functions counts from.
//!
//! Three places say so and none is always right: the table's header (left out since Go 1.26 and
//! before relocation in position-independent files), the section `.text` (starts with C code where
//! the system's linker was used) and the runtime's `moduledata` (`runtime/symtab.go`), which starts
//! with a pointer to the table. All are given, and the caller looks at the code there.

use object::{LittleEndian as LE, elf, pod};

use super::table::{Layout, Table};
use crate::capture::keylog::{
    elf::{Image, Machine},
    source::Stop,
};

/// Pointers to the table that are looked at.
const POINTERS: usize = 32;

/// Words of `moduledata` with `minpc`, `maxpc`, `text` and its neighbours, from Go 1.18 to 1.26.
const WORDS: std::ops::Range<u64> = 19..25;

/// Starts of the text, each with what says so. For Go 1.16, whose table has addresses, 0.
pub(super) fn starts(image: &Image<'_>, table: &Table) -> Result<Vec<(&'static str, u64)>, Stop> {
    if table.layout == Layout::Go116 {
        return Ok(vec![("addresses", 0)]);
    }
    let mut starts = Vec::new();
    if image.code_at(table.text).is_some() {
        starts.push(("header", table.text));
    }
    if let Some(section) = image.section(".text") {
        starts.push((".text", section.address));
    }
    for start in in_place(image, table)?.into_iter().chain(relocated(image, table)?) {
        let known = starts.iter().any(|&(by, known)| by == "moduledata" && known == start);
        if image.code_at(start).is_some() && !known {
            starts.push(("moduledata", start));
        }
    }
    Ok(starts)
}

/// By the words that stand in the file.
fn in_place(image: &Image<'_>, table: &Table) -> Result<Vec<u64>, Stop> {
    let mut starts = Vec::new();
    for segment in image.writable() {
        let needle = table.address.to_le_bytes();
        let hits = image.reader.find(segment.file(), &[&needle], POINTERS)?;
        for module in hits.into_iter().flatten() {
            for word in WORDS {
                if let Some(bytes) = image.reader.array(module + 8 * word)? {
                    starts.push(u64::from_le_bytes(bytes));
                }
            }
        }
    }
    Ok(starts)
}

/// By the relocations that will write those words (`R_*_RELATIVE` with addend).
fn relocated(image: &Image<'_>, table: &Table) -> Result<Vec<u64>, Stop> {
    let mut modules = Vec::new();
    relocations(image, |offset, value| {
        if value == table.address && modules.len() < POINTERS {
            modules.push(offset);
        }
    })?;
    let mut starts = Vec::new();
    if modules.is_empty() {
        return Ok(starts);
    }
    relocations(image, |offset, value| {
        let word = |module: &u64| {
            offset.checked_sub(*module).is_some_and(|skip| WORDS.contains(&(skip / 8)))
        };
        if modules.iter().any(word) && starts.len() < POINTERS * 6 {
            starts.push(value);
        }
    })?;
    Ok(starts)
}

/// Calls `each(address, value)` for the relative relocations.
fn relocations(image: &Image<'_>, mut each: impl FnMut(u64, u64)) -> Result<(), Stop> {
    const SIZE: usize = size_of::<elf::Rela64<LE>>();
    let relative = match image.machine {
        Machine::X86_64 => elf::R_X86_64_RELATIVE,
        Machine::Aarch64 => elf::R_AARCH64_RELATIVE,
    };
    let Some((start, size)) = table(image)? else { return Ok(()) };
    image.reader.windows(start..start + size, SIZE, |_, window, fresh| {
        let whole = &window[..fresh - fresh % SIZE];
        for entry in pod::slice_from_all_bytes::<elf::Rela64<LE>>(whole).unwrap_or(&[]) {
            if entry.r_type(LE, false) == relative {
                each(entry.r_offset.get(LE), entry.r_addend.get(LE) as u64);
            }
        }
        Ok(())
    })
}

/// File offset and size of the relocations, by the dynamic table.
fn table(image: &Image<'_>) -> Result<Option<(u64, u64)>, Stop> {
    let Some(dynamic) = &image.dynamic else { return Ok(None) };
    let bytes = image.reader.up_to(dynamic.offset, dynamic.size.min(4096) as usize)?;
    let whole = &bytes[..bytes.len() - bytes.len() % size_of::<elf::Dyn64<LE>>()];
    let entries = pod::slice_from_all_bytes::<elf::Dyn64<LE>>(whole).unwrap_or(&[]);
    let value = |tag| entries.iter().find(|e| e.d_tag.get(LE) == tag).map(|e| e.d_val.get(LE));
    let (Some(address), Some(size)) = (value(elf::DT_RELA), value(elf::DT_RELASZ)) else {
        return Ok(None);
    };
    let Some(offset) = image.offset_of(address) else { return Ok(None) };
    let end = offset.checked_add(size).filter(|&end| end <= image.reader.size);
    Ok(end.map(|_| (offset, size)))
}
