public import TapeIO

/// A real medium changer, worked with the program `mtx`, which knows each maker's ways: READ ELEMENT STATUS and
/// MOVE MEDIUM (SMC-3).
public final class MtxChanger: MediumChanger {
  public let name: String
  private let path: [UInt8]

  /// - Parameter path: its device, `/dev/sgN` or `/dev/sch0`.
  public init(path: [UInt8]) {
    self.path = path
    name = String(decoding: path, as: UTF8.self)
  }

  public func elements() throws(ChangerError) -> [ChangerElement] {
    let operation = "read the status of \(name)"
    let text = try run(["status"], operation)
    guard let elements = MtxStatus.parse(text) else {
      throw .failed(
        operation: operation, reason: "mtx says what cannot be understood", hint: "see 'mtx -f \(name) status'")
    }
    return elements
  }

  public func move(from source: ElementAddress, to target: ElementAddress) throws(ChangerError) {
    let elements = try elements()
    func element(_ address: ElementAddress) throws(ChangerError) -> ChangerElement {
      guard let found = elements.first(where: { $0.address == address }) else {
        throw .noSuchElement(address, changer: name)
      }
      return found
    }
    // Before mtx is asked, which says the same of some changers and something else of others.
    let (from, to) = (try element(source), try element(target))
    if !from.isFull { throw .empty(source, changer: name) }
    if to.isFull { throw .full(target, by: to.barcode, changer: name) }
    let operation = "move \(from.barcode ?? "the cartridge") from \(source) to \(target) of \(name)"
    switch (source, target) {
    case (.slot(let slot), .drive(let drive)): _ = try run(["load", "\(slot)", "\(drive)"], operation)
    case (.drive(let drive), .slot(let slot)): _ = try run(["unload", "\(slot)", "\(drive)"], operation)
    case (.slot(let slot), .slot(let other)): _ = try run(["transfer", "\(slot)", "\(other)"], operation)
    case (.drive, .drive):
      throw .failed(
        operation: operation, reason: "mtx has no word for it", hint: "unload the cartridge into a slot first")
    }
  }

  /// Makes the changer look at its cartridges again (INITIALIZE ELEMENT STATUS), which takes minutes on a large one.
  public func takeInventory() throws(ChangerError) { _ = try run(["inventory"], "take the inventory of \(name)") }

  /// Runs mtx; its own words are the reason when it fails.
  private func run(_ words: [String], _ operation: String) throws(ChangerError) -> String {
    let arguments = [Array("mtx".utf8), Array("-f".utf8), path] + words.map { Array($0.utf8) }
    let outcome: ProgramRun
    do throws(ProgramRun.Failure) { outcome = try ProgramRun(arguments, folders: ["/usr/sbin", "/sbin"]) } catch {
      throw .failed(
        operation: operation, reason: "cannot run mtx: \(error.message)",
        hint: error.isMissing ? "install the package mtx" : nil)
    }
    guard outcome.status == 0 else {
      let said = outcome.errors.split(separator: "\n").map { String($0) }
      throw .failed(
        operation: operation,
        reason: said.isEmpty ? "mtx ended with status \(outcome.status)" : said.joined(separator: "; "), hint: nil)
    }
    return outcome.output
  }
}

/// What `mtx status` prints.
enum MtxStatus {
  /// The elements, drives first; nil when there is none, or a line of one cannot be understood.
  static func parse(_ text: String) -> [ChangerElement]? {
    var elements: [ChangerElement] = []
    for line in text.split(separator: "\n") {
      let line = line.drop { $0 == " " }
      if line.hasPrefix("Data Transfer Element") || line.hasPrefix("Storage Element") {
        guard let element = element(line) else { return nil }
        elements.append(element)
      }
    }
    return elements.isEmpty ? nil : elements.sorted { $0.address < $1.address }
  }

  /// `Data Transfer Element 0:Full (Storage Element 1 Loaded):VolumeTag = V00001L8`,
  /// `Storage Element 9 IMPORT/EXPORT:Full :VolumeTag=V00001L8`.
  private static func element(_ line: Substring) -> ChangerElement? {
    let isDrive = line.hasPrefix("Data")
    let parts = line.split(separator: ":", omittingEmptySubsequences: false)
    let words = parts[0].split(separator: " ")
    guard parts.count >= 2, let number = Int(words[isDrive ? 3 : 2]), number >= 0 else { return nil }
    let isFull = parts[1].hasPrefix("Full")
    guard isFull || parts[1].hasPrefix("Empty") else { return nil }
    var barcode: String?
    for part in parts.dropFirst(2) where part.hasPrefix("VolumeTag") {
      let text = part.drop { $0 != "=" }.dropFirst().filter { $0 != " " }
      if !text.isEmpty { barcode = text }
    }
    var origin: ElementAddress?
    if isDrive, let start = parts[1].firstIndex(of: "(") {
      // `(Unknown Storage Element Loaded)` has no number.
      let inside = parts[1][start...].split { $0 == " " || $0 == "(" }
      if inside.count > 2, let slot = Int(inside[2]) { origin = .slot(slot) }
    }
    return ChangerElement(
      isDrive ? .drive(number) : .slot(number), isImportExport: words.contains("IMPORT/EXPORT"), isFull: isFull,
      barcode: isFull ? barcode : nil, origin: origin)
  }
}
