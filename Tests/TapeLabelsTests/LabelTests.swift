import TapeLabels
import Testing

private func block(_ text: String) throws -> LabelBlock {
  try LabelBlock(Array(text.utf8 + Array(repeating: UInt8(ascii: " "), count: 80 - text.utf8.count)).span.bytes)
}

struct LabelTests {
  @Test func labelsHaveExactlyEightyBytes() {
    for count in [0, 1, 79, 81, 84, 160] {
      #expect(throws: LabelError.wrongLength(count)) {
        try LabelBlock([UInt8](repeating: 0x20, count: count).span.bytes)
      }
    }
  }

  @Test(arguments: ["", "V0001", "V000001", "v00001", "V0001_", "V0001 ", "VÄ001"])
  func serialNumbersOtherThanSixCharactersAreRefused(_ text: String) {
    #expect(throws: LabelError.self) { try VSN(text) }
  }

  @Test func aBarcodeGivesItsSerialNumber() throws {
    #expect(try VSN(barcode: "V00001L8").text == "V00001")
    #expect(try VSN(barcode: "V00001").text == "V00001")
    #expect(throws: LabelError.self) { try VSN(barcode: "V00001L") }
    #expect(throws: LabelError.self) { try VSN(barcode: "V0001L8") }
  }

  @Test func aRandomSerialNumberIsValid() throws {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<100 {
      let vsn = VSN.random(using: &generator)
      #expect(try VSN(vsn.text) == vsn && vsn.text.hasPrefix("V"))
    }
  }

  @Test(
    arguments: [
      (0, "1970 1"), (86_399, "1970 1"), (86_400, "1970 2"), (-1, "1969 365"), (951_782_400, "2000 60"),
      (1_795_219_200, "2026 325"), (4_102_444_800, "2100 1"), (1_735_603_200, "2024 366"),
    ] as [(Int64, String)])
  func datesAreDaysInUTC(_ time: Int64, _ expected: String) throws {
    let date = try LabelDate(unixTime: time)
    #expect("\(date.year) \(date.dayOfYear)" == expected)
  }

  @Test func datesOfThreeCenturiesSurviveALabel() throws {
    for (year, day) in [(1999, 365), (2000, 366), (2026, 1), (2099, 365), (2100, 365), (1900, 1)] {
      let date = try LabelDate(year: year, dayOfYear: day)
      let label = FileLabel1.prelabel(try VSN("V00001"), created: date, systemCode: "X")
      #expect(try FileLabel1(parsing: label.serialized()).created == date)
    }
    #expect(throws: LabelError.self) { try LabelDate(year: 2025, dayOfYear: 366) }
    #expect(throws: LabelError.self) { try LabelDate(unixTime: 7_258_118_400 + 86_400) }
  }

  @Test func textIsUpperCasedAndRestricted() throws {
    let label = VolumeLabel(serial: try VSN("V00001"), owner: "déjà#vu")
    #expect(try VolumeLabel(parsing: label.serialized()).owner == "D__J___VU")
  }

  @Test func textThatDoesNotFitIsAnError() throws {
    let label = VolumeLabel(serial: try VSN("V00001"), owner: "FIFTEEN LETTERS")
    #expect(throws: LabelError.doesNotFit(label: "VOL1", field: "owner", value: "FIFTEEN LETTERS", width: 14)) {
      try label.serialized()
    }
  }

  @Test func onlyTheSequenceNumberAndTheBlockCountWrap() throws {
    let date = try LabelDate(year: 2026, dayOfYear: 1)
    var label = FileLabel1(
      .endOfFile, fileIdentifier: "A", fileSet: try VSN("V00001"), fileSequence: 10_000, created: date, expires: date,
      blockCount: 1_000_000, systemCode: "X")
    let back = try FileLabel1(parsing: label.serialized())
    #expect(back.fileSequence == 0 && back.blockCount == 0)
    label.section = 10_000
    #expect(throws: LabelError.self) { try label.serialized() }
  }

  @Test func anotherLabelIsNotTakenForTheOneAskedFor() throws {
    let label = try block("HDR1")
    #expect(throws: LabelError.wrongIdentifier(expected: "VOL1", found: "HDR1")) { try VolumeLabel(parsing: label) }
    #expect(throws: LabelError.self) { try UserLabel(parsing: label) }
    #expect(throws: LabelError.self) { try FileLabel2(parsing: label) }
  }

  @Test func damagedFieldsAreNamedWithTheirOffset() throws {
    let good = try UserLabel(
      isTrailer: false, fileSequence: 7, blockSize: 512,
      origin: .init(host: "h", vendor: "v", product: "p", serial: "s")
    ).serialized()
    var bytes = good.bytes
    bytes[9] = UInt8(ascii: "x")
    let bad = try LabelBlock(bytes.span.bytes)
    #expect(throws: LabelError.notDigits(label: "UHL1", field: "file sequence number", offset: 4, found: "00000x0007"))
    {
      try UserLabel(parsing: bad)
    }
  }

  @Test func noByteOfALabelMakesParsingTrap() throws {
    let seeds = [
      try VolumeLabel(serial: VSN("V00001")).serialized(),
      try FileLabel1.prelabel(VSN("V00001"), created: LabelDate(year: 2026, dayOfYear: 1), systemCode: "X")
        .serialized(),
      try FileLabel2(.header, blockSize: 512, isCompressed: true).serialized(),
    ]
    for seed in seeds {
      for offset in 4..<80 {
        for value in stride(from: UInt8(0), through: 255, by: 5) {
          var bytes = seed.bytes
          bytes[offset] = value
          let changed = try LabelBlock(bytes.span.bytes)
          _ = try? VolumeLabel(parsing: changed)  // only that it returns is of interest
          _ = try? FileLabel1(parsing: changed)
          _ = try? FileLabel2(parsing: changed)
        }
      }
    }
  }

  /// A label that is read after another one like it says, or is refused with, the same as alone; whatever byte of it differs.
  @Test func whatWasReadBeforeChangesNothing() throws {
    func result<Label: Equatable>(_ parse: () throws(LabelError) -> Label) -> Result<Label, LabelError> {
      do { return .success(try parse()) } catch { return .failure(error) }
    }
    let day = try LabelDate(year: 2026, dayOfYear: 100)
    func first(_ name: String, _ sequence: UInt64) throws -> LabelBlock {
      try FileLabel1(
        .header, fileIdentifier: name, fileSet: VSN("V00001"), fileSequence: sequence, created: day, expires: day,
        systemCode: "TAPIR 1.0"
      ).serialized()
    }
    func user(_ sequence: UInt64) throws -> LabelBlock {
      let origin = UserLabel.Origin(host: "HOST", vendor: "IBM", product: "ULT3580", serial: "123")
      return try UserLabel(isTrailer: false, fileSequence: sequence, blockSize: 262_144, origin: origin).serialized()
    }
    let before = try first("B1P000000000001", 1)
    let knownFirst = (block: before, label: try FileLabel1(parsing: before))
    let userBefore = try user(1)
    let knownUser = (block: userBefore, label: try UserLabel(parsing: userBefore))
    for place in 0..<80 {
      for byte in [0, 0x20, 0x30, 0x39, 0x41, 0x7e, 0x7f, 0xff] as [UInt8] {
        for (next, userNext) in [(before, userBefore), (try first("ANOTHER", 9999), try user(9_999_999_999))] {
          var bytes = next.bytes
          bytes[place] = byte
          let changed = try LabelBlock(bytes.span.bytes)
          #expect(
            result { () throws(LabelError) in try FileLabel1(parsing: changed, after: knownFirst) }
              == result { () throws(LabelError) in try FileLabel1(parsing: changed) })
          bytes = userNext.bytes
          bytes[place] = byte
          let changedUser = try LabelBlock(bytes.span.bytes)
          #expect(
            result { () throws(LabelError) in try UserLabel(parsing: changedUser, after: knownUser) }
              == result { () throws(LabelError) in try UserLabel(parsing: changedUser) })
        }
      }
    }
  }

  @Test func noOriginFieldIsBlank() {
    let origin = UserLabel.Origin(site: "", host: ".x", vendor: " ", product: "", serial: "")
    #expect(origin.site == "LOCAL" && origin.host == "LOCALHOST" && origin.vendor == "UNKNOWN")
  }
}
