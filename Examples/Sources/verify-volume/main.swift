// verify-volume CARTRIDGE: reads everything on a volume and compares it with its digests.
import ArchiveFormat
import ArchiveOperations
import TapeIO
import TapeIndex
import VirtualTape

final class Counter: OperationObserver, @unchecked Sendable {
  var damaged = 0  // one thread at a time reports
  func report(_ event: OperationEvent) {
    guard case .notice(let notice) = event else { return }
    damaged += 1
    print(String(decoding: notice.path, as: UTF8.self), notice.message)
  }
}

let counter = Counter()
let drive = try VirtualDrive(path: Array(CommandLine.arguments[1].utf8), access: .readOnly)
// Without an index the volume's own catalogues say what is on it.
let target = try ReadTarget.open(drive: drive, index: nil, vsn: nil, observer: counter)
let access = target.access(drive, counter)
let sink = VerifyingSink()
let summary = try RestoreOperation(
  query: MemberQuery(newestOnly: false), options: RestoreOptions(verifiesUserFiles: true), bufferSize: 64 << 20
).run(target, access: access, sink: sink, observer: counter)
try access.close()
print("\(summary.members) members, \(sink.byteCount) bytes verified, \(counter.damaged) damaged")
