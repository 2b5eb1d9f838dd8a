import TapeIO

extension DriveConformance {
  static let overwriteRules: [ConformanceRule] = [
    ConformanceRule("overwritingABlockEndsTheDataBehindIt") { tape in
      try tape.write(0...5)
      try tape.locate(2)
      try tape.write(102)
      try tape.at(3)
      try tape.readEnd()
      try tape.drive.rewind()
      try tape.read(0...1)
      try tape.read(102)
      try tape.readEnd()
      try tape.at(3)
    },
    ConformanceRule("overwritingAtBeginningOfTapeEndsEverything") { tape in
      try tape.threeFiles()
      try tape.write(100)
      try tape.drive.spaceToEndOfData()
      try tape.at(1)
      try tape.drive.rewind()
      try tape.read(100)
      try tape.readEnd()
    },
    ConformanceRule("overwritingWithAFilemarkEndsTheData") { tape in
      try tape.write(0...5)
      try tape.locate(1)
      try tape.mark()
      try tape.drive.rewind()
      try tape.read(0)
      try tape.readMark()
      try tape.readEnd()
      try tape.at(2)
    },
    ConformanceRule("overwritingAFilemarkJoinsNothingBehindIt") { tape in
      try tape.threeFiles()
      try tape.locate(3)
      try tape.write(103)
      try tape.write(104)
      try tape.drive.rewind()
      try tape.read(0...2)
      try tape.read(103...104)
      try tape.readEnd()
      try tape.spaceMarks(-1, .beginningOfTape(remaining: 1), at: 0)
    },
    ConformanceRule("overwritingTwiceKeepsTheLastWriting") { tape in
      try tape.threeFiles()
      for life in 1...3 {
        try tape.locate(4 - life)
        try tape.write(100 + life)
        try tape.mark()
        try tape.drive.flush()
      }
      try tape.drive.rewind()
      try tape.read(0)
      try tape.read(103)
      try tape.readMark()
      try tape.readEnd()
    },
    ConformanceRule("overwritingWithShorterAndLongerBlocksLeavesNoRest") { tape in
      for seed in 0...3 { try tape.write(seed, 65_536) }
      try tape.locate(1)
      try tape.write(11, 80)
      try tape.drive.rewind()
      try tape.read(0, 65_536)
      try tape.read(11, 80)
      try tape.readEnd()
      try tape.locate(1)
      try tape.write(12, 262_144)
      try tape.drive.rewind()
      try tape.read(0, 65_536)
      try tape.read(12, 262_144)
      try tape.readEnd()
    },
    ConformanceRule("readingInTheMiddleThenWritingOverwritesTheNextObject") { tape in
      try tape.write(0...5)
      try tape.drive.rewind()
      try tape.read(0...1)
      try tape.write(102)
      try tape.drive.rewind()
      try tape.read(0...1)
      try tape.read(102)
      try tape.readEnd()
    },
  ]

  static let locateRules: [ConformanceRule] = [
    ConformanceRule("everyObjectIsFoundByItsNumberInAnyOrder") { tape in
      for number in 0..<60 {
        if number % 7 == 6 { try tape.mark() } else { try tape.write(number, 100 + number * 37) }
      }
      var number = 0
      for _ in 0..<120 {
        number = (number * 17 + 23) % 60
        try tape.locate(number)
        if number % 7 == 6 { try tape.readMark() } else { try tape.read(number, 100 + number * 37) }
        try tape.at(number + 1)
      }
    },
    ConformanceRule("locatingWhatWasJustWrittenFindsIt") { tape in
      try tape.write(0...3)
      try tape.locate(2)
      try tape.read(2...3)
      try tape.readEnd()
    },
    ConformanceRule("locatingEndOfDataIsAllowed") { tape in
      try tape.threeFiles()
      try tape.locate(9)
      try tape.readEnd()
      try tape.write(9)
      try tape.locate(8)
      try tape.read(8...9)
    },
    ConformanceRule("locatingBehindEndOfDataFailsAndStaysThere") { tape in
      try tape.threeFiles()
      for target in [10, 11, 5000] {
        try tape.fails("locating", { $0 == .noSuchBlock }) { try tape.drive.locate(to: BlockID(UInt64(target))) }
        try tape.at(9)
      }
      try tape.readEnd()
      try tape.locate(0)
      try tape.readThreeFiles()
    },
    ConformanceRule("locatingOnABlankCartridge") { tape in
      try tape.locate(0)
      try tape.fails("locating", { $0 == .noSuchBlock }) { try tape.drive.locate(to: BlockID(1)) }
      try tape.at(0)
    },
    ConformanceRule("locatingWhereTheTapeIsStaysThere") { tape in
      try tape.threeFiles()
      try tape.locate(4)
      try tape.locate(4)
      try tape.read(4)
    },
    ConformanceRule("writingAfterAFailedLocateAppends") { tape in
      try tape.write(0)
      try tape.fails("locating", { $0 == .noSuchBlock }) { try tape.drive.locate(to: BlockID(7)) }
      try tape.write(1)
      try tape.at(2)
      try tape.drive.rewind()
      try tape.read(0...1)
      try tape.readEnd()
    },
    ConformanceRule("rewindingGoesToBeginningOfTapeFromAnywhere") { tape in
      try tape.threeFiles()
      for position in 0...9 {
        try tape.locate(position)
        try tape.drive.rewind()
        try tape.at(0)
      }
      try tape.readThreeFiles()
    },
  ]
}
