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
    v new -tf @
    v new -tvf @
    v new -tvvf @
    v new -tvvvf @ t/sub
    v new -xvvf @
    v new -xvvf @ t/sub/two --one-top-level=a/b
    v old -dvvf @
    v new -tvf @ --utc
    v new -tvf @ --full-time t/file t/sub
    new -tvf ../p.tar --full-time
    new -tvf ../p.tar --full-time --utc
    new -tvf ../l.tar
    new -tf ../l.tar t/file
    new -xvf ../l.tar t/file
    new -xvvf ../p.tar t/file
    old -dvf ../l.tar t/sub
    new -tRf ../x.tar
    new -tvRf ../l.tar
    new -tvRf ../p.tar
    new -xvRf ../x.tar
    new -xRf ../x.tar
    new -xvvRf ../l.tar t/sub/two
    old -dvRf ../x.tar
    new -tRf ../cut.tar
    v new -tf @ t/sub --index-file=list
    v new -xvf @ t/sub --index-file=list
    v old -dvf @ --index-file=list
    v new -xf @ --index-file=/nonexistent/list
    new -tf ../x.tar t/sub --show-omitted-dirs
    new -xf ../x.tar t/sub/two --show-omitted-dirs
    old -df ../x.tar t/file --show-omitted-dirs
    new -tf ../x.tar --totals
    new -xf ../x.tar --totals
    old -df ../x.tar --totals
    new -cf ../../made.tar ../src/t/sub --totals
    new -tf ../x.tar --totals=USR1 t/file
    new -tf ../x.tar --totals=NONE
    new -xf ../x.tar --checkpoint=10
    new -xf ../x.tar --checkpoint
    new -xf ../x.tar --checkpoint=.5
    new -tf ../x.tar --checkpoint=nonsense
    new -xf ../x.tar --checkpoint=7 --checkpoint-action=echo='%s %u %T %% %{a,b}T'
    new -xf ../x.tar --checkpoint=20 --checkpoint-action=echo='a%{2}*b %q'
    new -xf ../x.tar --checkpoint=10 --checkpoint-action=dot
    new -xf ../x.tar --checkpoint=10 --checkpoint-action=totals
    new -xf ../x.tar --checkpoint=20 --checkpoint-action=exec='echo $TAR_CHECKPOINT $TAR_SUBCOMMAND $TAR_ARCHIVE $TAR_FORMAT $TAR_BLOCKING_FACTOR'
    new -xf ../x.tar --checkpoint=40 --checkpoint-action=sleep=1 --checkpoint-action=bell
    new -tf ../x.tar --checkpoint-action=sleep=x
    new -tf ../x.tar --checkpoint-action=nonsense
    new -tf ../x.tar --checkpoint-action=wait=NONE
    new -tf ../n.tar
    new -tvf ../n.tar
    new -tf ../n.tar --quoting-style=literal
    new -tvf ../n.tar --quoting-style=shell
    new -tf ../n.tar --quoting-style=shell-always
    new -tf ../n.tar --quoting-style=shell-escape
    new -tf ../n.tar --quoting-style=shell-escape-always
    new -tvf ../n.tar --quoting-style=c
    new -tf ../n.tar --quoting-style=c-maybe
    new -tf ../n.tar --quoting-style=locale
    new -tf ../n.tar --quoting-style=clocale
    new -tf ../n.tar --quote-chars=aq
    new -tf ../n.tar --quote-chars=aq --no-quote-chars=a
    v new -xf @ --quoting-style=c t/nothing
    v new -xf @ --quoting-style=shell "a 'b"
    new -df ../n.tar --quoting-style=c
    new -df ../n.tar
    new -xvf ../odd.tar
    new -xf ../odd.tar --warning=no-timestamp
    new -xf ../odd.tar --warning=no-unknown-cast --warning=no-timestamp
    new -xf ../odd.tar --warning=none
    new -xf ../odd.tar --warning=no-all --warning=timestamp odd old
    new -xf ../odd.tar odd old --utc
    new -tvf ../odd.tar
    new -xOf ../odd.tar odd
    new -xf ../odd.tar --warning=nonsense
    v old -xf @ --skip-old-files --warning=existing-file
    v old -xvf @ --skip-old-files --warning=no-existing-file
    v old -xf @ --keep-newer-files --warning=no-ignore-newer
    new -tf ../lone.tar
    new -tf ../lone.tar --warning=no-alone-zero-block
    new --test-label -f ../l.tar
    new --test-label -f ../l.tar 'LBL 1'
    new --test-label -f ../l.tar other 'LBL 1'
    new --test-label -f ../l.tar other
    new --test-label -vf ../l.tar other
    new --test-label -f ../x.tar
    new --test-label -f ../x.tar other
    new --test-label -vf ../x.tar other
    new --test-label -f ../p.tar
    new --test-label -f ../l.tar -V 'LBL*'
    new --test-label -f ../l.tar -V other
    new -tf ../l.tar -V other
    new -xf ../l.tar -V 'L*' t/file
    new -tf ../x.tar -V other
    new --show-snapshot-field-ranges
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
    (head -c $((600 * 512)) ../x.tar) > ../cut.tar
    (head -c 1024 ../w.tar; head -c 512 /dev/zero; head -c 1 /dev/zero | tr '\0' x; head -c 8703 /dev/zero) > ../lone.tar
    mkdir n; cd n
    touch 'a b' $'new\nline' $'tab\tx' "q'uote" 'dq"x' 'back\s' $'bad\xff' 'ünï' 'a?b' $'\e[31m' $'\x01' '=a' 'a:b' '~x'
    ln -s 'a b' 'l n'; touch -h -d '2015-05-05 UTC' *; cd ..; tar --sort=name -cf ../n.tar n/*
    for i in odd old; do printf $i > $i; touch -d '2015-05-05 UTC' $i; done; touch -d '1960-01-01 12:00:01 UTC' old
    tar -cf ../odd.tar odd old
    python3 - <<'END'
    data = bytearray(open('../odd.tar', 'rb').read())
    data[156] = ord('Y'); data[148:156] = b' ' * 8
    data[148:156] = b'%06o\0 ' % sum(data[:512])
    open('../odd.tar', 'wb').write(data)
    END
    touch -d '2016-06-06 06:06:06 UTC' t/big
    MORE="$(tar -tf ../x.tar)"; IFS=$'\n'; "$TAPIR" -cf ../x.vtl --vsn V00001 --no-recursion $MORE || exit 9; unset IFS
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
        sed -E -e 's/^(tar|tapir): //' -e "s/^Try '.*/Try/" -e 's/^[0-9]+: Child/N: Child/' -e 's/, [0-9.]+[KMGT]?i?B\/s\)/, RATE)/g' -e 's/, \?\/s\)/, RATE)/g' err
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
