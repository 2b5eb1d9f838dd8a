import Glibc
import TapeIO

/// Opening `data`: finding its end and making sure of the map (docs/virtual-tape-format.md, section 8).
extension Medium {
  /// Finds the end of data, and makes the map anew where it is missing or wrong.
  func establish(headerBlock: [UInt8]) throws(DriveError) {
    let size = try data.size(operation: "open")
    let slots = (0..<2).compactMap { Slot(parsing: headerBlock, index: $0, key: key) }.sorted { $0.serial > $1.serial }
    slot.serial = slots.first?.serial ?? 0
    if let (newest, place) = slots.lazy.compactMap({ found in self.place(of: found, in: size).map { (found, $0) } })
      .first
    {
      slot = newest
      slot.serial = slots.first?.serial ?? newest.serial
      epoch = newest.epoch
      end = place
      checkMap(upTo: place, sure: newest.mapped)
      keepTail(size)
    } else {
      notices.append("no durable point was found; its objects were searched from the beginning")
      walkAll(size)
    }
    map.truncate(to: end)
    if end.offset < size {
      hasRemains = true
      notices.append(
        "\(size - end.offset) bytes behind object \(end.number) were never completed and are dropped by the next write")
    }
  }

  /// The place behind the sync frame a slot names; nil when it does not hold.
  private func place(of slot: Slot, in size: UInt64) -> Place? {
    guard slot.offset % 8 == 0, slot.offset <= size, let header = window.header(at: slot.offset),
      header.kind == .sync, header.epoch == slot.epoch, header.number == slot.objects,
      UInt64(header.filemarks) == slot.filemarks
    else { return nil }
    var place = Place(of: header, at: slot.offset)
    place.pass(.sync, frameSize: header.frameSize)
    return place
  }

  /// Goes on from the durable point over frames that check out in full.
  private func keepTail(_ size: UInt64) {
    var place = end
    while let header = window.header(at: place.offset), place.offset + header.frameSize <= size,
      header.epoch == epoch || (header.kind == .sync && header.epoch > epoch),
      Place(of: header, at: place.offset) == place, window.checksPayload(of: header, at: place.offset)
    {
      epoch = header.epoch
      if header.kind != .sync { note(header, at: place) }
      place.pass(header.kind, frameSize: header.frameSize)
      end = place
    }
  }

  /// Has the map say of the object at `place` what its header says.
  private func note(_ header: FrameHeader, at place: Place) {
    let entry = ObjectMap.Entry(
      kind: header.kind, offset: place.offset, length: header.length, filemarks: header.filemarks)
    let isMark = header.kind == .filemark
    if map.entry(place.number) == entry, !isMark || map.mark(place.filemarks) == place.offset { return }
    map.truncate(to: place)
    map.append(header.kind, at: place, length: header.length)
  }

  /// Makes sure of the map up to the durable point: entries before `sure` by samples, the others by their order.
  private func checkMap(upTo place: Place, sure: UInt64) {
    let objects = Int(place.number)
    let filemarks = Int(place.filemarks)
    guard map.count >= objects, map.markCount >= filemarks else {
      // Missing or short. Start behind the last entry that is found, or from the beginning.
      return rebuild(from: min(map.count, objects), to: place)
    }
    guard isPlausible(from: Int(clamping: min(sure, place.number)), to: objects, place), samplesHold(objects, filemarks)
    else { return rebuild(from: 0, to: place) }
  }

  /// Whether entries of the map rise as those of objects in a row do.
  private func isPlausible(from first: Int, to objects: Int, _ place: Place) -> Bool {
    var before: ObjectMap.Entry?
    let entriesRise = map.objects.allSatisfy(in: max(0, first - 1)..<objects) { _, bytes in
      guard let entry = ObjectMap.entry(bytes), entry.offset < place.offset else { return false }
      defer { before = entry }
      guard let before else { return true }
      guard before.kind != nil, entry.kind != nil else { return entry.offset >= before.offset }
      return entry.offset >= before.offset + UInt64(FrameHeader.byteCount)
        && entry.filemarks == before.filemarks + (before.kind == .filemark ? 1 : 0)
    }
    // Filemarks before the first object to check: as many as the one before it counts.
    let firstMark = first == 0 ? 0 : map.entry(UInt64(first - 1)).map { Int($0.filemarks) } ?? 0
    guard entriesRise, firstMark <= Int(place.filemarks) else { return false }
    var last: UInt64 = 0
    return map.marks.allSatisfy(in: firstMark..<Int(place.filemarks)) { _, bytes in
      let offset = bytes.integer(at: 0, UInt64.self)
      guard offset == 0 || (offset > last && offset < place.offset) else { return false }
      last = max(last, offset)
      return true
    }
  }

  /// Whether samples of map and marks name frames that are what they say. A damaged frame is not held against them
  /// when its neighbour holds.
  private func samplesHold(_ objects: Int, _ filemarks: Int) -> Bool {
    window.readsAhead = false
    defer { window.readsAhead = true }
    expectSamples(objects, filemarks)
    func holds(_ number: Int) -> Bool {
      guard let entry = map.entry(UInt64(number)) else { return false }
      if entry.kind == nil { return true }
      guard let header = header(of: UInt64(number), at: entry) else { return false }
      return header.kind == entry.kind && header.length == entry.length && header.filemarks == entry.filemarks
    }
    func markHolds(_ index: Int) -> Bool { markedFilemark(UInt64(index)) != nil }
    return samples(objects).allSatisfy { holds($0) || ($0 > 0 ? holds($0 - 1) : holds(min(1, objects - 1))) }
      && samples(filemarks).allSatisfy { markHolds($0) || ($0 > 0 ? markHolds($0 - 1) : filemarks < 2 || markHolds(1)) }
  }

  /// Has the system read all samples at once: on a disk they are far apart, and each would be waited for.
  private func expectSamples(_ objects: Int, _ filemarks: Int) {
    for number in samples(objects) { map.objects.expect(number) }
    for index in samples(filemarks) { map.marks.expect(index) }
    for number in samples(objects) {
      if let entry = map.entry(UInt64(number)) { data.expect(FrameHeader.byteCount, at: entry.offset) }
    }
    for index in samples(filemarks) {
      if let offset = map.mark(UInt64(index)) { data.expect(FrameHeader.byteCount, at: offset) }
    }
  }

  private func samples(_ count: Int) -> [Int] {
    let spread = 16
    if count <= spread { return Array(0..<count) }
    return (0..<spread).map { $0 * (count - 1) / (spread - 1) }
  }

  /// Makes map and marks anew from object `first` on, walking the headers up to the durable point `limit`.
  private func rebuild(from first: Int, to limit: Place) {
    notices.append("its map was missing or wrong and was made anew from the data")
    var place = Place.beginning
    var start = first
    // The last entry to keep must be found, with all its filemarks in `marks`.
    while start > 0, first - start < 64 {
      if let (header, offset) = mapped(UInt64(start - 1)), Int(header.filemarks) <= map.markCount {
        place = Place(of: header, at: offset)
        break
      }
      start -= 1
    }
    // Samples too: a hole in `marks` looks like filemarks that are unknown.
    let isKept =
      place.number > 0 && isPlausible(from: 0, to: Int(place.number), place)
      && samplesHold(Int(place.number), Int(place.filemarks))
    if !isKept { place = .beginning }
    map.truncate(to: place)
    let reached = walk(from: place, epoch: 1, to: limit.offset).place
    map.appendUnknown(upTo: limit.number, at: reached.offset, filemarks: reached.filemarks)
    map.appendUnknownMarks(upTo: limit.filemarks, last: limit.previousFilemark)
  }

  /// Without a durable point: everything from the beginning (or from what the map leads to) that has a valid header.
  private func walkAll(_ size: UInt64) {
    end = Place(number: .max, offset: size, filemarks: .max, previousFilemark: 0)  // lets look-ups reach everything
    var place = Place.beginning
    var low = 0
    var high = map.count
    while low < high {
      let middle = (low + high) / 2
      if let entry = map.entry(UInt64(middle)), entry.offset < size { low = middle + 1 } else { high = middle }
    }
    for number in stride(from: low - 1, through: max(0, low - 64), by: -1) {
      guard let (header, offset) = mapped(UInt64(number)), Int(header.filemarks) <= map.markCount else { continue }
      place = Place(of: header, at: offset)
      break
    }
    if !isPlausible(from: 0, to: Int(place.number), place) { place = .beginning }
    map.truncate(to: place)
    let found = walk(from: place, epoch: 1, to: size)
    (end, epoch) = (found.place, found.epoch)
    // The next write makes a durable point first: a crash in what it writes would else leave frames that nobody checked
    // among those believed here.
    unnamedSync = found.sync
    hasRemains = found.sync == nil
  }

  /// Notes every valid frame from `start` on in the map; returns the place behind the last, its epoch, and its own place
  /// when it is a sync frame.
  private func walk(
    from start: Place, epoch first: UInt32, to limit: UInt64
  ) -> (place: Place, epoch: UInt32, sync: Place?) {
    var place = start
    var sync: Place?
    var epoch = first
    while place.offset < limit {
      let expected = place
      let isNext = { (header: FrameHeader) in
        header.epoch >= epoch && header.number >= expected.number && UInt64(header.filemarks) >= expected.filemarks
      }
      var header: FrameHeader
      if let here = window.header(at: place.offset), place.offset + here.frameSize <= limit, isNext(here) {
        header = here
      } else if let (next, offset) = window.search(from: place.offset + 8, to: limit, isNext) {
        map.appendUnknown(upTo: next.number, at: place.offset, filemarks: place.filemarks)
        map.appendUnknownMarks(upTo: UInt64(next.filemarks), last: next.previousFilemark)
        header = next
        place = Place(of: next, at: offset)
      } else {
        break
      }
      if header.number > place.number {
        // The header is whole but does not follow: objects between were lost.
        map.appendUnknown(upTo: header.number, at: place.offset, filemarks: place.filemarks)
        map.appendUnknownMarks(upTo: UInt64(header.filemarks), last: header.previousFilemark)
        place = Place(of: header, at: place.offset)
      }
      epoch = header.epoch
      if header.kind != .sync { map.append(header.kind, at: place, length: header.length) }
      sync = header.kind == .sync ? place : nil
      place.pass(header.kind, frameSize: header.frameSize)
    }
    return (place, epoch, sync)
  }
}
