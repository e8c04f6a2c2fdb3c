#!/bin/sh
# Unpacks packages of Debian in FOLDER/root, without installing any: FOLDER/debs has them as they are.
#
#     debian.sh FOLDER SUITE PACKAGE...
#
# Needs apt-get, dpkg and Debian's keys, and no rights.
set -eu
mkdir -p "$1" && cd "$1"
work=$PWD suite=$2
shift 2
mkdir -p apt/lists/partial apt/cache/archives/partial
keys=/usr/share/keyrings/debian-archive-keyring.gpg
echo "deb [signed-by=$keys] ${MIRROR:-http://deb.debian.org/debian} $suite main" > apt/sources.list
apt() {
  apt-get -qq -o Dir::Etc::sourcelist="$work/apt/sources.list" -o Dir::Etc::sourceparts=- \
    -o Dir::State::lists="$work/apt/lists" -o Dir::Cache="$work/apt/cache" -o APT::Sandbox::User="$(id -un)" "$@"
}
apt update
rm -rf debs root && mkdir debs root
(cd debs && apt download "$@")
for package in debs/*.deb; do dpkg -x "$package" root; done
