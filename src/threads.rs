//! Thread pools that share a call's work. Without threads, the calling thread does all of it.
//!
//! Rayon's global pool doesn't suit a library. It panics if the system can't start a thread, and a
//! forked process inherits its parent's pool without the threads, so that a call to it blocks for
//! ever. The pools here remember the process that made them.

use crate::error::Result;
use arc_swap::ArcSwapOption;
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::mem;
use std::process;
use std::sync::Arc;

/// A pool with one thread per core.
struct Shared {
    /// The process of the threads.
    process: u32,
    pool: ThreadPool,
}

/// Made at first use and kept.
static SHARED: ArcSwapOption<Shared> = ArcSwapOption::const_empty();

/// Returns this process's pool, or `None` while the system can't start a thread.
fn shared() -> Option<Arc<Shared>> {
    let process = process::id();
    if let Some(shared) = SHARED.load_full().filter(|shared| shared.process == process) {
        return Some(shared);
    }
    let pool = ThreadPoolBuilder::new().thread_name(|i| format!("intentkit-{i}")).build().ok()?;
    let made = Arc::new(Shared { process, pool });
    // A pool that another thread made meanwhile ends with its last use. A parent's pool is leaked:
    // to end it would be to wake threads that don't exist here.
    if let Some(parents) = SHARED.swap(Some(Arc::clone(&made))).filter(|before| before.process != process) {
        mem::forget(parents);
    }
    Some(made)
}

/// Where the work is done.
enum Workers {
    /// The pool that this thread belongs to, ours or the host's.
    Own,
    Shared(Arc<Shared>),
    Nobody,
}

fn workers() -> Workers {
    match rayon::current_thread_index() {
        Some(_) => Workers::Own,
        None => shared().map_or(Workers::Nobody, Workers::Shared),
    }
}

/// Maps every item with `each`, in order, on all cores.
pub(crate) fn map<I, T, R>(items: I, each: impl Fn(T) -> R + Sync) -> Vec<R>
where
    I: IntoIterator<Item = T> + IntoParallelIterator<Item = T> + Send,
    T: Send,
    R: Send,
{
    match workers() {
        Workers::Own => items.into_par_iter().map(&each).collect(),
        Workers::Shared(shared) => shared.pool.install(|| items.into_par_iter().map(&each).collect()),
        Workers::Nobody => items.into_iter().map(each).collect(),
    }
}

/// Calls `each` once for every part, on all cores, with a workspace that earlier calls may have
/// used. A single part is done on this thread.
pub(crate) fn share_out<P: Send, S: Default>(
    parts: Vec<P>,
    each: impl Fn(&mut S, P) -> Result<()> + Sync + Send,
) -> Result<()> {
    match if parts.len() > 1 { workers() } else { Workers::Nobody } {
        Workers::Own => parts.into_par_iter().try_for_each_init(S::default, &each),
        Workers::Shared(shared) => {
            shared.pool.install(|| parts.into_par_iter().try_for_each_init(S::default, &each))
        }
        Workers::Nobody => {
            let mut space = S::default();
            parts.into_iter().try_for_each(|part| each(&mut space, part))
        }
    }
}

/// Runs `work`, with its parallel iterators, on `threads` threads that end with it; 0 means one per
/// core.
pub(crate) fn with<R: Send>(threads: usize, work: impl FnOnce() -> R + Send) -> R {
    let builder = || ThreadPoolBuilder::new().thread_name(|i| format!("intentkit-train-{i}"));
    match builder().num_threads(threads).build() {
        Ok(pool) => pool.install(work),
        Err(_) => {
            // A pool of this thread alone. It fails for a thread that already belongs to a pool,
            // and then that pool is used.
            let _alone = builder().num_threads(1).use_current_thread().build();
            work()
        }
    }
}
