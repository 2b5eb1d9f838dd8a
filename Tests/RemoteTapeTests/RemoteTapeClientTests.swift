import Foundation
import RemoteTape
import Testing

/// The client against another end that says what it is told to, and against GNU's rmt.
struct RemoteTapeClientTests {
  /// A client whose other end has answered `answers` before it is asked, and then is gone.
  /// - Returns: what `body` gives, or its error, and what the other end was asked.
  private func exchange<Value>(
    _ answers: String, _ body: (RemoteTapeClient) throws -> Value
  ) throws -> (value: Value?, error: RemoteTapeError?, asked: String) {
    signal(SIGPIPE, SIG_IGN)
    let (requests, replies) = (Pipe(), Pipe())
    replies.fileHandleForWriting.write(Data(answers.utf8))
    replies.fileHandleForWriting.closeFile()
    let client = RemoteTapeClient(
      reading: replies.fileHandleForReading.fileDescriptor, writing: requests.fileHandleForWriting.fileDescriptor)
    var value: Value?
    var failure: RemoteTapeError?
    try withExtendedLifetime(replies) {
      do { value = try body(client) } catch let error as RemoteTapeError { failure = error }
    }
    requests.fileHandleForWriting.closeFile()
    return (value, failure, String(decoding: requests.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self))
  }

  private func read(_ client: RemoteTapeClient, _ count: Int) throws -> [UInt8] {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
    defer { buffer.deallocate() }
    let got = try client.read(into: buffer)
    return Array(buffer[..<got])
  }

  private func write(_ client: RemoteTapeClient, _ bytes: [UInt8]) throws -> Int {
    try bytes.withUnsafeBytes { try client.write($0) }
  }

  @Test func requestsAreThoseOfTheProtocol() throws {
    let (value, error, asked) = try exchange("A0\nA3\nabcA 4\nA1\nA512\nA2\nxyA0\n") { client in
      try client.open(Array("/a b".utf8), for: .update)
      let bytes = try read(client, 10)
      let written = try write(client, Array("1234".utf8))
      let place = try client.seek(to: 512, from: .beginning)
      let status = try client.status()
      try client.close()
      return (bytes, written, place, status)
    }
    let found = try #require(value, "\(String(describing: error))")
    #expect(found.0 == Array("abc".utf8) && found.1 == 4 && found.2 == 512 && found.3 == Array("xy".utf8))
    #expect(asked == "O/a b\n66 O_RDWR|O_CREAT\nR10\nW4\n1234L1\n0\nL512\n0\nS\nC\n")
  }

  /// What servers say to the first question, and how they are asked then: nil where they go nowhere.
  @Test(
    arguments: [("A1", "L512\n0\n"), ("A3", "L0\n512\n"), ("A0", nil), ("E29\nIllegal seek", nil)]
      as [(String, String?)])
  func theOrderOfSeeksIsFoundOut(answer: String, request: String?) throws {
    let (value, error, asked) = try exchange("A0\nA3\nabc\(answer)\nA512\n") { client in
      try client.open(Array("x".utf8), for: .read)
      _ = try read(client, 3)
      return try client.seek(to: 512, from: .beginning)
    }
    #expect(asked == "Ox\n0 O_RDONLY\nR3\nL1\n0\n" + (request ?? ""))
    #expect(value == (request == nil ? nil : 512))
    #expect(error == (request == nil ? .refused(code: 29, text: Array("Illegal seek".utf8)) : nil))
  }

  @Test func whatTheOtherEndSaysOfAFailureIsKept() throws {
    let (_, error, _) = try exchange("E13\nPermission denied\nA0\n") { client in
      do { try client.open(Array("x".utf8), for: .read) } catch {
        // One request that fails is not the end.
        try client.close()
        throw error
      }
    }
    #expect(error == .refused(code: 13, text: Array("Permission denied".utf8)))
  }

  @Test(arguments: [
    "", "A", "A0", "garbage\n", "Welcome to host\nA0\n", "A-1\n", "A1x\n", "A\n", "B0\n", "\n", "A11\n",
    "A99999999999999999999\n", "E2", "Ex\ntext\n", "A10\nshort", "A9223372036854775807\n",
    "A" + String(repeating: "0", count: 100) + "\n", String(repeating: "x", count: 5000),
    "E1\n" + String(repeating: "x", count: 5000),
  ])
  func answersThatAreNoneEndTheConnection(answer: String) throws {
    let (value, error, asked) = try exchange(answer) { client -> Bool in
      do { _ = try read(client, 10) } catch {
        guard case .broken = error as? RemoteTapeError else { return false }
        // Nothing is asked any more.
        do { _ = try read(client, 10) } catch { return true }
      }
      return false
    }
    #expect(value == true && error == nil && asked == "R10\n")
  }

  @Test func aServerThatGivesUpIsNotAskedAgain() throws {
    let (value, error, asked) = try exchange("F5\nInput/output error\nA0\n") { client in
      do { try client.close() } catch { try client.close() }
      return true
    }
    #expect(value == nil && error == .broken("the server gave up: Input/output error") && asked == "C\n")
  }

  @Test func aNameWithANewlineIsNotSent() throws {
    let (value, error, asked) = try exchange("A0\n") { client in
      try client.open(Array("x\nW5\n".utf8), for: .create)
      return true
    }
    #expect(value == nil && error == .refused(code: 2, text: Array("No such file or directory".utf8)) && asked == "")
  }

  @Test func aReaderThatIsGoneIsAnErrorAndNoSignal() throws {
    signal(SIGPIPE, SIG_IGN)
    let (requests, replies) = (Pipe(), Pipe())
    requests.fileHandleForReading.closeFile()
    let client = RemoteTapeClient(
      reading: replies.fileHandleForReading.fileDescriptor, writing: requests.fileHandleForWriting.fileDescriptor)
    #expect(throws: RemoteTapeError.broken("the connection ended")) {
      try client.close()
    }
  }

  @Test func gnuRmtUnderstandsIt() throws {
    guard FileManager.default.isExecutableFile(atPath: "/usr/sbin/rmt") else {
      return print("skipped: there is no rmt")
    }
    signal(SIGPIPE, SIG_IGN)
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("rmt-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: file) }  // left behind, it only takes room
    let server = Process()
    server.executableURL = URL(fileURLWithPath: "/usr/sbin/rmt")
    let (requests, replies) = (Pipe(), Pipe())
    (server.standardInput, server.standardOutput) = (requests, replies)
    try server.run()
    let client = RemoteTapeClient(
      reading: replies.fileHandleForReading.fileDescriptor, writing: requests.fileHandleForWriting.fileDescriptor)
    let path = Array(file.path.utf8)
    #expect(throws: RemoteTapeError.refused(code: 2, text: Array("No such file or directory".utf8))) {
      try client.open(path, for: .read)
    }
    try client.open(path, for: .create)
    let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    #expect(try write(client, bytes) == 200_000)
    // That ends after a close; opening another closes the one before.
    try client.open(path, for: .update)
    #expect(try client.seek(to: 100_000, from: .beginning) == 100_000)
    #expect(try read(client, 300_000) == Array(bytes[100_000...]))
    #expect(try read(client, 10) == [])
    #expect(try client.seek(to: 0, from: .end) == 200_000)
    #expect(throws: RemoteTapeError.self) { _ = try client.status() }
    try client.close()
    requests.fileHandleForWriting.closeFile()
    withExtendedLifetime(replies) { server.waitUntilExit() }
    #expect(try Data(contentsOf: file) == Data(bytes))
  }
}
