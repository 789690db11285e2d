//! Replaces a file in one step: models, training states, reports. Packages share parts of this.
//!
//! The contents are written to `.intent-XXXXXX.part` beside the file and renamed when complete. The
//! temporary file is locked while its writer lives. An unlocked one was left by a killed process,
//! and the next save into that folder removes it. A file without a name (`O_TMPFILE`) would leave
//! nothing behind, but can't replace an existing file.

use crate::error::{Error, Result};
use std::ffi::OsStr;
use std::fs::{self, File, Metadata, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

/// Prefix of the names of temporary files, except those beside training-state files.
pub(crate) const PREFIX: &str = ".intent-";
/// Suffix of the names of temporary files.
const PART: &str = ".part";
/// Number of random letters and digits between the two.
const RANDOM: usize = 6;

/// Maximum length of a chain of symbolic links, as in Linux.
const MOST_LINKS: usize = 40;

/// Returns the folder of a file.
pub fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Returns `path`, or the target of its symbolic links, which need not exist.
///
/// # Errors
/// Fails with [`Error::Io`] if the links form a cycle or can't be read.
pub fn target(path: &Path) -> Result<PathBuf> {
    let mut target = path.to_owned();
    for _ in 0..MOST_LINKS {
        match fs::symlink_metadata(&target) {
            Ok(about) if about.is_symlink() => {
                let to = fs::read_link(&target)
                    .map_err(|e| Error::io(path, "cannot read its symbolic link", e))?;
                target = folder(&target).join(to);
            }
            // A target that can't be inspected can't be written either, and that error says why.
            _ => return Ok(target),
        }
    }
    let circle = "its symbolic links lead back to themselves; remove one of them, or choose another name";
    Err(Error::io(path, "cannot follow it", io::Error::other(circle)))
}

/// Replaces the file at `path` with `contents` in one step: writes a temporary file beside it,
/// syncs it and renames it. If `path` is a symbolic link, its target is replaced.
///
/// A replaced file keeps its mode, and its owner if the system allows it. A new file gets mode 644
/// less the umask.
///
/// # Errors
/// Fails with [`Error::Io`], naming the step that failed. The old file is unchanged then.
pub fn replace(path: &Path, contents: &[u8]) -> Result<()> {
    let place = target(path)?;
    let there = match fs::metadata(&place) {
        Ok(there) if !there.is_file() => {
            let source = io::Error::new(ErrorKind::InvalidInput, "it is not a regular file");
            return Err(Error::io(path, "cannot replace it", source));
        }
        Ok(there) => Some(there),
        Err(_) => None,
    };
    sweep(folder(&place), PREFIX.as_ref());
    // The file is private until it has the mode of the old one.
    let mode = if there.is_some() { 0o600 } else { 0o644 };
    let written = write_beside(&place, PREFIX.as_ref(), contents, mode)?;
    if let Some(there) = &there {
        take_after(written.file(), there).map_err(|e| Error::io(&place, "cannot set its mode", e))?;
    }
    written.put(&place, true).map(drop)
}

/// Gives a new file the owner and the mode of the one it replaces. If the group can't be kept, the
/// group gets only the rights that others have.
#[cfg(unix)]
pub(crate) fn take_after(file: &File, there: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
    let now = file.metadata()?;
    // Only the superuser can change a file's owner.
    let _ = now.uid() == there.uid() || fchown(file, Some(there.uid()), None).is_ok();
    let kept = now.gid() == there.gid() || fchown(file, None, Some(there.gid())).is_ok();
    let mode = there.mode() & 0o777;
    let mode = if kept { mode } else { mode & 0o707 | (mode & 0o7) << 3 & mode };
    file.set_permissions(fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
pub(crate) fn take_after(_: &File, _: &Metadata) -> io::Result<()> {
    Ok(())
}

/// Locks a file for this process. Returns false if another process holds the lock after a tenth of
/// a second: a child process briefly keeps its parent's open files until it runs its own program.
///
/// On file systems without locks it returns true, and the host must prevent concurrent use.
///
/// # Errors
/// Fails with the system's error.
pub fn lock(file: &File) -> io::Result<bool> {
    const TRIES: usize = 20;
    const PAUSE: Duration = Duration::from_millis(5);
    for i in 0..TRIES {
        if i > 0 {
            thread::sleep(PAUSE);
        }
        match file.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(e)) if has_no_locks(&e) => return Ok(true),
            Err(TryLockError::Error(e)) => return Err(e),
        }
    }
    Ok(false)
}

/// Returns true if an error says that the file system has no locks, as on some network file
/// systems.
fn has_no_locks(error: &io::Error) -> bool {
    #[cfg(unix)]
    if error.raw_os_error() == Some(libc::ENOLCK) {
        return true;
    }
    error.kind() == ErrorKind::Unsupported
}

/// Makes a temporary file or folder and locks it. On file systems without locks it is never swept.
/// A concurrent sweep can lock and remove it before it is locked here, so this tries several times.
fn locked<T>(
    mut make: impl FnMut() -> io::Result<T>,
    lock: impl Fn(&T) -> Option<(&Path, &File)>,
) -> io::Result<T> {
    const TRIES: usize = 8;
    for _ in 0..TRIES {
        let made = make()?;
        let swept = lock(&made).is_some_and(|(path, file)| {
            matches!(file.try_lock(), Err(TryLockError::WouldBlock)) || !path.exists()
        });
        if !swept {
            return Ok(made);
        }
    }
    Err(io::Error::other("other processes keep removing temporary files; try again later"))
}

/// Makes a temporary folder beside `path`, and its lock. Dropping the folder removes it; the lock
/// must outlive it.
pub(crate) fn folder_beside(path: &Path) -> io::Result<(tempfile::TempDir, Option<File>)> {
    let make = || {
        let made = builder(PREFIX.as_ref()).tempdir_in(folder(path))?;
        // Not every system can open folders.
        let lock = File::open(made.path()).ok();
        Ok((made, lock))
    };
    locked(make, |(made, lock)| Some((made.path(), lock.as_ref()?)))
}

fn builder(prefix: &OsStr) -> tempfile::Builder<'_, '_> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix).suffix(PART).rand_bytes(RANDOM);
    builder
}

/// A temporary file beside the file it will replace. Dropping it removes it.
pub(crate) struct Beside(tempfile::NamedTempFile);

/// Writes `contents` to a locked temporary file beside `path`, with a name that starts with
/// `prefix`, and syncs it.
pub(crate) fn write_beside(path: &Path, prefix: &OsStr, contents: &[u8], mode: u32) -> Result<Beside> {
    let mut file = temporary(folder(path), prefix, mode)
        .map_err(|e| Error::io(path, "cannot write beside the file", e))?;
    file.write_all(contents).map_err(|e| Error::io(path, "cannot write the file", e))?;
    file.as_file().sync_all().map_err(|e| Error::io(path, "cannot write the file", e))?;
    Ok(Beside(file))
}

fn temporary(folder: &Path, prefix: &OsStr, mode: u32) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = builder(prefix);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    #[cfg(not(unix))]
    let _ = mode;
    locked(|| builder.tempfile_in(folder), |made| Some((made.path(), made.as_file())))
}

/// Checks that a file can be created in `folder`, by creating one and removing it at once.
///
/// # Errors
/// Fails with the system's error.
pub fn check_folder(folder: &Path) -> io::Result<()> {
    temporary(folder, PREFIX.as_ref(), 0o600).map(drop)
}

impl Beside {
    /// The file, open at the end of the contents.
    pub(crate) fn file(&self) -> &File {
        self.0.as_file()
    }

    /// Renames the file to `path`. If `path` exists, replaces it if `replace` is true and fails
    /// otherwise.
    pub(crate) fn put(self, path: &Path, replace: bool) -> Result<File> {
        let placed = if replace { self.0.persist(path) } else { self.0.persist_noclobber(path) };
        let file = placed.map_err(|e| Error::io(path, "cannot put the file in place", e.error))?;
        sync_folder(path);
        Ok(file)
    }
}

/// Makes a rename to `path` survive a power cut. Some file systems can't sync a folder; the file is
/// complete either way.
pub(crate) fn sync_folder(path: &Path) {
    #[cfg(unix)]
    if let Ok(folder) = File::open(folder(path)) {
        let _ = folder.sync_all();
    }
    #[cfg(not(unix))]
    let _ = path;
}

/// Removes temporary files and folders that killed processes left in `folder`: unlocked ones with
/// names that start with `prefix` and end as ours do. Failing to remove one doesn't prevent saving.
pub(crate) fn sweep(folder: &Path, prefix: &OsStr) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten().filter(|entry| is_ours(&entry.file_name(), prefix)) {
        let (path, kind) = (entry.path(), entry.file_type());
        let Ok(kind) = kind else { continue };
        if !kind.is_file() && !kind.is_dir() {
            continue;
        }
        let Ok(file) = File::open(&path) else { continue };
        if file.try_lock().is_ok() {
            let _ = if kind.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        }
    }
}

/// Returns true if a name has the form that this module gives temporary files.
fn is_ours(name: &OsStr, prefix: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    let random =
        name.strip_prefix(prefix.as_encoded_bytes()).and_then(|name| name.strip_suffix(PART.as_bytes()));
    random.is_some_and(|random| random.len() == RANDOM && random.iter().all(u8::is_ascii_alphanumeric))
}

/// Returns true if `path` still names the open file.
///
/// # Errors
/// Fails with the system's error: `NotFound` if `path` doesn't exist.
pub fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    Ok(is_same(&file.metadata()?, &fs::metadata(path)?))
}

/// Returns true if both describe the same file.
#[cfg(unix)]
pub(crate) fn is_same(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// The standard library has no file identity on other systems.
#[cfg(not(unix))]
pub(crate) fn is_same(_: &Metadata, _: &Metadata) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_a_killed_process_left_is_swept_and_what_is_being_written_or_of_others_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at(".intent-abc123.part"), "half a model").unwrap();
        fs::create_dir_all(at(".intent-Abc123.part").join("new/Data")).unwrap();
        let others = [".intent-abc.part", ".intent-abc123.part.txt", ".intent-abc-12.part", "abc.part"];
        others.iter().for_each(|name| fs::write(at(name), "mine").unwrap());
        let written = write_beside(&at("x.intent"), PREFIX.as_ref(), b"new", 0o644).unwrap();
        replace(&at("y.intent"), b"model").unwrap();
        let own = written.0.path().file_name().unwrap().to_str().unwrap().to_owned();
        let mut expected: Vec<String> = others.iter().map(|name| name.to_string()).collect();
        expected.extend([own, "y.intent".into()]);
        expected.sort();
        assert_eq!(names(folder.path()), expected);
        written.put(&at("x.intent"), true).unwrap();
        assert_eq!(fs::read(at("x.intent")).unwrap(), b"new");
    }

    #[cfg(unix)]
    mod links {
        use super::*;
        use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

        fn mode(path: &Path) -> u32 {
            fs::metadata(path).unwrap().mode() & 0o7777
        }

        #[test]
        fn a_file_that_is_replaced_keeps_its_mode() {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("x.intent");
            replace(&path, b"1").unwrap();
            for wanted in [0o664, 0o600, 0o640] {
                fs::set_permissions(&path, fs::Permissions::from_mode(wanted)).unwrap();
                replace(&path, b"2").unwrap();
                assert_eq!(mode(&path), wanted);
            }
        }

        #[test]
        fn a_link_stays_and_what_it_leads_to_is_replaced() {
            let folder = tempfile::tempdir().unwrap();
            let at = |name: &str| folder.path().join(name);
            fs::create_dir(at("far")).unwrap();
            fs::write(at("far/x.intent"), "old").unwrap();
            symlink("far/x.intent", at("one")).unwrap();
            symlink(at("one"), at("two")).unwrap();
            symlink("far/missing.intent", at("dangling")).unwrap();
            for (link, file) in
                [("one", "far/x.intent"), ("two", "far/x.intent"), ("dangling", "far/missing.intent")]
            {
                replace(&at(link), link.as_bytes()).unwrap();
                assert!(fs::symlink_metadata(at(link)).unwrap().is_symlink(), "{link}");
                assert_eq!(fs::read(at(file)).unwrap(), link.as_bytes());
            }
            assert_eq!(names(folder.path()), ["dangling", "far", "one", "two"]);
        }

        #[test]
        fn a_link_that_leads_nowhere_is_an_error_that_says_so() {
            let folder = tempfile::tempdir().unwrap();
            let at = |name: &str| folder.path().join(name);
            symlink("there", at("here")).unwrap();
            symlink("here", at("there")).unwrap();
            symlink("no/such/folder", at("dangling")).unwrap();
            fs::create_dir(at("folder")).unwrap();
            symlink("folder", at("to-folder")).unwrap();
            let said = |name: &str| replace(&at(name), b"x").unwrap_err().to_string();
            assert!(said("here").contains("its symbolic links lead back to themselves"), "{}", said("here"));
            assert!(
                said("dangling").contains("no/such/folder: cannot write beside the file"),
                "{}",
                said("dangling")
            );
            assert!(said("to-folder").contains("not a regular file"), "{}", said("to-folder"));
        }

        #[test]
        fn a_link_to_another_file_system_is_followed() {
            // If available: a file system in memory.
            let Ok(other) = tempfile::tempdir_in("/dev/shm") else { return };
            let folder = tempfile::tempdir().unwrap();
            let link = folder.path().join("x.intent");
            symlink(other.path().join("x.intent"), &link).unwrap();
            for contents in ["old", "new"] {
                replace(&link, contents.as_bytes()).unwrap();
                assert_eq!(fs::read_to_string(&link).unwrap(), contents);
            }
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        }

        #[test]
        fn a_folder_that_may_not_be_written_is_named() {
            let folder = tempfile::tempdir().unwrap();
            let at = |name: &str| folder.path().join(name);
            fs::create_dir(at("shut")).unwrap();
            fs::write(at("shut/x.intent"), "old").unwrap();
            symlink("shut/x.intent", at("link")).unwrap();
            fs::set_permissions(at("shut"), fs::Permissions::from_mode(0o555)).unwrap();
            // The superuser may write anywhere.
            if check_folder(&at("shut")).is_err() {
                let said = replace(&at("link"), b"new").unwrap_err().to_string();
                assert!(said.contains("shut/x.intent: cannot write beside the file"), "{said}");
            }
            fs::set_permissions(at("shut"), fs::Permissions::from_mode(0o755)).unwrap();
        }
    }
}
