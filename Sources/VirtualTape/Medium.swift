import CXXHash
import Glibc
import TapeIO

/// An open `data` with its map: how objects are found in it. Reads only.
final class Medium {
  let folder: File
  let data: File
  let key: UInt64
  let map: ObjectMap
  let window: FrameWindow
  /// The newest slot written, or found.
  var slot: Slot
  /// Epoch of the end of data.
  var epoch: UInt32
  /// End of data.
  var end: Place
  /// What was wrong and what was done about it, in sentences.
  var notices: [String] = []
  /// Whether bytes lie behind the end of data that never became valid, or nothing durable does before it: the next write
  /// cuts there.
  var hasRemains = false
  /// The sync frame right before the end of data when no slot names it: the next write has one do so first.
  var unnamedSync: Place?
  init(folder: File, data: File, key: UInt64, map: ObjectMap) {
    self.folder = folder
    self.data = data
    self.key = key
    self.map = map
    window = FrameWindow(data, key: key)
    slot = Slot(serial: 0, epoch: 1, offset: Place.beginning.offset, objects: 0, filemarks: 0, mapped: 0)
    epoch = 1
    end = .beginning
  }

  /// The header of object `number` where the map says it is; nil when it does not check out.
  func mapped(_ number: UInt64) -> (FrameHeader, UInt64)? {
    guard let entry = map.entry(number), let header = header(of: number, at: entry) else { return nil }
    return (header, entry.offset)
  }

  /// The header of object `number` where `entry`, its entry in the map, says it is; nil when it does not check out.
  func header(of number: UInt64, at entry: ObjectMap.Entry) -> FrameHeader? {
    guard entry.offset < end.offset, let header = window.header(at: entry.offset), header.number == number,
      header.kind != .sync
    else { return nil }
    return header
  }

  /// The header of filemark `index` where `marks` says it is; nil when it does not check out.
  func markedFilemark(_ index: UInt64) -> (FrameHeader, UInt64)? {
    guard let offset = map.mark(index), offset < end.offset, let header = window.header(at: offset),
      header.kind == .filemark, UInt64(header.filemarks) == index
    else { return nil }
    return (header, offset)
  }

  /// What lies at a place.
  enum Found {
    /// The object expected, with this header, at `place`.
    case object(FrameHeader)
    /// The object expected is damaged; the place was moved to the next frame that is not.
    case lost
  }

  /// Finds the object of `place`'s number, passing sync frames and damage; `place.offset` ends at its frame, or at the
  /// next valid one behind it.
  func find(_ place: inout Place) -> Found {
    while true {
      if let header = window.header(at: place.offset), header.number >= place.number, place.offset < end.offset {
        if header.kind == .sync, header.number == place.number {
          place.offset += header.frameSize
          continue
        }
        guard header.number == place.number else { return .lost }
        place.filemarks = UInt64(header.filemarks)
        place.previousFilemark = header.previousFilemark
        return .object(header)
      }
      if !pastDamage(&place) { return .lost }
    }
  }

  /// Moves `place` from a damaged frame to the next valid one; whether that is (or leads to) the object of its number.
  private func pastDamage(_ place: inout Place) -> Bool {
    if let (_, offset) = mapped(place.number), offset != place.offset {
      place.offset = offset
      return true
    }
    if place.number + 1 >= end.number {
      place.offset = end.offset
      return false
    }
    if let (_, offset) = mapped(place.number + 1), offset > place.offset {
      place.offset = offset
      return false
    }
    let number = place.number
    guard let (header, offset) = window.search(from: place.offset + 8, to: end.offset, { $0.number >= number }) else {
      place.offset = end.offset
      return false
    }
    place.offset = offset
    return header.number == number
  }

  /// The place of object `number`, which lies before end of data.
  func place(of number: UInt64) -> Place {
    if let (header, offset) = mapped(number) { return Place(of: header, at: offset) }
    // Damaged, or the map is wrong: walk there from the nearest object before it that is found.
    var place = Place.beginning
    var below = number
    while below > 0 {
      below -= 1
      if let (header, offset) = mapped(below) {
        place = Place(of: header, at: offset)
        break
      }
      if number - below > 64 { break }
    }
    while place.number < number {
      switch find(&place) {
      case .object(let header): place.pass(header.kind, frameSize: header.frameSize)
      case .lost: place.number += 1
      }
    }
    // What the walk could not see of filemarks, the map's entry may know.
    if case .lost = find(&place), let entry = map.entry(number), entry.kind != nil {
      place.filemarks = UInt64(entry.filemarks)
      place.previousFilemark = place.filemarks > 0 ? map.mark(place.filemarks - 1) ?? 0 : 0
    }
    return place
  }

  /// The object number and place of filemark `index`, which lies before end of data; nil when it cannot be found.
  func filemark(_ index: UInt64) -> Place? {
    if let (header, offset) = markedFilemark(index) { return Place(of: header, at: offset) }
    // The objects before filemark `index` are those whose entries count at most `index` filemarks before them.
    var low: UInt64 = 0
    var high = end.number
    while low < high {
      let middle = low + (high - low) / 2
      guard let entry = map.entry(middle) else { return nil }
      if UInt64(entry.filemarks) > index { high = middle } else { low = middle + 1 }
    }
    guard low > 0 else { return nil }
    return place(of: low - 1)
  }
}
