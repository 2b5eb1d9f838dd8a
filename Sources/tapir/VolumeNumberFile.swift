import ArchiveOperations
import Glibc

/// A file that has the number of a volume (`--volno-file`).
struct VolumeNumberFile {
  private let path: [UInt8]

  init(_ path: [UInt8]) { self.path = path }

  private var name: String { String(decoding: path, as: UTF8.self) }

  /// The number in it; nil when there is no such file.
  func read() throws(OperationError) -> Int? {
    let descriptor = ArchiveTarget.withCString(path) { open($0, O_RDONLY | O_CLOEXEC) }
    guard descriptor >= 0 else {
      if errno == ENOENT { return nil }
      throw failure("Cannot open")
    }
    defer { _ = close(descriptor) }  // it was only read
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = Glibc.read(descriptor, &bytes, bytes.count)
    guard count >= 0 else { throw failure("Cannot read") }
    let digits = bytes[..<count].drop { isspace(Int32($0)) != 0 }.prefix { isdigit(Int32($0)) != 0 }
    guard let number = Int32(String(decoding: digits, as: UTF8.self)) else {
      throw .refused("\(name): contains invalid volume number", hint: nil)
    }
    return Int(number)
  }

  /// Writes the number.
  func write(_ number: Int) throws(OperationError) {
    let descriptor = ArchiveTarget.withCString(path) { open($0, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666) }
    guard descriptor >= 0 else { throw failure("Cannot open") }
    let line = Array("\(number)\n".utf8)
    let isWritten = Glibc.write(descriptor, line, line.count) == line.count
    let written = isWritten ? nil : failure("Cannot write")
    guard close(descriptor) == 0 else { throw failure("Cannot close") }
    if let written { throw written }
  }

  private func failure(_ what: String) -> OperationError {
    .refused("\(name): \(what): \(String(cString: strerror(errno)))", hint: nil)
  }
}

extension MultiVolumeOptions {
  /// The number that `--volno-file` has for the first volume; nil without one.
  func firstNumber() throws(OperationError) -> Int? {
    guard let numberFile else { return nil }
    return try VolumeNumberFile(numberFile).read() ?? 1
  }

  /// Keeps the number of the volume that is in use there.
  func keep(_ number: Int, _ reporter: Reporter) {
    guard let numberFile else { return }
    do { try VolumeNumberFile(numberFile).write(number) } catch { reporter.complain(error.description) }
  }
}
