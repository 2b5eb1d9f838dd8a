/// The three labels of a group, kept from file to file: what differs between the files of a session is put in, the rest
/// stays.
public struct FileLabels: Sendable {
  /// HDR1, EOF1 or EOV1.
  public private(set) var first: LabelBlock
  /// HDR2, EOF2 or EOV2.
  public let second: LabelBlock
  /// UHL1 or UTL1.
  public private(set) var user: LabelBlock

  /// The labels of file 1 of `like`'s volume.
  /// - Throws: ``LabelError/doesNotFit(label:field:value:width:)``.
  public init(
    _ like: FileLabel1, blockSize: Int, isCompressed: Bool, origin: UserLabel.Origin
  ) throws(LabelError) {
    first = try like.serialized()
    second = try FileLabel2(like.group, blockSize: blockSize, isCompressed: isCompressed).serialized()
    user = try UserLabel(
      isTrailer: like.group != .header, fileSequence: like.fileSequence, blockSize: blockSize, origin: origin
    ).serialized()
  }

  /// Makes them those of another file.
  /// - Parameters:
  ///   - identifier: 16 characters that labels may hold.
  ///   - sequence: fseq.
  ///   - blockCount: blocks of the user file; 0 in a header.
  ///   - section: which part of a file that spans volumes, from 1.
  /// - Throws: ``LabelError/doesNotFit(label:field:value:width:)``.
  public mutating func set(
    identifier: InlineArray<16, UInt8>, sequence: UInt64, blockCount: UInt64, section: Int = 1
  ) throws(LabelError) {
    guard (1...9999).contains(section) else {
      throw .doesNotFit(label: "HDR1", field: "section", value: String(section), width: 4)
    }
    guard sequence < 10_000_000_000 else {
      throw .doesNotFit(label: "UHL1", field: "file sequence number", value: String(sequence), width: 10)
    }
    for index in 0..<16 { first[4 + index] = identifier[index] }
    first[20] = UInt8(ascii: " ")
    first.putDigits(UInt64(section), at: 27, width: 4)
    first.putDigits(sequence % 10_000, at: 31, width: 4)
    first.putDigits(blockCount % 1_000_000, at: 54, width: 6)
    user.putDigits(sequence, at: 4, width: 10)
  }
}

extension LabelBlock {
  /// The label behind a user file of so many blocks that has this header label: HDR1 becomes EOF1, UHL1 becomes UTL1.
  /// Other labels stay as they are.
  public func trailing(blockCount: UInt64) -> LabelBlock {
    var label = self
    if isLabel("HDR1") {
      label.put("EOF1")
      label.putDigits(blockCount % 1_000_000, at: 54, width: 6)
    } else if isLabel("UHL1") {
      label.put("UTL1")
    }
    return label
  }

  private mutating func put(_ identifier: StaticString) {
    for place in 0..<4 { self[place] = unsafe identifier.utf8Start[place] }
  }

  fileprivate mutating func putDigits(_ value: UInt64, at offset: Int, width: Int) {
    var rest = value
    for place in stride(from: offset + width - 1, through: offset, by: -1) {
      self[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    }
  }
}
