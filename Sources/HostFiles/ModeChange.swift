import Glibc

/// What `--mode` makes of modes: an octal number, or changes as chmod(1) takes them.
public struct ModeChange: Sendable, Equatable {
  private struct Step: Equatable {
    enum Value: Equatable {
      case bits
      /// Execution too, for directories and for what somebody may execute already.
      case bitsAndExecutionOfExecutables
      /// The bits among these that are set, for everybody.
      case copyOf
    }

    var operation: UInt8
    /// Whose bits; 0 for everybody's, but for those in the umask.
    var affected: UInt32
    var value: UInt32
    var kind: Value
    /// Set-ID bits of directories change only when they are named.
    var mentioned: UInt32
  }

  private var steps: [Step] = []
  private let umask: UInt32

  private static let all: UInt32 = 0o7777
  private static let setIDs: UInt32 = 0o6000

  /// Understands `text`; nil when it is no mode.
  /// - Parameter umask: what changes without `ugoa` leave alone.
  public init?(_ text: [UInt8], umask: UInt32) {
    self.umask = umask
    var rest = text[...]
    if let first = rest.first, Self.isOctal(first) {
      guard let mode = Self.octal(&rest), rest.isEmpty else { return nil }
      let mentioned = text.count < 5 ? mode & 0o7000 | 0o777 : Self.all
      steps = [
        Step(operation: UInt8(ascii: "="), affected: Self.all, value: mode, kind: .bits, mentioned: mentioned)
      ]
      return
    }
    repeat {
      guard addClause(&rest) else { return nil }
    } while rest.popFirst() == UInt8(ascii: ",")
    guard rest.isEmpty else { return nil }
  }

  private static func isOctal(_ byte: UInt8) -> Bool { (0x30...0x37).contains(byte) }
  private static func isOperator(_ byte: UInt8?) -> Bool { byte.map { "=+-".utf8.contains($0) } ?? false }

  private static func octal(_ rest: inout ArraySlice<UInt8>) -> UInt32? {
    var mode: UInt32 = 0
    while let byte = rest.first, isOctal(byte) {
      mode = mode * 8 + UInt32(byte - 0x30)
      guard mode <= all else { return nil }
      rest = rest.dropFirst()
    }
    return mode
  }

  /// `[ugoa]*` and at least one `[-+=]` with what it adds, removes or sets; false when that is not what stands there. The
  /// comma behind it stays.
  private mutating func addClause(_ rest: inout ArraySlice<UInt8>) -> Bool {
    let classes: [UInt8: UInt32] = [
      UInt8(ascii: "u"): 0o4700, UInt8(ascii: "g"): 0o2070, UInt8(ascii: "o"): 0o1007, UInt8(ascii: "a"): Self.all,
    ]
    var affected: UInt32 = 0
    while let byte = rest.first, let bits = classes[byte] {
      affected |= bits
      rest = rest.dropFirst()
    }
    guard Self.isOperator(rest.first) else { return false }
    while Self.isOperator(rest.first), let operation = rest.popFirst() {
      guard let step = Self.step(operation, affected, &rest) else { return false }
      steps.append(step)
    }
    return true
  }

  private static func step(_ operation: UInt8, _ affected: UInt32, _ rest: inout ArraySlice<UInt8>) -> Step? {
    if let first = rest.first, isOctal(first) {
      guard let mode = octal(&rest), affected == 0, rest.isEmpty || rest.first == UInt8(ascii: ",") else { return nil }
      return Step(operation: operation, affected: all, value: mode, kind: .bits, mentioned: all)
    }
    let copied: [UInt8: UInt32] = [UInt8(ascii: "u"): 0o700, UInt8(ascii: "g"): 0o070, UInt8(ascii: "o"): 0o007]
    if let first = rest.first, let bits = copied[first] {
      rest = rest.dropFirst()
      let mentioned = affected == 0 ? bits : affected & bits
      return Step(operation: operation, affected: affected, value: bits, kind: .copyOf, mentioned: mentioned)
    }
    let permissions: [UInt8: UInt32] = [
      UInt8(ascii: "r"): 0o444, UInt8(ascii: "w"): 0o222, UInt8(ascii: "x"): 0o111, UInt8(ascii: "X"): 0,
      UInt8(ascii: "s"): setIDs, UInt8(ascii: "t"): 0o1000,
    ]
    var value: UInt32 = 0
    var kind = Step.Value.bits
    while let byte = rest.first, let bits = permissions[byte] {
      value |= bits
      if byte == UInt8(ascii: "X") { kind = .bitsAndExecutionOfExecutables }
      rest = rest.dropFirst()
    }
    return Step(
      operation: operation, affected: affected, value: value, kind: kind,
      mentioned: affected == 0 ? value : affected & value)
  }

  /// The mode that a file of this mode gets.
  public func applied(to mode: UInt32, isDirectory: Bool) -> UInt32 {
    var mode = mode & Self.all
    for step in steps {
      let kept = isDirectory ? Self.setIDs & ~step.mentioned : 0
      var value = step.value
      switch step.kind {
      case .bits: break
      case .bitsAndExecutionOfExecutables: if isDirectory || mode & 0o111 != 0 { value |= 0o111 }
      case .copyOf:
        value &= mode
        for bits in [0o444, 0o222, 0o111] as [UInt32] where value & bits != 0 { value |= bits }
      }
      value &= (step.affected == 0 ? ~umask : step.affected) & ~kept
      switch step.operation {
      case UInt8(ascii: "+"): mode |= value
      case UInt8(ascii: "-"): mode &= ~value
      default: mode = mode & ((step.affected == 0 ? 0 : ~step.affected) | kept) | value
      }
    }
    return mode & Self.all
  }
}
