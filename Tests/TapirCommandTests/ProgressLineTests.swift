import ArchiveFormat
import ArchiveOperations
import TapeLabels
import Testing

@testable import tapir

/// The line of progress.
struct ProgressLineTests {
  private var figures: ProgressFigures {
    var figures = ProgressFigures()
    figures.bytes = 12 << 30
    figures.totalBytes = 48 << 30
    figures.members = 1234
    figures.totalMembers = 5000
    figures.rate = 112 * 1_048_576
    figures.averageRate = 98 * 1_048_576
    figures.fill = 0.87
    figures.limit = .drive
    figures.committedBytes = 10 << 30
    figures.committedMembers = 1100
    figures.secondsLeft = 3753
    figures.member = "home/me/photos/2026/november/fern.jpg"
    return figures
  }

  @Test func aWideTerminalShowsEverything() {
    #expect(
      ProgressLine.text(figures, width: 190)
        == "12GiB of 48GiB 25%  1234 of 5000 members  112MiB/s  average 98MiB/s  1:02:33 left  waits for drive"
        + "  buffer 87%  10GiB safe  home/me/photos/2026/november/fern.jpg")
  }

  @Test func whatMattersLeastGoesFirst() {
    #expect(
      ProgressLine.text(figures, width: 110)
        == "12GiB of 48GiB 25%  1234 of 5000 members  112MiB/s  1:02:33 left  waits for drive  10GiB safe  ...er/fern.jpg"
    )
    #expect(
      ProgressLine.text(figures, width: 80)
        == "12GiB of 48GiB 25%  112MiB/s  1:02:33 left  waits for drive  10GiB safe")
    #expect(ProgressLine.text(figures, width: 60) == "12GiB of 48GiB 25%  112MiB/s  1:02:33 left  waits for drive")
    #expect(ProgressLine.text(figures, width: 40) == "12GiB of 48GiB 25%  112MiB/s")
    #expect(ProgressLine.text(figures, width: 10) == "12GiB of ")
  }

  @Test func itNeverReachesTheLastColumn() {
    var figures = figures
    for name in ["a", "файл с длинным именем/и ещё один", "資料/写真/家族の写真二〇二六年.jpg", "a\u{301}b"] {
      figures.member = name
      for wait in [nil, (what: "flushing the drive's buffer", seconds: Int64(12))] {
        figures.wait = wait
        for width in 1...200 {
          let line = ProgressLine.text(figures, width: width)
          #expect(ProgressLine.columns(line) < max(2, width), "\(width): \(line)")
        }
      }
    }
  }

  @Test func aWaitTakesThePlaceOfTheRate() {
    var figures = figures
    figures.wait = ("rewinding", 12)
    #expect(ProgressLine.text(figures, width: 45) == "12GiB of 48GiB 25%  rewinding 12 s")
    #expect(!ProgressLine.whole(figures).contains("waits for"))
  }

  @Test func whatIsNotKnownIsNotShown() {
    var figures = ProgressFigures()
    figures.committedBytes = 0
    #expect(ProgressLine.whole(figures) == "0B, 0B/s, nothing safe yet")
    figures.members = 1
    #expect(ProgressLine.whole(figures) == "0B, 1 member, 0B/s, nothing safe yet")
  }

  /// A clock that a test sets.
  private final class Clock: @unchecked Sendable {
    // Sendable: the test's thread alone uses it.
    var now = 0.0
  }

  private final class Gauge: BufferGauge, @unchecked Sendable {
    // Sendable: as above.
    var reading = BufferReading(fill: 0, fillerWaited: 0, emptierWaited: 0)
  }

  private func member(_ path: String) -> Member {
    Member(
      path: Array(path.utf8), kind: .regular, mode: 0o644, ownership: Ownership(user: 0, group: 0), size: 1,
      modified: Timestamp(seconds: 0))
  }

  private let volume = VolumeDescriptor.test

  @Test func ratesAreThoseOfTheLastSecondsAndOfAll() {
    let clock = Clock()
    let board = ProgressBoard(commits: true) { clock.now }
    board.take(.expected(members: 10, bytes: 10_000))
    board.take(.member(member("a\u{7}")))
    board.take(.passed(bytes: 0))
    for second in 1...30 {
      clock.now = Double(second)
      board.take(.passed(bytes: second <= 15 ? 100 : 200))
      _ = board.figures()
    }
    let figures = board.figures()
    #expect(figures.bytes == 4_500)
    #expect(figures.rate == 200)
    #expect(figures.averageRate == 150)
    #expect(figures.secondsLeft == 36)
    #expect(figures.member == "a\\a")
    #expect(figures.committedBytes == 0)
    board.take(.committed(members: 1, bytes: 4_000, volume: volume))
    #expect(board.figures().committedBytes == 4_000)
  }

  @Test func whatIsLeftIsFirstWhatWasEstimatedAndThenWhatTheRateTells() {
    let clock = Clock()
    let board = ProgressBoard(commits: false) { clock.now }
    board.take(.expected(members: 1, bytes: 1_000))
    board.expect(seconds: 100)
    clock.now = 10
    #expect(board.figures().secondsLeft == 90)
    board.take(.passed(bytes: 500))
    clock.now = 20
    // 50 bytes a second since the first: 10 s; estimated are 80 more. Half has passed.
    #expect(board.figures().secondsLeft == 45)
    board.take(.passed(bytes: 500))
    clock.now = 120
    #expect(board.figures().secondsLeft == 0)
  }

  @Test func whoWaitsIsToldByTheOtherSide() {
    #expect(ProgressBoard.limit(0.9, 0.0, isWriting: true) == .drive)
    #expect(ProgressBoard.limit(0.0, 0.9, isWriting: true) == .files)
    #expect(ProgressBoard.limit(0.9, 0.0, isWriting: false) == .files)
    #expect(ProgressBoard.limit(0.0, 0.9, isWriting: false) == .drive)
    #expect(ProgressBoard.limit(0.1, 0.2, isWriting: false) == .checksums)
    let clock = Clock()
    let gauge = Gauge()
    let board = ProgressBoard(commits: true) { clock.now }
    board.take(.buffer(gauge, isWriting: true))
    _ = board.figures()
    clock.now = 4
    gauge.reading = BufferReading(fill: 0.25, fillerWaited: 0, emptierWaited: 3)
    #expect(board.figures().limit == .files)
    #expect(board.figures().fill == 0.25)
  }

  @Test func aCopyIsReadBackFromItsBeginning() {
    let clock = Clock()
    let board = ProgressBoard(commits: false) { clock.now }
    board.take(.expected(members: nil, bytes: 1_000))
    board.take(.passed(bytes: 1_000))
    clock.now = 5
    board.take(.readingBack(bytes: 1_000))
    board.take(.passed(bytes: 250))
    let figures = board.figures()
    #expect(figures.stage == "reading back" && figures.bytes == 250 && figures.totalBytes == 1_000)
    #expect(figures.committedBytes == nil)
  }

  @Test func aBatchThatIsReadBackEndsWithItsCommit() {
    let board = ProgressBoard(commits: true) { 0 }
    board.take(.passed(bytes: 1_000))
    board.take(.readingBack(bytes: 1_000))
    #expect(board.figures().stage == "reading back" && board.figures().bytes == 1_000)
    board.take(.committed(members: 1, bytes: 1_000, volume: volume))
    #expect(board.figures().stage == nil)
  }
}

extension VolumeDescriptor {
  fileprivate static let test = VolumeDescriptor(
    id: .random(), vsn: try! VSN("V00001"),  // a name that is one
    set: .random(), text: [], blockSize: 262_144, created: Timestamp(seconds: 0))
}
