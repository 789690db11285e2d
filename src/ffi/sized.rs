//! Structs that start with their size, so that programs compiled with an older header work.

use super::error::Failure;

/// A struct whose first field, a `usize`, is the size in bytes of the caller's version.
///
/// # Safety
/// It is `repr(C)` without padding, and every version starts with the fields of the previous one.
/// `ENDS` are the offsets at which its fields end; the last is its size.
pub(super) unsafe trait SizedStruct: Copy {
    const DEFAULT: Self;
    const ENDS: &'static [usize];
}

/// Implements [`SizedStruct`]. The compiler checks that every field is named and that there is no
/// padding.
macro_rules! sized_struct {
    ($name:ident { $($field:ident: $type:ty = $default:expr),+ $(,)? }) => {
        // SAFETY: `repr(C)`, and the assertion below rejects padding.
        unsafe impl crate::ffi::sized::SizedStruct for $name {
            const DEFAULT: Self = $name { size: size_of::<$name>(), $($field: $default),+ };
            const ENDS: &'static [usize] =
                &[size_of::<usize>(), $(std::mem::offset_of!($name, $field) + size_of::<$type>()),+];
        }
        const _: () = assert!(size_of::<usize>() $(+ size_of::<$type>())+ == size_of::<$name>());
    };
}
pub(super) use sized_struct;

/// Reads a struct that may be older and smaller than ours. Missing fields get their defaults; so do
/// all fields for NULL.
///
/// # Safety
/// `pointer` is NULL or points to a struct of as many bytes as its first field says.
pub(super) unsafe fn sized<T: SizedStruct>(pointer: *const T, name: &str) -> Result<T, Failure> {
    let mut value = T::DEFAULT;
    if pointer.is_null() {
        return Ok(value);
    }
    // SAFETY: every version of the struct starts with its size; nothing else is read before the
    // size is known.
    let size = unsafe { pointer.cast::<usize>().read_unaligned() };
    if !T::ENDS.contains(&size) {
        let known = size_of::<T>();
        return Err(Failure::invalid(format!(
            "`{name}->size` is {size}, it must be {known} or that of an older version; start from the struct's _INIT \
             macro, and use a library that is at least as new as the header"
        )));
    }
    // SAFETY: the caller's struct has `size` bytes, which are whole fields of ours, and at most our
    // size.
    unsafe { std::ptr::copy_nonoverlapping(pointer.cast::<u8>(), (&raw mut value).cast::<u8>(), size) };
    Ok(value)
}
