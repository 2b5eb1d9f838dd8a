import ArchiveOperations
import DriveTiming

/// What archiving would take.
struct PlanFact: Fact {
  let plan: Plan
  let model: DriveModel
  /// Whether the files were said to come at some rate.
  let hasSourceRate: Bool

  let kind = Event.Kind.plan
  private var time: Double { plan.drive.spent.total }
  private var rate: Double { time > 0 ? Double(plan.contentBytes) / time : 0 }

  var lines: [[UInt8]] {
    func shown(_ bytes: Double) -> String { Figures.fixed(bytes / 1e6, 1) + " MB/s" }
    var rows = [
      FactText.row("drive", "\(model.name), \(shown(model.nativeRate)), at its slowest \(shown(model.slowestRate))"),
      FactText.row("cartridges", "\(plan.cartridges) of \(model.capacity) bytes"),
      FactText.row("members", "\(plan.members), \(plan.contentBytes) bytes"),
      FactText.row("on tape", "\(Figures.fixed(plan.tapeBytes, 0)) bytes"),
      FactText.row("batches", "\(plan.batches)"), FactText.row("filemarks", "\(plan.drive.filemarks)"),
      FactText.row("flushes", "\(plan.drive.flushes)"),
    ]
    if hasSourceRate { rows.append(FactText.row("stops", "\(plan.drive.repositions) for want of data")) }
    rows += [FactText.row("time", Figures.duration(time)), FactText.row("rate", shown(rate))]
    return rows + TimeTable.lines(plan.drive.spent)
  }

  func fill(_ event: Event) {
    event.set("drive", model.name)
    event.set("native_rate", model.nativeRate)
    event.set("slowest_rate", model.slowestRate)
    event.set("capacity_bytes", model.capacity)
    event.set("cartridges", plan.cartridges)
    event.set("members", plan.members)
    event.set("bytes", plan.contentBytes)
    event.set("tape_bytes", Int64(clamping: UInt64(max(0, min(plan.tapeBytes.rounded(), 9e18)))))
    event.set("batches", plan.batches)
    event.set("filemarks", plan.drive.filemarks)
    event.set("flushes", plan.drive.flushes)
    if hasSourceRate { event.set("stops", plan.drive.repositions) }
    event.set("seconds", time)
    event.set("rate", rate)
    event.set("time", TimeTable.events(plan.drive.spent))
  }
}
