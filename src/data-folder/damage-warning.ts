/** A warning for the operator in one line: the damage of the database, and where to find help. */
export function damageWarning({ message, cause }: Error): string {
  const reason = cause instanceof Error ? ` (${cause.message})` : ''
  return `${message.replace(/\.$/, '')}${reason}; see "A damaged database, and lost writes" in docs/operating.md`
}
