import TapeIO

extension DriveConformance {
  /// Writes blocks of 64 KiB until the medium ends; how many were taken, and the number of the first with a warning.
  private static func fill(_ tape: ConformanceTape) throws -> (written: Int, firstWarning: Int) {
    var written = 0
    var firstWarning: Int?
    while true {
      switch try tape.put(noise(written)) {
      case .written: try tape.expect(firstWarning == nil, "block \(written): no warning after the first one")
      case .earlyWarning: firstWarning = firstWarning ?? written
      case .endOfMedium:
        guard let firstWarning else { throw ConformanceFailure(description: "the end came without a warning") }
        return (written, firstWarning)
      }
      written += 1
      try tape.at(written)
      try tape.expect(written < 1000, "a medium of 16 MiB took 62 MiB")
    }
  }

  /// 64 KiB that do not compress.
  private static func noise(_ seed: Int) -> [UInt8] { Noise.incompressible(seed, 65_536) }

  private static func check(_ tape: ConformanceTape, _ number: Int) throws {
    try tape.expect(try tape.get().bytes == noise(number), "block \(number) came back with other bytes")
  }

  static let endOfMediumRules: [ConformanceRule] = [
    ConformanceRule("earlyWarningComesBeforeTheEndOfTheMedium", .small) { tape in
      let (written, firstWarning) = try fill(tape)
      // 16 MiB in blocks of 64 KiB are 256, of which 64 lie in the zone; a drive may need some room for itself.
      try tape.expect((240...256).contains(written), "\(written) blocks of 64 KiB on 16 MiB")
      try tape.expect((185...193).contains(firstWarning), "first warning at block \(firstWarning)")
    },
    ConformanceRule("everyBlockWrittenUpToTheEndComesBack", .small) { tape in
      let (written, _) = try fill(tape)
      try tape.at(written)
      try tape.drive.flush()
      try tape.drive.rewind()
      for number in 0..<written { try check(tape, number) }
      try tape.readEnd()
      try tape.at(written)
    },
    ConformanceRule("endOfMediumStays", .small) { tape in
      let (written, _) = try fill(tape)
      for _ in 0..<5 {
        try tape.equal(tape.put(noise(0)), .endOfMedium, "writing at the end")
        try tape.at(written)
      }
    },
    ConformanceRule("filemarksAndBlocksGoIntoTheZoneInTurn", .small) { tape in
      var number = 0
      while try tape.put(noise(number)) == .written { number += 1 }
      number += 1
      let first = number
      for _ in 0..<8 {
        try tape.expect(try tape.drive.writeFilemark() != .endOfMedium, "a filemark in the zone was refused")
        try tape.at(number + 1)
        try tape.expect(try tape.put(noise(number + 1)) == .earlyWarning, "a block in the zone: no early warning")
        try tape.at(number + 2)
        number += 2
      }
      try tape.drive.flush()
      try tape.at(number)
      try tape.locate(first)
      for step in 0..<8 {
        try tape.readMark()
        try check(tape, first + 2 * step + 1)
      }
      try tape.readEnd()
    },
    ConformanceRule("whatIsInTheZoneIsThereAfterReopening", .small) { tape in
      var number = 0
      while try tape.put(noise(number)) == .written { number += 1 }
      _ = try tape.drive.writeFilemark()
      _ = try tape.put(noise(7))
      _ = try tape.drive.writeFilemark()
      try tape.drive.flush()
      try tape.reopen()
      try tape.drive.spaceToEndOfData()
      try tape.at(number + 4)
      try tape.locate(number)
      try check(tape, number)
      try tape.readMark()
      try check(tape, 7)
      try tape.readMark()
      try tape.readEnd()
    },
    ConformanceRule("overwritingAfterTheEndMakesRoomAgain", .small) { tape in
      _ = try fill(tape)
      try tape.locate(3)
      try tape.equal(tape.put(noise(50)), .written, "overwriting")
      try tape.mark()
      try tape.locate(2)
      try check(tape, 2)
      try check(tape, 50)
      try tape.readMark()
      try tape.readEnd()
    },
  ]
}
