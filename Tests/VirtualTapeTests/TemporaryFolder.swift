import Glibc
import TapeIO
import TapeTestSupport
import VirtualTape

/// A folder that goes away with its last user, and what tests do with cartridges in it.
final class TemporaryFolder {
  let path: String

  init() throws {
    var template = Array("/tmp/tapir-test-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw ConformanceError("mkdtemp: \(String(cString: strerror(errno)))") }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { Files.remove(path) }

  /// Makes a cartridge and gives its path.
  func cartridge(_ name: String = "V00001", _ options: CartridgeOptions = CartridgeOptions()) throws -> String {
    try Cartridge.create(at: Array("\(path)/\(name)".utf8), options)
    return "\(path)/\(name)"
  }
}

struct ConformanceError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

func open(_ path: String, _ access: DriveAccess = .readWrite) throws -> VirtualDrive {
  try VirtualDrive(path: Array(path.utf8), access: access)
}

/// Whole files, for tests that look at bytes and damage them.
enum Files {
  static func read(_ path: String) -> [UInt8] {
    guard let file = fopen(path, "rb") else { return [] }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while case let got = fread(&chunk, 1, chunk.count, file), got > 0 { bytes += chunk.prefix(got) }
    return bytes
  }

  static func write(_ path: String, _ bytes: [UInt8]) throws {
    guard let file = fopen(path, "wb") else { throw ConformanceError("cannot write \(path)") }
    defer { fclose(file) }
    guard fwrite(bytes, 1, bytes.count, file) == bytes.count else { throw ConformanceError("cannot write \(path)") }
  }

  static func names(in folder: String) -> [String] {
    guard let stream = opendir(folder) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
        tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Removes a file, or a folder and what is in it.
  static func remove(_ path: String) {
    for name in names(in: path) { remove("\(path)/\(name)") }
    _ = Glibc.remove(path)
  }

  static func copy(_ from: String, to target: String) throws {
    mkdir(target, 0o755)
    for name in names(in: from) { try write("\(target)/\(name)", read("\(from)/\(name)")) }
  }
}

extension TapeDrive {
  @discardableResult
  func put(_ bytes: [UInt8]) throws -> WriteOutcome { try write(bytes.span.bytes) }

  /// The next object: a block's bytes, or nil for a filemark; throws `End` at end of data.
  func next() throws -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    var span = bytes.mutableSpan
    var raw = span.mutableBytes
    switch try read(into: &raw) {
    case .block(let count): return Array(bytes.prefix(count))
    case .filemark: return nil
    case .endOfData: throw End()
    }
  }
}

struct End: Error {}
