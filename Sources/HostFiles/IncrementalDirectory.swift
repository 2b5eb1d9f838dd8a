import ArchiveFormat

/// A directory that the snapshot knows, or that the scan came upon.
final class IncrementalDirectory {
  /// Which of its files are archived.
  enum Children {
    case none
    /// Those that are new or changed.
    case changed
    /// Every one.
    case all
  }

  /// Its name, as the user named it; that of one that was moved changes with the directories above it.
  var name: [UInt8]
  /// Its absolute name.
  let canonicalName: [UInt8]
  var modified: Timestamp
  var identity: FileIdentity
  var isNFS: Bool
  /// What was in it; what is in it once it was scanned. Nil when that is not known.
  var contents: DirectoryContents?
  /// What the snapshot said was in it, once it was scanned.
  var contentsBefore: DirectoryContents?
  var children = Children.changed
  /// Whether this run came upon it.
  var isFound = false
  /// The tag in it that says that its contents are left out.
  var tagName: [UInt8]?
  var wasVisited = false
  var wasScanned = false
  /// What it was before it got another name.
  var origin: IncrementalDirectory?
  /// Whether another one's ``origin`` is this.
  var hasMoved = false
  /// Whether it is the last of a chain of such directories.
  var isLastOfRenames = false
  /// Names in it that this run does not save though they may have changed: the next one must not take them for saved.
  var unsaved: Set<[UInt8]> = []

  init(name: [UInt8], canonicalName: [UInt8], modified: Timestamp, identity: FileIdentity, isNFS: Bool) {
    self.name = name
    self.canonicalName = canonicalName
    self.modified = modified
    self.identity = identity
    self.isNFS = isNFS
  }

  /// What the next snapshot says of it. Of one that was not scanned it says nothing, so that all of it is archived then.
  var record: Snapshot.Directory {
    var listed: [UInt8] = []
    if wasScanned {
      contents?.forEach { code, name in if !unsaved.contains(Array(name)) { listed += [code] + name + [0] } }
    }
    return Snapshot.Directory(isNFS: isNFS, modified: modified, identity: identity, name: name, contents: listed)
  }
}

/// Names in a directory, sorted, with a code for each.
struct DirectoryContents {
  /// Codes and names, with a NUL behind each pair.
  private(set) var bytes: [UInt8] = []
  private var starts: [Int] = []

  /// The names in a directory, sorted.
  init(names: [[UInt8]]) {
    for name in names {
      starts.append(bytes.count)
      bytes.append(UInt8(ascii: " "))
      bytes += name
      bytes.append(0)
    }
  }

  /// What a snapshot says: foreign input, which need not be sorted.
  init(snapshot: [UInt8]) {
    bytes = snapshot
    var start = 0
    while start < bytes.count {
      let end = bytes[start...].firstIndex(of: 0) ?? bytes.count
      if DumpDirectory.Code(rawValue: bytes[start])?.isContent == true { starts.append(start) }
      start = end + 1
    }
    for index in starts.indices.dropFirst() where !name(index - 1).lexicographicallyPrecedes(name(index)) {
      starts = starts.indices.sorted { name($0).lexicographicallyPrecedes(name($1)) }.map { starts[$0] }
      break
    }
  }

  var count: Int { starts.count }

  /// The code of entry `index`.
  subscript(index: Int) -> UInt8 {
    get { bytes[starts[index]] }
    set { bytes[starts[index]] = newValue }
  }

  /// The name of entry `index`.
  func name(_ index: Int) -> ArraySlice<UInt8> { bytes[(starts[index] + 1)...].prefix { $0 != 0 } }

  /// Whether a name is there.
  func contains(_ wanted: some Collection<UInt8>) -> Bool {
    var (low, high) = (0, starts.count)
    while low < high {
      let middle = (low + high) / 2
      if name(middle).lexicographicallyPrecedes(wanted) { low = middle + 1 } else { high = middle }
    }
    return low < starts.count && name(low).elementsEqual(wanted)
  }

  func forEach(_ body: (UInt8, ArraySlice<UInt8>) -> Void) {
    for index in starts.indices { body(self[index], name(index)) }
  }
}
