#!/bin/sh
# Builds `neteq` into a folder: libwebrtc as Debian packages it (for Telegram), with its libopus. Nothing is installed.
#
#     build.sh FOLDER
#
# Needs apt-get and dpkg (any user), Debian's keys, and a C++ compiler that knows C++20. SUITE says whose packages: sid's
# NetEQ (the default) is of 2024, that of trixie and bookworm of 2023.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1" && cd "$1"
suite=${SUITE:-sid}
mirror=${MIRROR:-http://deb.debian.org/debian}
keys=/usr/share/keyrings/debian-archive-keyring.gpg

mkdir -p apt/lists/partial apt/cache/archives/partial debs
echo "deb [signed-by=$keys] $mirror $suite main" > apt/sources.list
work=$PWD
apt() {
  apt-get -qq -o Dir::Etc::sourcelist="$work/apt/sources.list" -o Dir::Etc::sourceparts=- \
    -o Dir::State::lists="$work/apt/lists" -o Dir::Cache="$work/apt/cache" -o APT::Sandbox::User="$(id -un)" "$@"
}
apt update
rm -rf debs root && mkdir debs root
(cd debs && apt download libtgowt-dev libabsl-dev libopus-dev)
for package in debs/*.deb; do dpkg -x "$package" root; done
version=$(dpkg-deb -f debs/libtgowt-dev_*.deb Version)
opus=$(dpkg-deb -f debs/libopus-dev_*.deb Version)

libraries=$(dirname "$(find root -name libtg_owt.a)")
${CXX:-g++} -std=c++20 -O2 -DWEBRTC_POSIX -DWEBRTC_LINUX -DNETEQ_VERSION="\"libtgowt $version, libopus $opus\"" \
  -Iroot/usr/include/tg_owt -Iroot/usr/include "$here/neteq.cc" "$here/shim.cc" -o neteq -Wl,--gc-sections \
  -Wl,--start-group "$libraries"/libtg_owt.a "$libraries"/libabsl_*.a "$libraries"/libopus.a -Wl,--end-group -lpthread
