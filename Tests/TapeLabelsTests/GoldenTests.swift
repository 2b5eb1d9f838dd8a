import Foundation
import TapeLabels
import Testing

/// Labels made by CERN CTA's own code (release 5.11.20.0); their inputs are in Golden/README.md.
struct GoldenTests {
  let labels: [LabelBlock]
  let vsn: VSN
  let date: LabelDate
  let origin = UserLabel.Origin(host: "tpsrv201.cern.ch", vendor: "IBM", product: "ULT3580-TD9", serial: "1013000123")

  init() throws {
    let url = try #require(Bundle.module.url(forResource: "cta-labels", withExtension: "bin", subdirectory: "Golden"))
    let bytes = [UInt8](try Data(contentsOf: url))
    labels = try stride(from: 0, to: bytes.count, by: 80).map { offset in
      try LabelBlock(Array(bytes[offset..<offset + 80]).span.bytes)
    }
    vsn = try VSN("L01001")
    date = try LabelDate(year: 2026, dayOfYear: 325)
    try #require(labels.count == 9)
  }

  private func label1(_ group: LabelGroup, _ blocks: UInt64) -> FileLabel1 {
    FileLabel1(
      group, fileIdentifier: "0000000A00000001", fileSet: vsn, fileSequence: 12345, created: date, expires: date,
      blockCount: blocks, systemCode: "CTA 5.11.20.0")
  }

  @Test func everyLabelIsReproducedByteForByte() throws {
    let made = [
      try VolumeLabel(serial: vsn, owner: "CTA").serialized(),
      try FileLabel1.prelabel(vsn, created: date, systemCode: "CTA 5.11.20.0").serialized(),
      try label1(.header, 0).serialized(),
      try FileLabel2(.header, blockSize: 262_144, isCompressed: false).serialized(),
      try UserLabel(isTrailer: false, fileSequence: 12345, blockSize: 262_144, origin: origin).serialized(),
      try label1(.endOfFile, 1_234_567).serialized(),
      try FileLabel2(.endOfFile, blockSize: 262_144, isCompressed: false).serialized(),
      try UserLabel(isTrailer: true, fileSequence: 12345, blockSize: 262_144, origin: origin).serialized(),
      try FileLabel2(.header, blockSize: 32760, isCompressed: true).serialized(),
    ]
    for (ours, theirs) in zip(made, labels) { #expect(ours.description == theirs.description) }
  }

  @Test func trailersFollowFromHeaders() throws {
    #expect(labels[2].trailing(blockCount: 1_234_567) == labels[5])
    #expect(labels[2].trailing(blockCount: 1_234_568) != labels[5])
    #expect(labels[4].trailing(blockCount: 1_234_567) == labels[7])
    #expect(labels[2] != labels[5] && labels[0].trailing(blockCount: 1) == labels[0])
  }

  @Test func everyLabelIsAcceptedAndSaysWhatItSays() throws {
    let volume = try VolumeLabel(parsing: labels[0])
    #expect(volume.serial == "L01001" && volume.owner == "CTA" && volume.blockProtection == 0 && volume.standard == 3)
    #expect(volume.reservedIsBlank)
    let prelabel = try FileLabel1(parsing: labels[1])
    #expect(prelabel == FileLabel1.prelabel(vsn, created: date, systemCode: "CTA 5.11.20.0"))
    let header = try FileLabel1(parsing: labels[2])
    #expect(header.fileIdentifier == "0000000A00000001" && header.fileSequence == 2345 && header.created == date)
    #expect(header.reservedIsBlank && header.section == 1 && header.blockCount == 0)
    #expect(try FileLabel2(parsing: labels[3]).blockLength == nil)
    let user = try UserLabel(parsing: labels[4])
    #expect(user.fileSequence == 12345 && user.blockSize == 262_144 && user.origin == origin && !user.isTrailer)
    #expect(try FileLabel1(parsing: labels[5]).blockCount == 234_567)
    #expect(try FileLabel1(parsing: labels[5]).group == .endOfFile)
    #expect(try UserLabel(parsing: labels[7]).isTrailer)
    let compressed = try FileLabel2(parsing: labels[8])
    #expect(compressed.blockLength == 32760 && compressed.isCompressed)
  }

  @Test func parsedLabelsSerialiseToTheSameBytes() throws {
    #expect(try VolumeLabel(parsing: labels[0]).serialized() == labels[0])
    for index in [3, 6, 8] { #expect(try FileLabel2(parsing: labels[index]).serialized() == labels[index]) }
    for index in [4, 7] { #expect(try UserLabel(parsing: labels[index]).serialized() == labels[index]) }
    for index in [1, 2, 5] { #expect(try FileLabel1(parsing: labels[index]).serialized() == labels[index]) }
  }
}
