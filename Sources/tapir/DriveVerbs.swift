import ArchiveFormat
import ArchiveOperations
import Glibc
import LinuxTape
import TapeIO
import VirtualTape

/// `tapir drive ...`: what mt does, in words.
struct DriveVerbs {
  let command: TarCommand
  let reporter: Reporter

  static func summary(_ verb: Verb) -> String {
    about(verb) + "DRIVE is /dev/nst0, or a virtual cartridge or library; without it, -f or $TAPE says which.\n"
  }

  private static func about(_ verb: Verb) -> String {
    switch verb {
    case .driveStatus:
      usage(verb) + "Says which drive it is, whether it is ready, what is in it and where the tape stands.\n"
        + "The tape does not move. Of a virtual library, says what is in its drives.\n"
    case .driveRewind: usage(verb) + "Rewinds the tape.\n"
    case .driveEject:
      usage(verb) + "Rewinds the tape and ejects the cartridge; of a virtual library, moves it to its slot.\n"
    case .driveLoad: usage(verb) + "Loads the cartridge that lies in the drive, and waits until it is ready.\n"
    case .drivePosition:
      "Usage: tapir \(verb.rawValue) [DRIVE] [BLOCK|--tape-file=N|--end]\n\n"
        + "Says where the tape stands, without moving it; or goes to a block, behind the Nth filemark, or to end of data.\n"
        + "BLOCK is a block ID as 'tapir index find' says it: blocks and filemarks are counted from 0.\n"
    default:
      usage(verb)
        + "Says what is wrong with drive and cartridge, and what to do, from the drive's log pages (TapeAlert, error\n"
        + "counters, volume statistics, capacity) and the driver's statistics. The tape does not move.\n"
        + "Retries are judged by their rate since the cartridge was loaded: against a fixed one, and against that of the\n"
        + "cartridge's life. Alerts are said once: the drive forgets them when they are read.\n"
        + "Exit status: 1 when something is to be done.\n"
    }
  }

  private static func usage(_ verb: Verb) -> String { "Usage: tapir \(verb.rawValue) [DRIVE]\n\n" }

  func run(_ verb: Verb) throws(OperationError) {
    let target = try ArchiveTarget.resolve(command.archive, creates: false)
    switch target {
    case .device(let path):
      switch verb {
      case .driveStatus: try status(path)
      case .driveRewind: try rewind(path)
      case .driveEject: try eject(path)
      case .driveLoad: try load(path)
      case .drivePosition: try position(path)
      default: try health(path)
      }
    case .library(let path): try runOnLibrary(verb, path)
    case .cartridge(let path): try runOnCartridge(verb, path)
    case .newCartridge, .image, .remoteVolume, .file, .remote, .standardStream:
      let name = command.archive.effectiveName.map { String(decoding: $0, as: UTF8.self) } ?? "standard input"
      var hint = "a drive is /dev/nst0, or a virtual library or cartridge"
      if case .remoteVolume = target { hint = "run tapir on that machine" }
      throw .refused("\(name) is not a drive of this machine", hint: hint)
    }
  }

  // MARK: A real drive

  private func status(_ path: [UInt8]) throws(OperationError) {
    let state = try look(path)
    let volume = try DriveVolume.find(state, command.archive)
    reporter.tell(DriveFact(state: state, extent: .status(volume)))
  }

  private func rewind(_ path: [UInt8]) throws(OperationError) {
    _ = try ready(path)
    try onDrive { () throws(DriveError) in try TapeDevice.rewind(at: path) }
    try sayPosition(path)
  }

  private func eject(_ path: [UInt8]) throws(OperationError) {
    let state = try look(path)
    if state.readiness == .noCartridge { return reporter.tell(DriveFact(state: state, extent: .ejected)) }
    do throws(DriveError) { try TapeDevice.eject(at: path) } catch {
      if case .system(let number, _) = error.cause, number == 5 {  // EIO
        throw .refused(
          error.description,
          hint:
            "the cartridge may be held: see who uses the drive ('tapir drive status'), or 'mt -f \(state.device) unlock'"
        )
      }
      throw .volume(.drive(error))
    }
    // A drive that is told not to let go of a cartridge may say so, or do nothing.
    if try look(path).readiness == .ready {
      throw .refused(
        "cannot eject the cartridge of \(state.device): it is held in the drive",
        hint: "'mt -f \(state.device) unlock' lets it go when nobody needs it")
    }
    reporter.tell(DriveFact(state: state, extent: .ejected))
  }

  private func load(_ path: [UInt8]) throws(OperationError) {
    do throws(DriveError) { try TapeDevice.load(at: path) } catch {
      // What the drive says of itself tells more than an I/O error.
      if case .system = error.cause { _ = try ready(path) }
      throw .volume(.drive(error))
    }
    var waited = 0
    while case .notReady(let why) = try look(path).readiness, waited < 600 {
      if waited % 10 == 0 { reporter.say("waiting for the drive (\(waited) s): \(why)") }
      sleep(1)  // polling is all that st offers
      waited += 1
    }
    try sayPosition(path)
  }

  private func position(_ path: [UInt8]) throws(OperationError) {
    if let destination = command.drive.destination {
      _ = try ready(path)
      try onDrive { () throws(DriveError) in
        let drive = try OpenedArchive.tape(path, .readOnly, reporter)
        switch destination {
        case .block(let block): try drive.locate(to: BlockID(block))
        case .endOfData: try drive.spaceToEndOfData()
        case .file(let number):
          try drive.rewind()
          if case .endOfData(let left) = try drive.space(filemarks: number) {
            throw DriveError(
              .unusable(reason: "there are \(number - left) filemarks before end of data", hint: nil),
              operation: "go behind filemark \(number) of", device: drive.identity.name)
          }
        }
        try drive.close()
      }
    }
    try sayPosition(path)
  }

  private func health(_ path: [UInt8]) throws(OperationError) {
    let inspection = try onDrive { () throws(DriveError) in try DriveInspection(path: path) }
    let (state, health) = (inspection.state(), inspection.health())
    inspection.close()
    let text = DriveHealthText(state: state, health: health)
    reporter.tell(text)
    if text.wantsAttention { reporter.report(.notice(text.notice)) }
  }

  /// The state of a drive.
  private func look(_ path: [UInt8]) throws(OperationError) -> DriveState {
    let inspection = try onDrive { () throws(DriveError) in try DriveInspection(path: path) }
    defer { inspection.close() }
    return inspection.state()
  }

  /// The state of a drive that has to be ready.
  private func ready(_ path: [UInt8]) throws(OperationError) -> DriveState {
    let state = try look(path)
    func failure(_ cause: DriveError.Cause) -> OperationError {
      .volume(.drive(DriveError(cause, operation: "use", device: state.device)))
    }
    switch state.readiness {
    case .ready: return state
    case .busy: throw failure(.busy(holder: nil))
    case .noCartridge: throw failure(.noMedium)
    case .notReady(let why): throw failure(.unusable(reason: "the drive is not ready: \(why)", hint: nil))
    }
  }

  private func sayPosition(_ path: [UInt8]) throws(OperationError) {
    reporter.tell(DriveFact(state: try ready(path), extent: .position))
  }

  // MARK: Virtual drives

  private func runOnLibrary(_ verb: Verb, _ path: [UInt8]) throws(OperationError) {
    let library = Library(path: path)
    let verbs = LibraryVerbs(command: command, reporter: reporter)
    switch verb {
    case .driveStatus: for drive in try LibraryStatus.of(library, named: library.name).drives { reporter.tell(drive) }
    case .driveEject: try verbs.unload([])
    case .driveLoad:
      throw .refused("a virtual library loads by name", hint: "'tapir library load \(library.name) VSN'")
    case .driveHealth: reporter.tell(VirtualDriveFact(name: library.name, extent: .health))
    default: try rewound(library.name)
    }
  }

  private func runOnCartridge(_ verb: Verb, _ path: [UInt8]) throws(OperationError) {
    let name = String(decoding: path, as: UTF8.self)
    switch verb {
    case .driveStatus, .driveHealth:
      reporter.tell(
        VirtualDriveFact(
          cartridge: try VirtualCartridgeFacts.of(path), name: name, extent: verb == .driveStatus ? .status : .health))
    case .driveEject, .driveLoad:
      throw .refused(
        "\(name) is a virtual cartridge: it is in a drive whenever it is used",
        hint: "in a library, 'tapir library load' and 'unload' move it")
    default: try rewound(name)
    }
  }

  private func rewound(_ name: String) throws(OperationError) {
    if command.drive.destination != nil {
      throw .refused(
        "a virtual tape does not stay where it was: it stands at its beginning whenever it is opened", hint: nil)
    }
    reporter.tell(VirtualDriveFact(name: name, extent: .position))
  }

  private func onDrive<Result>(_ body: () throws(DriveError) -> Result) throws(OperationError) -> Result {
    do throws(DriveError) { return try body() } catch { throw .volume(.drive(error)) }
  }
}
