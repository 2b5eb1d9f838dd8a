import Testing

@testable import tapir

/// Cells of a map against an oracle that looks at each byte.
struct TapeMapTests {
  /// Runs of bytes: state and how many.
  private func map(_ runs: [(TapeMap.State, Int64)], cells: Int, capacity: Int64? = nil) -> TapeMap {
    TapeMap(cells: cells, empty: { used in capacity.map { $0 - used } }) { take in
      for (state, bytes) in runs { take(state, bytes, 1) }
    }
  }

  private func oracle(_ runs: [(TapeMap.State, Int64)], cells: Int, capacity: Int64?) -> [TapeMap.State] {
    var bytes = runs.flatMap { Array(repeating: $0.0, count: Int($0.1)) }
    if let capacity, Int(capacity) > bytes.count {
      bytes += repeatElement(.empty, count: Int(capacity) - bytes.count)
    }
    let count = min(cells, bytes.count)
    return (0..<count).map { cell in
      let part = bytes[(cell * bytes.count / count)..<((cell + 1) * bytes.count / count)]
      if part.contains(.damaged) { return .damaged }
      return TapeMap.State.allCases.max { left, right in
        let (a, b) = (part.count { $0 == left }, part.count { $0 == right })
        return a == b ? left.rawValue > right.rawValue : a < b
      } ?? .empty
    }
  }

  @Test func cellsShowWhatMostBytesAre() {
    var state: UInt64 = 42
    func random(_ limit: UInt64) -> Int64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int64((state >> 33) % limit)
    }
    for round in 0..<300 {
      let runs = (0..<random(40)).map { _ in (TapeMap.State(rawValue: Int(random(4))) ?? .live, random(50)) }
      let total = runs.reduce(0) { $0 + $1.1 }
      let capacity = round % 3 == 0 ? nil : total / 2 + random(1_000)
      let cells = Int(random(90)) + 1
      let found = map(runs, cells: cells, capacity: capacity)
      #expect(found.cells == oracle(runs, cells: cells, capacity: capacity), "round \(round)")
      for kind in TapeMap.State.allCases where kind != .empty {
        #expect(found[kind].bytes == runs.filter { $0.0 == kind }.reduce(0) { $0 + $1.1 })
        #expect(found[kind].members == runs.count { $0.0 == kind })
      }
      #expect(found[.empty].bytes == max(0, (capacity ?? 0) - total))
    }
  }

  @Test func hugeVolumesAreNoTrouble() {
    let large: Int64 = 1 << 60
    let found = map([(.live, large), (.dead, large)], cells: 1000, capacity: large * 4)
    #expect(
      found.cells == Array(repeating: .live, count: 250) + Array(repeating: .dead, count: 250)
        + Array(repeating: .empty, count: 500))
  }

  @Test func aMapIsDrawnForTheTerminalThatThereIs() {
    let cells = TapeMap.State.allCases
    #expect(MapText(isUTF8: false, hasColour: false, width: 80).line(cells) == "#-=X.")
    #expect(MapText(isUTF8: true, hasColour: false, width: 80).line(cells) == "█░▓╳·")
    #expect(
      MapText(isUTF8: false, hasColour: true, width: 80).line([.live, .live, .damaged])
        == "\u{1B}[0;32m##\u{1B}[1;31mX\u{1B}[0m")
  }
}
