/// What the command line says about archives of several volumes, and archives of other machines.
struct MultiVolumeOptions {
  /// The options, as the scanner gives them.
  enum Key: Hashable, Sendable {
    case multiVolume, tapeLength, script, numberFile, restrict
    case remoteShell, remoteCommand
    /// A drive by its number, for which there is no table here.
    case driveNumber
  }

  /// `-M`, and what implies it.
  private(set) var isOn = false
  /// `-L`: bytes that a volume takes; nil without a limit.
  private(set) var tapeLength: Int64?
  /// `-F`: a command that is run at the end of each volume.
  private(set) var script: [UInt8]?
  /// `--volno-file`.
  private(set) var numberFile: [UInt8]?
  /// `--restrict`: no shell from the prompt.
  private(set) var isRestricted = false

  mutating func add(_ key: Key, _ value: [UInt8]) throws(UsageError) {
    switch key {
    case .multiVolume: isOn = true
    case .tapeLength:
      guard let length = Self.length(value) else {
        throw UsageError(message: "\(String(decoding: value, as: UTF8.self)): Invalid tape length")
      }
      tapeLength = length > 0 ? length : nil
      isOn = true
    case .script:
      script = value
      isOn = true
    case .numberFile: numberFile = value
    case .restrict: isRestricted = true
    // How other machines are reached is a matter of the archive's name: the builder has taken them.
    case .remoteShell, .remoteCommand: break
    case .driveNumber:
      throw UsageError(message: "Options '-[0-7][lmh]' not supported by *this* tar", status: 64)
    }
  }

  /// Bytes of a length as GNU tar has it: without a suffix units of 1024, with one as that says.
  private static func length(_ value: [UInt8]) -> Int64? {
    let digits = value.prefix { (0x30...0x39).contains($0) }
    let suffixes: [String: Int64] = [
      "": 1 << 10, "b": 512, "B": 1 << 10, "c": 1, "w": 2, "k": 1 << 10, "K": 1 << 10, "m": 1 << 20, "M": 1 << 20,
      "g": 1 << 30, "G": 1 << 30, "t": 1 << 40, "T": 1 << 40, "P": 1 << 50,
    ]
    guard let number = Sizes.number(Array(digits)),
      let unit = suffixes[String(decoding: value.dropFirst(digits.count), as: UTF8.self)]
    else { return nil }
    let (product, overflow) = number.multipliedReportingOverflow(by: unit)
    return overflow ? nil : product
  }

  /// The longest label of a volume in a GNU format: room is left for ` Volume ` and a number.
  static let longestLabel = 81

  static let specifications: [OptionSpecification] = [
    .gnu(
      .multiVolume(.multiVolume), "M", "multi-volume", .ordinary,
      "go on in another archive when one is full, or at its end: the next -f, or what is asked for"),
    .gnu(
      .multiVolume(.tapeLength), "L", "tape-length", .required, "N", .ordinary,
      "an archive is full after N x 1024 bytes, or with a suffix what that says; implies -M"),
    .gnu(
      .multiVolume(.script), "F", "info-script", .required, "COMMAND", .ordinary,
      "run COMMAND where another archive is needed, which may write its name to descriptor $TAR_FD; implies -M"),
    .gnu(.multiVolume(.script), nil, "new-volume-script", .required, "COMMAND", .ordinary, "same as --info-script"),
    .gnu(
      .multiVolume(.numberFile), nil, "volno-file", .required, "FILE", .ordinary,
      "read the number of the first volume from FILE, and write that of the last there"),
    .gnu(
      .multiVolume(.restrict), nil, "restrict", .other, "no shell where another archive is asked for"),
    .gnu(
      .multiVolume(.remoteShell), nil, "rsh-command", .required, "COMMAND", .archive,
      "reach other machines with COMMAND, not ssh"),
    .gnu(
      .multiVolume(.remoteCommand), nil, "rmt-command", .required, "COMMAND", .archive,
      "run COMMAND there, not /usr/sbin/rmt"),
  ]

  /// Drives by number: known, so that they are refused in GNU tar's words.
  static let driveNumbers: [OptionSpecification] = "0123456789".map {
    .gnu(.multiVolume(.driveNumber), $0, nil, .none, "", .none, "")
  }
}
