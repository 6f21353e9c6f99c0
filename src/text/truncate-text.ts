/** The first `unitsMax` UTF-16 code units of a text; one less where a surrogate pair would be split. */
export function truncateText(text: string, unitsMax: number): string {
  if (text.length <= unitsMax) return text
  const last = text.charCodeAt(unitsMax - 1)
  const isHighSurrogate = last >= 0xd8_00 && last <= 0xdb_ff
  return text.slice(0, isHighSurrogate ? unitsMax - 1 : unitsMax)
}
