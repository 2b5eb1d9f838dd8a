/// What a file of another machine is opened for.
public enum RemoteAccess: Sendable {
  /// Reading.
  case read
  /// Writing it from its beginning; what was in it is gone.
  case create
  /// Reading it, then writing to it; it is made if it is not there.
  case update
  /// Reading it, then writing to it; it has to be there.
  case change

  /// The flags as GNU's rmt reads them: the number for servers that know no names, then the names.
  var flags: String {
    switch self {
    case .read: "0 O_RDONLY"
    case .create: "577 O_WRONLY|O_CREAT|O_TRUNC"
    case .update: "66 O_RDWR|O_CREAT"
    case .change: "2 O_RDWR"
    }
  }
}
