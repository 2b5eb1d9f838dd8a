/// The drives that are known. Each figure has its source here and in docs/performance.md; *assumed* are those for which
/// none was found, with the reason.
///
/// Of all of them it is assumed that a reposition takes as long as CTA's change of direction (5.22 s): nobody publishes
/// it, and LTFS's emulated drive takes 2 s. It matters only where the buffer fills faster than that.
extension DriveModel {
  /// All of them, oldest first.
  public static let published = [lto2, lto5, lto6, lto7, lto8, lto9, lto10, t10000B, ts1160]

  private static let megabyte = 1_000_000.0
  private static let terabyte: Int64 = 1_000_000_000_000

  /// LTO-2, IBM's.
  ///
  /// - Rates: 35 MB/s in five steps from 17.5 (IBM, *Ultrium 2 Tape Drive T400 Setup*, Speed Matching).
  /// - Buffer: 64 MB (IBM on its Ultrium 3 drive: 128 MB, "doubled over the Ultrium 2").
  /// - Flush: 3 s, as Fermilab saw with LTO-3 and LTO-4 (Enstore guidelines); assumed to be no quicker here.
  /// - Load, unload: assumed to be those of LTO-5.
  /// - Rewind: half of 609 m at 7.00 m/s (the tape's length; HP's technical reference, Generation 3, has the speed).
  ///   Locate: that way, and CTA's fixed costs.
  /// - Capacity 200 GB; 64 wraps (512 tracks, 8 at a time).
  public static let lto2 = DriveModel(
    name: "LTO-2", nativeRate: 35 * megabyte, slowestRate: 17.5 * megabyte, bufferSize: 64 * megabyte, flush: 3,
    load: 12, unload: 17, averageRewind: 43.5, averageLocate: 56, capacity: terabyte / 5, wraps: 64)

  /// LTO-5.
  ///
  /// - Rate 140 MB/s (IBM TS4500, *Performance specifications for LTO tape drives*). Slowest 40 MB/s: a list on
  ///   creativecow.net, the only one found.
  /// - Buffer 256 MB: assumed, nobody publishes it.
  /// - Flush: assumed to be the 3 s of LTO-3 and LTO-4 (Fermilab, Enstore guidelines).
  /// - Load 12 s, unload 17 s (IBM TS4500); locate 60 s (IBM TS2290). Rewind: assumed to be LTO-7's.
  /// - Capacity 1.5 TB; 80 wraps (HPE QuickSpecs: 1280 tracks, 16 at a time).
  public static let lto5 = DriveModel(
    name: "LTO-5", nativeRate: 140 * megabyte, slowestRate: 40 * megabyte, bufferSize: 256 * megabyte, flush: 3,
    load: 12, unload: 17, averageRewind: 60, averageLocate: 60, capacity: terabyte * 3 / 2, wraps: 80)

  /// LTO-6.
  ///
  /// - Rate 160 MB/s (IBM TS4500). Slowest 40 MB/s: as for LTO-5.
  /// - Buffer 418 MB (HP's drive, from its log pages in Bareos's manual).
  /// - Flush: assumed as for LTO-5.
  /// - Load 12 s, unload 17 s (IBM TS4500); locate 62 s (IBM TS2290). Rewind: assumed to be LTO-7's.
  /// - Capacity 2.5 TB; 136 wraps (HPE QuickSpecs: 2176 tracks, 16 at a time).
  public static let lto6 = DriveModel(
    name: "LTO-6", nativeRate: 160 * megabyte, slowestRate: 40 * megabyte, bufferSize: 418 * megabyte, flush: 3,
    load: 12, unload: 17, averageRewind: 60, averageLocate: 62, capacity: terabyte * 5 / 2, wraps: 136)

  /// LTO-7.
  ///
  /// - Rate 300 MB/s (IBM TS4500), slowest 101.46 MB/s (IBM TS4300, *Speed matching*).
  /// - Buffer 1 GiB (Bareos's manual).
  /// - Flush: assumed to be LTO-9's.
  /// - Load 15 s, unload 20 s (IBM TS4500); locate 56 s, rewind 60 s (IBM TS2290).
  /// - Capacity 6 TB; 112 wraps (HPE QuickSpecs: 3584 tracks, 32 at a time).
  public static let lto7 = DriveModel(
    name: "LTO-7", nativeRate: 300 * megabyte, slowestRate: 101.46 * megabyte, bufferSize: 1_073_741_824, flush: 6,
    load: 15, unload: 20, averageRewind: 60, averageLocate: 56, capacity: terabyte * 6, wraps: 112)

  /// LTO-8, full height.
  ///
  /// - Rate 360 MB/s (IBM TS4500), slowest 112 MB/s (IBM TS4300, *Speed matching*).
  /// - Buffer 1 GiB (Bareos's manual).
  /// - Flush: assumed to be LTO-9's.
  /// - Load 15 s, unload 24 s (IBM TS4500); locate 59 s, rewind 59 s (IBM TS2290).
  /// - Capacity 12 TB; 208 wraps (Dell EMC ML3: 6656 tracks, 32 at a time).
  public static let lto8 = DriveModel(
    name: "LTO-8", nativeRate: 360 * megabyte, slowestRate: 112 * megabyte, bufferSize: 1_073_741_824, flush: 6,
    load: 15, unload: 24, averageRewind: 59, averageLocate: 59, capacity: terabyte * 12, wraps: 208)

  /// LTO-9, full height.
  ///
  /// - Rate 400 MB/s (IBM, *Performance specifications for LTO tape drives*), slowest 177 MB/s (IBM TS4300, *Speed
  ///   matching*).
  /// - Buffer 1024 MB (IBM on Recommended Access Order).
  /// - Flush 6.0 s: what a synchronous mark for each 1.048 GB leaves of the rate, 121.6 MB/s (bareos#2002).
  /// - Load 17 s (40 to 120 minutes for a new cartridge, which is not modelled), unload 30 s, locate 45 s, rewind 55 s
  ///   (IBM, same page).
  /// - Capacity 18 TB. 280 wraps: assumed, 8960 tracks, 32 at a time; no source was at hand.
  public static let lto9 = DriveModel(
    name: "LTO-9", nativeRate: 400 * megabyte, slowestRate: 177 * megabyte, bufferSize: 1024 * megabyte, flush: 6,
    load: 17, unload: 30, averageRewind: 55, averageLocate: 45, capacity: terabyte * 18, wraps: 280)

  /// LTO-10, with the cartridge of 30 TB.
  ///
  /// - Rate 400 MB/s (IBM, *Performance specifications for LTO tape drives*), slowest 157 MB/s (IBM TS4300, *Speed
  ///   matching*).
  /// - Buffer, flush, wraps: assumed to be LTO-9's; nothing was found.
  /// - Load 12 s, unload 27 s, locate 65 s, rewind 62 s (IBM, same page, LA).
  /// - Capacity 30 TB.
  public static let lto10 = DriveModel(
    name: "LTO-10", nativeRate: 400 * megabyte, slowestRate: 157 * megabyte, bufferSize: 1024 * megabyte, flush: 6,
    load: 12, unload: 27, averageRewind: 62, averageLocate: 65, capacity: terabyte * 30, wraps: 280)

  /// Oracle (Sun, StorageTek) T10000B.
  ///
  /// - Rate 120 MB/s (The Register, 2008), slowest 50 MB/s (tape4backup.com on the T10000).
  /// - Buffer 256 MB (Oracle, *T10000 Systems Assurance Guide*).
  /// - Flush 1.7 s (CERN at CHEP 2012, of CASTOR's drives).
  /// - Load, unload, rewind, locate: assumed to be LTO-5's, of the same years.
  /// - Capacity 1 TB (Oracle). 36 wraps: assumed, 1152 tracks by its 32 channels.
  public static let t10000B = DriveModel(
    name: "T10000B", nativeRate: 120 * megabyte, slowestRate: 50 * megabyte, bufferSize: 256 * megabyte, flush: 1.7,
    load: 12, unload: 17, averageRewind: 60, averageLocate: 60, capacity: terabyte, wraps: 36)

  /// IBM TS1160 (3592 60F), with a JE cartridge.
  ///
  /// - Rate 400 MB/s and capacity 20 TB (IBM TS4500, *Supported tape drives*).
  /// - Flush: assumed to be the 1.7 s of CASTOR's drives, which were of this class.
  /// - All else: assumed to be LTO-9's, of the same maker, years and rate.
  public static let ts1160 = DriveModel(
    name: "TS1160", nativeRate: 400 * megabyte, slowestRate: 177 * megabyte, bufferSize: 1024 * megabyte, flush: 1.7,
    load: 17, unload: 30, averageRewind: 55, averageLocate: 45, capacity: terabyte * 20, wraps: 280)

  /// The drive of CERN's results with CASTOR (CHEP 2012): 240 MB/s, 1.7 s a flush. All else is that of a T10000B; none of
  /// it is in those results.
  public static let castor: DriveModel = {
    var model = t10000B
    model.name = "CASTOR"
    model.nativeRate = 240 * megabyte
    return model
  }()
}
