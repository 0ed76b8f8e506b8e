//! What both instruction sets have in common: where code refers to a string, what it calls then,
//! and whether what it calls can be the function that is looked for.

use super::{
    aarch64,
    elf::{Image, Machine},
    frames::{self, Frame},
    source::Stop,
    x86,
};

/// An instruction that loads the address of a string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Load {
    /// Address of the instruction.
    pub(super) at: u64,
    /// Address that is loaded.
    pub(super) string: u64,
    /// Register that is loaded, by its name.
    pub(super) register: &'static str,
    /// That is the register of a second argument.
    pub(super) second_argument: bool,
}

/// What follows a load on the straight way ahead, jumps followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ahead {
    /// Where jumps went to, in order.
    pub(super) jumps: Vec<u64>,
    pub(super) end: End,
}

/// What ends that way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// A direct call of this address, the register still loaded.
    Call(u64),
    /// A call through a pointer.
    IndirectCall,
    /// The register is written again.
    Overwritten,
    /// A return, a trap, a jump through a pointer.
    Left,
    /// No instruction.
    Undecodable,
    /// Nothing for many instructions.
    TooFar,
}

/// Jumps followed from a load.
pub(super) const JUMPS: usize = 3;

/// Instructions followed from a load.
pub(super) const AHEAD: usize = 48;

/// Instructions of a callee that are looked at.
pub(super) const CALLEE: usize = 160;

/// Loads of any of `strings` (ascending addresses).
pub(super) fn loads(image: &Image<'_>, strings: &[u64]) -> Result<Vec<Load>, Stop> {
    match image.machine {
        Machine::X86_64 => x86::loads(image, strings),
        Machine::Aarch64 => aarch64::loads(image, strings),
    }
}

/// What follows a load.
pub(super) fn ahead(image: &Image<'_>, load: &Load) -> Result<Ahead, Stop> {
    match image.machine {
        Machine::X86_64 => x86::ahead(image, load),
        Machine::Aarch64 => aarch64::ahead(image, load),
    }
}

/// How an address is known to be the start of a function, or why it is not believed.
pub(super) fn boundary(
    image: &Image<'_>,
    address: u64,
) -> Result<Result<&'static str, String>, Stop> {
    let Some(segment) = image.code_at(address) else {
        return Ok(Err("outside of the code in the file".to_owned()));
    };
    match frames::at(image, address)? {
        Frame::Start => return Ok(Ok("unwind table")),
        Frame::Inside => return Ok(Err("inside a function, says the unwind table".to_owned())),
        Frame::Unknown => {}
    }
    let before = (address - segment.address).min(4);
    let bytes = image.code_bytes(address - before, before as usize + 16)?;
    let (before, start) = bytes.split_at(before as usize);
    let plausible = match image.machine {
        Machine::X86_64 => x86::starts_function(address, before, start),
        Machine::Aarch64 => aarch64::starts_function(address, before, start),
    };
    Ok(if plausible { Ok("prologue") } else { Err("not the start of a function".to_owned()) })
}

/// Whether a function takes at least four arguments: on some way through its first instructions
/// it reads the third and the fourth before they are written. String comparisons take three, a
/// jump through the linkage table none.
pub(super) fn takes_secret(image: &Image<'_>, address: u64) -> Result<bool, Stop> {
    match image.machine {
        Machine::X86_64 => x86::reads_third_and_fourth(image, address),
        Machine::Aarch64 => aarch64::reads_third_and_fourth(image, address),
    }
}
