use super::{
    build::{CODE, File},
    outcome, scan_bytes,
};
use crate::capture::keylog::{Arguments, Library, Register};

const NAME: &str = "crypto/tls.(*Config).writeKeyLog";
/// `cmp rsp, [r14 + 16]; jbe`.
const REGISTERS: &[u8] = &[0x49, 0x3b, 0x66, 0x10, 0x76, 0x00];
/// `mov rcx, fs:[-8]; cmp rsp, [rcx + 16]`: Go 1.16.
const STACK: &[u8] =
    &[0x64, 0x48, 0x8b, 0x0c, 0x25, 0xf8, 0xff, 0xff, 0xff, 0x48, 0x3b, 0x61, 0x10];

/// A table in one of the layouts, with three functions 64 bytes apart.
fn table(magic: u32, text: u64, names: &[&str]) -> Vec<u8> {
    let wide = magic == 0xffff_fffa;
    let mut block = vec![0];
    let mut places = Vec::new();
    for name in names {
        places.push(block.len() as u32);
        block.extend([name.as_bytes(), b"\0"].concat());
    }
    let mut list = Vec::new();
    let mut records = Vec::new();
    let entry = if wide { 16 } else { 8 };
    let list_length = entry * names.len() + entry / 2;
    for (index, place) in places.iter().enumerate() {
        let start = 64 * index as u64 + if wide { CODE } else { 0 };
        let record = (list_length + records.len()) as u64;
        if wide {
            list.extend([start.to_le_bytes(), record.to_le_bytes()].concat());
            records.extend(start.to_le_bytes());
        } else {
            list.extend([(start as u32).to_le_bytes(), (record as u32).to_le_bytes()].concat());
            records.extend((start as u32).to_le_bytes());
        }
        records.extend(place.to_le_bytes());
        records.extend([0; 28]);
    }
    list.resize(list_length, 0);
    let mut words = vec![names.len() as u64, 1];
    if !wide {
        words.push(text);
    }
    let header = 8 + 8 * (words.len() as u64 + 5);
    let end = header + block.len() as u64;
    words.extend([header, end, end, end, end]);
    let mut out = [&magic.to_le_bytes()[..], &[0, 0, 1, 8]].concat();
    out.extend(words.iter().flat_map(|word| word.to_le_bytes()));
    out.extend([block, list, records].concat());
    out
}

fn file(magic: u32, text: u64, names: &[&str], code: &[u8]) -> File {
    let mut file = File::default();
    file.constant(&table(magic, text, names));
    for _ in names {
        let start = file.code.len();
        file.code.extend(code);
        file.code.resize(start + 64, 0xcc);
    }
    file
}

#[test]
fn layouts() {
    let names = ["main.main", "crypto/tls.(*Conn).Write", NAME];
    let check = |magic, text, names: &[&str], code: &[u8], expect: &str| {
        let outcome = outcome(&file(magic, text, names, code).bytes());
        assert!(outcome.contains(expect), "{magic:#x} {names:?}: {outcome}");
    };
    check(0xffff_fffa, 0, &names, REGISTERS, "0x401080 0");
    check(0xffff_fff0, CODE, &names, REGISTERS, "0x401080 0");
    check(0xffff_fff1, CODE, &names, REGISTERS, "0x401080 0");
    check(
        0xffff_fff1,
        CODE,
        &names,
        &[0x4c, 0x8d, 0x64, 0x24, 0xe0, 0x4d, 0x3b, 0x66, 0x10],
        "0x401080 0",
    );
    check(0xffff_fffa, 0, &names, STACK, "is not where the table says");
    check(0xffff_fff1, CODE + 4, &names, REGISTERS, "is not where the table says");
    check(0xffff_fff1, 0, &names, REGISTERS, "is not where the table says");
    check(0xffff_fff1, CODE, &names[..2], REGISTERS, "not in the program's table");
    check(0xffff_fff1, CODE, &names[..1], REGISTERS, "no tls");
    check(0xffff_fff2, CODE, &names, REGISTERS, "no tls");
    // A longer name is another function.
    check(
        0xffff_fff1,
        CODE,
        &["crypto/tls.(*Conn).X", "x/crypto/tls.(*Config).writeKeyLog"],
        REGISTERS,
        "not in the",
    );
}

#[test]
fn arguments_are_in_the_registers_of_abiinternal() {
    let names = ["crypto/tls.(*Conn).Write", NAME];
    let found = scan_bytes(&file(0xffff_fff1, CODE, &names, REGISTERS).bytes()).expect("found");
    let expect = Arguments::Secret {
        label: Register::Rbx,
        label_length: Some(Register::Rcx),
        secret: Register::R9,
        secret_length: Register::R10,
        client_random: Some((Register::Rdi, Register::Rsi)),
    };
    assert_eq!((found[0].library, found[0].arguments), (Library::Go, expect));
}

pub fn typical() -> File {
    file(0xffff_fff1, CODE, &["main.main", "crypto/tls.(*Conn).Write", NAME], REGISTERS)
}
