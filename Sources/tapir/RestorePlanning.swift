import ArchiveFormat
import ArchiveOperations
import DriveTiming
import TapeIO
import TapeIndex
import VirtualTape

/// `plan -x`: what restoring would take on a drive, from the index alone.
struct RestorePlanning {
  let command: TarCommand
  let reporter: Reporter
  private var mode: ReadMode { ReadMode(command: command, reporter: reporter) }

  func run() throws(OperationError) {
    let target = try command.archive.effectiveName.map { (_) throws(OperationError) in
      try ArchiveTarget.resolve(command.archive, creates: false)
    }
    if let target, target.isOrdinary {
      throw .refused("'plan' looks at volumes, not at ordinary archives", hint: nil)
    }
    if let vsn = command.archive.vsn {
      guard let index = try IndexLocation.openForReading(command.archive, target),
        let volume = try onIndex({ () throws(IndexError) in try index.volumes(vsn: vsn).first })
      else { throw .refused("volume \(vsn) is not in the index", hint: nil) }
      let volumes = try mode.withThoseThatContinue(volume, index)
      return try tell(ReadTarget(volume, among: volumes, in: index), command.planning.model)
    }
    switch target {
    case nil: throw .refused("'plan -x' takes an archive with -f, or a volume with --vsn", hint: nil)
    case .library(let path):
      let archive = LibraryArchive(path, command.archive, reporter)
      let (index, volumes) = try archive.volumes()
      guard let first = volumes.first else {
        throw .refused("library \(archive.library.name) holds no volume that the index knows", hint: nil)
      }
      try tell(ReadTarget(first, among: volumes, in: index), command.planning.model)
    case .some(let target): try tell(opened: target)
    }
  }

  /// Of a cartridge that is at hand its label says which it is.
  private func tell(opened target: ArchiveTarget) throws(OperationError) {
    let archive = try OpenedArchive.open(target, command.archive, access: .readOnly, reporter: reporter)
    let index = try IndexLocation.openForReading(command.archive, target)
    let found = try ReadTarget.open(drive: archive.drive, index: index, vsn: nil, observer: reporter)
    let model = mode.model(of: archive)
    try archive.close()
    try tell(found, model, loaded: found.volume.descriptor.id)
  }

  private func tell(_ target: ReadTarget, _ model: DriveModel?, loaded: UniqueID? = nil) throws(OperationError) {
    guard let model else {
      throw .refused("'plan -x' needs to know which drive: --drive-model", hint: "there are \(PlanVerb.models)")
    }
    let drive = ModelledDrive(model, compressionRatio: command.planning.ratio)
    reporter.tell(RestorePlanFact(estimate: try mode.estimate(target, on: drive, loaded: loaded, tells: true)))
  }

  private func onIndex<Result>(_ body: () throws(IndexError) -> Result) throws(OperationError) -> Result {
    do { return try body() } catch { throw .index(error) }
  }
}

/// What restoring would take.
struct RestorePlanFact: Fact {
  let estimate: RestoreEstimate

  let kind = Event.Kind.restorePlan
  private var model: DriveModel { estimate.drive.model }
  private var time: Double { estimate.drive.clock }
  private var rate: Double { time > 0 ? Double(estimate.bytes) / time : 0 }

  var lines: [[UInt8]] {
    func shown(_ bytes: Double) -> String { Figures.fixed(bytes / 1e6, 1) + " MB/s" }
    return [
      FactText.row("drive", "\(model.name), \(shown(model.nativeRate))"),
      FactText.row("volumes", "\(estimate.volumes)"),
      FactText.row("members", "\(estimate.members), \(estimate.bytes) bytes"),
      FactText.row("files read", "\(estimate.files)"), FactText.row("locates", "\(estimate.locates)"),
      FactText.row("read through", "\(estimate.gaps) gaps, about \(Figures.fixed(estimate.gapBytes, 0)) bytes"),
      FactText.row("time", Figures.duration(time)), FactText.row("rate", shown(rate)),
    ] + TimeTable.lines(estimate.drive.spent)
  }

  func fill(_ event: Event) {
    event.set("drive", model.name)
    event.set("native_rate", model.nativeRate)
    event.set("volumes", estimate.volumes)
    event.set("members", estimate.members)
    event.set("bytes", estimate.bytes)
    event.set("files", estimate.files)
    event.set("locates", estimate.locates)
    event.set("gaps", estimate.gaps)
    event.set("gap_bytes", estimate.gapBytes)
    event.set("seconds", time)
    event.set("rate", rate)
    event.set("time", TimeTable.events(estimate.drive.spent))
  }
}
