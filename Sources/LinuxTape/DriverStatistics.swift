/// What the st driver has counted since the drive was attached to this computer (Documentation/scsi/st.rst, "stats").
public struct DriverStatistics: Equatable, Sendable {
  /// Bytes that were written and read.
  public let written, read: UInt64
  /// Nanoseconds that the commands took.
  public let writingTime, readingTime: UInt64
  /// Commands of other kinds.
  public let otherCommands: UInt64
  /// Commands that are being done now.
  public let inFlight: UInt64

  /// What sysfs says; nil when it says nothing.
  init?(of device: TapeDevice) {
    func number(_ name: String) -> UInt64? { UInt64(device.attribute("stats/\(name)")) }
    guard let written = number("write_byte_cnt"), let read = number("read_byte_cnt"),
      let writingTime = number("write_ns"), let readingTime = number("read_ns"), let others = number("other_cnt"),
      let inFlight = number("in_flight")
    else { return nil }
    (self.written, self.read, self.writingTime, self.readingTime) = (written, read, writingTime, readingTime)
    (otherCommands, self.inFlight) = (others, inFlight)
  }
}
