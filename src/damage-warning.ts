/** What is wrong with the database, and what the operator can do, in one line. */
export function damageWarning({ message, cause }: Error): string {
  const reason = cause instanceof Error ? ` (${cause.message})` : ''
  return `${message.replace(/\.$/, '')}${reason}; see "A damaged database, and lost writes" in docs/operating.md`
}
