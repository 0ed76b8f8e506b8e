//! aarch64 (AAPCS64: arguments in x0 to x3). Instructions are words of 32 bits, told apart by the
//! few fields that matter here (Arm Architecture Reference Manual, C4.1).

use super::{
    code::{AHEAD, Ahead, CALLEE, End, JUMPS, Load},
    elf::Image,
    source::Stop,
};

/// Loads kept; a real file has a few dozen.
const LOADS: usize = 4096;

/// Words looked back for the `adrp` of an `add`.
const BACK: usize = 128;

/// Length of an instruction in bytes.
const WORD: u64 = 4;

const NAMES: [&str; 31] = [
    "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14",
    "x15", "x16", "x17", "x18", "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27",
    "x28", "x29", "x30",
];

/// Loads by `adrp xn, page` and `add xm, xn, low bits`, and by `adr`.
pub(super) fn loads(image: &Image<'_>, strings: &[u64]) -> Result<Vec<Load>, Stop> {
    let mut loads = Vec::new();
    let mut low_bits = [false; 4096];
    for string in strings {
        low_bits[(string & 0xfff) as usize] = true;
    }
    for segment in image.code() {
        let mut hits = Vec::new();
        image.reader.windows(segment.file(), WORD as usize, |offset, window, fresh| {
            let base = segment.address + (offset - segment.offset);
            for (index, word) in words(&window[..fresh]).enumerate() {
                let at = base + index as u64 * WORD;
                let low = is_add(word) && low_bits[(word >> 10 & 0xfff) as usize];
                if low || is_adr(word) && strings.binary_search(&adr(word, at)).is_ok() {
                    hits.push((at, word));
                }
            }
            // Low bits alone are met by chance: what they hit is checked before more is kept.
            for (at, word) in hits.drain(..) {
                let string =
                    if is_adr(word) { Some(adr(word, at)) } else { added(image, at, word)? };
                if let Some(string) = string.filter(|string| strings.binary_search(string).is_ok())
                {
                    let Some(&register) = NAMES.get((word & 31) as usize) else { continue };
                    loads.push(Load { at, string, register, second_argument: word & 31 == 1 });
                }
            }
            if loads.len() > LOADS {
                return Err(Stop::Refused(format!("more than {LOADS} loads of a label")));
            }
            Ok(())
        })?;
    }
    Ok(loads)
}

/// The address that an `add` completes: its `adrp` is the last write of its source before it.
fn added(image: &Image<'_>, at: u64, word: u32) -> Result<Option<u64>, Stop> {
    let source = word >> 5 & 31;
    let Some(segment) = image.code_at(at) else { return Ok(None) };
    let back = ((at - segment.address) / WORD).min(BACK as u64);
    let start = at - back * WORD;
    let bytes = image.code_bytes(start, (back * WORD) as usize)?;
    let before: Vec<u32> = words(&bytes).collect();
    for (index, &earlier) in before.iter().enumerate().rev() {
        if writes(earlier, source) {
            let page = is_adrp(earlier).then(|| adrp(earlier, start + index as u64 * WORD));
            return Ok(page.map(|page| page.wrapping_add(u64::from(word >> 10 & 0xfff))));
        }
    }
    Ok(None)
}

/// Reads on from a load to the first call.
pub(super) fn ahead(image: &Image<'_>, load: &Load) -> Result<Ahead, Stop> {
    let mut jumps = Vec::new();
    let mut left = AHEAD;
    let mut from = load.at.wrapping_add(WORD);
    let end = 'way: loop {
        let bytes = image.code_bytes(from, left * WORD as usize)?;
        for (index, word) in words(&bytes).enumerate() {
            left -= 1;
            image.reader.instruction()?;
            let at = from + index as u64 * WORD;
            if word >> 26 == 0b10_0101 {
                break 'way End::Call(branch(word, at));
            } else if word & 0xffff_fc1f == 0xd63f_0000 {
                break 'way End::IndirectCall;
            } else if word >> 26 == 0b00_0101 && jumps.len() < JUMPS {
                from = branch(word, at);
                jumps.push(from);
                continue 'way;
            } else if leaves(word) {
                break 'way End::Left;
            } else if writes(word, 1) {
                break 'way End::Overwritten;
            }
        }
        break if left == 0 { End::TooFar } else { End::Undecodable };
    };
    Ok(Ahead { jumps, end })
}

/// Whether words look like the start of a function.
pub(super) fn starts_function(address: u64, before: &[u8], start: &[u8]) -> bool {
    let parted = address.is_multiple_of(16)
        || words(before)
            .last()
            .is_some_and(|word| leaves(word) || word == 0 || word == 0xd503_201f);
    let first = words(start).next().unwrap_or(0);
    let prologue = first == 0xd503_245f                       // bti c
        || first == 0xd503_233f                               // paciasp
        || first & 0xffc0_03e0 == 0xa980_03e0 // stp ..., [sp, -n]!
        || first & 0xff80_03ff == 0xd100_03ff                 // sub sp, sp, n
        || first & 0xffc0_03e0 == 0xf940_0000; // ldr xn, [x0, n]
    address.is_multiple_of(WORD) && parted && prologue
}

/// Walks both ways of each branch, for at most [`CALLEE`] instructions in all.
pub(super) fn reads_third_and_fourth(image: &Image<'_>, address: u64) -> Result<bool, Stop> {
    let mut seen = Vec::new();
    // Bits: second and third register read, the same lost.
    let mut ways = vec![(address, [false; 2], [false; 2])];
    while let Some((from, mut read, mut lost)) = ways.pop() {
        let bytes = image.code_bytes(from, CALLEE * WORD as usize)?;
        for (index, word) in words(&bytes).enumerate() {
            let at = from + index as u64 * WORD;
            if seen.len() == CALLEE {
                return Ok(false);
            }
            if seen.contains(&at) {
                break;
            }
            seen.push(at);
            image.reader.instruction()?;
            for (slot, register) in [(0, 2), (1, 3)] {
                read[slot] |= !lost[slot] && reads(word, register);
                lost[slot] |= writes(word, register);
            }
            if read == [true; 2] {
                return Ok(true);
            }
            if word >> 26 == 0b00_0101 {
                ways.push((branch(word, at), read, lost));
                break;
            }
            if word >> 26 == 0b10_0101 || word & 0xffff_fc1f == 0xd63f_0000 || leaves(word) {
                break;
            }
            if let Some(target) = conditional(word, at) {
                ways.push((target, read, lost));
            }
        }
    }
    Ok(false)
}

fn words(bytes: &[u8]) -> impl DoubleEndedIterator<Item = u32> + ExactSizeIterator {
    bytes.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
}

/// `add xd, xn, imm12` without shift.
fn is_add(word: u32) -> bool {
    word & 0xffc0_0000 == 0x9100_0000
}

fn is_adr(word: u32) -> bool {
    word & 0x9f00_0000 == 0x1000_0000
}

fn is_adrp(word: u32) -> bool {
    word & 0x9f00_0000 == 0x9000_0000
}

/// Immediate of `adr` and `adrp`, 21 bits with sign.
fn adr_immediate(word: u32) -> i64 {
    let bits = (word >> 5 & 0x7_ffff) << 2 | word >> 29 & 3;
    i64::from((bits << 11) as i32 >> 11)
}

fn adr(word: u32, at: u64) -> u64 {
    at.wrapping_add_signed(adr_immediate(word))
}

fn adrp(word: u32, at: u64) -> u64 {
    (at & !0xfff).wrapping_add_signed(adr_immediate(word) << 12)
}

/// Target of `b` and `bl`.
fn branch(word: u32, at: u64) -> u64 {
    at.wrapping_add_signed(i64::from((word << 6) as i32 >> 6) * 4)
}

/// Target of `b.cond`, `cbz`, `cbnz`, `tbz`, `tbnz`.
fn conditional(word: u32, at: u64) -> Option<u64> {
    let words = if word >> 24 == 0x54 || word & 0x7e00_0000 == 0x3400_0000 {
        i64::from((word << 8) as i32 >> 13)
    } else if word & 0x7e00_0000 == 0x3600_0000 {
        i64::from((word << 13) as i32 >> 18)
    } else {
        return None;
    };
    Some(at.wrapping_add_signed(words * 4))
}

/// `ret`, `br`, `b`, `udf`, `brk`.
fn leaves(word: u32) -> bool {
    let register_jump = matches!(word & 0xffff_fc1f, 0xd65f_0000 | 0xd61f_0000);
    let trap = word < 1 << 16 || word & 0xffe0_001f == 0xd420_0000;
    register_jump || trap || word >> 26 == 0b00_0101 || word == 0xd65f_0bff
}

/// Groups of instructions by bits 28 to 25.
enum Group {
    Immediate,
    Memory,
    Register,
    Other,
}

fn group(word: u32) -> Group {
    match word >> 25 & 0xf {
        0b1000 | 0b1001 => Group::Immediate,
        0b0100 | 0b0110 | 0b1100 | 0b1110 => Group::Memory,
        0b0101 | 0b1101 => Group::Register,
        _ => Group::Other,
    }
}

/// Whether a word writes the general register, as far as compilers go.
fn writes(word: u32, register: u32) -> bool {
    let d = word & 31 == register;
    match group(word) {
        Group::Immediate | Group::Register => d,
        Group::Memory => {
            let vector = word >> 26 & 1 == 1;
            let pair = word & 0x3800_0000 == 0x2800_0000;
            let load = match word >> 27 & 7 {
                0b101 | 0b001 => word >> 22 & 1 == 1,
                0b011 => true,
                _ => word & 0x00c0_0000 != 0,
            };
            let second = pair && word >> 10 & 31 == register;
            let write_back =
                if pair { word >> 23 & 1 == 1 } else { word & 0x3920_0400 == 0x3800_0400 };
            !vector && load && (d || second) || write_back && word >> 5 & 31 == register
        }
        Group::Other => false,
    }
}

/// Whether a word reads the general register, as far as compilers go.
fn reads(word: u32, register: u32) -> bool {
    let (d, n, m) = (word & 31, word >> 5 & 31, word >> 16 & 31);
    match group(word) {
        // adr, adrp and the wide moves have no source.
        Group::Immediate => !matches!(word >> 23 & 7, 0 | 1 | 5) && n == register,
        Group::Register => n == register || m == register,
        Group::Memory => {
            let vector = word >> 26 & 1 == 1;
            let pair = word & 0x3800_0000 == 0x2800_0000;
            let store = match word >> 27 & 7 {
                0b101 | 0b001 => word >> 22 & 1 == 0,
                0b011 => false,
                _ => word & 0x00c0_0000 == 0,
            };
            let second = pair && word >> 10 & 31 == register;
            n == register || !vector && store && (d == register || second)
        }
        // cbz, cbnz, tbz, tbnz.
        Group::Other => word & 0x7c00_0000 == 0x3400_0000 && d == register,
    }
}
