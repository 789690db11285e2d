//! Work that may wait for others.

/// Asks the system to let other threads go before this one, and those that it starts. Where the system has no such thing, or refuses,
/// all goes on as before.
pub(super) fn lower() {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        // On Linux a thread has a niceness of its own, under its thread id.
        let thread = rustix::thread::gettid();
        let _ = rustix::process::setpriority_process(Some(thread), 19);
    }
    #[cfg(target_vendor = "apple")]
    {
        use objc2_foundation::{NSQualityOfService, NSThread};
        NSThread::currentThread().setQualityOfService(NSQualityOfService::Background);
    }
}
