//! The library's version.

use super::boundary::shielded;
use libc::c_char;
use std::ffi::CStr;

const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
    Ok(version) => version,
    Err(_) => panic!("the version holds a NUL character"),
};

const VERSION_NUMBER: u32 = number(env!("CARGO_PKG_VERSION_MAJOR")) << 16
    | number(env!("CARGO_PKG_VERSION_MINOR")) << 8
    | number(env!("CARGO_PKG_VERSION_PATCH"));

/// A part of the version, which must fit its byte of the packed number.
const fn number(digits: &str) -> u32 {
    match u8::from_str_radix(digits, 10) {
        Ok(number) => number as u32,
        Err(_) => panic!("a part of the version is over 255"),
    }
}

/// Returns the version of the running library, such as "0.1.0".
///
/// INTENTKIT_VERSION is the version of this header.
///
/// @return Static NUL-terminated string. Must not be freed.
#[unsafe(no_mangle)]
pub extern "C" fn intent_version() -> *const c_char {
    shielded(std::ptr::null(), || VERSION.as_ptr())
}

/// Returns the version of the running library as one number, packed like INTENTKIT_VERSION_NUMBER.
///
/// @return major * 65536 + minor * 256 + patch.
#[unsafe(no_mangle)]
pub extern "C" fn intent_version_number() -> u32 {
    shielded(0, || VERSION_NUMBER)
}
