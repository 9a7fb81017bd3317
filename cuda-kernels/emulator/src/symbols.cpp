#include "symbols.h"

#include <cxxabi.h>
#include <dlfcn.h>
#include <elf.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <vector>

namespace emulator {
namespace {

// The mangled name of the function at `address` of a 64-bit ELF file; dladdr knows only exported
// ones.
std::string symbol(const char* path, uint64_t address, uint64_t base) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  if (bytes.size() < sizeof(Elf64_Ehdr) || std::memcmp(bytes.data(), ELFMAG, SELFMAG) != 0)
    return "";
  const auto* header = reinterpret_cast<const Elf64_Ehdr*>(bytes.data());
  const auto* sections = reinterpret_cast<const Elf64_Shdr*>(bytes.data() + header->e_shoff);
  const uint64_t offset = header->e_type == ET_DYN ? address - base : address;
  for (int i = 0; i < header->e_shnum; i++) {
    const Elf64_Shdr& section = sections[i];
    if (section.sh_type != SHT_SYMTAB) continue;
    const char* names = bytes.data() + sections[section.sh_link].sh_offset;
    const auto* symbols = reinterpret_cast<const Elf64_Sym*>(bytes.data() + section.sh_offset);
    for (size_t s = 0; s < section.sh_size / sizeof(Elf64_Sym); s++) {
      if (ELF64_ST_TYPE(symbols[s].st_info) == STT_FUNC && symbols[s].st_value == offset) {
        return names + symbols[s].st_name;
      }
    }
  }
  return "";
}

// Drops return type, namespaces and parameters: "void otc::(anonymous namespace)::sum<8>(int)" is
// sum<8>.
std::string shortened(const std::string& demangled) {
  int depth = 0;
  size_t first = 0;
  size_t end = demangled.size();
  for (size_t i = 0; i < demangled.size(); i++) {
    const char c = demangled[i];
    if (c == '(' && demangled.compare(i, 21, "(anonymous namespace)") == 0) {
      i += 20;
      continue;
    }
    if (c == '(' && depth == 0) {
      end = i;
      break;
    }
    depth += (c == '<' || c == '(') - (c == '>' || c == ')');
    if (depth == 0 && (c == ':' || c == ' ')) first = i + 1;
  }
  return demangled.substr(first, end - first);
}

std::string find(const void* function) {
  Dl_info info{};
  if (dladdr(function, &info) == 0) return "a kernel";
  const std::string mangled = symbol(info.dli_fname, reinterpret_cast<uint64_t>(function),
                                     reinterpret_cast<uint64_t>(info.dli_fbase));
  if (mangled.empty()) return "a kernel";
  int status = 0;
  char* text = abi::__cxa_demangle(mangled.c_str(), nullptr, nullptr, &status);
  const std::string name = text == nullptr ? mangled : shortened(text);
  std::free(text);
  return name;
}

}  // namespace

const std::string& kernel_name(const void* function) {
  static std::map<const void*, std::string> names;
  auto found = names.find(function);
  if (found == names.end()) found = names.emplace(function, find(function)).first;
  return found->second;
}

std::string source_line(const void* code) {
  Dl_info info{};
  if (dladdr(code, &info) == 0) return "an unknown place";
  // The call, not the instruction behind it.
  const auto offset =
      reinterpret_cast<uintptr_t>(code) - reinterpret_cast<uintptr_t>(info.dli_fbase) - 1;
  char command[4096];
  std::snprintf(command, sizeof command, "addr2line -i -s -e '%s' %#lx 2>/dev/null", info.dli_fname,
                static_cast<unsigned long>(offset));
  // What was inlined comes first; the emulator's own functions are not what is looked for.
  char line[256] = "";
  if (FILE* pipe = popen(command, "r")) {
    while (std::fgets(line, sizeof line, pipe) != nullptr &&
           std::strncmp(line, "device.h:", 9) == 0) {
    }
    pclose(pipe);
  }
  line[std::strcspn(line, " \n")] = '\0';
  return line[0] == '\0' || line[0] == '?' ? "an unknown place" : line;
}

}  // namespace emulator
