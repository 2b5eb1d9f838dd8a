/// Eighty bytes are not the label they should be, or a value does not fit its field.
public enum LabelError: Error, Equatable, Sendable {
  /// The block has this many bytes, not 80.
  case wrongLength(Int)
  /// The label identifier is another one.
  case wrongIdentifier(expected: String, found: String)
  /// A field that must hold decimal digits holds something else.
  case notDigits(label: String, field: String, offset: Int, found: String)
  /// A field holds what the format does not allow.
  case badField(label: String, field: String, offset: Int, found: String)
  /// A value is too long or too large for its field.
  case doesNotFit(label: String, field: String, value: String, width: Int)
}

extension LabelError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .wrongLength(let count): "a label has 80 bytes, not \(count)"
    case .wrongIdentifier(let expected, let found): "expected label \(expected), found '\(found)'"
    case .notDigits(let label, let field, let offset, let found):
      "\(label) \(field) at offset \(offset) must be digits, not '\(found)'"
    case .badField(let label, let field, let offset, let found):
      "\(label) \(field) at offset \(offset) cannot be '\(found)'"
    case .doesNotFit(let label, let field, let value, let width):
      "\(label) \(field) has \(width) characters; '\(value)' does not fit"
    }
  }
}
