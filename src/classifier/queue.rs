//! Requests that wait for an answer: a bounded queue, workers that take several at a time, exactly one delivery for each request.
//!
//! A request is waiting, then either started by a worker or cancelled by its owner, whoever is first; a worker delivers it in both cases,
//! so that a callback always runs on a worker. Nothing here knows what an answer is.

use super::sync::{
    Arc, AtomicBool, AtomicU8, Mutex, Ordering, Receiver, RwLock, Sender, TrySendError, bounded, thread,
};
use crate::error::{Error, Result};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process;

/// Requests that a worker takes at a time, at most.
const MOST_AT_ONCE: usize = 64;
/// Threads that a queue may have, as many as training may use: more than any machine has cores for.
const MOST_WORKERS: usize = 1 << 10;
/// Requests that may wait: a tenth of a second of work for one worker. The room for them, some megabytes, is taken when the queue is made.
const MOST_WAITING: usize = 1 << 16;

pub(super) const WAITING: u8 = 0;
const STARTED: u8 = 1;
pub(super) const CANCELLED: u8 = 2;

/// Takes a request that is waiting; says whether it was.
fn claim(state: &AtomicU8, to: u8) -> bool {
    state.compare_exchange(WAITING, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
}

/// A hold on a request that was accepted. Letting go of it changes nothing.
#[derive(Clone)]
pub struct Ticket(pub(super) Arc<AtomicU8>);

impl Ticket {
    /// Cancels the request if no worker has started it; says whether that is so. Its owner is told [`Error::Cancelled`] then, by a worker as
    /// always; otherwise the answer comes as if nothing had been said.
    pub fn cancel(&self) -> bool {
        claim(&self.0, CANCELLED)
    }
}

/// What a request's owner is called with.
pub(super) type Done<A> = Box<dyn FnOnce(Result<A>) + Send>;

/// A request on its way. However it ends, `done` is called once, unless the request was never accepted.
pub(super) struct Request<Q, A> {
    pub(super) question: Q,
    state: Arc<AtomicU8>,
    done: Option<Done<A>>,
}

impl<Q, A> Request<Q, A> {
    /// Delivers an answer.
    pub(super) fn deliver(&mut self, answer: Result<A>) {
        if let Some(done) = self.done.take() {
            // A panic of the owner's must not take the worker along, and has been reported by the panic hook.
            let _ = catch_unwind(AssertUnwindSafe(|| done(answer)));
        }
    }
}

impl<Q, A> Drop for Request<Q, A> {
    /// A request that a worker let go of: it was cancelled, or the worker panicked.
    fn drop(&mut self) {
        self.deliver(Err(Error::Cancelled));
    }
}

/// What workers do with requests: [`Request::deliver`] each.
pub(super) type Handler<Q, A> = dyn Fn(&mut [Request<Q, A>]) + Send + Sync;

/// A queue and its workers.
pub(super) struct Queue<Q, A> {
    /// `None` when no more requests are taken.
    sender: RwLock<Option<Sender<Request<Q, A>>>>,
    capacity: usize,
    /// What waits is cancelled instead of answered.
    abandoned: Arc<AtomicBool>,
    workers: Mutex<Vec<thread::JoinHandle<()>>>,
    /// The process that the workers are in. A process forked from it has a copy of everything but them.
    process: u32,
}

/// How requests wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueOptions {
    /// Threads that answer, 1 to 1024. Default: one for each core but one, four at most; a prediction takes microseconds.
    pub workers: usize,
    /// Requests that may wait, 1 to 65,536. Default 1024.
    pub capacity: usize,
}

impl Default for QueueOptions {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        QueueOptions { workers: (cores - 1).clamp(1, 4), capacity: 1024 }
    }
}

impl QueueOptions {
    /// Checks that the numbers are in range.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] naming what is out of range.
    pub(super) fn check(&self) -> Result<()> {
        let QueueOptions { workers, capacity } = *self;
        for (name, value, most) in [("workers", workers, MOST_WORKERS), ("capacity", capacity, MOST_WAITING)]
        {
            if !(1..=most).contains(&value) {
                return Err(Error::invalid(format!("`{name}` is {value}; it must be 1 to {most}")));
            }
        }
        Ok(())
    }
}

impl<Q: Send + 'static, A: 'static> Queue<Q, A> {
    /// # Errors
    /// As [`QueueOptions::check`], and when the system gives no threads.
    pub(super) fn new(options: QueueOptions, handler: Arc<Handler<Q, A>>) -> Result<Self> {
        options.check()?;
        let QueueOptions { workers, capacity } = options;
        let (sender, receiver) = bounded(capacity);
        let queue = Queue {
            sender: RwLock::new(Some(sender)),
            capacity,
            abandoned: Arc::new(AtomicBool::new(false)),
            workers: Mutex::new(vec![]),
            process: process::id(),
        };
        for i in 0..workers {
            let (receiver, handler) = (receiver.clone(), Arc::clone(&handler));
            let abandoned = Arc::clone(&queue.abandoned);
            let work = move || work(&receiver, workers, &abandoned, &*handler);
            let thread = thread::Builder::new().name(format!("intent-{i}")).spawn(work);
            match thread {
                Ok(thread) => lock(&queue.workers).push(thread),
                Err(e) => {
                    queue.close(true);
                    return Err(Error::invalid(format!(
                        "the system gives no thread for the {workers} workers of the queue: {e}; ask without waiting, or for fewer workers"
                    )));
                }
            }
        }
        Ok(queue)
    }

    /// Whether the workers are in this process. Where they aren't, nothing must be done with the queue, which includes dropping it.
    pub(super) fn is_here(&self) -> bool {
        self.process == process::id()
    }

    /// Whether it takes no more requests.
    pub(super) fn is_closed(&self) -> bool {
        self.sender.read().unwrap_or_else(|poisoned| poisoned.into_inner()).is_none()
    }

    /// Queues a request and returns at once. `done` is called once, on a worker.
    ///
    /// # Errors
    /// [`Error::Busy`] when there is no room, [`Error::ShutDown`]; `done` is not called then.
    pub(super) fn submit(&self, question: Q, done: Done<A>) -> Result<Ticket> {
        let sender = self.sender.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        let Some(sender) = &*sender else { return Err(Error::ShutDown) };
        let state = Arc::new(AtomicU8::new(WAITING));
        let ticket = Ticket(Arc::clone(&state));
        let (mut refused, error) = match sender.try_send(Request { question, state, done: Some(done) }) {
            Ok(()) => return Ok(ticket),
            Err(TrySendError::Full(request)) => (request, Error::Busy { waiting: self.capacity }),
            Err(TrySendError::Disconnected(request)) => (request, Error::ShutDown),
        };
        refused.done = None;
        Err(error)
    }

    /// Takes no more requests, answers those that wait, or cancels them, and returns when all are delivered; on one of its own workers it
    /// returns at once, and they are delivered behind it.
    pub(super) fn close(&self, abandon: bool) {
        if abandon {
            self.abandoned.store(true, Ordering::Release);
        }
        let sender = self.sender.write().unwrap_or_else(|poisoned| poisoned.into_inner()).take();
        drop(sender);
        let workers = std::mem::take(&mut *lock(&self.workers));
        let own = thread::current().id();
        if workers.iter().any(|worker| worker.thread().id() == own) {
            return;
        }
        for worker in workers {
            let _ = worker.join();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> super::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn work<Q, A>(
    receiver: &Receiver<Request<Q, A>>,
    workers: usize,
    abandoned: &AtomicBool,
    handler: &Handler<Q, A>,
) {
    let mut taken = vec![];
    while let Ok(first) = receiver.recv() {
        taken.push(first);
        // A worker's share of what waits, so that the others have something to do.
        let share = (receiver.len() / workers).min(MOST_AT_ONCE - 1);
        taken.extend((0..share).map_while(|_| receiver.try_recv().ok()));
        let abandoned = abandoned.load(Ordering::Acquire);
        // A request that goes is told that it is cancelled.
        taken.retain(|request| claim(&request.state, STARTED) && !abandoned);
        if !taken.is_empty() {
            // Requests that a panic leaves behind are delivered by being dropped.
            let _ = catch_unwind(AssertUnwindSafe(|| handler(&mut taken)));
        }
        taken.clear();
    }
}
