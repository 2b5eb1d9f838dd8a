import Foundation
import Testing

/// What docs/performance.md and its picture show comes out of the model.
struct DocumentTests {
  private let docs = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("docs")

  private func castor(_ arguments: String...) throws -> String {
    let tests = Bundle.allBundles.map(\.bundleURL).first { $0.pathExtension == "xctest" } ?? Bundle.main.bundleURL
    let process = Process()
    process.executableURL =
      (tests.pathExtension == "xctest" ? tests.deletingLastPathComponent() : tests).appendingPathComponent("castor")
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return String(decoding: output, as: UTF8.self)
  }

  @Test func thePictureIsTheModels() throws {
    let kept = try String(contentsOf: docs.appendingPathComponent("castor.svg"), encoding: .utf8)
    #expect(try castor("--svg") == kept, "run: make bench-castor")
  }

  @Test func theTablesAreTheModels() throws {
    let text = try String(contentsOf: docs.appendingPathComponent("performance.md"), encoding: .utf8)
    let lines = Set(text.split(separator: "\n"))
    for row in try castor().split(separator: "\n") { #expect(lines.contains(row), "\(row)") }
  }
}
