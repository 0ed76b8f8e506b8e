//! What is reported besides segments: the secrets that a TLS library hands to its key-log
//! function, read from the call's arguments, and the start of programs. Entry only, and nothing
//! is read but registers and what they point to in the caller's own memory.

use aya_ebpf::{
    bindings::BPF_RB_NO_WAKEUP,
    helpers::{
        bpf_get_current_pid_tgid,
        generated::{bpf_ktime_get_boot_ns, bpf_probe_read_user, bpf_probe_read_user_str},
    },
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
    // A hash's length, or that of a TLS 1.2 master secret.
    if !matches!(arguments.secret_length, 32 | 48 | 64)
        || (goes && arguments.random_length != RANDOM_LENGTH)
        || arguments.label_length > 40
    {
        return count(|counters| counters.secrets_refused += 1);
    }
    let mut notice = notice(NoticeKind::Secret);
    if read(&mut notice, arguments).is_none() {
        return count(|counters| counters.secrets_refused += 1);
    }
    count(|counters| counters.secrets += 1);
    send(&notice);
}

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
        notice.label_length = arguments.label_length as u32;
        bytes(&mut notice.label, arguments.label, arguments.label_length)?;
    }
    if arguments.random_length == RANDOM_LENGTH {
        notice.random_length = RANDOM_LENGTH as u32;
        bytes(&mut notice.client_random, arguments.random, RANDOM_LENGTH)?;
    }
    notice.secret_length = arguments.secret_length as u32;
    bytes(&mut notice.secret, arguments.secret, arguments.secret_length)
}

/// Reads user memory; `length` must be 1 to N.
#[inline(always)]
fn bytes<const N: usize>(buffer: &mut [u8; N], from: u64, length: u64) -> Option<()> {
    let length = if length > N as u64 { N as u32 } else { length as u32 };
    // SAFETY: at most the buffer's size is written.
    let failed =
        unsafe { bpf_probe_read_user(buffer.as_mut_ptr().cast(), length, from as *const _) };
    (failed == 0).then_some(())
}

/// Reports the memory that the second argument points to.
#[inline(always)]
pub fn window(context: &ProbeContext) {
    let mut notice = notice(NoticeKind::Window);
    notice.secret_length = WINDOW_BYTES as u32;
    let from = context.arg(1).unwrap_or(0);
    if bytes(&mut notice.secret, from, WINDOW_BYTES as u64).is_none() {
        return count(|counters| counters.secrets_refused += 1);
    }
    count(|counters| counters.secrets += 1);
    send(&notice);
}

/// Reports that the current process started a program.
#[inline(always)]
pub fn exec() {
    send(&notice(NoticeKind::Exec));
}

#[inline(always)]
fn notice(kind: NoticeKind) -> Notice {
    Notice {
        // SAFETY: takes nothing.
        time: unsafe { bpf_ktime_get_boot_ns() },
        pid: (bpf_get_current_pid_tgid() >> 32) as u32,
        kind: kind as u32,
        label_length: 0,
        random_length: 0,
        secret_length: 0,
        padding: 0,
        label: [0; 40],
        client_random: [0; 32],
        secret: [0; WINDOW_BYTES],
    }
}

#[inline(always)]
fn send(notice: &Notice) {
    let Some(mut entry) = NOTICES.reserve::<Notice>(0) else {
        return count(|counters| counters.notices_lost += 1);
    };
    entry.write(*notice);
    // Read with the next segments: a wake-up would cost the process that is probed.
    entry.submit(u64::from(BPF_RB_NO_WAKEUP));
}
