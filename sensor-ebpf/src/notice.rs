//! What is reported besides segments: the secrets that a TLS library hands to its key-log
//! function, read from the call's arguments, and the start of programs. Entry only, and nothing
//! is read but registers and what they point to in the caller's own memory.

use aya_ebpf::{
    bindings::BPF_RB_NO_WAKEUP,
    helpers::{
        bpf_get_current_pid_tgid,
        generated::{bpf_ktime_get_boot_ns, bpf_probe_read_user, bpf_probe_read_user_str},
    },
    maps::ring_buf::RingBufEntry,
    programs::ProbeContext,
};
use sensor_ebpf::{Notice, NoticeKind, WINDOW_BYTES};

use crate::maps::{NOTICES, count};

const RANDOM_LENGTH: u64 = 32;

/// The arguments of a call of a key-log function.
pub struct Arguments {
    label: u64,
    /// Zero for a C string.
    label_length: u64,
    random: u64,
    random_length: u64,
    secret: u64,
    secret_length: u64,
}

/// `(ssl, label, secret, length)`: OpenSSL, BoringSSL (whose span is passed as pointer and
/// length) and GnuTLS.
#[inline(always)]
pub fn c_arguments(context: &ProbeContext) -> Arguments {
    Arguments {
        label: context.arg(1).unwrap_or(0),
        label_length: 0,
        random: 0,
        random_length: 0,
        secret: context.arg(2).unwrap_or(0),
        // GnuTLS passes an unsigned int: the upper half of the register is anything.
        secret_length: context.arg::<u64>(3).unwrap_or(0) & 0xffff_ffff,
    }
}

/// `(receiver, label string, clientRandom, secret []byte)` in Go's register ABI
/// (go.dev/s/regabi): each string and slice takes two and three registers.
#[cfg(bpf_target_arch = "x86_64")]
#[inline(always)]
pub fn go_arguments(context: &ProbeContext) -> Arguments {
    // SAFETY: the context of a uprobe is the registers.
    let registers = unsafe { &*context.regs };
    Arguments {
        label: registers.rbx,
        label_length: registers.rcx,
        random: registers.rdi,
        random_length: registers.rsi,
        secret: registers.r9,
        secret_length: registers.r10,
    }
}

/// As above.
#[cfg(not(bpf_target_arch = "x86_64"))]
#[inline(always)]
pub fn go_arguments(context: &ProbeContext) -> Arguments {
    Arguments {
        label: context.arg(1).unwrap_or(0),
        label_length: context.arg(2).unwrap_or(0),
        random: context.arg(3).unwrap_or(0),
        random_length: context.arg(4).unwrap_or(0),
        secret: context.arg(6).unwrap_or(0),
        secret_length: context.arg(7).unwrap_or(0),
    }
}

/// Reports the arguments if they can be a label and a secret.
#[inline(always)]
pub fn secret(arguments: &Arguments) {
    let goes = arguments.random_length != 0;
    if (goes && arguments.random_length != RANDOM_LENGTH) || arguments.label_length > 40 {
        return count(|counters| counters.secrets_refused += 1);
    }
    report(NoticeKind::Secret, |notice| read(notice, arguments));
}

/// Reports the memory that the second argument points to.
#[inline(always)]
pub fn window(context: &ProbeContext) {
    let from: u64 = context.arg(1).unwrap_or(0);
    report(NoticeKind::Window, |notice| {
        notice.secret_length = WINDOW_BYTES as u32;
        bytes(&mut notice.secret, from, WINDOW_BYTES as u32)
    });
}

/// Reports that the current process started a program.
#[inline(always)]
pub fn exec() {
    if let Some(entry) = reserve(NoticeKind::Exec) {
        entry.submit(WAKE);
    }
}

/// Written where the reader finds it, so that no copy of a secret is left on the way.
#[inline(always)]
fn report(kind: NoticeKind, fill: impl FnOnce(&mut Notice) -> Option<()>) {
    let Some(mut entry) = reserve(kind) else { return };
    // SAFETY: `reserve` has written all of it.
    if fill(unsafe { entry.assume_init_mut() }).is_none() {
        entry.discard(WAKE);
        return count(|counters| counters.secrets_refused += 1);
    }
    entry.submit(WAKE);
    count(|counters| counters.secrets += 1);
}

/// Read with the next segments: a wake-up would cost the process that is probed.
const WAKE: u64 = BPF_RB_NO_WAKEUP as u64;

#[inline(always)]
fn read(notice: &mut Notice, arguments: &Arguments) -> Option<()> {
    if arguments.label_length == 0 {
        // SAFETY: at most the buffer's size is written.
        let read = unsafe {
            bpf_probe_read_user_str(
                notice.label.as_mut_ptr().cast(),
                notice.label.len() as u32,
                arguments.label as *const _,
            )
        };
        // The terminating zero counts.
        notice.label_length = u32::try_from(read).ok()?.checked_sub(1)?;
    } else {
        // 1 to 32, as the verifier sees it; the longest label has 31.
        let length = ((arguments.label_length.wrapping_sub(1) & 31) + 1) as u32;
        notice.label_length = length;
        bytes(&mut notice.label, arguments.label, length)?;
    }
    if arguments.random_length == RANDOM_LENGTH {
        notice.random_length = RANDOM_LENGTH as u32;
        bytes(&mut notice.client_random, arguments.random, RANDOM_LENGTH as u32)?;
    }
    // 1 to 64, as the verifier sees it, and nothing that the compiler could turn into tests of
    // bits: that the number is one of a secret's is for the reader to check.
    let length = ((arguments.secret_length.wrapping_sub(1) & 63) + 1) as u32;
    notice.secret_length = length;
    bytes(&mut notice.secret, arguments.secret, length)
}

/// Reads user memory; `length` must be 1 to N.
#[inline(always)]
fn bytes<const N: usize>(buffer: &mut [u8; N], from: u64, length: u32) -> Option<()> {
    // SAFETY: callers ask for no more than the buffer's size.
    let failed =
        unsafe { bpf_probe_read_user(buffer.as_mut_ptr().cast(), length, from as *const _) };
    (failed == 0).then_some(())
}

/// A notice of this kind without anything in it.
#[inline(always)]
fn reserve(kind: NoticeKind) -> Option<RingBufEntry<Notice>> {
    let Some(mut entry) = NOTICES.reserve::<Notice>(0) else {
        count(|counters| counters.notices_lost += 1);
        return None;
    };
    const WORDS: usize = size_of::<Notice>() / 8;
    let words = entry.as_mut_ptr().cast::<u64>();
    let mut index = 0;
    while index < WORDS {
        // SAFETY: within the entry, whose size and alignment are multiples of eight.
        unsafe { words.add(index).write_volatile(0) };
        index += 1;
    }
    // SAFETY: every byte was written, and zeros are a notice.
    let notice = unsafe { entry.assume_init_mut() };
    // SAFETY: takes nothing.
    notice.time = unsafe { bpf_ktime_get_boot_ns() };
    notice.pid = (bpf_get_current_pid_tgid() >> 32) as u32;
    notice.kind = kind as u32;
    Some(entry)
}
