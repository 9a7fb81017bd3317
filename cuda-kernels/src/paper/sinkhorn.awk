# awk -f sinkhorn.awk: the least time of a Sinkhorn iteration without folds on an H100, in microseconds
# for a whole batch of square problems, from what its matrices must move alone. Barriers, launches and
# tails come on top. It is a bound by arithmetic, not a measurement.
BEGIN {
  sms = 132; hbm = 3.35e12; l2 = 5.5e12; l2_bytes = 50e6; clock = 1.755e9
  bank = 128 * clock * sms         # bytes/s of shared memory
  held = sms * (227 - 36) * 1024   # bytes of matrix that blocks of tier 2 keep, scratch taken off
  split("64 128 200 256 512 1024 2048 4096 8192", sizes, " ")
  split("1 16 256 4096", batches, " ")
  printf "| n |"; for (k = 1; k <= 4; k++) printf " batch %d |", batches[k]
  printf "\n| --- | --- | --- | --- | --- |\n"
  for (s = 1; s in sizes; s++) {
    n = sizes[s]; bytes = 4 * n * n
    printf "| %d |", n
    for (k = 1; k <= 4; k++) {
      count = batches[k]
      if (n <= 200) {
        busy = count < sms ? count : sms
        seconds = count * bytes / (bank * busy / sms)
      } else {
        step = n <= 256 ? 32 : n <= 512 ? 16 : n <= 1024 ? 8 : 16384 / n
        chunks = n / step; if (chunks > 256) chunks = 256
        busy = count * chunks; if (busy > sms) busy = sms
        rest = bytes > held ? bytes - held : 0
        slow = rest > l2_bytes ? rest / hbm : rest / l2
        fast = (bytes - rest) / (bank * busy / sms)
        seconds = count * (slow > fast ? slow : fast)
      }
      printf " %.3g |", seconds * 1e6
    }
    printf "\n"
  }
}
