use super::packed::Call;
use super::*;
use crate::shape::HALF;

/// Every kernel set this machine can run, the oracle first.
fn sets() -> Vec<Kernels> {
    usable().collect()
}

#[test]
fn a_set_is_chosen_by_its_name_and_the_best_for_any_other() {
    let sets = sets();
    assert_eq!(sets[0].name, "portable");
    for set in &sets {
        assert_eq!(named(set.name).name, set.name);
    }
    let best = sets.last().map(|set| set.name);
    for name in ["", "sse9", "AVX2"] {
        assert_eq!(Some(named(name).name), best);
    }
}

/// Values with a pattern of prime period, so that swapped blocks are detected.
fn pattern(length: usize, offset: usize) -> Vec<f32> {
    (0..length).map(|i| ((i * 37 + offset) % 251) as f32 / 64.0 - 1.95).collect()
}

const LENGTHS: [usize; 14] = [0, 1, 3, 7, 8, 9, 15, 16, 17, 31, 64, 100, 255, 256];

#[test]
fn every_set_gives_the_bits_of_the_portable_dot_axpy_and_quantise() {
    for length in LENGTHS {
        for special in [0.0, f32::NAN, f32::INFINITY, f32::MIN_POSITIVE / 4.0, -0.0] {
            let (mut a, b) = (pattern(length, 1), pattern(length, 90));
            if let Some(middle) = a.get_mut(length / 2) {
                *middle = if special == 0.0 { *middle } else { special };
            }
            let results: Vec<_> = sets()
                .iter()
                .map(|set| {
                    let mut y = b.clone();
                    let mut q = vec![0i8; length];
                    // SAFETY: `sets` holds only what runs here.
                    unsafe {
                        let dot = (set.dot)(&a, &b).to_bits();
                        (set.axpy)(1.7, &a, &mut y);
                        let scale = (set.quantise)(&a, &mut q).to_bits();
                        (dot, y.iter().map(|v| v.to_bits()).collect::<Vec<_>>(), scale, q)
                    }
                })
                .collect();
            // The hardware decides a NaN's sign and payload, so rows with NaNs compare only the
            // integers.
            if a.iter().all(|v| v.is_finite()) {
                assert!(results.iter().all(|r| *r == results[0]), "length {length}");
            } else {
                assert!(results.iter().all(|r| r.3 == results[0].3), "length {length}");
            }
        }
    }
}

#[test]
fn every_set_gives_the_bits_of_the_portable_matrix_product_in_any_layout() {
    for (rows, columns, inner) in [
        (1, 1, 1),
        (4, 16, 8),
        (5, 17, 3),
        (7, 150, 33),
        (13, 8, 64),
        (9, 31, 0),
        (15, 15, 15),
        (16, 16, 16),
        (17, 33, 47),
        (40, 9, 50),
    ] {
        let (a, b, c) = (pattern(rows * inner, 5), pattern(inner * columns, 11), pattern(rows * columns, 3));
        let layouts = [
            (
                Matrix { data: &a, row_stride: inner, column_stride: 1 },
                Matrix { data: &b, row_stride: columns, column_stride: 1 },
            ),
            (
                Matrix { data: &a, row_stride: 1, column_stride: rows },
                Matrix { data: &b, row_stride: 1, column_stride: inner },
            ),
        ];
        for (a, b) in layouts {
            for accumulate in [false, true] {
                let product = Product { a, b, columns, inner, accumulate };
                let mut expected = c.clone();
                for i in 0..rows {
                    for j in 0..columns {
                        let mut sum = if accumulate { expected[i * columns + j] } else { 0.0 };
                        for k in 0..inner {
                            sum += a.data[i * a.row_stride + k * a.column_stride]
                                * b.data[k * b.row_stride + j * b.column_stride];
                        }
                        expected[i * columns + j] = sum;
                    }
                }
                for set in sets() {
                    let (mut found, mut scratch) = (c.clone(), pattern(100, 1));
                    // SAFETY: `sets` holds only what runs here.
                    unsafe { (set.matmul)(product, &mut found, &mut scratch) };
                    assert_eq!(found, expected, "{} {rows}x{columns}x{inner}", set.name);
                }
            }
        }
    }
}

#[test]
fn the_matrix_product_does_not_depend_on_the_number_of_threads() {
    let (rows, columns, inner) = (130, 150, 256);
    let (a, b) = (pattern(rows * inner, 5), pattern(inner * columns, 11));
    let product = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut c = vec![0.0; rows * columns];
            let a = Matrix { data: &a, row_stride: inner, column_stride: 1 };
            let b = Matrix { data: &b, row_stride: columns, column_stride: 1 };
            matmul(Product { a, b, columns, inner, accumulate: false }, &mut c, threads);
            c
        })
    };
    assert_eq!(product(1), product(2));
    assert_eq!(product(1), product(5));
}

/// Int8 values from -127 to 127, both included.
fn weights(length: usize, offset: usize) -> Vec<i8> {
    (0..length).map(|i| (((i * 91 + offset * 13) % 255) as i32 - 127) as i8).collect()
}

#[test]
fn table_rows_are_added_exactly() {
    let table: Vec<i8> = (0..40 * DIMENSIONS).map(|i| ((i * 91) % 256) as u8 as i8).collect();
    for count in [0, 1, 2, 255, 256, 257, 700] {
        let rows: Vec<u32> = (0..count).map(|i| (i * 7) % 40).collect();
        let mut expected = [5i32; DIMENSIONS];
        for &row in &rows {
            for (j, sum) in expected.iter_mut().enumerate() {
                *sum += 3 * i32::from(table[row as usize * DIMENSIONS + j]);
            }
        }
        for set in sets() {
            let mut sums = [5i32; DIMENSIONS];
            // SAFETY: `sets` holds only what runs here.
            unsafe { (set.add_rows)(&mut sums, &table, &rows, 3) };
            assert_eq!(sums, expected, "{} {count}", set.name);
        }
    }
}

#[test]
fn table_rows_of_4_bits_are_added_exactly() {
    // Both extremes are included: 0 stands for -8, 255 for 7 twice.
    let table: Vec<u8> = (0..40 * HALF).map(|i| ((i * 91) % 256) as u8).collect();
    for count in [0, 1, 2, 15, 16, 17, 64, 255, 256, 257, 700] {
        // The same row repeated would overflow first.
        let rows: Vec<u32> = (0..count).map(|i| if count == 256 { 3 } else { (i * 7) % 40 }).collect();
        let mut expected = [5i32; DIMENSIONS];
        for &row in &rows {
            for j in 0..HALF {
                let byte = table[row as usize * HALF + j];
                expected[j] += 3 * (i32::from(byte & 15) - 8);
                expected[HALF + j] += 3 * (i32::from(byte >> 4) - 8);
            }
        }
        for set in sets() {
            let mut sums = [5i32; DIMENSIONS];
            // SAFETY: `sets` holds only what runs here.
            unsafe { (set.add_int4_rows)(&mut sums, &table, &rows, 3) };
            assert_eq!(sums, expected, "{} {count}", set.name);
        }
    }
}

#[test]
fn every_set_gives_the_logits_of_a_layer_written_out() {
    for outputs in [1, 2, 15, 16, 17, 48, 64, 77, 128, 129, 150, 200, 256] {
        // All weights, or only weights that make the layer int4 where supported.
        for (inputs, narrow) in [
            (4, false),
            (12, false),
            (64, false),
            (128, false),
            (256, false),
            (4, true),
            (8, true),
            (40, true),
            (256, true),
        ] {
            let mut matrix = weights(inputs * outputs, outputs);
            if narrow {
                matrix.iter_mut().enumerate().for_each(|(i, w)| *w = if i % 3 == 0 { 7 } else { *w % 8 });
            }
            let scales: Vec<f32> = (0..outputs).map(|j| 0.001 + j as f32 * 1e-5).collect();
            for (rows, biased, rectify) in
                [(1, true, true), (1, false, false), (2, true, false), (3, false, true), (TILE, true, true)]
            {
                let biases = if biased { pattern(outputs, 3) } else { vec![] };
                let layer = PackedLayer::new(&matrix, &scales, &biases);
                assert_eq!(layer.outputs(), outputs);
                let mut activations = vec![[0i8; DIMENSIONS]; rows];
                for (number, row) in activations.iter_mut().enumerate() {
                    row.copy_from_slice(&weights(DIMENSIONS, 7 + 5 * number));
                }
                // All at an extreme, for the largest sums.
                activations[rows - 1].fill(if outputs % 2 == 0 { -127 } else { 127 });
                let input_scales: Vec<f32> = (0..rows).map(|row| 0.02 + row as f32).collect();
                let stride = outputs + 3;
                let start = pattern(rows * stride, 17);
                let mut expected = start.clone();
                for row in 0..rows {
                    for j in 0..outputs {
                        let weights = &matrix[j * inputs..(j + 1) * inputs];
                        let products = weights.iter().zip(&activations[row]);
                        let sum: i32 = products.map(|(&w, &x)| i32::from(w) * i32::from(x)).sum();
                        let to = &mut expected[row * stride + j];
                        let value = sum as f32 * (input_scales[row] * scales[j])
                            + if biased { biases[j] } else { *to };
                        *to = if !rectify || value > 0.0 { value } else { 0.0 };
                    }
                }
                for set in sets() {
                    let mut found = start.clone();
                    let call = Call {
                        layer: &layer,
                        inputs: &activations,
                        input_scales: &input_scales,
                        rectify,
                        stride,
                    };
                    // SAFETY: `sets` holds only what runs here; the lengths fit each other.
                    unsafe { (set.affine)(&call, &mut found) };
                    assert!(
                        found.iter().zip(&expected).all(|(a, b)| a.to_bits() == b.to_bits()),
                        "{}: {inputs} to {outputs}, {rows} rows, biased {biased}, narrow {narrow}",
                        set.name
                    );
                }
            }
        }
    }
}

#[test]
fn every_set_gives_the_bits_of_the_portable_decision_and_vector_kernels() {
    let a: [i8; DIMENSIONS] = std::array::from_fn(|i| weights(DIMENSIONS, 1)[i]);
    let b: [i8; DIMENSIONS] = std::array::from_fn(|i| weights(DIMENSIONS, 9)[i]);
    let sums: [i32; DIMENSIONS] = std::array::from_fn(|i| (i as i32 * 7919) % 4001 - 2000);
    let expected: i32 = a.iter().zip(&b).map(|(&a, &b)| i32::from(a) * i32::from(b)).sum();
    let normalised = |set: &Kernels, sums: &[i32; DIMENSIONS]| {
        let mut vector = [7.0; DIMENSIONS];
        // SAFETY: `sets` holds only what runs here.
        unsafe { (set.normalise)(sums, &mut vector) };
        vector.map(f32::to_bits)
    };
    for set in sets() {
        // SAFETY: as above.
        assert_eq!(unsafe { (set.dot_i8)(&a, &b) }, expected, "{}", set.name);
        assert_eq!(normalised(&set, &sums), normalised(&portable::KERNELS, &sums), "{}", set.name);
        assert_eq!(normalised(&set, &[0; DIMENSIONS]), [0; DIMENSIONS]);
    }
    for length in LENGTHS.into_iter().filter(|&length| length > 0) {
        for place in [0, length / 2, length - 1] {
            let mut values = pattern(length, 40);
            values[place] = 9.5;
            // The first of equal values.
            values[length - 1] = 9.5;
            let exact: f64 =
                (0..length).filter(|&i| i != place).map(|i| libm::exp(f64::from(values[i]) - 9.5)).sum();
            let sum = |set: &Kernels| {
                // SAFETY: as above.
                unsafe { (set.sum_exp_but)(&values, 9.5, place) }
            };
            for set in sets() {
                // SAFETY: as above.
                assert_eq!(unsafe { (set.largest)(&values) }, place, "{} {length}", set.name);
                assert_eq!(sum(&set).to_bits(), sum(&portable::KERNELS).to_bits(), "{}", set.name);
                assert!((f64::from(sum(&set)) - exact).abs() <= 1e-6 * exact, "{} {exact}", sum(&set));
            }
        }
    }
    for set in sets() {
        // SAFETY: as above.
        let place = |values: &[f32]| unsafe { (set.largest)(values) };
        assert_eq!(place(&[f32::NAN; 20]), 0);
        assert_eq!(place(&[f32::NAN, 1.0, f32::NAN, 2.0]), 3);
        assert_eq!(place(&[f32::NEG_INFINITY; 3]), 0);
    }
}

#[test]
fn every_set_gives_the_bits_of_the_portable_training_loops() {
    let step = AdamStep { rate: 2e-3, second_correction: 1.3, decay: 1e-5 };
    for length in LENGTHS {
        for special in [1.0, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, f32::MIN_POSITIVE / 4.0, -0.0] {
            let mut gradient = pattern(length, 7);
            if let Some(middle) = gradient.get_mut(length / 2) {
                *middle = special;
            }
            let results: Vec<_> = sets()
                .iter()
                .map(|set| {
                    let (mut w, mut m) = (pattern(length, 1), pattern(length, 2));
                    let mut v: Vec<f32> = gradient.iter().map(|g| g * g).collect();
                    let mut s: Vec<f32> = gradient.iter().map(|v| v * 40.0).collect();
                    // SAFETY: `sets` holds only what runs here.
                    unsafe {
                        (set.adam)(&mut w, &mut m, &mut v, &gradient, step);
                        (set.sigmoids)(&mut s);
                    }
                    // The hardware decides a NaN's sign and payload.
                    let bits = |x: &f32| if x.is_nan() { f32::NAN.to_bits() } else { x.to_bits() };
                    [w, m, v, s].concat().iter().map(bits).collect::<Vec<_>>()
                })
                .collect();
            assert!(results.iter().all(|r| *r == results[0]), "length {length}, {special}");
        }
    }
}

#[test]
fn every_set_gives_the_bits_of_the_portable_sum_of_rows() {
    let rows = pattern(20 * DIMENSIONS, 9);
    for count in [0, 1, 3, 4, 5, 50] {
        let entries: Vec<(u32, f32)> = (0..count).map(|i| (i * 7 % 20, i as f32 * 0.3 - 4.0)).collect();
        let results: Vec<_> = sets()
            .iter()
            .map(|set| {
                let mut sum = [f32::NAN; DIMENSIONS];
                // SAFETY: `sets` holds only what runs here.
                unsafe { (set.weighted_sum)(&rows, &entries, &mut sum) };
                sum.map(f32::to_bits)
            })
            .collect();
        assert!(results.iter().all(|r| *r == results[0]), "{count} rows");
    }
}

#[test]
fn exp_is_within_two_units_in_the_last_place() {
    for i in -86_000..=86_000 {
        let x = i as f32 / 1000.0;
        let exact = libm::exp(f64::from(x));
        assert!((f64::from(exp(x)) - exact).abs() <= exact * 2.4e-7, "{x}: {} {exact}", exp(x));
    }
    assert_eq!(exp(0.0), 1.0);
    assert!(exp(f32::INFINITY).is_finite() && exp(f32::NEG_INFINITY) > 0.0);
    assert_eq!(sigmoid(0.0), 0.5);
}

#[test]
fn quantising_keeps_the_largest_value_and_survives_tiny_and_zero_vectors() {
    let mut q = [0i8; 4];
    let scale = quantise(&[0.5, -1.0, 0.25, 0.0], &mut q);
    assert_eq!(q, [64, -127, 32, 0]);
    assert_eq!(scale, 1.0 / 127.0);
    assert_eq!(quantise(&[0.0; 4], &mut q), 0.0);
    assert_eq!(q, [0; 4]);
    assert_eq!(quantise(&[f32::MIN_POSITIVE, 0.0, 0.0, -f32::MIN_POSITIVE], &mut q), 0.0);
    quantise(&[1e-29, 0.0, 0.0, -1e-29], &mut q);
    assert_eq!(q, [127, 0, 0, -127]);
}
