use super::{build::File, outcome, scan_bytes};
use crate::capture::keylog::{Arguments, Register};

/// `stp x29, x30, [sp, -16]!; mov x19, x2; mov x20, x3; ret`.
const LOGS: &[u32] = &[0xa9bf_7bfd, 0xaa02_03f3, 0xaa03_03f4, 0xd65f_03c0];
/// `stp x29, x30, [sp, -16]!; ldrb w2, [x0]; ldrb w3, [x1]; cmp w2, w3; ret`.
const COMPARES: &[u32] = &[0xa9bf_7bfd, 0x3940_0002, 0x3940_0023, 0x6b03_005f, 0xd65f_03c0];

fn push(file: &mut File, words: &[u32]) {
    file.code.extend(words.iter().flat_map(|word| word.to_le_bytes()));
}

fn adrp(from: u64, to: u64, register: u32) -> u32 {
    let pages = (to >> 12).wrapping_sub(from >> 12) as u32;
    0x9000_0000 | (pages & 3) << 29 | (pages >> 2 & 0x7_ffff) << 5 | register
}

fn add(to: u64, from: u32, register: u32) -> u32 {
    0x9100_0000 | ((to & 0xfff) as u32) << 10 | from << 5 | register
}

fn branch(opcode: u32, from: u64, to: u64) -> u32 {
    opcode << 26 | (to.wrapping_sub(from) as u32 >> 2) & 0x3ff_ffff
}

/// Loads two labels as the closure says, then goes to a function by `opcode`.
fn check(callee: &[u32], between: &[u32], register: u32, opcode: u32, expect: &str) {
    let mut file = File { arm: true, position_independent: true, ..File::default() };
    file.string("ssl_lib.cc");
    let target = file.function();
    push(&mut file, callee);
    file.function();
    for label in ["CLIENT_RANDOM", "EXPORTER_SECRET"] {
        let label = file.string(label);
        let page = adrp(file.here(), label, 8);
        push(&mut file, &[page, 0xd503_201f, add(label, 8, register)]);
        push(&mut file, between);
        let call = branch(opcode, file.here(), target);
        push(&mut file, &[call]);
    }
    let outcome = outcome(&file.bytes());
    assert!(outcome.contains(expect), "{between:08x?} {register}: {outcome}");
}

const BL: u32 = 0b10_0101;
const B: u32 = 0b00_0101;

#[test]
fn labels_agree_on_the_function() {
    check(LOGS, &[], 1, BL, "0x401000 2");
    check(LOGS, &[0xaa13_03e0], 1, BL, "0x401000 2"); // mov x0, x19
    check(LOGS, &[0xf940_0022], 1, BL, "0x401000 2"); // ldr x2, [x1]
    check(LOGS, &[0xf900_0021], 1, BL, "0x401000 2"); // str x1, [x1]
    check(LOGS, &[0x5400_0020], 1, BL, "0x401000 2"); // b.eq
    check(LOGS, &[0xaa13_03e1], 1, BL, "do not agree"); // mov x1, x19
    check(LOGS, &[0xf940_0001], 1, BL, "do not agree"); // ldr x1, [x0]
    check(LOGS, &[0xa940_0400], 1, BL, "do not agree"); // ldp x0, x1, [x0]
    check(LOGS, &[0xf840_8420], 1, BL, "do not agree"); // ldr x0, [x1], 8
    check(LOGS, &[0xd63f_0100], 1, BL, "do not agree"); // blr x8
    check(LOGS, &[0xd65f_03c0], 1, BL, "do not agree"); // ret
    check(LOGS, &[0xd503_201f; 60], 1, BL, "do not agree"); // nops, too far
    check(LOGS, &[], 0, BL, "0 of them as second argument");
    check(LOGS, &[], 1, B, "do not agree"); // nothing calls it: no function
    check(COMPARES, &[], 1, BL, "does not take a secret");
    check(&LOGS[1..], &[], 1, BL, "not the start of a function");
}

#[test]
fn the_page_comes_from_the_last_write() {
    let mut file = File { arm: true, ..File::default() };
    file.string("ssl_lib.cc");
    let target = file.function();
    push(&mut file, LOGS);
    file.function();
    for label in ["CLIENT_RANDOM", "EXPORTER_SECRET"] {
        let label = file.string(label);
        let page = adrp(file.here(), label, 8);
        // mov x8, x9 in between
        push(&mut file, &[page, 0xaa09_03e8, add(label, 8, 1)]);
        let call = branch(BL, file.here(), target);
        push(&mut file, &[call]);
    }
    assert!(outcome(&file.bytes()).contains("loaded 0 times"));
}

#[test]
fn arguments_are_in_the_registers_of_the_calling_convention() {
    let mut file = File { arm: true, ..File::default() };
    let target = file.function();
    push(&mut file, LOGS);
    for label in ["CLIENT_RANDOM", "EXPORTER_SECRET"] {
        let label = file.string(label);
        // adr x1, label
        let distance = label.wrapping_sub(file.here()) as u32;
        let adr = 0x1000_0001 | (distance & 3) << 29 | (distance >> 2 & 0x7_ffff) << 5;
        push(&mut file, &[adr]);
        let call = branch(BL, file.here(), target);
        push(&mut file, &[call]);
    }
    let found = scan_bytes(&file.bytes()).expect("found");
    let expect = Arguments::Secret {
        label: Register::X1,
        label_length: None,
        secret: Register::X2,
        secret_length: Register::X3,
        client_random: None,
    };
    assert_eq!((found[0].address, found[0].arguments), (target, expect));
}
