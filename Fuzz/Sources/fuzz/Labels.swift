import TapeLabels

/// Labels: what can be read is written again as a label that reads the same, or not at all.
func fuzzLabels(_ input: [UInt8]) {
  guard let block = try? LabelBlock(input.span.bytes) else {
    precondition(input.count != LabelBlock.byteCount, "80 bytes are a block")
    return
  }
  settles(block) { (block) throws(LabelError) in try VolumeLabel(parsing: block).serialized() }
  settles(block) { (block) throws(LabelError) in try FileLabel1(parsing: block).serialized() }
  settles(block) { (block) throws(LabelError) in try FileLabel2(parsing: block).serialized() }
  settles(block) { (block) throws(LabelError) in try UserLabel(parsing: block).serialized() }
}

/// Writing may turn characters into those that labels have, once.
private func settles(_ block: LabelBlock, _ rewritten: (LabelBlock) throws(LabelError) -> LabelBlock) {
  guard let written = try? rewritten(block) else { return }
  precondition((try? rewritten(written)) == written, "\(block) becomes \(written) and then another")
}
