/** Returns why a string is not a JSON object, including the line of the error. Returns undefined for a JSON object. */
export function jsonProblem(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject
      ? undefined
      : 'The policy must be a JSON object: { "Version": …, "Statement": … }'
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const [, position] = /position (\d+)/.exec(message) ?? []
    if (position === undefined || /line \d+/.test(message)) return `Not valid JSON: ${message}`
    const line = text.slice(0, Number(position)).split('\n').length
    return `Not valid JSON, line ${line}: ${message}`
  }
}
