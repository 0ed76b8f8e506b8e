//! Maps and globals. Sizes are defaults that the sensor overrides at load.

use aya_ebpf::{
    Global,
    macros::map,
    maps::{LruHashMap, PerCpuArray, RingBuf},
};
use sensor_ebpf::{Connection, Counters};

#[map]
pub static SEGMENTS: RingBuf = RingBuf::with_byte_size(16 << 20, 0);

/// Secrets and program starts: few, small, and read at once.
#[map]
pub static NOTICES: RingBuf = RingBuf::with_byte_size(2 << 20, 0);

#[map]
pub static CONNECTIONS: LruHashMap<u64, Connection> = LruHashMap::with_max_entries(131_072, 0);

/// First message of a connection as it left a socket: (sequence, acknowledgement) to cookie.
#[map]
pub static DEPARTED: LruHashMap<u64, u64> = LruHashMap::with_max_entries(16_384, 0);

#[map]
static COUNTERS: PerCpuArray<Counters> = PerCpuArray::with_max_entries(1, 0);

#[unsafe(no_mangle)]
pub static TURN_BYTES: Global<u32> = Global::new(64 << 10);
#[unsafe(no_mangle)]
pub static HEADER_BYTES: Global<u32> = Global::new(8 << 10);
#[unsafe(no_mangle)]
pub static READ_TLS: Global<u32> = Global::new(0);
#[unsafe(no_mangle)]
pub static WAKE_BYTES: Global<u32> = Global::new(4 << 20);
#[unsafe(no_mangle)]
pub static SELF_PID: Global<u32> = Global::new(0);
#[unsafe(no_mangle)]
pub static HAS_CURRENT_PID: Global<u32> = Global::new(0);

/// Changes this CPU's counters.
#[inline(always)]
pub fn count(change: impl FnOnce(&mut Counters)) {
    if let Some(counters) = COUNTERS.get_ptr_mut(0) {
        // SAFETY: a per-CPU value, and programs do not nest on a CPU within one direction; a
        // count lost to the other direction's nesting is the worst case.
        change(unsafe { &mut *counters });
    }
}
