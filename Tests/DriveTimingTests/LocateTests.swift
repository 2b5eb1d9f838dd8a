import DriveTiming
import Testing

/// The cost of going elsewhere on a tape, term by term.
struct LocateTests {
  private func seconds(_ a: (Int, Double), _ b: (Int, Double)) -> Double {
    LocateCost.seconds(
      from: TapePlace(wrap: a.0, position: a.1), to: TapePlace(wrap: b.0, position: b.1), wraps: 112, length: 100_000)
  }

  private static let way = 10_000 * 0.0006192

  @Test func eachTermCountsWhereItApplies() {
    func same(_ left: Double, _ right: Double) -> Bool { abs(left - right) < 1e-9 }
    // On the same wrap: on, and back.
    #expect(same(seconds((0, 10_000), (0, 20_000)), 4.29 + Self.way))
    #expect(same(seconds((0, 20_000), (0, 10_000)), 4.29 + 11.32 + Self.way))
    // Odd wraps run the other way.
    #expect(same(seconds((1, 20_000), (1, 10_000)), 4.29 + Self.way))
    #expect(same(seconds((1, 10_000), (1, 20_000)), 4.29 + 11.32 + Self.way))
    // Another wrap of the same direction, of the other one, of another band; 28 wraps are a band.
    #expect(same(seconds((0, 10_000), (2, 20_000)), 4.29 + 6.69 + Self.way))
    #expect(same(seconds((0, 10_000), (1, 20_000)), 4.29 + 6.69 + 5.22 + Self.way))
    #expect(same(seconds((26, 10_000), (28, 20_000)), 4.29 + 6.69 + 3.2 + Self.way))
    // Into the other half of the tape's length.
    #expect(same(seconds((0, 45_000), (0, 55_000)), 4.29 - 6.04 + Self.way))
  }

  @Test(arguments: DriveModel.published)
  func theAverageLocateFromTheBeginningIsWhatIsPublished(_ model: DriveModel) {
    let count = 20_000
    let offsets = (0..<count).map { (Double($0) + 0.5) / Double(count) * Double(model.capacity) }
    let average = offsets.reduce(0) { $0 + model.locate(from: 0, to: $1) } / Double(count)
    #expect(abs(average - model.averageLocate) < 0.5, "\(average)")
  }

  @Test(arguments: DriveModel.published)
  func theAverageRewindIsWhatIsPublished(_ model: DriveModel) {
    let offsets = (0..<20_000).map { (Double($0) + 0.5) / 20_000 * Double(model.capacity) }
    let average = offsets.reduce(0) { $0 + model.rewind(from: $1) } / 20_000
    #expect(abs(average - model.averageRewind) < 0.5, "\(average)")
  }

  @Test func whereTheTapeStandsIsNoWay() {
    #expect(DriveModel.lto9.locate(from: 1e12, to: 1e12) == 0 && DriveModel.lto9.rewind(from: 0) == 0)
    // A full tape of an even number of wraps ends where it began.
    #expect(DriveModel.lto9.rewind(from: 18e12) < 0.001)
  }
}
