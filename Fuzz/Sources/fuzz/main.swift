import Glibc

@_silgen_name("LLVMFuzzerRunDriver")
private func runFuzzer(
  _ count: UnsafeMutablePointer<Int32>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

/// The targets by name. `$FUZZ_TARGET` chooses: libFuzzer starts the program again with arguments of its own.
private let targets: [String: () -> (([UInt8]) -> Void)] = [
  "labels": {
    {
      fuzzLabels($0)
      fuzzDriveAnswers($0)
    }
  }, "pax": { fuzzPax }, "patterns": { fuzzPattern },
  "commandline": {
    {
      fuzzCommandLine($0)
      fuzzConfiguration($0)
    }
  }, "description": { DescriptionFuzzer().run },
  "snapshot": { fuzzSnapshot }, "images": { ImageFuzzer().run }, "library": { LibraryFuzzer().run },
  "rmt": { RmtFuzzer().run },
  "catalogue": { CatalogueFuzzer().run }, "cartridge": { CartridgeFuzzer().run }, "volume": { VolumeFuzzer().run },
]

nonisolated(unsafe) private var target: ([UInt8]) -> Void = { _ in }

guard let make = getenv("FUZZ_TARGET").flatMap({ targets[String(cString: $0)] }) else {
  print("FUZZ_TARGET must be one of: \(targets.keys.sorted().joined(separator: " "))")
  exit(2)
}
target = make()
var count = CommandLine.argc
var arguments = CommandLine.unsafeArgv
exit(
  runFuzzer(&count, &arguments) { bytes, count in
    target(Array(UnsafeBufferPointer(start: bytes, count: count)))
    return 0
  })
