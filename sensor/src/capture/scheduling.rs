//! How the kernel schedules the threads of the sensor.

/// Makes the calling thread one that never interrupts a working one (`SCHED_BATCH`, sched(7)):
/// it still gets its share, in the pauses that servers and clients make by themselves. A
/// target that is interrupted stands still, and whoever waits for it with it.
///
/// Returns whether the kernel agreed.
pub fn yield_to_targets() -> bool {
    let parameters = libc::sched_param { sched_priority: 0 };
    // SAFETY: 0 means the calling thread, and the parameters live through the call.
    unsafe { libc::sched_setscheduler(0, libc::SCHED_BATCH, &raw const parameters) == 0 }
}

/// Makes the calling thread one that others go before: it gets a tenth of what they get where
/// they compete, and all that nobody else wants.
pub fn step_back() {
    // The thread's own nice value, as Linux has it (setpriority(2), "C library/kernel
    // differences"). Refused only where it would be raised.
    let _ = rustix::process::setpriority_process(None, 10);
}
