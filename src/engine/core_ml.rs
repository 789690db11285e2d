//! Core ML through its Objective-C interface, on macOS 12 and iOS 15 or later.
//!
//! The model's package is exported and compiled once, into a cache that outlives the process. An
//! `MLModel` is used by one thread at a time, as its documentation requires; a lock ensures that.
//! None of this has run on an Apple system yet: it is compiled and linked for them.

use super::layout::{cache_name, copy_rows, extent, is_stale};
use super::{Candidate, Engine, Plan};
use crate::export::{self, CoreMlOptions, CoreMlPrecision};
use crate::model::Model;
use crate::shape::DIMENSIONS;
use crate::vectorizer::FeatureVector;
use block2::RcBlock;
use objc2::rc::{Retained, autoreleasepool};
use objc2::runtime::{AnyClass, AnyObject, ProtocolObject};
use objc2::{AnyThread, ClassType, msg_send, sel};
use objc2_core_ml::{
    MLArrayBatchProvider, MLBatchProvider, MLComputePlan, MLComputeUnits, MLDictionaryFeatureProvider,
    MLFeatureProvider, MLFeatureValue, MLModel, MLModelConfiguration, MLMultiArray, MLMultiArrayDataType,
};
use objc2_foundation::{
    NSArray, NSDictionary, NSError, NSNumber, NSOperatingSystemVersion, NSProcessInfo, NSString, NSURL,
};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Maximum number of rows per batch. Their arrays are created for each batch and live as long as
/// it.
const BATCH: usize = 256;

/// Returns Core ML on each choice of compute units, with a package of that precision.
/// [`EngineChoice::Auto`](super::EngineChoice::Auto) excludes the GPU if the system allows that:
/// for a network this small it is never the fastest, and its compiler is reported to crash
/// processes.
pub(super) fn candidates(precision: CoreMlPrecision) -> Vec<Candidate> {
    let newer = can_ask_for_the_neural_engine();
    let units = [
        ("core-ml-neural-engine", MLComputeUnits::CPUAndNeuralEngine, newer),
        ("core-ml-cpu", MLComputeUnits::CPUOnly, true),
        ("core-ml-all", MLComputeUnits::All, !newer),
        ("core-ml-gpu", MLComputeUnits::CPUAndGPU, false),
    ];
    let units =
        units.into_iter().filter(|&(_, units, _)| newer || units != MLComputeUnits::CPUAndNeuralEngine);
    let candidate = |(name, units, is_usual)| Candidate {
        name,
        is_usual,
        build: Box::new(move |model: &Arc<Model>| {
            let engine = CoreMl::new(name, model, units, precision)?;
            Ok(Box::new(engine) as Box<dyn Engine>)
        }),
    };
    #[cfg_attr(not(all(feature = "coreml-rs", target_os = "macos")), expect(unused_mut))]
    let mut candidates: Vec<Candidate> = units.map(candidate).collect();
    #[cfg(all(feature = "coreml-rs", target_os = "macos"))]
    candidates.push(Candidate {
        name: "core-ml-coreml-rs",
        is_usual: true,
        build: Box::new(move |model: &Arc<Model>| {
            let engine = super::CoreMlRs::new(&compiled(model, precision)?)?;
            Ok(Box::new(engine) as Box<dyn Engine>)
        }),
    });
    candidates
}

/// Returns true if the system has the compute units "CPU and Neural Engine": macOS 13, iOS 16, tvOS
/// 16, watchOS 9 or later.
fn can_ask_for_the_neural_engine() -> bool {
    let major = match () {
        () if cfg!(target_os = "macos") => 13,
        () if cfg!(target_os = "watchos") => 9,
        () if cfg!(target_os = "visionos") => 1,
        () => 16,
    };
    let version = NSOperatingSystemVersion { majorVersion: major, minorVersion: 0, patchVersion: 0 };
    NSProcessInfo::processInfo().isOperatingSystemAtLeastVersion(version)
}

/// The class name of a Neural Engine among compute devices.
const NEURAL_ENGINE: &[u8] = b"MLNeuralEngineComputeDevice";
/// Time limit for the system's plan, which arrives by a callback.
const PLAN_LIMIT: Duration = Duration::from_secs(10);

/// As [`super::has_neural_engine`].
pub(super) fn has_neural_engine() -> Option<bool> {
    autoreleasepool(|_| {
        let class = MLModel::class();
        // SAFETY: every class responds to this selector; its method returns an array of
        // objects.
        unsafe {
            let knows: bool = msg_send![class, respondsToSelector: sel!(availableComputeDevices)];
            if !knows {
                return None;
            }
            let devices: Retained<NSArray<AnyObject>> = msg_send![class, availableComputeDevices];
            Some(devices.iter().any(|device| device.class().name().to_bytes() == NEURAL_ENGINE))
        }
    })
}

/// A plan in transfer from the system's thread to ours.
struct Sent(Option<Retained<MLComputePlan>>);

// SAFETY: the plan is immutable, and is moved as a whole.
unsafe impl Send for Sent {}

/// Returns the system's plan for a compiled model. `None` if the system is too old (before macOS
/// 14.4, iOS 17.4) or doesn't respond.
fn plan(place: &NSURL, configuration: &MLModelConfiguration) -> Option<Plan> {
    // Looked up at run time: naming a class that doesn't exist would fail.
    AnyClass::get(c"MLComputePlan")?;
    let (send, receive) = sync_channel(1);
    let handler = RcBlock::new(move |plan: *mut MLComputePlan, _: *mut NSError| {
        // SAFETY: NULL, or a plan that lives at least during the call.
        let plan = unsafe { Retained::retain(plan) };
        // After the time limit there is no receiver.
        let _ = send.try_send(Sent(plan));
    });
    // SAFETY: a file URL of a compiled model, its configuration, and a block that may be called on
    // any thread.
    unsafe {
        MLComputePlan::loadContentsOfURL_configuration_completionHandler(place, configuration, &handler)
    };
    let plan = receive.recv_timeout(PLAN_LIMIT).ok()?.0?;
    // SAFETY: property reads of immutable objects.
    unsafe {
        let program = plan.modelStructure().program()?;
        let main = program.functions().objectForKey(&NSString::from_str("main"))?;
        let (mut operations, mut planned_on_neural_engine) = (0, 0);
        for operation in main.block().operations().iter() {
            let Some(usage) = plan.computeDeviceUsageForMLProgramOperation(&operation) else { continue };
            let device = usage.preferredComputeDevice();
            let device: &AnyObject = (*device).as_ref();
            operations += 1;
            planned_on_neural_engine += usize::from(device.class().name().to_bytes() == NEURAL_ENGINE);
        }
        Some(Plan { planned_on_neural_engine, operations })
    }
}

/// A loaded model with the array that its rows pass through.
struct Loaded {
    model: Retained<MLModel>,
    input: Retained<MLMultiArray>,
    features: Retained<MLDictionaryFeatureProvider>,
}

// SAFETY: the objects are used under a lock, by one thread at a time, and are not bound to a
// thread.
unsafe impl Send for Loaded {}

struct CoreMl {
    name: &'static str,
    loaded: Mutex<Loaded>,
    plan: Option<Plan>,
}

fn sentence(what: &str, error: &NSError) -> String {
    format!("Core ML {what}: {}", error.localizedDescription())
}

fn url(path: &Path) -> Result<Retained<NSURL>, String> {
    let text = path.to_str().ok_or_else(|| format!("{} is not UTF-8", path.display()))?;
    Ok(NSURL::fileURLWithPath_isDirectory(&NSString::from_str(text), true))
}

/// Returns the folder of compiled packages.
fn cache() -> Result<PathBuf, String> {
    let base = std::env::var_os("HOME")
        .map_or_else(std::env::temp_dir, |home| Path::new(&home).join("Library/Caches"));
    let folder = base.join("IntentKit");
    fs::create_dir_all(&folder)
        .map_err(|error| format!("{}: cannot make the cache: {error}", folder.display()))?;
    Ok(folder)
}

/// Returns the compiled package of a model, from the cache or compiled now.
fn compiled(model: &Model, precision: CoreMlPrecision) -> Result<PathBuf, String> {
    let options = CoreMlOptions { precision, ..CoreMlOptions::default() };
    let system = NSProcessInfo::processInfo().operatingSystemVersionString().to_string();
    let folder = cache()?;
    let place = folder.join(cache_name(&model.metadata().checksum, options.precision.name(), &system));
    if place.is_dir() {
        return Ok(place);
    }
    let made = tempfile::tempdir_in(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let package = made.path().join("model.mlpackage");
    export::core_ml(model, &package, &options).map_err(|error| error.to_string())?;
    let source = url(&package)?;
    // The alternative to this call uses a callback, and needs macOS 13.
    #[allow(deprecated)]
    // SAFETY: a file URL of a package; the result is a URL or an error.
    let compiled = unsafe { MLModel::compileModelAtURL_error(&source) }
        .map_err(|e| sentence("cannot compile the model", &e))?;
    let compiled =
        compiled.path().ok_or_else(|| "Core ML compiled the model to no file".to_owned())?.to_string();
    // First to the same file system, so that the cache never holds a partial package.
    let here = made.path().join("compiled");
    if fs::rename(&compiled, &here).is_err() {
        copy_folder(Path::new(&compiled), &here)
            .map_err(|error| format!("{compiled}: cannot copy it: {error}"))?;
        let _ = fs::remove_dir_all(&compiled);
    }
    match fs::rename(&here, &place) {
        Ok(()) => {
            remove_stale(&folder, &place);
            Ok(place)
        }
        // Another process was faster.
        Err(_) if place.is_dir() => Ok(place),
        Err(error) => Err(format!("{}: cannot put it in place: {error}", place.display())),
    }
}

/// Removes packages of the same model compiled by an older library or system. Ignores failures.
fn remove_stale(folder: &Path, current: &Path) {
    let (Ok(entries), Some(current)) =
        (fs::read_dir(folder), current.file_name().and_then(|name| name.to_str()))
    else {
        return;
    };
    for entry in entries.flatten() {
        if entry.file_name().to_str().is_some_and(|name| is_stale(name, current)) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn copy_folder(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}

/// Creates an array for one row of features.
fn row_array() -> Result<Retained<MLMultiArray>, String> {
    let shape = NSArray::from_retained_slice(&[NSNumber::new_usize(1), NSNumber::new_usize(DIMENSIONS)]);
    // SAFETY: two positive dimensions.
    unsafe {
        MLMultiArray::initWithShape_dataType_error(
            MLMultiArray::alloc(),
            &shape,
            MLMultiArrayDataType::Float32,
        )
    }
    .map_err(|error| sentence("gives no array", &error))
}

fn fill(array: &MLMultiArray, row: &FeatureVector) {
    // SAFETY: `row_array` created it: 256 float32 in a row, which no one else accesses meanwhile.
    // Before macOS 12.3 there is no other access to its memory.
    #[allow(deprecated)]
    unsafe {
        array.dataPointer().cast::<f32>().as_ptr().copy_from_nonoverlapping(row.as_ptr(), DIMENSIONS);
    }
}

fn provider(array: &MLMultiArray) -> Result<Retained<MLDictionaryFeatureProvider>, String> {
    // SAFETY: a feature value of an array, under the name of the package's input.
    unsafe {
        let value = MLFeatureValue::featureValueWithMultiArray(array);
        let value: &AnyObject = value.as_ref();
        let dictionary = NSDictionary::from_slices(&[&*NSString::from_str("features")], &[value]);
        MLDictionaryFeatureProvider::initWithDictionary_error(
            MLDictionaryFeatureProvider::alloc(),
            &dictionary,
        )
        .map_err(|error| sentence("refuses the features", &error))
    }
}

/// Copies one row's logits out of a prediction.
fn read(outputs: &ProtocolObject<dyn MLFeatureProvider>, logits: &mut [f32]) -> Result<(), String> {
    // SAFETY: property reads of a feature provider and an array; the results are checked below.
    let array = unsafe {
        let value = outputs.featureValueForName(&NSString::from_str("logits"));
        value.and_then(|value| value.multiArrayValue())
    };
    let array = array.ok_or_else(|| "Core ML returned no array of logits".to_owned())?;
    // SAFETY: as above.
    let (kind, shape, strides) = unsafe { (array.dataType(), array.shape(), array.strides()) };
    let pair = |numbers: &NSArray<NSNumber>| -> Option<[usize; 2]> {
        let all: Vec<usize> = numbers.iter().map(|number| number.as_usize()).collect();
        all.try_into().ok()
    };
    let (Some(shape), Some(strides), true) =
        (pair(&shape), pair(&strides), kind == MLMultiArrayDataType::Float32)
    else {
        return Err("Core ML gave logits of another type or shape than the package declares".to_owned());
    };
    let reach =
        extent(shape, strides).ok_or_else(|| "Core ML gave logits of impossible strides".to_owned())?;
    // SAFETY: an array's memory covers all that its shape and strides reach; it lives while `array`
    // is held, and nothing writes to it.
    #[allow(deprecated)]
    let from = unsafe { std::slice::from_raw_parts(array.dataPointer().cast::<f32>().as_ptr(), reach) };
    match copy_rows(from, shape, strides, logits) {
        true => Ok(()),
        false => Err(format!("Core ML gave logits of shape {shape:?} for {} labels", logits.len())),
    }
}

impl CoreMl {
    fn new(
        name: &'static str,
        model: &Model,
        units: MLComputeUnits,
        precision: CoreMlPrecision,
    ) -> Result<Self, String> {
        autoreleasepool(|_| {
            if units == MLComputeUnits::CPUAndNeuralEngine && has_neural_engine() == Some(false) {
                return Err("this system has no Neural Engine".to_owned());
            }
            let place = url(&compiled(model, precision)?)?;
            // SAFETY: a configuration of known units; a file URL of a compiled model.
            let (configuration, loaded) = unsafe {
                let configuration = MLModelConfiguration::new();
                configuration.setComputeUnits(units);
                let loaded = MLModel::modelWithContentsOfURL_configuration_error(&place, &configuration);
                (configuration, loaded)
            };
            let model = loaded.map_err(|error| sentence("cannot load the model", &error))?;
            let input = row_array()?;
            let features = provider(&input)?;
            let plan = plan(&place, &configuration);
            Ok(CoreMl { name, loaded: Mutex::new(Loaded { model, input, features }), plan })
        })
    }
}

impl Engine for CoreMl {
    fn name(&self) -> &'static str {
        self.name
    }

    fn plan(&self) -> Option<Plan> {
        self.plan
    }

    fn logits(&self, model: &Model, rows: &[FeatureVector], logits: &mut [f32]) -> Result<(), String> {
        let labels = model.labels().len();
        // Nothing panics while the lock is held.
        let loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let [row] = rows {
            return autoreleasepool(|_| {
                fill(&loaded.input, row);
                // SAFETY: the features that the package declares.
                let outputs = unsafe {
                    loaded.model.predictionFromFeatures_error(ProtocolObject::from_ref(&*loaded.features))
                };
                let outputs = outputs.map_err(|error| sentence("cannot predict", &error))?;
                read(&outputs, logits)
            });
        }
        for (rows, logits) in rows.chunks(BATCH).zip(logits.chunks_mut(BATCH * labels)) {
            autoreleasepool(|_| {
                let features = rows.iter().map(|row| {
                    let array = row_array()?;
                    fill(&array, row);
                    provider(&array).map(ProtocolObject::from_retained)
                });
                let features = features
                    .collect::<Result<Vec<Retained<ProtocolObject<dyn MLFeatureProvider>>>, String>>()?;
                let features = NSArray::from_retained_slice(&features);
                // SAFETY: providers of the features that the package declares.
                let outputs = unsafe {
                    let batch = MLArrayBatchProvider::initWithFeatureProviderArray(
                        MLArrayBatchProvider::alloc(),
                        &features,
                    );
                    loaded.model.predictionsFromBatch_error(ProtocolObject::from_ref(&*batch))
                };
                let outputs = outputs.map_err(|error| sentence("cannot predict a batch", &error))?;
                // SAFETY: a property read.
                if unsafe { outputs.count() } != rows.len() as isize {
                    return Err("Core ML answered a different number of rows than given".to_owned());
                }
                for (i, logits) in logits.chunks_mut(labels).enumerate() {
                    // SAFETY: within the number of rows.
                    let of_row = unsafe { outputs.featuresAtIndex(i as isize) };
                    read(&of_row, logits)?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }
}
