import LinuxTape

/// What `drive status` prints of a real drive.
struct DriveStatusText {
  let state: DriveState
  let volume: DriveVolume?

  var lines: [String] {
    var lines: [String] = []
    func row(_ name: String, _ value: String) { lines.append(Self.row(name, value)) }
    row("drive", Self.name(state))
    switch state.readiness {
    case .ready: row("state", "ready")
    case .busy: row("state", "in use by another process: it is not asked for more")
    case .noCartridge: row("state", "not ready: there is no cartridge in it")
    case .notReady(let why): row("state", "not ready: \(why)")
    }
    if state.readiness == .ready {
      row("cartridge", cartridge)
      row("volume", volume?.text ?? "not known without moving the tape: 'tapir volume show' reads its label")
      if let size = state.blockSize {
        row(
          "blocks",
          size == 0 ? "each of its own length" : "of \(size) bytes; tapir sets variable ones when it opens the drive")
      }
      row("position", Self.words(state.position))
    }
    if let options = state.options {
      let risks = options.risks
      row("driver", risks.isEmpty ? "its options are as they should be" : risks[0])
      for risk in risks.dropFirst() { row("", risk) }
      if !risks.isEmpty {
        row("", "root's tapir sees to that by itself; for others, once \(DriverOptions.remedy(state.device))")
      }
    }
    return lines
  }

  static func row(_ name: String, _ value: String) -> String {
    name + String(repeating: " ", count: max(1, 14 - name.count)) + value
  }

  static func name(_ state: DriveState) -> String {
    let words = [state.vendor, state.product].filter { !$0.isEmpty }.joined(separator: " ")
    var name = words.isEmpty ? state.device : "\(words) at \(state.device)"
    if !state.serial.isEmpty { name += ", serial number \(state.serial)" }
    if !state.revision.isEmpty { name += ", firmware \(state.revision)" }
    return name
  }

  private var cartridge: String {
    var words: [String] = []
    if let density = state.density {
      words.append(density.name.map { "\($0) (density \(density.hexadecimal))" } ?? "density \(density.hexadecimal)")
    }
    if state.attributes?.isWORM == true { words.append("WORM") }
    words.append(state.isWriteProtected == true ? "write-protected" : "not write-protected")
    if let maker = state.attributes?.maker { words.append("made by \(maker)") }
    if let loads = state.attributes?.loads { words.append("loaded \(loads) time\(loads == 1 ? "" : "s")") }
    return words.joined(separator: ", ")
  }

  /// Where the tape stands, in words.
  static func words(_ position: TapePosition?) -> String {
    guard let position, position.block != nil || position.file != nil else {
      return "not known: the drive was reset or its cartridge changed; 'tapir drive rewind' finds it again"
    }
    var words: [String] = []
    if let block = position.block { words.append("block \(block)") }
    words.append(position.file.map { "file \($0)" } ?? "file not known")
    if let block = position.blockInFile { words.append("its block \(block)") }
    if position.partition != 0 { words.append("partition \(position.partition)") }
    if position.isAtBeginning { words.append("at the beginning of the tape") }
    if position.isBehindFilemark { words.append("right behind a filemark") }
    if position.isAtEndOfData { words.append("at end of data") }
    if position.isNearEnd { words.append("near the end of the tape") }
    return words.joined(separator: ", ")
  }
}
