import ArchiveFormat
import TapeIndex

/// Options of `tapir index find`: which of the members that match are shown, and how.
struct FindOptions {
  enum Key: Hashable, Sendable {
    case long, size, newerThan, olderThan
  }

  /// Sizes that are wanted, in bytes.
  enum SizeTest: Equatable {
    case exactly(Int64)
    case more(Int64)
    case less(Int64)

    func passes(_ size: Int64) -> Bool {
      switch self {
      case .exactly(let bytes): size == bytes
      case .more(let bytes): size > bytes
      case .less(let bytes): size < bytes
      }
    }
  }

  var isLong = false
  /// All of them count.
  var sizes: [SizeTest] = []
  /// Modified at this time or later.
  var newerThan: Timestamp?
  /// Modified before this time.
  var olderThan: Timestamp?

  /// Whether anything is asked of members but their names.
  var hasTests: Bool { !sizes.isEmpty || newerThan != nil || olderThan != nil }

  func passes(_ member: Member) -> Bool {
    sizes.allSatisfy { $0.passes(member.size) } && newerThan.map { member.modified >= $0 } ?? true
      && olderThan.map { member.modified < $0 } ?? true
  }

  static let specifications: [OptionSpecification] = [
    .own(.finding(.long), "l", "long", .none, "", .finding, "list mode, owner, size and time too, as -tv does"),
    .own(
      .finding(.size), "size", .required, "[+|-]SIZE", .finding,
      "only members of SIZE bytes, of more (+), or of less (-): --size=+1M; may be repeated"),
    .own(
      .finding(.newerThan), "newer-than", .required, "DATE", .finding,
      "only members modified at DATE or later; --newer-mtime is the same"),
    .own(.finding(.olderThan), "older-than", .required, "DATE", .finding, "only members modified before DATE"),
  ]
}

extension TarCommandBuilder {
  mutating func findOption(_ key: FindOptions.Key, _ value: [UInt8]) throws(UsageError) {
    switch key {
    case .long: command.finding.isLong = true
    case .size:
      let sign = value.first.flatMap { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") ? $0 : nil }
      let bytes = try size(sign == nil ? value : Array(value.dropFirst()), "--size", minimum: 0)
      command.finding.sizes.append(
        sign == nil ? .exactly(bytes) : sign == UInt8(ascii: "+") ? .more(bytes) : .less(bytes))
    case .newerThan: command.finding.newerThan = try date(value, "--newer-than")
    case .olderThan: command.finding.olderThan = try date(value, "--older-than")
    }
  }
}
