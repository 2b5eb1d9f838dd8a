internal import ArchiveFormat
internal import CSQLite

/// The members that a query chose, given out in tape order. Lives in a temporary table, unless it is all that some batches
/// have: memory does not grow with it.
public final class Selection {
  private let index: IndexFile
  private let database: Database
  private let batches: [Int64: (volume: IndexFile.Volume, committed: Int64)]
  /// Place of each volume, by its row, in the order in which they are gone through.
  private let order: [Int64: Int64]
  private let pieces: [Int64: [StoredPiece]]
  private let history: NameHistory
  private let selector: MemberSelector
  private var source = Source.list
  private var rows: StatementOnDemand
  private var isSelected: StatementOnDemand
  private var findBatch: StatementOnDemand
  private var findPlace: StatementOnDemand
  private var findTarget: StatementOnDemand
  /// The batch of the member given out last.
  private var lastBatch: (id: Int64, volume: IndexFile.Volume, committed: Int64, isChosen: Bool)?
  /// How many names each operand of the query matched, in their order.
  public private(set) var matches: [Int]
  /// How many members it has.
  public private(set) var count: Int64 = 0

  /// Bytes of their content.
  public var byteCount: Int64 {
    get throws(IndexError) {
      try database.number("SELECT CAST(min(total(m.size), 9e18) AS INTEGER) FROM \(source.tables)")
    }
  }

  /// Finds the members of `volumes` that `query` asks for; they come volume by volume.
  public init(_ query: MemberQuery, of volumes: [IndexFile.Volume], in index: IndexFile) throws(IndexError) {
    self.index = index
    database = index.database
    try database.execute(
      """
      CREATE TEMP TABLE IF NOT EXISTS selection (batch_order INTEGER, id INTEGER, PRIMARY KEY (batch_order, id))
        WITHOUT ROWID;
      DELETE FROM temp.selection;
      """)
    var batches: [Int64: (volume: IndexFile.Volume, committed: Int64)] = [:]
    var end = Int64.max
    if case .asOf(let time) = query.view { end = time.totalNanoseconds }
    var session: UniqueID?
    if let number = query.session {
      let sessions = try index.sessions(of: volumes)
      guard sessions.indices.contains(number - 1) else { throw .noSession(number, of: sessions.count) }
      session = sessions[number - 1].record.id
      end = min(end, sessions[number - 1].committed.totalNanoseconds)
    }
    var commits: [Int64: Int64] = [:]
    for volume in volumes {
      for (batch, committed, isOfSession) in try index.commits(of: volume, in: session) where committed <= end {
        commits[batch] = committed
        if isOfSession { batches[batch] = (volume, committed) }
      }
    }
    self.batches = batches
    history = query.view == .stored ? NameHistory() : try NameHistory(of: commits, in: database)
    order = Dictionary(volumes.enumerated().map { ($0.element.row, Int64($0.offset)) }) { first, _ in first }
    pieces = try index.pieces(inBatches: batches.mapValues { $0.volume })
    selector = MemberSelector(database)
    matches = Array(repeating: 0, count: query.operands.count)
    rows = .init(source.rows, in: database)
    isSelected = .init(source.isSelected, in: database)
    findBatch = .init(
      "SELECT id, first_fseq FROM batch WHERE volume = ? AND ? BETWEEN first_fseq AND fseq", in: database)
    findPlace = .init("SELECT id, fseq, offset FROM member WHERE id >= ? AND id < ? ORDER BY id LIMIT 1", in: database)
    findTarget = .init("SELECT \(MemberSelector.columns) FROM member m WHERE m.id = ?", in: database)
    try database.execute("BEGIN")
    defer { sqlite3_exec(database.handle, "COMMIT", nil, nil, nil) }  // of a temporary table: nothing to lose
    try choose(query)
    if let isWanted = query.isWanted { try narrow(to: isWanted) }
    if let sample = query.sample { try take(sample) }
    count = try database.number("SELECT count(*) FROM \(source.tables)")
  }

  /// Where what was chosen stands.
  private enum Source {
    /// In the temporary table, member by member.
    case list
    /// All members of the batches in a temporary table.
    case batches

    /// The tables `x`, with the place of the volume, and `member m`.
    var tables: String {
      switch self {
      case .list: "temp.selection x CROSS JOIN member m ON m.id = x.id"
      case .batches: "temp.chosen_batch x CROSS JOIN member m ON m.id >= x.id << 24 AND m.id < (x.id + 1) << 24"
      }
    }

    /// All of it in tape order.
    var rows: String {
      let order =
        switch self {
        case .list: "x.batch_order, x.id"
        case .batches: "x.place, m.id"
        }
      return "SELECT \(MemberSelector.columns) FROM \(tables) ORDER BY \(order)"
    }

    /// Whether the volume in place ?1 has the member ?2 chosen.
    var isSelected: String {
      switch self {
      case .list: "SELECT 1 FROM temp.selection WHERE batch_order = ?1 AND id = ?2"
      case .batches:
        "SELECT 1 FROM temp.chosen_batch x JOIN member m ON m.id = ?2 WHERE x.batch_order = ?1 AND x.id = ?2 >> 24"
      }
    }
  }

  /// How many of its members are on a volume.
  func count(on volume: IndexFile.Volume) throws(IndexError) -> Int64 {
    try database.number("SELECT count(*) FROM \(source.tables) WHERE x.batch_order = \(order[volume.row] ?? -1)")
  }

  /// The next member in tape order; nil when there is no more.
  public func next() throws(IndexError) -> StoredMember? {
    let rows = try rows.statement()
    return try rows.step() ? stored(rows) : nil
  }

  /// The member that a hard link is another name of; nil when the index does not have it.
  public func target(of link: StoredMember) throws(IndexError) -> StoredMember? {
    guard let placement = link.record.link else { return try targetByName(of: link) }
    let (findBatch, findTarget) = (try findBatch.statement(), try findTarget.statement())
    defer {
      findBatch.reset()
      findTarget.reset()
    }
    findBatch.bind(1, link.volume.row)
    findBatch.bind(2, Int64(clamping: placement.sequence))
    guard try findBatch.step(),
      let id = try find(
        placement, inBatch: findBatch.integer(0), from: Int64(clamping: placement.sequence) - findBatch.integer(1))
    else { return nil }
    findTarget.bind(1, id)
    return try findTarget.step() ? try stored(findTarget) : nil
  }

  /// The id of the member that lies at a place: within a batch, ids ascend with places.
  /// - Parameter guess: its ordinal, if no file before it holds several members.
  private func find(
    _ place: LinkPlacement, inBatch batch: Int64, from guess: Int64
  ) throws(IndexError) -> Int64? {
    var low = batch * Schema.membersPerBatch
    var high = low + Schema.membersPerBatch
    var id = min(max(low, low + guess), high - 1)
    let findPlace = try findPlace.statement()
    while low < high {
      findPlace.bind(1, id)
      findPlace.bind(2, high)
      defer { findPlace.reset() }
      if try findPlace.step() {
        let found = (findPlace.integer(1), findPlace.integer(2))
        let wanted = (Int64(clamping: place.sequence), place.offset)
        if found == wanted { return findPlace.integer(0) }
        if found < wanted { low = findPlace.integer(0) + 1 } else { high = id }
      } else {
        high = id
      }
      id = low + (high - low) / 2
    }
    return nil
  }

  /// A link that came out of another archive has a name to lead it: that of a member written before it.
  private func targetByName(of link: StoredMember) throws(IndexError) -> StoredMember? {
    guard link.record.member.kind == .hardLink else { return nil }
    if let target = try targetByName(of: link, on: link.volume) { return target }
    // A session that went on on another volume has left it on one before.
    var volume = link.volume
    while let before = try index.volume(1, before: volume) {
      if let target = try targetByName(of: link, on: before) { return target }
      volume = before
    }
    return nil
  }

  private func targetByName(of link: StoredMember, on volume: IndexFile.Volume) throws(IndexError) -> StoredMember? {
    let name = MemberName(path: link.record.member.linkTarget)
    let s = try database.prepare(
      """
      SELECT \(MemberSelector.columns) FROM batch b JOIN member m JOIN directory d ON d.id = m.directory
      WHERE b.volume = ?1 AND b.id = m.id >> 24 AND d.path = ?2 AND m.name = ?3 AND (m.id < ?4 OR ?4 IS NULL)
        AND m.type != 1
      ORDER BY m.id DESC LIMIT 1
      """)
    s.bind(1, volume.row)
    s.bind(2, name.directory)
    s.bind(3, name.name)
    s.bind(4, volume.row == link.volume.row ? link.id : nil)
    return try s.step() ? try stored(s) : nil
  }

  /// Whether the query chose this member.
  public func contains(_ member: StoredMember) throws(IndexError) -> Bool {
    let isSelected = try isSelected.statement()
    defer { isSelected.reset() }
    isSelected.bind(1, order[member.volume.row])
    isSelected.bind(2, member.id)
    return try isSelected.step()
  }

  private func stored(_ row: Statement) throws(IndexError) -> StoredMember {
    let id = row.integer(0)
    let number = id / Schema.membersPerBatch
    if lastBatch?.id != number {
      if let known = batches[number] {
        lastBatch = (number, known.volume, known.committed, true)
      } else {
        let other = try otherBatch(number)
        lastBatch = (number, other.volume, other.committed, false)
      }
    }
    guard let batch = lastBatch else { throw .badCatalogue(why: "the index has a member of no batch") }
    var (file, record) = try selector.member(row)
    let pathOnTape = record.member.path
    // What is gone and yet needed, as a link leads to it, keeps its name.
    if !history.isEmpty {
      record.member.path =
        history.name(of: pathOnTape, writtenAt: .ofMembers(committed: batch.committed, batch: number)) ?? pathOnTape
    }
    let pieces =
      !batch.isChosen ? try otherPieces(of: id, on: batch.volume) : self.pieces.isEmpty ? [] : self.pieces[id] ?? []
    return StoredMember(
      id: id, volume: batch.volume, committed: Timestamp(totalNanoseconds: batch.committed), file: file, record: record,
      pathOnTape: pathOnTape, pieces: pieces)
  }

  /// A batch of a volume that the selection is not of: links lead there.
  private func otherBatch(_ id: Int64) throws(IndexError) -> (volume: IndexFile.Volume, committed: Int64) {
    let s = try database.prepare(
      "SELECT \(VolumeRows.volumeColumns), (SELECT committed FROM batch WHERE id = ?1) FROM volume"
        + " WHERE id = (SELECT volume FROM batch WHERE id = ?1)")
    s.bind(1, id)
    guard try s.step() else { throw .badCatalogue(why: "the index has a member of no batch") }
    return (IndexFile.Volume(row: s.integer(0), descriptor: try VolumeRows.volume(s)), s.integer(11))
  }

  private func otherPieces(of member: Int64, on volume: IndexFile.Volume) throws(IndexError) -> [StoredPiece] {
    try index.pieces(inBatches: [member / Schema.membersPerBatch: volume])[member] ?? []
  }

  // MARK: Choosing

  private func narrow(to isWanted: (Member) -> Bool) throws(IndexError) {
    try database.execute(
      """
      CREATE TEMP TABLE IF NOT EXISTS rejection (batch_order INTEGER, id INTEGER);
      DELETE FROM temp.rejection;
      """)
    let reject = try database.prepare("INSERT INTO temp.rejection VALUES (?,?)")
    while let member = try next() {
      if isWanted(member.record.member) { continue }
      reject.bind(1, order[member.volume.row])
      reject.bind(2, member.id)
      try reject.run()
    }
    try rows.statement().reset()
    try database.execute(
      "DELETE FROM temp.selection WHERE (batch_order, id) IN (SELECT batch_order, id FROM temp.rejection)")
  }

  /// Leaves of what was chosen a random part, still in tape order.
  private func take(_ sample: MemberQuery.Sample) throws(IndexError) {
    let found = try database.number("SELECT count(*) FROM temp.selection")
    let wanted =
      switch sample {
      case .count(let count): count
      // Without overflow: an index has far fewer than 2^43 members.
      case .millionths(let share): (found * share + 999_999) / 1_000_000
      }
    let delete = try database.prepare(
      "DELETE FROM temp.selection WHERE id NOT IN (SELECT id FROM temp.selection ORDER BY random() LIMIT ?)")
    delete.bind(1, wanted)
    try delete.run()
  }

  private static let byName = "SELECT m.directory, m.name, m.id FROM member m"

  private func choose(_ query: MemberQuery) throws(IndexError) {
    if query.operands.isEmpty {
      if query.isExcluded == nil, history.isEmpty, !query.newestOnly || newestHaveGreatestIDs {
        try chooseAll(query)
      } else {
        _ = try choose(from: [all()], query) { _ in true }
      }
    }
    for (number, operand) in query.operands.enumerated() {
      switch operand {
      case .pattern(let matches):
        self.matches[number] = try choose(from: [all()], query, where: matches)
      case .literal(let path):
        // The names of directories have no slash at their end here.
        let bare = path.count > 1 && path.last == UInt8(ascii: "/") ? Array(path.dropLast()) : path
        if history.hasRenames {
          var rows: [Statement] = []
          for name in history.writtenNames(of: bare) { rows += try named(name) }
          self.matches[number] = try choose(from: rows, query) { NameHistory.isOrLies($0, below: bare) }
        } else {
          self.matches[number] = try choose(from: named(bare), query) { _ in true }
        }
      }
    }
  }

  /// Whether of two batches the one with the greater number in the index was committed later, or at the same time.
  private var newestHaveGreatestIDs: Bool {
    let committed = batches.sorted { $0.key < $1.key }.map(\.value.committed)
    return zip(committed, committed.dropFirst()).allSatisfy { $0 <= $1 }
  }

  /// What ``choose(from:_:where:)`` would choose of ``all()``, where names need not be looked at: SQLite does it alone.
  private func chooseAll(_ query: MemberQuery) throws(IndexError) {
    try database.execute(
      """
      CREATE TEMP TABLE IF NOT EXISTS chosen_batch
        (place INTEGER PRIMARY KEY, id INTEGER NOT NULL UNIQUE, batch_order INTEGER NOT NULL);
      DELETE FROM temp.chosen_batch;
      """)
    let insert = try database.prepare("INSERT INTO temp.chosen_batch (id, batch_order) VALUES (?,?)")
    let places = batches.map { (order: order[$0.value.volume.row] ?? 0, id: $0.key) }
    for (order, id) in places.sorted(by: { $0 < $1 }) {
      insert.bind(1, id)
      insert.bind(2, order)
      try insert.run()
    }
    let members = "FROM member m INDEXED BY member_by_name"
    let chosen = " CROSS JOIN temp.chosen_batch x ON x.id = m.id >> 24"
    let grouped = " GROUP BY m.directory, m.name"
    let names = members + chosen + grouped
    var choosesAll = true
    if query.newestOnly {
      // Where the index has no other batches, none need be looked up.
      let hasOthers = try database.number("SELECT count(*) FROM batch") != Int64(batches.count)
      choosesAll =
        try database.number(
          "SELECT EXISTS (SELECT 1 \(members + (hasOthers ? chosen : "") + grouped) HAVING count(*) > 1)") == 0
    }
    if choosesAll, query.isWanted == nil, query.sample == nil {
      source = .batches
      rows = .init(source.rows, in: database)
      isSelected = .init(source.isSelected, in: database)
    } else if choosesAll {
      try database.execute("INSERT INTO temp.selection SELECT x.batch_order, m.id FROM \(Source.batches.tables)")
    } else {
      // Beside max() a column has its value in the row of the greatest (SQLite, "Bare columns in an aggregate query").
      try database.execute("INSERT INTO temp.selection SELECT x.batch_order, max(m.id) \(names)")
    }
  }

  private func all() throws(IndexError) -> Statement {
    try database.prepare(Self.byName + " ORDER BY m.directory, m.name")
  }

  /// What was written as `bare`, and what was written below it.
  private func named(_ bare: [UInt8]) throws(IndexError) -> [Statement] {
    let name = MemberName(path: bare)
    let exact = try database.prepare(
      Self.byName + " WHERE m.directory = (SELECT id FROM directory WHERE path = ?) AND m.name = ?")
    exact.bind(1, name.directory)
    exact.bind(2, name.name)
    let below = try database.prepare(
      Self.byName + " JOIN directory d ON d.id = m.directory WHERE d.path >= ? AND d.path < ? ORDER BY d.path, m.name")
    // "dir/" up to "dir0": '0' is the byte behind '/'.
    let prefix = bare.last == UInt8(ascii: "/") ? Array(bare.dropLast()) : bare
    below.bind(1, prefix + [UInt8(ascii: "/")])
    below.bind(2, prefix + [UInt8(ascii: "0")])
    return [exact, below]
  }

  /// Chooses from rows of directory, name and id, which come grouped by name from each statement; returns how many names
  /// it chose.
  private func choose(
    from statements: [Statement], _ query: MemberQuery, where matches: ([UInt8]) -> Bool
  ) throws(IndexError) -> Int {
    let group = try VersionGroup(query, order: order, in: database)
    let sorter = history.hasRenames ? try CandidateSorter(database) : nil
    for rows in statements {
      try forEachVersion(in: rows) { (path, version) throws(IndexError) in
        guard matches(path) else { return }
        if let sorter { try sorter.add(version, path) } else { try group.add(version, path) }
      }
    }
    // Versions of one name lie apart where some were written under another.
    try sorter?.forEach { (path, version) throws(IndexError) in try group.add(version, path) }
    return try group.end()
  }

  /// Gives out the versions that are there, with their names.
  private func forEachVersion(
    in rows: Statement, _ body: ([UInt8], VersionGroup.Version) throws(IndexError) -> Void
  ) throws(IndexError) {
    let directories = try database.prepare("SELECT path FROM directory WHERE id = ?")
    var directory: (id: Int64, path: [UInt8], isTouched: Bool) = (-1, [], false)
    while try rows.step() {
      let id = rows.integer(2)
      let row = id / Schema.membersPerBatch
      guard let batch = batches[row] else { continue }
      if rows.integer(0) != directory.id {
        directories.bind(1, rows.integer(0))
        _ = try directories.step()
        let path = directories.blob(0)
        directory = (rows.integer(0), path, history.touches(directory: path))
        directories.reset()
      }
      var path = directory.path + rows.blob(1)
      if directory.isTouched || !history.isEmpty && history.touches(name: path) {
        guard let name = history.name(of: path, writtenAt: .ofMembers(committed: batch.committed, batch: row)) else {
          continue
        }
        path = name
      }
      try body(path, VersionGroup.Version(id: id, committed: batch.committed, volume: batch.volume.row))
    }
  }
}

extension IndexFile {
  /// Every version of the members that `operand` names on `volumes` and that `view` shows: by path, the newest first.
  public func versions(
    of operand: MemberQuery.Operand, on volumes: [Volume], view: MemberQuery.View = .current
  ) throws(IndexError) -> [StoredMember] {
    let selection = try Selection(
      MemberQuery(operands: [operand], newestOnly: false, view: view), of: volumes, in: self)
    var found: [StoredMember] = []
    while let member = try selection.next() { found.append(member) }
    return found.sorted(by: StoredMember.isListedBefore)
  }
}
