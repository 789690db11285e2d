//! Checks and borrows arguments from C.

use super::error::Failure;
use super::status::IntentStatus;
use crate::Error;
use crate::text::MAX_TEXT_BYTES;
use crate::vectorizer::FeatureVector;
use libc::c_char;
use std::ffi::CString;
use std::fmt::Display;
use std::path::Path;
use std::ptr::{self, NonNull};

/// UTF-8 text, not NUL-terminated. The library borrows it for the duration of the call.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct IntentText {
    /// First byte. May be NULL when `length` is 0.
    pub bytes: *const u8,
    /// Number of bytes.
    pub length: usize,
}

// SAFETY: it is only read, and its bytes don't change during the call that borrowed it, as the
// header requires.
unsafe impl Sync for IntentText {}

impl IntentText {
    /// Borrows a text to classify, train on or store. Checks the length before reading it.
    ///
    /// # Safety
    /// `bytes` points to `length` bytes that live and don't change for `'a`.
    pub(super) unsafe fn text<'a>(self, name: impl Display) -> Result<&'a str, Failure> {
        if self.length > MAX_TEXT_BYTES {
            return Err(Error::TextTooLong { length: self.length }.into());
        }
        // SAFETY: upheld by this function's contract.
        let bytes = unsafe { slice(self.bytes, self.length, &name) }?;
        std::str::from_utf8(bytes).map_err(|fault| Failure {
            status: IntentStatus::InvalidUtf8,
            message: format!("`{name}` is not UTF-8: bad byte at offset {}", fault.valid_up_to()),
        })
    }

    /// Borrows the path of a file.
    ///
    /// # Safety
    /// As [`IntentText::text`].
    pub(super) unsafe fn path<'a>(self, name: impl Display) -> Result<&'a Path, Failure> {
        if self.length == 0 {
            let status =
                if self.bytes.is_null() { IntentStatus::NullArgument } else { IntentStatus::InvalidArgument };
            return Err(Failure { status, message: format!("`{name}` is empty; it must name a file") });
        }
        // SAFETY: upheld by this function's contract.
        unsafe { self.text(name) }.map(Path::new)
    }

    /// Borrows a path, or `None` for NULL with length 0.
    ///
    /// # Safety
    /// As [`IntentText::text`].
    pub(super) unsafe fn optional_path<'a>(self, name: impl Display) -> Result<Option<&'a Path>, Failure> {
        if self.bytes.is_null() && self.length == 0 {
            return Ok(None);
        }
        // SAFETY: upheld by this function's contract.
        unsafe { self.path(name) }.map(Some)
    }
}

/// Feature rows: `count` rows of INTENT_FEATURES floats each, one row after the other. The library
/// borrows them for the duration of the call.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct IntentFeatureRows {
    /// First number of the first row. May be NULL when `count` is 0. Every number must be from -1e6
    /// to 1e6. Rows that you compute yourself, not with intent_vectorize(), should have Euclidean
    /// norm 1.
    pub features: *const f32,
    /// Number of rows.
    pub count: usize,
}

impl IntentFeatureRows {
    /// # Safety
    /// `features` points to `count` rows that live and don't change for `'a`.
    pub(super) unsafe fn rows<'a>(self) -> Result<&'a [FeatureVector], Failure> {
        // SAFETY: upheld by this function's contract; a row is an array of floats, aligned as they are.
        unsafe { slice(self.features.cast::<FeatureVector>(), self.count, "rows") }
    }
}

/// Maximum size of an object in bytes: the address space of any process is no larger.
const MOST_BYTES: usize = isize::MAX as usize >> (if usize::BITS == 64 { 15 } else { 0 });

/// Checks that `count` items at `data` can be borrowed: not NULL, aligned, and not larger than
/// memory.
fn check<T>(data: *const T, count: usize, name: &impl Display) -> Result<(), Failure> {
    if data.is_null() {
        return Err(Failure {
            status: IntentStatus::NullArgument,
            message: format!("`{name}` is NULL, but its length is {count}; NULL goes with length 0"),
        });
    }
    if count.checked_mul(size_of::<T>()).is_none_or(|bytes| bytes > MOST_BYTES) {
        return Err(Failure::invalid(format!("`{name}` has length {count}, more than memory can hold")));
    }
    if !data.is_aligned() {
        return Err(Failure::invalid(format!("`{name}` does not start on a boundary of its type")));
    }
    Ok(())
}

/// Borrows an array; NULL with count 0 is the empty one.
///
/// # Safety
/// `data` points to `count` items that live and don't change for `'a`.
pub(super) unsafe fn slice<'a, T>(
    data: *const T,
    count: usize,
    name: impl Display,
) -> Result<&'a [T], Failure> {
    if count == 0 {
        return Ok(&[]);
    }
    check(data, count, &name)?;
    // SAFETY: checked non-null, aligned and of a size that fits; the rest is this function's contract.
    Ok(unsafe { std::slice::from_raw_parts(data, count) })
}

/// Borrows an array to write to; NULL with count 0 is the empty one.
///
/// # Safety
/// `data` points to `count` items that nothing else touches for `'a`. Any bytes are a valid `T`.
pub(super) unsafe fn slice_mut<'a, T>(
    data: *mut T,
    count: usize,
    name: impl Display,
) -> Result<&'a mut [T], Failure> {
    if count == 0 {
        return Ok(&mut []);
    }
    check(data, count, &name)?;
    // SAFETY: checked non-null, aligned and of a size that fits; the rest is this function's contract.
    Ok(unsafe { std::slice::from_raw_parts_mut(data, count) })
}

/// Borrows an array of texts. A failure names the text by its index.
///
/// # Safety
/// `texts` points to `count` texts, all alive for `'a` with their bytes.
pub(super) unsafe fn texts<'a>(
    texts: *const IntentText,
    count: usize,
    name: &str,
) -> Result<Vec<&'a str>, Failure> {
    // SAFETY: upheld by this function's contract.
    let texts = unsafe { slice(texts, count, name) }?.iter().enumerate();
    // SAFETY: upheld by this function's contract.
    texts.map(|(i, text)| unsafe { text.text(format_args!("{name}[{i}]")) }).collect()
}

/// Borrows the label names of each line.
///
/// # Safety
/// `counts` points to `lines` numbers, and `labels` to as many texts as their sum, all alive for
/// `'a`.
pub(super) unsafe fn label_sets<'a>(
    labels: *const IntentText,
    counts: *const usize,
    lines: usize,
) -> Result<Vec<Vec<&'a str>>, Failure> {
    // SAFETY: upheld by this function's contract.
    let counts = unsafe { slice(counts, lines, "label_counts") }?;
    let total = counts.iter().try_fold(0usize, |sum, &count| sum.checked_add(count));
    let total = total.ok_or_else(|| {
        Failure::invalid("`label_counts` sum up to more labels than memory can hold; check them")
    })?;
    // SAFETY: upheld by this function's contract.
    let mut names = unsafe { texts(labels, total, "labels") }?.into_iter();
    Ok(counts.iter().map(|&count| names.by_ref().take(count).collect()).collect())
}

/// Borrows an object.
///
/// # Safety
/// `pointer` is NULL or points to a live `T` that nothing changes for `'a`.
pub(super) unsafe fn object<'a, T>(pointer: *const T, name: &str) -> Result<&'a T, Failure> {
    // SAFETY: upheld by this function's contract.
    unsafe { pointer.as_ref() }.ok_or_else(|| Failure::null(name))
}

/// Borrows an object to change it.
///
/// # Safety
/// `pointer` is NULL or points to a live `T` that nothing else touches for `'a`.
pub(super) unsafe fn object_mut<'a, T>(pointer: *mut T, name: &str) -> Result<&'a mut T, Failure> {
    // SAFETY: upheld by this function's contract.
    unsafe { pointer.as_mut() }.ok_or_else(|| Failure::null(name))
}

/// Returns the element of `choices` at a number from C. A failure names the argument and its
/// constants.
pub(super) fn choice<T: Clone>(
    number: u32,
    choices: &[(u32, T)],
    name: &str,
    constants: &str,
) -> Result<T, Failure> {
    let found = choices.iter().find(|(choice, _)| *choice == number);
    found.map(|(_, value)| value.clone()).ok_or_else(|| {
        Failure::invalid(format!("`{name}` is {number}; it must be one of the {constants} constants"))
    })
}

/// Writes as much of `text` as fits, and its total number of bytes.
///
/// # Safety
/// As [`slice_mut`]; `length_out` is NULL or writable.
pub(super) unsafe fn fill(
    text: &str,
    buffer: *mut u8,
    capacity: usize,
    length_out: *mut usize,
) -> Result<(), Failure> {
    // SAFETY: upheld by this function's contract; any bits are a byte.
    let room = unsafe { slice_mut(buffer, capacity, "buffer") }?;
    let out = Out::new(length_out, "length_out")?;
    let fits = text.len().min(room.len());
    room[..fits].copy_from_slice(&text.as_bytes()[..fits]);
    // SAFETY: upheld by this function's contract.
    unsafe { out.write(text.len()) };
    Ok(())
}

/// Returns a string that the library owns, for C to read; NULL for `None`.
///
/// # Safety
/// `length_out` is NULL or writable.
pub(super) unsafe fn string(string: Option<&CString>, length_out: *mut usize) -> *const c_char {
    let Some(string) = string else { return ptr::null() };
    if !length_out.is_null() {
        // SAFETY: checked non-null; writable by contract.
        unsafe { length_out.write(string.count_bytes()) };
    }
    string.as_ptr()
}

/// An output pointer, checked not to be NULL before the work begins.
pub(super) struct Out<T>(NonNull<T>);

impl<T> Out<T> {
    pub(super) fn new(pointer: *mut T, name: &str) -> Result<Self, Failure> {
        NonNull::new(pointer).map(Out).ok_or_else(|| Failure::null(name))
    }

    /// # Safety
    /// The pointer is writable, as the header requires.
    pub(super) unsafe fn write(self, value: T) {
        // SAFETY: upheld by this function's contract.
        unsafe { self.0.write(value) }
    }
}
