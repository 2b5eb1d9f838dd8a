// list-members CARTRIDGE: lists the newest version of each member, and where it lies.
import ArchiveFormat
import ArchiveOperations
import TapeIO
import TapeIndex
import VirtualTape

let path = Array(CommandLine.arguments[1].utf8)
let index = try IndexFile(path: path + Array("/index.sqlite".utf8), access: .readOnly)
let volumes = try index.volumes()
// No tape moves for this: the index knows it all.
_ = try ListOperation(query: MemberQuery(newestOnly: true)).run(volumes: volumes, index: index) { stored in
  let member = stored.record.member
  let name = String(decoding: member.path, as: UTF8.self)
  print("\(stored.volume.descriptor.vsn) block \(stored.file.header): \(name), \(member.size) bytes")
}
