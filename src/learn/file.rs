//! The training-state file (`.learner`): the training state, and the changes made since it was
//! written.
//!
//! ```text
//! "intentL1"
//! record*      kind u32 · length u32 · XXH3-64 of the contents · XXH3-64 of the three before · contents
//! ```
//!
//! All numbers are little-endian. The first records hold the training state at the time of writing:
//! metadata (JSON), the model (the bytes of a `.intent` file), the indices of the rows in use,
//! their float32 values, their frequencies and moments, and the kept examples (JSON).
//!
//! After them comes one record for each change, or for several changes made together (JSON). A
//! record is appended after its changes were made and before their result is visible; if that
//! fails, the changes are undone. Reading the file repeats the changes, which gives the same model
//! byte for byte. An incomplete last record, as a crash leaves it, is dropped; damage before it is
//! an error.

use super::replay::{Kept, KeptExample};
use super::{Change, Learner};
use crate::error::{Error, Result};
use crate::files::{self, folder, is_at, is_same, sweep, take_after, target, write_beside};
use crate::model::Model;
use crate::room;
use crate::shape::DIMENSIONS;
use crate::sources;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use twox_hash::XxHash3_64;

const MAGIC: &[u8; 8] = b"intentL1";
const HEADER: usize = 24;

const ABOUT: u32 = 1;
const MODEL: u32 = 2;
const ROWS: u32 = 3;
const TABLE: u32 = 4;
const STATE: u32 = 5;
const KEPT: u32 = 6;
const CHANGE: u32 = 7;
/// Several changes: all are made, or none.
const CHANGES: u32 = 8;
/// Kinds of the records before the first change.
const SNAPSHOT: [u32; 6] = [ABOUT, MODEL, ROWS, TABLE, STATE, KEPT];

/// Number of changes after which the file is rewritten, which keeps reading it fast.
const MOST_CHANGES: usize = 128;

/// What a completed change survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// The end of the process, including a crash. The system decides when to write to the disk.
    #[default]
    Process,
    /// A power loss too: every change waits for the disk.
    Power,
}

/// The JSON part of a training state.
#[derive(Serialize, Deserialize)]
struct About {
    has_history: bool,
    changes: u64,
    /// Step between the integers of the embedding table.
    step: f32,
}

/// An open training-state file. It is locked, so no other process can open it. It is readable by
/// its owner alone (mode 0600), since it holds texts.
///
/// Before each write the path is compared with the open file: a record in a file without a name
/// would be lost.
pub struct LearnerFile {
    path: PathBuf,
    /// The absolute path, unaffected by a change of the working directory.
    place: PathBuf,
    file: File,
    /// Offset of the next record.
    end: u64,
    changes: usize,
    durability: Durability,
    /// Whether a write failed and its partial record couldn't be removed.
    broken: bool,
    /// Whether the file is read-only.
    read_only: bool,
}

impl LearnerFile {
    /// Writes a training state to a file atomically, replacing an existing file. A symbolic link
    /// stays, and its target is replaced.
    ///
    /// # Errors
    /// [`Error::Io`], or [`Error::Learner`] if another process or classifier has the file open.
    pub fn create(path: &Path, learner: &Learner, durability: Durability) -> Result<LearnerFile> {
        LearnerFile::save(path, learner, durability, None)
    }

    /// As [`LearnerFile::create`], also if the existing file is `open` itself.
    pub(crate) fn save(
        path: &Path,
        learner: &Learner,
        durability: Durability,
        open: Option<&LearnerFile>,
    ) -> Result<LearnerFile> {
        let place = place(path)?;
        let metadata = |open: &LearnerFile| Some((open.file.metadata().ok()?, fs::metadata(&place).ok()?));
        let is_open = open.and_then(metadata).is_some_and(|(open, there)| is_same(&open, &there));
        // Locked until it is replaced.
        let there = if is_open { None } else { locked(&place, path, &[Access::Read])? };
        LearnerFile::write_new(path, place, learner, durability, is_open || there.is_some())
    }

    /// As [`LearnerFile::create`], for a path that must not exist.
    ///
    /// # Errors
    /// As [`LearnerFile::create`], and [`Error::Io`] if the file exists; it stays unchanged.
    pub fn create_new(path: &Path, learner: &Learner, durability: Durability) -> Result<LearnerFile> {
        LearnerFile::write_new(path, place(path)?, learner, durability, false)
    }

    fn write_new(
        path: &Path,
        place: PathBuf,
        learner: &Learner,
        durability: Durability,
        replace: bool,
    ) -> Result<LearnerFile> {
        let contents = snapshot(learner)?;
        let end = contents.len() as u64;
        let file = write(&place, &contents, || Ok(replace))?;
        sweep(folder(&place), &prefix(&place));
        let path = path.to_owned();
        Ok(LearnerFile { path, place, file, end, changes: 0, durability, broken: false, read_only: false })
    }

    /// Opens a file and repeats the changes in it. A read-only file, or one on a read-only volume,
    /// opens too; learning then fails.
    ///
    /// # Errors
    /// [`Error::Io`], or [`Error::Learner`] if it is not a training-state file, is damaged, or is
    /// open in another process or classifier.
    pub fn open(path: &Path, durability: Durability) -> Result<(LearnerFile, Learner)> {
        let cannot = |e| Error::io(path, "cannot open the training state", e);
        let place = place(path)?;
        let Some((mut file, access)) = locked(&place, path, &[Access::Write, Access::Read])? else {
            return Err(cannot(ErrorKind::NotFound.into()));
        };
        let read_only = access == Access::Read;
        if !read_only {
            sweep(folder(&place), &prefix(&place));
        }
        let mut bytes = vec![];
        file.read_to_end(&mut bytes).map_err(cannot)?;
        let fault = |message: String| Error::Learner { origin: path.display().to_string(), message };
        let (mut learner, changes, end) = read(&bytes).map_err(fault)?;
        drop(bytes);
        for changes in &changes {
            // Changes that fail now also failed when they were made: earlier libraries recorded
            // those too.
            let _ = learner.apply_all(changes);
        }
        if !read_only {
            // A crash may have left an incomplete record at the end.
            file.set_len(end).map_err(cannot)?;
            file.seek(SeekFrom::Start(end)).map_err(cannot)?;
        }
        let (path, changes) = (path.to_owned(), changes.len());
        let broken = false;
        Ok((LearnerFile { path, place, file, end, changes, durability, broken, read_only }, learner))
    }

    /// Returns true if these first bytes are those of a training-state file.
    pub fn is_start(bytes: &[u8; 8]) -> bool {
        bytes == MAGIC
    }

    /// Returns the file's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns true if the path still names the open file, and false if it names no file.
    ///
    /// # Errors
    /// [`Error::Learner`] if it names another file or one that another program has written to,
    /// [`Error::Io`] if the check fails.
    fn is_there(&self) -> Result<bool> {
        let cannot = |e| Error::io(&self.path, "cannot check the training state", e);
        let there = match fs::metadata(&self.place) {
            Ok(there) => there,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(false),
            Err(e) => return Err(cannot(e)),
        };
        // The remains of a failed write, or of a crash before this file was opened, are not another
        // program's.
        let same = is_same(&self.file.metadata().map_err(cannot)?, &there)
            && (self.broken || self.read_only || there.len() == self.end);
        match same {
            true => Ok(true),
            false => Err(self.replaced()),
        }
    }

    fn replaced(&self) -> Error {
        self.fault(
            "another program replaced or changed this training-state file while it was open, so nothing was changed; save the training state to another path, or close the classifier and load the file that is there now",
        )
    }

    fn fault(&self, message: &str) -> Error {
        Error::Learner { origin: self.path.display().to_string(), message: message.into() }
    }

    /// Rewrites the file if it was deleted.
    ///
    /// # Errors
    /// As [`LearnerFile::rewrite`].
    pub fn restore(&mut self, learner: &Learner) -> Result<()> {
        match self.is_there()? {
            true => Ok(()),
            false => self.rewrite(learner),
        }
    }

    fn writable(&self) -> Result<()> {
        match self.read_only {
            true => Err(self.fault(
                "this training-state file is read-only, so nothing was changed; allow writing it, or save the training state to another path",
            )),
            false => Ok(()),
        }
    }

    /// Records changes that belong together, after they were made.
    ///
    /// # Errors
    /// [`Error::Io`], or [`Error::Learner`] if the file is read-only, was deleted (see
    /// [`LearnerFile::restore`]) or was replaced. The file is then unchanged, and the caller must
    /// undo the changes.
    pub fn append(&mut self, changes: &[Change]) -> Result<()> {
        self.writable()?;
        if self.broken {
            let source = std::io::Error::other(
                "an earlier write failed halfway; save the training state to a new file",
            );
            return Err(Error::io(&self.path, "cannot write to the training state", source));
        }
        if !self.is_there()? {
            return Err(self.fault(
                "this training-state file was deleted while it was open, so nothing was changed; save the training state again",
            ));
        }
        let mut bytes = vec![];
        match changes {
            [] => return Ok(()),
            [change] => record(CHANGE, &json(change)?, &mut bytes)?,
            changes => record(CHANGES, &json(&changes)?, &mut bytes)?,
        }
        let written = self.file.write_all(&bytes).and_then(|()| match self.durability {
            Durability::Process => Ok(()),
            Durability::Power => self.file.sync_data(),
        });
        if let Err(e) = written {
            let back = self.file.set_len(self.end).and_then(|()| self.file.seek(SeekFrom::Start(self.end)));
            self.broken = back.is_err();
            return Err(Error::io(&self.path, "cannot write to the training state; nothing was learned", e));
        }
        self.end += bytes.len() as u64;
        self.changes += 1;
        Ok(())
    }

    /// Rewrites the file if it holds many changes. If the disk has no space for that, it stays as
    /// it is.
    pub fn tidy(&mut self, learner: &Learner) {
        if self.changes >= MOST_CHANGES {
            let _ = self.rewrite(learner);
        }
    }

    /// Rewrites the file with the current training state, atomically. Creates it again if it was
    /// deleted.
    ///
    /// # Errors
    /// [`Error::Io`], or [`Error::Learner`] if the file is read-only or another file has its path;
    /// the file is then unchanged.
    pub fn rewrite(&mut self, learner: &Learner) -> Result<()> {
        self.writable()?;
        // Before the work, and again before the rename.
        self.is_there()?;
        let contents = snapshot(learner)?;
        let file = write(&self.place, &contents, || self.is_there()).map_err(|error| match error {
            Error::Io { source, .. } if source.kind() == ErrorKind::AlreadyExists => self.replaced(),
            error => error,
        })?;
        (self.file, self.end, self.changes, self.broken) = (file, contents.len() as u64, 0, false);
        Ok(())
    }
}

/// Writes a file atomically, after checking that `contents` can be read back. Locks it before it
/// gets its name, and keeps the permissions of an existing file. Calls `replace` last; it returns
/// whether an existing file may be replaced.
fn write(place: &Path, contents: &[u8], replace: impl FnOnce() -> Result<bool>) -> Result<File> {
    let defect = |fault| Error::Learner {
        origin: place.display().to_string(),
        message: format!(
            "not written, because its contents could not be read back ({fault}); please report this"
        ),
    };
    read(contents).map_err(defect)?;
    // The file holds texts, so it is for its owner alone, unless an existing file has other
    // permissions.
    let written = write_beside(place, &prefix(place), contents, 0o600)?;
    if let Ok(there) = fs::metadata(place) {
        take_after(written.file(), &there).map_err(|e| Error::io(place, "cannot give it its mode", e))?;
    }
    written.put(place, replace()?)
}

/// The access that a file is opened with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    Write,
}

/// Opens a file with the first of the `wanted` accesses that the system allows, and locks it.
/// Returns `None` if the file doesn't exist. The holder of the lock may rewrite the file between
/// the two steps, so the path is compared with the opened file.
fn locked(place: &Path, path: &Path, wanted: &[Access]) -> Result<Option<(File, Access)>> {
    let cannot = |e| Error::io(path, "cannot open the training state", e);
    /// More often than it can be rewritten meanwhile.
    const TRIES: usize = 8;
    for _ in 0..TRIES {
        let open = |access| OpenOptions::new().read(true).write(access == Access::Write).open(place);
        let mut opened = Err(ErrorKind::NotFound.into());
        for &access in wanted {
            opened = open(access).map(|file| (file, access));
            let refused = |e: &std::io::Error| {
                matches!(e.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem)
            };
            if !opened.as_ref().is_err_and(refused) {
                break;
            }
        }
        let (file, access) = match opened {
            Ok(opened) => opened,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(cannot(e)),
        };
        if !file.metadata().map_err(cannot)?.is_file() {
            return Err(cannot(std::io::Error::new(ErrorKind::InvalidInput, "it is not a regular file")));
        }
        lock(&file, path)?;
        match is_at(&file, place) {
            Ok(true) => return Ok(Some((file, access))),
            // Renamed or deleted meanwhile.
            Ok(false) => {}
            Err(e) if e.kind() == ErrorKind::NotFound => {}
            Err(e) => return Err(cannot(e)),
        }
    }
    Err(Error::Learner {
        origin: path.display().to_string(),
        message: "the file was replaced again and again while it was being opened; try again later".into(),
    })
}

/// Returns the absolute path of a file, links followed, unaffected by later changes of the working
/// directory or of links.
fn place(path: &Path) -> Result<PathBuf> {
    std::path::absolute(target(path)?)
        .map_err(|e| Error::io(path, "cannot find the training state's folder", e))
}

/// Returns the prefix of the names of temporary files beside a training-state file.
fn prefix(path: &Path) -> OsString {
    let mut prefix = OsString::from(".");
    prefix.push(path.file_name().unwrap_or_default());
    prefix.push("-");
    prefix
}

/// Locks the file for this process.
fn lock(file: &File, path: &Path) -> Result<()> {
    match files::lock(file) {
        Ok(true) => Ok(()),
        Ok(false) => Err(Error::Learner {
            origin: path.display().to_string(),
            message:
                "another process or classifier has this training state open; only one can learn at a time"
                    .into(),
        }),
        Err(e) => Err(Error::io(path, "cannot lock the training state", e)),
    }
}

fn json(value: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|e| Error::invalid(format!("cannot write the training state: {e}")))
}

fn record(kind: u32, contents: &[u8], to: &mut Vec<u8>) -> Result<()> {
    let too_long = |_| Error::invalid("a record of the training state would have more than 4 GB");
    let length = u32::try_from(contents.len()).map_err(too_long)?;
    let start = to.len();
    to.extend(kind.to_le_bytes());
    to.extend(length.to_le_bytes());
    to.extend(XxHash3_64::oneshot(contents).to_le_bytes());
    to.extend(XxHash3_64::oneshot(&to[start..]).to_le_bytes());
    to.extend_from_slice(contents);
    Ok(())
}

/// Returns the file of a training state without changes.
fn snapshot(learner: &Learner) -> Result<Vec<u8>> {
    let Learner { model, state, kept, has_history, changes, .. } = learner;
    // The rows of the embedding table, a copy of them while they are written, and the model.
    room::check::<f32>(2 * state.weights.table.len())?;
    let mut bytes = MAGIC.to_vec();
    let about = About { has_history: *has_history, changes: *changes, step: state.step };
    record(ABOUT, &json(&about)?, &mut bytes)?;
    record(MODEL, model.as_bytes(), &mut bytes)?;
    let idf = &state.frequencies.idf;
    let used: Vec<u32> = (0..idf.len() as u32).filter(|&row| idf[row as usize] > 0.0).collect();
    record(ROWS, bytemuck::cast_slice(&used), &mut bytes)?;
    let values = state.weights.table.as_slice().unwrap_or_default().as_chunks::<DIMENSIONS>().0;
    let table: Vec<[f32; DIMENSIONS]> = used.iter().map(|&row| values[row as usize]).collect();
    record(TABLE, bytemuck::cast_slice(&table), &mut bytes)?;
    drop(table);
    let (moments, decays) = (&state.weights.table_moments, &state.weights.table_decays);
    let numbers: Vec<[f32; 3]> =
        used.iter().map(|&row| row as usize).map(|row| [idf[row], moments[row], decays[row]]).collect();
    record(STATE, bytemuck::cast_slice(&numbers), &mut bytes)?;
    record(KEPT, &json(&kept.examples)?, &mut bytes)?;
    Ok(bytes)
}

/// Kind and contents of a record.
type Record<'a> = (u32, &'a [u8]);

/// Returns the records of a file, and the offset where the last complete one ends.
fn records(bytes: &[u8]) -> Result<(Vec<Record<'_>>, u64), String> {
    let Some(mut rest) = bytes.strip_prefix(MAGIC) else {
        return Err(match sources::no_text(bytes) {
            Some(kind) => format!("not an IntentKit training-state file: it is {kind}"),
            None => "not an IntentKit training-state file, or one of another version".into(),
        });
    };
    let mut records = vec![];
    loop {
        let end = (bytes.len() - rest.len()) as u64;
        let damaged = || {
            format!("damaged at byte {end}; restore a backup, or train a new model with a new training state")
        };
        let Some((header, behind)) = rest.split_at_checked(HEADER) else { return Ok((records, end)) };
        let number =
            |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let check = |at: usize| u64::from(number(at)) | u64::from(number(at + 4)) << 32;
        if XxHash3_64::oneshot(&header[..16]) != check(16) {
            // Some file systems leave zeros after a power loss.
            return if rest.iter().all(|&byte| byte == 0) { Ok((records, end)) } else { Err(damaged()) };
        }
        let Some((contents, behind)) = behind.split_at_checked(number(4) as usize) else {
            return Ok((records, end));
        };
        if XxHash3_64::oneshot(contents) != check(8) {
            // The last record may be incomplete on the disk.
            return if behind.is_empty() { Ok((records, end)) } else { Err(damaged()) };
        }
        records.push((number(0), contents));
        rest = behind;
    }
}

fn floats<const N: usize>(bytes: &[u8]) -> Vec<[f32; N]> {
    let number = |at: &[u8; 4]| f32::from_le_bytes(*at);
    let numbers: Vec<f32> = bytes.as_chunks::<4>().0.iter().map(number).collect();
    numbers.as_chunks::<N>().0.to_vec()
}

/// The training state as written, the changes after it grouped as they were made, and the offset of
/// the end.
type Contents = (Learner, Vec<Vec<Change>>, u64);

fn read(bytes: &[u8]) -> Result<Contents, String> {
    let (records, end) = records(bytes)?;
    let kinds: Vec<u32> = records.iter().map(|(kind, _)| *kind).collect();
    let Some((SNAPSHOT, changes)) = kinds.split_first_chunk::<6>().map(|(first, rest)| (*first, rest)) else {
        return Err(
            "the file ends too early; restore a backup, or train a new model with a new training state"
                .into(),
        );
    };
    if changes.iter().any(|kind| ![CHANGE, CHANGES].contains(kind)) {
        return Err("written by a newer IntentKit; update the library to open it".into());
    }
    let unreadable = |e: serde_json::Error| format!("cannot be read: {e}");
    let about: About = serde_json::from_slice(records[0].1).map_err(unreadable)?;
    let model = Model::from_bytes(records[1].1).map_err(|e| format!("its model cannot be used: {e}"))?;
    let labels = model.labels().len();
    let mut learner = Learner::of(Arc::new(model)).map_err(|e| format!("its model cannot learn: {e}"))?;
    let used: Vec<usize> =
        records[2].1.as_chunks::<4>().0.iter().map(|row| u32::from_le_bytes(*row) as usize).collect();
    let (table, numbers) = (floats::<DIMENSIONS>(records[3].1), floats::<3>(records[4].1));
    let examples: Vec<KeptExample> = serde_json::from_slice(records[5].1).map_err(unreadable)?;
    let rows = learner.state.frequencies.idf.len();
    let finite = |values: &[f32]| values.iter().all(|value| value.is_finite());
    let sound = table.len() == used.len()
        && numbers.len() == used.len()
        && used.iter().all(|&row| row < rows)
        && table.iter().all(|row| finite(row))
        && numbers.iter().all(|row| finite(row))
        && examples.iter().flat_map(|example| &example.labels).all(|&label| (label as usize) < labels)
        && about.step.is_finite()
        && about.step > 0.0;
    if !sound {
        return Err("its parts do not fit each other".into());
    }
    learner.state.restore(&used, &table, &numbers, about.step);
    (learner.has_history, learner.changes) = (about.has_history, about.changes);
    learner.kept = Kept::default();
    examples.into_iter().for_each(|example| learner.kept.push(example));
    let changes = records[SNAPSHOT.len()..].iter().map(|(kind, contents)| match *kind {
        CHANGE => serde_json::from_slice(contents).map(|change| vec![change]),
        _ => serde_json::from_slice(contents),
    });
    let changes = changes.collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
    Ok((learner, changes, end))
}
