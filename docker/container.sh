#!/bin/sh
# container.sh [docker|podman|buildah]: build the image, run it the way it is meant to be run, and
# see that it is well. Fails loudly if anything is off.
#
#   build    docker/Dockerfile, with the program named, or the first of docker (its engine must
#            answer), podman and buildah that is there; buildah is installed when none is. Where the
#            base image cannot be pulled it is made from Debian's packages (base-image.sh).
#   run      as the image's own user, on a read-only root file system, without capabilities, with
#            /data on a volume and /tmp in memory
#   check    the image's HEALTHCHECK command succeeds within a bound; /readyz answers; the user is
#            not root; nothing but /data and /tmp can be written
#   stop     SIGTERM: process 1 ends by itself with exit code 0
#
# buildah runs no long-lived containers. Its image is mounted and run in fresh namespaces (mount,
# network, process ids) instead, which needs root.
#
# GANTRY_IMAGE names the image (default: gantry). GANTRY_WAIT bounds each wait (seconds, 60).
set -eu

here=$(cd "$(dirname "$0")" && pwd)
base=docker.io/library/debian:bookworm-slim
image=${GANTRY_IMAGE:-gantry}
wait_max=${GANTRY_WAIT:-60}
name=gantry-check-$$
scratch=
engine=

say() {
    printf 'container: %s\n' "$*"
}

die() {
    printf 'container: FAILED: %s\n' "$*" >&2
    exit 1
}

# --- which program ----------------------------------------------------------------------------

works() {
    case $1 in
    docker | podman) command -v "$1" >/dev/null && timeout 20 "$1" info >/dev/null 2>&1 ;;
    buildah) command -v buildah >/dev/null ;;
    *) return 1 ;;
    esac
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

install_packages() {
    say "installing with apt: $*"
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

choose_engine() {
    if [ $# -gt 0 ]; then
        works "$1" || die "$1 does not work here"
        engine=$1
        return
    fi
    for engine in docker podman buildah; do
        if works $engine; then
            return
        fi
    done
    say "neither docker (with an engine), podman nor buildah here"
    engine=buildah
    install_packages buildah
    works buildah || die "buildah does not work here"
}

# --- build ------------------------------------------------------------------------------------

provide_base() {
    if [ -n "$("$engine" images -q "$base" 2>/dev/null)" ]; then
        return
    fi
    say "pulling $base"
    if timeout 120 "$engine" pull -q "$base" >/dev/null 2>&1; then
        return
    fi
    say "cannot be pulled here: making it from Debian's packages"
    command -v debootstrap >/dev/null || install_packages debootstrap
    as_root sh "$here/base-image.sh" "$engine" || die "no base image"
}

build() {
    before=$("$engine" images -q "$image" 2>/dev/null) || before=
    set -- -t "$image" -f "$here/Dockerfile" "$here/.."
    case $engine in
    docker) docker build "$@" ;;
    podman) podman build --format docker --pull=never "$@" ;;
    buildah) buildah bud -q --format docker --pull=never --network=host "$@" ;;
    esac || die "the image does not build"
    if [ -n "$before" ] && [ "$before" != "$("$engine" images -q "$image")" ]; then
        "$engine" rmi "$before" >/dev/null 2>&1 || : # in use, or has other names: it may stay
    fi
}

# --- docker and podman ------------------------------------------------------------------------

inside() {
    "$engine" exec "$name" "$@"
}

engine_start() {
    "$engine" run -d --name "$name" --read-only --tmpfs /tmp --cap-drop ALL \
        --security-opt no-new-privileges -v "$name:/data" "$image" >/dev/null
}

engine_is_running() {
    [ "$("$engine" inspect -f '{{.State.Running}}' "$name")" = true ]
}

engine_is_healthy() {
    case $engine in
    docker) [ "$(docker inspect -f '{{.State.Health.Status}}' "$name")" = healthy ] ;;
    podman) podman healthcheck run "$name" >/dev/null 2>&1 ;;
    esac
}

engine_stop() {
    "$engine" stop -t "$wait_max" "$name" >/dev/null
    exit_code=$("$engine" inspect -f '{{.State.ExitCode}}' "$name")
}

engine_log() {
    "$engine" logs "$name" 2>&1
}

engine_size() {
    "$engine" image inspect -f '{{.Size}}' "$image" | awk '{ printf "%.1f MB\n", $1 / 1e6 }'
}

engine_clean() {
    "$engine" rm -f "$name" >/dev/null 2>&1 || :
    "$engine" volume rm "$name" >/dev/null 2>&1 || :
}

# --- buildah ----------------------------------------------------------------------------------

config() { # one field of the image's configuration; the words of a list, with blanks between
    buildah inspect --type image -f "{{$1}}" "$image"
}

words() {
    config "range .Docker.Config.$1}}{{.}} {{end"
}

ns_prepare() {
    user=$(config .Docker.Config.User)
    folder=$(config .Docker.Config.WorkingDir)
    command=$(words Entrypoint)$(words Cmd)
    health=$(words Healthcheck.Test)
    [ -n "$user" ] || die "the image names no user"
    case $health in
    'CMD '*) health=${health#CMD } ;;
    *) die "the image has no HEALTHCHECK" ;;
    esac
    container=$(buildah from --pull=never "$image")
    root=$(buildah mount "$container")
    scratch=$(mktemp -d)
    # What an engine does with a new volume: the image's files, with their owners.
    cp -a "$root/data" "$scratch/data"
    mkdir -p "$root/proc" "$root/dev" "$root/tmp"
}

# Runs as process 1 of its own world: root, data, user, working directory, command. The capabilities
# that remain are those chroot needs; they go with the change of user.
# shellcheck disable=SC2016 # expanded in there, not here
ns_init='
    set -e
    root=$1 data=$2 user=$3 folder=$4
    shift 4
    mount --bind "$root" "$root"
    mount --bind "$data" "$root/data"
    mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
    mount -t tmpfs -o nosuid,nodev,size=64m,mode=1777 tmpfs "$root/tmp"
    mount -t tmpfs -o nosuid,size=64k,mode=755 tmpfs "$root/dev"
    for device in null zero full random urandom; do
        : >"$root/dev/$device"
        mount --bind "/dev/$device" "$root/dev/$device"
    done
    mount -o remount,ro,bind "$root"
    ip link set lo up
    exec setpriv --no-new-privs --inh-caps=-all --bounding-set=-all,+sys_chroot,+setuid,+setgid \
        chroot --userspec="$user" --groups= "$root" /usr/bin/env -i \
        -C "$folder" PATH=/usr/local/bin:/usr/bin:/bin "$@"
'

ns_start() {
    ns_prepare
    # shellcheck disable=SC2086 # the words of the command
    unshare --mount --propagation private --net --pid --ipc --uts --fork \
        sh -c "$ns_init" sh "$root" "$scratch/data" "$user" "$folder" $command >"$scratch/log" 2>&1 &
    keeper=$!
    first=
    tries=0
    while [ -z "$first" ] && [ "$tries" -lt 100 ]; do # none after that: noticed as "not running"
        first=$(tr -d ' ' 2>/dev/null <"/proc/$keeper/task/$keeper/children") || return 0
        tries=$((tries + 1))
        [ -n "$first" ] || sleep 0.05
    done
}

ns_inside() {
    nsenter -t "$first" --mount --net --pid setpriv --no-new-privs --inh-caps=-all \
        --bounding-set=-all,+sys_chroot,+setuid,+setgid \
        chroot --userspec="$user" --groups= "$root" /usr/bin/env -i PATH=/usr/local/bin:/usr/bin:/bin "$@"
}

ns_is_healthy() {
    # shellcheck disable=SC2086 # the words of the command
    ns_inside $health >/dev/null 2>&1
}

ns_stop() {
    stop_signal=$(config .Docker.Config.StopSignal)
    kill -s "${stop_signal#SIG}" "$first"
    exit_code=0
    timeout "$wait_max" tail -s 0.1 --pid="$keeper" -f /dev/null || die "did not stop within $wait_max s"
    wait "$keeper" || exit_code=$?
    keeper=
}

ns_clean() {
    if [ -n "${keeper:-}" ]; then
        # Process 1 takes its whole world along, and its keeper then ends. (unshare --kill-child
        # would not do: the kernel forgets that wish when the child changes its user.)
        kill -KILL "${first:-$keeper}" 2>/dev/null || :
        wait "$keeper" 2>/dev/null || :
    fi
    if [ -n "${container:-}" ]; then
        buildah umount "$container" >/dev/null 2>&1 || :
        buildah rm "$container" >/dev/null 2>&1 || :
    fi
    if [ -n "${scratch:-}" ]; then
        rm -rf "$scratch"
    fi
}

use_buildah() {
    export BUILDAH_ISOLATION="${BUILDAH_ISOLATION:-chroot}" STORAGE_DRIVER="${STORAGE_DRIVER:-vfs}"
    for need in ip:iproute2 nsenter:util-linux setpriv:util-linux; do
        command -v "${need%:*}" >/dev/null || install_packages "${need#*:}"
    done
    inside() { ns_inside "$@"; }
    engine_start() { ns_start; }
    engine_is_running() { [ -n "$first" ] && kill -0 "$keeper" 2>/dev/null; }
    engine_is_healthy() { ns_is_healthy; }
    engine_stop() { ns_stop; }
    engine_log() { cat "$scratch/log" 2>/dev/null || :; }
    engine_size() { buildah images --format '{{.Size}}' "$image" | head -n 1; }
    engine_clean() { ns_clean; }
}

# --- the check --------------------------------------------------------------------------------

wait_until_healthy() {
    tries=0
    until engine_is_healthy; do
        engine_is_running || die "ended at once"
        tries=$((tries + 1))
        [ "$tries" -lt $((wait_max * 5)) ] || die "not healthy within $wait_max s"
        sleep 0.2
    done
    say "healthy"
}

check_inside() {
    uid=$(inside id -u)
    [ "$uid" -ne 0 ] || die "runs as root"
    ruid=$(inside sed -n 's/^Uid:\t\([0-9]*\).*/\1/p' /proc/1/status)
    [ "$ruid" = "$uid" ] || die "process 1 runs as user $ruid, not $uid"
    caps=$(inside sed -n 's/^CapEff:\t//p' /proc/1/status)
    [ "$caps" = 0000000000000000 ] || die "process 1 has capabilities: $caps"
    say "process 1 is $(inside cat /proc/1/comm), user $uid, no capabilities"
    for place in / /usr/local/bin /etc /var; do
        if inside touch "$place/probe" 2>/dev/null; then
            die "$place can be written"
        fi
    done
    inside grep -q '^[^ ]* / [^ ]* ro[, ]' /proc/1/mounts || die "the root file system is not read-only"
    for place in /data /tmp; do
        inside touch "$place/probe" || die "$place cannot be written"
        inside rm "$place/probe"
    done
    say "root file system read-only, /data and /tmp writable"
    inside gantry health --url http://127.0.0.1:8080/readyz >/dev/null || die "/readyz does not answer 200"
    say "ready"
}

finish() {
    code=$?
    trap - EXIT
    if [ "$code" -ne 0 ] && [ -n "${started:-}" ]; then
        say "its log:"
        engine_log | tail -n 40 >&2 || :
    fi
    engine_clean
    exit "$code"
}

choose_engine "$@"
if [ "$engine" = buildah ] && [ "$(id -u)" -ne 0 ]; then
    say "buildah runs the check as root: sudo"
    exec sudo env GANTRY_IMAGE="$image" GANTRY_WAIT="$wait_max" "$here/container.sh" buildah
fi
say "using $engine"
if [ "$engine" = buildah ]; then
    use_buildah
fi
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

provide_base
build
say "built $image: $(engine_size)"
started=yes
engine_start || die "does not start"
wait_until_healthy
check_inside
engine_stop
[ "$exit_code" -eq 0 ] || die "ended with exit code $exit_code on its stop signal"
say "stopped, exit code 0"
say "ok"
