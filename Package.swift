// swift-tools-version: 6.2
import PackageDescription

/// Settings of every target: Swift 6, explicit imports, and no warning left standing.
let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .treatAllWarnings(as: .error),
]

/// Targets that parse foreign bytes or define what others rely on: each unsafe operation is marked.
let strict: [SwiftSetting] = settings + [.strictMemorySafety()]

/// What the programs in Examples/ use; they are a package of their own, and built and tried here.
let examples: [Target.Dependency] = [
  "ArchiveFormat", "ArchiveOperations", "HostFiles", "TapeIndex", "VirtualTape", "TapeIO",
]

let package = Package(
  name: "tapir",
  products: [
    .executable(name: "tapir", targets: ["tapir"]),
    .library(name: "INIText", targets: ["INIText"]),
    .library(name: "TapeLabels", targets: ["TapeLabels"]),
    .library(name: "TapeIO", targets: ["TapeIO"]),
    .library(name: "ArchiveFormat", targets: ["ArchiveFormat"]),
    .library(name: "DriveTiming", targets: ["DriveTiming"]),
    .library(name: "LinuxTape", targets: ["LinuxTape"]),
    .library(name: "VirtualTape", targets: ["VirtualTape"]),
    .library(name: "TapeIndex", targets: ["TapeIndex"]),
    .library(name: "RemoteTape", targets: ["RemoteTape"]),
    .library(name: "ArchiveExchange", targets: ["ArchiveExchange"]),
    .library(name: "HostFiles", targets: ["HostFiles"]),
    .library(name: "ArchiveOperations", targets: ["ArchiveOperations"]),
    .library(name: "TapeTestSupport", targets: ["TapeTestSupport"]),
  ],
  targets: [
    // Layer 0
    .target(name: "TapeLabels", swiftSettings: strict),
    .target(name: "TapeIO", swiftSettings: strict),
    .target(name: "INIText", dependencies: ["CINIH"], swiftSettings: settings),
    // Layer 1
    .target(name: "RemoteTape", dependencies: ["TapeIO"], swiftSettings: settings),
    .target(
      name: "ArchiveFormat", dependencies: ["TapeLabels", "TapeIO", "CXXHash"],
      swiftSettings: settings),
    .target(name: "DriveTiming", dependencies: ["TapeIO"], swiftSettings: settings),
    // Layer 2
    .target(
      name: "LinuxTape", dependencies: ["TapeIO", "CLinuxTape"], swiftSettings: settings),
    .target(
      name: "VirtualTape", dependencies: ["TapeIO", "CISAL", "CLZ4", "CXXHash", "CJansson", "CLinux", "CZlib"],
      swiftSettings: settings),
    .target(
      name: "TapeIndex", dependencies: ["ArchiveFormat", "TapeLabels", "TapeIO", "CSQLite", "CLZ4"],
      swiftSettings: settings),
    .target(
      name: "HostFiles", dependencies: ["ArchiveFormat", "CLinux", "CACL"],
      swiftSettings: settings),
    .target(
      name: "ArchiveExchange", dependencies: ["ArchiveFormat", "CArchive"], swiftSettings: settings),
    // Layer 3
    .target(
      name: "ArchiveOperations",
      dependencies: ["TapeIndex", "ArchiveFormat", "DriveTiming", "TapeLabels", "TapeIO"],
      swiftSettings: settings),
    // Layer 4
    .executableTarget(
      name: "tapir",
      dependencies: [
        "ArchiveOperations", "ArchiveExchange", "HostFiles", "RemoteTape", "TapeIndex", "LinuxTape", "VirtualTape",
        "ArchiveFormat", "DriveTiming", "INIText", "TapeLabels", "TapeIO", "CJansson", "CLinux",
      ],
      swiftSettings: settings),
    // C
    .target(name: "CLinuxTape"),
    .target(name: "CLinux"),
    .target(name: "CArchive", exclude: ["functions.inc"]),
    .systemLibrary(name: "CACL", pkgConfig: "libacl", providers: [.apt(["libacl1-dev"])]),
    .systemLibrary(name: "CINIH", pkgConfig: "inih", providers: [.apt(["libinih-dev"])]),
    .systemLibrary(name: "CISAL", pkgConfig: "libisal", providers: [.apt(["libisal-dev"])]),
    .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(name: "CXXHash", pkgConfig: "libxxhash", providers: [.apt(["libxxhash-dev"])]),
    .systemLibrary(name: "CJansson", pkgConfig: "jansson", providers: [.apt(["libjansson-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    // Tests
    .target(
      name: "TapeTestSupport", dependencies: ["TapeIO"], path: "Tests/TapeTestSupport",
      swiftSettings: settings),
    .testTarget(
      name: "VirtualTapeTests", dependencies: ["VirtualTape", "TapeTestSupport", "TapeIO", "CXXHash"],
      exclude: ["frame_vectors.py"], swiftSettings: settings),
    .executableTarget(
      name: "castor", dependencies: ["DriveTiming"], path: "Benchmarks/castor", swiftSettings: settings),
    .executableTarget(
      name: "index-figures", dependencies: ["ArchiveFormat", "TapeIO", "TapeIndex", "TapeLabels"],
      path: "Benchmarks/index", swiftSettings: settings),
    .testTarget(
      name: "DriveTimingTests", dependencies: ["DriveTiming", "TapeTestSupport", "TapeIO", "castor"],
      swiftSettings: settings),
    .executableTarget(
      name: "example-write-files", dependencies: examples, path: "Examples/Sources/write-files", swiftSettings: settings),
    .executableTarget(
      name: "example-list-members", dependencies: examples, path: "Examples/Sources/list-members",
      swiftSettings: settings),
    .executableTarget(
      name: "example-restore-member", dependencies: examples, path: "Examples/Sources/restore-member",
      swiftSettings: settings),
    .executableTarget(
      name: "example-verify-volume", dependencies: examples, path: "Examples/Sources/verify-volume",
      swiftSettings: settings),
    .testTarget(name: "RemoteTapeTests", dependencies: ["RemoteTape", "TapeIO", "TapeTestSupport"], swiftSettings: settings),
    .testTarget(name: "LinuxTapeTests", dependencies: ["LinuxTape", "TapeIO"], swiftSettings: settings),
    .executableTarget(
      name: "drive-conformance",
      dependencies: ["TapeTestSupport", "VirtualTape", "LinuxTape", "CLinuxTape", "TapeIO"],
      path: "Tests/drive-conformance", swiftSettings: settings),
    .testTarget(
      name: "TapirCommandTests",
      dependencies: [
        "tapir", "ArchiveOperations", "TapeIndex", "ArchiveFormat", "VirtualTape", "INIText", "TapeLabels", "TapeIO",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "TapeLabelsTests", dependencies: ["TapeLabels"],
      resources: [.copy("Golden")], swiftSettings: settings),
    .testTarget(
      name: "HostFilesTests", dependencies: ["HostFiles", "ArchiveFormat", "CLinux"],
      swiftSettings: settings),
    .testTarget(
      name: "ArchiveFormatTests",
      dependencies: ["ArchiveFormat", "TapeLabels", "TapeIO", "TapeTestSupport"],
      resources: [.copy("Oracles")], swiftSettings: settings),
    .testTarget(
      name: "TapeIndexTests",
      dependencies: ["TapeIndex", "ArchiveFormat", "TapeLabels", "TapeIO", "TapeTestSupport", "CLinux"],
      swiftSettings: settings),
    .testTarget(
      name: "ArchiveOperationsTests",
      dependencies: [
        "ArchiveOperations", "TapeIndex", "ArchiveFormat", "DriveTiming", "TapeLabels", "TapeIO", "VirtualTape", "TapeTestSupport",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "CrashTests",
      dependencies: [
        "ArchiveOperations", "TapeIndex", "ArchiveFormat", "TapeLabels", "TapeIO", "VirtualTape", "TapeTestSupport",
      ],
      swiftSettings: settings),
  ]
)
