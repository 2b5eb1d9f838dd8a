import TapeIO

extension DriveConformance {
  private static let sizes = [
    1, 2, 3, 79, 80, 81, 255, 256, 257, 511, 512, 513, 4096, 65_535, 65_536, 65_537, 262_144, 1 << 20, (4 << 20) - 1,
    (8 << 20) - 3, 8 << 20,
  ]

  static let blockRules: [ConformanceRule] =
    sizes.map { size in
      ConformanceRule("aBlockOf\(size)BytesComesBack") { tape in
        try tape.write(1, size)
        try tape.write(2, size)
        try tape.at(2)
        try tape.drive.rewind()
        try tape.read(1, size)
        try tape.read(2, size)
        try tape.readEnd()
      }
    } + [
      ConformanceRule("blocksOfMixedSizesKeepTheirBoundaries") { tape in
        for (seed, size) in sizes.enumerated() { try tape.write(seed, size) }
        try tape.drive.rewind()
        for (seed, size) in sizes.enumerated() { try tape.read(seed, size) }
        try tape.readEnd()
      },
      ConformanceRule("blocksOfNoiseAndOfZerosComeBack") { tape in
        let noise = Noise.incompressible(1, 262_144)
        let blocks = [noise, [UInt8](repeating: 0, count: 262_144), Array(noise.prefix(100)), [0]]
        for block in blocks { try tape.put(block) }
        try tape.drive.rewind()
        for block in blocks { try tape.expect(try tape.get().bytes == block, "a block came back with other bytes") }
      },
      ConformanceRule("twentyThousandSmallObjectsComeBack") { tape in
        for number in 0..<5000 {
          try tape.write(number, 80)
          try tape.write(number, 81)
          try tape.mark(2)
        }
        try tape.at(20_000)
        try tape.drive.rewind()
        for number in 0..<5000 {
          try tape.read(number, 80)
          try tape.read(number, 81)
          try tape.readMark(2)
        }
        try tape.readEnd()
      },
      ConformanceRule("aBufferShorterThanTheBlockIsAnErrorAndThePositionIsBehindTheBlock") { tape in
        try tape.write(0, 4096)
        try tape.write(1)
        try tape.drive.rewind()
        try tape.fails("reading", { $0 == .bufferTooSmall }) { _ = try tape.get(room: 512) }
        try tape.at(1)
        try tape.read(1)
      },
      ConformanceRule("aBufferOneByteTooShortIsAnErrorAndOneAsLongAsTheBlockIsNot") { tape in
        try tape.write(0, 300)
        try tape.write(1, 300)
        try tape.drive.rewind()
        try tape.fails("reading", { $0 == .bufferTooSmall }) { _ = try tape.get(room: 299) }
        try tape.equal(try tape.get(room: 300).outcome, .block(byteCount: 300), "reading")
      },
      ConformanceRule("aShortBufferBeforeAFilemarkLosesNothingElse") { tape in
        try tape.write(0, 65_536)
        try tape.mark()
        try tape.drive.rewind()
        try tape.fails("reading", { $0 == .bufferTooSmall }) { _ = try tape.get(room: 80) }
        try tape.readMark()
        try tape.readEnd()
      },
      ConformanceRule("anEmptyBlockIsRefusedAndNothingChanges") { tape in
        try tape.write(0)
        try tape.fails("writing no bytes", { _ in true }) { try tape.put([]) }
        try tape.at(1)
        try tape.write(1)
        try tape.drive.rewind()
        try tape.read(0...1)
        try tape.readEnd()
      },
      ConformanceRule("aBlockLongerThanTheDriveTakesIsRefusedAndWritingGoesOn") { tape in
        let limit = try tape.drive.medium().maximumBlockSize
        try tape.write(0)
        try tape.fails("writing", { if case .blockTooLarge = $0 { true } else { false } }) {
          try tape.put([UInt8](repeating: 1, count: limit + 1))
        }
        try tape.at(1)
        try tape.write(1)
        try tape.drive.rewind()
        try tape.read(0...1)
        try tape.readEnd()
      },
      ConformanceRule("positionCountsEveryObjectWrittenAndRead") { tape in
        try tape.at(0)
        for number in 0..<20 {
          if number % 3 == 2 { try tape.mark() } else { try tape.write(number) }
          try tape.at(number + 1)
        }
        try tape.drive.rewind()
        try tape.at(0)
        for number in 0..<20 {
          if number % 3 == 2 { try tape.readMark() } else { try tape.read(number) }
          try tape.at(number + 1)
        }
      },
    ]

  static let filemarkRules: [ConformanceRule] = [
    ConformanceRule("aFilemarkIsReadAsOneAndThePositionIsBehindIt") { tape in
      try tape.write(0)
      try tape.mark()
      try tape.write(2)
      try tape.drive.rewind()
      try tape.read(0)
      try tape.readMark()
      try tape.at(2)
      try tape.read(2)
    },
    ConformanceRule("twoFilemarksInARowAreNotEndOfData") { tape in
      try tape.write(0)
      try tape.mark(2)
      try tape.write(3)
      try tape.drive.rewind()
      try tape.read(0)
      try tape.readMark(2)
      try tape.read(3)
      try tape.readEnd()
    },
    ConformanceRule("filemarksAtBeginningOfTapeAreRead") { tape in
      try tape.mark(3)
      try tape.drive.rewind()
      try tape.readMark(3)
      try tape.readEnd()
      try tape.at(3)
    },
    ConformanceRule("endOfDataComesBehindTheLastFilemark") { tape in
      try tape.write(0)
      try tape.mark(2)
      try tape.drive.flush()
      try tape.drive.rewind()
      try tape.read(0)
      try tape.readMark(2)
      try tape.readEnd()
      try tape.at(3)
    },
  ]

  static let endOfDataRules: [ConformanceRule] = [
    ConformanceRule("aBlankCartridgeIsAtBeginningOfTapeAndAtEndOfData") { tape in
      try tape.at(0)
      try tape.readEnd()
      try tape.at(0)
    },
    ConformanceRule("readingAtEndOfDataSaysSoEveryTime") { tape in
      try tape.write(0)
      try tape.drive.rewind()
      try tape.read(0)
      for _ in 0..<5 {
        try tape.readEnd()
        try tape.at(1)
      }
    },
    ConformanceRule("readingAtEndOfDataBehindAFilemarkSaysSoEveryTime") { tape in
      try tape.write(0)
      try tape.mark()
      try tape.drive.rewind()
      try tape.read(0)
      try tape.readMark()
      for _ in 0..<5 {
        try tape.readEnd()
        try tape.at(2)
      }
    },
    ConformanceRule("readingRightAfterWritingIsEndOfData") { tape in
      try tape.write(0)
      try tape.mark()
      try tape.readEnd()
      try tape.at(2)
    },
    ConformanceRule("writingAfterReadingEndOfDataAppends") { tape in
      try tape.write(0)
      try tape.drive.rewind()
      try tape.read(0)
      try tape.readEnd()
      try tape.readEnd()
      try tape.write(1)
      try tape.at(2)
      try tape.drive.rewind()
      try tape.read(0...1)
      try tape.readEnd()
    },
    ConformanceRule("spacingToEndOfDataGoesThere") { tape in
      try tape.threeFiles()
      try tape.drive.spaceToEndOfData()
      try tape.at(9)
      try tape.readEnd()
      try tape.drive.spaceToEndOfData()
      try tape.at(9)
    },
    ConformanceRule("spacingToEndOfDataOfABlankCartridgeStaysAtBeginning") { tape in
      try tape.drive.spaceToEndOfData()
      try tape.at(0)
    },
    ConformanceRule("writingAtEndOfDataAppends") { tape in
      try tape.threeFiles()
      try tape.drive.spaceToEndOfData()
      try tape.write(9)
      try tape.drive.rewind()
      try tape.read(0...2)
      try tape.locate(8)
      try tape.read(8...9)
      try tape.readEnd()
    },
  ]
}
