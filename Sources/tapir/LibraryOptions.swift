/// Options of `tapir library ...`, and those with which a drive is named that belongs to a changer.
struct LibraryOptions {
  enum Key: Hashable, Sendable {
    case drives, slots, ioSlots, cartridges, into, stale, olderThan, fullerThan
  }

  var drives = 1
  var slots: Int?
  var ioSlots = 1
  /// Cartridges to be made; nil when nothing was said.
  var cartridges: Int?
  /// Where a cartridge that is removed goes; nil for an import/export slot.
  var folder: [UInt8]?
  /// Only candidates for migration are shown.
  var showsCandidates = false
  var policy = MigrationPolicy()

  static let changerSpecifications: [OptionSpecification] = [
    .own(
      .changer, "changer", .required, "DEVICE", .archive,
      "the library (/dev/sgN or /dev/sch0) that the drive belongs to: volumes are fetched by their barcodes"),
    .own(
      .driveElement, "drive-element", .required, "N", .archive, "the drive's number in that library (default 0)"),
  ]

  static let specifications: [OptionSpecification] = [
    own(.slots, "slots", "N", "with create: number of slots (default 8, or one for each cartridge)"),
    own(.drives, "drives", "N", "with create: number of drives (default 1)"),
    own(.ioSlots, "io-slots", "N", "with create: number of import/export slots (default 1)"),
    own(
      .cartridges, "cartridges", "N",
      "with create: number of cartridges to make (default one for each slot); with add: how many"),
    own(.into, "into", "FOLDER", "with remove: where the cartridge goes (without this, to an import/export slot)"),
    .own(
      .library(.stale), "stale", .library,
      "with status: only the cartridges that are candidates for migration to tape, by either of the next two"),
    own(.olderThan, "older-than", "DAYS", "with --stale and migrate: those last written this many days ago or before"),
    own(
      .fullerThan, "fuller-than", "PERCENT",
      "with --stale and migrate: those that are full, or of which this much is used"),
  ]

  private static func own(_ key: Key, _ long: String, _ value: String, _ help: String) -> OptionSpecification {
    .own(.library(key), long, .required, value, .library, help)
  }
}

extension TarCommandBuilder {
  mutating func libraryOption(_ key: LibraryOptions.Key, _ value: [UInt8]) throws(UsageError) {
    func count(_ option: String, from least: Int64) throws(UsageError) -> Int {
      Int(try number(value, option, least...65_535))
    }
    switch key {
    case .drives: command.library.drives = try count("--drives", from: 1)
    case .slots: command.library.slots = try count("--slots", from: 1)
    case .ioSlots: command.library.ioSlots = try count("--io-slots", from: 0)
    case .cartridges: command.library.cartridges = try count("--cartridges", from: 0)
    case .into: command.library.folder = value
    case .stale: command.library.showsCandidates = true
    case .olderThan: command.library.policy.days = try number(value, "--older-than", 0...100_000)
    case .fullerThan: command.library.policy.percent = try number(value, "--fuller-than", 0...100)
    }
  }
}
