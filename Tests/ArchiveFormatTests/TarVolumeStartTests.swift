import Testing

@testable import ArchiveFormat

/// What stands at the beginning of later volumes, made and read back, and what is said where it does not fit.
struct TarVolumeStartTests {
  private static let part = MemberPart(name: Array("dir/file".utf8), total: 30_000, left: 10_032)

  private func headers(
    _ format: TarFormat, label: String? = nil, part: MemberPart? = part, number: Int = 2
  ) throws -> [UInt8] {
    let author = Member(
      path: [], kind: .regular, mode: 0o644, ownership: Ownership(user: 0, group: 0),
      modified: Timestamp(seconds: 0))
    var maker = TarVolumeHeaders(
      TarEncoder(format: format), label: label.map { Array($0.utf8) }, author: author, continues: false)
    return try maker.make(number: number, part: part).bytes
  }

  /// Reads `bytes` as the beginning of a volume; what was said is collected.
  private func read(_ bytes: [UInt8]) throws -> (start: TarVolumeStart?, said: [String]) {
    var said: [String] = []
    let start = try bytes.withUnsafeBytes { try TarVolumeStart.read(MemoryBytes($0)) { said.append($0.message) } }
    return (start, said)
  }

  private func said(by start: TarVolumeStart?, of part: MemberPart?) throws -> (continues: Bool, words: [String]) {
    var words: [String] = []
    let continues = try #require(start).continues(part) { words.append($0.message) }
    return (continues, words)
  }

  @Test(arguments: [TarFormat.gnu, .oldGNU, .pax], [nil, "label"] as [String?])
  func whatIsWrittenIsRead(format: TarFormat, label: String?) throws {
    let content = [UInt8](repeating: 7, count: 1024)
    let bytes = try headers(format, label: label)
    let (start, words) = try read(bytes + content)
    #expect(start?.label == label.map { Array("\($0) Volume 2".utf8) } && words == [])
    #expect(start?.continuation?.name == Array("dir/file".utf8))
    #expect(start?.continuation?.offset == 19_968 && start?.continuation?.left == 10_032)
    #expect(start?.size == Int64(bytes.count) && start?.rest == [])
    #expect(try said(by: start, of: Self.part) == (true, []))
    #expect(try said(by: start, of: nil) == (true, []))
  }

  @Test(arguments: [TarFormat.gnu, .pax])
  func aVolumeOnWhichNothingGoesOnLosesNothing(format: TarFormat) throws {
    let next = [UInt8](repeating: 0, count: 512)
    for label in [nil, "label"] as [String?] {
      let bytes = try headers(format, label: label, part: nil)
      #expect(bytes.isEmpty == (label == nil))
      let (start, _) = try read(bytes + next)
      // What was read too far is given back.
      #expect(start?.size == Int64(bytes.count) && (start?.rest.count == 512 || format == .pax && label != nil))
      #expect(try said(by: start, of: Self.part) == (false, ["‘dir/file’ is not continued on this volume"]))
    }
  }

  @Test func partsThatDoNotFitAreNamedInGNUTarsWords() throws {
    let (start, _) = try read(headers(.gnu))
    for (part, words) in [
      (MemberPart(name: Array("other".utf8), total: 30_000, left: 10_032), "‘other’ is not continued on this volume"),
      (
        MemberPart(name: Self.part.name, total: 30_001, left: 10_032),
        "‘dir/file’ is the wrong size (30001 != 10032 + 19968)"
      ),
      (
        MemberPart(name: Self.part.name, total: 30_000, left: 10_000),
        "This volume is out of sequence (30000 - 10000 != 19968)"
      ),
    ] { #expect(try said(by: start, of: part) == (false, [words])) }
  }

  @Test func longNamesAreCutInGNUFormatAndNotInPax() throws {
    let name = [UInt8](repeating: UInt8(ascii: "n"), count: 150)
    let part = MemberPart(name: name, total: 10, left: 5)
    let cut = try said(by: read(headers(.gnu, part: part)).start, of: part)
    #expect(cut.continues && cut.words.count == 1 && cut.words[0].hasSuffix("header contains truncated name"))
    #expect(try said(by: read(headers(.pax, part: part)).start, of: part) == (true, []))
    // Another name with the same beginning is one that it may be, and one with another is none.
    let other = MemberPart(name: name.dropLast(60) + [0x6d], total: 10, left: 5)
    #expect(try said(by: read(headers(.gnu, part: part)).start, of: other).continues == false)
  }

  @Test(arguments: [TarFormat.gnu, .pax])
  func everyTruncationAndEveryChangedByteIsNoticedOrHarmless(format: TarFormat) throws {
    let bytes = try headers(format, label: "label")
    for count in 0..<bytes.count {
      let (start, _) = try read(Array(bytes[..<count]))
      if let start { #expect(start.continuation == nil, "\(count)") }
    }
    for index in bytes.indices {
      var changed = bytes
      changed[index] ^= 0x15
      let (start, _) = try read(changed + [UInt8](repeating: 7, count: 512))
      guard let start, start.continues(Self.part, { _ in }) else { continue }
      // Accepted: then nothing of the content was taken for headers, nor the other way round.
      #expect(start.size == Int64(bytes.count) && start.rest == [], "byte \(index)")
    }
  }

  @Test func sizesThatAreTooLargeAreRefused() throws {
    let part = MemberPart(name: [0x61], total: Int64.max, left: Int64.max - 1)
    let (start, _) = try read(headers(.gnu, part: part))
    #expect(try said(by: start, of: part) == (true, []))
    #expect(try said(by: start, of: MemberPart(name: [0x61], total: 1, left: 1)).continues == false)
  }
}
