# gcov --stdout *.gcda | awk -v folder=/kernels/ -v least=95 -f coverage.awk
#
# Which share of the lines of the files in `folder` has run. A line that several translation units or
# template instances have counts once, as run if one of them ran it. Fails below `least` percent.

BEGIN { FS = ":" }

{
  count = $1
  line = $2
  gsub(/[ *]/, "", count)
  gsub(/ /, "", line)
}

line == 0 && $3 == "Source" { file = $4; wanted = index(file, folder) > 0 }
line == 0 || !wanted || line !~ /^[0-9]+$/ || count == "-" { next }
{
  place = file ":" line
  if (!(place in ran)) { ran[place] = 0; lines[file]++ }
  if (count != "#####" && count != "=====" && !ran[place]) { ran[place] = 1; hit[file]++ }
}

END {
  for (file in lines) {
    name = file
    sub(/.*\//, "", name)
    printf "%6.1f %%  %4d of %4d  %s\n", 100 * hit[file] / lines[file], hit[file], lines[file], name
    all += lines[file]
    all_hit += hit[file]
  }
  for (place in ran) if (!ran[place]) { sub(/.*\//, "", place); print "not run: " place }
  share = all > 0 ? 100 * all_hit / all : 0
  printf "%6.1f %% of %d lines, at least %d %% are asked for\n", share, all, least
  exit share < least
}
