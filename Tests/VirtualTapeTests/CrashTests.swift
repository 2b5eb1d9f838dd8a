import Glibc
import TapeIO
import TapeTestSupport
import Testing
import VirtualTape

/// What is left after a crash at any instant, and after damage.
struct CrashTests {
  static let objects: [[UInt8]?] = [
    Noise.compressible(1, 300), Noise.incompressible(2, 80), nil, Noise.compressible(3, 1000), nil, nil,
    Noise.incompressible(4, 1), Noise.compressible(5, 700),
  ]

  static func write(_ objects: some Sequence<[UInt8]?>, to drive: VirtualDrive) throws {
    for object in objects {
      if let object { try drive.put(object) } else { _ = try drive.writeFilemark() }
    }
  }

  /// Everything on it until end of data; fails for more than `limit` objects.
  static func contents(_ drive: VirtualDrive) throws -> [[UInt8]?] {
    var found: [[UInt8]?] = []
    do {
      while true { found.append(try drive.next()) }
    } catch is End { return found }
  }

  /// The cartridge of `objects`: the first four flushed, the others written but not flushed; given up, not closed.
  private func crashed(_ folder: TemporaryFolder) throws -> String {
    let path = try folder.cartridge()
    let drive = try open(path)
    try CrashTests.write(CrashTests.objects.prefix(4), to: drive)
    try drive.flush()
    try CrashTests.write(CrashTests.objects.dropFirst(4), to: drive)
    // Looking at the tape brings what was written to the file, as a full buffer would.
    try drive.rewind()
    return path
  }

  @Test func truncationAtEveryByteKeepsAllWholeFramesAndNothingElse() throws {
    let folder = try TemporaryFolder()
    let path = try crashed(folder)
    let data = Files.read("\(path)/data")
    var kept = -1
    for length in stride(from: data.count, through: 4096, by: -1) {
      let copy = "\(folder.path)/copy"
      try Files.copy(path, to: copy)
      try Files.write("\(copy)/data", Array(data.prefix(length)))
      do {
        let drive = try open(copy)
        let found = try CrashTests.contents(drive)
        #expect(found == Array(CrashTests.objects.prefix(found.count)), "\(length) bytes")
        #expect(kept < 0 || found.count == kept || found.count == kept - 1, "\(length) bytes: \(found.count) objects")
        kept = found.count
        try drive.put([1, 2, 3])
        try drive.flush()
        try drive.close()
      }
      let drive = try open(copy)
      #expect(drive.notices == [], "\(length) bytes")
      #expect(
        try CrashTests.contents(drive) == Array(CrashTests.objects.prefix(kept)) + [[1, 2, 3]], "\(length) bytes")
      try drive.close()
      Files.remove(copy)
    }
    #expect(kept == 0)
  }

  @Test func whatWasDroppedIsReportedOnceAndGoneAfterTheNextWrite() throws {
    let folder = try TemporaryFolder()
    let path = try crashed(folder)
    try Files.write("\(path)/data", Files.read("\(path)/data").dropLast(3))
    do {
      let drive = try open(path)
      #expect(drive.notices.count == 1)
      try drive.spaceToEndOfData()
      #expect(try drive.position() == BlockID(7))
      _ = try drive.writeFilemark()
      try drive.flush()
    }
    #expect(try open(path).notices == [])
  }

  @Test func anUnflushedFrameWithABadPayloadIsDropped() throws {
    let folder = try TemporaryFolder()
    let path = try crashed(folder)
    var data = Files.read("\(path)/data")
    // A byte of the last payload: the last object is dropped, those before it stay.
    data[data.count - 100] ^= 1
    let copy = "\(folder.path)/copy"
    try Files.copy(path, to: copy)
    try Files.write("\(copy)/data", data)
    let other = try open(copy)
    #expect(try CrashTests.contents(other) == Array(CrashTests.objects.prefix(7)))
    #expect(other.notices.count == 1)
  }

  @Test(arguments: ["map", "marks"], ["missing", "empty", "short", "long", "garbage", "zeros", "ones", "swapped"])
  func aWrongMapIsNeverBelieved(_ name: String, _ damage: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.cartridge()
    var drive = try open(path)
    try CrashTests.write(CrashTests.objects, to: drive)
    try drive.close()
    let file = "\(path)/\(name)"
    let good = Files.read(file)
    switch damage {
    case "missing": unlink(file)
    case "empty": try Files.write(file, [])
    case "short": try Files.write(file, good.dropLast(5))
    case "long": try Files.write(file, good + good)
    case "garbage": try Files.write(file, Noise.incompressible(1, good.count))
    case "zeros": try Files.write(file, [UInt8](repeating: 0, count: good.count))
    case "ones": try Files.write(file, [UInt8](repeating: 0xff, count: good.count))
    default: try Files.write(file, good.suffix(good.count / 2) + good.prefix(good.count - good.count / 2))
    }
    for access in [DriveAccess.readOnly, .readWrite] {
      drive = try open(path, access)
      #expect(drive.notices.count == (damage == "long" ? 0 : 1))
      #expect(try CrashTests.contents(drive) == CrashTests.objects)
      for number in [7, 0, 3, 5, 2, 6] {
        try drive.locate(to: BlockID(UInt64(number)))
        #expect(try drive.next() == CrashTests.objects[number])
      }
      try drive.rewind()
      #expect(try drive.space(filemarks: 3) == .done)
      #expect(try drive.position() == BlockID(6))
      #expect(try drive.space(filemarks: -2) == .done)
      #expect(try drive.position() == BlockID(4))
      try drive.spaceToEndOfData()
      #expect(try drive.position() == BlockID(8))
      if access == .readOnly { try drive.close() }
    }
    try drive.put([9])
    try drive.close()
    drive = try open(path)
    #expect(drive.notices == [])
    #expect(try CrashTests.contents(drive) == CrashTests.objects + [[9]])
  }

  @Test func everyBitFlipInAFrameIsAMediumErrorAtItsObjectAndReadingGoesOn() throws {
    let folder = try TemporaryFolder()
    let path = try folder.cartridge()
    let writer = try open(path)
    try CrashTests.write(CrashTests.objects, to: writer)
    try writer.close()
    let data = Files.read("\(path)/data")
    for withMap in [true, false] {
      for offset in stride(from: 4096, to: data.count, by: withMap ? 3 : 11) {
        let copy = "\(folder.path)/copy"
        try Files.copy(path, to: copy)
        var damaged = data
        damaged[offset] ^= UInt8(1) << UInt8(offset % 8)
        try Files.write("\(copy)/data", damaged)
        if !withMap { for name in ["map", "marks"] { unlink("\(copy)/\(name)") } }
        let drive = try open(copy, .readOnly)
        var errors = 0
        for number in 0..<CrashTests.objects.count {
          #expect(try drive.position() == BlockID(UInt64(number)), "byte \(offset)")
          do {
            let object = try drive.next()
            #expect(object == CrashTests.objects[number], "byte \(offset), object \(number)")
          } catch let error as DriveError {
            errors += 1
            #expect(error.position == BlockID(UInt64(number)), "byte \(offset)")
            guard case .mediumError = error.cause else {
              Issue.record("byte \(offset), object \(number): \(error)")
              break
            }
          } catch is End {
            // Only where the last sync frame is damaged, and the frames behind the one before with it.
            Issue.record("byte \(offset): end of data at object \(number)")
            break
          }
        }
        #expect(errors <= 1, "byte \(offset)")
        Files.remove(copy)
      }
    }
  }

  @Test func bytesOfAnEarlierLifeNeverPass() throws {
    let folder = try TemporaryFolder()
    let path = try folder.cartridge()
    do {
      let drive = try open(path)
      for number in 0..<10 { try drive.put(Noise.incompressible(number, 200)) }
      try drive.flush()
      try drive.close()
    }
    let earlier = Files.read("\(path)/data")
    do {
      let drive = try open(path)
      try drive.locate(to: BlockID(3))
      // One block shorter by a sync frame, so that what follows lies exactly where old frames lay. Written, not flushed:
      // the old frame behind it has the very number that comes next, and only its epoch gives it away.
      try drive.put(Noise.incompressible(100, 200 - 56))
      try drive.rewind()
    }
    let later = Files.read("\(path)/data")
    #expect(later.count < earlier.count)
    // As if the file system had lost the truncation: every later byte is as it was.
    for slots in [true, false] {
      var mixed = later + earlier.dropFirst(later.count)
      if !slots { for index in 1024..<4096 { mixed[index] = 0 } }
      let copy = "\(folder.path)/copy\(slots)"
      try Files.copy(path, to: copy)
      try Files.write("\(copy)/data", mixed)
      let drive = try open(copy)
      let found = try CrashTests.contents(drive)
      #expect(found.count == 4, "slots: \(slots)")
      #expect(found.last == .some(Noise.incompressible(100, 200 - 56)))
      #expect(drive.notices.isEmpty == false)
    }
  }

  @Test func withoutAnySlotEverythingIsFound() throws {
    for name in ["", "map", "marks"] {
      let folder = try TemporaryFolder()
      let path = try crashed(folder)
      var data = Files.read("\(path)/data")
      for index in 1024..<4096 { data[index] = 0 }
      try Files.write("\(path)/data", data)
      if name != "" { unlink("\(path)/\(name)") }
      #expect(try CrashTests.contents(open(path)) == CrashTests.objects)
    }
  }
}
