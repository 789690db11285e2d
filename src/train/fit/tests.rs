use super::*;
use crate::train::options::{Amount, TrainOptions};
use crate::train::tensor::Parameter;

fn fit<'a>(recipe: &'a Recipe, rows: &'a [FeatureVector], targets: &'a [Vec<u32>]) -> Fit<'a> {
    static STOP: AtomicBool = AtomicBool::new(false);
    let (lines, samples) = ((0..rows.len()).collect(), Samples::Features(rows));
    let (labels, seed, threads) = (2, 1, 1);
    Fit {
        recipe,
        samples,
        targets,
        soft: &[],
        fragments: Fragments::default(),
        lines,
        labels,
        seed,
        threads,
        stop: &STOP,
        dense: true,
    }
}

fn recipe() -> Recipe {
    let amount = Amount { lines: 8, labels: 2, with_labels: 8, with_several: 0 };
    Recipe { epochs: 3, batch: 4, ..Recipe::new(&TrainOptions::default(), amount) }
}

#[test]
fn a_loss_that_leaves_the_numbers_ends_training_with_advice() {
    let (recipe, targets) = (recipe(), vec![vec![0], vec![1]]);
    let rows = [[0.1; DIMENSIONS], [f32::NAN; DIMENSIONS]];
    let mut weights = Weights::new(&recipe, 2, &[], &[], 1);
    let error = fit(&recipe, &rows, &targets).run(&mut weights, 3, |_, _| Ok(())).err();
    let message = error.map(|e| e.to_string()).unwrap_or_default();
    assert!(
        message.contains("the loss is NaN after epoch 1") && message.contains("learning rate"),
        "{message}"
    );
}

/// Compares central differences of the loss with the gradients of backpropagation. The first
/// line has two rows.
#[test]
fn gradients_are_those_of_the_loss() {
    let rows_of_lines = [0..2, 2..3];
    let recipe = Recipe { dropout: 0.0, gain: 1.0, ..recipe() };
    let targets = vec![vec![0], vec![0, 1]];
    let rows: Vec<FeatureVector> =
        (0..3).map(|i| std::array::from_fn(|j| ((i * 31 + j * 17) % 23) as f32 / 23.0 - 0.5)).collect();
    let fit = fit(&recipe, &rows, &targets);
    let mut random = Random::new(3, Purpose::Weights);
    let mut weights = Weights::new(&recipe, 2, &[], &[], 1);
    if let Some(linear) = &mut weights.linear {
        linear.value.iter_mut().for_each(|w| *w = random.normal() * 0.1);
    }
    let mut space = Workspace { rows: 3, ..Workspace::default() };
    space.of_line = rows_of_lines.map(|rows| (rows, false)).to_vec();
    fit.gather(&weights, &[0, 1, 2], &mut space);
    let mut loss = |weights: &Weights, space: &mut Workspace| {
        fit.forward(weights, &mut random, space);
        fit.loss(&[0, 1], space) / 2.0
    };
    loss(&weights, &mut space);
    fit.backward(&mut weights, &mut space);
    for (layer, at) in [(0, (5, 9)), (1, (100, 20)), (2, (60, 33)), (3, (12, 1)), (4, (77, 0))] {
        fn parameter(weights: &mut Weights, layer: usize) -> Option<&mut Parameter> {
            if layer < 4 { Some(&mut weights.layers[layer].weights) } else { weights.linear.as_mut() }
        }
        let Some(found) = parameter(&mut weights, layer).map(|p| p.gradient[at]) else { continue };
        let step = 2e-3;
        let mut at_offset = |offset: f32| {
            if let Some(p) = parameter(&mut weights, layer) {
                p.value[at] += offset;
            }
            loss(&weights, &mut space)
        };
        let (up, down) = (at_offset(step), at_offset(-2.0 * step));
        at_offset(step);
        let expected = (up - down) / f64::from(2.0 * step);
        assert!(
            (f64::from(found) - expected).abs() < 2e-3 + 0.02 * expected.abs(),
            "layer {layer}: {found} {expected}"
        );
    }
}
