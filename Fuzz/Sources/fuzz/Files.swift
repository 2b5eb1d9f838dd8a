import Glibc

/// Files that targets read and make: what they start from is in `base`, relative to the working directory.
enum Files {
  static func read(_ path: String) -> [UInt8] {
    guard let file = fopen(path, "rb") else { fatalError("cannot open \(path): start me in Fuzz/, with Fuzz/run") }
    defer { fclose(file) }
    var content: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { content += buffer[..<count] }
    return content
  }

  static func write(_ bytes: [UInt8], to path: String) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    precondition(descriptor >= 0 && Glibc.write(descriptor, bytes, bytes.count) == bytes.count, "cannot write \(path)")
    close(descriptor)
  }

  /// A new folder, in memory where the machine has such a place, removed in the end.
  static func scratch() -> String {
    let parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
    var template = Array("\(parent)/tapir-fuzz-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { fatalError("cannot make a folder in \(parent)") }
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    folders.append(path)
    atexit {
      for folder in folders {
        for name in [
          "cartridge.json", "cartridge.json.new", "data", "map", "marks", "indx", "meta", "library.json",
        ] { unlink("\(folder)/\(name)") }
        rmdir(folder)
      }
    }
    return path
  }
}

nonisolated(unsafe) private var folders: [String] = []
