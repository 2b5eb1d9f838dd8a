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
  /// Members of the pack that is open, and their bytes.
  private var packed = 0
  private var packBytes: Int64 = 0
  private var isLoaded = false
  /// Where the tape stands behind the label and catalogue 0.
  private var beginning = 0.0

  init(_ operation: PlanOperation, _ drive: ModelledDrive) {
    self.operation = operation
    plan = Plan(drive: drive)
  }

  /// - Returns: false for a member that no cartridge has room for.
  mutating func add(_ member: Member) -> Bool {
    let isPacked = operation.packLimit.map { member.size <= $0 } ?? false
    // As in a session: what lies on tape keeps the order in which it was found.
    if !isPacked { endPack() }
    if !isLoaded { load() }
    guard isPacked ? pack(entrySize(of: member)) : write(userFileSize(of: member)) else { return false }
    plan.members += 1
    plan.contentBytes += member.kind == .regular ? member.size : 0
    return true
  }

  mutating func finish() -> Plan {
    if isLoaded { unload() }
    return plan
  }

  /// A user file with one member.
  private mutating func write(_ size: Int64) -> Bool {
    if !hasRoom(for: size) {
      guard wouldFitAlone(size) else { return false }
      rewriteElsewhere()
      load()
    }
    if batchMembers == 0 { batchBegan = plan.drive.clock }
    writeFile(Double(size), as: .content, sourceRate: operation.sourceRate)
    count(size, members: 1)
    return true
  }

  /// A member in the pack that is open, or in a new one.
  private mutating func pack(_ size: Int64) -> Bool {
    let end = Int64(PaxEncoder.endOfArchiveSize)
    if !hasRoom(for: size + end) {
      guard wouldFitAlone(size + end) else { return false }
      unload()
      load()
    }
    if packed == 0 {
      if batchMembers == 0 { batchBegan = plan.drive.clock }
      writeLabels()
    }
    plan.drive.write(Double(size), as: .content, sourceRate: operation.sourceRate)
    packed += 1
    packBytes += size
    let limits = operation.limits
    if packBytes >= MemberComposer.packSize || batchBytes + packBytes >= limits.bytes
      || batchMembers + packed >= limits.members
    {
      endPack()
    }
    return true
  }

  private mutating func endPack() {
    guard packed > 0 else { return }
    plan.drive.write(Double(PaxEncoder.endOfArchiveSize), as: .content)
    plan.drive.writeFilemark()
    writeLabels()
    let (size, members) = (packBytes + Int64(PaxEncoder.endOfArchiveSize), packed)
    packed = 0
    packBytes = 0
    count(size, members: members)
  }

  /// A user file is there; that may end the batch.
  private mutating func count(_ bytes: Int64, members: Int) {
    batchMembers += members
    batchBytes += bytes
    let age = plan.drive.clock - batchBegan
    if batchBytes >= operation.limits.bytes || batchMembers >= operation.limits.members
      || age >= Double(operation.limits.seconds)
    {
      commit()
    }
  }

  // MARK: What is written

  private func stored(_ bytes: Double) -> Double { bytes / plan.drive.compressionRatio }

  private func catalogueBytes(_ members: Int) -> Double {
    Self.labelBytes + Self.emptyCatalogue + Self.catalogueRow * Double(members)
  }

  private func hasRoom(for size: Int64) -> Bool {
    let end =
      plan.drive.position + stored(Self.labelBytes + Double(size))
      + stored(catalogueBytes(batchMembers + packed + 1))
    return end <= Double(plan.drive.model.capacity)
  }

  /// Whether there would be room on a cartridge that has nothing else.
  private func wouldFitAlone(_ size: Int64) -> Bool {
    let end = beginning + stored(Self.labelBytes + Double(size)) + stored(catalogueBytes(1))
    return end <= Double(plan.drive.model.capacity)
  }

  /// Bytes of a member as it stands in a tar archive.
  private mutating func entrySize(of found: Member) -> Int64 {
    var member = found
    member.dataExtents = member.dataExtents.map { PaxEncoder.aligned($0, size: member.size) }
    header.removeAll(keepingCapacity: true)
    encoder.append(member, to: &header)
    return Int64(header.count) + paddedToTarRecord(PaxEncoder.storedSize(of: member))
  }

  /// Bytes of the user file of a member, as ``MemberComposer`` makes it.
  private mutating func userFileSize(of member: Member) -> Int64 {
    if operation.layout == .raw, member.kind == .regular, member.size > 0 { return member.size }
    return entrySize(of: member) + Int64(PaxEncoder.endOfArchiveSize)
  }

  /// A header or a trailer.
  private mutating func writeLabels() {
    plan.drive.write(Self.labelBytes / 2, as: .labels)
    plan.drive.writeFilemark()
  }

  /// An AUL file.
  private mutating func writeFile(_ bytes: Double, as cause: TimeSpent.Cause, sourceRate: Double? = nil) {
    writeLabels()
    plan.drive.write(bytes, as: cause, sourceRate: sourceRate)
    plan.drive.writeFilemark()
    writeLabels()
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
    endPack()
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
