import ArchiveFormat
import ArchiveOperations
import Foundation
import TapeIO
import TapeIndex
import TapeLabels
import Testing
import VirtualTape

@testable import tapir

/// A virtual library brings the volumes of a set.
struct LibrarySupplyTests {
  private let place: Workplace
  private let library: Library

  init() throws {
    place = try Workplace()
    library = Library(path: Array(place.path("tapes").utf8))
  }

  private func volume(_ vsn: String) throws -> VolumeDescriptor {
    VolumeDescriptor(
      id: .random(), vsn: try VSN(vsn), set: .random(), sequenceInSet: 1, previous: nil, text: [], owner: "TAPIR",
      blockSize: 262_144, created: Timestamp(seconds: 0), expires: nil)
  }

  @Test func theNextVolumeForWritingIsABlankOneInTheSameDriveUntilNoneIsLeft() throws {
    try place.file("data", bytes: 1000)
    try place.shell(
      """
      $TAPIR library create tapes --slots 4 --drives 2; $TAPIR -cf tapes/V00002 data
      sed -i 's/"scratch": false/"scratch": true/' tapes/library.json
      """)
    let supply = LibrarySupply(library, Reporter())
    let first = try #require(try supply.scratch())
    #expect((first.cartridge, first.number) == ("V00001", 0))
    // V00002 holds data, whatever library.json says.
    let second = try supply.nextForWriting(after: volume("V00001"))
    #expect(second.barcode?.text == "V00003")
    #expect(supply.place?.number == 0)
    try second.drive.close()
    try supply.nextForWriting(after: volume("V00003")).drive.close()
    let places = try library.elements().filter(\.isFull).map { "\($0.barcode ?? "") \($0.address)" }
    #expect(places == ["V00004 drive 0", "V00001 slot 1", "V00002 slot 2", "V00003 slot 3"])
    #expect {
      try supply.nextForWriting(after: volume("V00004"))
    } throws: { error in
      "\(error)" == "no scratch cartridge is left in \(library.name) to go on behind volume V00004"
    }
    // The drive was held all the time, and is still.
    #expect(throws: ChangerError.self) { try library.load("V00004", for: .readOnly) }
  }

  @Test func aVolumeToBeReadIsFetchedAndOneThatIsNotThereIsNamed() throws {
    try place.file("data", bytes: 1000)
    try place.shell("$TAPIR library create tapes --slots 2; $TAPIR -cf tapes data; $TAPIR -cf tapes data")
    let supply = LibrarySupply(library, Reporter())
    for name in ["V00001", "V00002", "V00001"] {
      let drive = try supply.forReading(volume(name))
      #expect(supply.place?.cartridge == name)
      #expect(
        try ReadTarget.open(drive: drive, index: nil, vsn: VSN(name), observer: Reporter()).volume.descriptor.vsn.text
          == name)
      try drive.close()
    }
    #expect {
      _ = try supply.forReading(volume("V00009"))
    } throws: {
      "\($0)".hasPrefix("cannot load V00009: there is no such volume")
    }
  }
}
