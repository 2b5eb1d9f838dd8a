import ArchiveFormat
import ArchiveOperations
import DriveTiming
import Glibc
import HostFiles
import TapeIO
import TapeIndex

/// What restoring takes, said before it begins.
extension ReadMode {
  /// Bytes that a drive reads through rather than pass them with a locate: of one that nothing is known of, what any reads
  /// in the four seconds of the shortest locate.
  static func longestGap(_ model: DriveModel?) -> Int { model?.longestGap ?? 512 << 20 }

  /// Which drive this is: what the command line or the configuration says, or what it calls itself; nil when neither tells.
  func model(of archive: OpenedArchive) -> DriveModel? {
    command.planning.model ?? DriveModel.ofProduct(archive.drive.identity.product)
  }

  /// Whether a tape moves: here, or behind another machine that says which drive it has.
  func movesTape(_ archive: OpenedArchive) -> Bool {
    if case .device = archive.target { return true }
    return DriveModel.ofProduct(archive.drive.identity.product) != nil
  }

  /// What this command would take to read what it reads.
  /// - Parameters:
  ///   - loaded: the volume that is in the drive; nil for none.
  ///   - tells: whether members are named, and names that are not found reported.
  func estimate(
    _ target: ReadTarget, on drive: ModelledDrive, loaded: UniqueID?, tells: Bool = false
  ) throws(OperationError) -> RestoreEstimate {
    var estimate = RestoreEstimate(on: drive, loaded: loaded, longestGap: Self.longestGap(drive.model))
    var choice = choice
    for place in places() {
      // As in restoring.
      if choice.dependsOnOrder { choice = self.choice }
      let names = command.operands.filter { choice.dependsOnOrder || $0.baseDirectory == place }
      try estimate.add(
        RestoreOperation(query: query(names, choice, to: place), options: RestoreOptions(), bufferSize: 0), of: target
      ) { if tells { reporter.report(.member($0)) } }
    }
    if tells { reportMissing(choice) }
    return estimate
  }

  /// Seconds from which a restore is long.
  private static let long = 60.0

  /// Says how long it will take, where that is long and somebody sees it.
  func forecast(_ target: ReadTarget, on model: DriveModel?) {
    let isSeen = command.verbosity > 0 || isatty(2) == 1
    guard let model, isSeen || reporter.progress != nil else { return }
    // try?: what fails of a forecast is no reason not to restore, and says so then.
    guard let estimate = try? estimate(target, on: ModelledDrive(model), loaded: target.volume.descriptor.id) else {
      return
    }
    guard estimate.drive.clock > Self.long else { return }
    reporter.progress?.expect(seconds: estimate.drive.clock)
    if isSeen { reporter.say("about \(Figures.about(estimate.drive.clock)): \(Self.amount(estimate))") }
  }

  /// `340 members, 4 locates, 62 GB`.
  private static func amount(_ estimate: RestoreEstimate) -> String {
    func count(_ number: some BinaryInteger, _ what: String) -> String { "\(number) \(what)\(number == 1 ? "" : "s")" }
    var parts = [count(estimate.members, "member")]
    if estimate.volumes > 1 { parts.append(count(estimate.volumes, "volume")) }
    parts += [count(estimate.locates, "locate"), Figures.bytes(estimate.bytes)]
    return parts.joined(separator: ", ")
  }
}
