/// The numbers of the protocol's `I` request.
enum RemoteRequest {
  /// Linux's operations of a tape drive (linux/mtio.h), as GNU's rmt takes them.
  enum Operation {
    static let forwardFiles = 1, backFiles = 2, forwardBlocks = 3, backBlocks = 4
    static let filemarks = 5, rewind = 6, offline = 7, nothing = 8, retension = 9
    static let backFilesBehind = 10, forwardFilesBefore = 11, endOfData = 12
    static let setBlockSize = 20, locate = 22, immediateFilemarks = 35
  }

  /// star's: after this one, `I` has the numbers of BSD and means the same on every system.
  static let numbersOfBSD = -1

  /// What two programs of ours say to each other. Other servers refuse the first of them, and then none is sent.
  enum Own {
    /// The two are of one kind: the drive is the client's to position, and nothing is done for it.
    static let greeting = -1000
    static let position = -1001, locate = -1002, endOfData = -1003, rewind = -1004
    static let spaceFilemarks = -1005, spaceBlocks = -1006
    static let filemark = -1007, flush = -1008, state = -1009
  }

  /// Behind the number of bytes in an answer of ours: what a read met or what became of a write.
  enum Flag {
    static let filemark: Int64 = 1 << 32
    static let endOfData: Int64 = 1 << 33
    static let earlyWarning: Int64 = 1 << 34
    static let endOfMedium: Int64 = 1 << 35
  }
}
