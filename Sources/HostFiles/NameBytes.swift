import CLinux
import Glibc

/// The message of strerror(3) for an errno value.
func errorText(_ code: Int32) -> String {
  withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
    String(cString: clinux_strerror(code, buffer.baseAddress, buffer.count))
  }
}

/// Calls `body` with the bytes as a C string, without an allocation for short ones.
///
/// Bytes behind a NUL are not seen by the C library: whoever takes names from outside checks for it first.
func withCString<R>(_ bytes: some Collection<UInt8>, _ body: (UnsafePointer<CChar>) -> R) -> R {
  let fast = bytes.withContiguousStorageIfAvailable { storage in
    withUnsafeTemporaryAllocation(byteCount: storage.count + 1, alignment: 1) { buffer in
      buffer.copyMemory(from: UnsafeRawBufferPointer(storage))
      buffer[storage.count] = 0
      return buffer.withMemoryRebound(to: CChar.self) { characters in
        // The buffer has at least one byte, so it has an address.
        body(UnsafePointer(characters.baseAddress!))
      }
    }
  }
  if let fast { return fast }
  return withCString(Array(bytes), body)
}

/// What a name looks like within GNU tar's messages.
func quoted(_ name: [UInt8]) -> String { String(decoding: NameQuoting(.locale).quoted(name), as: UTF8.self) }

let slash = UInt8(ascii: "/")
let dot = UInt8(ascii: ".")
