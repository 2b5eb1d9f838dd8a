import ArchiveFormat
import ArchiveOperations
import TapeIO
import TapeIndex

/// How grave what a `warning` or an `error` says is.
enum MessageSeverity: String {
  /// Exit status 0.
  case information
  /// Exit status 1: a file differs, or changed while it was read.
  case difference
  /// Exit status 2: a member, or part of what was asked for, was not done.
  case failure
  /// Exit status 2: what was asked for as a whole was not done, or not to its end.
  case fatal
}

extension Event {
  /// The fields of messages, in their order.
  func set(
    path: [UInt8] = [], message: String, _ severity: MessageSeverity, hint: String? = nil, code: String? = nil
  ) {
    set("severity", severity.rawValue)
    set("code", code)
    if !path.isEmpty { set(path: path) }
    set("message", message)
    set("hint", hint)
  }

  func set(_ notice: MemberNotice, hint: String?) {
    if notice.kind == .difference {
      set(path: notice.path)
      return set("message", notice.message)
    }
    let severity: MessageSeverity =
      switch notice.severity {
      case .information: .information
      case .difference: .difference
      case .failure: .failure
      }
    set(path: notice.path, message: notice.message, severity, hint: hint, code: notice.code)
  }
}

extension MemberNotice {
  /// The event that it is.
  var kind: Event.Kind {
    if isFinding, severity != .information { return .difference }
    return severity == .failure ? .error : .warning
  }

  /// What stands for its condition: a class of GNU tar's `--warning`, or one of the program's own; nil where it has none.
  var code: String? {
    if severity != .failure, let keyword = WarningFilter.keyword(of: message) { return keyword }
    let text = message.hasPrefix("Warning: ") ? message.dropFirst(9) : message[...]
    return Self.codes.first { text.hasPrefix($0.words) }?.code
  }

  /// What messages of the program begin with, and their codes.
  private static let codes: [(words: String, code: String)] = [
    ("Not found in archive", "not-found"), ("Not found in the index", "not-found"),
    ("Required occurrence not found", "not-found"), ("Damaged on tape", "damaged"), ("Cannot open", "cannot-open"),
    ("Cannot stat", "cannot-stat"), ("Cannot read", "cannot-read"), ("Read error", "cannot-read"),
    ("Cannot write", "cannot-write"), ("Cannot remove", "cannot-remove"), ("Cannot mkdir", "cannot-create"),
    ("Cannot mknod", "cannot-create"), ("Cannot create", "cannot-create"), ("Cannot savedir", "cannot-read"),
    ("Cannot extract", "continued"), ("Not deleted", "not-deleted"), ("Not removed", "not-removed"),
    ("Missing links", "missing-links"), ("Removing leading", "leading-removed"), ("Omitting", "omitted"),
  ]
}

extension OperationError {
  /// What stands for it in events.
  var code: String {
    switch self {
    case .volume(let error): error.code
    case .index(let error): error.code
    case .refused: "refused"
    case .foreign: "foreign-volume"
    }
  }
}

extension VolumeError {
  fileprivate var code: String {
    switch self {
    case .drive(let error): error.code
    case .label: "bad-label"
    case .position: "wrong-position"
    case .mismatch: "mismatch"
    case .endOfMedium: "end-of-medium"
    case .broken: "broken"
    case .malformed: "malformed"
    case .notTar: "not-an-archive"
    case .unexpectedEnd: "unexpected-end"
    case .unavailable, .noNextVolume: "no-next-volume"
    }
  }
}

extension DriveError {
  fileprivate var code: String {
    switch cause {
    case .busy: "busy"
    case .noMedium: "no-medium"
    case .notReady: "not-ready"
    case .writeProtected: "write-protected"
    case .writeOnce: "write-once"
    case .blockTooLarge, .bufferTooSmall: "block-too-large"
    case .mediumError: "medium-error"
    case .noSuchBlock: "no-such-block"
    case .broken: "broken"
    case .positionLost: "position-lost"
    case .diskFull: "disk-full"
    case .unusable: "unusable"
    case .system: "system"
    case .closed: "closed"
    }
  }
}

extension IndexError {
  fileprivate var code: String {
    switch self {
    case .database: "index-database"
    case .locked: "index-locked"
    case .notAnIndex: "not-an-index"
    case .tooNew: "index-too-new"
    case .badCatalogue: "bad-catalogue"
    case .duplicateVSN: "duplicate-vsn"
    case .noSession: "no-session"
    }
  }
}

extension VolumeUse {
  /// As `volume` events have it.
  var name: String {
    switch self {
    case .labelled: "labelled"
    case .writing: "writing"
    case .reading: "reading"
    }
  }
}

extension Event {
  /// What became of names.
  func set(_ change: NameChange) {
    switch change {
    case .deleted(let name): set("change", "deleted", path: name)
    case .vanished(let name): set("change", "vanished", path: name)
    case .renamed(let old, to: let new):
      set("change", "renamed", path: old)
      set("new_path", new, exact: "new_path_b64")
    }
  }

  func set(_ key: StaticString, _ value: String, path: [UInt8]) {
    set(key, value)
    set(path: path)
  }
}
