#!/bin/sh
# Builds `neteq` in a folder: libwebrtc as Debian packages it (for Telegram), with its libopus. Nothing is installed.
#
#     build.sh FOLDER
#
# Needs a C++ compiler that knows C++20. SUITE says whose packages: sid's NetEQ (the default) is of 2024, that of trixie and
# bookworm of 2023.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
"$here/../debian.sh" "$1" "${SUITE:-sid}" libtgowt-dev libabsl-dev libopus-dev
cd "$1"
version=$(dpkg-deb -f debs/libtgowt-dev_*.deb Version)
opus=$(dpkg-deb -f debs/libopus-dev_*.deb Version)
libraries=$(dirname "$(find root -name libtg_owt.a)")
${CXX:-g++} -std=c++20 -O2 -DWEBRTC_POSIX -DWEBRTC_LINUX -DNETEQ_VERSION="\"libtgowt $version, libopus $opus\"" \
  -Iroot/usr/include/tg_owt -Iroot/usr/include "$here/neteq.cc" "$here/shim.cc" -o neteq -Wl,--gc-sections \
  -Wl,--start-group "$libraries"/libtg_owt.a "$libraries"/libabsl_*.a "$libraries"/libopus.a -Wl,--end-group -lpthread
