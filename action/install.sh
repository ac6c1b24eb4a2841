#!/usr/bin/env bash
# Puts rootlint on the PATH of the following steps: a released binary of an exact version whose checksum is known
# beforehand, or this action's own source built by cargo.
set -euo pipefail

fail() {
    # The text is ours, but for a version or a path, which the workflow's author gives.
    printf '::error title=rootlint::%s\n' "$1"
    exit 2
}

here=$GITHUB_ACTION_PATH
folder=$RUNNER_TEMP/rootlint
mkdir -p "$folder/bin"

target() {
    case "${RUNNER_OS:-} ${RUNNER_ARCH:-}" in
        "Linux X64") echo x86_64-unknown-linux-musl ;;
        "Linux ARM64") echo aarch64-unknown-linux-musl ;;
        "macOS X64") echo x86_64-apple-darwin ;;
        "macOS ARM64") echo aarch64-apple-darwin ;;
        "Windows X64") echo x86_64-pc-windows-msvc ;;
        *) return 1 ;;
    esac
}

sha256() {
    if command -v sha256sum >/dev/null; then
        sha256sum "$1" | cut -d ' ' -f 1
    else
        shasum -a 256 "$1" | cut -d ' ' -f 1
    fi
}

download() {
    local version=$ROOTLINT_VERSION target name expected releases actual
    if [ -z "$version" ]; then
        version=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$here/Cargo.toml" | head -n 1)
    fi
    version=${version#v}
    [[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?$ ]] ||
        fail "version has to be exact, as in 1.2.3"
    target=$(target) || fail "there is no release for $RUNNER_OS on $RUNNER_ARCH; use 'install: cargo'"
    name=rootlint-$version-$target.tar.gz
    expected=$ROOTLINT_SHA256
    if [ -z "$expected" ]; then
        expected=$(awk -v name="$name" '$2 == name { print $1 }' "$here/action/checksums.txt")
    fi
    [ -n "$expected" ] ||
        fail "no checksum of $name is known to this action: use a version that it lists, give sha256, or use 'install: cargo'"
    releases=$ROOTLINT_MIRROR
    if [ -z "$releases" ]; then
        releases=$ROOTLINT_REPOSITORY/releases/download
    fi
    curl --fail --silent --show-error --location --retry 3 --proto '=https,file' --proto-redir '=https' \
        --output "$folder/$name" "${releases%/}/v$version/$name" || fail "$name could not be downloaded"
    actual=$(sha256 "$folder/$name")
    if [ "$actual" != "$expected" ]; then
        rm -f "$folder/$name"
        fail "the checksum of $name is $actual, expected was $expected"
    fi
    tar -xzf "$folder/$name" -C "$folder/bin"
}

case $ROOTLINT_INSTALL in
    binary) download ;;
    cargo) cargo install --locked --quiet --path "$here" --root "$folder" ;;
    none) exit 0 ;;
    *) fail "install is binary, cargo or none" ;;
esac
printf '%s\n' "$folder/bin" >>"$GITHUB_PATH"
