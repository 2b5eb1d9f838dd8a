import Testing
import VirtualTape

/// Goes through a recording and has every crash checked.
final class Survey {
  private let scenario: Scenario
  private let scratch: String
  private let seeds: Int
  private let seed: UInt64
  /// What is on the tape, by what is on the disk.
  private var seen: [Int: Int] = [:]
  /// All that operations can tell apart: whatever the disk looks like beneath, one of each is enough.
  private struct State: Hashable {
    var objects: Int
    var index: Int
    var promise: Checker.Promise
  }
  private var seenStates: Set<State> = []
  private var failures = 0

  /// Crashes looked at; those in a session behind a crash; different contents of the disk among all.
  private(set) var points = 0
  private(set) var nestedPoints = 0
  private(set) var images = 0
  /// Different combinations of tape, index and promise among those.
  private(set) var states = 0
  /// Members committed at the end of the recording.
  private(set) var committedAtEnd = 0

  init(scenario: Scenario, scratch: String, seeds: Int, seed: UInt64) {
    self.scenario = scenario
    self.scratch = scratch
    self.seeds = seeds
    self.seed = seed
  }

  /// Cuts the power behind every entry of `recording`.
  /// - Parameters:
  ///   - base: the disk before the first entry.
  ///   - index: the index's files then.
  ///   - depth: 2 to cut it again in the sessions that follow some of the crashes, 1 not to.
  func run(
    from base: Disk, index: Disk.Image, _ promise: Checker.Promise, _ recording: Recording, depth: Int,
    after history: String = ""
  ) {
    var disk = base
    var index = index
    var promise = promise
    for position in 0...recording.entries.count {
      if position > 0 {
        switch recording.entries[position - 1] {
        case .change(let change, let path): disk.apply(change, of: path)
        case .index(let files): index = files
        case .committed(let names, let isIndexed): promise.commit(names, isIndexed: isIndexed)
        case .erasing: promise = Checker.Promise(isErasing: true)
        }
      }
      let ways = disk.hasPending ? (depth == 2 ? seeds : max(1, seeds / 8)) : 1
      for way in 0..<ways {
        guard failures < 5 else { return }
        let number = UInt64(position) << 20 | UInt64(way)
        var generator = Randomness(seed &+ number &* 0x9E37_79B9)
        let all = Disk.Loss.allCases
        let loss = depth == 2 ? all[way % all.count] : all[generator.number(below: all.count)]
        points += 1
        if depth == 1 { nestedPoints += 1 }
        let image = disk.image(loss, &generator).merging(index) { $1 }
        let place = "\(history)entry \(position) of \(recording.entries.count), \(loss), way \(way)"
        let checker = Checker(
          archive: Archive(root: "\(scratch)/crash\(depth)", options: scenario.options, blockSize: scenario.blockSize),
          number: points)
        do {
          let imageHash = hash(image)
          let objects: Int
          if let known = seen[imageHash] {
            objects = known
          } else {
            images += 1
            try Scratch.fill(checker.archive.root, with: image)
            objects = try checker.checkDrive()
            seen[imageHash] = objects
          }
          let isNew = seenStates.insert(State(objects: objects, index: hash(index), promise: promise)).inserted
          // Killed with a truncation of the data left to the system: the next session must not rely on it.
          let isTruncated = loss == .nothing && position > 0 && recording.entries[position - 1].truncatesData
          guard isNew || (depth == 2 && isTruncated) else { continue }
          try Scratch.fill(checker.archive.root, with: image)
          states += 1
          let next = try checker.check(promise)
          if depth == 2, isTruncated || states % 12 == 0 || (loss == .nothing && states % 4 == 0) {
            // A kill leaves unsynced what the program had written; a power cut leaves nothing unsynced.
            run(
              from: loss == .nothing ? disk : Disk(image), index: index, promise, next, depth: 1,
              after: "\(place); then ")
          }
        } catch {
          failures += 1
          Issue.record("\(scenario.name): \(place): \(error)")
        }
      }
    }
    if depth == 2 { committedAtEnd = promise.committed.count }
  }

  private func hash(_ image: Disk.Image) -> Int {
    var hasher = Hasher()
    for name in image.keys.sorted() {
      hasher.combine(name)
      image[name]?.withUnsafeBytes { hasher.combine(bytes: $0) }
    }
    return hasher.finalize()
  }
}
