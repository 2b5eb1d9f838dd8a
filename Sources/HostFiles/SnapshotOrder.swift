/// The order in which GNU tar writes the directories of a snapshot: that of gnulib's hash table of their absolute names,
/// with its chains and its growth. Then two programs that archived the same write the same file.
struct SnapshotOrder {
  private var chains: [[Int]] = Array(repeating: [], count: 11)
  private var used = 0
  private var names: [[UInt8]] = []

  /// Places a name that is not there yet; names are numbered from 0.
  mutating func insert(_ name: [UInt8]) {
    if Float(used) > 0.8 * Float(chains.count) { grow() }
    names.append(name)
    place(names.count - 1)
  }

  /// The numbers of the names, in the table's order.
  var order: [Int] { chains.flatMap { $0 } }

  private mutating func place(_ number: Int) {
    var hash: UInt64 = 0
    let size = UInt64(chains.count)
    for byte in names[number] { hash = (hash &* 31 &+ UInt64(byte)) % size }
    let chain = Int(hash)
    if chains[chain].isEmpty { used += 1 }
    // The first of a chain stays the first; others go behind it, the last one first.
    chains[chain].insert(number, at: min(1, chains[chain].count))
  }

  private mutating func grow() {
    let wanted = Float(chains.count) * 1.414 * 0.8
    let size = Self.prime(from: Int(Float(Int(wanted)) / 0.8))
    guard size != chains.count else { return }
    let old = chains
    chains = Array(repeating: [], count: size)
    used = 0
    for chain in old {
      for number in chain.dropFirst() { place(number) }
      if let first = chain.first { place(first) }
    }
  }

  private static func prime(from candidate: Int) -> Int {
    var candidate = max(candidate, 10) | 1
    while !isPrime(candidate) { candidate += 2 }
    return candidate
  }

  private static func isPrime(_ candidate: Int) -> Bool {
    var divisor = 3
    while divisor * divisor <= candidate {
      if candidate % divisor == 0 { return false }
      divisor += 2
    }
    return true
  }
}
