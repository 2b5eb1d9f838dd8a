// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .treatAllWarnings(as: .error),
]

/// The fuzzers: one program, built and started by `run`, as it takes flags that only a command line can give.
let package = Package(
  name: "tapir-fuzz",
  dependencies: [.package(name: "tapir", path: "..")],
  targets: [
    .executableTarget(
      name: "fuzz",
      dependencies: [
        "command",
        .product(name: "ArchiveFormat", package: "tapir"), .product(name: "ArchiveOperations", package: "tapir"),
        .product(name: "HostFiles", package: "tapir"), .product(name: "RemoteTape", package: "tapir"),
        .product(name: "LinuxTape", package: "tapir"), .product(name: "TapeIO", package: "tapir"),
        .product(name: "TapeIndex", package: "tapir"), .product(name: "TapeLabels", package: "tapir"),
        .product(name: "TapeTestSupport", package: "tapir"), .product(name: "VirtualTape", package: "tapir"),
      ],
      swiftSettings: settings),
    // The command's own files, as a module that can be called.
    .target(
      name: "command",
      dependencies: [
        .product(name: "ArchiveExchange", package: "tapir"), .product(name: "ArchiveFormat", package: "tapir"),
        .product(name: "ArchiveOperations", package: "tapir"), .product(name: "DriveTiming", package: "tapir"),
        .product(name: "HostFiles", package: "tapir"), .product(name: "INIText", package: "tapir"),
        .product(name: "LinuxTape", package: "tapir"),
        .product(name: "RemoteTape", package: "tapir"), .product(name: "TapeIO", package: "tapir"),
        .product(name: "TapeIndex", package: "tapir"), .product(name: "TapeLabels", package: "tapir"),
        .product(name: "VirtualTape", package: "tapir"),
      ],
      exclude: ["main.swift"], swiftSettings: settings),
  ]
)
