//! Threads that a call shares its work with. Where there are none to share it with, the calling thread does it alone.
//!
//! Rayon's global pool is of no use to a library: it panics where the system gives no threads, and a forked process inherits the pool of its
//! parent without its threads, so that whoever hands it work waits for ever. The pools here know the process that made them.

use crate::error::Result;
use arc_swap::ArcSwapOption;
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::mem;
use std::process;
use std::sync::Arc;

/// A thread for each core.
struct Shared {
    /// The process that the threads are in.
    process: u32,
    pool: ThreadPool,
}

/// Made when it is first of use, and kept.
static SHARED: ArcSwapOption<Shared> = ArcSwapOption::const_empty();

/// The pool of this process; `None` where the system gives no threads, which may change.
fn shared() -> Option<Arc<Shared>> {
    let process = process::id();
    if let Some(shared) = SHARED.load_full().filter(|shared| shared.process == process) {
        return Some(shared);
    }
    let pool = ThreadPoolBuilder::new().thread_name(|i| format!("intentkit-{i}")).build().ok()?;
    let made = Arc::new(Shared { process, pool });
    // One that another thread made meanwhile ends with its last use. To end a parent's would be to wake threads that are not here.
    if let Some(parents) = SHARED.swap(Some(Arc::clone(&made))).filter(|before| before.process != process) {
        mem::forget(parents);
    }
    Some(made)
}

/// Who does the work.
enum Workers {
    /// The pool that this thread belongs to, ours or a host's.
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

/// What `each` makes of every item, in their order, on all cores.
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

/// Hands every part to `each` once, on all cores, with a workspace that it may have used before. A single part is done on this thread.
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

/// Runs `work`, and the parallel iterators in it, on as many threads of its own, 0 for one for each core, that end with it.
pub(crate) fn with<R: Send>(threads: usize, work: impl FnOnce() -> R + Send) -> R {
    let builder = || ThreadPoolBuilder::new().thread_name(|i| format!("intentkit-train-{i}"));
    match builder().num_threads(threads).build() {
        Ok(pool) => pool.install(work),
        Err(_) => {
            // A pool of this thread alone. It can't be had by a thread that belongs to a pool already, which does as well.
            let _alone = builder().num_threads(1).use_current_thread().build();
            work()
        }
    }
}
