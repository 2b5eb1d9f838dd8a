internal import Glibc

/// What `--pax-option` asks of the extended headers of format pax (GNU tar manual, *Controlling Extended Header Keywords*).
public struct PaxOptions: Sendable {
  typealias Record = PaxRecords.Record

  private var deletions: [[UInt8]] = []
  /// Records of every member, in place of its own; the last one given comes first, as in GNU tar.
  private(set) var overrides: [Record] = []
  /// Records of the global header, likewise.
  private(set) var globals: [Record] = []
  private(set) var headerName: [UInt8]?
  private(set) var headerTime: Int64?
  private(set) var globalHeaderName: [UInt8]?
  private(set) var globalHeaderTime: Int64?

  /// Asks for nothing.
  public init() {}

  /// Takes the argument of one `--pax-option`: `keyword=value` for a global header, `keyword:=value` for every member,
  /// `delete=pattern`, `exthdr.name=`, `exthdr.mtime=`, `globexthdr.name=`, `globexthdr.mtime=`, with commas between.
  /// - Parameter date: the time that a date in braces means; nil leaves the value as it is.
  /// - Throws: what GNU tar says of it.
  public mutating func parse(_ argument: [UInt8], date: ([UInt8]) -> Timestamp?) throws(MemberNotice) {
    for part in argument.split(separator: UInt8(ascii: ",")) {
      guard let equals = part.firstIndex(of: UInt8(ascii: "=")) else {
        throw Self.refusal("Keyword \(String(decoding: part, as: UTF8.self)) is unknown or not yet implemented")
      }
      guard equals > part.startIndex else {
        throw Self.refusal("Malformed pax option: ‘\(String(decoding: part, as: UTF8.self))’")
      }
      let isOverride = part[equals - 1] == UInt8(ascii: ":")
      let keyword = Array(part[..<(isOverride ? equals - 1 : equals)])
      var value = Array(part[(equals + 1)...].drop { isspace(Int32($0)) != 0 })
      if value.first == UInt8(ascii: "{"), value.last == UInt8(ascii: "}"),
        let time = date(Array(value[1...].dropLast()))
      {
        value = Array(PaxRecords.decimal(time).utf8)
      }
      try take(keyword, value, isOverride: isOverride)
    }
  }

  private mutating func take(_ keyword: [UInt8], _ value: [UInt8], isOverride: Bool) throws(MemberNotice) {
    switch String(decoding: keyword, as: UTF8.self) {
    case "delete":
      guard !Self.protected.contains(where: { Self.matches(value, Array($0.utf8)) }) else {
        throw Self.refusal("Pattern ‘\(String(decoding: value, as: UTF8.self))’ cannot be used")
      }
      deletions.append(value)
    case "exthdr.name": headerName = value
    case "globexthdr.name": globalHeaderName = value
    case "exthdr.mtime": headerTime = try Self.seconds(value)
    case "globexthdr.mtime": globalHeaderTime = try Self.seconds(value)
    case let name where Self.protected.contains(name): throw Self.refusal("Keyword \(name) cannot be overridden")
    default:
      if isOverride { overrides.insert((keyword, value), at: 0) } else { globals.insert((keyword, value), at: 0) }
    }
  }

  private static func refusal(_ message: String) -> MemberNotice { MemberNotice([], message, .failure) }

  private static func seconds(_ value: [UInt8]) throws(MemberNotice) -> Int64 {
    guard let time = PaxRecords.time(value) else { throw refusal("Time stamp is out of allowed range") }
    return time.seconds
  }

  /// Keywords without which the archive could not be read: neither deleted nor given.
  private static let protected = [
    "GNU.sparse.name", "GNU.sparse.major", "GNU.sparse.minor", "GNU.sparse.realsize", "GNU.sparse.numblocks",
    "GNU.sparse.size", "GNU.sparse.offset", "GNU.sparse.numbytes", "GNU.sparse.map", "GNU.dumpdir", "GNU.volume.label",
    "GNU.volume.size", "GNU.volume.offset", "GNU.volume.filename",
  ]

  private static func matches(_ pattern: [UInt8], _ keyword: [UInt8]) -> Bool {
    fnmatch(String(decoding: pattern, as: UTF8.self), String(decoding: keyword, as: UTF8.self), 0) == 0
  }

  /// Whether a member's own record of `keyword` is written.
  func isWanted(_ keyword: [UInt8]) -> Bool {
    !overrides.contains { $0.keyword == keyword } && !deletions.contains { Self.matches($0, keyword) }
  }

  /// The name of an extended header: %d and %f are the parts of the member's, %p the process, %n the header's number.
  static func name(
    _ template: [UInt8], directory: [UInt8], base: [UInt8], process: Int32, number: Int
  ) -> [UInt8] {
    var name: [UInt8] = []
    var rest = template[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%"), let letter = rest.popFirst() else {
        name.append(byte)
        continue
      }
      switch letter {
      case UInt8(ascii: "%"): name.append(letter)
      case UInt8(ascii: "d"): name += directory
      case UInt8(ascii: "f"): name += base
      case UInt8(ascii: "p"): name += String(process).utf8
      case UInt8(ascii: "n"): name += String(number).utf8
      default: name += [byte, letter]
      }
    }
    while name.last == UInt8(ascii: "/") { name.removeLast() }
    return name
  }
}
