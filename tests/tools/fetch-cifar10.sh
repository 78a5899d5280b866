#!/bin/sh
# Tests tools/fetch-cifar10 against a made-up archive (six files of zeros in the real layout) and
# servers on this machine. Prints "ok N name", "not ok N name" or "ok N name # SKIP reason", and
# exits 1 when a test failed. The tool's path may be given as the argument.
set -eu
LC_ALL=C
export LC_ALL
unset CIFAR10_DIR CIFAR10_URL CIFAR10_MD5 OFFLINE
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY

tool=${1:-$(dirname "$0")/../../tools/fetch-cifar10}
work=$(mktemp -d /tmp/fetch-cifar10.XXXXXX)
server=
finish() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

tests=0
failures=0
not_ok() {
    printf 'not ok %d %s: %s\n' "$tests" "$name" "$1"
    sed 's/^/# /' "$work/said"
    failures=$((failures + 1))
}

# A test is a function; its name is the sentence that the function's name is.
check() {
    tests=$((tests + 1))
    name=$(printf %s "$1" | tr _ ' ')
    root=$work/$1
    mkdir -p "$root/tools"
    cp "$tool" "$root/tools/"
    : >"$work/said"
    wrong=
    "$1"
    if [ -z "$wrong" ]; then
        printf 'ok %d %s\n' "$tests" "$name"
    else
        not_ok "$wrong"
    fi
    rm -rf "$root"
}

skip() {
    tests=$((tests + 1))
    printf 'ok %d %s # SKIP %s\n' "$tests" "$(printf %s "$1" | tr _ ' ')" "$2"
}

# Runs the tool in this test's folder with the given environment; sets $code.
fetch() {
    code=0
    env CIFAR10_MD5="$md5" "$@" "$root/tools/fetch-cifar10" >"$work/said" 2>&1 || code=$?
}

fail() {
    wrong="${wrong:+$wrong; }$1"
}

expect_code() {
    [ "$code" -eq "$1" ] || fail "exit code $code, not $1"
}

expect_said() {
    grep -qF -- "$1" "$work/said" || fail "did not say '$1'"
}

# The failure is told in one line, the last.
expect_one_line() {
    [ "$(wc -l <"$work/said")" -eq 1 ] || fail "said $(wc -l <"$work/said") lines"
}

expect_data() {
    for file in "$made"/cifar-10-batches-bin/*; do
        cmp -s "$file" "$root/data/cifar-10-batches-bin/${file##*/}" || fail "${file##*/} differs"
    done
    [ -z "$(find "$root/data" -name 'cifar-10-unpack.*')" ] || fail 'left its temporary folder'
    [ ! -e "$root/$part" ] || fail 'left a .part'
}

expect_no_data() {
    [ ! -e "$root/data/cifar-10-batches-bin" ] || fail 'made the folder'
    [ -z "$(find "$root/data" -name 'cifar-10-unpack.*' 2>/dev/null)" ] || fail 'left its temporary folder'
}

archive=data/cifar-10-binary.tar.gz
part=$archive.part

# The archive: records of label 0, sparse on the disk, and a line of text as in the real one.
made=$work/made
mkdir -p "$made/cifar-10-batches-bin"
for file in data_batch_1 data_batch_2 data_batch_3 data_batch_4 data_batch_5 test_batch; do
    truncate -s 30730000 "$made/cifar-10-batches-bin/$file.bin"
done
echo airplane >"$made/cifar-10-batches-bin/batches.meta.txt"
tar -C "$made" -c cifar-10-batches-bin | gzip -1 -n >"$work/good.tar.gz"
size=$(wc -c <"$work/good.tar.gz")
md5=$(md5sum <"$work/good.tar.gz" | cut -c 1-32)
head -c $((size / 2)) "$work/good.tar.gz" >"$work/half.tar.gz"

put_archive() {
    mkdir -p "$root/data"
    cp "$1" "$root/$archive"
}

put_part() {
    mkdir -p "$root/data"
    cp "$1" "$root/$part"
}

downloads_checks_and_unpacks() {
    fetch CIFAR10_URL="file://$work/good.tar.gz"
    expect_code 0
    expect_data
    cmp -s "$work/good.tar.gz" "$root/$archive" || fail 'the archive differs'
}

a_second_run_does_nothing() {
    fetch CIFAR10_URL="file://$work/good.tar.gz"
    fetch OFFLINE=1 CIFAR10_URL="file:///none"
    expect_code 0
    expect_said 'already in data/cifar-10-batches-bin'
    expect_one_line
}

goes_on_from_a_part_of_a_file() {
    put_part "$work/half.tar.gz"
    fetch CIFAR10_URL="file://$work/good.tar.gz"
    expect_code 0
    expect_data
}

a_whole_part_needs_no_network() {
    put_part "$work/good.tar.gz"
    fetch OFFLINE=1
    expect_code 0
    expect_data
}

# Half of the file is already there, so the server must be asked for the other half and no more.
goes_on_over_http_by_a_range() {
    put_part "$work/half.tar.gz"
    serve ranges
    fetch CIFAR10_URL="http://127.0.0.1:$port/good.tar.gz"
    stop_serving
    expect_code 0
    expect_data
    grep -q "sent $((size - size / 2)) " "$work/served" || fail "served: $(cat "$work/served")"
}

starts_over_when_the_server_knows_no_ranges() {
    put_part "$work/half.tar.gz"
    serve whole
    fetch CIFAR10_URL="http://127.0.0.1:$port/good.tar.gz"
    stop_serving
    expect_code 0
    expect_said 'starting over'
    expect_data
}

# The bytes are too many, so a server with ranges answers 416; without a new start, for ever.
starts_over_when_the_part_is_longer_than_the_file() {
    put_part "$work/good.tar.gz"
    echo more >>"$root/$part"
    serve ranges
    fetch CIFAR10_URL="http://127.0.0.1:$port/good.tar.gz"
    stop_serving
    expect_code 0
    expect_said 'starting over'
    expect_data
}

a_missing_page_is_told_in_one_line() {
    serve ranges
    fetch CIFAR10_URL="http://127.0.0.1:$port/none.tar.gz"
    stop_serving
    expect_code 3
    expect_said 404
    expect_said 'CIFAR10_DIR'
    expect_no_data
}

a_part_of_another_file_is_deleted_when_whole() {
    mkdir -p "$root/data"
    head -c $((size / 2)) /dev/zero >"$root/$part"
    fetch CIFAR10_URL="file://$work/good.tar.gz"
    expect_code 3
    expect_said 'MD5 is'
    expect_said 'deleted'
    expect_no_data
    [ ! -e "$root/$part" ] || fail 'kept the .part'
    fetch CIFAR10_URL="file://$work/good.tar.gz"
    expect_code 0
    expect_data
}

an_archive_put_there_by_hand_is_used() {
    put_archive "$work/good.tar.gz"
    fetch OFFLINE=1
    expect_code 0
    expect_data
}

a_truncated_archive_is_named_and_kept() {
    put_archive "$work/half.tar.gz"
    fetch CIFAR10_URL="file://$work/good.tar.gz"
    expect_code 3
    found=$(md5sum <"$work/half.tar.gz" | cut -c 1-32)
    expect_said "$archive: MD5 is $found, not $md5 (delete it and run \`make data\` again)"
    expect_one_line
    expect_no_data
    cmp -s "$work/half.tar.gz" "$root/$archive" || fail 'touched the archive'
}

a_flipped_byte_in_the_archive_is_named() {
    put_archive "$work/good.tar.gz"
    printf x | dd of="$root/$archive" bs=1 seek=$((size / 3)) conv=notrunc 2>/dev/null
    fetch OFFLINE=1
    expect_code 3
    expect_said "not $md5"
    expect_one_line
    expect_no_data
}

# The sum is right, but a file is short: what is unpacked must not get the final name.
an_archive_of_something_else_leaves_nothing_behind() {
    mkdir -p "$work/other/cifar-10-batches-bin" "$root/data"
    echo no >"$work/other/cifar-10-batches-bin/data_batch_1.bin"
    tar -C "$work/other" -czf "$root/$archive" cifar-10-batches-bin
    fetch CIFAR10_MD5="$(md5sum <"$root/$archive" | cut -c 1-32)"
    expect_code 3
    expect_said 'does not hold the six files'
    expect_one_line
    expect_no_data
}

an_incomplete_folder_is_replaced() {
    put_archive "$work/good.tar.gz"
    mkdir -p "$root/data/cifar-10-batches-bin"
    echo short >"$root/data/cifar-10-batches-bin/data_batch_1.bin"
    echo notes >"$root/data/cifar-10-batches-bin/notes.txt"
    fetch OFFLINE=1
    expect_code 0
    expect_said 'incomplete'
    expect_data
    [ "$(cat "$root"/data/cifar-10-batches-bin.incomplete.*/cifar-10-batches-bin/notes.txt)" = notes ] ||
        fail 'what somebody had put there is gone'
}

# As the archive unpacks when it is told to do so into that folder.
a_folder_within_the_folder_is_enough() {
    mkdir -p "$root/data"
    ln -s "$made" "$root/data/cifar-10-batches-bin"
    fetch OFFLINE=1
    expect_code 0
    expect_said 'already in data/cifar-10-batches-bin/cifar-10-batches-bin'
    expect_one_line
}

what_a_killed_run_unpacked_is_cleared_away() {
    put_archive "$work/good.tar.gz"
    mkdir -p "$root/data/cifar-10-unpack.killed/cifar-10-batches-bin"
    fetch OFFLINE=1
    expect_code 0
    expect_data
}

offline_says_what_to_do() {
    fetch OFFLINE=1 CIFAR10_URL="file://$work/good.tar.gz"
    expect_code 3
    expect_said 'CIFAR-10 is not here and OFFLINE=1'
    expect_one_line
    expect_no_data
}

# Port 1 of this machine refuses at once; the first line says what is tried, the second what to do.
no_network_says_what_to_do() {
    started=$(date +%s)
    fetch CIFAR10_URL=http://127.0.0.1:1/good.tar.gz
    expect_code 3
    expect_said 'cannot download http://127.0.0.1:1/good.tar.gz'
    expect_said 'put cifar-10-binary.tar.gz into data/, or set CIFAR10_DIR'
    [ "$(grep -c . "$work/said")" -eq 2 ] || fail "said $(grep -c . "$work/said") lines"
    [ $(($(date +%s) - started)) -le 10 ] || fail 'took more than 10 seconds'
    expect_no_data
}

a_folder_elsewhere_is_enough() {
    fetch OFFLINE=1 CIFAR10_DIR="$made"
    expect_code 0
    expect_said "already in $made/cifar-10-batches-bin"
    fetch OFFLINE=1 CIFAR10_DIR="$made/cifar-10-batches-bin"
    expect_code 0
    expect_no_data
}

a_wrong_folder_elsewhere_is_not_passed_over() {
    put_archive "$work/good.tar.gz"
    fetch OFFLINE=1 CIFAR10_DIR="$root/data"
    expect_code 3
    expect_said "CIFAR10_DIR=$root/data does not hold the six files"
    expect_one_line
}

# FAULT of a folder that CIFAR10_DIR names: told in its one line.
expect_fault() {
    fetch OFFLINE=1 CIFAR10_DIR="$root/given"
    expect_code 3
    expect_said "CIFAR10_DIR=$root/given $1"
    expect_said 'put the files of its binary version there'
    expect_one_line
}

a_folder_that_is_not_cifar_10_is_told_apart() {
    expect_fault 'is not there'
    ln -s nowhere "$root/given"
    expect_fault 'is a link to nothing'
    rm "$root/given"
    echo x >"$root/given"
    expect_fault 'is a file, not a folder'
    rm "$root/given"
    mkdir -p "$root/given/cifar-10-batches-py"
    expect_fault 'does not hold the six files'
    echo x >"$root/given/cifar-10-batches-py/data_batch_1"
    expect_fault 'holds the python version of CIFAR-10'
    rm -r "$root/given/cifar-10-batches-py"
    echo x >"$root/given/data_batch_2.bin"
    expect_fault "has a file of a wrong size, $root/given/data_batch_2.bin"
}

links_to_nothing_end_well_or_in_one_line() {
    ln -s nowhere "$root/data"
    fetch OFFLINE=1
    expect_code 3
    expect_said 'data is a link to nothing'
    expect_one_line
    rm "$root/data"
    put_archive "$work/good.tar.gz"
    ln -s nowhere "$root/data/cifar-10-batches-bin"
    fetch OFFLINE=1
    expect_code 0
    expect_data
}

what_was_made_is_listed_and_an_archive_put_there_by_hand_is_not() {
    put_archive "$work/good.tar.gz"
    fetch OFFLINE=1
    grep -qx cifar-10-batches-bin "$root/data/.maskbook" || fail 'the folder is not listed'
    ! grep -qx "${archive##*/}" "$root/data/.maskbook" || fail 'the archive is listed'
    rm -r "$root/data"
    fetch CIFAR10_URL="file://$work/good.tar.gz"
    grep -qx "${archive##*/}" "$root/data/.maskbook" || fail 'a download is not listed'
}

# A network that wants a password answers every request with its own page.
a_page_in_the_place_of_the_archive_costs_nothing() {
    put_part "$work/half.tar.gz"
    serve page
    fetch CIFAR10_URL="http://127.0.0.1:$port/good.tar.gz"
    stop_serving
    expect_code 3
    expect_said 'what came is no archive'
    expect_said "$part is as it was"
    expect_no_data
    cmp -s "$work/half.tar.gz" "$root/$part" || fail 'the partial download is lost'
    fetch CIFAR10_URL="file://$work/good.tar.gz"
    expect_code 0
    expect_data
}

two_runs_at_once_leave_one_result() {
    put_archive "$work/good.tar.gz"
    env CIFAR10_MD5="$md5" OFFLINE=1 "$root/tools/fetch-cifar10" >"$work/said.first" 2>&1 &
    first=$!
    fetch OFFLINE=1
    expect_code 0
    wait "$first" || fail "the other run: $(cat "$work/said.first")"
    cat "$work/said.first" >>"$work/said"
    [ "$(grep -c 'is now in' "$work/said")" -eq 1 ] || fail 'not unpacked exactly once'
    expect_data
}

# Serves $work on a free port: "ranges" answers Range requests as real servers do, "whole" always
# sends the whole file, as python3 -m http.server does, "page" sends a page in its place. Sets $port; logs to $work/served.
serve() {
    rm -f "$work/port"
    python3 - "$work" "$1" >"$work/served" 2>&1 <<'PYTHON' &
import http.server, os, sys
folder, kind = sys.argv[1:]

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path = os.path.join(folder, os.path.basename(self.path))
        if not os.path.isfile(path):
            return self.send_error(404)
        data, start = open(path, "rb").read(), 0
        if kind == "page":
            data = b"<html>Please log in</html>"
        asked = self.headers.get("Range")
        if asked and kind == "ranges":
            start = int(asked.split("=")[1].split("-")[0])
            if start >= len(data):
                return self.send_error(416)
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        print("sent", len(data) - start, "from", start, flush=True)
        try:
            self.wfile.write(data[start:])
        except OSError:
            pass  # the client hangs up when it sees that it cannot resume

    def log_message(self, *ignored):
        pass

server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
with open(folder + "/port.new", "w") as file:
    file.write(str(server.server_port))
os.rename(folder + "/port.new", folder + "/port")
server.serve_forever()
PYTHON
    server=$!
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        [ ! -f "$work/port" ] || break
        sleep 0.25
    done
    port=$(cat "$work/port")
}

stop_serving() {
    kill "$server"
    wait "$server" 2>/dev/null || true
    server=
}

check downloads_checks_and_unpacks
check a_second_run_does_nothing
check goes_on_from_a_part_of_a_file
check a_whole_part_needs_no_network
check a_part_of_another_file_is_deleted_when_whole
check an_archive_put_there_by_hand_is_used
check a_truncated_archive_is_named_and_kept
check a_flipped_byte_in_the_archive_is_named
check an_archive_of_something_else_leaves_nothing_behind
check an_incomplete_folder_is_replaced
check a_folder_within_the_folder_is_enough
check what_a_killed_run_unpacked_is_cleared_away
check offline_says_what_to_do
check no_network_says_what_to_do
check a_folder_elsewhere_is_enough
check a_wrong_folder_elsewhere_is_not_passed_over
check a_folder_that_is_not_cifar_10_is_told_apart
check links_to_nothing_end_well_or_in_one_line
check what_was_made_is_listed_and_an_archive_put_there_by_hand_is_not
check two_runs_at_once_leave_one_result
for test in goes_on_over_http_by_a_range starts_over_when_the_server_knows_no_ranges \
    starts_over_when_the_part_is_longer_than_the_file a_missing_page_is_told_in_one_line \
    a_page_in_the_place_of_the_archive_costs_nothing; do
    if command -v python3 >/dev/null; then
        check "$test"
    else
        skip "$test" 'no python3'
    fi
done
printf '1..%d\n' "$tests"
[ "$failures" -eq 0 ]
