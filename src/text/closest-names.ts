const suggestionsMax = 3
/** Only the first 100 characters of a string are compared, because a longer string is not a misspelled name. */
const comparedLengthMax = 100

/** Returns the names that differ from `name` in the fewest characters, closest first. */
export function nearest(name: string, names: readonly string[]): string[] {
  const misspelled = name.slice(0, comparedLengthMax).toLowerCase()
  const ranked = names.map((candidate) => ({
    candidate,
    distance: editDistance(misspelled, candidate.toLowerCase()),
  }))
  return ranked
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, suggestionsMax)
    .map(({ candidate }) => candidate)
}

/** Returns the name that a misspelled name probably stands for, or undefined if no name is similar. */
export function similarName(name: string, names: readonly string[]): string | undefined {
  const [best] = nearest(name, names)
  if (best === undefined) return undefined
  const changes = editDistance(name.slice(0, comparedLengthMax).toLowerCase(), best.toLowerCase())
  return changes <= Math.max(1, Math.floor(best.length / 3)) ? best : undefined
}

/**
 * Returns the number of insertions, deletions and replacements of single characters between two strings (Levenshtein distance).
 */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= b.length; column += 1)
      current.push(
        Math.min(
          (previous[column] ?? 0) + 1,
          (current[column - 1] ?? 0) + 1,
          (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1),
        ),
      )
    previous = current
  }
  return previous[b.length] ?? 0
}
