import Testing

@testable import LinuxTape

/// Answers of a drive to commands that do not move the tape.
struct DriveAnswerTests {
  @Test func senseDataOfBothFormatsIsUnderstood() {
    // SPC-4 4.5.3 and 4.5.2.
    let fixed: [UInt8] = [0x70, 0, 2, 0, 0, 0, 0, 10, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0]
    let described: [UInt8] = [0x72, 2, 4, 1, 0, 0, 0, 0]
    for bytes in [fixed, described] {
      let sense = SenseData(bytes)
      #expect(sense?.key == 2 && sense?.code == 4 && sense?.qualifier == 1)
      #expect(sense?.text == "it is becoming ready")
    }
    for count in 0..<14 { #expect(SenseData(fixed.prefix(count)) == nil) }
    for count in 0..<4 { #expect(SenseData(described.prefix(count)) == nil) }
    #expect(SenseData([0x7E] + fixed.dropFirst()) == nil)
    #expect(SenseData([0x72, 0xB, 0x47, 3])?.text == "sense 0Bh/47h/03h")
  }

  @Test func thePositionIsReadFromTheLongForm() {
    var bytes = [UInt8](repeating: 0, count: 32)
    bytes[0] = 0x80
    (bytes[7], bytes[10], bytes[15], bytes[22], bytes[23]) = (1, 1, 2, 3, 4)
    let position = TapePosition(longForm: bytes)
    #expect(position?.block == 1 << 40 | 2 && position?.file == 0x304 && position?.partition == 1)
    #expect(position?.isAtBeginning == true)
    bytes[0] = 0x08
    #expect(TapePosition(longForm: bytes)?.file == nil && TapePosition(longForm: bytes)?.block == 1 << 40 | 2)
    bytes[0] = 0x04
    #expect(TapePosition(longForm: bytes) == nil)
    #expect(TapePosition(longForm: Array(bytes.prefix(23))) == nil)
  }

  @Test func attributesOfACartridgeAreReadAndNoLengthIsBelieved() {
    var answer: [UInt8] = [0, 0, 0, 0]
    answer += [0x00, 0x03, 0x80, 0, 8, 0, 0, 0, 0, 0, 0, 0, 7]
    answer += [0x04, 0x00, 0x81, 0, 8] + Array("FUJIFILM".utf8)
    answer += [0x04, 0x08, 0x80, 0, 1, 0x80]
    answer += [0x08, 0x06, 0x01, 0, 32] + Array("V00001L8".utf8) + Array(repeating: 0x20, count: 24)
    answer[3] = UInt8(answer.count - 4)
    let found = MediumAttributes(answer)
    #expect(found.loads == 7 && found.maker == "FUJIFILM" && found.isWORM == true && found.barcode == "V00001L8")
    for count in 0..<answer.count { #expect(MediumAttributes(answer.prefix(count)).barcode == nil) }
    (answer[0], answer[37 + 3]) = (0xFF, 0xFF)
    #expect(MediumAttributes(answer).loads == 7)
    answer[7] = 0xFF
    answer[8] = 0xFF
    #expect(MediumAttributes(answer).values == [:])
  }

  @Test func densitiesHaveTheirNames() {
    #expect(TapeDensity(code: 0x58).name == "LTO-5" && TapeDensity(code: 0x58).hexadecimal == "58h")
    #expect(TapeDensity(code: 0x5E).nominalMegabytes == 12_000_000)
    #expect(TapeDensity(code: 0x05).name == nil && TapeDensity(code: 0x05).hexadecimal == "05h")
  }

  /// What sysfs says comes through: any character device has a `dev` file there.
  @Test func filesOfSysfsAreRead() {
    #expect(TapeDevice.bytes("/proc/sys/kernel/ostype") == Array("Linux\n".utf8))
    #expect(TapeDevice.bytes("/proc/no/such/file") == [])
  }
}
