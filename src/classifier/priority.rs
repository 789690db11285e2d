//! Low-priority threads.

/// Lowers the priority of this thread and those it starts. Has no effect where the system can't or
/// refuses.
pub(super) fn lower() {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        // On Linux a thread has its own niceness, by its thread id.
        let thread = rustix::thread::gettid();
        let _ = rustix::process::setpriority_process(Some(thread), 19);
    }
    #[cfg(target_vendor = "apple")]
    {
        use objc2_foundation::{NSQualityOfService, NSThread};
        NSThread::currentThread().setQualityOfService(NSQualityOfService::Background);
    }
}
