import ArchiveFormat
import Glibc
import HostFiles

/// What the arguments of `--owner`, `--mtime` and their like mean: GNU tar's rules and words.
enum MetadataValues {
  /// `NAME`, `NAME:ID`, `:ID` or `ID`.
  static func owner(_ text: [UInt8], isGroup: Bool) throws(UsageError) -> MetadataOverrides.Owner {
    let colon = text.firstIndex(of: UInt8(ascii: ":"))
    let number = colon.map { Array(text[($0 + 1)...]) } ?? text
    if let id = Sizes.number(number), id <= Int64(UInt32.max) {
      let name = colon.map { Array(text[..<$0]) } ?? []
      return MetadataOverrides.Owner(id: UInt32(id), name: name.isEmpty ? nil : name)
    }
    // All digits, but too many: no name either.
    if colon != nil || (!text.isEmpty && text.allSatisfy { (0x30...0x39).contains($0) }) {
      throw .fatal("\(String(decoding: number, as: UTF8.self)): Invalid owner or group ID")
    }
    return MetadataOverrides.Owner(id: OwnerNames.number(of: text, isGroup: isGroup), name: text)
  }

  /// A file of lines `OLD NEW`, each `NAME` or `+ID`, new ones also `NAME:ID`.
  static func ownerMap(_ file: [UInt8], isGroup: Bool) throws(UsageError) -> [UInt32: MetadataOverrides.Owner] {
    let what = isGroup ? "GID" : "UID"
    var map: [UInt32: MetadataOverrides.Owner] = [:]
    var problems: [String] = []
    let lines = try NameFile.read(file).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      do throws(MapProblem) {
        if let (old, new) = try mapping(line, what, isGroup: isGroup) { map[old] = new }
      } catch {
        problems.append("\(String(decoding: file, as: UTF8.self)):\(index + 1): \(error.text)")
      }
    }
    guard problems.isEmpty else {
      throw .fatal((problems + ["errors reading map file"]).joined(separator: "\ntapir: "))
    }
    return map
  }

  private struct MapProblem: Error {
    let text: String
  }

  /// What one line of such a file says; nil for one that says nothing.
  private static func mapping(
    _ line: ArraySlice<UInt8>, _ what: String, isGroup: Bool
  ) throws(MapProblem) -> (UInt32, MetadataOverrides.Owner)? {
    func id(_ text: ArraySlice<UInt8>) throws(MapProblem) -> UInt32 {
      let shown = String(decoding: text, as: UTF8.self)
      guard let number = Sizes.number(Array(text)) else { throw MapProblem(text: "invalid \(what): \(shown)") }
      guard let id = UInt32(exactly: number) else { throw MapProblem(text: "\(what) out of range: \(shown)") }
      return id
    }
    func known(_ name: ArraySlice<UInt8>) throws(MapProblem) -> UInt32 {
      if name.first == UInt8(ascii: "+") { return try id(name.dropFirst()) }
      guard let id = OwnerNames.number(of: Array(name), isGroup: isGroup) else {
        throw MapProblem(text: "can't obtain \(what) of \(String(decoding: name, as: UTF8.self))")
      }
      return id
    }
    guard let words = WordSplitter.words(Array(line.prefix { $0 != UInt8(ascii: "#") })) else {
      throw MapProblem(text: "cannot split line: missing closing quote")
    }
    if words.isEmpty { return nil }
    guard words.count == 2 else { throw MapProblem(text: "malformed line") }
    let old = try known(words[0][...])
    let new = words[1]
    if let colon = new.firstIndex(of: UInt8(ascii: ":")) {
      return (
        old, MetadataOverrides.Owner(id: try id(new[(colon + 1)...]), name: colon == 0 ? nil : Array(new[..<colon]))
      )
    }
    let isNumber = new.first == UInt8(ascii: "+")
    return (old, MetadataOverrides.Owner(id: try known(new[...]), name: isNumber ? nil : new))
  }

  /// An octal or symbolic mode.
  static func mode(_ text: [UInt8]) throws(UsageError) -> ModeChange {
    // There is no call that only reads it.
    let mask = umask(0)
    _ = umask(mask)
    guard let change = ModeChange(text, umask: mask) else { throw .fatal("Invalid mode given on option") }
    return change
  }

  /// A date, or a file whose date it is: a name that begins with `/` or `.`.
  static func date(_ text: [UInt8]) throws(UsageError) -> Timestamp {
    let word = String(decoding: text, as: UTF8.self)
    guard text.first == UInt8(ascii: "/") || text.first == UInt8(ascii: ".") else {
      guard let date = DateText.parse(text) else {
        // GNU tar goes on with a date of its own making: nobody can want what comes of that.
        throw UsageError(message: "unknown date format '\(word)'", pointsAtHelp: false)
      }
      return date
    }
    var status = stat()
    guard ArchiveTarget.withCString(text, { stat($0, &status) }) == 0 else {
      throw UsageError(
        message: "\(word): Cannot stat: \(String(cString: strerror(errno)))\ntapir: Date sample file not found")
    }
    return Timestamp(seconds: Int64(status.st_mtim.tv_sec), nanoseconds: Int32(status.st_mtim.tv_nsec))
  }

  /// What a date on the command line came to, as GNU tar tells it when asked to be verbose; nil for a file's.
  static func note(_ option: String, _ text: [UInt8], _ date: Timestamp) -> String? {
    if text.first == UInt8(ascii: "/") || text.first == UInt8(ascii: ".") { return nil }
    var broken = tm()
    var seconds = time_t(date.seconds)
    guard localtime_r(&seconds, &broken) != nil else { return nil }
    func digits(_ value: Int, _ width: Int) -> String {
      let text = String(value)
      return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
    }
    let day = [(Int(broken.tm_year) + 1900, 4), (Int(broken.tm_mon) + 1, 2), (Int(broken.tm_mday), 2)]
    let time = [broken.tm_hour, broken.tm_min, broken.tm_sec]
    var fraction = date.nanoseconds == 0 ? "" : "." + digits(Int(date.nanoseconds), 9)
    while fraction.last == "0" { fraction.removeLast() }
    return "Option \(option): Treating date '\(String(decoding: text, as: UTF8.self))' as "
      + day.map { digits($0.0, $0.1) }.joined(separator: "-") + " "
      + time.map { digits(Int($0), 2) }.joined(separator: ":") + fraction
  }
}
