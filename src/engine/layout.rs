//! Memory layout of Core ML's arrays and names of its caches: plain functions, tested on every
//! system.

use std::fmt::Write;

/// Returns the number of elements that a two-dimensional array spans. `None` if it exceeds any
/// memory.
pub(super) fn extent(shape: [usize; 2], strides: [usize; 2]) -> Option<usize> {
    let [rows, columns] = shape;
    if rows == 0 || columns == 0 {
        return Some(0);
    }
    let last_row = (rows - 1).checked_mul(strides[0])?;
    let last_column = (columns - 1).checked_mul(strides[1])?;
    last_row.checked_add(last_column)?.checked_add(1)
}

/// Copies a two-dimensional array with any strides to contiguous rows. Returns false, without
/// copying, if the lengths don't match.
#[must_use]
pub(super) fn copy_rows(from: &[f32], shape: [usize; 2], strides: [usize; 2], to: &mut [f32]) -> bool {
    let fits = Some(to.len()) == shape[0].checked_mul(shape[1])
        && extent(shape, strides).is_some_and(|extent| extent <= from.len());
    if fits && shape[1] > 0 {
        for (row, to) in to.chunks_mut(shape[1]).enumerate() {
            for (column, to) in to.iter_mut().enumerate() {
                *to = from[row * strides[0] + column * strides[1]];
            }
        }
    }
    fits
}

/// Returns the cache name of a compiled package. It contains everything that the package depends
/// on, so a new version of the system compiles again.
pub(super) fn cache_name(checksum: &str, precision: &str, system: &str) -> String {
    let mut name = format!("{checksum}-{precision}-{}-", env!("CARGO_PKG_VERSION"));
    for byte in system.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' => name.push(char::from(byte)),
            // Writing to a string can't fail.
            _ => drop(write!(name, "_{byte:02x}")),
        }
    }
    name + ".mlmodelc"
}

/// Returns true if `other` in the cache is the same model and precision as `name` for another
/// version of the library or system. It is never used again.
pub(super) fn is_stale(other: &str, name: &str) -> bool {
    let model = |name: &str| -> Option<String> {
        let mut parts = name.split('-');
        Some(format!("{}-{}", parts.next()?, parts.next()?))
    };
    other != name && other.ends_with(".mlmodelc") && model(other) == model(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_copied_whatever_their_strides() {
        // Two rows of three, with row stride eight and column stride two: some compute units pad
        // like this.
        let mut from = vec![-1.0; 13];
        for (i, at) in [0, 2, 4, 8, 10, 12].into_iter().enumerate() {
            from[at] = i as f32;
        }
        let mut to = [9.0; 6];
        assert!(copy_rows(&from, [2, 3], [8, 2], &mut to));
        assert_eq!(to, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        assert!(copy_rows(&[1.0, 2.0, 3.0, 4.0], [2, 2], [2, 1], &mut to[..4]));
        assert_eq!(to[..4], [1.0, 2.0, 3.0, 4.0]);
        // Column-major.
        assert!(copy_rows(&[1.0, 2.0, 3.0, 4.0], [2, 2], [1, 2], &mut to[..4]));
        assert_eq!(to[..4], [1.0, 3.0, 2.0, 4.0]);
    }

    #[test]
    fn what_does_not_fit_is_refused_and_nothing_is_read_past_the_end() {
        let mut to = [7.0; 6];
        assert!(!copy_rows(&[0.0; 12], [2, 3], [8, 2], &mut to), "one too short");
        assert!(!copy_rows(&[0.0; 99], [2, 2], [2, 1], &mut to), "another length");
        assert!(!copy_rows(&[0.0; 99], [2, 3], [usize::MAX, 2], &mut to));
        assert!(!copy_rows(&[0.0; 99], [usize::MAX, 3], [1, 1], &mut to));
        assert_eq!(to, [7.0; 6]);
        assert_eq!(extent([3, usize::MAX], [usize::MAX, 2]), None);
        assert_eq!(extent([0, 5], [5, 1]), Some(0));
        assert!(copy_rows(&[], [0, 0], [0, 0], &mut []));
    }

    #[test]
    fn the_cache_tells_models_precisions_and_systems_apart() {
        let name = cache_name("0123456789abcdef", "float16", "Version 15.1 (Build 24B83)");
        assert!(name.starts_with("0123456789abcdef-float16-") && name.ends_with(".mlmodelc"), "{name}");
        assert!(name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)), "{name}");
        for other in [
            cache_name("1123456789abcdef", "float16", "Version 15.1 (Build 24B83)"),
            cache_name("0123456789abcdef", "int8", "Version 15.1 (Build 24B83)"),
            cache_name("0123456789abcdef", "float16", "Version 15.1 (Build 24B91)"),
            cache_name("0123456789abcdef", "float16", "../Version 15.1 (Build 24B83)"),
        ] {
            assert_ne!(name, other);
            assert!(!other.contains('/'));
            let same_model = other.starts_with("0123456789abcdef-float16-");
            assert_eq!(is_stale(&other, &name), same_model, "{other}");
        }
        assert!(!is_stale(&name, &name) && !is_stale("notes.txt", &name));
    }
}
