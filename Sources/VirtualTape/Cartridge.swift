import Glibc
public import TapeIO

/// Making and describing virtual cartridges: folders in the format of docs/virtual-tape-format.md.
///
/// Paths are bytes, as the file system has them.
public enum Cartridge {
  /// Makes a blank cartridge at `path`; all of it is on disk when this returns, or nothing is there.
  ///
  /// An empty folder of that name is replaced; anything else there is left alone.
  /// - Throws: `system` with `EEXIST` or `ENOTEMPTY` when something is there already, `diskFull`.
  public static func create(at path: [UInt8], _ options: CartridgeOptions) throws(DriveError) {
    try create(at: path, options, witness: nil)
  }

  /// The same, telling `witness` of every change to files.
  package static func create(
    at path: [UInt8], _ options: CartridgeOptions, witness: (any FileWitness)?
  ) throws(DriveError) {
    let operation = "create"
    let name = displayName(path)
    let target = trimmed(path)
    var temporary = target + Array(".new-\(getpid())".utf8)
    // A crash may have left one; in a container a program has the same process number again and again.
    for number in 1...1000 {
      let made = File.makeFolder(temporary, witness: witness)
      if made == 0 { break }
      guard made == EEXIST, number < 1000 else { throw systemError(made, operation, name) }
      temporary = target + Array(".new-\(getpid())-\(number)".utf8)
    }
    do throws(DriveError) {
      try fill(temporary, options, name, witness)
      try File.rename(temporary, to: target, device: name, operation: operation, witness: witness)
    } catch {
      discard(temporary)
      throw error
    }
    try File.folder(parent(of: target), device: name, operation: operation, witness: witness).sync(operation: operation)
  }

  /// Returns when the name of the cartridge at `path`, open as `folder`, is on disk.
  static func syncName(of path: [UInt8], _ folder: File, operation: String) throws(DriveError) {
    try File.folder(
      parent(of: trimmed(path)), device: folder.device, operation: operation, witness: folder.witness
    ).sync(operation: operation)
  }

  /// Removes what was made of a cartridge that came to nothing.
  private static func discard(_ temporary: [UInt8]) {
    for file in ["data", "map", "marks", "cartridge.json", "cartridge.json.new"] {
      // What cannot be removed stays behind as a folder that is no cartridge; the first error is the one to tell.
      _ = withPath(temporary + Array("/\(file)".utf8)) { unlink($0) }
    }
    _ = withPath(temporary) { rmdir($0) }
  }

  private static func fill(
    _ path: [UInt8], _ options: CartridgeOptions, _ name: String, _ witness: (any FileWitness)?
  ) throws(DriveError) {
    let description = CartridgeDescription(
      uuid: .makeRandom(), options: options, created: CartridgeDescription.timestamp())
    let folder = try File.folder(path, device: name, operation: "create", witness: witness)
    try write("map", [], in: folder)
    try write("marks", [], in: folder)
    try write("data", blankData(description.uuid), in: folder)
    try write("cartridge.json", description.serialize(keeping: nil, device: name), in: folder)
    try folder.sync(operation: "create")
  }

  /// Header block, the first slot (serial 1, so slot 1) and the first sync frame.
  private static func blankData(_ uuid: UUID) -> [UInt8] {
    let slot = Slot(serial: 1, epoch: 1, offset: Place.beginning.offset, objects: 0, filemarks: 0, mapped: 0)
    var data = DataHeader.serialize(uuid)
    let start = Int(Slot.offsets[1])
    data.replaceSubrange(start..<start + Slot.byteCount, with: slot.serialize(index: 1, key: uuid.key))
    var frame = [UInt8](repeating: 0, count: FrameHeader.byteCount)
    frame.withUnsafeMutableBytes { bytes in
      guard let base = bytes.baseAddress else { return }  // never: the array is not empty
      FrameHeader(.sync, epoch: 1, at: .beginning).serialize(to: base, at: Place.beginning.offset, key: uuid.key)
    }
    return data + frame
  }

  /// Whether `path` is a folder with a `cartridge.json` in it.
  public static func isCartridge(at path: [UInt8]) -> Bool {
    var status = stat()
    return withPath(path + Array("/cartridge.json".utf8)) { stat($0, &status) } == 0
      && status.st_mode & S_IFMT == S_IFREG
  }

  /// What the cartridge's `cartridge.json` says; needs no lock and moves nothing.
  public static func describe(at path: [UInt8]) throws(DriveError) -> CartridgeDescription {
    let name = displayName(path)
    let folder = try File.folder(path, device: name, operation: "open")
    return try CartridgeDescription.parse(json(in: folder), device: name)
  }

  /// Notes the volume serial number a cartridge was labelled with.
  public static func setVSN(_ vsn: String, at path: [UInt8]) throws(DriveError) {
    try update(at: path) { $0.vsn = vsn }
  }

  /// Changes what `cartridge.json` says, durably and at once; drives that have the cartridge open go by what it said
  /// when they opened it.
  public static func update(at path: [UInt8], _ change: (inout CartridgeOptions) -> Void) throws(DriveError) {
    try update(at: path, witness: nil, change)
  }

  /// The same, telling `witness` of every change to files.
  package static func update(
    at path: [UInt8], witness: (any FileWitness)?, _ change: (inout CartridgeOptions) -> Void
  ) throws(DriveError) {
    let name = displayName(path)
    let folder = try File.folder(path, device: name, operation: "update", witness: witness)
    let old = try json(in: folder)
    var description = try CartridgeDescription.parse(old, device: name)
    change(&description.options)
    try write("cartridge.json.new", description.serialize(keeping: old, device: name), in: folder)
    try folder.rename("cartridge.json.new", to: "cartridge.json", operation: "update")
    try folder.sync(operation: "update")
  }

  /// The bytes of `cartridge.json`.
  static func json(in folder: File) throws(DriveError) -> [UInt8] {
    guard let file = try folder.open("cartridge.json", O_RDONLY, operation: "open") else {
      throw DriveError(
        .unusable(reason: "it is not a virtual cartridge", hint: nil), operation: "open", device: folder.device)
    }
    let size = Int(clamping: try file.size(operation: "open"))
    guard size <= 1 << 20 else {
      throw DriveError(
        .unusable(reason: "its cartridge.json is too long", hint: nil), operation: "open", device: folder.device)
    }
    var bytes = [UInt8](repeating: 0, count: size)
    let got = bytes.withUnsafeMutableBytes { target in
      target.baseAddress.map { file.read(into: $0, count: size, at: 0) } ?? File.ReadResult(count: 0, errno: 0)
    }
    guard got.errno == 0 else { throw systemError(got.errno, "open", folder.device) }
    return Array(bytes.prefix(got.count))
  }

  /// Writes a new file and syncs it.
  private static func write(_ name: String, _ bytes: [UInt8], in folder: File) throws(DriveError) {
    guard let file = try folder.open(name, O_WRONLY | O_CREAT | O_TRUNC, operation: "create") else {
      throw systemError(ENOENT, "create", folder.device)  // the folder went away
    }
    let put = bytes.withUnsafeBytes { source in
      source.baseAddress.map { file.write($0, count: source.count, at: 0) } ?? (0, 0)
    }
    guard put.1 == 0 else { throw systemError(put.1, "create", folder.device) }
    try file.sync(operation: "create")
    try file.close(operation: "create")
  }

  /// A path for messages: bytes that are not UTF-8 are replaced.
  static func displayName(_ path: [UInt8]) -> String { String(decoding: path, as: UTF8.self) }

  private static func trimmed(_ path: [UInt8]) -> [UInt8] {
    var path = path
    while path.count > 1, path.last == UInt8(ascii: "/") { path.removeLast() }
    return path
  }

  static func parent(of path: [UInt8]) -> [UInt8] {
    guard let slash = path.lastIndex(of: UInt8(ascii: "/")) else { return [UInt8(ascii: ".")] }
    return slash == 0 ? [UInt8(ascii: "/")] : Array(path[..<slash])
  }
}
