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
  private var causes: [TimeSpent.Cause] { TimeSpent.Cause.allCases.filter { plan.drive.spent[$0] > 0 } }

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
    guard time > 0 else { return rows }
    rows += [[], Array("where the time goes          seconds      %".utf8)]
    for cause in causes {
      let seconds = plan.drive.spent[cause]
      let name = cause.rawValue + String(repeating: " ", count: max(0, 24 - cause.rawValue.count))
      rows.append(
        Array(
          (name + Figures.right(Figures.fixed(seconds, 1), 12)
            + Figures.right(Figures.fixed(seconds / time * 100, 1), 7))
            .utf8))
    }
    return rows
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
    event.set(
      "time",
      causes.map { cause in
        let part = Event()
        part.set("cause", cause.rawValue)
        part.set("seconds", plan.drive.spent[cause])
        return part
      })
  }
}
