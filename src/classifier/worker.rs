//! The work of the queue's workers: several texts at a time, with one model.

use super::current::{LivePrediction, Published};
use super::queue::Request;
use crate::clock::ticks;
use crate::decision::PredictOptions;
use crate::error::Error;
use crate::monitor::{Observation, Stage, Statistics};
use std::sync::Arc;

/// A waiting text, and since when it waits.
pub(super) struct Question {
    pub(super) text: String,
    pub(super) options: PredictOptions,
    pub(super) submitted: u64,
}

/// Serves the requests that a worker has taken.
pub(super) fn serve(published: &Published, requests: &mut [Request<Question, LivePrediction>]) {
    let current = published.current();
    let start = published.statistics.start();
    if let Some(start) = start {
        for request in requests.iter() {
            published.statistics.stage(Stage::Queue, start.saturating_sub(request.question.submitted));
        }
    }
    let texts: Vec<&str> = requests.iter().map(|request| request.question.text.as_str()).collect();
    let options: Vec<PredictOptions> = requests.iter().map(|request| request.question.options).collect();
    let mut engines = vec![current.classifier.engines.place(); requests.len()];
    // Texts and options were checked when they were submitted.
    let predictions = if start.is_some_and(Statistics::is_sampled) {
        let timed = |stages| published.statistics.stages(stages);
        current.classifier.predict_some_in_stages(&texts, &options, timed)
    } else {
        current.classifier.predict_some(&texts, &options, &mut engines)
    };
    let took = start.map(|start| ticks().wrapping_sub(start) / requests.len().max(1) as u64);
    match predictions {
        Ok(predictions) => {
            for ((request, prediction), engine) in requests.iter_mut().zip(predictions).zip(engines) {
                if let Some(took) = took {
                    let chosen = prediction.labels();
                    let seen = Observation::new(chosen.len(), prediction.source(), chosen, engine);
                    published.statistics.record(took, &current.counts, &seen);
                }
                request.deliver(Ok(LivePrediction::new(prediction, Arc::clone(&current))));
            }
        }
        // The model was swapped for one without a vectorizer.
        Err(_) => requests.iter_mut().for_each(|request| request.deliver(Err(Error::NoVectorizer))),
    }
}
