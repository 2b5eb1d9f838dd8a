import ArchiveFormat
import Glibc

/// `-tv`'s lines, byte for byte as GNU tar prints them.
struct ListingFormat {
  /// Owner, group and size share a column that only grows.
  private var width = 19
  private var lastTime: (seconds: Int64, text: [UInt8])?

  /// Mode, owner, size, time, name, and where a link leads.
  mutating func append(_ member: Member, to line: inout [UInt8]) {
    line += Self.mode(member)
    let owner = member.ownership
    let user = owner.userName.isEmpty ? Array(String(owner.user).utf8) : owner.userName
    let group = owner.groupName.isEmpty ? Array(String(owner.group).utf8) : owner.groupName
    let isDevice = member.kind == .characterDevice || member.kind == .blockDevice
    let size = isDevice ? "\(member.deviceNumber.major),\(member.deviceNumber.minor)" : String(member.size)
    let used = user.count + group.count + size.utf8.count + 2
    width = max(width, used)
    line += [UInt8(ascii: " ")] + user + [UInt8(ascii: "/")] + group + [UInt8(ascii: " ")]
    line += repeatElement(UInt8(ascii: " "), count: width - used)
    line += size.utf8
    line.append(UInt8(ascii: " "))
    line += time(member.modified.seconds)
    line.append(UInt8(ascii: " "))
    Self.appendName(member, to: &line)
    switch member.kind {
    case .symbolicLink: line += Array(" -> ".utf8) + Quoting.escaped(member.linkTarget)
    case .hardLink: line += Array(" link to ".utf8) + Quoting.escaped(member.linkTarget)
    default: break
    }
  }

  /// The name, with a slash behind a directory's.
  static func appendName(_ member: Member, to line: inout [UInt8]) {
    line += Quoting.escaped(member.path)
    if member.kind == .directory, member.path.last != UInt8(ascii: "/") { line.append(UInt8(ascii: "/")) }
  }

  private static func mode(_ member: Member) -> [UInt8] {
    let types: [Member.Kind: Character] = [
      .regular: "-", .hardLink: "h", .symbolicLink: "l", .characterDevice: "c", .blockDevice: "b", .directory: "d",
      .fifo: "p",
    ]
    var text = [types[member.kind] ?? "?"]
    for (shift, special, mark) in [(6, 0o4000, "s"), (3, 0o2000, "s"), (0, 0o1000, "t")] as [(UInt32, UInt32, String)] {
      let bits = member.mode >> shift
      text.append(bits & 4 != 0 ? "r" : "-")
      text.append(bits & 2 != 0 ? "w" : "-")
      let executes = bits & 1 != 0
      if member.mode & special != 0 {
        text.append(Character(executes ? mark : mark.uppercased()))
      } else {
        text.append(executes ? "x" : "-")
      }
    }
    return Array(String(text).utf8)
  }

  /// Local time to the minute.
  private mutating func time(_ seconds: Int64) -> [UInt8] {
    let minute = seconds - ((seconds % 60) + 60) % 60
    if let lastTime, lastTime.seconds == minute { return lastTime.text }
    var broken = tm()
    var value = time_t(seconds)
    guard localtime_r(&value, &broken) != nil else { return Array(String(seconds).utf8) }
    func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let year = String(Int(broken.tm_year) + 1900)
    let text = Array(
      (String(repeating: "0", count: max(0, 4 - year.utf8.count)) + year + "-" + two(broken.tm_mon + 1) + "-"
        + two(broken.tm_mday) + " " + two(broken.tm_hour) + ":" + two(broken.tm_min)).utf8)
    lastTime = (minute, text)
    return text
  }
}
