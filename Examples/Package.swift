// swift-tools-version: 6.2
import PackageDescription

// The libraries of tapir from another package: what archives, lists, restores and verifies in a few lines each.
let package = Package(
  name: "tapir-examples",
  dependencies: [.package(name: "tapir", path: "..")],
  targets: ["write-files", "list-members", "restore-member", "verify-volume"].map { name in
    .executableTarget(
      name: name,
      dependencies: ["ArchiveFormat", "ArchiveOperations", "HostFiles", "LinuxTape", "TapeIO", "TapeIndex", "VirtualTape"]
        .map { .product(name: $0, package: "tapir") })
  }
)
