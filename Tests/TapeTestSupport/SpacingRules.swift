import TapeIO

// The tape of `threeFiles`: blocks 0 1 2, mark 3, blocks 4 5, marks 6 7, block 8; end of data at 9.
extension DriveConformance {
  static let filemarkSpacingRules: [ConformanceRule] = [
    ConformanceRule("spacingForwardOverAFilemarkEndsBehindIt") { tape in
      try tape.threeFiles()
      try tape.spaceMarks(1, at: 4)
      try tape.read(4)
    },
    ConformanceRule("spacingForwardOverSeveralFilemarksEndsBehindTheLast") { tape in
      try tape.threeFiles()
      try tape.spaceMarks(2, at: 7)
      try tape.readMark()
      try tape.drive.rewind()
      try tape.spaceMarks(3, at: 8)
      try tape.read(8)
    },
    ConformanceRule("spacingForwardFromInsideAFileEndsBehindItsFilemark") { tape in
      try tape.threeFiles()
      try tape.read(0)
      try tape.spaceMarks(1, at: 4)
      try tape.read(4)
      try tape.spaceMarks(1, at: 7)
    },
    ConformanceRule("spacingForwardFromInFrontOfAFilemarkPassesIt") { tape in
      try tape.threeFiles()
      try tape.locate(3)
      try tape.spaceMarks(1, at: 4)
    },
    ConformanceRule("spacingForwardOverMoreFilemarksThanThereAreMeetsEndOfData") { tape in
      try tape.threeFiles()
      try tape.spaceMarks(5, .endOfData(remaining: 2), at: 9)
      try tape.readEnd()
      try tape.spaceMarks(1, .endOfData(remaining: 1), at: 9)
    },
    ConformanceRule("spacingForwardOnABlankCartridgeMeetsEndOfData") { tape in
      try tape.spaceMarks(1, .endOfData(remaining: 1), at: 0)
    },
    ConformanceRule("spacingForwardOverAFilemarkAtTheVeryEndIsDone") { tape in
      try tape.write(0)
      try tape.mark()
      try tape.drive.rewind()
      try tape.spaceMarks(1, at: 2)
      try tape.readEnd()
    },
    ConformanceRule("spacingBackOverAFilemarkEndsInFrontOfIt") { tape in
      try tape.threeFiles()
      try tape.locate(5)
      try tape.spaceMarks(-1, at: 3)
      try tape.readMark()
      try tape.read(4)
    },
    ConformanceRule("spacingBackOverSeveralFilemarksEndsInFrontOfTheLast") { tape in
      try tape.threeFiles()
      try tape.drive.spaceToEndOfData()
      try tape.spaceMarks(-2, at: 6)
      try tape.readMark(2)
      try tape.spaceMarks(-3, at: 3)
    },
    ConformanceRule("spacingBackFromRightBehindAFilemarkPassesIt") { tape in
      try tape.threeFiles()
      try tape.locate(4)
      try tape.spaceMarks(-1, at: 3)
    },
    ConformanceRule("spacingBackFromInFrontOfAFilemarkDoesNotCountIt") { tape in
      try tape.threeFiles()
      try tape.locate(6)
      try tape.spaceMarks(-1, at: 3)
      try tape.spaceMarks(-1, .beginningOfTape(remaining: 1), at: 0)
    },
    ConformanceRule("spacingBackOverMoreFilemarksThanThereAreMeetsBeginningOfTape") { tape in
      try tape.threeFiles()
      try tape.locate(5)
      try tape.spaceMarks(-3, .beginningOfTape(remaining: 2), at: 0)
      try tape.read(0)
    },
    ConformanceRule("spacingBackAtBeginningOfTapeStaysThere") { tape in
      try tape.spaceMarks(-1, .beginningOfTape(remaining: 1), at: 0)
      try tape.threeFiles()
      try tape.spaceMarks(-4, .beginningOfTape(remaining: 4), at: 0)
    },
    ConformanceRule("spacingBackOverAFilemarkAtBeginningOfTapeIsDone") { tape in
      try tape.mark()
      try tape.write(1)
      try tape.drive.flush()
      try tape.spaceMarks(-1, at: 0)
      try tape.readMark()
    },
    ConformanceRule("spacingOverHundredsOfFilemarksCountsThem") { tape in
      for number in 0..<150 {
        try tape.write(number, 80)
        try tape.mark(2)
      }
      try tape.drive.flush()
      try tape.drive.rewind()
      try tape.spaceMarks(250, at: 375)
      try tape.spaceMarks(100, .endOfData(remaining: 50), at: 450)
      try tape.spaceMarks(-299, at: 2)
      try tape.readMark()
      try tape.spaceMarks(-1000, .beginningOfTape(remaining: 998), at: 0)
    },
    ConformanceRule("spacingOverNoFilemarksDoesNothing") { tape in
      try tape.threeFiles()
      try tape.locate(5)
      try tape.spaceMarks(0, at: 5)
      try tape.read(5)
    },
    ConformanceRule("spacingBackRightAfterWritingFindsTheFilemark") { tape in
      try tape.write(0)
      try tape.mark()
      try tape.write(2)
      try tape.spaceMarks(-1, at: 1)
      try tape.readMark()
      try tape.read(2)
    },
  ]

  static let blockSpacingRules: [ConformanceRule] = [
    ConformanceRule("spacingForwardOverBlocks") { tape in
      try tape.threeFiles()
      try tape.spaceBlocks(2, at: 2)
      try tape.read(2)
    },
    ConformanceRule("spacingOverAllBlocksOfAFileStopsInFrontOfItsFilemark") { tape in
      try tape.threeFiles()
      try tape.spaceBlocks(3, at: 3)
      try tape.readMark()
    },
    ConformanceRule("spacingForwardOverBlocksStopsBehindAFilemark") { tape in
      try tape.threeFiles()
      try tape.spaceBlocks(5, .filemark(remaining: 2), at: 4)
      try tape.read(4)
    },
    ConformanceRule("spacingForwardOverBlocksInFrontOfAFilemarkPassesOnlyThat") { tape in
      try tape.threeFiles()
      try tape.locate(6)
      try tape.spaceBlocks(1, .filemark(remaining: 1), at: 7)
      try tape.spaceBlocks(4, .filemark(remaining: 4), at: 8)
    },
    ConformanceRule("spacingForwardOverMoreBlocksThanThereAreMeetsEndOfData") { tape in
      try tape.threeFiles()
      try tape.locate(8)
      try tape.spaceBlocks(3, .endOfData(remaining: 2), at: 9)
      try tape.spaceBlocks(1, .endOfData(remaining: 1), at: 9)
    },
    ConformanceRule("spacingOverTheLastBlockIsDone") { tape in
      try tape.threeFiles()
      try tape.locate(8)
      try tape.spaceBlocks(1, at: 9)
      try tape.readEnd()
    },
    ConformanceRule("spacingBackOverBlocks") { tape in
      try tape.threeFiles()
      try tape.locate(3)
      try tape.spaceBlocks(-2, at: 1)
      try tape.read(1)
    },
    ConformanceRule("spacingBackOverAllBlocksOfAFileStopsAtItsFirst") { tape in
      try tape.threeFiles()
      try tape.locate(6)
      try tape.spaceBlocks(-2, at: 4)
      try tape.read(4)
    },
    ConformanceRule("spacingBackOverBlocksStopsInFrontOfAFilemark") { tape in
      try tape.threeFiles()
      try tape.locate(6)
      try tape.spaceBlocks(-4, .filemark(remaining: 2), at: 3)
      try tape.readMark()
    },
    ConformanceRule("spacingBackOverBlocksRightBehindAFilemarkPassesOnlyThat") { tape in
      try tape.threeFiles()
      try tape.locate(8)
      try tape.spaceBlocks(-1, .filemark(remaining: 1), at: 7)
      try tape.spaceBlocks(-2, .filemark(remaining: 2), at: 6)
    },
    ConformanceRule("spacingBackOverMoreBlocksThanThereAreMeetsBeginningOfTape") { tape in
      try tape.threeFiles()
      try tape.locate(2)
      try tape.spaceBlocks(-5, .beginningOfTape(remaining: 3), at: 0)
      try tape.read(0)
    },
    ConformanceRule("spacingBackOverBlocksStopsInFrontOfAFilemarkAtBeginningOfTape") { tape in
      try tape.mark()
      try tape.write(1...2)
      try tape.drive.flush()
      try tape.spaceBlocks(-4, .filemark(remaining: 2), at: 0)
      try tape.readMark()
      try tape.read(1)
    },
    ConformanceRule("spacingBackOverTheFirstBlockIsDone") { tape in
      try tape.threeFiles()
      try tape.locate(1)
      try tape.spaceBlocks(-1, at: 0)
      try tape.readThreeFiles()
    },
    ConformanceRule("spacingOverNoBlocksDoesNothing") { tape in
      try tape.threeFiles()
      try tape.locate(3)
      try tape.spaceBlocks(0, at: 3)
      try tape.readMark()
    },
    ConformanceRule("writingAfterSpacingBackOverwritesThere") { tape in
      try tape.threeFiles()
      try tape.drive.spaceToEndOfData()
      try tape.spaceMarks(-1, at: 7)
      try tape.write(107)
      try tape.drive.rewind()
      try tape.spaceMarks(2, at: 7)
      try tape.read(107)
      try tape.readEnd()
    },
  ]
}
