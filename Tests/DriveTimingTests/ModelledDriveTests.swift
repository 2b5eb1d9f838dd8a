import DriveTiming
import Testing

/// What takes how long, and why.
struct ModelledDriveTests {
  private let model = DriveModel(
    name: "test", nativeRate: 400e6, slowestRate: 200e6, bufferSize: 1e9, flush: 6, load: 17, unload: 30,
    averageRewind: 55, averageLocate: 45, reposition: 5, capacity: 18_000_000_000_000, wraps: 280)

  @Test func aSourceThatKeepsUpCostsNothing() {
    var drive = ModelledDrive(model)
    #expect(drive.write(4e9) == TimeSpent(10, .content))
    #expect(drive.write(4e9, sourceRate: 400e6) == TimeSpent(10, .content))
    #expect(drive.repositions == 0 && drive.clock == 20 && drive.position == 8e9)
  }

  @Test func downToTheSlowestSpeedTheTapeRunsAsTheSourceGives() {
    var drive = ModelledDrive(model)
    let time = drive.write(4e9, sourceRate: 200e6)
    #expect(time[.content] == 10 && time[.source] == 10 && time.total == 20 && drive.repositions == 0)
  }

  @Test func belowItTheTapeStopsAndGoesBack() {
    var drive = ModelledDrive(model)
    // 100 MB/s against 200: a buffer of 1 GB lasts for 2 GB, then 10 s to fill it again, in which 5 s to go back are free.
    let time = drive.write(10e9, sourceRate: 100e6)
    #expect(drive.repositions == 5 && time[.repositions] == 0 && abs(time.total - 100) < 1e-9)
  }

  @Test func withASmallBufferGoingBackCostsTime() {
    var small = model
    small.bufferSize = 0.1e9
    var drive = ModelledDrive(small)
    // 0.2 GB between stops; each is 5 s, of which 1 s fills the buffer.
    let time = drive.write(10e9, sourceRate: 100e6)
    #expect(drive.repositions == 50 && abs(time[.repositions] - 200) < 1e-9 && abs(time.total - 300) < 1e-9)
  }

  @Test func manySmallWritesTakeAsLongAsOneLargeOne() {
    var whole = ModelledDrive(model)
    var parts = ModelledDrive(model)
    whole.write(10e9, sourceRate: 100e6)
    for _ in 0..<10_000 { parts.write(1e6, sourceRate: 100e6) }
    #expect(parts.repositions == whole.repositions && abs(parts.clock - whole.clock) < 1e-6)
  }

  @Test func filemarksAreFreeAndFlushesAreNot() {
    var drive = ModelledDrive(model)
    #expect(drive.flush() == TimeSpent())
    #expect(drive.writeFilemark() == TimeSpent())
    #expect(drive.flush() == TimeSpent(6, .flushes))
    #expect(drive.flush() == TimeSpent())
    #expect(drive.flushes == 1 && drive.filemarks == 1)
  }

  @Test func compressionSavesTapeAndTimeButNotTheSources() {
    var drive = ModelledDrive(model, compressionRatio: 2)
    #expect(drive.write(8e9) == TimeSpent(10, .content) && drive.position == 4e9)
    // 200 MB/s are 100 on tape: below the slowest speed.
    let time = drive.write(8e9, sourceRate: 200e6)
    #expect(abs(time.total - 40) < 1e-9 && drive.repositions == 2)
  }

  @Test func aSourceThatRestsStopsTheTape() {
    var drive = ModelledDrive(model)
    #expect(drive.rest(3) == TimeSpent(3, .source))
    drive.write(1e9)
    let time = drive.rest(3)
    #expect(time[.source] == 3 && time[.repositions] == 2 && drive.repositions == 1)
  }

  @Test func goingElsewhereFlushesFirst() {
    var drive = ModelledDrive(model)
    #expect(drive.load() == TimeSpent(17, .loads))
    drive.write(1e12)
    let away = drive.locate(to: 0)
    #expect(away[.flushes] == 6 && away[.locates] == model.locate(from: 1e12, to: 0))
    drive.read(1e12)
    #expect(drive.spent[.reading] == 2_500)
    let back = drive.unload()
    #expect(back[.rewinds] == model.rewind(from: 1e12) && back[.unloads] == 30 && back[.flushes] == 0)
    #expect(drive.position == 0)
  }

  @Test func modelsAreFoundByTheirNamesInWhateverCase() {
    #expect(
      DriveModel.named("lto-9") == .lto9 && DriveModel.named("T10000b") == .t10000B && DriveModel.named("LTO9") == nil)
    for model in DriveModel.published {
      #expect(model.slowestRate < model.nativeRate && model.wraps % 4 == 0 && model.longitudinalPositions > 0)
    }
  }
}
