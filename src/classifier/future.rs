//! Futures of requests.

use super::current::LivePrediction;
use super::queue::Ticket;
use crate::error::Result;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

/// The outcome of a request, and the waker to call when it arrives.
#[derive(Default)]
pub(super) struct Slot {
    outcome: Option<Result<LivePrediction>>,
    waker: Option<Waker>,
}

/// Returns an empty slot, and a function that stores an outcome in it.
pub(super) fn slot() -> (Arc<Mutex<Slot>>, impl FnOnce(Result<LivePrediction>) + Send + 'static) {
    let slot: Arc<Mutex<Slot>> = Arc::default();
    let delivered = Arc::clone(&slot);
    let deliver = move |outcome| {
        let waker = {
            let mut slot = delivered.lock().unwrap_or_else(PoisonError::into_inner);
            slot.outcome = Some(outcome);
            slot.waker.take()
        };
        waker.into_iter().for_each(Waker::wake);
    };
    (slot, deliver)
}

/// The future of a request; made by
/// [`LiveClassifier::predict_async`](super::LiveClassifier::predict_async).
pub struct PendingPrediction {
    slot: Arc<Mutex<Slot>>,
    ticket: Ticket,
}

impl PendingPrediction {
    pub(super) fn new(slot: Arc<Mutex<Slot>>, ticket: Ticket) -> Self {
        PendingPrediction { slot, ticket }
    }

    /// Cancels the request unless a worker has started it. Returns true if it was cancelled; the
    /// future is then ready with [`Error::Cancelled`](crate::Error::Cancelled).
    pub fn cancel(&self) -> bool {
        self.ticket.cancel()
    }
}

impl Future for PendingPrediction {
    type Output = Result<LivePrediction>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut slot = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
        match slot.outcome.take() {
            Some(outcome) => Poll::Ready(outcome),
            None => {
                slot.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Drop for PendingPrediction {
    fn drop(&mut self) {
        self.ticket.cancel();
    }
}
