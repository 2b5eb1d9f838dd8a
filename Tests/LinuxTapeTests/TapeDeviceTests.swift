import LinuxTape
import TapeIO
import Testing

struct TapeDeviceTests {
  @Test func onlyCharacterDevicesOfTheTapeMajorAreTapes() {
    for path in ["/dev/null", "/dev/zero", "/etc/passwd", "/", "/no/such/file", ""] {
      #expect(!TapeDevice.isTapeDevice(at: Array(path.utf8)), "\(path)")
    }
  }

  @Test func whatIsNoTapeDriveIsNotOpened() {
    #expect {
      try LinuxDrive(path: Array("/dev/null".utf8), access: .readOnly)
    } throws: { error in
      (error as? DriveError)?.description == "cannot open /dev/null: it is not a tape drive"
    }
  }

  @Test func aDeviceThatIsMissingIsNamed() {
    #expect {
      try LinuxDrive(path: Array("/dev/no-such-tape".utf8), access: .readWrite)
    } throws: { error in
      (error as? DriveError)?.description == "cannot open /dev/no-such-tape: No such file or directory"
    }
  }
}
