internal import ArchiveFormat
internal import TapeIO
internal import TapeIndex
internal import TapeLabels

/// What begins with a block on its way from the drive. An object, as blocks are handed on often.
final class ReadBegin {
  let file: PlannedFile
  /// Byte of the user file that comes first.
  let offset: Int64

  init(file: PlannedFile, offset: Int64) {
    self.file = file
    self.offset = offset
  }
}

/// How the reading of a user file ended.
indirect enum ReadEnd {
  /// Not at all: the next block could not be read and is left out.
  case gap(VolumeError)
  /// At its filemark; `trailerProblem` says what is wrong with the labels behind it, `damage` that the last piece is not
  /// what was written.
  case whole(trailerProblem: String?, damage: String?)
  /// Behind the last block of it that is wanted.
  case enough
  /// In an error: what came before it is all there is.
  case failed(VolumeError)
  /// At the end of a piece: the file goes on with the next one, on another volume.
  case piece(trailerProblem: String?, damage: String?)
  /// The index or the plan failed, or a volume is not to be had: nothing more comes.
  case stopped(OperationError)
}

/// Blocks on their way from the drive.
typealias ReadRing = BlockRing<ReadBegin, ReadEnd>

/// Reads the planned files one after another into a ring. Runs on the drive's thread.
struct FileReading {
  let access: VolumeAccess
  let plan: RestorePlan
  let ring: ReadRing
  /// Whether a block that cannot be read is passed over. In a pack it always is: it costs no member but its own.
  var passesGaps = false
  /// Whether files are read from beginning to end, whichever members of them are wanted.
  var readsWhole = false

  func run() {
    defer { ring.finish() }
    let spare = UnsafeMutableRawBufferPointer.allocate(byteCount: ring.blockSize, alignment: 4096)
    defer { spare.deallocate() }
    do {
      while let file = try plan.next() {
        guard read(file, spare) else { return }
      }
    } catch { stop(.index(error)) }
  }

  private func stop(_ error: OperationError) {
    guard var block = ring.acquire() else { return }
    block.end = .stopped(error)
    ring.publish(block)
  }

  /// Reads a file; false when nobody wants any more. Every file has a first block with `begin` and a last with `end`; a
  /// short one's are the same, so that it is handed over once.
  /// - Parameter spare: memory for a block.
  private func read(_ file: PlannedFile, _ spare: UnsafeMutableRawBufferPointer) -> Bool {
    guard !file.pieces.isEmpty else { return read(file, piece: nil, spare) != .nobody }
    for piece in file.pieces {
      switch read(file, piece: piece, spare) {
      case .whole: break
      case .failed: return true
      case .nobody: return false
      }
    }
    return true
  }

  /// What became of a file, or of a piece.
  private enum Outcome { case whole, failed, nobody }

  private func read(_ file: PlannedFile, piece: StoredPiece?, _ spare: UnsafeMutableRawBufferPointer) -> Outcome {
    let placement = piece?.file ?? file.placement
    let volume = piece.map { $0.volume?.descriptor } ?? file.volume
    let isContinued = piece.map { !$0.isLast } ?? false
    let reader: VolumeReader
    do throws(OperationError) {
      guard let volume else {
        throw .refused(
          "\(String(decoding: file.name, as: UTF8.self)) begins on a volume before \(file.volume.vsn) that the index does not"
            + " know, or knows as erased", hint: "'tapir index rebuild' takes in what its catalogues say")
      }
      reader = try access.reader(of: volume)
    } catch {
      stop(error)
      return .nobody
    }
    guard var block = ring.acquire() else { return .nobody }
    let wanted = readsWhole || piece != nil ? 0..<UInt64.max : file.wantedBlocks()
    if piece?.section == file.pieces.first?.section {
      block.begin = ReadBegin(file: file, offset: Int64(wanted.lowerBound) * Int64(file.volume.blockSize))
    }
    var digester = Digester()
    do throws(VolumeError) {
      let header = try reader.openFile(
        at: placement.header, sequence: placement.sequence, vsn: volume?.vsn ?? file.volume.vsn)
      guard header.first.section == piece?.section ?? 1 else {
        throw .mismatch(
          what: "the header of file \(placement.sequence)", expected: "section \(piece?.section ?? 1)",
          found: "section \(header.first.section)", at: placement.header, device: reader.drive.identity.name)
      }
      var blocks = wanted.lowerBound
      if blocks > 0 { try reader.go(to: header.userFile.advanced(by: Int(blocks))) }
      var isAtEnd = false
      // Read already, behind what should have been the last block.
      var further: Int?
      while blocks < wanted.upperBound {
        do throws(VolumeError) {
          if let count = further {
            block.memory.copyMemory(from: UnsafeRawBufferPointer(rebasing: spare[..<count]))
            block.byteCount = count
            further = nil
          } else {
            var space = block.memory.mutableBytes
            guard let count = try reader.readBlock(into: &space) else {
              isAtEnd = true
              break
            }
            block.byteCount = count
          }
        } catch {
          // Only the medium's fault, and not that of its last block, which may be short.
          guard passesGaps || placement.layout == .pack, case .drive(let cause) = error,
            case .mediumError = cause.cause,
            blocks + 1 < placement.blockCount
          else { throw error }
          try reader.go(to: header.userFile.advanced(by: Int(blocks) + 1))
          block.end = .gap(error)
        }
        if piece != nil, readsWhole { digester.update(block.bytes) }
        blocks += 1
        if blocks == placement.blockCount {
          var space = spare.mutableBytes
          further = try reader.readBlock(into: &space)
          if further == nil {
            isAtEnd = true
            break
          }
        }
        ring.publish(block)
        guard let next = ring.acquire() else { return .nobody }
        block = next
      }
      if isAtEnd {
        let problem = try reader.readTrailer(of: header, blockCount: blocks, isContinued: isContinued)
        var damage: String?
        if let piece, readsWhole {
          let digest = digester.finish()
          if digest != piece.file.digest {
            damage = "the digest of piece \(piece.section) is \(digest), not \(piece.file.digest)"
          }
        }
        block.end =
          isContinued && piece?.section != file.pieces.last?.section
          ? .piece(trailerProblem: problem, damage: damage) : .whole(trailerProblem: problem, damage: damage)
      } else {
        block.end = .enough
      }
    } catch {
      reader.forgetPosition()
      block.end = .failed(error)
      ring.publish(block)
      return .failed
    }
    ring.publish(block)
    return .whole
  }
}

/// The bytes of the user file that comes through a ring. The consumer's side of ``FileReading``.
final class RingBytes: UserFileBytes {
  private let ring: ReadRing
  private var block: ReadRing.Block?
  private var used = 0
  /// Byte of the user file that comes next; what could not be read counts.
  private(set) var position: Int64 = 0
  /// Why the last block that is left out could not be read.
  private(set) var gapError: VolumeError?
  private var failure: VolumeError?
  private var gap: Int64 = 0
  private var blockSize: Int64 = 0
  private var isAtEnd = true
  /// What is wrong with the file's trailer; known at the end.
  private(set) var trailerProblem: String?
  /// How a piece differs from what was written, where that was looked at.
  private(set) var pieceDamage: String?
  /// Why nothing more comes.
  private(set) var stopped: OperationError?

  private let digestsFiles: Bool
  private var digester = Digester()
  /// Digest of the whole file, known at its end; nil when it was not read to the end, or not digested.
  private(set) var digest: Digest?

  /// Is told how many bytes a block brought.
  private let passed: (Int64) -> Void

  init(_ ring: ReadRing, digestsFiles: Bool = false, passed: @escaping (Int64) -> Void = { _ in }) {
    self.passed = passed
    self.ring = ring
    self.digestsFiles = digestsFiles
  }

  /// Goes to the next file: what is left of the present one is passed over.
  func nextFile() -> PlannedFile? {
    drain()
    releaseBlock()
    guard let next = ring.next() else { return nil }
    block = next
    used = 0
    failure = nil
    gapError = nil
    position = next.begin?.offset ?? 0
    blockSize = Int64(next.begin?.file.volume.blockSize ?? ring.blockSize)
    trailerProblem = nil
    pieceDamage = nil
    digest = nil
    if digestsFiles { _ = digester.finish() }
    isAtEnd = false
    passed(Int64(next.byteCount))
    guard let begin = next.begin else {
      if case .stopped(let error) = next.end { stopped = error }
      releaseBlock()
      isAtEnd = true
      return nil
    }
    return begin.file
  }

  /// Reads to the end of the file. Its trailer is known then.
  func drain() {
    // try?: an error is kept and was or will be thrown by next(); a gap makes the digest wrong.
    while !isAtEnd { _ = try? next(1 << 30) }
  }

  func next(_ limit: Int) throws(VolumeError) -> UnsafeRawBufferPointer {
    while !isAtEnd {
      guard let current = block else {
        block = ring.next()
        used = 0
        if block == nil {
          isAtEnd = true
          failure = .malformed(what: "a user file", why: "reading was given up")
        }
        if let block { passed(Int64(block.byteCount)) }
        continue
      }
      if used < current.byteCount {
        let count = min(limit, current.byteCount - used)
        if digestsFiles { digester.update(UnsafeRawBufferPointer(rebasing: current.memory[used..<used + count])) }
        defer {
          used += count
          position += Int64(count)
        }
        return UnsafeRawBufferPointer(rebasing: current.memory[used..<used + count])
      }
      if case .gap(let error) = current.end {
        releaseBlock()
        gap = blockSize
        position += gap
        gapError = error
        throw error
      } else if case .piece(let problem, let damage) = current.end {
        trailerProblem = trailerProblem ?? problem
        pieceDamage = pieceDamage ?? damage
        releaseBlock()
      } else if let end = current.end {
        isAtEnd = true
        switch end {
        case .gap, .piece, .enough: break
        case .whole(let problem, let damage):
          trailerProblem = trailerProblem ?? problem
          pieceDamage = pieceDamage ?? damage
          if digestsFiles, gapError == nil { digest = digester.finish() }
        case .failed(let error): failure = error
        case .stopped(let error):
          stopped = error
          failure = .malformed(what: "its user file", why: "\(error)")
        }
      } else {
        releaseBlock()
      }
    }
    if let failure { throw failure }
    return UnsafeRawBufferPointer(start: nil, count: 0)
  }

  /// Goes on to byte `offset` of the user file, past blocks that cannot be read.
  /// - Throws: when it cannot be reached, or lies in such a block.
  func go(to offset: Int64) throws(VolumeError) {
    while position < offset {
      do throws(VolumeError) {
        guard try skip(offset - position) > 0 else {
          throw .malformed(what: "its user file", why: "it ends before byte \(offset)")
        }
      } catch {
        guard passGap() > 0 else { throw error }
      }
    }
    if position > offset {
      throw gapError ?? .malformed(what: "its user file", why: "the member before it reaches behind byte \(offset)")
    }
  }

  func passGap() -> Int64 {
    defer { gap = 0 }
    return gap
  }

  private func releaseBlock() {
    if block != nil { ring.release() }
    block = nil
  }
}
