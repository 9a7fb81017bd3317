# Makes a __shared__ variable a reference to memory of the running block:
#   __shared__ alignas(16) float tile[8][33];  ->  a type, a key, and `float (&tile)[8][33] = ...;`
# All of it stays on its line, so that coverage and reports count lines as in the source.
/extern[[:space:]]+__shared__/b
/^[[:space:]]*(\/\/|\*)/b
s/__shared__[[:space:]]+((alignas|__align__)\([^)]*\)[[:space:]]*)?([^;]*[^_[:alnum:];])([_[:alpha:]][_[:alnum:]]*)[[:space:]]*((\[[^]]*\][[:space:]]*)*);/typedef \3 \4_shared_type \5; static const char \4_shared_key = 0; \4_shared_type\& \4 = ::emulator::shared_variable<\4_shared_type>(\&\4_shared_key, alignof(\4_shared_type));/
