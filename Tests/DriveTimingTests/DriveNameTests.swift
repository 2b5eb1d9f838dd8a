import DriveTiming
import Testing

/// Drives by what they call themselves.
struct DriveNameTests {
  @Test(arguments: [
    ("ULT3580-TD8", "LTO-8"), ("ULTRIUM-TD5", "LTO-5"), ("ULTRIUM-HH9", "LTO-9"), ("ULT3580-HH10", "LTO-10"),
    ("Ultrium 6-SCSI", "LTO-6"), ("Ultrium 2-SCSI", "LTO-2"), ("LTO-7", "LTO-7"), ("LTO7 HH", "LTO-7"),
    ("T10000B", "T10000B"), ("0359260F", "TS1160"),
  ])
  func aProductHasAModel(_ product: String, _ model: String) {
    #expect(DriveModel.ofProduct(product)?.name == model)
  }

  @Test(arguments: ["", "VIRTUAL-LTO", "VTL", "LTO-", "ULT3580-TD4", "ULT3580-TD88", "DAT160", "T10000C", "03592E08"])
  func anyOtherHasNone(_ product: String) { #expect(DriveModel.ofProduct(product) == nil) }

  @Test func aGapIsReadThroughWhereThatTakesNoLongerThanAnyLocate() {
    for model in DriveModel.published {
      let gap = Double(model.longestGap)
      for start in [0.0, 0.1, 0.5, 0.9].map({ $0 * Double(model.capacity) }) {
        let half = model.place(of: start).position < model.longitudinalPositions / 2
        // The one locate that is cheaper than its base crosses the middle of the tape.
        guard (model.place(of: start + gap).position < model.longitudinalPositions / 2) == half else { continue }
        #expect(gap / model.nativeRate <= model.locate(from: start, to: start + gap) + 1e-6)
      }
    }
  }
}
