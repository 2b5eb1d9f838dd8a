import ArchiveFormat
import Glibc
import TapeTestSupport
import Testing

/// A member as the file system has it, or as a reader gave it, with its content.
struct Found {
  var entry: TarEntry?
  var member: Member
  var content: [UInt8] = []
}

/// Trees to archive, and archives read.
enum TarTree {
  /// Makes files of every kind, with names, times and owners at the edges of what headers hold, below `t`.
  ///
  /// What needs root is left out without it. Reading changes times of access: all is read once before.
  static func make(in folder: TestFolder, isSmall: Bool = false) -> Bool {
    let names = [1, 50, 97, 98, 99, 100, 101, 102, 153, 154, 155, 156].map { length -> String in
      let name = String(repeating: "n", count: length)
      return "echo \(length) > \(name.prefix(200))\n"
    }.joined()
    // Slashes at different places around the lengths where ustar splits.
    let paths = [(90, 8), (100, 50), (150, 1), (152, 98), (153, 99), (154, 98), (155, 60), (140, 112), (60, 200)].map {
      "mkdir -p \(String(repeating: "p", count: $0)); echo x > \(String(repeating: "p", count: $0))/"
        + String(repeating: "q", count: $1) + "\n"
    }.joined()
    let links = [1, 99, 100, 101, 150].map { "ln -s \(String(repeating: "t", count: $0)) l\($0)\n" }.joined()
    let odd =
      "echo é > é; mkdir 'd é'; ln -s é l-é; printf 'any' > \"$(printf 'b\\377\\n\\\\x')\"\n"
      + "touch -d '1960-01-02 03:04:05.678' t-old; touch -d @-1 t-minus; touch -d @8589934592 t-33bits\n"
      + "touch -d @1700000000.000000001 t-nano; touch -d @1700000000.5 t-half; touch -d @1700000000 t-whole\n"
      + "touch m4755; chmod 4755 m4755; mkdir sticky; chmod 1777 sticky; echo hard > h1; ln h1 h2\n"
      + "ln \(String(repeating: "n", count: 156)) z-long-link\n"
      + "mkfifo fifo; head -c 512 /dev/zero > s512; head -c 513 /dev/zero > s513; head -c 70000 /dev/urandom > s70000\n"
    let root =
      "if [ $(id -u) = 0 ]; then mknod c c 1 3; mknod b b 259 1000000; touch o1 o2 o3; chown 2097151:2097151 o1\n"
      + "chown 2097152:5 o2; chown 4294967290:4294967290 o3; fi\n"
    return folder.run(
      "mkdir t && cd t && { " + (isSmall ? "" : names + paths + links) + odd + root
        + "} && cd .. && touch -d @1700000001.25 t && sleep 0.02 && tar -cf x.tar t"
    ).status == 0
  }

  static func read(
    _ archive: [UInt8], ignoringZeros: Bool = false, _ notify: @escaping (MemberNotice) -> Void = { _ in }
  ) throws -> [Found] {
    try archive.withUnsafeBytes { memory in
      let reader = TarReader(MemoryBytes(memory), notify: notify)
      reader.ignoresZeros = ignoringZeros
      var found: [Found] = []
      while let entry = try reader.nextEntry() {
        var content: [UInt8] = []
        while case let part = try reader.content.next(1000), !part.isEmpty { content += part }
        found.append(Found(entry: entry, member: entry.member, content: content))
      }
      return found
    }
  }

  /// What lstat(2) says of `names` below the folder, as members: the second name of a file is a hard link.
  static func walk(_ folder: TestFolder, _ names: [[UInt8]]) -> [Found] {
    var seen: [UInt64: [UInt8]] = [:]
    return names.compactMap { name in
      let path = Array("\(folder.path)/".utf8) + name + [0]
      var status = stat()
      guard path.withUnsafeBytes({ lstat($0.bindMemory(to: CChar.self).baseAddress!, &status) }) == 0 else {
        return nil
      }
      var member = Member(
        path: name, kind: .regular, mode: status.st_mode & 0o7777,
        ownership: Ownership(
          user: status.st_uid, group: status.st_gid,
          userName: getpwuid(status.st_uid).map { Array(String(cString: $0.pointee.pw_name).utf8) } ?? [],
          groupName: getgrgid(status.st_gid).map { Array(String(cString: $0.pointee.gr_name).utf8) } ?? []),
        modified: time(status.st_mtim), changed: time(status.st_ctim))
      member.accessed = time(status.st_atim)
      switch status.st_mode & S_IFMT {
      case S_IFDIR: member.kind = .directory
      case S_IFLNK:
        member.kind = .symbolicLink
        var target = [UInt8](repeating: 0, count: 4096)
        let count = path.withUnsafeBytes { path in
          target.withUnsafeMutableBytes {
            readlink(path.bindMemory(to: CChar.self).baseAddress!, $0.bindMemory(to: CChar.self).baseAddress!, 4096)
          }
        }
        member.linkTarget = Array(target.prefix(max(0, count)))
      case S_IFIFO: member.kind = .fifo
      case S_IFCHR, S_IFBLK:
        member.kind = status.st_mode & S_IFMT == S_IFCHR ? .characterDevice : .blockDevice
        let device = UInt64(status.st_rdev)
        member.deviceNumber = DeviceNumber(
          major: UInt32(device >> 8 & 0xfff), minor: UInt32(device & 0xff | device >> 12 & 0xfff00))
      default: member.size = Int64(status.st_size)
      }
      if member.kind != .directory, status.st_nlink > 1 {
        if let first = seen[UInt64(status.st_ino)] {
          member.kind = .hardLink
          member.linkTarget = first
          member.size = 0
        } else {
          seen[UInt64(status.st_ino)] = name
        }
      }
      return Found(member: member)
    }
  }

  /// The content of a file of any name.
  static func content(_ folder: TestFolder, _ name: [UInt8]) -> [UInt8] {
    let path = Array("\(folder.path)/".utf8) + name + [0]
    guard let file = path.withUnsafeBytes({ fopen($0.bindMemory(to: CChar.self).baseAddress!, "rb") }) else {
      return []
    }
    defer { fclose(file) }
    var content: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { content += buffer[..<count] }
    return content
  }

  private static func time(_ time: timespec) -> Timestamp {
    Timestamp(seconds: Int64(time.tv_sec), nanoseconds: Int32(time.tv_nsec))
  }

  /// Shell that runs GNU tar so that its process is known: `process` prints it first.
  static func archive(_ folder: TestFolder, _ arguments: String) -> (process: Int32, words: [String]) {
    let result = folder.text("sh -c 'echo $$; exec \"$@\"' sh env LC_ALL=C.UTF-8 tar \(arguments)")
    let lines = result.split(separator: "\n").map(String.init)
    return (Int32(lines.first ?? "") ?? 0, Array(lines.dropFirst()))
  }

  /// The archive written anew from what was read of it.
  static func encoded(
    _ found: [Found], _ format: TarFormat, _ options: TarEncoder.Options
  ) throws -> (bytes: [UInt8], notices: [MemberNotice]) {
    var options = options
    if let first = found.first, first.entry?.kind == .volumeLabel { options.startTime = first.member.modified.seconds }
    var encoder = TarEncoder(format: format, options: options)
    var bytes: [UInt8] = []
    var notices: [MemberNotice] = []
    for (place, item) in found.enumerated() {
      do throws(MemberNotice) {
        switch item.entry?.kind {
        case .volumeLabel: try encoder.appendBeginning(label: item.member.path, to: &bytes)
        default:
          if place == 0 { try encoder.appendBeginning(label: nil, to: &bytes) }
          if let notice = try encoder.append(item.member, to: &bytes) { notices.append(notice) }
          bytes += item.content + [UInt8](repeating: 0, count: encoder.paddingSize(of: item.member))
        }
      } catch { notices.append(error) }
    }
    return (bytes + [UInt8](repeating: 0, count: TarEncoder.endOfArchiveSize), notices)
  }
}
