import TapeTestSupport
import VirtualTape

/// What a disk holds of some files: what was synced, and what was asked for since and may be there, or not, or in part.
struct Disk {
  /// Bytes that reach a disk together or not at all.
  static let sector = 512

  /// The files of one instant, by path; a folder has a slash behind it.
  typealias Image = [String: [UInt8]]

  private struct Node {
    var synced: [UInt8] = []
    var pending: [FileChange] = []
  }

  private enum NameChange {
    case makeFolder(String)
    case create(String, node: Int)
    case rename(String, to: String)

    /// The folder whose sync makes it last.
    var folder: String {
      switch self {
      case .makeFolder(let path), .create(let path, _), .rename(let path, _): Disk.parent(of: path)
      }
    }
  }

  private struct Names {
    var files: [String: Int] = [:]
    var folders: Set<String> = [""]

    mutating func apply(_ change: NameChange) {
      switch change {
      case .makeFolder(let path): folders.insert(path)
      case .create(let path, let node): files[path] = node
      case .rename(let path, let target):
        if let node = files.removeValue(forKey: path) { files[target] = node }
        guard folders.remove(path) != nil else { return }
        folders.insert(target)
        for (name, node) in files where name.hasPrefix(path + "/") {
          files[name] = nil
          files[target + name.dropFirst(path.count)] = node
        }
      }
    }
  }

  private var nodes: [Node] = []
  /// Names as the running system sees them, and as they are on disk without what is pending.
  private var names = Names()
  private var syncedNames = Names()
  private var pendingNames: [NameChange] = []

  /// An empty folder.
  init() {}

  /// A disk that holds `image`, all of it for good.
  init(_ image: Image) {
    for (path, bytes) in image {
      names.folders.insert(Disk.parent(of: path))
      if path.hasSuffix("/") { continue }
      names.files[path] = nodes.count
      nodes.append(Node(synced: bytes))
    }
    syncedNames = names
  }

  static func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "" }
    return String(path[..<slash])
  }

  /// Whether anything is not on disk yet.
  var hasPending: Bool { !pendingNames.isEmpty || nodes.contains { !$0.pending.isEmpty } }

  /// Takes a change in. All but a sync is pending from now on.
  mutating func apply(_ change: FileChange, of path: String) {
    switch change {
    case .makeFolder: note(.makeFolder(path))
    case .rename(let target): note(.rename(path, to: String(decoding: target, as: UTF8.self)))
    case .create(let truncates):
      if let node = names.files[path] {
        if truncates, !content(node).isEmpty { nodes[node].pending.append(.truncate(size: 0)) }
      } else {
        nodes.append(Node())
        note(.create(path, node: nodes.count - 1))
      }
    case .write, .truncate:
      guard let node = names.files[path] else { preconditionFailure("no file \(path)") }
      nodes[node].pending.append(change)
    case .sync:
      if let node = names.files[path] {
        for change in nodes[node].pending { Disk.perform(change, on: &nodes[node].synced) }
        nodes[node].pending = []
      } else {
        for change in pendingNames where change.folder == path { syncedNames.apply(change) }
        pendingNames.removeAll { $0.folder == path }
      }
    }
  }

  private mutating func note(_ change: NameChange) {
    names.apply(change)
    pendingNames.append(change)
  }

  private func content(_ node: Int) -> [UInt8] {
    nodes[node].pending.reduce(into: nodes[node].synced) { Disk.perform($1, on: &$0) }
  }

  private static func perform(_ change: FileChange, on bytes: inout [UInt8]) {
    switch change {
    case .write(let offset, let written):
      put(written, 0..<written.count, on: &bytes, at: Int(offset))
    case .truncate(let size):
      if bytes.count > size { bytes.removeLast(bytes.count - Int(size)) } else { extend(&bytes, to: Int(size)) }
    case .makeFolder, .create, .sync, .rename: break
    }
  }

  /// Puts a part of `written` on a file. With memcpy: debug builds copy elements of arrays one by one.
  private static func put(_ written: [UInt8], _ part: Range<Int>, on bytes: inout [UInt8], at offset: Int) {
    extend(&bytes, to: offset + part.count)
    bytes.withUnsafeMutableBytes { target in
      written.withUnsafeBytes { source in
        UnsafeMutableRawBufferPointer(rebasing: target[offset..<offset + part.count])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[part]))
      }
    }
  }

  private static func extend(_ bytes: inout [UInt8], to size: Int) {
    if bytes.count < size { bytes += [UInt8](repeating: 0, count: size - bytes.count) }
  }

  // MARK: Crashes

  /// What a power cut leaves of what was pending.
  enum Loss: CaseIterable {
    /// Nothing is lost: the program alone was killed.
    case nothing
    case everything
    /// The last write is cut off at a sector; everything before it is there.
    case endOfLastWrite
    /// Each change is there or not.
    case someChanges
    /// Each sector of each write is there or not; in what is missing zeros, where there was nothing before.
    case someSectors, fewSectors, mostSectors
    /// Sectors are missing, and files have their new sizes all the same: what was never written is garbage.
    case someSectorsOfTheNewSize
  }

  /// The files that are found after a crash now.
  func image(_ loss: Loss, _ generator: inout Randomness) -> Image {
    var found = syncedNames
    for change in pendingNames {
      let isKept =
        switch loss {
        case .nothing, .endOfLastWrite: true
        case .everything: false
        default: generator.isTrue(1, of: 2)
        }
      if isKept { found.apply(change) }
    }
    var image: Image = [:]
    for folder in found.folders where folder != "" { image[folder + "/"] = [] }
    for (path, node) in found.files where found.folders.contains(Disk.parent(of: path)) {
      image[path] = content(nodes[node], loss, &generator)
    }
    return image
  }

  private func content(_ node: Node, _ loss: Loss, _ generator: inout Randomness) -> [UInt8] {
    var bytes = node.synced
    if loss == .everything { return bytes }
    for (index, change) in node.pending.enumerated() {
      guard case .write(let offset, let written) = change else {
        let isKept = loss == .nothing || loss == .endOfLastWrite || generator.isTrue(1, of: 2)
        if isKept { Disk.perform(change, on: &bytes) }
        continue
      }
      switch loss {
      case .nothing: Disk.perform(change, on: &bytes)
      case .everything: break
      case .endOfLastWrite:
        var kept = written.count
        if index == node.pending.count - 1 {
          let sectors = (Int(offset) % Disk.sector + written.count + Disk.sector - 1) / Disk.sector
          kept = max(0, min(kept, generator.number(below: sectors + 1) * Disk.sector - Int(offset) % Disk.sector))
        }
        if kept > 0 { Disk.put(written, 0..<kept, on: &bytes, at: Int(offset)) }
      case .someChanges: if generator.isTrue(1, of: 2) { Disk.perform(change, on: &bytes) }
      case .someSectors: Disk.writeSectors(written, at: Int(offset), on: &bytes) { generator.isTrue(1, of: 2) }
      case .fewSectors: Disk.writeSectors(written, at: Int(offset), on: &bytes) { generator.isTrue(1, of: 16) }
      case .mostSectors: Disk.writeSectors(written, at: Int(offset), on: &bytes) { generator.isTrue(15, of: 16) }
      case .someSectorsOfTheNewSize:
        let end = Int(offset) + written.count
        if end > bytes.count { bytes += generator.bytes(end - bytes.count) }
        Disk.writeSectors(written, at: Int(offset), on: &bytes) { generator.isTrue(3, of: 4) }
      }
    }
    return bytes
  }

  private static func writeSectors(
    _ written: [UInt8], at offset: Int, on bytes: inout [UInt8], _ isKept: () -> Bool
  ) {
    var start = offset
    let end = offset + written.count
    while start < end {
      let next = min(end, (start / sector + 1) * sector)
      if isKept() {
        put(written, start - offset..<next - offset, on: &bytes, at: start)
      }
      start = next
    }
  }
}

/// Random numbers of one crash (SplitMix64), without a word: the run prints its seed once.
struct Randomness {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
    return word ^ word >> 31
  }

  mutating func number(below limit: Int) -> Int { Int(next() % UInt64(limit)) }
  mutating func isTrue(_ part: Int, of whole: Int) -> Bool { number(below: whole) < part }
  mutating func bytes(_ count: Int) -> [UInt8] { Noise.incompressible(Int(next() >> 2), count) }
}
