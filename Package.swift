// swift-tools-version: 6.0
import PackageDescription

// INTENTKIT_LIB_DIR is the folder of a locally built libintentkit. Required on Linux, and for
// development on macOS. Without it the package uses the XCFramework that
// scripts/build-xcframework.sh makes: there is no release to download one from yet.
let localLibrary = Context.environment["INTENTKIT_LIB_DIR"]

let c: Target =
    if localLibrary != nil {
        // The header and the module map of this repository, without a copy.
        .systemLibrary(name: "CIntentKit", path: "include")
    } else {
        .binaryTarget(name: "CIntentKit", path: "target/IntentKit.xcframework")
    }

// A package with unsafe flags can't be a versioned dependency, so they are set for a local library
// only. The XCFramework holds a static library, so the program must link the frameworks it needs.
let search: [LinkerSetting] =
    localLibrary.map { [.unsafeFlags(["-L\($0)", "-Xlinker", "-rpath", "-Xlinker", $0]), .linkedLibrary("intentkit")] }
    ?? [.linkedFramework("CoreML"), .linkedFramework("Foundation")]

let package = Package(
    name: "IntentKit",
    // The XCFramework has slices for these, and none for tvOS, watchOS and visionOS.
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
