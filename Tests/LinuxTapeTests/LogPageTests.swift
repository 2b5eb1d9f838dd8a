import Foundation
import Testing

@testable import LinuxTape

/// Log pages, from the bytes of a real drive and against sg_logs.
struct LogPageTests {
  private func bytes(_ hexadecimal: String) -> [UInt8] {
    hexadecimal.split(whereSeparator: \.isWhitespace).compactMap { UInt8($0, radix: 16) }
  }

  /// Pages of an IBM LTO drive, as sg_logs printed them.
  @Test func pagesOfARealDriveAreUnderstood() throws {
    let page37 = try #require(
      LogPage(
        bytes(
          """
          37 00 00 1e 00 00 60 01 23 00 01 60 01 08 00 10 60 01 80 00 11 60 01 80 00 12 60 01 00 00 1a 60 01 00
          """)))
    #expect(page37.code == 0x37)
    #expect(page37.parameters == [0: [0x23], 1: [8], 0x10: [0x80], 0x11: [0x80], 0x12: [0], 0x1A: [0]])
    let page39 = try #require(
      LogPage(
        bytes(
          """
          39 00 00 26 00 00 40 02 00 00 00 07 40 02 00 00 00 08 40 02 00 00 00 09 40 02 00 00 00 0a 40 02 00 00
          00 10 40 04 00 00 00 00
          """)))
    #expect(page39.parameters.count == 6 && page39.number(0x10) == 0)
  }

  /// The first 64 bytes of one that has 292.
  @Test func whatIsCutOffIsLeftOut() throws {
    let page = try #require(
      LogPage(
        bytes(
          """
          3d 00 01 20 00 20 40 04 00 00 00 0b 00 21 40 08 00 00 00 00 00 1b a3 16 00 22 40 08 00 00 00 00
          00 00 02 2e 00 40 40 04 00 00 00 5f 00 41 40 08 00 00 00 00 00 2c ce e7 00 42 40 08 00 00 00 00
          """)))
    #expect(page.parameters.count == 5)
    #expect([0x20, 0x21, 0x22, 0x40, 0x41].map { page.number($0) } == [11, 1_811_222, 558, 95, 0x2C_CEE7])
    #expect(page.number(0x42) == nil)
  }

  @Test func noLengthIsBelieved() {
    let whole = bytes("17 00 00 14 00 01 40 04 00 00 00 0b 00 16 40 08 00 00 00 00 01 aa bc 55")
    #expect(LogPage(whole)?.number(0x16) == 0x01AA_BC55)
    for count in 0..<whole.count {
      let cut = LogPage(whole.prefix(count))
      #expect((cut == nil) == (count < 4))
      #expect(cut?.number(0x16) == nil)
      #expect(cut?.number(1) == (count < 12 ? nil : 11))
    }
    var long = whole
    (long[2], long[3], long[15]) = (0xFF, 0xFF, 0xFF)
    #expect(LogPage(long)?.parameters == [1: [0, 0, 0, 11]])
    #expect(LogPage(bytes("57 01 00 00")) == nil, "a subpage")
    #expect(LogPage(bytes("02 00 00 0d 00 02 40 09 01 00 00 00 00 00 00 00 00"))?.number(2) == nil, "more than 64 bits")
    #expect(LogPage(bytes("02 00 00 0d 00 02 40 09 00 ff 00 00 00 00 00 00 01"))?.number(2) == 0xFF00_0000_0000_0001)
    #expect(LogPage(bytes("17 00 00 08 00 16 40 04 ff ff ff ff"))?.number(0x16) == nil, "not known")
    #expect(LogPage(bytes("02 00 00 04 00 02 40 00"))?.number(2) == nil, "nothing")
  }

  @Test func textHasNothingButText() {
    let page = LogPage(bytes("17 00 00 0c 00 42 40 08 20 49 1b 42 4d 20 20 20"))
    #expect(page?.text(0x42) == "IBM")
    #expect(page?.text(0x43) == nil)
  }

  /// What the numbers of the values mean, by a program that others rely on.
  @Test func theValuesAreThoseThatSgLogsShows() throws {
    let values: [(UInt16, UInt64, String)] = [
      (0x01, 11, "Thread count"), (0x03, 4, "Total write retries"), (0x04, 5, "Total unrecovered write errors"),
      (0x08, 6, "Total read retries"), (0x09, 7, "Total unrecovered read errors"),
      (0x10, 1_811_222, "Lifetime megabytes written"), (0x11, 558, "Lifetime megabytes read"),
      (0x16, 27_966_101, "Total native capacity [MB]"), (0x17, 1_418_152, "Total used native capacity [MB]"),
    ]
    var body: [UInt8] = []
    for (code, value, _) in values {
      body += [0, UInt8(code), 0x40, 8] + (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * $0)) }
    }
    let page = [0x17, 0, 0, UInt8(body.count)] + body
    var health = DriveHealth()
    health.take(try #require(LogPage(page)))
    #expect(health.mounts == 11)
    #expect(health.lifeWriting == .init(retries: 4, uncorrected: 5, bytes: 1_811_222_000_000))
    #expect(health.lifeReading == .init(retries: 6, uncorrected: 7, bytes: 558_000_000))
    #expect(health.capacity == 27_966_101_000_000 && health.used == 1_418_152_000_000)

    let file = FileManager.default.temporaryDirectory.appendingPathComponent("page-\(UUID().uuidString)")
    // Left behind, it only takes room.
    defer { try? FileManager.default.removeItem(at: file) }
    try page.map { String(format: "%02x", $0) }.joined(separator: " ").write(
      to: file, atomically: true, encoding: .utf8)
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["sg_logs", "--in=\(file.path)", "--pdt=1"]
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus != 127 else { return print("skipped: sg_logs is not installed") }
    for (_, value, name) in values { #expect(text.contains("\(name): \(value)\n"), "\(name) in \(text)") }
  }
}
