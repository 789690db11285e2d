// swift-tools-version: 6.0
// A module with the name of Core ML for Linux, as far as the crate coreml-rs calls it. A "model" is one linear layer in JSON that can be told
// to fail. It stands in for the calls, not for what Core ML does.
import PackageDescription

let package = Package(
    name: "CoreML",
    products: [.library(name: "CoreML", type: .static, targets: ["CoreML"])],
    targets: [.target(name: "CoreML")]
)
