//! What the running kernel offers, found by trying it with the smallest programs and maps.

use aya::{
    maps::MapType,
    programs::ProgramType,
    sys::{BpfHelper, is_helper_supported, is_map_supported, is_program_supported},
};

/// Whether programs on the sockets of a cgroup can be loaded. An error tells why it cannot be
/// said, usually that the bpf system call is not permitted.
pub fn socket_programs() -> Result<bool, String> {
    is_program_supported(ProgramType::CgroupSkb).map_err(|error| chain(&error))
}

/// Whether there are BPF ring buffers (Linux 5.8 and later).
pub fn ring_buffer() -> Result<bool, String> {
    is_map_supported(MapType::RingBuf).map_err(|error| chain(&error))
}

/// Whether such programs may ask for the current process (Linux 6.10 and later).
pub fn knows_sender() -> Result<bool, String> {
    is_helper_supported(ProgramType::CgroupSkb, BpfHelper::BPF_FUNC_get_current_pid_tgid)
        .map_err(|error| chain(&error))
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
