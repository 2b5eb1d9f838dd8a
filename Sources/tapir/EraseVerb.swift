import ArchiveFormat
import ArchiveOperations
import TapeIO
import TapeIndex
import TapeLabels
import VirtualTape

/// `tapir volume erase ARCHIVE VSN`.
struct EraseVerb {
  let command: TarCommand
  let reporter: Reporter

  static let summary =
    "Usage: tapir volume erase ARCHIVE VSN [OPTION...]\n       tapir volume erase ARCHIVE unlabelled [OPTION...]\n\n"
    + "Labels a cartridge anew under the same VSN: everything on it is given up. Of a library, it is then in the scratch\n"
    + "pool. A cartridge that has no label of ours is erased as 'unlabelled'.\n"

  /// Takes the archive and what is to be erased out of the names.
  static func checkWords(_ names: inout [[UInt8]], _ command: inout TarCommand) throws(UsageError) {
    if command.archive.name == nil, !names.isEmpty { command.archive.name = names.removeFirst() }
    guard command.archive.name != nil else { throw UsageError(message: "'volume erase' takes an archive") }
    if command.intent.erase == nil, let word = names.first {
      names.removeFirst()
      if word == Array("unlabelled".utf8) {
        command.intent.erase = .unlabelled
      } else {
        let text = String(decoding: word, as: UTF8.self)
        do { command.archive.erased = try VSN(text) } catch {
          throw UsageError(message: "'\(text)' is neither a VSN nor 'unlabelled'", pointsAtHelp: false)
        }
        command.intent.erase = command.archive.erased.map { .volume($0) }
      }
    }
    guard command.intent.erase != nil else {
      throw UsageError(message: "'volume erase' takes the VSN of what is to be erased, or 'unlabelled'")
    }
    if let vsn = command.archive.erased, let other = command.archive.vsn, other != vsn {
      throw UsageError(message: "a volume keeps its VSN when it is erased: \(vsn), not \(other)", pointsAtHelp: false)
    }
    if let extra = names.first {
      throw UsageError(
        message: "'volume erase' takes one volume, not '\(String(decoding: extra, as: UTF8.self))' too")
    }
  }

  func run() throws(OperationError) {
    let target = try ArchiveTarget.resolve(command.archive, creates: false)
    let volume = try Self.erase(target, command.archive, command.intent, reporter)
    reporter.tell(
      VolumeState(
        vsn: volume.vsn.text, id: volume.id, use: .erased, text: "volume \(volume.vsn) is empty, \(volume.id)"))
  }

  /// Erases the volume that `intent` names.
  /// - Throws: ``OperationError/refused(_:hint:)`` when another one is there, or it has not expired.
  static func erase(
    _ target: ArchiveTarget, _ options: ArchiveOptions, _ intent: WriteIntent, _ reporter: Reporter
  ) throws(OperationError) -> VolumeDescriptor {
    let archive = try OpenedArchive.open(target, options, access: .readWrite, reporter: reporter)
    let index = try IndexLocation.openForWriting(options, target)
    let operation = CreateOperation(intent: archive.named(intent), bufferSize: 0, identity: .here, series: [])
    let volume = try operation.erase(drive: archive.drive, index: index, observer: reporter)
    try archive.writeName(volume.vsn)
    try archive.close()
    if let library = library(of: target) {
      let name = archive.libraryDrive?.cartridge ?? volume.vsn.text
      try LibraryArchive.onChanger { () throws(ChangerError) in try library.setScratch(name, true) }
    }
    return volume
  }

  private static func library(of target: ArchiveTarget) -> Library? {
    switch target {
    case .library(let path): Library(path: path)
    case .cartridge(let path): Library.around(cartridge: path).map { Library(path: $0) }
    case .device, .newCartridge, .image, .file, .remoteVolume, .remote, .standardStream: nil
    }
  }
}
