/// A TapeAlert flag: what a drive has to say by itself (log page 2Eh).
///
/// Names and severities: SSC-4 table "TapeAlert flags" and the TapeAlert specification, version 3 (T10 document 02-142r0).
/// What to do is said in our own words.
public struct TapeAlert: Equatable, Sendable {
  /// How grave it is, as the specification has it.
  public enum Severity: String, Comparable, Sendable {
    /// For information.
    case information
    /// Something should be done, or data will be at risk.
    case warning
    /// Data is at risk, or the drive cannot go on.
    case critical

    private var rank: Int { self == .information ? 0 : self == .warning ? 1 : 2 }
    public static func < (left: Severity, right: Severity) -> Bool { left.rank < right.rank }
  }

  /// Number of the flag, from 1 to 64: the parameter of the page.
  public let number: UInt8
  /// How grave it is.
  public let severity: Severity
  /// Its name.
  public let name: String
  /// What to do.
  public let advice: String

  /// The flags that a page 2Eh has set, by number.
  public static func raised(in page: LogPage) -> [TapeAlert] {
    // Bit 0 of the one byte that each has.
    all.filter { flag in page.parameters[UInt16(flag.number)]?.first.map { $0 & 1 != 0 } ?? false }
  }

  /// All 64 of them.
  public static let all: [TapeAlert] = table.enumerated().map { place, row in
    TapeAlert(number: UInt8(place + 1), severity: row.0, name: row.1, advice: row.2)
  }

  private static let reserved: (Severity, String, String) = (
    .information, "reserved", "look the flag up in the drive's manual"
  )
  private static let copyAndDiscard = "copy what is on the cartridge to another one, then discard it"
  private static let loader = "see the library's manual"

  private static let table: [(Severity, String, String)] = [
    /* 1 */ (.warning, "read warning", "nothing is lost, but reading is hard: clean the drive, then verify the volume"),
    (
      .warning, "write warning",
      "nothing is lost, but writing is hard: clean the drive; see whether another cartridge does"
    ),
    (.warning, "hard error", "a read or write failed for good: clean the drive, then verify the volume"),
    (.critical, "media", "copy what is on the cartridge to another one, and do not write on it again"),
    (.critical, "read failure", "cartridge or drive is faulty: try the cartridge in another drive"),
    (.critical, "write failure", "cartridge or drive is faulty: try another cartridge, then call service"),
    (.warning, "media life", copyAndDiscard),
    (.warning, "not data grade", "use a cartridge that is made for data"),
    (.critical, "write protect", "move the cartridge's write-protect tab, or use another one"),
    /* 10 */ (.information, "no removal", "the cartridge is held by whoever uses the drive: wait"),
    (.information, "cleaning media", "a cleaning cartridge is in the drive: wait for it"),
    (.information, "unsupported format", "use a cartridge that fits the drive"),
    (.critical, "recoverable mechanical cartridge failure", "take the cartridge out and discard it"),
    (.critical, "unrecoverable mechanical cartridge failure", "leave the cartridge in the drive and call service"),
    (.warning, "memory chip in cartridge failure", "do not write on this cartridge any more"),
    (.critical, "forced eject", "the cartridge was taken out while it was used: verify the volume"),
    (.warning, "read only format", "this drive cannot write on cartridges of this kind"),
    (.warning, "tape directory corrupted on load", "locating is slow until all of the volume was read: verify it"),
    (.information, "nearing media life", "use another cartridge for what comes next, and keep this one"),
    /* 20 */ (.critical, "clean now", "clean the drive"),
    (.warning, "clean periodic", "clean the drive when what it does is done"),
    (.critical, "expired cleaning media", "use a new cleaning cartridge"),
    (.critical, "invalid cleaning tape", "use a cleaning cartridge for this kind of drive"),
    (.warning, "retension requested", "wind the tape to its end and back: 'mt retension'"),
    (.warning, "multi-port interface error on a primary port", "check the cables of the drive's ports"),
    (.warning, "cooling fan failure", "call service"),
    (.warning, "power supply failure", "have the drive's power supply replaced"),
    (.warning, "power consumption", "call service"),
    (.warning, "drive preventive maintenance required", "call service"),
    /* 30 */ (.critical, "hardware A", "eject the cartridge, reset the drive, and try again"),
    (.critical, "hardware B", "switch the drive off and on; if it comes again, call service"),
    (.warning, "primary interface", "check the cables between computer and drive"),
    (.critical, "eject volume", "eject the cartridge, insert it again, and try again"),
    (.warning, "microcode update failure", "load the firmware that is made for this drive"),
    (.warning, "drive humidity", "see to the humidity of the room"),
    (.warning, "drive temperature", "see to the drive's cooling"),
    (.warning, "drive voltage", "see to the drive's power"),
    (.critical, "predictive failure", "the drive expects to fail: call service"),
    (.warning, "diagnostics required", "run the drive's diagnostics, or call service"),
    /* 40 */ (.critical, "loader hardware A", loader),
    (.critical, "loader stray tape", loader), (.warning, "loader hardware B", loader),
    (.critical, "loader door", "close the library's door"), (.critical, "loader hardware C", loader),
    (.critical, "loader magazine", "insert the magazine"), (.warning, "loader predictive failure", loader),
    (.warning, "external data encryption control: communications failure", "see to the connection to the key manager"),
    (.warning, "external data encryption control: key manager error", "see what the key manager says"),
    (.warning, "diminished native capacity", "the cartridge holds less than it should: use another one"),
    /* 50 */ (.warning, "lost statistics", "counters of the cartridge are lost; nothing is to be done"),
    (.warning, "tape directory invalid at unload", "locating is slow until all of the volume was read: verify it"),
    (.critical, "tape system area write failure", copyAndDiscard),
    (.critical, "tape system area read failure", copyAndDiscard),
    (
      .critical, "no start of data",
      "check that the cartridge is of the right kind; it may be damaged or erased in bulk"
    ),
    (
      .critical, "loading or threading failure",
      "take the cartridge out and insert it again; if it comes again, call service"
    ),
    (.critical, "unrecoverable unload failure", "do not pull at the cartridge: call service"),
    (.critical, "automation interface failure", loader),
    (.warning, "microcode failure", "reset the drive; see whether there is newer firmware"),
    (.warning, "WORM volume: integrity check failed", "the cartridge may have been tampered with: verify the volume"),
    /* 60 */ (.warning, "WORM volume: overwrite attempted", "use a cartridge that can be overwritten"),
    (.warning, "encryption policy violation", "see the encryption policy of drive and library"),
    reserved, reserved, reserved,
  ]
}
