import CLinuxTape

/// Options of Linux's st driver for one device (st(4), `mt stoptions`).
public struct DriverOptions: Equatable, Sendable {
  /// The `MT_ST_*` bits.
  public let bits: Int32

  /// Options that sysfs shows as these bits.
  public init(bits: Int32) { self.bits = bits }

  /// What sysfs says; nil when it says nothing.
  init?(of device: TapeDevice) {
    let text = device.attribute("options")
    guard text.hasPrefix("0x"), let bits = Int32(text.dropFirst(2), radix: 16) else { return nil }
    self.bits = bits
  }

  /// Those under which flushing would not flush, or closing would write.
  static let unwanted = cltape_MT_ST_NOWAIT_EOF | cltape_MT_ST_TWO_FM | cltape_MT_ST_SYSV | cltape_MT_ST_ASYNC_WRITES

  /// What of them is a risk to an archive, each in words; none when all is well.
  public var risks: [String] {
    var risks: [String] = []
    if bits & cltape_MT_ST_SCSI2LOGICAL == 0 {
      risks.append("scsi2logical is off: positions may not be those of blocks and filemarks")
    }
    if bits & cltape_MT_ST_NOWAIT_EOF != 0 { risks.append("no-wait-eof is on: nothing would ever be flushed") }
    if bits & cltape_MT_ST_ASYNC_WRITES != 0 {
      risks.append("async-writes is on: an error comes with a later block than the one it belongs to")
    }
    if bits & cltape_MT_ST_TWO_FM != 0 { risks.append("two-fms is on: closing would write a second filemark") }
    if bits & cltape_MT_ST_SYSV != 0 { risks.append("sysv is on: closing would move the tape") }
    return risks
  }

  /// What an administrator gives to put them right.
  public static func remedy(_ device: String) -> String {
    "as root: mt -f \(device) stsetoptions scsi2logical; mt -f \(device) stclearoptions async-writes no-wait-eof"
      + " two-fms sysv"
  }
}
