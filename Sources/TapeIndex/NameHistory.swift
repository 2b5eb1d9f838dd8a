/// What became of names on some volumes, up to some time: whether a version is still there, and what it is called.
///
/// Held in memory, as there are few: a directory that was deleted, renamed or has vanished is one change.
struct NameHistory {
  /// When something happened: by commit, within a batch by ordinal. The members of a batch come behind its changes.
  struct Moment: Comparable {
    var committed: Int64
    var batch: Int64
    var ordinal: Int64

    static func ofMembers(committed: Int64, batch: Int64) -> Self {
      Self(committed: committed, batch: batch, ordinal: .max)
    }

    static func < (left: Self, right: Self) -> Bool {
      (left.committed, left.batch, left.ordinal) < (right.committed, right.batch, right.ordinal)
    }
  }

  private struct Event {
    var moment: Moment
    var change: NameChange
  }

  /// What happened to each name, in order.
  private var events: [[UInt8]: [Event]] = [:]
  private var renames: [(old: [UInt8], new: [UInt8])] = []

  /// Nothing happened.
  init() {}

  /// Reads what `batches`, with the times of their commits, say.
  init(of batches: [Int64: Int64], in database: Database) throws(IndexError) {
    guard try database.number("SELECT count(*) FROM (SELECT 1 FROM change LIMIT 1)") > 0 else { return }
    let rows = try database.prepare("SELECT \(ChangeRows.columns) FROM \(ChangeRows.tables)")
    while try rows.step() {
      guard let committed = batches[rows.integer(0)], let change = ChangeRows.change(rows) else { continue }
      let moment = Moment(committed: committed, batch: rows.integer(0), ordinal: rows.integer(1))
      events[change.name, default: []].append(Event(moment: moment, change: change))
      if case .renamed(let old, let new) = change { renames.append((old, new)) }
    }
    for name in events.keys { events[name]?.sort { $0.moment < $1.moment } }
  }

  var isEmpty: Bool { events.isEmpty }
  var hasRenames: Bool { !renames.isEmpty }

  /// What a version that was written as `path` at `moment` is called; nil when it is there no more.
  func name(of path: [UInt8], writtenAt moment: Moment) -> [UInt8]? {
    guard !events.isEmpty else { return path }
    var (path, moment) = (path, moment)
    while let event = next(for: path, after: moment) {
      guard case .renamed(let old, let new) = event.change else { return nil }
      path = new + path.dropFirst(old.count)
      moment = event.moment
    }
    return path
  }

  /// What happened to a version that was written as `path` at `moment`, in order, up to its end.
  func events(of path: [UInt8], writtenAt moment: Moment) -> [(change: NameChange, committed: Int64)] {
    var (path, moment) = (path, moment)
    var found: [(change: NameChange, committed: Int64)] = []
    while let event = next(for: path, after: moment) {
      found.append((event.change, event.moment.committed))
      guard case .renamed(let old, let new) = event.change else { break }
      path = new + path.dropFirst(old.count)
      moment = event.moment
    }
    return found
  }

  /// The first thing that happened to a name, or to a directory above it, after `moment`.
  private func next(for path: [UInt8], after moment: Moment) -> Event? {
    var first: Event?
    Self.forEachAncestor(of: path) { name in
      guard let event = events[name]?.first(where: { $0.moment > moment }) else { return }
      if let found = first, found.moment < event.moment { return }
      first = event
    }
    return first
  }

  /// Calls `body` with a path and with every directory above it.
  private static func forEachAncestor(of path: [UInt8], _ body: ([UInt8]) -> Void) {
    body(path)
    for index in path.indices.dropFirst() where path[index] == UInt8(ascii: "/") { body(Array(path[..<index])) }
  }

  /// Whether anything happened to a directory, written with its slash, or to one above it.
  func touches(directory: [UInt8]) -> Bool {
    guard !directory.isEmpty else { return false }
    var isTouched = false
    Self.forEachAncestor(of: Array(directory.dropLast())) { isTouched = isTouched || events[$0] != nil }
    return isTouched
  }

  /// Whether anything happened to this very name.
  func touches(name path: [UInt8]) -> Bool { events[path] != nil }

  /// The names as which members may have been written that are now called `path` or lie below it: all of them, and with
  /// everything below each, maybe others too.
  func writtenNames(of path: [UInt8]) -> [[UInt8]] {
    var names = [path]
    var next = 0
    while next < names.count {
      let name = names[next]
      next += 1
      for (old, new) in renames {
        let written: [UInt8]
        if Self.isOrLies(new, below: name) {
          written = old
        } else if Self.isOrLies(name, below: new) {
          written = old + name.dropFirst(new.count)
        } else {
          continue
        }
        // Names that swap places would go on for ever; each longer one lies below one that is there.
        if !names.contains(where: { Self.isOrLies(written, below: $0) }) { names.append(written) }
      }
    }
    return names
  }

  /// Whether `path` is `directory` or lies below it.
  static func isOrLies(_ path: [UInt8], below directory: [UInt8]) -> Bool {
    path.starts(with: directory)
      && (path.count == directory.count || directory.last == UInt8(ascii: "/")
        || path[directory.count] == UInt8(ascii: "/"))
  }
}
