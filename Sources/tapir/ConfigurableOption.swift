/// An option that a configuration file can set: one that says something about volumes, and can lose nothing.
struct ConfigurableOption: Sendable {
  /// What a section is about, the weakest first.
  enum Scope: Int, CaseIterable, Sendable {
    case defaults, library, drive, series

    /// The first word of its section lines.
    var word: String {
      switch self {
      case .defaults: "defaults"
      case .library: "library"
      case .drive: "drive"
      case .series: "series"
      }
    }
  }

  let key: OptionKey
  /// The sections that it stands in.
  let scopes: Set<Scope>
  /// Whether its value is a path, which does not depend on where one stands.
  var isPath = false
  /// Whether ordinary archives have it too.
  var isForOrdinary = false
  /// Other options of the command line that leave it nothing to say.
  var alternatives: Set<OptionKey> = []
  /// What holds when nobody says anything.
  let builtIn: String

  private static let everywhere = Set(Scope.allCases)
  private static let places: Set<Scope> = [.defaults, .library, .drive]

  /// All, in the order in which they are shown and applied.
  static let all: [ConfigurableOption] = [
    Self(key: .file, scopes: [.defaults], isPath: true, builtIn: "standard input or output"),
    Self(key: .indexDatabase, scopes: places, isPath: true, builtIn: "the archive's own, or the user's"),
    Self(key: .changer, scopes: [.drive], isPath: true, builtIn: "none"),
    Self(key: .driveElement, scopes: [.drive], builtIn: "0"),
    Self(
      key: .buffer, scopes: places,
      builtIn: "64M, 16M to read a cartridge on disk, for a drive 1G or a quarter of the memory"),
    Self(key: .driveRate, scopes: places, builtIn: "as fast as the drive takes it"),
    Self(key: .driveModel, scopes: places, builtIn: "what the drive calls itself"),
    Self(key: .recordSize, scopes: places, alternatives: [.blockingFactor], builtIn: "256k"),
    Self(key: .capacity, scopes: [.defaults, .library], builtIn: "no limit"),
    Self(key: .compression, scopes: [.defaults, .library], builtIn: "lz4"),
    Self(key: .retain, scopes: everywhere, builtIn: "no expiry"),
    Self(key: .series, scopes: places, builtIn: "the host and the directory the first name is relative to"),
    Self(key: .layout, scopes: everywhere, builtIn: "pax"),
    Self(key: .pack, scopes: everywhere, builtIn: "no"),
    Self(key: .noSpan, scopes: everywhere, builtIn: "no"),
    Self(key: .verify, scopes: everywhere, builtIn: "no"),
    Self(key: .syncBytes, scopes: everywhere, builtIn: "64G"),
    Self(key: .syncFiles, scopes: everywhere, builtIn: "50000"),
    Self(key: .syncSeconds, scopes: everywhere, builtIn: "300"),
    Self(
      key: .output(.progress), scopes: [.defaults], isForOrdinary: true, alternatives: [.output(.noProgress)],
      builtIn: "auto"),
  ]

  /// The option that `name` is the long name of.
  static func named(_ name: String) -> ConfigurableOption? { all.first { $0.name == name } }

  /// Whether the command line says what it would.
  func isSaid(_ given: Set<OptionKey>) -> Bool { given.contains(key) || !given.isDisjoint(with: alternatives) }

  /// The table's row of it.
  var specification: OptionSpecification? { OptionTable.supported.first { $0.key == key && $0.long != nil } }
  var name: String { specification?.long ?? "" }
}
