internal import CIntentKit
import Foundation

/// Engine to compute the network.
public enum EngineChoice: String, Hashable, Sendable, Codable, CaseIterable {
    /// The CPU. The default, and likely the fastest everywhere for one text at a time.
    case cpu
    /// The fastest engine that agrees with the CPU, chosen separately for one text and for batches.
    case automatic = "auto"
    /// Core ML, if it agrees with the CPU, even if the CPU is faster. Uses the faster of two: Core
    /// ML on the CPU alone, or on the CPU and the Neural Engine.
    case coreML = "core-ml"
    /// Core ML on any compute units.
    case coreMLOnAll = "core-ml-all"
    /// Core ML on the CPU and the Neural Engine. Needs macOS 13 or iOS 16.
    case coreMLOnNeuralEngine = "core-ml-neural-engine"
    /// Core ML on the CPU and the GPU.
    case coreMLOnGPU = "core-ml-gpu"
    /// Core ML on the CPU.
    case coreMLOnCPU = "core-ml-cpu"

    var choice: intent_engine_choice {
        switch self {
        case .cpu: INTENT_ENGINE_CHOICE_CPU
        case .automatic: INTENT_ENGINE_CHOICE_AUTO
        case .coreML: INTENT_ENGINE_CHOICE_CORE_ML
        case .coreMLOnAll: INTENT_ENGINE_CHOICE_CORE_ML_ALL
        case .coreMLOnNeuralEngine: INTENT_ENGINE_CHOICE_CORE_ML_NEURAL_ENGINE
        case .coreMLOnGPU: INTENT_ENGINE_CHOICE_CORE_ML_GPU
        case .coreMLOnCPU: INTENT_ENGINE_CHOICE_CORE_ML_CPU
        }
    }
}

/// Which engines are in use, and why.
public struct EngineReport: Hashable, Sendable, Decodable {
    /// Times of an engine: medians in microseconds.
    public struct Figures: Hashable, Sendable, Decodable {
        /// For a single feature row.
        public let single: Double
        /// For each row in a batch of 64 rows.
        public let batch: Double

        enum CodingKeys: String, CodingKey {
            case single = "single_us", batch = "batch_us"
        }
    }

    /// The system's plan for the operations of an engine. A plan, not a measurement.
    public struct Plan: Hashable, Sendable, Decodable {
        /// Number of operations planned to run on a Neural Engine.
        public let plannedOnNeuralEngine: Int
        /// Number of operations.
        public let operations: Int

        enum CodingKeys: String, CodingKey {
            case plannedOnNeuralEngine = "planned_on_neural_engine", operations
        }
    }

    /// An engine that was considered.
    public struct Candidate: Hashable, Sendable, Decodable {
        /// Result of building and measuring an engine.
        public enum State: Hashable, Sendable, Decodable {
            /// It gives the answers of the CPU, in these times.
            case agrees(Figures)
            /// It couldn't be built in time, or gave other answers. Holds the reason.
            case dropped(String)
            /// It failed later, and the CPU replaced it. Holds the reason.
            case failed(String)

            enum CodingKeys: String, CodingKey {
                case agrees, dropped, failed
            }

            public init(from decoder: any Decoder) throws {
                let keys = try decoder.container(keyedBy: CodingKeys.self)
                if let figures = try keys.decodeIfPresent(Figures.self, forKey: .agrees) {
                    self = .agrees(figures)
                } else if let reason = try keys.decodeIfPresent(String.self, forKey: .dropped) {
                    self = .dropped(reason)
                } else {
                    self = .failed(try keys.decode(String.self, forKey: .failed))
                }
            }
        }

        /// Name of the engine.
        public let name: String
        /// Result of building and measuring it.
        public let state: State
        /// The system's plan; `nil` if the system doesn't tell.
        public let plan: Plan?
    }

    /// The choice of ``IntentClassifier/setEngine(_:)``.
    public let asked: EngineChoice
    /// Name of the engine for single texts.
    public let single: String
    /// Name of the engine for batches.
    public let batch: String
    /// True while engines are being measured. The CPU answers until that is done.
    public let isMeasuring: Bool
    /// Times of the CPU; `nil` before measuring.
    public let cpu: Figures?
    /// The engines that were considered.
    public let candidates: [Candidate]
    /// Why no engine of the choice could be tried, so that the CPU answers; `nil` otherwise.
    public let note: String?
    /// True if the system has a Neural Engine, false if not; `nil` if it doesn't tell.
    public let hasNeuralEngine: Bool?

    enum CodingKeys: String, CodingKey {
        case asked, single, batch, isMeasuring = "measuring", cpu, candidates, note, hasNeuralEngine = "neural_engine"
    }
}

/// Number format that a Core ML package computes in.
public enum CoreMLPrecision: Hashable, Sendable, CaseIterable {
    /// float16 weights and activations, as the Neural Engine computes. Needs macOS 12 or iOS 15.
    case float16
    /// float32 throughout. Never runs on the Neural Engine. Needs macOS 12 or iOS 15.
    case float32
    /// The model's own integer weights and float16 activations: about half the size of a float16
    /// package. Needs macOS 13 or iOS 16.
    case int8

    var precision: intent_precision {
        switch self {
        case .float16: INTENT_PRECISION_FLOAT16
        case .float32: INTENT_PRECISION_FLOAT32
        case .int8: INTENT_PRECISION_INT8
        }
    }
}

extension IntentClassifier {
    /// Which engines are in use, and why.
    public var engineReport: EngineReport {
        get throws(IntentError) { try decode(EngineReport.self, from: try handle.text { intent_engine_json($0, $1, $2, $3, $4) }) }
    }

    /// Chooses the engine that computes the network, and returns at once. Defaults to
    /// ``EngineChoice/cpu``.
    ///
    /// Engines are built, compared with the CPU and measured in the background. The CPU answers
    /// until that is done. If no engine agrees with the CPU, the CPU continues to answer. An engine
    /// that fails later is replaced by the CPU within the same call.
    ///
    /// On systems without Core ML, or without the requested compute units, the CPU answers.
    /// ``engineReport`` tells why.
    public func setEngine(_ choice: EngineChoice) throws(IntentError) {
        try handle.call { intent_set_engine_choice($0, UInt32(choice.choice.rawValue), $1) }
    }

    /// Writes the network as a Core ML package, an ML Program, in one step. An existing package is
    /// replaced.
    ///
    /// Its input `features` takes the vectors of ``vectorizeClauses(_:)``. Its outputs
    /// `probabilities` (calibrated) and `logits` have one number per label. Labels, thresholds and
    /// the checksum of the model are in its metadata.
    ///
    /// - Parameters:
    ///   - url: URL of the package, by convention NAME.mlpackage.
    ///   - precision: Number format to compute in. Defaults to ``CoreMLPrecision/float16``.
    ///   - rows: Number of feature vectors that the package takes at a time, 1 to 4096. Defaults to
    ///     1.
    ///   - author: Author of the model, for the description of the package. Empty by default.
    ///   - license: Licence of the model, for the description of the package. Empty by default.
    /// - Throws: ``IntentError/invalidArgument(_:)`` if an option is out of range, if something
    ///   other than a package is at `url`, or if the precision can't hold the weights;
    ///   ``IntentError/file(_:)`` if the package can't be written.
    public func exportCoreML(
        to url: URL, precision: CoreMLPrecision = .float16, rows: Int = 1, author: String = "", license: String = ""
    ) throws(IntentError) {
        try handle.call { pointer, problem in
            url.lend { path in
                author.lend { author in
                    license.lend { license in
                        var options = intent_export_options(
                            size: MemoryLayout<intent_export_options>.size, precision: UInt32(precision.precision.rawValue),
                            rows: UInt32(clamping: max(rows, 1)), author: author, license: license)
                        return intent_export_coreml(pointer, path, &options, problem)
                    }
                }
            }
        }
    }
}
