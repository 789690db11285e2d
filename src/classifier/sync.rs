//! Synchronisation types. Under `--cfg shuttle` the same names stand for shuttle's models of them,
//! which a test runs under many schedules (`src/classifier/schedules.rs`).

#[cfg(not(shuttle))]
mod real {
    pub(crate) use arc_swap::ArcSwap;
    pub(crate) use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
    pub(crate) use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
    pub(crate) use std::sync::{Arc, Mutex, MutexGuard, RwLock};
    pub(crate) use std::thread;
}

#[cfg(not(shuttle))]
pub(super) use real::*;

#[cfg(shuttle)]
mod modelled {
    use shuttle::sync::Condvar;
    pub(crate) use shuttle::sync::atomic::{AtomicBool, AtomicU8, Ordering};
    pub(crate) use shuttle::sync::{Arc, Mutex, MutexGuard, RwLock};
    pub(crate) use shuttle::thread;
    use std::collections::VecDeque;

    /// The used subset of arc-swap's `ArcSwap`.
    pub(crate) struct ArcSwap<T>(Mutex<Arc<T>>);

    impl<T> ArcSwap<T> {
        pub(crate) fn new(value: Arc<T>) -> Self {
            ArcSwap(Mutex::new(value))
        }

        pub(crate) fn load_full(&self) -> Arc<T> {
            self.0.lock().unwrap().clone()
        }

        pub(crate) fn load(&self) -> Guard<T> {
            Guard(self.load_full())
        }

        pub(crate) fn store(&self, value: Arc<T>) {
            *self.0.lock().unwrap() = value;
        }
    }

    pub(crate) struct Guard<T>(Arc<T>);

    impl<T> std::ops::Deref for Guard<T> {
        type Target = Arc<T>;

        fn deref(&self) -> &Arc<T> {
            &self.0
        }
    }

    struct Shared<T> {
        /// Waiting items, number of senders, number of receivers.
        state: Mutex<(VecDeque<T>, usize, usize)>,
        changed: Condvar,
        room: usize,
    }

    pub(crate) struct Sender<T>(Arc<Shared<T>>);
    pub(crate) struct Receiver<T>(Arc<Shared<T>>);

    pub(crate) enum TrySendError<T> {
        Full(T),
        Disconnected(T),
    }

    /// As `bounded` of crossbeam-channel.
    pub(crate) fn bounded<T>(room: usize) -> (Sender<T>, Receiver<T>) {
        let shared =
            Arc::new(Shared { state: Mutex::new((VecDeque::new(), 1, 1)), changed: Condvar::new(), room });
        (Sender(Arc::clone(&shared)), Receiver(shared))
    }

    impl<T> Sender<T> {
        pub(crate) fn try_send(&self, item: T) -> Result<(), TrySendError<T>> {
            let mut state = self.0.state.lock().unwrap();
            if state.2 == 0 {
                return Err(TrySendError::Disconnected(item));
            }
            if state.0.len() >= self.0.room {
                return Err(TrySendError::Full(item));
            }
            state.0.push_back(item);
            self.0.changed.notify_one();
            Ok(())
        }
    }

    impl<T> Drop for Sender<T> {
        fn drop(&mut self) {
            self.0.state.lock().unwrap().1 -= 1;
            self.0.changed.notify_all();
        }
    }

    impl<T> Receiver<T> {
        pub(crate) fn recv(&self) -> Result<T, ()> {
            let mut state = self.0.state.lock().unwrap();
            loop {
                match state.0.pop_front() {
                    Some(item) => return Ok(item),
                    None if state.1 == 0 => return Err(()),
                    None => state = self.0.changed.wait(state).unwrap(),
                }
            }
        }

        pub(crate) fn try_recv(&self) -> Result<T, ()> {
            self.0.state.lock().unwrap().0.pop_front().ok_or(())
        }

        pub(crate) fn len(&self) -> usize {
            self.0.state.lock().unwrap().0.len()
        }
    }

    impl<T> Clone for Receiver<T> {
        fn clone(&self) -> Self {
            self.0.state.lock().unwrap().2 += 1;
            Receiver(Arc::clone(&self.0))
        }
    }

    impl<T> Drop for Receiver<T> {
        fn drop(&mut self) {
            self.0.state.lock().unwrap().2 -= 1;
        }
    }
}

#[cfg(shuttle)]
pub(super) use modelled::*;
