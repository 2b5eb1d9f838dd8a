import ArchiveFormat
import LinuxTape
import VirtualTape

/// A drive and what is in it (`drive status`), or where its tape stands now.
struct DriveFact: Fact {
  enum Extent {
    /// All that is known.
    case status(DriveVolume?)
    case position
    case ejected
  }

  let state: DriveState
  let extent: Extent

  let kind = Event.Kind.drive

  var lines: [[UInt8]] {
    switch extent {
    case .status(let volume): DriveStatusText(state: state, volume: volume).lines.map { Array($0.utf8) }
    case .position: [Array(DriveStatusText.words(state.position).utf8)]
    case .ejected:
      [
        Array(
          (state.readiness == .noCartridge
            ? "no cartridge is in \(state.device)" : "the cartridge of \(state.device) is ejected").utf8)
      ]
    }
  }

  func fill(_ event: Event) {
    event.set("drive", state.device)
    switch extent {
    case .ejected: event.set("state", "empty")
    case .position:
      setReadiness(event)
      setPosition(event)
    case .status(let volume):
      setReadiness(event)
      for (key, value) in [
        ("vendor", state.vendor), ("product", state.product), ("firmware", state.revision), ("serial", state.serial),
      ] as [(StaticString, String)] where !value.isEmpty { event.set(key, value) }
      if let options = state.options { event.set("risks", options.risks) }
      guard state.readiness == .ready else { return }
      setPosition(event)
      if let isProtected = state.isWriteProtected { event.set("write_protected", isProtected) }
      event.set("density", state.density?.name)
      event.set("density_code", state.density.map { Int64($0.code) })
      event.set("block_size", state.blockSize.map { Int64($0) })
      event.set("barcode", volume?.barcode)
      if let loads = state.attributes?.loads { event.set("loads", Int64(clamping: loads)) }
    }
  }

  private func setReadiness(_ event: Event) {
    switch state.readiness {
    case .ready: event.set("state", "ready")
    case .busy: event.set("state", "busy")
    case .noCartridge: event.set("state", "empty")
    case .notReady(let why):
      event.set("state", "not_ready")
      event.set("reason", why)
    }
  }

  private func setPosition(_ event: Event) {
    guard let position = state.position else { return }
    event.set("block", position.block.map { Int64(clamping: $0) })
    event.set("file", position.file.map { Int64(clamping: $0) })
    event.set("block_in_file", position.blockInFile.map { Int64(clamping: $0) })
    event.set("at_beginning", position.isAtBeginning)
    event.set("behind_filemark", position.isBehindFilemark)
    event.set("at_end_of_data", position.isAtEndOfData)
    event.set("near_end", position.isNearEnd)
  }
}

extension DriveHealthText: Fact {
  var kind: Event.Kind { .health }
  var lines: [[UInt8]] { text.map { Array($0.utf8) } }

  func fill(_ event: Event) {
    event.set("drive", state.device)
    event.set("attention", wantsAttention)
    func set(_ key: StaticString, _ counters: DriveHealth.Counters?) {
      guard let counters else { return }
      let shown = Event()
      shown.set("bytes", counters.bytes.map { Int64(clamping: $0) })
      shown.set("retries", counters.retries.map { Int64(clamping: $0) })
      shown.set("uncorrected", counters.uncorrected.map { Int64(clamping: $0) })
      event.set(key, shown)
    }
    set("writing", health.writing)
    set("reading", health.reading)
    set("writing_in_life", health.lifeWriting)
    set("reading_in_life", health.lifeReading)
    event.set("capacity_bytes", health.capacity.map { Int64(clamping: $0) })
    event.set("used_bytes", health.used.map { Int64(clamping: $0) })
    event.set("mounts", health.mounts.map { Int64(clamping: $0) })
    event.set("lacking_pages", health.lacking.map { TapeDensity(code: $0).hexadecimal })
    event.set(
      "findings",
      health.findings.map { finding in
        let shown = Event()
        shown.set("severity", finding.severity.rawValue)
        shown.set("text", finding.text)
        shown.set("advice", finding.advice)
        return shown
      })
  }
}

/// A virtual cartridge as the drive that it is in.
struct VirtualDriveFact: Fact {
  enum Extent {
    case status, position, health
  }

  /// Nil for a library as a whole.
  var cartridge: VirtualCartridgeFacts?
  let name: String
  let extent: Extent

  var kind: Event.Kind { extent == .health ? .health : .drive }

  var lines: [[UInt8]] {
    var lines: [String] = []
    switch extent {
    case .status: lines = cartridge?.lines ?? []
    case .position: lines = ["at the beginning of the tape: a virtual tape is rewound whenever it is opened"]
    case .health:
      if let fill = cartridge?.fill { lines.append(DriveStatusText.row("used", fill)) }
      lines.append("what is virtual has no wear: nothing to do")
    }
    return lines.map { Array($0.utf8) }
  }

  func fill(_ event: Event) {
    event.set("drive", name)
    switch extent {
    case .health:
      event.set("attention", false)
      event.set("capacity_bytes", cartridge?.options.capacity.map { Int64(clamping: $0) })
      event.set("used_bytes", cartridge?.stored.map { Int64(clamping: $0) })
      event.set("findings", [Event]())
      return
    case .status:
      guard let cartridge else { break }
      event.set("write_protected", cartridge.options.isWriteProtected)
      event.set("block_size", Int64(0))
      event.set("barcode", cartridge.options.vsn.isEmpty ? nil : cartridge.options.vsn)
    case .position: break
    }
    event.set("state", "ready")
    event.set("block", Int64(0))
    event.set("at_beginning", true)
  }
}
