/// The tables, the same in the index on disk and in the catalogues on tape. docs/index.md explains each column.
enum Schema {
  /// `tpIX`: an index on disk.
  static let indexApplicationID: Int64 = 0x7470_4958
  /// `tpCT`: a catalogue on tape.
  static let catalogueApplicationID: Int64 = 0x7470_4354
  /// Version of the tables that both have.
  static let version: Int64 = 1
  /// Version of the index: 2 has ``copies`` beside them.
  static let indexVersion: Int64 = 2
  /// A member's id is its batch's id times this, plus its ordinal in the batch from 0.
  static let membersPerBatch: Int64 = 1 << 24

  static let tables = """
    CREATE TABLE volume (
      id INTEGER PRIMARY KEY, uuid BLOB NOT NULL UNIQUE, vsn TEXT NOT NULL, set_uuid BLOB NOT NULL,
      set_sequence INTEGER NOT NULL, previous_uuid BLOB, label BLOB NOT NULL, owner TEXT NOT NULL,
      block_size INTEGER NOT NULL, created INTEGER NOT NULL, expires INTEGER, erased INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE TABLE series (id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE) STRICT;
    CREATE TABLE session (
      id INTEGER PRIMARY KEY, uuid BLOB NOT NULL UNIQUE, series INTEGER NOT NULL, started INTEGER NOT NULL,
      host TEXT NOT NULL, program TEXT NOT NULL
    ) STRICT;
    CREATE TABLE batch (
      id INTEGER PRIMARY KEY, volume INTEGER NOT NULL, number INTEGER NOT NULL, uuid BLOB NOT NULL,
      session INTEGER NOT NULL, first_fseq INTEGER NOT NULL, fseq INTEGER NOT NULL, block INTEGER, end_block INTEGER,
      committed INTEGER NOT NULL, reason INTEGER NOT NULL, digest BLOB, previous_digest BLOB,
      UNIQUE (volume, number)
    ) STRICT;
    CREATE TABLE directory (id INTEGER PRIMARY KEY, path BLOB NOT NULL UNIQUE) STRICT;
    CREATE TABLE ownership (
      id INTEGER PRIMARY KEY, uid INTEGER NOT NULL, gid INTEGER NOT NULL, user_name BLOB NOT NULL,
      group_name BLOB NOT NULL, UNIQUE (uid, gid, user_name, group_name)
    ) STRICT;
    CREATE TABLE member (
      id INTEGER PRIMARY KEY, fseq INTEGER NOT NULL, block INTEGER, blocks INTEGER, bytes INTEGER, layout INTEGER,
      file_digest BLOB, offset INTEGER NOT NULL, content_offset INTEGER NOT NULL, directory INTEGER NOT NULL,
      name BLOB NOT NULL, type INTEGER NOT NULL, mode INTEGER NOT NULL, ownership INTEGER NOT NULL,
      size INTEGER NOT NULL, mtime INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, ctime INTEGER, ctime_ns INTEGER,
      device INTEGER, inode INTEGER, link_target BLOB, link_fseq INTEGER, link_offset INTEGER, rdev INTEGER,
      digest BLOB, incomplete INTEGER
    ) STRICT;
    CREATE TABLE aul_file (
      batch INTEGER NOT NULL, fseq INTEGER NOT NULL, block INTEGER NOT NULL, blocks INTEGER NOT NULL,
      bytes INTEGER NOT NULL, layout INTEGER NOT NULL, digest BLOB NOT NULL, PRIMARY KEY (batch, fseq)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE piece (
      batch INTEGER NOT NULL, fseq INTEGER NOT NULL, section INTEGER NOT NULL, member INTEGER, block INTEGER NOT NULL,
      blocks INTEGER NOT NULL, bytes INTEGER NOT NULL, digest BLOB NOT NULL, last INTEGER NOT NULL,
      PRIMARY KEY (batch, fseq)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE chunk (
      member INTEGER NOT NULL, first INTEGER NOT NULL, digests BLOB NOT NULL, PRIMARY KEY (member, first)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE attribute (
      member INTEGER NOT NULL, keyword BLOB NOT NULL, value BLOB NOT NULL, PRIMARY KEY (member, keyword)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE change (
      batch INTEGER NOT NULL, ordinal INTEGER NOT NULL, kind INTEGER NOT NULL, directory INTEGER NOT NULL,
      name BLOB NOT NULL, new_directory INTEGER, new_name BLOB, PRIMARY KEY (batch, ordinal)
    ) STRICT, WITHOUT ROWID;
    """

  /// What an index has beside: look-up by name, and one living volume for a VSN.
  static let indexOnly = """
    CREATE INDEX member_by_name ON member (directory, name);
    CREATE UNIQUE INDEX volume_by_vsn ON volume (vsn) WHERE erased = 0;
    """

  /// Where copies of volumes are, for an index of version 2.
  static let copies = """
    CREATE TABLE IF NOT EXISTS copy (
      volume BLOB NOT NULL, place BLOB NOT NULL, made INTEGER NOT NULL, end_block INTEGER NOT NULL,
      verified_block INTEGER NOT NULL, PRIMARY KEY (volume, place)
    ) STRICT, WITHOUT ROWID;
    """

  /// What a catalogue has beside: where all catalogues before it lie.
  static let catalogueOnly = """
    CREATE TABLE earlier_catalogue (
      number INTEGER PRIMARY KEY, fseq INTEGER NOT NULL, block INTEGER NOT NULL, digest BLOB NOT NULL
    ) STRICT;
    """

  static func head(applicationID: Int64) -> String {
    let version = applicationID == indexApplicationID ? indexVersion : version
    return "PRAGMA application_id = \(applicationID); PRAGMA user_version = \(version);"
  }
}
