// swift-tools-version: 6.0
import PackageDescription

// INTENTKIT_LIB_DIR names the folder of a locally built libintentkit: always on Linux, and for development on macOS. There is no
// release to fetch an XCFramework from yet; without the variable it is the one that scripts/build-xcframework.sh makes.
let localLibrary = Context.environment["INTENTKIT_LIB_DIR"]

let c: Target =
    if localLibrary != nil {
        // The header and the module map where they lie, without a copy.
        .systemLibrary(name: "CIntentKit", path: "include")
    } else {
        .binaryTarget(name: "CIntentKit", path: "target/IntentKit.xcframework")
    }

// Flags of this kind make a package unusable as a versioned dependency, so they are there with a local library only. A static one
// leaves it to the program to name the frameworks.
let search: [LinkerSetting] =
    localLibrary.map { [.unsafeFlags(["-L\($0)", "-Xlinker", "-rpath", "-Xlinker", $0]), .linkedLibrary("intentkit")] }
    ?? [.linkedFramework("CoreML"), .linkedFramework("Foundation")]

let package = Package(
    name: "IntentKit",
    // Those that the XCFramework has slices for; there are none for tvOS, watchOS and visionOS.
    platforms: [.macOS(.v12), .iOS(.v15)],
    products: [.library(name: "IntentKit", targets: ["IntentKit"])],
    targets: [
        c,
        .target(
            name: "IntentKit",
            dependencies: ["CIntentKit"],
            path: "swift/Sources/IntentKit",
            resources: [.copy("Resources/assistant.intent")],
            linkerSettings: search),
        .executableTarget(
            name: "IntentAssistant",
            dependencies: ["IntentKit"],
            path: "swift/Examples/IntentAssistant",
            linkerSettings: search),
        .target(
            name: "AssistantModel",
            dependencies: ["IntentKit"],
            path: "swift/Examples/AssistantApp/Model"),
        .executableTarget(
            name: "IntentOverhead",
            dependencies: ["IntentKit", "CIntentKit"],
            path: "swift/Benchmarks/Overhead",
            linkerSettings: search),
        .testTarget(
            name: "IntentKitTests",
            dependencies: ["IntentKit", "CIntentKit", "AssistantModel"],
            path: "swift/Tests/IntentKitTests",
            linkerSettings: search),
    ]
)
