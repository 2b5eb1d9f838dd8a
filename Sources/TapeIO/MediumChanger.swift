/// What moves cartridges between slots and drives: a virtual library, or a real one's robot (SMC-3).
///
/// Every call blocks until it is done. What every implementation must do is pinned by the conformance suite in
/// `TapeTestSupport`.
public protocol MediumChanger: AnyObject {
  /// Its device or folder, for messages.
  var name: String { get }

  /// What is where: drives by number, then slots by number (READ ELEMENT STATUS). Moves nothing.
  func elements() throws(ChangerError) -> [ChangerElement]

  /// Moves the cartridge in `source` to `target` (MOVE MEDIUM). When it throws, nothing was moved, or where the
  /// cartridge is now is for ``elements()`` to say.
  /// - Throws: ``ChangerError``: there is no such element, nothing in the source, something in the target already, or a
  ///   drive is in use.
  func move(from source: ElementAddress, to target: ElementAddress) throws(ChangerError)
}

/// A place for one cartridge, numbered as `mtx` numbers them.
public enum ElementAddress: Hashable, Sendable {
  /// A drive (data transfer element), from 0.
  case drive(Int)
  /// A slot (storage element), from 1; import/export slots have the numbers behind those of the others.
  case slot(Int)
}

extension ElementAddress: CustomStringConvertible {
  public var description: String {
    switch self {
    case .drive(let number): "drive \(number)"
    case .slot(let number): "slot \(number)"
    }
  }
}

/// One element of a changer, and the cartridge in it.
public struct ChangerElement: Equatable, Sendable {
  /// Which one.
  public let address: ElementAddress
  /// Whether it is a slot that is reached from outside.
  public let isImportExport: Bool
  /// Whether there is a cartridge in it.
  public let isFull: Bool
  /// What is stuck on that cartridge; nil when nothing is, or it cannot be read.
  public let barcode: String?
  /// The slot that the cartridge came from, where that is known.
  public let origin: ElementAddress?

  /// Describes an element.
  public init(
    _ address: ElementAddress, isImportExport: Bool = false, isFull: Bool, barcode: String? = nil,
    origin: ElementAddress? = nil
  ) {
    self.address = address
    self.isImportExport = isImportExport
    self.isFull = isFull
    self.barcode = barcode
    self.origin = origin
  }
}

/// A changer could not do what it was asked.
public enum ChangerError: Error, Equatable, Sendable {
  /// It has no such element.
  case noSuchElement(ElementAddress, changer: String)
  /// There is no cartridge to be moved.
  case empty(ElementAddress, changer: String)
  /// There is a cartridge already.
  case full(ElementAddress, by: String?, changer: String)
  /// Another process uses the drive; `holder` names it where that is known.
  case inUse(ElementAddress, by: String?, holder: String?, changer: String)
  /// Anything else: *cannot ‹operation›: ‹reason›*.
  case failed(operation: String, reason: String, hint: String?)
  /// The files of a virtual library.
  case files(DriveError)
}

extension ChangerError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .noSuchElement(let address, let changer): "there is no \(address) in \(changer)"
    case .empty(let address, let changer): "\(address) of \(changer) is empty"
    case .full(let address, let cartridge, let changer):
      "\(address) of \(changer) is full" + (cartridge.map { ": \($0) is in it" } ?? "")
    case .inUse(let address, let cartridge, let holder, let changer):
      (cartridge.map { "\(address) of \(changer), with \($0) in it," } ?? "\(address) of \(changer)")
        + " is in use by \(holder ?? "another process")"
    case .failed(let operation, let reason, _): "cannot \(operation): \(reason)"
    case .files(let error): error.description
    }
  }

  /// What to do about it, where there is something to say.
  public var hint: String? {
    switch self {
    case .noSuchElement: "'tapir library status' shows what there is"
    case .empty, .full: nil
    case .inUse: "wait for it to finish, or use another drive"
    case .failed(_, _, let hint): hint
    case .files(let error): error.hint
    }
  }
}

extension ElementAddress: Comparable {
  /// Drives come before slots.
  public static func < (left: ElementAddress, right: ElementAddress) -> Bool {
    switch (left, right) {
    case (.drive(let left), .drive(let right)), (.slot(let left), .slot(let right)): left < right
    case (.drive, .slot): true
    case (.slot, .drive): false
    }
  }
}
