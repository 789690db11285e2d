//! What tests of the live classifier share.
#![allow(dead_code)]

use intentkit::LiveClassifier;
use intentkit::data::{Example, read_file};
use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

pub fn loaded() -> LiveClassifier {
    LiveClassifier::load("models/assistant.intent").unwrap()
}

pub fn lines() -> Vec<Example> {
    read_file(Path::new("models/assistant.jsonl"), None).unwrap()
}

pub fn of(text: &str, label: &str) -> Example {
    Example::new(text, [label])
}

/// Waits for a future on this thread: an executor of ten lines.
pub fn wait<F: Future>(future: F) -> F::Output {
    struct Unpark(thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

pub fn labels(live: &LiveClassifier, text: &str) -> Vec<String> {
    live.predict(text).unwrap().labels().map(|(name, _)| name.to_owned()).collect()
}
