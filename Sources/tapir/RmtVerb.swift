import ArchiveFormat
import ArchiveOperations
import Glibc
import RemoteTape
import TapeIO
import TapeLabels

/// `tapir rmt`: the remote magnetic tape protocol on standard input and output.
struct RmtVerb {
  let reporter: Reporter

  static let summary =
    "Usage: tapir rmt\n\n"
    + "Serves drives, virtual cartridges, libraries and files to programs on other machines, over standard input and\n"
    + "output: tar --rmt-command='tapir rmt' -cf HOST:V00001.vtl ...; tapir --rmt-command='tapir rmt' -rf HOST:/dev/nst0 ...\n"
    + "Only tapir writes to a virtual cartridge that holds a labelled volume.\n"

  func run() throws(OperationError) {
    // A connection that breaks is an error like others.
    signal(SIGPIPE, SIG_IGN)
    // What is said while something is opened changes nothing about the exit status.
    let quiet = Reporter(events: reporter.events)
    let server = RemoteTapeServer(reading: STDIN_FILENO, writing: STDOUT_FILENO) { request throws(ServedFailure) in
      do throws(OperationError) { return try open(request, quiet) } catch { throw Self.failure(error) }
    }
    if let why = server.run() { throw .refused("rmt: \(why)", hint: nil) }
  }

  private func open(
    _ request: RemoteTapeServer.Request, _ quiet: Reporter
  ) throws(OperationError) -> RemoteTapeServer.Opening {
    var options = ArchiveOptions()
    options.name = request.path
    options.isLocal = true
    options.libraryUse = !request.writes ? .loaded : request.creates ? .scratch : .lastWritten
    // The system says what is wrong with a name that is none.
    guard let target = try? ArchiveTarget.resolve(options, creates: request.creates) else { return .file }
    if target.isOrdinary { return .file }
    let archive = try OpenedArchive.open(
      target, options, access: request.writes ? .readWrite : .readOnly, reporter: quiet)
    let drive = archive.drive
    if case .device = target {
      // Where the tape stands is the other end's affair, and so is what is on it, as with any drive.
      return .drive(drive, atBeginning: false)
    }
    if request.writes, !request.isOwn {
      let contents: VolumeContents
      do { contents = try VolumeReader(drive: drive).inspect() } catch { throw .volume(error) }
      switch contents {
      case .blank, .unlabelled: break
      case .tapir(let label, _), .prelabelled(let label), .unfinished(let label), .labelled(let label, _):
        throw .volume(
          .drive(
            DriveError(
              .system(errno: EACCES, message: "it holds volume \(label.serial): not overwritten"),
              operation: "write on",
              device: drive.identity.name)))
      }
    }
    do throws(DriveError) { try drive.rewind() } catch { throw .volume(.drive(error)) }
    return .drive(drive, atBeginning: true)
  }

  private static func failure(_ error: OperationError) -> ServedFailure {
    guard case .volume(.drive(let cause)) = error else {
      return ServedFailure(code: EIO, text: error.description)
    }
    return ServedFailure(cause)
  }
}
