//! Runs the queue and the swap through thousands of thread schedules with shuttle (random and
//! priority-driven schedules; Burckhardt et al., 2010): `RUSTFLAGS="--cfg shuttle" cargo test --lib
//! schedules`. Deliberate bugs must be found.

use super::queue::{CANCELLED, Handler, Queue, QueueOptions, Request, Ticket, WAITING};
use super::sync::{Arc, ArcSwap, Mutex, Ordering, thread};
use crate::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};

const SCHEDULES: usize = 3_000;

/// Runs `body` under many schedules.
fn check(body: impl Fn() + Send + Sync + 'static) {
    let body = Arc::new(body);
    let again = Arc::clone(&body);
    shuttle::check_random(move || body(), SCHEDULES);
    shuttle::check_pct(move || again(), SCHEDULES, 3);
}

/// Returns true if `body` panics under some schedule.
fn is_found(body: impl Fn() + Send + Sync + 'static) -> bool {
    catch_unwind(AssertUnwindSafe(|| check(body))).is_err()
}

fn echo() -> Arc<Handler<u32, u32>> {
    Arc::new(|requests: &mut [Request<u32, u32>]| {
        for request in requests {
            let answer = request.question * 2;
            request.deliver(Ok(answer));
        }
    })
}

/// The results of each request.
#[derive(Default)]
struct Inbox(Mutex<Vec<(u32, Result<u32, String>)>>);

impl Inbox {
    fn submit(self: &Arc<Self>, queue: &Queue<u32, u32>, question: u32) -> Result<Ticket, Error> {
        let inbox = Arc::clone(self);
        let done = move |answer: Result<u32, Error>| {
            inbox.0.lock().unwrap().push((question, answer.map_err(|e| e.to_string())));
        };
        queue.submit(question, Box::new(done))
    }

    /// Asserts that every accepted request was delivered once, cancelled ones with an error.
    fn holds(&self, accepted: &[(u32, bool)]) {
        let mut found = self.0.lock().unwrap().clone();
        found.sort_by_key(|(question, _)| *question);
        assert_eq!(found.len(), accepted.len(), "{found:?} {accepted:?}");
        for ((question, answer), (wanted, cancelled)) in found.iter().zip(accepted) {
            assert_eq!(question, wanted);
            match answer {
                Ok(answer) => assert!(!cancelled && *answer == question * 2),
                Err(_) => assert!(cancelled, "an answer was lost"),
            }
        }
    }
}

/// Two threads submit and cancel; two workers serve.
fn cancel_some(cancel: fn(&Ticket) -> bool) {
    let queue = Arc::new(Queue::new(QueueOptions { workers: 2, capacity: 2 }, echo()).unwrap());
    let inbox: Arc<Inbox> = Arc::default();
    let threads: Vec<_> = (0..2)
        .map(|i| {
            let (queue, inbox) = (Arc::clone(&queue), Arc::clone(&inbox));
            thread::spawn(move || {
                let mut accepted = vec![];
                for question in [10 * i + 1, 10 * i + 2] {
                    match inbox.submit(&queue, question) {
                        Ok(ticket) => accepted.push((question, question % 2 == 1 && cancel(&ticket))),
                        Err(error) => assert!(matches!(error, Error::Busy { waiting: 2 })),
                    }
                }
                accepted
            })
        })
        .collect();
    let accepted: Vec<_> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    queue.close(false);
    inbox.holds(&accepted);
}

#[test]
fn every_accepted_request_is_delivered_once_whoever_cancels_and_when() {
    check(|| cancel_some(Ticket::cancel));
}

#[test]
fn a_cancellation_in_two_steps_would_be_found() {
    assert!(is_found(|| {
        cancel_some(|ticket| {
            let waiting = ticket.0.load(Ordering::SeqCst) == WAITING;
            if waiting {
                ticket.0.store(CANCELLED, Ordering::SeqCst);
            }
            waiting
        });
    }));
}

#[test]
fn closing_in_mid_flight_answers_or_cancels_everything_that_was_accepted() {
    check(|| {
        let queue = Arc::new(Queue::new(QueueOptions { workers: 1, capacity: 4 }, echo()).unwrap());
        let inbox: Arc<Inbox> = Arc::default();
        let (submitting, box_of_it) = (Arc::clone(&queue), Arc::clone(&inbox));
        let thread = thread::spawn(move || {
            let submit = |question| match box_of_it.submit(&submitting, question) {
                Ok(_) => true,
                Err(error) => {
                    assert!(matches!(error, Error::ShutDown));
                    false
                }
            };
            (1..4).filter(|&question| submit(question)).count()
        });
        queue.close(true);
        let accepted = thread.join().unwrap();
        // Its workers have ended; the accepted requests were delivered, and no others.
        assert_eq!(inbox.0.lock().unwrap().len(), accepted);
        assert!(matches!(inbox.submit(&queue, 9), Err(Error::ShutDown)));
    });
}

#[test]
fn a_worker_that_panics_leaves_no_request_untold() {
    check(|| {
        let answer: Arc<Handler<u32, u32>> = Arc::new(|requests: &mut [Request<u32, u32>]| {
            // As a panic in the middle of a batch would: some are delivered, the rest are dropped.
            requests[0].deliver(Ok(requests[0].question * 2));
        });
        let queue = Queue::new(QueueOptions { workers: 1, capacity: 4 }, answer).unwrap();
        let inbox: Arc<Inbox> = Arc::default();
        for question in 1..4 {
            inbox.submit(&queue, question).unwrap();
        }
        queue.close(false);
        assert_eq!(inbox.0.lock().unwrap().len(), 3);
    });
}

/// As the live classifier publishes: reads the current model, makes the next one from it and stores
/// it, all under one lock.
fn swap_in_turn(locked: bool) {
    let current = Arc::new(ArcSwap::new(Arc::new((1u64, 10u64))));
    let learning = Arc::new(Mutex::new(()));
    let writers: Vec<_> = (0..2)
        .map(|_| {
            let (current, learning) = (Arc::clone(&current), Arc::clone(&learning));
            thread::spawn(move || {
                for _ in 0..2 {
                    let _guard = locked.then(|| learning.lock().unwrap());
                    let old = current.load_full();
                    current.store(Arc::new((old.0 + 1, (old.0 + 1) * 10)));
                }
            })
        })
        .collect();
    let mut last = 0;
    for _ in 0..3 {
        let seen = current.load_full();
        assert_eq!(seen.1, seen.0 * 10, "one model, not a mix");
        assert!(seen.0 >= last, "versions never go back");
        last = seen.0;
    }
    writers.into_iter().for_each(|writer| writer.join().unwrap());
    assert_eq!(current.load_full().0, 5, "no swap is lost");
}

#[test]
fn swaps_come_one_after_the_other_and_readers_never_see_one_go_back() {
    check(|| swap_in_turn(true));
}

#[test]
fn a_swap_without_the_lock_would_be_found() {
    assert!(is_found(|| swap_in_turn(false)));
}
