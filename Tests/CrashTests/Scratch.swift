import Glibc

/// A folder in memory that goes away with its last user.
final class Scratch {
  let path: String

  init() throws {
    let parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
    var template = Array("\(parent)/tapir-crash-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw ScratchError(what: "mkdtemp", errno) }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { Scratch.remove(path) }

  /// The files of these names in a folder, as far as they are there.
  static func image(_ folder: String, _ names: [String]) -> Disk.Image {
    var image: Disk.Image = [:]
    for name in names {
      let file = open(folder + name, O_RDONLY)
      guard file >= 0 else { continue }
      defer { close(file) }
      var status = stat()
      fstat(file, &status)
      var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
      let got = pread(file, &bytes, bytes.count, 0)
      bytes.removeLast(bytes.count - max(0, got))
      image[name] = bytes
    }
    return image
  }

  /// Makes the folder `folder` hold `image` and nothing else.
  static func fill(_ folder: String, with image: Disk.Image) throws {
    remove(folder)
    mkdir(folder, 0o755)
    for (name, bytes) in image {
      mkdir(folder + Disk.parent(of: name), 0o755)
      if name.hasSuffix("/") { continue }
      let file = open(folder + name, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
      guard file >= 0 else { throw ScratchError(what: "open \(name)", errno) }
      defer { close(file) }
      guard write(file, bytes, bytes.count) == bytes.count else { throw ScratchError(what: "write \(name)", errno) }
    }
  }

  /// Removes a file, or a folder and what is in it.
  static func remove(_ path: String) {
    if let stream = opendir(path) {
      while let entry = readdir(stream) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
          tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != ".", name != ".." { remove("\(path)/\(name)") }
      }
      closedir(stream)
    }
    _ = Glibc.remove(path)
  }
}

struct ScratchError: Error, CustomStringConvertible {
  let description: String
  init(what: String, _ code: Int32) { description = "\(what): \(String(cString: strerror(code)))" }
}
