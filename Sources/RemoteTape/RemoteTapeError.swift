/// Why a remote tape could not do what it was asked.
public enum RemoteTapeError: Error, Equatable, Sendable {
  /// The other end tried, and says why it could not: errno there, and what that means there.
  case refused(code: Int32, text: [UInt8])
  /// The two no longer understand each other, or there is nobody at the other end. Nothing more can be done.
  case broken(String)
}
