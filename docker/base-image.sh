#!/bin/sh
# base-image.sh [docker|podman|buildah]: make the image docker.io/library/debian:bookworm-slim in
# the local storage of that program (buildah unless said otherwise) from Debian's own packages, for
# machines which reach a Debian mirror but no image registry.
#
# Needs root and debootstrap (container.sh installs it). Safe to run again: an image of that name
# which is there already is left alone.
#
# GANTRY_DEBIAN_MIRROR overrides the mirror; otherwise it is the one the machine itself uses.
set -eu

engine=${1:-buildah}
image=docker.io/library/debian:bookworm-slim
path=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
sources=/etc/apt/sources.list.d/debian.sources
if [ "$engine" = buildah ]; then
    export BUILDAH_ISOLATION="${BUILDAH_ISOLATION:-chroot}" STORAGE_DRIVER="${STORAGE_DRIVER:-vfs}"
fi

say() {
    printf 'base-image: %s\n' "$*" >&2
}

# The first http(s) address in apt's lists, new style (.sources) before old (sources.list).
mirror() {
    found=
    if [ -r "$sources" ]; then
        found=$(awk '$1 == "URIs:" && $2 ~ /^https?:/ { print $2; exit }' "$sources")
    fi
    if [ -z "$found" ] && [ -r /etc/apt/sources.list ]; then
        found=$(awk '$1 == "deb" { for (i = 2; i <= NF; i++) if ($i ~ /^https?:/) { print $i; exit } }' \
            /etc/apt/sources.list)
    fi
    printf '%s\n' "${found:-http://deb.debian.org/debian}"
}

# What debian:bookworm-slim leaves out of the packages it installs: nobody reads manuals in there.
slim() {
    mkdir -p "$1/etc/dpkg/dpkg.cfg.d" "$1/etc/apt/apt.conf.d"
    cat >"$1/etc/dpkg/dpkg.cfg.d/docker" <<'END'
force-unsafe-io
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/man/*
path-exclude /usr/share/info/*
path-exclude /usr/share/locale/*
END
    find "$1/usr/share/doc" -type f ! -name copyright -delete
    find "$1/usr/share/doc" -type l -delete
    find "$1/usr/share/doc" -type d -empty -delete
    rm -rf "$1/usr/share/man" "$1/usr/share/info" "$1/usr/share/locale"
    rm -rf "$1/var/cache/apt/archives" "$1/var/lib/apt/lists" "$1"/var/log/*.log
    mkdir -p "$1/var/cache/apt/archives/partial" "$1/var/lib/apt/lists/partial"
}

if "$engine" images -q "$image" 2>/dev/null | grep -q .; then
    say "$image is there already"
    exit 0
fi

from=${GANTRY_DEBIAN_MIRROR:-$(mirror)}
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

say "bootstrapping bookworm from $from"
case $from in
https:*) include=--include=ca-certificates ;;
*) include= ;;
esac
# shellcheck disable=SC2086 # empty means no argument
if ! debootstrap --variant=minbase $include bookworm "$root/fs" "$from" >"$root/log" 2>&1; then
    tail -n 20 "$root/log" >&2
    say "debootstrap failed"
    exit 1
fi

# The same sources as the machine's: where the mirror is a private one, the Dockerfile's apt-get
# needs it too. Security updates come along.
if [ -r "$sources" ]; then
    cp "$sources" "$root/fs$sources"
    : >"$root/fs/etc/apt/sources.list"
fi
slim "$root/fs"

case $engine in
buildah)
    container=$(buildah from scratch)
    buildah add -q "$container" "$root/fs" / >/dev/null
    buildah config --cmd bash --env "$path" "$container"
    buildah commit -q --rm "$container" "$image" >/dev/null
    ;;
*)
    tar -C "$root/fs" -c . | "$engine" import -c 'CMD ["bash"]' -c "ENV $path" - "$image" >/dev/null
    ;;
esac
say "made $image"
