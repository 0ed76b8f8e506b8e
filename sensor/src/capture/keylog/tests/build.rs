//! A small ELF file: constants and code in two segments, symbols and an unwind table if wanted.

/// Address and file offset of the constants differ by this.
pub const BASE: u64 = 0x40_0000;
/// Address of the constants.
pub const CONSTANTS: u64 = BASE + 0x200;
/// Address of the code.
pub const CODE: u64 = BASE + 0x1000;

#[derive(Clone, Default)]
pub struct File {
    pub arm: bool,
    pub position_independent: bool,
    pub constants: Vec<u8>,
    pub code: Vec<u8>,
    pub symbols: Vec<(&'static str, u64)>,
    /// Starts and lengths of functions in an unwind table.
    pub frames: Vec<(u64, u32)>,
}

impl File {
    /// Adds a constant and gives its address.
    pub fn constant(&mut self, bytes: &[u8]) -> u64 {
        let address = CONSTANTS + self.constants.len() as u64;
        self.constants.extend(bytes);
        address
    }

    /// Adds a C string and gives its address.
    pub fn string(&mut self, text: &str) -> u64 {
        self.constant(&[text.as_bytes(), b"\0"].concat())
    }

    /// Address of the next byte of code.
    pub fn here(&self) -> u64 {
        CODE + self.code.len() as u64
    }

    /// Fills code up to a multiple of 16 and gives the address.
    pub fn function(&mut self) -> u64 {
        let padding: &[u8] = if self.arm { &[0x1f, 0x20, 0x03, 0xd5] } else { &[0xcc] };
        while !self.here().is_multiple_of(16) {
            self.code.extend(padding);
        }
        self.here()
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut constants = self.constants.clone();
        constants.resize(constants.len().next_multiple_of(8), 0);
        let (table, frames) = self.unwind(CONSTANTS + constants.len() as u64);
        let table_offset = 0x200 + constants.len() as u64;
        constants.extend(&frames);
        assert!(constants.len() <= 0xe00, "too many constants");

        let mut strings = vec![0];
        let mut symbols = vec![0; 24];
        for (name, address) in &self.symbols {
            symbols.extend((strings.len() as u32).to_le_bytes());
            symbols.extend([0x12, 0, 1, 0]);
            symbols.extend(address.to_le_bytes());
            symbols.extend(16_u64.to_le_bytes());
            strings.extend([name.as_bytes(), b"\0"].concat());
        }
        let code_end = 0x1000 + self.code.len() as u64;
        let strings_at = code_end + symbols.len() as u64;
        let sections_at = strings_at + strings.len() as u64;

        let mut out = vec![0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        half(&mut out, if self.position_independent { 3 } else { 2 });
        half(&mut out, if self.arm { 183 } else { 62 });
        word(&mut out, 1);
        long(&mut out, &[CODE, 64, if self.symbols.is_empty() { 0 } else { sections_at }]);
        word(&mut out, 0);
        let sections = if self.symbols.is_empty() { 0 } else { 3 };
        for value in [64, 56, 3, 64, sections, 0] {
            half(&mut out, value);
        }
        let end = 0x200 + constants.len() as u64;
        segment(&mut out, 1, 4, 0, BASE, end);
        segment(&mut out, 1, 5, 0x1000, CODE, self.code.len() as u64);
        let kind = if self.frames.is_empty() { 0 } else { 0x6474_e550 };
        segment(&mut out, kind, 4, table_offset, CONSTANTS + table_offset - 0x200, table);
        out.resize(0x200, 0);
        out.extend(&constants);
        out.resize(0x1000, 0);
        out.extend(&self.code);
        out.extend(&symbols);
        out.extend(&strings);
        section(&mut out, 0, [0, 0], 0);
        section(&mut out, 2, [code_end, symbols.len() as u64], 2);
        section(&mut out, 3, [strings_at, strings.len() as u64], 0);
        out
    }

    /// `.eh_frame_hdr` and descriptions after it; the length of the first.
    fn unwind(&self, address: u64) -> (u64, Vec<u8>) {
        let length = 12 + 8 * self.frames.len() as u64;
        let mut out = vec![1, 0x1b, 0x03, 0x3b, 0, 0, 0, 0];
        word(&mut out, self.frames.len() as u32);
        for (index, (start, _)) in self.frames.iter().enumerate() {
            word(&mut out, start.wrapping_sub(address) as u32);
            word(&mut out, length as u32 + 16 * index as u32);
        }
        for (index, (start, size)) in self.frames.iter().enumerate() {
            let description = address + length + 16 * index as u64;
            word(&mut out, 12);
            word(&mut out, 0);
            word(&mut out, start.wrapping_sub(description + 8) as u32);
            word(&mut out, *size);
        }
        (length, if self.frames.is_empty() { Vec::new() } else { out })
    }
}

fn half(out: &mut Vec<u8>, value: u16) {
    out.extend(value.to_le_bytes());
}

fn word(out: &mut Vec<u8>, value: u32) {
    out.extend(value.to_le_bytes());
}

fn long(out: &mut Vec<u8>, values: &[u64]) {
    out.extend(values.iter().flat_map(|value| value.to_le_bytes()));
}

fn segment(out: &mut Vec<u8>, kind: u32, flags: u32, offset: u64, address: u64, size: u64) {
    word(out, kind);
    word(out, flags);
    long(out, &[offset, address, address, size, size, 0x1000]);
}

fn section(out: &mut Vec<u8>, kind: u32, [offset, size]: [u64; 2], link: u32) {
    word(out, 0);
    word(out, kind);
    long(out, &[0, 0, offset, size]);
    word(out, link);
    word(out, 0);
    long(out, &[1, 24]);
}
