//! x86-64 (System V ABI: arguments in rdi, rsi, rdx, rcx).
//!
//! Code is not decoded from end to end. Its bytes are searched for the few encodings that load an
//! address, the address is checked, and only what follows a hit is decoded.

use iced_x86::{
    Decoder, DecoderOptions, FlowControl, InstructionInfoFactory, InstructionInfoOptions, OpAccess,
    Register,
};
use memchr::memchr_iter;

use super::{
    code::{AHEAD, Ahead, CALLEE, End, JUMPS, Load},
    elf::Image,
    source::Stop,
};

/// Loads kept; a real file has a few dozen.
const LOADS: usize = 4096;

/// The longest instruction.
const LONGEST: usize = 15;

/// 64-bit registers by their number in an encoding.
const NAMES: [&str; 16] = [
    "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13",
    "r14", "r15",
];

const RSI: usize = 6;

/// Loads by `lea r64, [rip + d]`, and by `mov esi, imm32`, `mov rsi, simm32` and
/// `mov rsi, imm64` (code that is not position-independent).
pub(super) fn loads(image: &Image<'_>, strings: &[u64]) -> Result<Vec<Load>, Stop> {
    let mut loads = Vec::new();
    for segment in image.code() {
        image.reader.windows(segment.file(), LONGEST, |offset, window, fresh| {
            let base = segment.address + (offset - segment.offset);
            relative(window, fresh, base, strings, &mut loads);
            if image.fixed {
                immediate(window, fresh, base, strings, &mut loads);
            }
            if loads.len() > LOADS {
                return Err(Stop::Refused(format!("more than {LOADS} loads of a label")));
            }
            Ok(())
        })?;
    }
    loads.sort_by_key(|load: &Load| load.at);
    loads.dedup();
    Ok(loads)
}

/// `REX.W 8D /r` with a displacement from the next instruction.
fn relative(window: &[u8], fresh: usize, base: u64, strings: &[u64], loads: &mut Vec<Load>) {
    for opcode in memchr_iter(0x8d, window) {
        let Some(start) = opcode.checked_sub(1).filter(|&start| start < fresh) else { continue };
        let Some(&[rex, _, modrm, a, b, c, d]) = window[start..].first_chunk::<7>() else { break };
        if rex & 0xfb != 0x48 || modrm & 0xc7 != 0x05 {
            continue;
        }
        let at = base + start as u64;
        let displacement = i64::from(i32::from_le_bytes([a, b, c, d]));
        let string = at.wrapping_add(7).wrapping_add_signed(displacement);
        let register = usize::from(modrm >> 3 & 7) | usize::from(rex >> 2 & 1) << 3;
        push(at, string, register, strings, loads);
    }
}

/// `BE imm32`, `48 BE imm64`, `48 C7 C6 simm32`: all into rsi.
fn immediate(window: &[u8], fresh: usize, base: u64, strings: &[u64], loads: &mut Vec<Load>) {
    for opcode in memchr_iter(0xbe, window) {
        let rest = &window[opcode + 1..];
        let wide = opcode > 0 && window[opcode - 1] == 0x48;
        let start = opcode - usize::from(wide);
        if start >= fresh {
            break;
        }
        let string = if wide {
            rest.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
        } else {
            rest.first_chunk().map(|bytes| u64::from(u32::from_le_bytes(*bytes)))
        };
        if let Some(string) = string {
            push(base + start as u64, string, RSI, strings, loads);
        }
    }
    for start in memchr::memmem::find_iter(window, &[0x48, 0xc7, 0xc6]) {
        if start >= fresh {
            break;
        }
        if let Some(bytes) = window[start + 3..].first_chunk() {
            let string = i64::from(i32::from_le_bytes(*bytes)) as u64;
            push(base + start as u64, string, RSI, strings, loads);
        }
    }
}

fn push(at: u64, string: u64, register: usize, strings: &[u64], loads: &mut Vec<Load>) {
    if strings.binary_search(&string).is_ok() {
        let second_argument = register == RSI;
        loads.push(Load { at, string, register: NAMES[register], second_argument });
    }
}

/// Decodes from a load to the first call.
pub(super) fn ahead(image: &Image<'_>, load: &Load) -> Result<Ahead, Stop> {
    let mut info = InstructionInfoFactory::new();
    let mut jumps = Vec::new();
    let mut left = AHEAD;
    let mut from = load.at;
    let end = 'way: loop {
        let bytes = image.code_bytes(from, left * LONGEST)?;
        let mut decoder = Decoder::with_ip(64, &bytes, from, DecoderOptions::NONE);
        while decoder.can_decode() {
            if left == 0 {
                break 'way End::TooFar;
            }
            left -= 1;
            image.reader.instruction()?;
            let instruction = decoder.decode();
            if instruction.is_invalid() {
                break 'way End::Undecodable;
            }
            match instruction.flow_control() {
                FlowControl::Call if instruction.is_call_near() => {
                    break 'way End::Call(instruction.near_branch_target());
                }
                FlowControl::IndirectCall => break 'way End::IndirectCall,
                FlowControl::UnconditionalBranch if jumps.len() < JUMPS => {
                    from = instruction.near_branch_target();
                    jumps.push(from);
                    continue 'way;
                }
                FlowControl::Next | FlowControl::ConditionalBranch => {}
                _ => break 'way End::Left,
            }
            if instruction.ip() != load.at {
                let used = info.info_options(&instruction, InstructionInfoOptions::NO_MEMORY_USAGE);
                let rsi = |r: &iced_x86::UsedRegister| {
                    r.register().full_register() == Register::RSI && writes(r.access())
                };
                if used.used_registers().iter().any(rsi) {
                    break 'way End::Overwritten;
                }
            }
        }
        break End::Undecodable;
    };
    Ok(Ahead { jumps, end })
}

/// Whether bytes look like the start of a function. Bias: rather no than yes, since a function
/// with an entry in the unwind table does not come here.
pub(super) fn starts_function(address: u64, before: &[u8], start: &[u8]) -> bool {
    let parted = address.is_multiple_of(16)
        || matches!(before.last(), Some(0xcc | 0x90 | 0xc3))
        || before.ends_with(&[0, 0, 0]);
    let prologue = matches!(
        start,
        [0xf3, 0x0f, 0x1e, 0xfa, ..]            // endbr64
            | [0x50..=0x57, ..]                 // push r64
            | [0x41, 0x50..=0x57, ..]           // push r8 to r15
            | [0x48, 0x83 | 0x81, 0xec, ..]     // sub rsp, imm
            | [0x48 | 0x4c, 0x8b | 0x89 | 0x8d, ..] // mov or lea of a 64-bit register
            | [0x48, 0x83, 0xbf, ..] // cmp qword [rdi + d], imm8
    );
    parted && prologue
}

/// Walks both ways of each branch, for at most [`CALLEE`] instructions in all.
pub(super) fn reads_third_and_fourth(image: &Image<'_>, address: u64) -> Result<bool, Stop> {
    let mut info = InstructionInfoFactory::new();
    let mut seen = Vec::new();
    let mut ways = vec![(address, Arguments::default())];
    while let Some((from, mut arguments)) = ways.pop() {
        let bytes = image.code_bytes(from, CALLEE * LONGEST)?;
        let mut decoder = Decoder::with_ip(64, &bytes, from, DecoderOptions::NONE);
        while decoder.can_decode() {
            if seen.len() == CALLEE {
                return Ok(false);
            }
            let instruction = decoder.decode();
            if instruction.is_invalid() || seen.contains(&instruction.ip()) {
                break;
            }
            seen.push(instruction.ip());
            image.reader.instruction()?;
            let used = info.info_options(&instruction, InstructionInfoOptions::NO_MEMORY_USAGE);
            for register in used.used_registers() {
                arguments.note(register.register(), register.access());
            }
            if arguments.third.read && arguments.fourth.read {
                return Ok(true);
            }
            match instruction.flow_control() {
                FlowControl::Next => {}
                FlowControl::ConditionalBranch => {
                    ways.push((instruction.near_branch_target(), arguments));
                }
                FlowControl::UnconditionalBranch => {
                    ways.push((instruction.near_branch_target(), arguments));
                    break;
                }
                _ => break,
            }
        }
    }
    Ok(false)
}

/// What became of the third and fourth argument on a way.
#[derive(Clone, Copy, Default)]
struct Arguments {
    third: Argument,
    fourth: Argument,
}

#[derive(Clone, Copy, Default)]
struct Argument {
    read: bool,
    lost: bool,
}

impl Arguments {
    fn note(&mut self, register: Register, access: OpAccess) {
        let argument = match register.full_register() {
            Register::RDX => &mut self.third,
            Register::RCX => &mut self.fourth,
            _ => return,
        };
        argument.read |= !argument.lost && reads(access);
        argument.lost |= writes(access);
    }
}

fn reads(access: OpAccess) -> bool {
    use OpAccess::{CondRead, Read, ReadCondWrite, ReadWrite};
    matches!(access, Read | CondRead | ReadWrite | ReadCondWrite)
}

fn writes(access: OpAccess) -> bool {
    use OpAccess::{CondWrite, ReadCondWrite, ReadWrite, Write};
    matches!(access, Write | CondWrite | ReadWrite | ReadCondWrite)
}
