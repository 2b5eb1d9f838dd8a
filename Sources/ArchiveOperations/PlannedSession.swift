internal import ArchiveFormat
internal import DriveTiming

/// Sessions on one cartridge after another, as a modelled drive would write them.
struct PlannedSession {
  /// Bytes of the labels of an AUL file.
  private static let labelBytes = 480.0
  /// Bytes of catalogue 0, which has the text for strangers in it: measured.
  private static let firstCatalogue = 8_192.0
  /// Bytes of a catalogue without members, and of each member in it: measured with 100 to 10,000 members of /usr/include
  /// and of made-up names, 68 to 75 bytes each.
  private static let emptyCatalogue = 4_600.0
  private static let catalogueRow = 74.0

  private let operation: PlanOperation
  private var plan: Plan
  private var encoder = PaxEncoder()
  private var header: [UInt8] = []

  private var batchMembers = 0
  private var batchBytes: Int64 = 0
  private var batchBegan = 0.0
  private var isLoaded = false
  /// Where the tape stands behind the label and catalogue 0.
  private var beginning = 0.0

  init(_ operation: PlanOperation, _ drive: ModelledDrive) {
    self.operation = operation
    plan = Plan(drive: drive)
  }

  /// - Returns: false for a member that no cartridge has room for.
  mutating func add(_ member: Member) -> Bool {
    let size = userFileSize(of: member)
    if !isLoaded { load() }
    if !hasRoom(for: size) {
      // Without what was written before, would there be?
      let isOwn = batchMembers == 0 && plan.drive.position == beginning
      let alone = beginning + stored(Self.labelBytes + Double(size)) + stored(catalogueBytes(1))
      if isOwn || alone > Double(plan.drive.model.capacity) { return false }
      rewriteElsewhere()
      load()
    }
    if batchMembers == 0 { batchBegan = plan.drive.clock }
    writeFile(Double(size), as: .content, sourceRate: operation.sourceRate)
    plan.members += 1
    plan.contentBytes += member.kind == .regular ? member.size : 0
    batchMembers += 1
    batchBytes += size
    let age = plan.drive.clock - batchBegan
    if batchBytes >= operation.limits.bytes || batchMembers >= operation.limits.members
      || age >= Double(operation.limits.seconds)
    {
      commit()
    }
    return true
  }

  mutating func finish() -> Plan {
    if isLoaded { unload() }
    return plan
  }

  // MARK: What is written

  private func stored(_ bytes: Double) -> Double { bytes / plan.drive.compressionRatio }

  private func catalogueBytes(_ members: Int) -> Double {
    Self.labelBytes + Self.emptyCatalogue + Self.catalogueRow * Double(members)
  }

  private func hasRoom(for size: Int64) -> Bool {
    let end =
      plan.drive.position + stored(Self.labelBytes + Double(size)) + stored(catalogueBytes(batchMembers + 1))
    return end <= Double(plan.drive.model.capacity)
  }

  /// Bytes of the user file of a member, as ``MemberComposer`` makes it.
  private mutating func userFileSize(of found: Member) -> Int64 {
    if operation.layout == .raw, found.kind == .regular, found.size > 0 { return found.size }
    var member = found
    member.dataExtents = member.dataExtents.map { PaxEncoder.aligned($0, size: member.size) }
    header.removeAll(keepingCapacity: true)
    encoder.append(member, to: &header)
    return Int64(header.count) + paddedToTarRecord(PaxEncoder.storedSize(of: member))
      + Int64(PaxEncoder.endOfArchiveSize)
  }

  /// An AUL file.
  private mutating func writeFile(_ bytes: Double, as cause: TimeSpent.Cause, sourceRate: Double? = nil) {
    for (count, cause, rate) in [
      (Self.labelBytes / 2, TimeSpent.Cause.labels, nil), (bytes, cause, sourceRate),
      (Self.labelBytes / 2, .labels, nil),
    ] {
      plan.drive.write(count, as: cause, sourceRate: rate)
      plan.drive.writeFilemark()
    }
  }

  private mutating func load() {
    plan.drive.load()
    plan.cartridges += 1
    isLoaded = true
    // VOL1.
    plan.drive.write(80, as: .labels)
    writeFile(Self.firstCatalogue, as: .catalogues)
    plan.drive.flush()
    beginning = plan.drive.position
  }

  /// Ends the batch.
  private mutating func commit() {
    guard batchMembers > 0 else { return }
    writeFile(catalogueBytes(batchMembers) - Self.labelBytes, as: .catalogues)
    plan.drive.flush()
    plan.batches += 1
    batchMembers = 0
    batchBytes = 0
  }

  private mutating func unload() {
    commit()
    plan.tapeBytes += plan.drive.position
    plan.drive.unload()
    isLoaded = false
  }

  /// The member at hand is written as far as the cartridge goes, and taken back.
  private mutating func rewriteElsewhere() {
    let place = plan.drive.position
    let left = Double(plan.drive.model.capacity) - place
    plan.drive.write(
      left * plan.drive.compressionRatio, as: .rewritten, sourceRate: operation.sourceRate)
    plan.drive.locate(to: place)
    unload()
  }
}
