/// What `[user@]host:path` names: a file or a tape drive of another machine.
public struct RemoteAddress: Equatable, Sendable {
  /// Who logs in there; nil for whoever the remote shell takes.
  public let user: [UInt8]?
  /// The machine, as the remote shell knows it.
  public let host: [UInt8]
  /// The file there.
  public let path: [UInt8]

  /// Takes the name of an archive apart; nil when it is one of this machine: it has no colon, begins with one, or has a
  /// slash before the first (GNU tar manual, *Device Selection and Switching*).
  public init?(_ name: [UInt8]) {
    guard let colon = name.firstIndex(of: UInt8(ascii: ":")), colon > 0,
      !name[..<colon].contains(UInt8(ascii: "/"))
    else { return nil }
    path = Array(name[(colon + 1)...])
    let front = name[..<colon]
    if let at = front.firstIndex(of: UInt8(ascii: "@")) {
      user = at == 0 ? nil : Array(front[..<at])
      host = Array(front[(at + 1)...])
    } else {
      user = nil
      host = Array(front)
    }
  }

  /// The words that run `command` there by `shell`, in GNU tar's order.
  public func words(shell: [UInt8], command: [UInt8]) -> [[UInt8]] {
    [shell, host] + (user.map { [Array("-l".utf8), $0] } ?? []) + [command]
  }
}
