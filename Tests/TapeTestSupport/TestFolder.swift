internal import Glibc

/// A temporary folder of one test, removed with it, and the commands run in it: other programs are the oracles.
public final class TestFolder {
  /// Its path.
  public let path: String

  /// Makes the folder; without one no test can say anything.
  public init() {
    var template = Array("/tmp/tapir-test-XXXXXX".utf8CString)
    path = template.withUnsafeMutableBufferPointer { bytes in
      guard let made = bytes.baseAddress.flatMap({ mkdtemp($0) }) else { fatalError("no temporary folder") }
      return String(cString: made)
    }
  }

  deinit { _ = run("chmod -R u+rwx . ; cd / && rm -rf '\(path)'") }

  /// Runs a shell command in the folder; both of its output streams come together.
  public func run(_ command: String) -> (status: Int32, output: [UInt8]) {
    guard let pipe = popen("cd '\(path)' && { \(command)\n} 2>&1", "r") else { return (-1, []) }
    var output: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while case let count = fread(&buffer, 1, buffer.count, pipe), count > 0 { output += buffer[..<count] }
    return (pclose(pipe) >> 8 & 0xff, output)
  }

  /// Output of a shell command as text.
  public func text(_ command: String) -> String { String(decoding: run(command).output, as: UTF8.self) }

  /// Makes a file of `bytes`.
  public func write(_ bytes: [UInt8], to name: String) {
    guard let file = fopen("\(path)/\(name)", "wb") else { fatalError("cannot write \(name)") }
    let count = fwrite(bytes, 1, bytes.count, file)
    guard fclose(file) == 0, count == bytes.count else { fatalError("cannot write \(name)") }
  }

  /// The bytes of a file; none when it is not there.
  public func read(_ name: String) -> [UInt8] { run("cat '\(name)' 2>/dev/null").output }
}
