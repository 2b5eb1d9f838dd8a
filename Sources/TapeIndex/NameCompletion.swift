internal import ArchiveFormat

extension IndexFile {
  /// Names that begin with `prefix`, up to the next slash, for completion on a command line: members of volumes that
  /// were not erased, and directories on the way to members, each once and in order; a directory's ends in a slash.
  /// Takes time for the names given out, not for the members below them.
  /// - Parameter vsn: the only volume whose members count; nil for all.
  public func names(beginningWith prefix: [UInt8], vsn: String? = nil) throws(IndexError) -> [[UInt8]] {
    let start = prefix.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
    let (directory, beginning) = (Array(prefix[..<start]), Array(prefix[start...]))
    let names = Set(try members(in: directory, beginning, vsn: vsn) + directories(in: directory, beginning))
    return names.map { directory + $0 }.sorted { $0.lexicographicallyPrecedes($1) }
  }

  private func members(
    in directory: [UInt8], _ beginning: [UInt8], vsn: String?
  ) throws(IndexError) -> [[UInt8]] {
    let rows = try database.prepare(
      """
      SELECT m.name, m.type FROM member m JOIN batch b ON b.id = m.id >> 24 JOIN volume v ON v.id = b.volume
      WHERE m.directory = (SELECT id FROM directory WHERE path = ?) AND m.name >= ?
        AND v.erased = 0 AND v.vsn = ifnull(?, v.vsn)
      ORDER BY m.directory, m.name
      """)
    rows.bind(1, directory)
    rows.bind(2, beginning)
    if let vsn { rows.bind(3, text: vsn) }
    var names: [[UInt8]] = []
    while try rows.step() {
      var name = rows.blob(0)
      guard name.starts(with: beginning) else { break }
      let isDirectory = rows.integer(1) == Int64(Member.Kind.directory.rawValue)
      if isDirectory, name.last != UInt8(ascii: "/") { name.append(UInt8(ascii: "/")) }
      if name != names.last { names.append(name) }
    }
    return names
  }

  /// The next directories on the paths below `directory`: one look-up for each, however much lies below it.
  private func directories(in directory: [UInt8], _ beginning: [UInt8]) throws(IndexError) -> [[UInt8]] {
    let following = try database.prepare("SELECT path FROM directory WHERE path >= ? ORDER BY path LIMIT 1")
    var names: [[UInt8]] = []
    var cursor = directory + beginning
    while true {
      following.bind(1, cursor)
      guard try following.step() else { return names }
      let path = following.blob(0)
      following.reset()
      guard path.starts(with: directory + beginning) else { return names }
      let rest = path[directory.count...]
      guard let slash = rest.firstIndex(of: UInt8(ascii: "/")) else {
        // `directory` itself, when nothing was typed behind it: go on below it.
        cursor = path + [0]
        continue
      }
      names.append(Array(rest[...slash]))
      // '0' is the byte behind '/': behind everything below this directory.
      cursor = Array(path[..<slash]) + [UInt8(ascii: "0")]
    }
  }
}
