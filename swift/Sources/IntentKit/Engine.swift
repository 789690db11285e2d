internal import CIntentKit
import Foundation

/// Engine to compute the network.
public enum EngineChoice: String, Hashable, Sendable, Codable, CaseIterable {
    /// The CPU. The default, and likely the fastest everywhere for one text at a time.
    case cpu
    /// The fastest engine that agrees with the CPU, chosen separately for one text and for batches.
    case automatic = "auto"
    /// Core ML, if it agrees with the CPU, even if the CPU is faster.
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
    /// What an engine takes, as medians in microseconds.
    public struct Figures: Hashable, Sendable, Decodable {
        /// For one row.
        public let single: Double
        /// For each of 64 rows.
        public let batch: Double

        enum CodingKeys: String, CodingKey {
            case single = "single_us", batch = "batch_us"
        }
    }

    /// How many operations of an engine's program the system plans to run on a Neural Engine. A plan, not a measurement.
    public struct Plan: Hashable, Sendable, Decodable {
        public let plannedOnNeuralEngine: Int
        public let operations: Int

        enum CodingKeys: String, CodingKey {
            case plannedOnNeuralEngine = "planned_on_neural_engine", operations
        }
    }

    /// An engine and what became of it.
    public struct Candidate: Hashable, Sendable, Decodable {
        /// What became of an engine.
        public enum State: Hashable, Sendable, Decodable {
            /// It gives the CPU's answers, in this time.
            case agrees(Figures)
            /// It couldn't be built in time, or gave other answers.
            case dropped(String)
            /// It failed later; the CPU answered in its place.
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

        public let name: String
        public let state: State
        public let plan: Plan?
    }

    /// What was asked for.
    public let asked: EngineChoice
    /// Name of the engine for one text.
    public let single: String
    /// Name of the engine for several.
    public let batch: String
    /// Whether engines are still being measured; until then the CPU answers.
    public let isMeasuring: Bool
    /// What the CPU takes; `nil` before measuring.
    public let cpu: Figures?
    public let candidates: [Candidate]
    /// Why there is no choice, where there is none.
    public let note: String?
    /// Whether this system has a Neural Engine; `nil` where it can't say.
    public let hasNeuralEngine: Bool?

    enum CodingKeys: String, CodingKey {
        case asked, single, batch, isMeasuring = "measuring", cpu, candidates, note, hasNeuralEngine = "neural_engine"
    }
}

/// What a Core ML package computes in.
public enum CoreMLPrecision: Hashable, Sendable, CaseIterable {
    /// Weights and activations in float16, what the Neural Engine computes in. From macOS 12, iOS 15.
    case float16
    /// Everything in float32, which the Neural Engine never runs. From macOS 12, iOS 15.
    case float32
    /// The model's own integer weights, activations in float16: half of the size. From macOS 13, iOS 16.
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

    /// Chooses the engine that computes the network, and returns at once.
    ///
    /// Engines are built, compared with the CPU and measured in the background. The CPU answers until that is done, and if no engine agrees
    /// with it.
    public func setEngine(_ choice: EngineChoice) throws(IntentError) {
        try handle.call { intent_set_engine_choice($0, UInt32(choice.choice.rawValue), $1) }
    }

    /// Writes the network as a Core ML package, an ML Program, in one step: its input `features` takes the numbers of
    /// ``vectorizeClauses(_:)``, its outputs `probabilities` and `logits` have a number for each label.
    ///
    /// - Parameters:
    ///   - url: By custom NAME.mlpackage. A package that is there is replaced, anything else is refused.
    ///   - rows: Feature vectors that the package takes at a time, 1 to 4096.
    ///   - author: Who made the model, for the package's description.
    ///   - license: For the package's description.
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
