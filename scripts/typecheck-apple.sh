#!/usr/bin/env bash
# Type-checks what the Swift package and its SwiftUI sample compile on Apple's systems only, against declarations that stand in for their modules
# (scripts/apple/swift): scripts/swift-root.sh /src/scripts/typecheck-apple.sh. It finds what isn't Swift, not what Apple declares otherwise.
set -euo pipefail
cd "$(dirname "$0")/.."
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
for module in NaturalLanguage SwiftUI os; do
  swiftc -emit-module -parse-as-library -swift-version 6 -module-name $module scripts/apple/swift/$module.swift -o "$made/$module.swiftmodule"
done
# What the package manager would add, and that nothing was left out.
cat >"$made/added.swift" <<'SWIFT'
import Foundation
import NaturalLanguage
#if !canImport(os)
#error("os isn't found")
#endif
extension Bundle { static var module: Bundle { .main } }
func lexicon() -> Lexicon? { Lexicon.system(language: NLLanguage(rawValue: "en"), for: []) }
SWIFT
check() { swiftc "$@" -swift-version 6 -warnings-as-errors -I "$made" -I include; }
check -typecheck -module-name IntentKit "$made/added.swift" swift/Sources/IntentKit/*.swift
check -emit-module -o "$made/IntentKit.swiftmodule" -module-name IntentKit "$made/added.swift" swift/Sources/IntentKit/*.swift
cat >"$made/seen.swift" <<'SWIFT'
#if !canImport(SwiftUI)
#error("SwiftUI isn't found")
#endif
SWIFT
check -typecheck -parse-as-library -module-name AssistantApp "$made/seen.swift" swift/Examples/AssistantApp/*/*.swift
echo "type-checked: what is for Apple's systems only, against declarations that stand in for their modules"
