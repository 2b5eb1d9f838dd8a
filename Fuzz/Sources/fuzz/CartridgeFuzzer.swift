import CXXHash
import Glibc
import TapeIO

@testable import VirtualTape

/// A virtual cartridge with edits in `data`, `map`, `marks` and `cartridge.json`: it opens or is refused; what is read
/// is what was written, or an error; and what is appended is there.
final class CartridgeFuzzer {
  private let folder = Files.scratch()
  private let base = Base.files()
  private let objects = Base.objects()
  private let key: UInt64
  private var frames: [Int] = []

  init() {
    guard let description = try? CartridgeDescription.parse(base["cartridge.json"] ?? [], device: "base") else {
      fatalError("base/cartridge.json is none")
    }
    key = description.uuid.key
    (base["data"] ?? []).withUnsafeBytes { bytes in
      var offset = DataHeader.byteCount
      while let start = bytes.baseAddress, offset + FrameHeader.byteCount <= bytes.count,
        let header = FrameHeader(parsing: start + offset, at: UInt64(offset), key: key)
      {
        frames.append(offset)
        offset += Int(header.frameSize)
      }
    }
    precondition(frames.count > objects.count, "every object of base/data has a frame")
  }

  func run(_ bytes: [UInt8]) {
    var input = Input(bytes)
    let mode = input.byte()
    let repairs = mode & 1 == 1
    var files = base
    while !input.isEmpty {
      let name = ["data", "data", "data", "map", "marks", "cartridge.json", "data", "data"][Int(input.byte() & 7)]
      let edit = Edit(&input)
      edit.apply(to: &files[name, default: []])
    }
    if repairs { repair(&files["data", default: []]) }
    for name in Base.fileNames { Files.write(files[name] ?? [], to: "\(folder)/\(name)") }

    guard let read = readingBothWays(mustAgree: !repairs) else { return }
    if !repairs { checkContent(read, cartridgeIsTheSame: files["cartridge.json"] == base["cartridge.json"]) }
    if mode & 2 != 0 {
      append(behind: read, at: mode & 4 == 0 ? read.count : Int(mode >> 3) % (read.count + 1), mustKeep: !repairs)
    }
  }

  /// Everything on the cartridge, read forwards; locating and spacing lead to the same objects.
  /// With checksums made up, two frames may claim one number.
  private func readingBothWays(mustAgree: Bool) -> [[UInt8]?]? {
    guard let drive = try? VirtualDrive(path: Array(folder.utf8), access: .readOnly) else { return nil }
    defer { try? drive.close() }  // try?: nothing was written
    guard let read = try? Base.readAll(drive) else { return nil }
    for number in read.indices.reversed() {
      guard (try? drive.locate(to: BlockID(UInt64(number)))) != nil else { continue }
      guard let found = one(drive) else { continue }
      precondition(found == read[number] || !mustAgree, "object \(number) is another one when it is located")
    }
    _ = try? drive.spaceToEndOfData()
    for step in [-1, -2, 1, 3, -1000] {
      if (try? drive.space(filemarks: step)) == .done, step < 0, let found = one(drive) {
        precondition(found == nil || found == [] || !mustAgree, "spacing back ends in front of a filemark")
      }
      _ = try? drive.space(blocks: step)
    }
    return read
  }

  /// The next object; nil at end of data and when the drive cannot go on, an empty block for a damaged one.
  private func one(_ drive: any TapeDrive) -> [UInt8]?? {
    var buffer = BlockBuffer(byteCount: 64 << 10)
    let outcome: ReadOutcome
    do {
      outcome = try buffer.withMutableBytes { (span) throws(DriveError) in try drive.read(into: &span) }
    } catch {
      if case .mediumError = error.cause { return .some([]) }
      return error.cause == .bufferTooSmall ? .some([]) : nil
    }
    switch outcome {
    case .endOfData: return nil
    case .filemark: return .some(nil)
    case .block(let count):
      return .some(buffer.withBytes(first: count) { span in span.withUnsafeBytes { Array($0) } })
    }
  }

  /// With checksums as they were, an object is the one that was written there, or damaged.
  private func checkContent(_ read: [[UInt8]?], cartridgeIsTheSame: Bool) {
    guard cartridgeIsTheSame else { return }
    precondition(read.count <= objects.count, "there are more objects than were written")
    for (number, object) in read.enumerated() where object != [] {
      precondition(object == objects[number], "object \(number) is not what was written")
    }
  }

  /// What is written and flushed is there when the cartridge is opened again, and so is what is before it.
  private func append(behind read: [[UInt8]?], at number: Int, mustKeep: Bool) {
    guard let drive = try? VirtualDrive(path: Array(folder.utf8), access: .readWrite) else { return }
    let block = [UInt8](repeating: 0x2a, count: 1000)
    do {
      try drive.locate(to: BlockID(UInt64(number)))
      guard try drive.write(block.span.bytes) != .endOfMedium, try drive.writeFilemark() != .endOfMedium else {
        return try drive.close()
      }
      try drive.flush()
      try drive.close()
    } catch { return }
    do {
      let again = try VirtualDrive(path: Array(folder.utf8), access: .readOnly)
      try again.locate(to: BlockID(UInt64(number)))
      let end = try Base.readAll(again)
      precondition(end == [block, nil], "what was flushed is not there")
      try again.rewind()
      let all = try Base.readAll(again)
      precondition(all.count == number + 2)
      for place in 0..<number where mustKeep && all[place] != read[place] {
        preconditionFailure("object \(place) changed when \(number) was written")
      }
      try again.close()
    } catch { fatalError("after a flush: \(error)") }
  }

  // MARK: Checksums

  /// Makes the checksums right again, so that what they protect is looked at.
  private func repair(_ data: inout [UInt8]) {
    data.withUnsafeMutableBytes { bytes in
      guard let start = bytes.baseAddress, bytes.count >= DataHeader.byteCount else { return }
      start.store(tapir_xxh3_64(start, 56, 0), at: 56)
      for offset in Slot.offsets {
        let slot = start + Int(offset)
        slot.store(tapir_xxh3_64(slot, 56, key ^ offset), at: 56)
      }
      for offset in frames where offset + FrameHeader.byteCount <= bytes.count {
        let frame = start + offset
        let header = UnsafeRawPointer(frame)
        let length = Int(header.integer(at: 16, UInt32.self))
        if offset + FrameHeader.byteCount + length <= bytes.count {
          let number = header.integer(at: 24, UInt64.self)
          frame.store(tapir_xxh3_64(frame + FrameHeader.byteCount, length, number), at: 40)
        }
        frame.store(tapir_xxh3_64(frame, 48, key ^ UInt64(offset)), at: 48)
      }
    }
  }
}
