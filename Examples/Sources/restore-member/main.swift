// restore-member CARTRIDGE NAME: restores a member, or a directory and what is in it, to the working directory.
import ArchiveFormat
import ArchiveOperations
import Glibc
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
let drive = try VirtualDrive(path: path, access: .readOnly)  // or LinuxDrive(path: Array("/dev/nst0".utf8), ...)
let index = try IndexFile(path: path + Array("/index.sqlite".utf8), access: .readOnly)
let target = try ReadTarget.open(drive: drive, index: index, vsn: nil, observer: Printer())
let sink = HostSink(target: AT_FDCWD, options: SinkOptions()) { print($0.message) }
let query = MemberQuery(operands: [.literal(Array(CommandLine.arguments[2].utf8))], newestOnly: true)
let access = target.access(drive, Printer())
let summary = try RestoreOperation(query: query, options: RestoreOptions(), bufferSize: 64 << 20)
  .run(target, access: access, sink: sink, observer: Printer())
try access.close()
print("\(summary.members) members restored")
