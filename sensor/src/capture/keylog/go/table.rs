//! The table of functions, `.gopclntab` (`debug/gosym/pclntab.go`, `runtime/symtab.go`), in the
//! layouts of Go 1.16, 1.18 and 1.20. Found by its section or by its first bytes.

use std::{fmt, ops::Range};

use crate::capture::keylog::{
    elf::{Image, Machine},
    source::Stop,
};

/// Functions that a table may claim.
const FUNCTIONS: u64 = 1 << 24;

/// Places that start like a table and are looked at.
const PLACES: usize = 16;

/// Records that could be about a name and are looked at.
const RECORDS: usize = 4096;

/// Length of pointers.
const POINTER: u64 = 8;

/// A layout, by the first Go that writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    Go116,
    Go118,
    Go120,
}

const LAYOUTS: [(u32, Layout); 3] =
    [(0xffff_fffa, Layout::Go116), (0xffff_fff0, Layout::Go118), (0xffff_fff1, Layout::Go120)];

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Go116 => "Go 1.16",
            Self::Go118 => "Go 1.18",
            Self::Go120 => "Go 1.20",
        })
    }
}

/// A table, its parts within the file.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub(super) address: u64,
    pub(super) layout: Layout,
    pub(super) functions: u64,
    /// Start of the text; 0 where the layout or the linker leaves it out.
    pub(super) text: u64,
    /// File range of the names.
    names: Range<u64>,
    /// File range of the list of functions and their records.
    records: Range<u64>,
}

/// Finds the table of a Go program.
pub(super) fn locate(image: &Image<'_>) -> Result<Option<Table>, Stop> {
    for name in [".gopclntab", ".data.rel.ro.gopclntab"] {
        if let Some(section) = image.section(name)
            && let Some(table) = read(image, section.address)?
        {
            return Ok(Some(table));
        }
    }
    let quantum = match image.machine {
        Machine::X86_64 => 1,
        Machine::Aarch64 => 4,
    };
    let starts: Vec<Vec<u8>> = LAYOUTS
        .iter()
        .map(|(magic, _)| [&magic.to_le_bytes()[..], &[0, 0, quantum, POINTER as u8]].concat())
        .collect();
    let starts: Vec<&[u8]> = starts.iter().map(Vec::as_slice).collect();
    for segment in image.segments.iter().filter(|segment| !segment.executable) {
        for hit in image.reader.find(segment.file(), &starts, PLACES)?.into_iter().flatten() {
            if let Some(table) = read(image, segment.address + (hit - segment.offset))? {
                return Ok(Some(table));
            }
        }
    }
    Ok(None)
}

/// Reads a table's header; none where it makes no sense.
fn read(image: &Image<'_>, address: u64) -> Result<Option<Table>, Stop> {
    let inside = |s: &&crate::capture::keylog::elf::Segment| {
        address.checked_sub(s.address).is_some_and(|skip| skip < s.size)
    };
    let Some(segment) = image.segments.iter().find(inside) else { return Ok(None) };
    let start = segment.offset + (address - segment.address);
    let end = segment.offset + segment.size;
    let Some(header) = image.reader.array::<72>(start)? else { return Ok(None) };
    let (head, words) = header.split_at(8);
    let magic = u32::from_le_bytes([head[0], head[1], head[2], head[3]]);
    let layout = LAYOUTS.iter().find(|(known, _)| *known == magic).map(|(_, layout)| *layout);
    let Some(layout) = layout.filter(|_| head[7] == POINTER as u8) else { return Ok(None) };
    let word = |index: usize| {
        words.chunks_exact(8).nth(index).map_or(0, |word| {
            word.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte))
        })
    };
    let (text, first) = match layout {
        Layout::Go116 => (0, 2),
        Layout::Go118 | Layout::Go120 => (word(2), 3),
    };
    // Names, compilation units, files, pc tables, functions: one after the other.
    let part = |index: usize| start.checked_add(word(first + index)).filter(|&at| at < end);
    let (Some(names), Some(names_end), Some(records)) = (part(0), part(1), part(4)) else {
        return Ok(None);
    };
    let functions = word(0);
    let list = functions.checked_mul(entry_size(layout));
    let fits =
        functions > 0 && functions < FUNCTIONS && list.is_some_and(|list| list <= end - records);
    if names > names_end || !fits {
        return Ok(None);
    }
    let (names, records) = (names..names_end, records..end);
    Ok(Some(Table { address, layout, functions, text, names, records }))
}

/// Bytes of an entry in the list: start of a function, place of its record.
fn entry_size(layout: Layout) -> u64 {
    match layout {
        Layout::Go116 => 2 * POINTER,
        Layout::Go118 | Layout::Go120 => 8,
    }
}

impl Table {
    /// Whether some name contains `part`.
    pub(super) fn has_name(&self, image: &Image<'_>, part: &[u8]) -> Result<bool, Stop> {
        let hits = image.reader.find(self.names.clone(), &[part], 1)?;
        Ok(hits.iter().any(|hits| !hits.is_empty()))
    }

    /// Where a function starts, counted from the start of the text (absolute for Go 1.16). A
    /// function that was compiled into its callers only has a name but no entry.
    pub(super) fn entry(&self, image: &Image<'_>, name: &str) -> Result<Option<u64>, Stop> {
        let needle = [b"\0", name.as_bytes(), b"\0"].concat();
        let hits = image.reader.find(self.names.clone(), &[&needle], 1)?;
        let Some(hit) = hits.into_iter().flatten().next() else { return Ok(None) };
        let Ok(name) = u32::try_from(hit + 1 - self.names.start) else { return Ok(None) };
        // A record starts with the function's start, then the place of its name.
        let skip = entry_size(self.layout) / 2;
        let hits = image.reader.find(self.records.clone(), &[&name.to_le_bytes()], RECORDS)?;
        let mut entries = Vec::new();
        for hit in hits.into_iter().flatten() {
            let Some(record) = (hit - self.records.start).checked_sub(skip) else { continue };
            let entry = self.number(image, self.records.start + record)?;
            if self.record_of(image, entry)? == Some(record) {
                entries.push(entry);
            }
        }
        match entries[..] {
            [] => Ok(None),
            [entry] => Ok(Some(entry)),
            _ => Err(Stop::Refused("several functions of one name".to_owned())),
        }
    }

    /// The place of a function's record, by binary search for its start.
    fn record_of(&self, image: &Image<'_>, entry: u64) -> Result<Option<u64>, Stop> {
        let size = entry_size(self.layout);
        let (mut low, mut high) = (0, self.functions);
        while low < high {
            let middle = low + (high - low) / 2;
            let at = self.records.start + middle * size;
            let start = self.number(image, at)?;
            if start == entry {
                return self.number(image, at + size / 2).map(Some);
            }
            if start < entry { low = middle + 1 } else { high = middle }
        }
        Ok(None)
    }

    fn number(&self, image: &Image<'_>, offset: u64) -> Result<u64, Stop> {
        Ok(match self.layout {
            Layout::Go116 => u64::from_le_bytes(image.reader.array(offset)?.unwrap_or_default()),
            Layout::Go118 | Layout::Go120 => {
                u64::from(u32::from_le_bytes(image.reader.array(offset)?.unwrap_or_default()))
            }
        })
    }
}
