//! What C hands in, checked and borrowed.

use super::error::Failure;
use super::status::IntentStatus;
use crate::Error;
use crate::text::MAX_TEXT_BYTES;
use std::fmt::Display;
use std::path::Path;
use std::ptr::NonNull;

/// A text or a name: UTF-8, not NUL-terminated, borrowed from the caller for the time of one call.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct IntentText {
    /// The first byte. May be NULL when `length` is 0.
    pub bytes: *const u8,
    /// Number of bytes.
    pub length: usize,
}

// SAFETY: it is only read, and its bytes do not change while the call that borrowed it runs; the header asks for that.
unsafe impl Sync for IntentText {}

impl IntentText {
    /// # Safety
    /// `bytes` points to `length` bytes that live for `'a`.
    pub(super) unsafe fn text<'a>(&self, name: impl Display) -> Result<&'a str, Failure> {
        // SAFETY: upheld by this function's contract.
        unsafe { text(self.bytes, self.length, name) }
    }

    /// # Safety
    /// As [`IntentText::text`].
    pub(super) unsafe fn phrase<'a>(&self, name: impl Display) -> Result<&'a str, Failure> {
        // SAFETY: upheld by this function's contract.
        unsafe { phrase(self.bytes, self.length, name) }
    }
}

/// Bytes that something in memory may have: no process has more addresses than these.
const MOST_BYTES: usize = isize::MAX as usize >> (if usize::BITS == 64 { 15 } else { 0 });

/// Whether `count` items at `data` can be borrowed: not NULL, aligned, and not longer than memory.
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
/// `data` points to `count` items that nothing else touches for `'a`. `T` is a type for which any bytes are a value.
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

/// Borrows UTF-8.
///
/// # Safety
/// As [`slice`].
pub(super) unsafe fn text<'a>(
    data: *const u8,
    length: usize,
    name: impl Display,
) -> Result<&'a str, Failure> {
    // SAFETY: upheld by this function's contract.
    let bytes = unsafe { slice(data, length, &name) }?;
    std::str::from_utf8(bytes).map_err(|fault| Failure {
        status: IntentStatus::InvalidUtf8,
        message: format!("`{name}` is not UTF-8: bad byte at offset {}", fault.valid_up_to()),
    })
}

/// Borrows a text to be classified or trained on; one that is too long is refused before it is read.
///
/// # Safety
/// As [`slice`].
pub(super) unsafe fn phrase<'a>(
    data: *const u8,
    length: usize,
    name: impl Display,
) -> Result<&'a str, Failure> {
    if length > MAX_TEXT_BYTES {
        return Err(Error::TextTooLong { length }.into());
    }
    // SAFETY: upheld by this function's contract.
    unsafe { text(data, length, name) }
}

/// Borrows a path.
///
/// # Safety
/// As [`slice`].
pub(super) unsafe fn path<'a>(
    data: *const u8,
    length: usize,
    name: impl Display,
) -> Result<&'a Path, Failure> {
    if length == 0 {
        let status = if data.is_null() { IntentStatus::NullArgument } else { IntentStatus::InvalidArgument };
        return Err(Failure { status, message: format!("`{name}` is empty; it must name a file") });
    }
    // SAFETY: upheld by this function's contract.
    unsafe { text(data, length, name) }.map(Path::new)
}

/// Borrows an object.
///
/// # Safety
/// `pointer` is NULL or points to a live `T` that nobody changes for `'a`.
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

/// Writes as much of `text` as fits, and the bytes of the whole.
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

/// A place for a result, known not to be NULL before the work begins.
pub(super) struct Out<T>(NonNull<T>);

impl<T> Out<T> {
    pub(super) fn new(pointer: *mut T, name: &str) -> Result<Self, Failure> {
        NonNull::new(pointer).map(Out).ok_or_else(|| Failure::null(name))
    }

    /// # Safety
    /// The pointer is writable; the header asks for that.
    pub(super) unsafe fn write(self, value: T) {
        // SAFETY: upheld by this function's contract.
        unsafe { self.0.write(value) }
    }
}
