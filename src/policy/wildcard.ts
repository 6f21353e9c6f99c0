/**
 * Returns whether the entire `text` matches `pattern`, in which `*` stands for any characters and `?` for exactly one character
 * (IAM JSON policy elements). The running time is at most proportional to the product of the two lengths. Backtracking to the
 * last `*` is sufficient, so no recursion is needed.
 */
export function matchesWildcard(pattern: string, text: string): boolean {
  let [at, from, star, resume] = [0, 0, -1, 0]
  while (from < text.length) {
    const character = pattern[at]
    if (character === '*') {
      star = at
      resume = from
      at += 1
      if (at === pattern.length) return true
    } else if (character === '?' || character === text[from]) {
      at += 1
      from += 1
    } else if (star >= 0) {
      resume += 1
      at = star + 1
      from = resume
    } else {
      return false
    }
  }
  while (pattern[at] === '*') at += 1
  return at === pattern.length
}
