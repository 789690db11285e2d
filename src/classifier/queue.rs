//! Asynchronous requests: a bounded queue, workers that take several requests at a time, exactly
//! one delivery per request.
//!
//! A waiting request is either started by a worker or cancelled by its owner, whichever is first. A
//! worker delivers it in both cases, so that a callback always runs on a worker. The module is
//! generic over requests and results.

use super::sync::{
    Arc, AtomicBool, AtomicU8, Mutex, Ordering, Receiver, RwLock, Sender, TrySendError, bounded, thread,
};
use crate::error::{Error, Result};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process;

/// Maximum number of requests that a worker takes at a time.
const MOST_AT_ONCE: usize = 64;
/// Maximum number of worker threads, as for training: more than any machine has cores for.
const MOST_WORKERS: usize = 1 << 10;
/// Maximum number of waiting requests: 0.1 s of work for one worker. Their memory, some megabytes,
/// is allocated with the queue.
const MOST_WAITING: usize = 1 << 16;

pub(super) const WAITING: u8 = 0;
const STARTED: u8 = 1;
pub(super) const CANCELLED: u8 = 2;

/// Claims a waiting request. Returns true if it was waiting.
fn claim(state: &AtomicU8, to: u8) -> bool {
    state.compare_exchange(WAITING, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
}

/// A handle of an accepted request. Dropping it has no effect.
#[derive(Clone)]
pub struct Ticket(pub(super) Arc<AtomicU8>);

impl Ticket {
    /// Cancels the request unless a worker has started it. Returns true if it was cancelled; a
    /// worker then delivers [`Error::Cancelled`]. Otherwise the result is delivered as usual.
    pub fn cancel(&self) -> bool {
        claim(&self.0, CANCELLED)
    }
}

/// The callback of a request's owner.
pub(super) type Done<A> = Box<dyn FnOnce(Result<A>) + Send>;

/// A request. `done` is called exactly once, however the request ends, unless it was never
/// accepted.
pub(super) struct Request<Q, A> {
    pub(super) question: Q,
    state: Arc<AtomicU8>,
    done: Option<Done<A>>,
}

impl<Q, A> Request<Q, A> {
    /// Delivers a result.
    pub(super) fn deliver(&mut self, answer: Result<A>) {
        if let Some(done) = self.done.take() {
            // A panic of the callback must not end the worker; the panic hook has reported it.
            let _ = catch_unwind(AssertUnwindSafe(|| done(answer)));
        }
    }
}

impl<Q, A> Drop for Request<Q, A> {
    /// Delivers an undelivered request: it was cancelled, or the worker panicked.
    fn drop(&mut self) {
        self.deliver(Err(Error::Cancelled));
    }
}

/// Handles requests: calls [`Request::deliver`] on each.
pub(super) type Handler<Q, A> = dyn Fn(&mut [Request<Q, A>]) + Send + Sync;

/// A queue and its workers.
pub(super) struct Queue<Q, A> {
    /// `None` when closed.
    sender: RwLock<Option<Sender<Request<Q, A>>>>,
    capacity: usize,
    /// Whether waiting requests are cancelled instead of handled.
    abandoned: Arc<AtomicBool>,
    workers: Mutex<Vec<thread::JoinHandle<()>>>,
    /// The process of the workers. A forked child has a copy of everything except the workers.
    process: u32,
}

/// Settings of the request queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueOptions {
    /// Number of worker threads, 1 to 1024. Defaults to the number of cores minus one, but at least
    /// 1 and at most 4; a prediction takes microseconds.
    pub workers: usize,
    /// Maximum number of waiting requests, 1 to 65,536. Defaults to 1024.
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
    /// [`Error::InvalidArgument`] naming the number out of range.
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
    /// As [`QueueOptions::check`], and [`Error::Thread`].
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
                    return Err(Error::Thread(format!(
                        "the system can't start the {workers} workers of the queue: {e}; use synchronous calls or fewer workers"
                    )));
                }
            }
        }
        Ok(queue)
    }

    /// Returns true if the workers are in this process. If not, the queue must not be used or
    /// dropped.
    pub(super) fn is_here(&self) -> bool {
        self.process == process::id()
    }

    /// Returns true if the queue accepts no more requests.
    pub(super) fn is_closed(&self) -> bool {
        self.sender.read().unwrap_or_else(|poisoned| poisoned.into_inner()).is_none()
    }

    /// Queues a request and returns immediately. `done` is called once, on a worker.
    ///
    /// # Errors
    /// [`Error::Busy`] if the queue is full, [`Error::ShutDown`]; `done` is then not called.
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

    /// Closes the queue, handles the waiting requests or cancels them, and returns when all are
    /// delivered. Called on one of its own workers it returns immediately, and they are delivered
    /// afterwards.
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
        // A worker's share of the waiting requests, so that the others have work too.
        let share = (receiver.len() / workers).min(MOST_AT_ONCE - 1);
        taken.extend((0..share).map_while(|_| receiver.try_recv().ok()));
        let abandoned = abandoned.load(Ordering::Acquire);
        // Dropping a request delivers its cancellation.
        taken.retain(|request| claim(&request.state, STARTED) && !abandoned);
        if !taken.is_empty() {
            // Requests that a panic leaves are delivered when dropped.
            let _ = catch_unwind(AssertUnwindSafe(|| handler(&mut taken)));
        }
        taken.clear();
    }
}
