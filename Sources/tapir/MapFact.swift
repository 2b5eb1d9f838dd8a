import TapeLabels

/// A volume's map, and what is said of it.
struct VolumeMap {
  let volume: VSN
  let map: TapeMap
  /// Bytes that it holds; nil when not known.
  let capacity: UInt64?
  /// Bytes that what is on it takes, when it is compressed; nil when not known.
  let stored: UInt64?
}

/// What lies where on a volume (`volume map`).
struct MapFact: Fact {
  let map: VolumeMap
  let text: MapText
  /// Whether it is one line among those of other volumes.
  let isBar: Bool

  let kind = Event.Kind.map

  var lines: [[UInt8]] {
    if isBar {
      let live = map.map.total > 0 ? Double(map.map[.live].bytes) / Double(map.map.total) * 100 : 0
      return [
        Array("\(map.volume) \(text.line(map.map.cells)) \(Figures.right("\(Int(live.rounded()))%", 4))".utf8)
      ]
    }
    var head = "volume \(map.volume)"
    if let capacity = map.capacity { head += ", capacity \(capacity) bytes" }
    if let stored = map.stored { head += ", stored in \(stored) bytes" }
    let picture = map.map.rows(text.width).map { text.line($0) }
    return ([head] + picture + text.legend(map.map, knowsCapacity: map.capacity != nil)).map { Array($0.utf8) }
  }

  func fill(_ event: Event) {
    event.set("volume", map.volume.text)
    event.set("capacity_bytes", map.capacity.map { Int64(clamping: $0) })
    event.set("stored_bytes", map.stored.map { Int64(clamping: $0) })
    event.set("live_bytes", map.map[.live].bytes)
    event.set("live_members", map.map[.live].members)
    event.set("dead_bytes", map.map[.dead].bytes)
    event.set("dead_members", map.map[.dead].members)
    event.set("overhead_bytes", map.map[.overhead].bytes)
    event.set("damaged_bytes", map.map[.damaged].bytes)
    event.set("damaged_members", map.map[.damaged].members)
    if map.capacity != nil { event.set("empty_bytes", map.map[.empty].bytes) }
    event.set("cells", MapText(isUTF8: false, hasColour: false, width: 80).line(map.map.cells))
  }
}
