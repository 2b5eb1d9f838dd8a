/// A dialect of tar that ordinary archives are written in, as `--format` names them.
public enum TarFormat: String, Sendable, CaseIterable {
  /// Unix Version 7: neither names of owners nor devices.
  case v7
  /// GNU tar up to 1.12.
  case oldGNU = "oldgnu"
  /// GNU tar's own.
  case gnu
  /// POSIX.1-1988.
  case ustar
  /// POSIX.1-2001, with extended headers; also called `posix`.
  case pax

  /// The format of a name that `--format` takes; nil when there is none of it.
  public init?(name: String) {
    if name == "posix" { self = .pax } else { self.init(rawValue: name) }
  }

  /// Whether it has GNU tar's headers for long names, sparse files, volume labels and directory lists.
  public var isGNU: Bool { self == .gnu || self == .oldGNU }

  /// Bytes of a name that its field holds: GNU tar of old wanted a NUL behind it.
  var nameLimit: Int { self == .oldGNU ? 99 : 100 }

  var magic: StaticString {
    switch self {
    case .v7: ""
    case .oldGNU, .gnu: "ustar  "
    case .ustar, .pax: "ustar\u{0}00"
    }
  }
}

/// How a sparse file stands in an archive of format pax (GNU tar manual, *Storing Sparse Files*).
public enum SparseVersion: String, Sendable, CaseIterable {
  /// A record for each offset and each length.
  case v0_0 = "0.0"
  /// One record with all of them.
  case v0_1 = "0.1"
  /// A list in front of the content.
  case v1_0 = "1.0"
}
