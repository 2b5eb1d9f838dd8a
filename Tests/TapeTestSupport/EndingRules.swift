import TapeIO

extension DriveConformance {
  static let flushRules: [ConformanceRule] = [
    ConformanceRule("aFlushAddsNoObjectAndDoesNotMove") { tape in
      try tape.write(0...2)
      try tape.drive.flush()
      try tape.at(3)
      try tape.mark()
      try tape.drive.flush()
      try tape.drive.flush()
      try tape.at(4)
      try tape.write(4)
      try tape.drive.rewind()
      try tape.read(0...2)
      try tape.readMark()
      try tape.read(4)
      try tape.readEnd()
    },
    ConformanceRule("aFlushOfABlankCartridgeWritesNothing") { tape in
      try tape.drive.flush()
      try tape.at(0)
      try tape.readEnd()
    },
    ConformanceRule("aFlushInTheMiddleOfTheDataEndsNothing") { tape in
      try tape.threeFiles()
      try tape.locate(2)
      try tape.drive.flush()
      try tape.at(2)
      try tape.drive.rewind()
      try tape.readThreeFiles()
    },
    ConformanceRule("whatWasFlushedIsThereAfterReopening") { tape in
      try tape.threeFiles()
      try tape.reopen()
      try tape.readThreeFiles()
    },
  ]

  static let closeRules: [ConformanceRule] = [
    ConformanceRule("everyCallAfterClosingFails") { tape in
      try tape.write(0)
      try tape.mark()
      try tape.drive.flush()
      try tape.close()
      let drive = tape.drive
      let calls: [(String, () throws -> Void)] = [
        ("reading", { _ = try tape.get() }), ("writing", { try tape.put([1]) }),
        ("writing a filemark", { _ = try drive.writeFilemark() }), ("flushing", { try drive.flush() }),
        ("rewinding", { try drive.rewind() }), ("locating", { try drive.locate(to: .beginningOfTape) }),
        ("spacing over filemarks", { _ = try drive.space(filemarks: 1) }),
        ("spacing over blocks", { _ = try drive.space(blocks: 1) }),
        ("spacing to end of data", { try drive.spaceToEndOfData() }),
        ("asking the position", { _ = try drive.position() }), ("asking the state", { _ = try drive.medium() }),
        ("closing", { try drive.close() }),
      ]
      for (name, call) in calls { try tape.fails(name, { $0 == .closed }, call) }
    },
    ConformanceRule("closingAfterAFlushAddsNoObject") { tape in
      try tape.write(0)
      try tape.mark()
      try tape.drive.flush()
      try tape.reopen()
      try tape.drive.spaceToEndOfData()
      try tape.at(2)
    },
    ConformanceRule("closingRightBehindABlockAddsNoObject") { tape in
      try tape.write(0...1)
      try tape.drive.flush()
      try tape.write(2)
      try tape.drive.flush()
      try tape.reopen()
      try tape.read(0...2)
      try tape.readEnd()
      try tape.at(3)
    },
    ConformanceRule("reopeningAndReadingLeavesTheCartridgeAsItWas") { tape in
      try tape.threeFiles()
      for _ in 0..<3 {
        try tape.reopen()
        try tape.readThreeFiles()
      }
    },
    ConformanceRule("appendingAfterReopeningKeepsWhatWasThere") { tape in
      try tape.threeFiles()
      try tape.reopen()
      try tape.drive.spaceToEndOfData()
      try tape.write(9)
      try tape.mark()
      try tape.drive.flush()
      try tape.reopen()
      try tape.read(0...2)
      try tape.locate(8)
      try tape.read(8...9)
      try tape.readMark()
      try tape.readEnd()
    },
    ConformanceRule("overwritingAfterReopeningEndsTheData") { tape in
      try tape.threeFiles()
      try tape.reopen()
      try tape.locate(4)
      try tape.write(104)
      try tape.mark()
      try tape.drive.flush()
      try tape.reopen()
      try tape.read(0...2)
      try tape.readMark()
      try tape.read(104)
      try tape.readMark()
      try tape.readEnd()
    },
    ConformanceRule("spacingAfterReopeningFindsTheSameObjects") { tape in
      try tape.threeFiles()
      try tape.reopen()
      try tape.spaceMarks(2, at: 7)
      try tape.spaceBlocks(-1, .filemark(remaining: 1), at: 6)
      try tape.drive.spaceToEndOfData()
      try tape.at(9)
    },
  ]

  static let protectionRules: [ConformanceRule] = [
    ConformanceRule("aWriteProtectedCartridgeSaysSo", .writeProtected) { tape in
      try tape.expect(try tape.drive.medium().isWriteProtected, "it does not say that it is write-protected")
    },
    ConformanceRule("aWriteProtectedCartridgeRefusesEveryWrite", .writeProtected) { tape in
      try tape.fails("writing", { $0 == .writeProtected }) { try tape.put([1, 2, 3]) }
      try tape.fails("writing a filemark", { $0 == .writeProtected }) { _ = try tape.drive.writeFilemark() }
      try tape.at(0)
      try tape.readEnd()
    },
    ConformanceRule("aWriteProtectedCartridgeCanBeReadAndFlushed", .writeProtected) { tape in
      try tape.drive.flush()
      try tape.drive.rewind()
      try tape.drive.spaceToEndOfData()
      try tape.at(0)
      try tape.readEnd()
    },
    ConformanceRule("aCartridgeThatIsNotProtectedSaysSo") { tape in
      try tape.expect(try !tape.drive.medium().isWriteProtected, "it says that it is write-protected")
    },
    ConformanceRule("aWORMCartridgeTakesAppends", .worm) { tape in
      try tape.threeFiles()
      try tape.expect(try tape.drive.medium().isWORM, "it does not say that it is WORM")
      try tape.drive.spaceToEndOfData()
      try tape.write(9)
      try tape.drive.rewind()
      try tape.read(0...2)
      try tape.locate(9)
      try tape.read(9)
    },
    ConformanceRule("aWORMCartridgeKeepsWhatIsOnIt", .worm) { tape in
      try tape.threeFiles()
      for position in 0...8 {
        try tape.locate(position)
        try tape.fails("overwriting", { $0 == .writeOnce }) { try tape.put([1, 2, 3]) }
        try tape.locate(position)
        try tape.fails("overwriting with a filemark", { $0 == .writeOnce }) { _ = try tape.drive.writeFilemark() }
      }
      try tape.drive.rewind()
      try tape.readThreeFiles()
    },
  ]
}
