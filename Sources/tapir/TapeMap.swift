import TapeIndex

/// A volume as a row of cells, each of them what lies in its part of the tape.
struct TapeMap {
  /// What a cell shows.
  enum State: Int, CaseIterable, Sendable {
    case live, dead, overhead, damaged, empty

    init(_ kind: VolumeExtents.Kind) {
      switch kind {
      case .live: self = .live
      case .dead: self = .dead
      case .overhead: self = .overhead
      case .damaged: self = .damaged
      }
    }
  }

  /// Bytes, and members of which they are.
  struct Amount: Equatable {
    var bytes: Int64 = 0
    var members: Int64 = 0
  }

  /// How much there is of each, exactly.
  private(set) var amounts = [Amount](repeating: Amount(), count: State.allCases.count)
  /// The cells, from the beginning of the tape.
  let cells: [State]

  subscript(_ state: State) -> Amount { amounts[state.rawValue] }
  /// The cells in lines.
  func rows(_ width: Int) -> [ArraySlice<State>] {
    stride(from: 0, to: cells.count, by: width).map { cells[$0..<min($0 + width, cells.count)] }
  }

  var total: Int64 { amounts.reduce(0) { $0 + $1.bytes } }

  /// Goes twice over what there is: how much it is, and where it is then.
  /// - Parameter empty: bytes behind end of data, given what is before it; nil when nobody knows the capacity.
  init<Failure: Error>(
    cells count: Int, empty: (Int64) -> Int64?, _ forEach: ((State, Int64, Int64) -> Void) throws(Failure) -> Void
  ) throws(Failure) {
    var sums = [Amount](repeating: Amount(), count: State.allCases.count)
    try forEach { state, bytes, members in
      sums[state.rawValue].bytes += bytes
      sums[state.rawValue].members += members
    }
    let used = sums.reduce(0) { $0 + $1.bytes }
    sums[State.empty.rawValue].bytes = max(0, empty(used) ?? 0)
    let total = used + sums[State.empty.rawValue].bytes
    var row = CellRow(count: Int(min(Int64(count), total)), total: total)
    try forEach { state, bytes, _ in row.add(state, bytes) }
    row.add(.empty, total - used)
    amounts = sums
    cells = row.states
  }
}

/// Cells being filled: cell i of n has the bytes from i * total / n up to (i + 1) * total / n.
private struct CellRow {
  private let count: Int
  private let total: Int64
  private var place: Int64 = 0
  private var cell = 0
  private var cellEnd: Int64 = 0
  private var here = [Int64](repeating: 0, count: TapeMap.State.allCases.count)
  private(set) var states: [TapeMap.State] = []

  init(count: Int, total: Int64) {
    self.count = count
    self.total = total
    cellEnd = end(of: 0)
  }

  private func end(of cell: Int) -> Int64 {
    guard count > 0 else { return 0 }
    let product = UInt64(total).multipliedFullWidth(by: UInt64(cell + 1))
    return Int64(UInt64(count).dividingFullWidth(product).quotient)
  }

  mutating func add(_ state: TapeMap.State, _ bytes: Int64) {
    var left = bytes
    // Another process may have changed the index since the amounts were taken: what is more than those is not drawn.
    while left > 0, cellEnd > place {
      let part = min(left, cellEnd - place)
      here[state.rawValue] += part
      left -= part
      place += part
      if place == cellEnd, cell < count { close() }
    }
  }

  /// Damage shows whenever there is any; else what there is most of, the earlier one among equals.
  private mutating func close() {
    var best = TapeMap.State.live
    for state in TapeMap.State.allCases where here[state.rawValue] > here[best.rawValue] { best = state }
    states.append(here[TapeMap.State.damaged.rawValue] > 0 ? .damaged : best)
    for state in TapeMap.State.allCases { here[state.rawValue] = 0 }
    cell += 1
    cellEnd = cell < count ? end(of: cell) : total
  }
}
