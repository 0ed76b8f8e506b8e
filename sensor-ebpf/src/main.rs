//! The kernel programs: one on each direction of every socket of the node. They read packets
//! and stable contexts only, never a kernel structure.
#![cfg_attr(target_arch = "bpf", no_std, no_main, feature(asm_experimental_arch))]

#[cfg(target_arch = "bpf")]
mod emit;
#[cfg(target_arch = "bpf")]
mod maps;
#[cfg(target_arch = "bpf")]
mod notice;
#[cfg(target_arch = "bpf")]
mod packet;
#[cfg(target_arch = "bpf")]
mod segment;
#[cfg(target_arch = "bpf")]
mod sniff;
#[cfg(target_arch = "bpf")]
mod socket;
#[cfg(target_arch = "bpf")]
mod twin;

#[cfg(target_arch = "bpf")]
mod programs {
    use aya_ebpf::{
        macros::{cgroup_skb, raw_tracepoint, uprobe},
        programs::{ProbeContext, RawTracePointContext, SkBuffContext},
    };

    use crate::{
        notice,
        segment::{self, Direction},
    };

    /// A cgroup_skb program's "let the packet pass": the only verdict given here.
    const PASS: i32 = 1;

    #[cgroup_skb]
    pub fn sensor_ingress(context: SkBuffContext) -> i32 {
        segment::see(&context, Direction::Inbound);
        PASS
    }

    #[cgroup_skb]
    pub fn sensor_egress(context: SkBuffContext) -> i32 {
        segment::see(&context, Direction::Outbound);
        PASS
    }

    #[uprobe]
    pub fn sensor_secret(context: ProbeContext) -> u32 {
        notice::secret(&notice::c_arguments(&context));
        0
    }

    #[uprobe]
    pub fn sensor_secret_go(context: ProbeContext) -> u32 {
        notice::secret(&notice::go_arguments(&context));
        0
    }

    #[uprobe]
    pub fn sensor_secret_window(context: ProbeContext) -> u32 {
        notice::window(&context);
        0
    }

    #[raw_tracepoint(tracepoint = "sched_process_exec")]
    pub fn sensor_exec(_context: RawTracePointContext) -> i32 {
        notice::exec();
        0
    }

    #[panic_handler]
    fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
        loop {}
    }

    /// The helpers used are open to programs under a GPL-compatible licence.
    #[unsafe(link_section = "license")]
    #[unsafe(no_mangle)]
    static LICENSE: [u8; 13] = *b"Dual MIT/GPL\0";
}

#[cfg(not(target_arch = "bpf"))]
fn main() {
    eprintln!("these are kernel programs: `cargo xtask build` compiles them into the sensor");
}
