public import TapeIO

/// A kind of changer under test.
public struct ChangerSubject {
  /// A changer with two drives or more, all empty, two cartridges or more with barcodes in slots, and an empty slot; its
  /// import/export slot is empty.
  public let fresh: () throws -> any MediumChanger
  /// The same changer, opened again.
  public let reopen: () throws -> any MediumChanger

  /// Describes a kind of changer.
  public init(fresh: @escaping () throws -> any MediumChanger, reopen: @escaping () throws -> any MediumChanger) {
    self.fresh = fresh
    self.reopen = reopen
  }
}

/// One rule of the contract of ``MediumChanger``.
public struct ChangerRule: Sendable, CustomStringConvertible {
  /// The rule, as a name.
  public let name: String
  let body: @Sendable (ChangerUnderTest) throws -> Void

  init(_ name: String, _ body: @escaping @Sendable (ChangerUnderTest) throws -> Void) {
    self.name = name
    self.body = body
  }

  /// Tries the rule on a changer, whose cartridges are in slots again when this returns.
  /// - Throws: ``ConformanceFailure`` when the changer does not keep it.
  public func run(_ subject: ChangerSubject) throws {
    try body(ChangerUnderTest(changer: try subject.fresh(), reopen: subject.reopen))
  }

  public var description: String { name }
}

/// A changer, with the words that rules are made of.
final class ChangerUnderTest {
  let changer: any MediumChanger
  let reopen: () throws -> any MediumChanger

  init(changer: any MediumChanger, reopen: @escaping () throws -> any MediumChanger) {
    self.changer = changer
    self.reopen = reopen
  }

  func equal<Value: Equatable>(_ got: Value, _ wanted: Value, _ what: String) throws {
    if got != wanted { throw ConformanceFailure(description: "\(what): \(got), not \(wanted)") }
  }

  func element(_ address: ElementAddress) throws -> ChangerElement {
    guard let found = try changer.elements().first(where: { $0.address == address }) else {
      throw ConformanceFailure(description: "there is no \(address)")
    }
    return found
  }

  /// Slots with cartridges.
  func full() throws -> [ChangerElement] { try slots().filter(\.isFull) }

  /// An empty slot, not one for import and export.
  func emptySlot() throws -> ElementAddress {
    guard let found = try slots().first(where: { !$0.isFull && !$0.isImportExport }) else {
      throw ConformanceFailure(description: "there is no empty slot")
    }
    return found.address
  }

  func slots() throws -> [ChangerElement] {
    try changer.elements().filter { if case .slot = $0.address { true } else { false } }
  }

  /// Barcodes, each once for each cartridge.
  func barcodes() throws -> [String] { try changer.elements().compactMap(\.barcode).sorted() }

  func fails(_ wanted: ChangerError, _ what: String, _ body: () throws(ChangerError) -> Void) throws {
    let before = try changer.elements()
    do throws(ChangerError) { try body() } catch {
      try equal(error, wanted, what)
      return try equal(changer.elements(), before, "what is where after \(what)")
    }
    throw ConformanceFailure(description: "\(what) did not fail")
  }
}

/// What every changer does, as rules with names: the executable form of ``MediumChanger``'s contract.
public enum ChangerConformance {
  /// Every rule.
  public static let rules: [ChangerRule] = [
    ChangerRule("drivesCountFromZeroAndSlotsFromOneAndThoseForImportAndExportComeLast") { t in
      let all = try t.changer.elements()
      let drives = all.count { if case .drive = $0.address { true } else { false } }
      let wanted =
        (0..<drives).map { ElementAddress.drive($0) }
        + (1..<(all.count - drives + 1)).map { .slot($0) }
      try t.equal(all.map(\.address), wanted, "addresses")
      let kinds = all.map(\.isImportExport)
      try t.equal(kinds, kinds.sorted { !$0 && $1 }, "import/export slots")
    },
    ChangerRule("aCartridgeInASlotHasItsBarcodeAndAnEmptySlotHasNone") { t in
      for element in try t.changer.elements() {
        try t.equal(element.barcode != nil, element.isFull, "barcode of \(element.address)")
      }
    },
    ChangerRule("aCartridgeIsLoadedAndItsSlotIsEmptyAndItKnowsWhereItCameFrom") { t in
      let first = try t.full()[0]
      try t.changer.move(from: first.address, to: .drive(0))
      let drive = try t.element(.drive(0))
      try t.equal(drive.barcode, first.barcode, "barcode")
      try t.equal(drive.origin, first.address, "origin")
      try t.equal(try t.element(first.address).isFull, false, "its slot")
      try t.changer.move(from: .drive(0), to: first.address)
      try t.equal(try t.element(first.address).barcode, first.barcode, "its slot afterwards")
      try t.equal(try t.element(.drive(0)).isFull, false, "the drive afterwards")
    },
    ChangerRule("twoDrivesHoldTwoCartridges") { t in
      let (first, second) = (try t.full()[0], try t.full()[1])
      try t.changer.move(from: first.address, to: .drive(1))
      try t.changer.move(from: second.address, to: .drive(0))
      try t.equal(try t.element(.drive(1)).barcode, first.barcode, "drive 1")
      try t.equal(try t.element(.drive(0)).barcode, second.barcode, "drive 0")
      try t.changer.move(from: .drive(1), to: first.address)
      try t.changer.move(from: .drive(0), to: second.address)
    },
    ChangerRule("aCartridgeGoesFromSlotToSlotAndToImportAndExportAndBack") { t in
      let first = try t.full()[0]
      let free = try t.emptySlot()
      try t.changer.move(from: first.address, to: free)
      try t.equal(try t.element(free).barcode, first.barcode, "the other slot")
      guard let outer = try t.slots().first(where: { $0.isImportExport && !$0.isFull }) else {
        throw ConformanceFailure(description: "there is no import/export slot")
      }
      try t.changer.move(from: free, to: outer.address)
      try t.equal(try t.element(outer.address).barcode, first.barcode, "the import/export slot")
      try t.changer.move(from: outer.address, to: first.address)
      try t.equal(try t.element(first.address).barcode, first.barcode, "its slot")
    },
    ChangerRule("nothingIsMovedOutOfAnEmptyElement") { t in
      let (free, full) = (try t.emptySlot(), try t.full()[0].address)
      let name = t.changer.name
      try t.fails(.empty(free, changer: name), "moving from an empty slot") { () throws(ChangerError) in
        try t.changer.move(from: free, to: .drive(0))
      }
      try t.fails(.empty(.drive(0), changer: name), "moving from an empty drive") { () throws(ChangerError) in
        try t.changer.move(from: .drive(0), to: free)
      }
      try t.fails(.empty(free, changer: name), "moving from empty to full") { () throws(ChangerError) in
        try t.changer.move(from: free, to: full)
      }
    },
    ChangerRule("nothingIsMovedIntoAFullElement") { t in
      let (first, second) = (try t.full()[0], try t.full()[1])
      let name = t.changer.name
      let error = ChangerError.full(second.address, by: second.barcode, changer: name)
      try t.fails(error, "moving to a full slot") { () throws(ChangerError) in
        try t.changer.move(from: first.address, to: second.address)
      }
      try t.changer.move(from: second.address, to: .drive(0))
      let inDrive = ChangerError.full(.drive(0), by: second.barcode, changer: name)
      try t.fails(inDrive, "loading a full drive") { () throws(ChangerError) in
        try t.changer.move(from: first.address, to: .drive(0))
      }
      try t.changer.move(from: .drive(0), to: second.address)
    },
    ChangerRule("thereIsNoElementBehindTheLast") { t in
      let first = try t.full()[0].address
      let name = t.changer.name
      let last = ElementAddress.slot(try t.slots().count + 1)
      try t.fails(.noSuchElement(last, changer: name), "moving to no slot") { () throws(ChangerError) in
        try t.changer.move(from: first, to: last)
      }
      try t.fails(.noSuchElement(.slot(0), changer: name), "moving from no slot") { () throws(ChangerError) in
        try t.changer.move(from: .slot(0), to: .drive(0))
      }
      try t.fails(.noSuchElement(.drive(99), changer: name), "moving to no drive") { () throws(ChangerError) in
        try t.changer.move(from: first, to: .drive(99))
      }
    },
    ChangerRule("noCartridgeIsLostOrDoubledAndWhoOpensItAgainSeesTheSame") { t in
      let before = try t.barcodes()
      let first = try t.full()[0].address
      try t.changer.move(from: first, to: .drive(0))
      try t.equal(try t.barcodes(), before, "cartridges")
      let again = try t.reopen()
      try t.equal(again.elements(), try t.changer.elements(), "what is where when opened again")
      try again.move(from: .drive(0), to: first)
      try t.equal(try t.barcodes(), before, "cartridges after moving back")
    },
  ]
}
