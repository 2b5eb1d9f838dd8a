import DriveTiming
import Testing

/// CERN's results with CASTOR (CHEP 2012): 240 MB/s, 1.7 s a flush, files of 290 MB on average.
struct CastorTests {
  private func rate(_ flushing: LabelledFiles.Flushing, size: Double = 290e6) -> Double {
    LabelledFiles(of: size, flushing: flushing).rate(on: .castor) / 1e6
  }

  @Test func threeSynchronousMarksAFileLeave46MegabytesASecond() { #expect(rate(.everyMark).rounded() == 46) }

  @Test func oneFlushAFileLeaves100MegabytesASecond() { #expect(rate(.everyFile).rounded() == 100) }

  @Test func oneFlushFor32GigabytesLeavesNearlyTheRateOfTheDrive() {
    let rate = rate(.every(bytes: 32e9))
    #expect(rate > 235 && rate < 240, "\(rate)")
  }

  @Test func threeSynchronousMarksCostAsMuchAs1200Megabytes() {
    // "5 s, or 1.2 GB a file".
    var drive = ModelledDrive(.castor)
    LabelledFiles(of: 290e6, flushing: .everyMark).write(1, to: &drive)
    #expect(abs(drive.spent[.flushes] - 5.1) < 1e-9)
    #expect(abs(drive.spent[.flushes] * DriveModel.castor.nativeRate - 1.224e9) < 1)
    #expect(drive.flushes == 3 && drive.filemarks == 3)
  }

  @Test func aFlushForManyFilesCostsTheSameWhateverTheirSize() {
    for size in [1e6, 10e6, 100e6, 1e9] {
      let rate = rate(.every(bytes: 32e9), size: size)
      #expect(rate > 235 && rate < 240, "\(size): \(rate)")
    }
    #expect(
      rate(.everyMark, size: 1e6) < 0.2 && rate(.everyFile, size: 1e6) < 0.6 && rate(.everyMark, size: 10e9) > 210)
  }

  @Test func sixtySixPetabytesTakeThisManyYearsOfADrive() {
    func years(_ flushing: LabelledFiles.Flushing) -> Double { 66e15 / (rate(flushing) * 1e6) / (365 * 86_400) }
    #expect(years(.everyMark).rounded() == 46 && years(.everyFile).rounded() == 21)
    #expect(years(.every(bytes: 32e9)).rounded() == 9)
  }
}
