use super::{
    build::{CODE, File},
    outcome, scan_bytes,
};
use crate::capture::keylog::{Arguments, Library, Register};

/// `push rbx; mov rbx, rdx; mov rax, rcx; pop rbx; ret`: takes a secret and a length.
const LOGS: &[u8] = &[0x53, 0x48, 0x89, 0xd3, 0x48, 0x89, 0xc8, 0x5b, 0xc3];
/// `push rbx; mov al, [rdi]; cmp al, [rsi]; pop rbx; ret`: compares two strings.
const COMPARES: &[u8] = &[0x53, 0x8a, 0x07, 0x3a, 0x06, 0x5b, 0xc3];
/// `endbr64; bnd jmp [rip]`: an entry of the linkage table.
const LINKAGE: &[u8] = &[0xf3, 0x0f, 0x1e, 0xfa, 0xf2, 0xff, 0x25, 0, 0, 0, 0];
const RSI: u8 = 6;
const RDI: u8 = 7;

pub fn lea(file: &mut File, register: u8, address: u64) {
    let next = file.here() + 7;
    file.code.extend([0x48, 0x8d, 0x05 | register << 3]);
    file.code.extend((address.wrapping_sub(next) as u32).to_le_bytes());
}

pub fn branch(file: &mut File, opcode: u8, address: u64) {
    let next = file.here() + 5;
    file.code.push(opcode);
    file.code.extend((address.wrapping_sub(next) as u32).to_le_bytes());
}

fn call(file: &mut File, address: u64) {
    branch(file, 0xe8, address);
}

/// A file with two functions at its start, 64 bytes apart, the first one with `callee` as code.
fn with_callee(callee: &[u8]) -> (File, u64, u64) {
    let mut file = File { position_independent: true, ..File::default() };
    file.string("../ssl/ssl_lib.c");
    let first = file.function();
    file.code.extend(callee);
    file.code.resize(64, 0xcc);
    let second = file.function();
    file.code.extend(LOGS);
    file.function();
    (file, first, second)
}

/// Calls `target` with each label, as OpenSSL does.
fn log(file: &mut File, target: u64, labels: &[&str]) {
    for label in labels {
        let label = file.string(label);
        lea(file, RSI, label);
        file.code.extend([0x4c, 0x89, 0xe7]); // mov rdi, r12
        call(file, target);
    }
}

pub fn typical() -> File {
    let (mut file, first, _) = with_callee(LOGS);
    log(&mut file, first, &["CLIENT_RANDOM", "EXPORTER_SECRET", "SERVER_TRAFFIC_SECRET_0"]);
    file
}

#[test]
fn labels_agree_on_the_function() {
    let found = scan_bytes(&typical().bytes()).expect("found");
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].address, found[0].offset), (CODE, 0x1000));
    assert_eq!(found[0].library, Library::OpenSsl);
    let expect = Arguments::Secret {
        label: Register::Rsi,
        label_length: None,
        secret: Register::Rdx,
        secret_length: Register::Rcx,
        client_random: None,
    };
    assert_eq!(found[0].arguments, expect);
}

#[test]
fn quorum() {
    let check = |first: &[&str], second: &[&str], expect: &str| {
        let (mut file, one, two) = with_callee(LOGS);
        log(&mut file, one, first);
        log(&mut file, two, second);
        let outcome = outcome(&file.bytes());
        assert!(outcome.contains(expect), "{first:?} {second:?}: {outcome}");
    };
    check(&[], &[], "but none of the key log's labels");
    check(&["CLIENT_RANDOM"], &[], "do not agree on a function");
    check(&["CLIENT_RANDOM", "CLIENT_RANDOM"], &[], "do not agree on a function");
    check(&["CLIENT_RANDOM"], &["EXPORTER_SECRET"], "do not agree on a function");
    check(&["CLIENT_RANDOM", "EXPORTER_SECRET"], &[], "0x401000 2");
    check(&["CLIENT_RANDOM", "EXPORTER_SECRET"], &["CLIENT_TRAFFIC_SECRET_0"], "0x401000 2");
    check(
        &["CLIENT_RANDOM", "EXPORTER_SECRET"],
        &["CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0"],
        "labels lead to 0x401000 and to 0x401040",
    );
    check(&["CLIENT_RANDOM2", "xEXPORTER_SECRET"], &[], "do not agree on a function");
}

#[test]
fn ways_from_a_load_to_a_call() {
    let check = |between: &[u8], expect: &str| {
        let (mut file, target, _) = with_callee(LOGS);
        for label in ["CLIENT_RANDOM", "EXPORTER_SECRET"] {
            let label = file.string(label);
            lea(&mut file, RSI, label);
            file.code.extend(between);
            call(&mut file, target);
        }
        let outcome = outcome(&file.bytes());
        assert!(outcome.contains(expect), "{between:02x?}: {outcome}");
    };
    check(&[], "0x401000 2");
    check(&[0x48, 0x8b, 0x96, 0, 1, 0, 0], "0x401000 2"); // mov rdx, [rsi + 0x100]
    check(&[0x74, 0x00], "0x401000 2"); // je
    check(&[0xeb, 0x02, 0xcc, 0xcc], "0x401000 2"); // jmp over two traps
    check(&[0xc5, 0xfe, 0x6f, 0x02], "0x401000 2"); // vmovdqu ymm0, [rdx]
    check(&[0x48, 0x89, 0xfe], "do not agree"); // mov rsi, rdi
    check(&[0x31, 0xf6], "do not agree"); // xor esi, esi
    check(&[0x5e], "do not agree"); // pop rsi
    check(&[0xff, 0xd0], "do not agree"); // call rax
    check(&[0xc3], "do not agree"); // ret
    check(&[0x0f, 0x0b], "do not agree"); // ud2
    check(&[0x06], "do not agree"); // no instruction
    check(&[0xeb, 0xfe], "do not agree"); // jmp to itself
    check(&[0x90; 100], "do not agree"); // too far
}

#[test]
fn other_registers_do_not_vote() {
    let (mut file, target, _) = with_callee(LOGS);
    for label in ["CLIENT_RANDOM", "EXPORTER_SECRET"] {
        let label = file.string(label);
        lea(&mut file, RDI, label);
        call(&mut file, target);
    }
    assert!(outcome(&file.bytes()).contains("0 of them as second argument"));
}

#[test]
fn a_jump_to_the_function_is_a_vote_for_it() {
    let (mut file, target, other) = with_callee(LOGS);
    // What the function itself calls first must not get the votes.
    file.code.splice(9..14, [0xe8, 50, 0, 0, 0]);
    file.code[8] = 0x90;
    assert_eq!(target + 14 + 50, other);
    log(&mut file, target, &["CLIENT_RANDOM"]);
    for label in ["EXPORTER_SECRET", "CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0"] {
        let label = file.string(label);
        lea(&mut file, RSI, label);
        branch(&mut file, 0xe9, target);
    }
    assert_eq!(outcome(&file.bytes()), "0x401000 4");
}

#[test]
fn immediates_are_addresses_only_where_code_is_not_moved() {
    for (position_independent, expect) in [(false, "0x401000 3"), (true, "do not agree")] {
        let (mut file, target, _) = with_callee(LOGS);
        file.position_independent = position_independent;
        let labels = ["CLIENT_RANDOM", "EXPORTER_SECRET", "CLIENT_TRAFFIC_SECRET_0"];
        let [one, two, three] = labels.map(|label| file.string(label));
        file.code.push(0xbe); // mov esi, imm32
        file.code.extend((one as u32).to_le_bytes());
        call(&mut file, target);
        file.code.extend([0x48, 0xbe]); // mov rsi, imm64
        file.code.extend(two.to_le_bytes());
        call(&mut file, target);
        file.code.extend([0x48, 0xc7, 0xc6]); // mov rsi, simm32
        file.code.extend((three as u32).to_le_bytes());
        call(&mut file, target);
        let outcome = outcome(&file.bytes());
        assert!(outcome.contains(expect), "{outcome}");
    }
}

#[test]
fn a_tail_of_a_longer_label_serves() {
    let (mut file, target, _) = with_callee(LOGS);
    let early = file.string("EARLY_EXPORTER_SECRET");
    for label in [early, early + 6] {
        lea(&mut file, RSI, label);
        call(&mut file, target);
    }
    assert_eq!(outcome(&file.bytes()), "0x401000 2");
}

#[test]
fn implausible_functions_are_refused() {
    let check = |callee: &[u8], skip: u64, frames: &[(u64, u32)], expect: &str| {
        let (mut file, target, _) = with_callee(callee);
        file.frames = frames.to_vec();
        log(&mut file, target + skip, &["CLIENT_RANDOM", "EXPORTER_SECRET"]);
        let outcome = outcome(&file.bytes());
        assert!(outcome.contains(expect), "{callee:02x?}: {outcome}");
    };
    check(COMPARES, 0, &[], "does not take a secret");
    check(LINKAGE, 0, &[], "does not take a secret");
    check(LOGS, 1, &[], "not the start of a function");
    check(LOGS, 0x10_0000, &[], "outside of the code");
    check(LOGS, 0, &[(CODE, 9)], "0x401000 2");
    check(LOGS, 0, &[(CODE - 16, 8), (CODE, 9), (CODE + 64, 9)], "0x401000 2");
    check(LOGS, 0, &[(CODE - 16, 64)], "inside a function");
    check(LOGS, 0, &[(CODE - 16, 16)], "0x401000 2");
    // mov edx, ecx comes first: what is read afterwards is no argument.
    check(
        &[0x53, 0x89, 0xc2, 0x89, 0xc1, 0x48, 0x89, 0xd3, 0x48, 0x89, 0xc8, 0xc3],
        0,
        &[],
        "does not take",
    );
    // One argument on each side of a branch: no way takes both.
    check(
        &[0x53, 0x74, 0x04, 0x48, 0x89, 0xd3, 0xc3, 0x48, 0x89, 0xc8, 0xc3],
        0,
        &[],
        "does not take",
    );
    check(
        &[0x53, 0x74, 0x01, 0xc3, 0x48, 0x89, 0xd3, 0x48, 0x89, 0xc8, 0xc3],
        0,
        &[],
        "0x401000 2",
    );
    check(&[0x53, 0xeb, 0xfd], 0, &[], "does not take");
}

#[test]
fn symbols_confirm_or_refuse() {
    const BORING: &str = "_ZN4bssl14ssl_log_secretEPK6ssl_stPKcNS_4SpanIKhEE";
    let check = |labels: &[&str], symbols: &[(&'static str, u64)], expect: &str| {
        let (mut file, target, _) = with_callee(LOGS);
        file.symbols = symbols.to_vec();
        log(&mut file, target, labels);
        let outcome = outcome(&file.bytes());
        assert!(outcome.contains(expect), "{labels:?} {symbols:?}: {outcome}");
    };
    let two = ["CLIENT_RANDOM", "EXPORTER_SECRET"];
    check(&two, &[("ssl_log_secret", CODE)], "0x401000 2");
    check(&two, &[(BORING, CODE), ("main", CODE + 64)], "0x401000 2");
    check(&two, &[("main", CODE + 64)], "0x401000 2");
    check(&two[..1], &[("_gnutls_call_keylog_func", CODE)], "do not agree");
    check(&two[..1], &[("main", CODE)], "do not agree");
    check(&two, &[("ssl_log_secret", CODE + 64)], "but ssl_log_secret is at 0x401040");
    check(&two, &[("ssl_log_secret.constprop.0", CODE)], "it is ssl_log_secret.constprop.0");
    check(&two, &[("ssl3_RecordKeyLog", CODE)], "it is ssl3_RecordKeyLog");
    check(&[], &[("ssl_log_secret", CODE)], "none of the key log's labels");
    check(&two, &[("SSL_ImportFD", CODE + 64)], "0x401000 2");
}

#[test]
fn symbols_tell_two_libraries_in_a_file_apart() {
    let (mut file, first, second) = with_callee(LOGS);
    log(&mut file, first, &["CLIENT_RANDOM", "EXPORTER_SECRET"]);
    log(&mut file, second, &["CLIENT_RANDOM", "EXPORTER_SECRET"]);
    file.symbols = vec![("ssl_log_secret", first), ("_gnutls_call_keylog_func", second)];
    let found = scan_bytes(&file.bytes()).expect("found");
    let libraries: Vec<_> = found.iter().map(|found| found.library).collect();
    assert_eq!(libraries, [Library::OpenSsl, Library::GnuTls]);
}

#[test]
fn libraries_that_log_otherwise_are_dark() {
    let check = |strings: &[&str], symbols: &[(&'static str, u64)], expect: &str| {
        let mut file = File { position_independent: true, ..File::default() };
        let target = file.function();
        file.code.extend(LOGS);
        log(&mut file, target, &["CLIENT_RANDOM", "EXPORTER_SECRET"]);
        for text in strings {
            file.string(text);
        }
        file.symbols = symbols.to_vec();
        let outcome = outcome(&file.bytes());
        assert!(outcome.contains(expect), "{strings:?} {symbols:?}: {outcome}");
    };
    check(&[], &[], "0x401000 2");
    check(&[], &[("SSL_ImportFD", CODE + 64)], "NSS hands a key object");
    check(&[], &[("JNI_CreateJavaVM", CODE + 64)], "Java compiles");
    check(&["LibreSSL 3.8.2"], &[], "LibreSSL has no key log");
    check(&["TLS13-AES128-GCM-SHA256"], &[], "wolfSSL");
}
