// write-files CARTRIDGE FILE...: archives files at the end of a virtual cartridge, which is made when it is not there.
import ArchiveFormat
import ArchiveOperations
import HostFiles
import TapeIO
import TapeIndex
import VirtualTape

final class Printer: OperationObserver {
  func report(_ event: OperationEvent) {
    if case .notice(let notice) = event { print(String(decoding: notice.path, as: UTF8.self), notice.message) }
  }
}

let path = Array(CommandLine.arguments[1].utf8)
if !Cartridge.isCartridge(at: path) { try Cartridge.create(at: path, CartridgeOptions()) }
let drive = try VirtualDrive(path: path, access: .readWrite)  // or LinuxDrive(path: Array("/dev/nst0".utf8), ...)
let index = try IndexFile(path: path + Array("/index.sqlite".utf8), access: .readWrite)
let files = CommandLine.arguments.dropFirst(2).map { SourceOperand(name: Array($0.utf8)) }
let summary = try CreateOperation(
  intent: WriteIntent(appends: true), bufferSize: 64 << 20,
  identity: WriterIdentity(host: "localhost", program: "example 1.0"), series: Array("example".utf8)
).run(from: HostSource(operands: files, options: SourceOptions()), to: drive, index: index, observer: Printer())
try drive.close()
// Returned means committed: the catalogue is on the medium and the drive was flushed.
print("\(summary.members) members, \(summary.bytes) bytes on volume \(summary.volume.vsn)")
