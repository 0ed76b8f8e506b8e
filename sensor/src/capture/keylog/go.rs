//! Go's `crypto/tls`: `func (c *Config) writeKeyLog(label string, clientRandom, secret []byte)
//! error` (`crypto/tls/common.go`), called at every handshake whether or not a log is wanted.
//!
//! The runtime needs a table of functions with their names ([`table`]), which strip leaves alone.
//! The table counts from the start of the text ([`text`]), and the function's first instructions
//! have to be those of a function with arguments in registers: since Go 1.17 on x86-64, 1.18 on
//! aarch64 (`cmd/compile/abi-internal.md`).

mod buildinfo;
mod table;
mod text;

use super::{
    Arguments, Evidence, Found, Library, Machine, Register, elf::Image, explain::GoTable,
    hexadecimal, source::Stop,
};
use table::{Layout, Table};

/// The function.
const NAME: &str = "crypto/tls.(*Config).writeKeyLog";

/// Any method of a connection: `crypto/tls` is linked in.
const CONNECTION: &str = "crypto/tls.(*Conn).";

/// Bytes of the function that are remembered.
const CODE: usize = 32;

/// The function, nothing, or why there is none although `crypto/tls` is there.
pub(super) fn find(
    image: &Image<'_>,
    seen: &mut Option<GoTable>,
) -> Result<Result<Option<Found>, String>, Stop> {
    let Some(table) = table::locate(image)? else { return Ok(Ok(None)) };
    let version = buildinfo::version(image)?;
    let texts = text::starts(image, &table)?;
    *seen = Some(GoTable {
        address: table.address,
        layout: table.layout.to_string(),
        version: version.clone(),
        functions: table.functions,
        text: texts.iter().map(|(by, start)| ((*by).to_owned(), *start)).collect(),
    });
    if !table.has_name(image, CONNECTION.as_bytes())? {
        return Ok(Ok(None));
    }
    let Some(entry) = table.entry(image, NAME)? else {
        return Ok(Err(format!("{NAME} is not in the program's table of functions")));
    };
    if stack_abi(image.machine, table.layout, version.as_deref()) {
        return Ok(Err("stack ABI: built by a Go before arguments were in registers".to_owned()));
    }
    let mut places = Vec::new();
    for (_, start) in texts {
        let address = start.wrapping_add(entry);
        if !places.contains(&address) && prologue(image, address)? {
            places.push(address);
        }
    }
    match places[..] {
        [] => Ok(Err(format!("the code of {NAME} is not where the table says"))),
        [address] => found(image, &table, address, version).map(|found| Ok(Some(found))),
        _ => Err(Stop::Refused(format!("{NAME} in several places"))),
    }
}

fn found(
    image: &Image<'_>,
    table: &Table,
    address: u64,
    version: Option<String>,
) -> Result<Found, Stop> {
    let outside = || Stop::Refused("a function outside of the file".to_owned());
    Ok(Found {
        library: Library::Go,
        offset: image.offset_of(address).ok_or_else(outside)?,
        address,
        arguments: arguments(image.machine),
        evidence: Evidence {
            symbols: vec![NAME.to_owned()],
            boundary: format!("function table of {}", table.layout),
            version,
            ..Evidence::default()
        },
        code: hexadecimal(&image.code_bytes(address, CODE)?),
    })
}

/// Receiver, then two words of a string and three of each slice.
fn arguments(machine: Machine) -> Arguments {
    use Register::{R9, R10, Rbx, Rcx, Rdi, Rsi, X1, X2, X3, X4, X6, X7};
    let (label, client_random, secret) = match machine {
        Machine::X86_64 => ((Rbx, Rcx), (Rdi, Rsi), (R9, R10)),
        Machine::Aarch64 => ((X1, X2), (X3, X4), (X6, X7)),
    };
    Arguments::Secret {
        label: label.0,
        label_length: Some(label.1),
        secret: secret.0,
        secret_length: secret.1,
        client_random: Some(client_random),
    }
}

/// On x86-64 the first instructions tell as well, see [`prologue`].
fn stack_abi(machine: Machine, layout: Layout, version: Option<&str>) -> bool {
    let minor = version
        .and_then(|version| version.strip_prefix("go1."))
        .and_then(|rest| rest.split(|c: char| !c.is_ascii_digit()).next()?.parse::<u32>().ok());
    match machine {
        Machine::X86_64 => minor.is_some_and(|minor| minor < 17),
        Machine::Aarch64 => layout == Layout::Go116 || minor.is_some_and(|minor| minor < 18),
    }
}

/// Whether a function starts by comparing its stack with the goroutine's limit, the goroutine in a
/// register as it is when arguments are.
fn prologue(image: &Image<'_>, address: u64) -> Result<bool, Stop> {
    let code = image.code_bytes(address, 16)?;
    Ok(match image.machine {
        Machine::X86_64 => matches!(
            code[..],
            // cmp rsp, [r14 + 16]
            [0x49, 0x3b, 0x66, 0x10, ..]
                // lea r12, [rsp - n]; cmp r12, [r14 + 16]
                | [0x4c, 0x8d, 0x64, 0x24, _, 0x4d, 0x3b, 0x66, 0x10, ..]
                | [0x4c, 0x8d, 0xa4, 0x24, _, _, _, _, 0x4d, 0x3b, 0x66, 0x10, ..]
        ),
        // ldr x16, [x28, 16]
        Machine::Aarch64 => code.starts_with(&0xf940_0b90_u32.to_le_bytes()),
    })
}
