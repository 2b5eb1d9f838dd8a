import TapeIO
import Testing

@testable import LinuxTape

/// What mtx prints, as elements.
struct MtxStatusTests {
  /// From mtx 1.3.12 with two drives.
  static let text = """
      Storage Changer /dev/sg0:3 Drives, 4 Slots ( 1 Import/Export )
    Data Transfer Element 0:Empty
    Data Transfer Element 1:Full (Storage Element 1 Loaded):VolumeTag = TVM002L5                        
    Data Transfer Element 2:Full (Unknown Storage Element Loaded)
          Storage Element 1:Empty
          Storage Element 2:Full :VolumeTag=TVM001L5                        
          Storage Element 3:Full
          Storage Element 4 IMPORT/EXPORT:Full :VolumeTag=CLNU01L5:AlternateVolumeTag=X
    """

  @Test func everyElementIsRead() {
    #expect(
      MtxStatus.parse(Self.text) == [
        ChangerElement(.drive(0), isFull: false),
        ChangerElement(.drive(1), isFull: true, barcode: "TVM002L5", origin: .slot(1)),
        ChangerElement(.drive(2), isFull: true),
        ChangerElement(.slot(1), isFull: false),
        ChangerElement(.slot(2), isFull: true, barcode: "TVM001L5"),
        ChangerElement(.slot(3), isFull: true),
        ChangerElement(.slot(4), isImportExport: true, isFull: true, barcode: "CLNU01L5"),
      ])
  }

  @Test func whatIsNoStatusIsNone() {
    #expect(MtxStatus.parse("") == nil)
    #expect(MtxStatus.parse("mtx: what?") == nil)
    #expect(MtxStatus.parse("Data Transfer Element") == nil)
    #expect(MtxStatus.parse("Data Transfer Element x:Full") == nil)
    #expect(MtxStatus.parse("Storage Element 1:Odd") == nil)
    #expect(MtxStatus.parse("Storage Element 1") == nil)
  }

  @Test func aTextCutAnywhereIsReadWithoutATrap() {
    let bytes = Array(Self.text.utf8)
    for count in 0..<bytes.count { _ = MtxStatus.parse(String(decoding: bytes[..<count], as: UTF8.self)) }
  }

  @Test func whatMtxSaysOfAFailureIsTheReason() {
    #expect {
      try MtxChanger(path: Array("/dev/null".utf8)).elements()
    } throws: { error in
      "\(error)".hasPrefix("cannot read the status of /dev/null: ")
    }
  }
}
