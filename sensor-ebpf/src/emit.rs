//! Copies a segment into the ring buffer, in a record of the smallest fitting size.

use core::arch::asm;

use aya_ebpf::{
    bindings::{BPF_RB_AVAIL_DATA, BPF_RB_FORCE_WAKEUP, BPF_RB_NO_WAKEUP},
    helpers::bpf_skb_load_bytes,
    maps::ring_buf::RingBufEntry,
    programs::SkBuffContext,
};
use sensor_ebpf::SegmentHeader;

use crate::maps::{SEGMENTS, WAKE_BYTES};

/// Payload bytes of the largest record. What a larger segment has more is reported as length.
pub const MAX_COPY: u32 = 65_536;

/// The kernel side reserves constant sizes only, hence size classes.
#[repr(C)]
struct Record<const N: usize> {
    header: SegmentHeader,
    payload: [u8; N],
}

pub enum Outcome {
    /// Written; so many bytes now wait in the ring buffer.
    Done(u64),
    RingFull,
    CopyFailed,
}

/// Writes `header` and `header.copied` bytes of the packet from `offset` on.
#[inline(always)]
pub fn emit(context: &SkBuffContext, header: &SegmentHeader, offset: u32) -> Outcome {
    match header.copied {
        0 => bare(header),
        1..=256 => record::<256>(context, header, offset),
        257..=1024 => record::<1024>(context, header, offset),
        1025..=4096 => record::<4096>(context, header, offset),
        4097..=16_384 => record::<16_384>(context, header, offset),
        _ => record::<65_536>(context, header, offset),
    }
}

#[inline(always)]
fn bare(header: &SegmentHeader) -> Outcome {
    let Some(mut entry) = SEGMENTS.reserve::<SegmentHeader>(0) else { return Outcome::RingFull };
    entry.write(*header);
    Outcome::Done(submit(entry))
}

#[inline(always)]
fn record<const N: usize>(context: &SkBuffContext, header: &SegmentHeader, offset: u32) -> Outcome {
    let Some(mut entry) = SEGMENTS.reserve::<Record<N>>(0) else { return Outcome::RingFull };
    let record = entry.as_mut_ptr();
    let length = bounded::<N>(header.copied);
    // SAFETY: the entry is N bytes behind its header, `length` is 1 to N; both are written
    // before the entry is submitted.
    let failed = unsafe {
        (&raw mut (*record).header).write(*header);
        bpf_skb_load_bytes(
            context.skb.skb.cast(),
            offset,
            (&raw mut (*record).payload).cast(),
            length,
        )
    };
    if failed != 0 {
        entry.discard(u64::from(BPF_RB_NO_WAKEUP));
        return Outcome::CopyFailed;
    }
    Outcome::Done(submit(entry))
}

/// `length`, 1 to N, in a form whose bounds the verifier sees. N is a power of two.
#[inline(always)]
pub fn bounded<const N: usize>(length: u32) -> u32 {
    let mut length = u64::from(length.wrapping_sub(1));
    // In assembly, since the compiler knows the range from the caller's match and would drop
    // the mask, which the verifier needs.
    // SAFETY: an AND of a register with a constant.
    unsafe { asm!("{0} &= {1}", inout(reg) length, const N - 1) };
    length as u32 + 1
}

/// Wakes the reader only when much is waiting: it polls every few milliseconds anyway.
#[inline(always)]
fn submit<T>(entry: RingBufEntry<T>) -> u64 {
    let waiting = SEGMENTS.query(u64::from(BPF_RB_AVAIL_DATA));
    let wake = waiting >= u64::from(WAKE_BYTES.load());
    entry.submit(u64::from(if wake { BPF_RB_FORCE_WAKEUP } else { BPF_RB_NO_WAKEUP }));
    waiting
}
