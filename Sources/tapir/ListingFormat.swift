import ArchiveFormat
import Glibc
import HostFiles

/// `-tv`'s lines, byte for byte as GNU tar prints them.
struct ListingFormat {
  var quoting = NameQuoting()
  var showsFullTime = false
  var usesUTC = false
  /// Owner, group and size share a column that only grows.
  private var width = 19
  /// So does the time.
  private var timeWidth = 16
  private var lastTime: (seconds: Int64, text: [UInt8])?

  /// What stands behind the mode, when attributes of these kinds are asked for.
  var marks = Marks()

  /// Kinds of attributes that are listed.
  struct Marks {
    var extendedAttributes: AttributeFilter?
    var securityContexts = false
    var accessControlLists = false
    /// Whether lines of their own tell them.
    var showsValues = false

    /// Marks for what is asked for and would be restored.
    init(_ sink: SinkOptions = SinkOptions(), showsValues: Bool = false) {
      extendedAttributes = sink.extendedAttributes ? sink.attributeFilter : nil
      securityContexts = sink.securityContexts
      accessControlLists = sink.accessControlLists
      self.showsValues = showsValues
    }

    var isEmpty: Bool { extendedAttributes == nil && !securityContexts && !accessControlLists }
  }

  /// What a line is about, when it is no member like others.
  enum Special {
    case label
    case unknownType(UInt8)
    /// The rest of a member from this byte on.
    case continuation(Int64)
  }

  /// Mode, owner, size, time, name, and where a link leads.
  mutating func append(_ member: Member, _ special: Special? = nil, to line: inout [UInt8]) {
    let owner = member.ownership
    let user = owner.userName.isEmpty ? Array(String(owner.user).utf8) : owner.userName
    let group = owner.groupName.isEmpty ? Array(String(owner.group).utf8) : owner.groupName
    let isDevice = member.kind == .characterDevice || member.kind == .blockDevice
    let size = isDevice ? "\(member.deviceNumber.major),\(member.deviceNumber.minor)" : String(member.size)
    let used = user.count + group.count + size.utf8.count + 2
    width = max(width, used)
    line += Self.mode(member, special)
    if !marks.isEmpty { line.append(mark(member)) }
    // Owners' names are the archive's too: no control character of them reaches the terminal.
    line += [UInt8(ascii: " ")] + NameQuoting().quoted(user) + [UInt8(ascii: "/")] + NameQuoting().quoted(group)
    line += repeatElement(UInt8(ascii: " "), count: width - used + 1)
    line += size.utf8
    line.append(UInt8(ascii: " "))
    let time = time(member.modified)
    timeWidth = max(timeWidth, time.count)
    line += time + repeatElement(UInt8(ascii: " "), count: timeWidth - time.count + 1)
    appendName(member, to: &line)
    switch special {
    case .label: line += Array("--Volume Header--".utf8)
    case .continuation(let offset): line += Array("--Continued at byte \(offset)--".utf8)
    case .unknownType(let type):
      line += Array(" unknown file type ".utf8) + NameQuoting(.locale).quoted([type])
    case nil: break
    }
    switch member.kind {
    case .symbolicLink: line += Array(" -> ".utf8) + quoting.quoted(member.linkTarget)
    case .hardLink: line += Array(" link to ".utf8) + quoting.quoted(member.linkTarget)
    default: break
    }
    if marks.showsValues { appendValues(member, to: &line) }
  }

  private func mark(_ member: Member) -> UInt8 {
    if marks.accessControlLists, !member.accessACL.isEmpty || !member.defaultACL.isEmpty { return UInt8(ascii: "+") }
    if marks.securityContexts, !member.securityContext.isEmpty { return UInt8(ascii: ".") }
    if let filter = marks.extendedAttributes, member.extendedAttributes.contains(where: { filter.passes($0.name) }) {
      return UInt8(ascii: "*")
    }
    return UInt8(ascii: " ")
  }

  /// Lines as GNU tar has them: the context, the ACLs, and lengths and names of the attributes.
  private func appendValues(_ member: Member, to line: inout [UInt8]) {
    if marks.securityContexts, !member.securityContext.isEmpty {
      line += Array("\n  s: ".utf8) + NameQuoting().quoted(member.securityContext)
    }
    if marks.accessControlLists {
      let entries = [("", member.accessACL), ("default:", member.defaultACL)].flatMap { prefix, list in
        // What stands behind a number sign is the effective right, for people.
        list.split(separator: UInt8(ascii: "\n")).map { Array(prefix.utf8) + $0.prefix { !WordSplitter.isBlank($0) } }
      }
      if !entries.isEmpty {
        line += Array("\n  a: ".utf8) + NameQuoting().quoted(Array(entries.joined(separator: [UInt8(ascii: ",")])))
      }
    }
    guard let filter = marks.extendedAttributes else { return }
    for attribute in member.extendedAttributes where filter.passes(attribute.name) {
      line += Array("\n  x: \(attribute.value.count) ".utf8) + NameQuoting().quoted(attribute.name)
    }
  }

  /// The name, with a slash behind a directory's.
  func appendName(_ member: Member, to line: inout [UInt8]) {
    let isDirectory = member.kind == .directory && member.path.last != UInt8(ascii: "/")
    line += quoting.quoted(isDirectory ? member.path + [UInt8(ascii: "/")] : member.path)
  }

  /// A directory that was made in passing.
  func madeDirectory(_ path: [UInt8], mode: UInt32) -> [UInt8] {
    let made = Member(
      path: path, kind: .directory, mode: mode, ownership: Ownership(user: 0, group: 0),
      modified: Timestamp(seconds: 0))
    let what = Array("Creating directory:".utf8)
    let blanks = repeatElement(UInt8(ascii: " "), count: max(0, width + 1 + timeWidth - what.count) + 1)
    return Self.mode(made, nil) + blanks + what + [UInt8(ascii: " ")] + quoting.quoted(path)
  }

  private static func mode(_ member: Member, _ special: Special?) -> [UInt8] {
    let types: [Member.Kind: Character] = [
      .regular: "-", .hardLink: "h", .symbolicLink: "l", .characterDevice: "c", .blockDevice: "b", .directory: "d",
      .fifo: "p",
    ]
    var text: [Character]
    switch special {
    case .label: text = ["V"]
    case .unknownType: text = ["?"]
    case .continuation: text = ["M"]
    case nil: text = [types[member.kind] ?? "?"]
    }
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

  /// Local time to the minute, unless more was asked for.
  private mutating func time(_ time: Timestamp) -> [UInt8] {
    if showsFullTime { return TimeText.text(time, isFull: true, isUTC: usesUTC) }
    let minute = time.seconds - ((time.seconds % 60) + 60) % 60
    if let lastTime, lastTime.seconds == minute { return lastTime.text }
    let text = TimeText.text(time, isFull: false, isUTC: usesUTC)
    lastTime = (minute, text)
    return text
  }
}
