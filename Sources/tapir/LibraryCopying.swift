import ArchiveFormat
import ArchiveOperations
import TapeIO
import TapeLabels
import VirtualTape

extension CopyVerb {
  /// The cartridge of a library that a volume is copied to: it has the volume's name, and is made when it is not there.
  /// - Returns: nil when the target is in no library.
  func targetInLibrary(like original: OpenedArchive) throws(OperationError) -> ArchiveTarget? {
    let shown = String(decoding: target, as: UTF8.self)
    if Library.isLibrary(at: target) {
      throw .refused(
        "cannot copy to library \(shown): it has many cartridges", hint: "name the one, such as \(shown)/V00001")
    }
    guard let folder = Library.enclosing(target) else { return nil }
    let library = Library(path: folder)
    let name = String(decoding: target.split(separator: UInt8(ascii: "/")).last ?? [], as: UTF8.self)
    guard let vsn = try vsn(of: original), vsn == name else {
      throw .refused(
        "cannot copy \(original.drive.identity.name) to \(shown): a cartridge of a library has its volume's name",
        hint: try vsn(of: original).map { "copy it to \(library.name)/\($0)" })
    }
    try LibraryArchive.onChanger { () throws(ChangerError) in
      if try library.description()[name] == nil { _ = try library.addNew(name) }
      try library.noteWriting(name)
    }
    return .cartridge(library.folder(of: name))
  }

  /// The VSN on the label of what is copied; nil without a label.
  func vsn(of original: OpenedArchive) throws(OperationError) -> String? {
    do throws(VolumeError) {
      switch try VolumeReader(drive: original.drive).inspect() {
      case .blank, .unlabelled: return nil
      case .prelabelled(let label), .unfinished(let label), .tapir(let label, _), .labelled(let label, _):
        return label.serial
      }
    } catch { throw .volume(error) }
  }
}
