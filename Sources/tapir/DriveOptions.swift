/// Options of `tapir drive ...`.
struct DriveOptions {
  enum Key: Hashable, Sendable {
    case end, tapeFile
  }

  /// Where the tape is to go; nil for staying where it is.
  enum Destination: Equatable {
    case block(UInt64)
    /// Behind so many filemarks.
    case file(Int)
    case endOfData
  }

  var destination: Destination?
  /// Whether it was given more than one.
  var isContradictory = false

  static let specifications: [OptionSpecification] = [
    .own(.drive(.end), "end", .drives, "with position: go to end of data"),
    .own(
      .drive(.tapeFile), "tape-file", .required, "N", .drives,
      "with position: go behind the Nth filemark; 0 is the beginning"),
  ]

  mutating func go(to destination: Destination) {
    isContradictory = isContradictory || self.destination != nil
    self.destination = destination
  }

  /// Takes the drive out of what stands on the command line, and the block of `drive position`: a number alone.
  static func checkWords(
    _ verb: Verb, _ names: inout [[UInt8]], _ command: inout TarCommand
  ) throws(UsageError) {
    if verb == .drivePosition, let word = names.last, let block = Sizes.number(word) {
      command.drive.go(to: .block(UInt64(block)))
      names.removeLast()
    }
    if command.archive.name == nil, !names.isEmpty { command.archive.name = names.removeFirst() }
    if let extra = names.first {
      throw UsageError(
        message: "'\(verb.rawValue)' takes one drive, not '\(String(decoding: extra, as: UTF8.self))' too")
    }
    guard command.archive.effectiveName != nil else {
      throw UsageError(message: "'\(verb.rawValue)' takes a drive: name it, or set $TAPE")
    }
    if command.drive.isContradictory {
      throw UsageError(
        message: "'drive position' goes to one place: a block, --tape-file or --end", pointsAtHelp: false)
    }
  }
}

extension TarCommandBuilder {
  mutating func driveOption(_ key: DriveOptions.Key, _ value: [UInt8]) throws(UsageError) {
    switch key {
    case .end: command.drive.go(to: .endOfData)
    case .tapeFile: command.drive.go(to: .file(Int(try number(value, "--tape-file", 0...2_147_483_647))))
    }
  }
}
