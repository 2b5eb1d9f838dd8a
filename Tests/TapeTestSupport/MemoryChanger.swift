public import TapeIO

/// A changer in memory.
public final class MemoryChanger: MediumChanger {
  public let name = "memory"
  private let drives: Int
  private let slots: Int
  private let ioSlots: Int
  /// What is in elements, and where it came from.
  private var contents: [ElementAddress: (barcode: String, origin: ElementAddress?)] = [:]

  /// Makes one with cartridges in its first slots.
  public init(drives: Int, slots: Int, ioSlots: Int, barcodes: [String]) {
    self.drives = drives
    self.slots = slots
    self.ioSlots = ioSlots
    for (number, barcode) in barcodes.enumerated() { contents[.slot(number + 1)] = (barcode, nil) }
  }

  public func elements() throws(ChangerError) -> [ChangerElement] {
    ((0..<drives).map { ElementAddress.drive($0) } + (1...(slots + ioSlots)).map { .slot($0) }).map { address in
      var isImportExport = false
      if case .slot(let number) = address { isImportExport = number > slots }
      return ChangerElement(
        address, isImportExport: isImportExport, isFull: contents[address] != nil, barcode: contents[address]?.barcode,
        origin: contents[address]?.origin)
    }
  }

  public func move(from source: ElementAddress, to target: ElementAddress) throws(ChangerError) {
    let known = Set(try elements().map(\.address))
    for address in [source, target] where !known.contains(address) {
      throw .noSuchElement(address, changer: name)
    }
    guard let cartridge = contents[source] else { throw .empty(source, changer: name) }
    if let there = contents[target] { throw .full(target, by: there.barcode, changer: name) }
    contents[source] = nil
    var origin: ElementAddress?
    if case .drive = target { origin = if case .slot = source { source } else { cartridge.origin } }
    contents[target] = (cartridge.barcode, origin)
  }
}
