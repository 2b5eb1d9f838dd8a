/// What few members have. Never changed: a member that has something else of it has another one.
final class Rare: Equatable, Sendable {
  struct Fields: Equatable, Sendable {
    var linkTarget: [UInt8] = []
    var dataExtents: [Extent]?
    var extendedAttributes: [ExtendedAttribute] = []
    var accessACL: [UInt8] = []
    var defaultACL: [UInt8] = []
    var securityContext: [UInt8] = []
    var dumpDirectory: [UInt8]?
  }

  let fields: Fields

  private init(_ fields: Fields) { self.fields = fields }

  /// What is kept of `fields`: nothing where there is nothing, so that equal members have equal parts.
  static func keeping(_ fields: Fields) -> Rare? { fields == Fields() ? nil : Rare(fields) }

  static func == (left: Rare, right: Rare) -> Bool { left === right || left.fields == right.fields }
}

extension Member {
  /// The target of a symbolic link, or the name of the member that a hard link is a link to; else empty.
  public var linkTarget: [UInt8] {
    get { rare?.fields.linkTarget ?? [] }
    set { if rare != nil || !newValue.isEmpty { change { $0.linkTarget = newValue } } }
  }

  /// The parts of a sparse file that hold data, ascending and apart; nil when the file is not treated as sparse.
  /// Each but the last is whole tar records long: GNU tar pads every one of them when it reads (bsdtar and Python do not).
  public var dataExtents: [Extent]? {
    get { rare?.fields.dataExtents }
    set { if rare != nil || newValue != nil { change { $0.dataExtents = newValue } } }
  }

  /// Extended attributes by name, as the kernel has them, in the order of their names.
  public var extendedAttributes: [ExtendedAttribute] {
    get { rare?.fields.extendedAttributes ?? [] }
    set { if rare != nil || !newValue.isEmpty { change { $0.extendedAttributes = newValue } } }
  }

  /// POSIX.1e access ACL in the text form of acl_to_text(3); empty when there is none beside the mode.
  public var accessACL: [UInt8] {
    get { rare?.fields.accessACL ?? [] }
    set { if rare != nil || !newValue.isEmpty { change { $0.accessACL = newValue } } }
  }

  /// The default ACL of a directory.
  public var defaultACL: [UInt8] {
    get { rare?.fields.defaultACL ?? [] }
    set { if rare != nil || !newValue.isEmpty { change { $0.defaultACL = newValue } } }
  }

  /// The SELinux context as text, without a NUL, where it was asked for; else empty.
  public var securityContext: [UInt8] {
    get { rare?.fields.securityContext ?? [] }
    set { if rare != nil || !newValue.isEmpty { change { $0.securityContext = newValue } } }
  }

  /// The list of what was in a directory that was archived incrementally (``DumpDirectory``); nil for all others.
  public var dumpDirectory: [UInt8]? {
    get { rare?.fields.dumpDirectory }
    set { if rare != nil || newValue != nil { change { $0.dumpDirectory = newValue } } }
  }

  private mutating func change(_ body: (inout Rare.Fields) -> Void) {
    var fields = rare?.fields ?? Rare.Fields()
    body(&fields)
    rare = .keeping(fields)
  }
}
