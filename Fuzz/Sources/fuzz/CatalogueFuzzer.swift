import ArchiveFormat
import ArchiveOperations
import TapeIO
import TapeLabels

@testable import TapeIndex

/// Catalogues, foreign input: any bytes as the LZ4 frame, and edits in the database of a good one.
final class CatalogueFuzzer {
  private let image: [UInt8]
  private let placement: CataloguePlacement

  init() {
    do {
      let drive = try VolumeFuzzer.drive(Base.objects())
      let reader = VolumeReader(drive: drive)
      guard case .tapir(let label, _) = try reader.inspect(),
        case .catalogue(_, let header) = try reader.findTail(vsn: VSN(label.serial))
      else { fatalError("the base is no volume") }
      let found = try reader.readCatalogue(behind: header)
      placement = found.placement
      let raw = try CatalogueCompression.decompress(
        found.file.database, allocate: { .allocate(byteCount: $0, alignment: 16) }, free: { $0.deallocate() })
      image = Array(raw)
      raw.deallocate()
    } catch { fatalError("\(error)") }
  }

  func run(_ bytes: [UInt8]) {
    var input = Input(bytes)
    if input.byte() & 1 == 0 { return take(input.remainder()) }
    var database = image
    while !input.isEmpty { Edit(&input).apply(to: &database) }
    guard let frame = database.withUnsafeBytes({ try? CatalogueCompression.compress($0) }) else { return }
    take(frame)
  }

  private func take(_ frame: [UInt8]) {
    guard let catalogue = try? Catalogue(frame) else { return }
    try? catalogue.forEachMember { _, _ in }
    do {
      let index = try IndexFile()
      do { try index.ingest(catalogue, placement: placement, end: placement.header.advanced(by: 10)) } catch {
        // Nothing of what was refused stays.
        for volume in try index.volumes() {
          let batches = try index.batches(of: volume)
          precondition(batches.isEmpty, "half a batch")
        }
        return
      }
      let volumes = try index.volumes()
      for newestOnly in [true, false] {
        _ = try? ListOperation(query: MemberQuery(newestOnly: newestOnly)).run(volumes: volumes, index: index) { _ in }
      }
      for volume in volumes { _ = try index.totals(of: volume) }
    } catch {
      // Rows that look good alone may contradict each other.
    }
  }
}
