//! Symbols by name and by address, from `.symtab` and `.dynsym` where they are left.
//!
//! The names are searched as one block of bytes, then the entries for the offsets of the hits: no
//! name is read that is not asked for.

use object::{LittleEndian as LE, elf, pod};

use super::{
    elf::{Image, Section},
    library::Name,
    source::Stop,
};

/// Symbols kept of one search.
const KEPT: usize = 64;

/// Bytes of a name on each side of the part that was found.
const NAME: u64 = 512;

/// A function that the file defines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Symbol {
    pub(super) name: String,
    pub(super) address: u64,
}

/// Functions with one of the names.
pub(super) fn named(image: &Image<'_>, names: &[Name]) -> Result<Vec<Symbol>, Stop> {
    let mut symbols = Vec::new();
    for (table, strings) in tables(image) {
        let wanted = offsets(image, strings, names)?;
        if wanted.is_empty() {
            continue;
        }
        each(image, table, |symbol| {
            let name = u64::from(symbol.st_name.get(LE));
            if let Some((_, name)) = wanted.iter().find(|(offset, _)| *offset == name) {
                symbols.push(Symbol { name: name.clone(), address: symbol.st_value.get(LE) });
            }
            symbols.len() < KEPT
        })?;
    }
    symbols.sort_by(|a, b| (a.address, &a.name).cmp(&(b.address, &b.name)));
    symbols.dedup();
    Ok(symbols)
}

/// Functions that start at `address`.
pub(super) fn at(image: &Image<'_>, address: u64) -> Result<Vec<Symbol>, Stop> {
    let mut symbols = Vec::new();
    for (table, strings) in tables(image) {
        let mut names = Vec::new();
        each(image, table, |symbol| {
            if symbol.st_value.get(LE) == address {
                names.push(u64::from(symbol.st_name.get(LE)));
            }
            names.len() < KEPT
        })?;
        for offset in names.into_iter().filter(|&offset| offset < strings.size) {
            let length = NAME.min(strings.size - offset) as usize;
            let bytes = image.reader.up_to(strings.offset + offset, length)?;
            symbols.push(Symbol { name: first_string(&bytes), address });
        }
    }
    symbols.sort_by(|a, b| a.name.cmp(&b.name));
    symbols.dedup();
    Ok(symbols)
}

/// Symbol tables, each with its strings.
fn tables<'i>(image: &'i Image<'_>) -> impl Iterator<Item = (&'i Section, &'i Section)> {
    let is_table = |s: &&Section| matches!(s.kind, elf::SHT_SYMTAB | elf::SHT_DYNSYM);
    let with_strings = |table: &'i Section| Some((table, image.sections.get(table.link)?));
    image.sections.iter().filter(is_table).filter_map(with_strings).take(2)
}

/// Offsets in a block of strings, with the whole name there.
fn offsets(
    image: &Image<'_>,
    strings: &Section,
    names: &[Name],
) -> Result<Vec<(u64, String)>, Stop> {
    let needles: Vec<Vec<u8>> = names
        .iter()
        .map(|name| match name {
            Name::Exact(name) => [name.as_bytes(), b"\0"].concat(),
            Name::Part(part) => part.as_bytes().to_vec(),
        })
        .collect();
    let needles: Vec<&[u8]> = needles.iter().map(Vec::as_slice).collect();
    let hits = image.reader.find(strings.file(), &needles, KEPT)?;
    let mut found = Vec::new();
    for (name, hits) in names.iter().zip(hits) {
        for hit in hits {
            found.push(match name {
                Name::Exact(name) => (hit - strings.offset, (*name).to_owned()),
                Name::Part(_) => whole(image, strings, hit)?,
            });
        }
    }
    Ok(found)
}

/// The string around a hit.
fn whole(image: &Image<'_>, strings: &Section, hit: u64) -> Result<(u64, String), Stop> {
    let before = NAME.min(hit - strings.offset);
    let end = strings.offset + strings.size;
    let bytes = image.reader.up_to(hit - before, (before + NAME.min(end - hit)) as usize)?;
    let head = bytes.get(..before as usize).unwrap_or(&bytes);
    let start = memchr::memrchr(0, head).map_or(0, |zero| zero + 1);
    Ok((hit - before + start as u64 - strings.offset, first_string(&bytes[start..])))
}

fn first_string(bytes: &[u8]) -> String {
    let end = memchr::memchr(0, bytes).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

/// Calls `visit` for each function that the file defines, until it returns false.
fn each(
    image: &Image<'_>,
    table: &Section,
    mut visit: impl FnMut(&elf::Sym64<LE>) -> bool,
) -> Result<(), Stop> {
    const SIZE: usize = size_of::<elf::Sym64<LE>>();
    let mut going = true;
    image.reader.windows(table.file(), SIZE, |_, window, fresh| {
        let whole = fresh - fresh % SIZE;
        let symbols = pod::slice_from_all_bytes::<elf::Sym64<LE>>(&window[..whole]).unwrap_or(&[]);
        for symbol in symbols {
            let function = symbol.st_type() == elf::STT_FUNC && symbol.st_value.get(LE) != 0;
            if going && function && symbol.st_shndx.get(LE) != elf::SHN_UNDEF {
                going = visit(symbol);
            }
        }
        Ok(())
    })
}
