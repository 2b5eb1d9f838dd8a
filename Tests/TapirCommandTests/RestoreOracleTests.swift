import Foundation
import Testing

/// GNU tar and this program do the same with the same archive: what they say, their exit status, and the tree they leave.
struct RestoreOracleTests {
  @Test func theCommandsDoWhatGNUTarDoes() throws {
    let place = try Workplace()
    guard geteuid() == 0 else { return print("skipped: owners need root") }
    guard try place.shell("tar --version").text.hasPrefix("tar (GNU tar) 1.34\n") else {
      return print("skipped: GNU tar 1.34 is not installed")
    }
    let lines = RestoreOracle.lines
    #expect(lines.count >= 100)
    try RestoreOracle.script.write(toFile: place.path("oracle.sh"), atomically: true, encoding: .utf8)
    try lines.joined(separator: "\n").write(toFile: place.path("lines"), atomically: true, encoding: .utf8)
    let made = try place.shell("bash oracle.sh 2>&1", environment: ["TZ": "Europe/Berlin"])
    #expect(made.status == 0, "\(made.text)")
    for (number, line) in lines.enumerated() {
      let theirs = try String(
        decoding: Data(contentsOf: place.folder.appendingPathComponent("r/tar.\(number)")), as: UTF8.self)
      for kind in ["tapir", "volume"] where kind == "tapir" || line.hasPrefix("v") {
        let ours = try String(
          decoding: Data(contentsOf: place.folder.appendingPathComponent("r/\(kind).\(number)")), as: UTF8.self)
        #expect(ours == theirs, "\(kind): \(line)")
      }
    }
  }
}

enum RestoreOracle {
  /// What is there before (`new`: nothing, `old`: files and directories under the names of members, `dot`: the same for
  /// members under `.`), and the command line without the program; in front of it `v` where a volume answers the same.
  /// `@` stands for an archive of a tree, as file or volume; others are by name.
  static let lines = #"""
    v new -xf @
    v new -xvf @
    v old -xvf @
    v old -xvkf @
    v old -xf @ --skip-old-files
    v old -xvf @ --skip-old-files
    v old -xvf @ --keep-newer-files
    v old -xf @ --keep-newer-files
    v old -xvf @ --overwrite
    v old -xvf @ --overwrite-dir
    v old -xvf @ -U
    v old -xvf @ --unlink-first --recursive-unlink
    v old -xvf @ --recursive-unlink
    v old -xvf @ --backup
    v old -xf @ --backup=simple
    v old -xvf @ --backup=numbered
    v old -xvf @ --backup=t t/file
    v old -xvf @ --backup=existing t/file t/sub/two
    v old -xvf @ --backup=none
    v old -xvf @ --suffix=.old t/file
    v old -xvf @ --backup=never --suffix=.bak t/file t/link t/hard
    v old -xvf @ --backup=off --suffix=.bak t/file
    v old -xvf @ --backup --suffix=a/b t/file
    v old -xkf @ --backup
    new -xf @ --backup=nonsense
    new -xf @ --backup=n
    v old VERSION_CONTROL=numbered -xvf @ --backup t/file
    v old SIMPLE_BACKUP_SUFFIX=.env -xvf @ --backup t/file
    new VERSION_CONTROL=bad -xf @ --backup
    v new -xf @ --one-top-level=top t/big t/sub t/link
    v new -xvf @ --one-top-level=top t/file
    v new -xvf @ --one-top-level=t
    v new -tf @ --one-top-level=q
    new -xf - --one-top-level
    new -xf ../x.tar --one-top-level t/file t/sub
    new -xf ../copy.tar.gz --one-top-level t/file t/sub
    new -xf ../copy.tgz --one-top-level t/file t/sub
    new -xvf ../w.tar --one-top-level=top ./sub ./file
    dot -xvf ../w.tar
    dot -xvkf ../w.tar
    dot -xvf ../w.tar --skip-old-files
    dot -xvf ../w.tar --keep-newer-files
    dot -xvf ../w.tar --overwrite
    dot -xvf ../w.tar -U
    v new -xf @ --delay-directory-restore
    v new -xf @ --no-delay-directory-restore
    v new -xf @ -s
    v new -xf @ --preserve-order t/file t/sub
    v new -xf @ -B
    v new -xf @ -n
    v new -xf @ --no-seek --restrict --same-order --read-full-records
    v new -xf @ --to-command='echo $TAR_FILETYPE $TAR_MODE $TAR_FILENAME $TAR_REALNAME $TAR_UNAME $TAR_GNAME $TAR_MTIME $TAR_SIZE $TAR_UID $TAR_GID; cat'
    new -xf ../x.tar --to-command='echo $TAR_ARCHIVE $TAR_VOLUME $TAR_BLOCKING_FACTOR $TAR_FORMAT'
    new -xf ../p.tar --to-command='echo $TAR_ATIME $TAR_MTIME $TAR_CTIME' t/file
    v new -xvf @ --to-command='cat; false' t/file t/sub
    v new -xf @ --to-command=false --ignore-command-error
    v new -xf @ --to-command=false --ignore-command-error --no-ignore-command-error t/file
    v new -xf @ --to-command='kill -9 $$' t/file
    v new -xf @ --to-command=/nonexistent t/file
    v new -xf @ --to-command=true t/big
    new -xvf @ --to-command=cat t/hard t/link
    v new IN='y\ny\nn\nyes\nY\nx' -xwf @
    v new IN='y' -xvf @ --interactive t/file t/sub
    v new IN='' -xf @ --confirmation
    v new IN='y' -twf @
    new -xf @ -k --overwrite
    new -xf @ --keep-old-files --skip-old-files
    new -xf @ --overwrite --no-overwrite-dir
    v new TAR_OPTIONS=-k -xf @ --overwrite
    v old TAR_OPTIONS=-k -xf @ --skip-old-files
    v new -xpf @ --no-same-permissions
    v new -xf @ --no-same-owner
    v new -xmf @ --numeric-owner t/file
    v new -xOf @ t/file t/sub
    v new -xvOf @ t/file
    v new -xf @ t/missing t/file
    v old -df @
    v old -dvf @ t/file t/sub
    """#.split(separator: "\n").map(String.init)

  static let script = #"""
    umask 022; mkdir -p r src old
    export LC_ALL=C.UTF-8
    cd src
    mkdir -p t/sub t/empty
    printf hello > t/file; printf two > t/sub/two; ln -s file t/link; ln t/file t/hard; mkfifo -m 600 t/pipe
    head -c 300000 /dev/zero | tr '\0' x > t/big; printf '#!/bin/sh\n' > t/run; chmod 4755 t/run; chmod 1777 t/empty
    chown 12:34 t/file; chown -h 5:6 t/link
    find t -depth | while read -r f; do touch -h -d '2015-05-05 05:05:05 UTC' "$f"; done
    touch -d '2016-06-06 06:06:06.123456789 UTC' t/big
    tar --sort=name --format=gnu -cf ../x.tar t
    tar --sort=name --format=pax -cf ../p.tar -V LBL t
    tar --sort=name -cf ../l.tar -V 'LBL 1' t
    (cd t; tar --sort=name -cf ../../w.tar .)
    cp ../x.tar ../copy.tar; gzip -nk ../copy.tar; cp ../copy.tar.gz ../copy.tgz
    touch -d '2016-06-06 06:06:06 UTC' t/big
    "$TAPIR" -cf ../x.vtl --vsn V00001 t/big t/empty t/file t/hard t/link t/pipe t/run t/sub --no-recursion t 2>/dev/null || exit 9
    rm -rf ../x.vtl; MORE="$(tar -tf ../x.tar)"; IFS=$'\n'; "$TAPIR" -cf ../x.vtl --vsn V00001 --no-recursion $MORE || exit 9; unset IFS
    cd ../old
    mkdir -p t/sub t/hard-not t/run
    printf mine > t/file; ln t/file other; printf theirs > t/sub/two; ln -s /etc/hosts t/hard; printf x > t/pipe
    printf newer > t/link; mkdir t/sub/deep; chmod 700 t/sub; mkdir t/empty
    touch -h -d '2010-01-01 UTC' t/sub t/sub/two t/file t/empty t
    touch -h -d '2022-01-01 UTC' t/link t/hard t/pipe
    mkdir ../dot; cp -a t/. ../dot/; cd ..
    cp -a x.tar before
    touch -d '1 minute ago' start

    tree() {
      find . -printf '%P %y %m %U:%G %n %l ' \( -newer ../start -printf now -o -printf '%Ts' \) \( -type f -printf ' %s' -o -true \) -printf '\n' | sort
      find . -type f -exec md5sum {} + | sort -k2
      getfattr -Rdhm - . 2>/dev/null
    }
    run() {  # the program, what is said for it, its archive, number, prepared, environment and options
      local program=$1 kind=$2 archive=$3 number=$4 prepared=$5; shift 5
      local work=work.$kind; rm -rf $work; mkdir $work
      case $prepared in old) cp -a old/. $work/;; dot) cp -a dot/. $work/;; esac
      (
        cd $work
        line="${*//@/$archive}"
        input=
        [[ $line == IN=* ]] && eval "input=${line%% -*}; input=\${input#IN=}" && line="-${line#* -}"
        settings=
        [[ $line == [A-Z]* ]] && settings="${line%% -*}" && line="-${line#* -}"
        eval "printf \"\$input\" | env $settings \"$program\" $line" > ../out 2> ../err
        echo "status ${PIPESTATUS[0]}" > ../status
        tree > ../tree
      )
      {
        echo "== output"; cat out; echo "== errors"
        sed -E -e 's/^(tar|tapir): //' -e "s/^Try '.*/Try/" -e 's/^[0-9]+: Child/N: Child/' -e 's/, [0-9.]+[KMGT]?i?B\/s\)/, RATE)/' -e 's/, \?\/s\)/, RATE)/' err
        cat status; echo "== tree"; cat tree
      } > r/$kind.$number
    }
    number=0
    while IFS= read -r line || [ -n "$line" ]; do
      forVolume=
      [[ $line == v\ * ]] && forVolume=1 && line=${line#v }
      prepared=${line%% *}; rest=${line#* }
      run tar tar ../x.tar $number $prepared "$rest"
      run "$TAPIR" tapir ../x.tar $number $prepared "$rest"
      [ -n "$forVolume" ] && run "$TAPIR" volume ../x.vtl $number $prepared "$rest"
      number=$((number + 1))
    done < lines
    exit 0
    """#
}
