// What the library asks of newer systems than this one may be. Weak: where the system has it, the system's is taken.

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#define WEAK extern "C" __attribute__((weak))

// C23's, which take 0b101 too (glibc 2.38).
WEAK long __isoc23_strtol(const char* from, char** end, int base) { return std::strtol(from, end, base); }
WEAK long long __isoc23_strtoll(const char* from, char** end, int base) { return std::strtoll(from, end, base); }
WEAK unsigned long __isoc23_strtoul(const char* from, char** end, int base) { return std::strtoul(from, end, base); }
WEAK unsigned long long __isoc23_strtoull(const char* from, char** end, int base) {
  return std::strtoull(from, end, base);
}
WEAK int __isoc23_sscanf(const char* from, const char* format, ...) {
  va_list rest;
  va_start(rest, format);
  int read = std::vsscanf(from, format, rest);
  va_end(rest);
  return read;
}

// std::string::_M_replace_cold (GCC 13): `length` bytes at `at` become `count` bytes of the same string, `after` follow.
WEAK void _ZNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEE15_M_replace_coldEPcmPKcmm(
    void*, char* at, size_t length, const char* with, size_t count, size_t after) {
  std::string kept(with, count);
  if (after != 0 && length != count) std::memmove(at + count, at + length, after);
  std::memcpy(at, kept.data(), count);
}
