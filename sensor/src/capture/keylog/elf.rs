//! The frame of an ELF file (System V gABI chapters 4 and 5): 64 bits, little endian, what is
//! loaded where, and its sections where it still has them. Nothing in it is believed unchecked.

use std::ops::Range;

use object::{LittleEndian as LE, elf, pod};
use serde::{Deserialize, Serialize};

use super::{
    hexadecimal,
    source::{Reader, Stop},
};

/// Program headers that are looked at. Linkers write about a dozen.
const SEGMENTS: u16 = 128;

/// Section headers that are looked at. Linkers write a few dozen.
const SECTIONS: u16 = 1024;

/// Bytes of notes that are looked at.
const NOTES: usize = 16 * 1024;

/// Instruction set of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Machine {
    /// x86-64.
    X86_64,
    /// aarch64, little endian.
    Aarch64,
}

/// A loaded part of the file (`PT_LOAD`).
#[derive(Clone, Debug)]
pub(super) struct Segment {
    pub(super) offset: u64,
    pub(super) address: u64,
    /// Bytes in the file.
    pub(super) size: u64,
    pub(super) executable: bool,
    pub(super) writable: bool,
}

impl Segment {
    pub(super) fn file(&self) -> Range<u64> {
        self.offset..self.offset + self.size
    }
}

/// A named part of the file.
#[derive(Clone, Debug)]
pub(super) struct Section {
    name: Vec<u8>,
    pub(super) kind: u32,
    pub(super) address: u64,
    pub(super) offset: u64,
    pub(super) size: u64,
    pub(super) link: usize,
}

impl Section {
    pub(super) fn file(&self) -> Range<u64> {
        self.offset..self.offset + self.size
    }
}

/// An ELF file, open for the scan.
pub(super) struct Image<'a> {
    pub(super) reader: Reader<'a>,
    pub(super) machine: Machine,
    /// Loaded where its addresses say (`ET_EXEC`).
    pub(super) fixed: bool,
    pub(super) segments: Vec<Segment>,
    pub(super) sections: Vec<Section>,
    /// `.eh_frame_hdr`.
    pub(super) frames: Option<Segment>,
    /// The dynamic table.
    pub(super) dynamic: Option<Segment>,
    pub(super) build_id: Option<String>,
}

/// What an opened file is.
pub(super) enum Opened<'a> {
    Image(Box<Image<'a>>),
    /// No ELF file.
    Other,
    /// An ELF file that holds no code for this kind of scan.
    Unsupported(String),
}

/// Reads the frame of a file.
pub(super) fn open(reader: Reader<'_>) -> Result<Opened<'_>, Stop> {
    const HEADER: usize = size_of::<elf::FileHeader64<LE>>();
    let Some(bytes) = reader.array::<HEADER>(0)? else { return Ok(Opened::Other) };
    let Ok((header, _)) = pod::from_bytes::<elf::FileHeader64<LE>>(&bytes) else {
        return Ok(Opened::Other);
    };
    if header.e_ident.magic != elf::ELFMAG {
        return Ok(Opened::Other);
    }
    if header.e_ident.class != elf::ELFCLASS64 || header.e_ident.data != elf::ELFDATA2LSB {
        return Ok(Opened::Unsupported("not a 64-bit little-endian file".to_owned()));
    }
    let machine = match header.e_machine.get(LE) {
        elf::EM_X86_64 => Machine::X86_64,
        elf::EM_AARCH64 => Machine::Aarch64,
        other => return Ok(Opened::Unsupported(format!("code for ELF machine {other}"))),
    };
    let headers = program_headers(&reader, header)?;
    let pick = |kind| headers.iter().find(|header| header.p_type.get(LE) == kind);
    let mut segments = Vec::new();
    for header in headers.iter().filter(|header| header.p_type.get(LE) == elf::PT_LOAD) {
        segments.push(segment(header, reader.size)?);
    }
    let optional = |kind| pick(kind).map(|header| segment(header, reader.size)).transpose();
    let frames = optional(elf::PT_GNU_EH_FRAME)?;
    let dynamic = optional(elf::PT_DYNAMIC)?;
    let build_id = build_id(&reader, &headers)?;
    let sections = sections(&reader, header)?;
    Ok(Opened::Image(Box::new(Image {
        machine,
        fixed: header.e_type.get(LE) == elf::ET_EXEC,
        segments,
        sections,
        frames,
        dynamic,
        build_id,
        reader,
    })))
}

impl Image<'_> {
    /// Code: file ranges with their addresses.
    pub(super) fn code(&self) -> impl Iterator<Item = &Segment> {
        self.segments.iter().filter(|segment| segment.executable)
    }

    /// Constants, code included where they share a segment.
    pub(super) fn read_only(&self) -> impl Iterator<Item = &Segment> {
        self.segments.iter().filter(|segment| !segment.writable)
    }

    pub(super) fn writable(&self) -> impl Iterator<Item = &Segment> {
        self.segments.iter().filter(|segment| segment.writable)
    }

    /// Addresses of each needle among the constants, at most `cap` of each, ascending.
    pub(super) fn constants(&self, needles: &[&[u8]], cap: usize) -> Result<Vec<Vec<u64>>, Stop> {
        let mut found = vec![Vec::new(); needles.len()];
        for segment in self.read_only() {
            let hits = self.reader.find(segment.file(), needles, cap)?;
            for (found, hits) in found.iter_mut().zip(hits) {
                found.extend(hits.iter().map(|hit| segment.address + (hit - segment.offset)));
                found.sort_unstable();
                found.dedup();
                found.truncate(cap);
            }
        }
        Ok(found)
    }

    /// The section of that name.
    pub(super) fn section(&self, name: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.name == name.as_bytes())
    }

    /// Where an address lies in the file.
    pub(super) fn offset_of(&self, address: u64) -> Option<u64> {
        let inside = |s: &&Segment| address.checked_sub(s.address).is_some_and(|d| d < s.size);
        let segment = self.segments.iter().find(inside)?;
        Some(segment.offset + (address - segment.address))
    }

    /// The executable segment that holds an address.
    pub(super) fn code_at(&self, address: u64) -> Option<&Segment> {
        self.code().find(|s| address.checked_sub(s.address).is_some_and(|d| d < s.size))
    }

    /// As many of `length` bytes of code at `address` as there are.
    pub(super) fn code_bytes(&self, address: u64, length: usize) -> Result<Vec<u8>, Stop> {
        let Some(segment) = self.code_at(address) else { return Ok(Vec::new()) };
        let skip = address - segment.address;
        let length = (length as u64).min(segment.size - skip) as usize;
        self.reader.up_to(segment.offset + skip, length)
    }

    /// `N` bytes that are loaded at `address`.
    pub(super) fn array_at<const N: usize>(&self, address: u64) -> Result<Option<[u8; N]>, Stop> {
        match self.offset_of(address) {
            Some(offset) => self.reader.array(offset),
            None => Ok(None),
        }
    }
}

fn program_headers(
    reader: &Reader<'_>,
    header: &elf::FileHeader64<LE>,
) -> Result<Vec<elf::ProgramHeader64<LE>>, Stop> {
    const SIZE: usize = size_of::<elf::ProgramHeader64<LE>>();
    let count = header.e_phnum.get(LE);
    if count > SEGMENTS {
        return Err(Stop::Refused(format!("{count} program headers, more than {SEGMENTS}")));
    }
    if count > 0 && usize::from(header.e_phentsize.get(LE)) != SIZE {
        return Err(Stop::Refused("program headers of a wrong size".to_owned()));
    }
    let length = usize::from(count) * SIZE;
    let bytes = reader.up_to(header.e_phoff.get(LE), length)?;
    match pod::slice_from_all_bytes::<elf::ProgramHeader64<LE>>(&bytes) {
        Ok(headers) if headers.len() == usize::from(count) => Ok(headers.to_vec()),
        _ => Err(Stop::Refused("program headers outside of the file".to_owned())),
    }
}

fn segment(header: &elf::ProgramHeader64<LE>, file_size: u64) -> Result<Segment, Stop> {
    let segment = Segment {
        offset: header.p_offset.get(LE),
        address: header.p_vaddr.get(LE),
        size: header.p_filesz.get(LE),
        executable: header.p_flags.get(LE) & elf::PF_X != 0,
        writable: header.p_flags.get(LE) & elf::PF_W != 0,
    };
    let ends_inside = segment.offset.checked_add(segment.size).is_some_and(|end| end <= file_size);
    if !ends_inside || segment.address.checked_add(segment.size).is_none() {
        return Err(Stop::Refused("a segment outside of the file".to_owned()));
    }
    Ok(segment)
}

/// Sections are a help that strip may take away: a table that makes no sense counts as none.
fn sections(reader: &Reader<'_>, header: &elf::FileHeader64<LE>) -> Result<Vec<Section>, Stop> {
    const SIZE: usize = size_of::<elf::SectionHeader64<LE>>();
    let count = header.e_shnum.get(LE).min(SECTIONS);
    if usize::from(header.e_shentsize.get(LE)) != SIZE || header.e_shoff.get(LE) == 0 {
        return Ok(Vec::new());
    }
    let bytes = reader.up_to(header.e_shoff.get(LE), usize::from(count) * SIZE)?;
    let Ok(headers) = pod::slice_from_all_bytes::<elf::SectionHeader64<LE>>(&bytes) else {
        return Ok(Vec::new());
    };
    let names = match headers.get(usize::from(header.e_shstrndx.get(LE))) {
        Some(section) => {
            let length = section.sh_size.get(LE).min(64 * 1024) as usize;
            reader.up_to(section.sh_offset.get(LE), length)?
        }
        None => Vec::new(),
    };
    let in_file = |header: &&elf::SectionHeader64<LE>| {
        let end = header.sh_offset.get(LE).checked_add(header.sh_size.get(LE));
        header.sh_type.get(LE) == elf::SHT_NOBITS || end.is_some_and(|end| end <= reader.size)
    };
    if !headers.iter().all(|header| in_file(&header)) {
        return Ok(Vec::new());
    }
    Ok(headers.iter().map(|header| section(header, &names)).collect())
}

fn section(header: &elf::SectionHeader64<LE>, names: &[u8]) -> Section {
    let name = names.get(header.sh_name.get(LE) as usize..).unwrap_or(&[]);
    let empty = header.sh_type.get(LE) == elf::SHT_NOBITS;
    Section {
        name: name.split(|&byte| byte == 0).next().unwrap_or(&[]).to_vec(),
        kind: header.sh_type.get(LE),
        address: header.sh_addr.get(LE),
        offset: if empty { 0 } else { header.sh_offset.get(LE) },
        size: if empty { 0 } else { header.sh_size.get(LE) },
        link: header.sh_link.get(LE) as usize,
    }
}

/// The GNU build id, or else Go's (`cmd/internal/buildid`), in hexadecimal or as it stands.
fn build_id(
    reader: &Reader<'_>,
    headers: &[elf::ProgramHeader64<LE>],
) -> Result<Option<String>, Stop> {
    let mut go = None;
    for header in headers.iter().filter(|header| header.p_type.get(LE) == elf::PT_NOTE) {
        let length = header.p_filesz.get(LE).min(NOTES as u64) as usize;
        let bytes = reader.up_to(header.p_offset.get(LE), length)?;
        for (name, kind, text) in Notes(&bytes) {
            match (name, kind) {
                (b"GNU\0", elf::NT_GNU_BUILD_ID) if (8..=64).contains(&text.len()) => {
                    return Ok(Some(hexadecimal(text)));
                }
                (b"Go\0\0", 4) if (8..=256).contains(&text.len()) => {
                    go = std::str::from_utf8(text).ok().map(|text| format!("go:{text}"));
                }
                _ => {}
            }
        }
    }
    Ok(go)
}

/// Notes of a segment: name, type, description.
struct Notes<'a>(&'a [u8]);

impl<'a> Iterator for Notes<'a> {
    type Item = (&'a [u8], u32, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (head, rest) = self.0.split_at_checked(12)?;
        let word = |at: usize| Some(u32::from_le_bytes(head[at..at + 4].try_into().ok()?));
        let (name_length, length, kind) = (word(0)? as usize, word(4)? as usize, word(8)?);
        let name = rest.get(..name_length)?;
        let rest = rest.get(name_length.next_multiple_of(4)..)?;
        let text = rest.get(..length)?;
        self.0 = rest.get(length.next_multiple_of(4)..).unwrap_or(&[]);
        Some((name, kind, text))
    }
}
