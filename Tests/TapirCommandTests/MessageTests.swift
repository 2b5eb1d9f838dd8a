import Foundation
import Testing

/// docs/messages.md has every message of the program, and no other.
struct MessageTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  @Test func everyMessageIsInTheDocument() throws {
    let result = try Workplace().shell("python3 \(Self.root.path)/Tests/documents/messages")
    guard result.status != 127 else { return print("skipped: python3 is not installed") }
    #expect(result.status == 0, "\(result.text)\(result.errors)")
  }

  /// The extraction itself: a message that somebody adds is found, in each of the ways in which messages are written.
  @Test func aMessageThatIsNotThereIsFound() throws {
    let place = try Workplace()
    try place.shell("mkdir -p Sources/x Sources/tapir Tests/documents docs")
    try place.write(
      #"""
      func a() throws {
        throw OperationError.refused("cannot do \(what(1, "x")) to it: " + why, hint: "not this hint")
        let text = isOne ? "there is one of them" : "there are \(count)" + " of them"
        // "in a comment there is none"
        throw UsageError(message: "--x goes with --y", pointsAtHelp: false)
        reporter.say("one word")
        let rows = try database.prepare("SELECT one FROM other WHERE it")
      }
      var hint: String? { "this is a hint too" }
      """#, to: "Sources/x/X.swift")
    try place.write("- `cannot do ... to it: ...`: as it says\n- `an old message that went`\n", to: "docs/messages.md")
    try place.write("", to: "Sources/tapir/MessageEvent.swift")
    let result = try place.shell(
      "cp \(Self.root.path)/Tests/documents/messages Tests/documents; Tests/documents/messages")
    guard result.status != 127 else { return print("skipped: python3 is not installed") }
    #expect(result.status == 1)
    #expect(
      result.lines.filter { !$0.contains("MessageEvent") } == [
        "Sources/x/X.swift: not in docs/messages.md: --x goes with --y",
        "Sources/x/X.swift: not in docs/messages.md: one word",
        "Sources/x/X.swift: not in docs/messages.md: there are ... of them",
        "Sources/x/X.swift: not in docs/messages.md: there is one of them",
        "docs/messages.md:2: no source says: an old message that went",
      ])
  }
}
