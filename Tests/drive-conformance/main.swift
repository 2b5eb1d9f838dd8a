import CLinuxTape
import Glibc
import LinuxTape
import TapeIO
import TapeTestSupport
import VirtualTape

// drive-conformance [--plain|--small|--write-protected|--worm]... [--compression lz4|off] DEVICE-OR-PATH
//
// Runs the rules of the drive contract on a tape drive (whose cartridge is erased for each rule!) or on virtual
// cartridges made at PATH (replaced for each rule). For a tape drive the options say what is in it: only rules for
// such a cartridge are run; without one, those for any cartridge. Prints a line for each rule and the counts.
// --changer DEVICE tries the rules of the changer contract on a medium changer instead.
// --commands writes three blocks, three filemarks and a flush instead.

func main() -> Int32 {
  var wanted: [ConformanceOptions] = []
  var compression = CartridgeOptions.Compression.lz4
  var path: String?
  var commandsOnly = false
  var isChanger = false
  var arguments = CommandLine.arguments.dropFirst()
  while let argument = arguments.popFirst() {
    switch argument {
    case "--plain": wanted.append(.plain)
    case "--small": wanted.append(.small)
    case "--write-protected": wanted.append(.writeProtected)
    case "--worm": wanted.append(.worm)
    case "--compression": compression = arguments.popFirst().flatMap { .init(rawValue: $0) } ?? .lz4
    case "--commands": commandsOnly = true
    case "--changer": isChanger = true
    default: path = argument
    }
  }
  guard let path else {
    print("usage: drive-conformance [--plain|--small|--write-protected|--worm]... DEVICE-OR-PATH")
    return 2
  }
  if commandsOnly { return writeSomething(path) }
  if isChanger { return tryChanger(path) }
  let isDevice = TapeDevice.isTapeDevice(at: Array(path.utf8))
  if wanted.isEmpty { wanted = isDevice ? [.plain] : [.plain, .small, .writeProtected, .worm] }
  let subject = isDevice ? tapeDrive(path) : virtualCartridge(path, compression)
  var passed = 0
  var failed = 0
  for rule in DriveConformance.rules where wanted.contains(rule.options) {
    do {
      try rule.run(subject)
      passed += 1
      print("ok      \(rule.name)")
    } catch {
      failed += 1
      print("FAILED  \(rule.name): \(error)")
    }
  }
  print("\(passed) passed, \(failed) failed")
  return failed == 0 && passed > 0 ? 0 : 1
}

/// Tries the rules of the changer contract; each begins with all cartridges in slots.
func tryChanger(_ path: String) -> Int32 {
  let subject = ChangerSubject {
    let changer = MtxChanger(path: Array(path.utf8))
    for drive in try changer.elements() {
      guard case .drive = drive.address, drive.isFull else { continue }
      let slot = try changer.elements().first { !$0.isFull && !$0.isImportExport && $0.address > .drive(.max) }
      guard let slot else { throw ConformanceFailure(description: "no slot is empty") }
      try changer.move(from: drive.address, to: slot.address)
    }
    return changer
  } reopen: {
    MtxChanger(path: Array(path.utf8))
  }
  var failed = 0
  for rule in ChangerConformance.rules {
    do {
      try rule.run(subject)
      print("ok      \(rule.name)")
    } catch {
      failed += 1
      print("FAILED  \(rule.name): \(error)")
    }
  }
  return failed == 0 ? 0 : 1
}

/// Writes blocks, three filemarks and a flush on a tape drive, for whoever watches the commands.
func writeSomething(_ path: String) -> Int32 {
  do {
    let drive = try LinuxDrive(path: Array(path.utf8), access: .readWrite)
    try drive.rewind()
    for number in 0..<3 {
      let block = Noise.incompressible(number, 80)
      guard try drive.write(block.span.bytes) == .written, try drive.writeFilemark() == .written else { return 1 }
    }
    try drive.flush()
    try drive.rewind()
    try drive.close()
    return 0
  } catch {
    print(error)
    return 1
  }
}

/// A drive whose cartridge is erased from beginning of tape for each rule.
func tapeDrive(_ path: String) -> ConformanceSubject {
  ConformanceSubject { options in
    if !options.isWriteProtected {
      let descriptor = open(path, O_RDWR | O_CLOEXEC)
      guard descriptor >= 0, cltape_operate(descriptor, cltape_MTREW, 1) == 0,
        cltape_operate(descriptor, cltape_MTERASE, 0) == 0, cltape_operate(descriptor, cltape_MTREW, 1) == 0,
        close(descriptor) == 0
      else {
        throw DriveError(
          .system(errno: errno, message: String(cString: strerror(errno))), operation: "erase", device: path)
      }
    }
    let drive = try LinuxDrive(path: Array(path.utf8), access: .readWrite)
    try drive.rewind()
    return drive
  } reopen: {
    try LinuxDrive(path: Array(path.utf8), access: .readWrite)
  }
}

/// A cartridge made anew for each rule.
func virtualCartridge(_ path: String, _ compression: CartridgeOptions.Compression) -> ConformanceSubject {
  ConformanceSubject { options in
    for name in ["cartridge.json", "data", "map", "marks"] { unlink("\(path)/\(name)") }
    rmdir(path)
    try Cartridge.create(
      at: Array(path.utf8),
      CartridgeOptions(
        capacity: options.capacity, earlyWarningZone: options.earlyWarningZone, compression: compression,
        isWriteProtected: options.isWriteProtected, isWORM: options.isWORM))
    return try VirtualDrive(path: Array(path.utf8), access: .readWrite)
  } reopen: {
    try VirtualDrive(path: Array(path.utf8), access: .readWrite)
  }
}

exit(main())
