import CLinuxTape
import Glibc
import TapeIO

/// An open tape device: st(4)'s calls, each with its errno as a result.
final class Descriptor {
  let raw: Int32
  private var isOpen = true
  /// Whether any call met ENOSPC: early warning, or the physical end.
  ///
  /// After a write in the early-warning zone st gives ENOSPC to the next call, whatever it is (it first finishes the
  /// write), and does not do it: so all but writes are tried once more.
  var metNoSpace = false

  /// Opens without waiting for a cartridge.
  static func open(_ device: TapeDevice, _ mode: Int32) -> Result<Descriptor, Errno> {
    while true {
      let raw = TapeDevice.withPath(device.path) { Glibc.open($0, mode | O_NONBLOCK | O_CLOEXEC) }
      if raw >= 0 { return .success(Descriptor(raw)) }
      if errno != EINTR { return .failure(Errno(code: errno)) }
    }
  }

  /// What the operating system says.
  struct Errno: Error, Equatable {
    let code: Int32
    var message: String { String(cString: strerror(code)) }
  }

  private init(_ raw: Int32) { self.raw = raw }

  /// Gives up a drive nobody closed: what was not flushed is unconfirmed anyway.
  deinit { if isOpen { _ = Glibc.close(raw) } }

  func close() -> Errno? {
    isOpen = false
    return Glibc.close(raw) == 0 ? nil : Errno(code: errno)
  }

  func read(into target: UnsafeMutableRawPointer, count: Int) -> Result<Int, Errno> {
    while true {
      let got = Glibc.read(raw, target, count)
      if got >= 0 { return .success(got) }
      // st gives EINTR only before it began.
      if errno != EINTR { return .failure(Errno(code: errno)) }
    }
  }

  func write(_ source: UnsafeRawBufferPointer) -> Result<Int, Errno> {
    while true {
      let put = Glibc.write(raw, source.baseAddress, source.count)
      if put >= 0 { return .success(put) }
      if errno == ENOSPC { metNoSpace = true }
      if errno != EINTR { return .failure(Errno(code: errno)) }
    }
  }

  /// MTIOCTOP of one filemark, immediate; nil when it succeeded. ENOSPC may or may not have written it.
  func writeFilemark() -> Errno? { once { cltape_operate(raw, cltape_MTWEOFI, 1) } }

  /// MTIOCTOP of anything but a filemark; nil when it succeeded.
  func operate(_ operation: Int16, _ count: Int = 1) -> Errno? {
    twice { cltape_operate(raw, operation, Int32(count)) }
  }

  private func once(_ call: () -> Int32) -> Errno? {
    while call() != 0 {
      if errno == EINTR { continue }
      if errno == ENOSPC { metNoSpace = true }
      return Errno(code: errno)
    }
    return nil
  }

  private func twice(_ call: () -> Int32) -> Errno? {
    let first = once(call)
    return first?.code == ENOSPC ? once(call) : first
  }

  /// MTIOCGET.
  func status() -> Result<cltape_status, Errno> {
    var status = cltape_status()
    if let error = twice({ cltape_get(raw, &status) }) { return .failure(error) }
    return .success(status)
  }

  /// Whether the status has this GMT bit; false when there is no status.
  func has(_ flag: Int64) -> Bool {
    guard case .success(let status) = status() else { return false }
    return status.flags & flag != 0
  }

  /// MTIOCPOS: the drive's READ POSITION.
  func position() -> Result<Int64, Errno> {
    var block: Int64 = 0
    if let error = twice({ cltape_position(raw, &block) }) { return .failure(error) }
    return .success(block)
  }
}
