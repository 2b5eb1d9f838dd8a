import Foundation
import Testing

/// A temporary folder in which the built command runs, as a user would run it.
final class Workplace {
  let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("tapir-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit {
    // Left behind, a folder only takes room.
    try? FileManager.default.removeItem(at: folder)
  }

  /// What a program did.
  struct Outcome {
    var status: Int32
    var output: Data
    var errors: String
    var text: String { String(decoding: output, as: UTF8.self) }
    var lines: [String] { text.split(separator: "\n").map(String.init) }
  }

  /// Runs `tapir` with these arguments.
  @discardableResult
  func tapir(
    _ arguments: String..., input: Data? = nil, environment: [String: String] = [:]
  ) throws -> Outcome {
    try run([Self.binary.path] + arguments, input: input, environment: environment)
  }

  /// Runs a shell script; `$TAPIR` is the command.
  @discardableResult
  func shell(_ script: String, environment: [String: String] = [:]) throws -> Outcome {
    try run(["/bin/bash", "-c", script], environment: environment)
  }

  private func run(_ words: [String], input: Data? = nil, environment: [String: String]) throws -> Outcome {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: words[0])
    process.arguments = Array(words.dropFirst())
    process.currentDirectoryURL = folder
    var variables = ["PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": folder.path]
    variables["TAPIR"] = Self.binary.path
    variables["LC_ALL"] = "C.UTF-8"
    process.environment = variables.merging(environment) { $1 }
    // Files, not pipes: nothing to be drained while it runs.
    let outputFile = folder.appendingPathComponent(".out-\(UUID().uuidString)")
    let errorFile = folder.appendingPathComponent(".err-\(UUID().uuidString)")
    let inputFile = folder.appendingPathComponent(".in-\(UUID().uuidString)")
    for file in [outputFile, errorFile] { try Data().write(to: file) }
    try (input ?? Data()).write(to: inputFile)
    process.standardOutput = try FileHandle(forWritingTo: outputFile)
    process.standardError = try FileHandle(forWritingTo: errorFile)
    process.standardInput = try FileHandle(forReadingFrom: inputFile)
    try process.run()
    process.waitUntilExit()
    defer { for file in [outputFile, errorFile, inputFile] { try? FileManager.default.removeItem(at: file) } }  // see deinit
    return Outcome(
      status: process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus,
      output: try Data(contentsOf: outputFile),
      errors: String(decoding: try Data(contentsOf: errorFile), as: UTF8.self))
  }

  /// Runs `tapir` and kills it after a while, nil for not at all; its status, 137 when it was killed.
  func kill(_ arguments: [String], after delay: Duration?) throws -> Int32 {
    let process = Process()
    process.executableURL = Self.binary
    process.arguments = arguments
    process.currentDirectoryURL = folder
    process.environment = ["PATH": "/usr/bin:/bin", "HOME": folder.path, "LC_ALL": "C.UTF-8"]
    for keyPath in [\Process.standardOutput, \Process.standardError, \Process.standardInput] {
      process[keyPath: keyPath] = FileHandle.nullDevice
    }
    try process.run()
    if let delay {
      usleep(UInt32(delay / .microseconds(1)))
      // Fails when it has ended by itself, which is as good.
      _ = Foundation.kill(process.processIdentifier, SIGKILL)
    }
    process.waitUntilExit()
    return process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
  }

  /// Makes a file of `count` bytes that do not repeat early.
  func file(_ name: String, bytes count: Int) throws {
    let url = folder.appendingPathComponent(name)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    var state: UInt64 = UInt64(count) &+ 0x9e37_79b9_7f4a_7c15
    var data = Data(capacity: count)
    while data.count < count {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      withUnsafeBytes(of: state) { data.append(contentsOf: $0.prefix(count - data.count)) }
    }
    try data.write(to: url)
  }

  /// Makes a file of text.
  func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: folder.appendingPathComponent(name))
  }

  func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  /// The command that SwiftPM built beside the tests.
  static let binary: URL = {
    let tests = Bundle.allBundles.map(\.bundleURL).first { $0.pathExtension == "xctest" } ?? Bundle.main.bundleURL
    let beside = tests.pathExtension == "xctest" ? tests.deletingLastPathComponent() : tests
    return beside.appendingPathComponent("tapir")
  }()
}
