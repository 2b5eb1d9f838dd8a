import ArchiveFormat
import ArchiveOperations
import TapeIO
import TapeIndex
import TapeLabels
import TapeTestSupport
import VirtualTape

/// One session of a scenario.
struct Session {
  var members: [TestMember]
  var layout = Layout.pax
  var packLimit: Int64?
  /// Members after which a batch ends.
  var batch = 100
  var hasIndex = true
  var erases = false
  /// The call to write a block that fails, counted from 1: the session ends there, its last batch without a catalogue.
  var failsAtWrite: Int?
  /// Whether what a failed session wrote is brought to the file, as a full buffer is.
  var reachesFile = true
  /// Whether the drive is closed at the end; otherwise it is given up, as by a kill.
  var closes = true
}

/// A cartridge and what happens to it.
struct Scenario: CustomStringConvertible, Sendable {
  let name: String
  var options = CartridgeOptions()
  var blockSize = 16 << 10
  let sessions: @Sendable () -> [Session]
  var description: String { name }
}

/// Runs sessions in the folder `root`: the cartridge is `x.vtl`, its index lies beside it.
struct Archive {
  static let vsn = "V00001"
  let root: String
  var options = CartridgeOptions()
  var blockSize = 16 << 10

  var path: [UInt8] { Array("\(root)/x.vtl".utf8) }
  var indexPath: [UInt8] { Array((root + Recording.indexFiles[0]).utf8) }

  /// Runs one; nothing is thrown for a failure that it is told to have.
  func run(_ session: Session, _ recording: Recording) throws {
    let drive = try VirtualDrive(path: path, access: .readWrite, witness: recording)
    let fault = FaultDrive(drive)
    if let nth = session.failsAtWrite { fault.fail(.write, nth: nth, with: .mediumError(detail: "test")) }
    let index = session.hasIndex ? try IndexFile(path: indexPath, access: .readWrite) : nil
    recording.noteIndex()
    recording.begin(session)
    let vsn = try VSN(Archive.vsn)
    let operation = CreateOperation(
      intent: WriteIntent(
        appends: true, vsn: vsn, erase: session.erases ? .volume(vsn) : nil, blockSize: blockSize),
      layout: session.layout, packLimit: session.packLimit, limits: BatchLimits(members: session.batch),
      bufferSize: 4 * blockSize,
      identity: WriterIdentity(host: "host", program: "tapir 0.1"), series: Array("test".utf8))
    do {
      _ = try operation.run(from: TestSource(session.members), to: fault, index: index, observer: recording)
    } catch {
      guard session.failsAtWrite != nil, case .volume(.drive(let cause)) = error,
        cause.cause == .mediumError(detail: "test")
      else { throw error }
      if session.reachesFile { try fault.rewind() }
    }
    if session.closes { try drive.close() }
  }
}
