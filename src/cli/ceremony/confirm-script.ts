/**
 * The confirmation of a ceremony: two people each type their name, and the SHA-256 of their own copy of the script. The SHA-256
 * is displayed only after both people have typed it, because copying it from the screen would confirm nothing.
 */
import { createInterface } from 'node:readline'
import type { Confirmed } from '../../ceremony/ceremony.ts'
import { isLine } from '../../ceremony/script/members.ts'
import { nameKey } from '../../ceremony/script/parse-script.ts'
import type { Participant } from '../../ceremony/transcript.ts'
import type { Clock } from '../../clock.ts'
import { ConfigurationError } from '../../errors.ts'
import { isoSeconds } from '../../text/iso-time.ts'
import { visibleText } from '../../text/visible-text.ts'
import type { ProcessIo } from '../shared/context.ts'

/**
 * Number of digits in a group, and minimum number of groups that each person must type. The minimum is 128 bits, which identify
 * the script uniquely.
 */
const [groupDigits, typedGroups] = [4, 8]
const typedDigits = groupDigits * typedGroups
const people = ['First', 'Second'] as const
const nameMax = 100

export interface ScriptToConfirm {
  readonly scriptSha256: string
  /** Names that the script permits; empty if it permits everyone. */
  readonly permitted: readonly string[]
  readonly clock: Clock
}

/** Formats the SHA-256 in groups of four digits. */
export function groupedDigest(digest: string): string {
  return (digest.match(/.{4}/g) ?? []).join(' ')
}

/**
 * Writes prompts to standard error, and reads the replies from standard input. Throws ConfigurationError unless two people
 * confirm the script.
 */
export async function confirmScript(
  { stdin, stderr }: Pick<ProcessIo, 'stdin' | 'stderr'>,
  script: ScriptToConfirm,
): Promise<Confirmed> {
  const input = stdin() as NodeJS.ReadableStream & { readonly isTTY?: boolean }
  if (input.isTTY !== true)
    throw new ConfigurationError(
      'two people must confirm the script at a terminal; the flags --confirmed-by and --script-sha256 are only for tests',
    )
  const lines = createInterface({ input, output: stderr })
  // Ctrl-C ends the input, so the run ends in the same way as for any other missing reply.
  lines.on('SIGINT', () => lines.close())
  const answers = lines[Symbol.asyncIterator]()
  const ask = async (question: string): Promise<string> => {
    stderr.write(question)
    const { value, done } = await answers.next()
    if (done === true) throw notConfirmed('the input ended')
    return value.trim()
  }
  try {
    stderr.write(
      '\nCompute the SHA-256 of the copy of the script that you have reviewed (sha256sum).\n',
    )
    const participants: Participant[] = []
    for (const person of people)
      participants.push(await confirmOne(ask, { person, participants, script }))
    stderr.write(`\nBoth match the script:\n  ${groupedDigest(script.scriptSha256)}\n`)
    return { confirmation: 'terminal', participants }
  } finally {
    lines.close()
  }
}

async function confirmOne(
  ask: (question: string) => Promise<string>,
  {
    person,
    participants,
    script,
  }: {
    readonly person: string
    readonly participants: readonly Participant[]
    readonly script: ScriptToConfirm
  },
): Promise<Participant> {
  const name = await ask(`\n${person} participant, type your name: `)
  const problem = nameProblem(name, { participants, script })
  if (problem !== undefined) throw notConfirmed(problem)
  const typed = await ask(
    `${visibleText(name)}, type the SHA-256 of your copy, or its first ${typedGroups} groups of ${groupDigits} digits: `,
  )
  const digits = typed.replaceAll(/[\s:]/g, '').toLowerCase()
  if (digits.length < typedDigits)
    throw notConfirmed(`at least ${typedDigits} digits of the SHA-256 are required`)
  if (!script.scriptSha256.startsWith(digits))
    throw notConfirmed(
      'the input is not the SHA-256 of the script: your copy differs from the script on this machine',
    )
  return { name, confirmedAt: isoSeconds(script.clock.now()) }
}

function nameProblem(
  name: string,
  {
    participants,
    script,
  }: { readonly participants: readonly Participant[]; readonly script: ScriptToConfirm },
): string | undefined {
  if (!isLine(name, nameMax)) return `a name must have 1 to ${nameMax} visible characters`
  if (participants.some((other) => nameKey(other.name) === nameKey(name)))
    return 'the second participant must be another person'
  const { permitted } = script
  const isPermitted = permitted.length === 0 || permitted.map(nameKey).includes(nameKey(name))
  return isPermitted
    ? undefined
    : `${visibleText(name)} is not one of the participants in the script: ${permitted.join(', ')}`
}

function notConfirmed(problem: string): ConfigurationError {
  return new ConfigurationError(`${problem}; not confirmed, and nothing was signed`)
}

/**
 * Confirms a script from flags, for tests. Throws ConfigurationError unless the flags contain two names and the SHA-256 of the
 * script.
 */
export function confirmByFlags(
  { confirmedBy = [], scriptSha256 }: { confirmedBy?: readonly string[]; scriptSha256?: string },
  script: ScriptToConfirm,
): Confirmed {
  const participants: Participant[] = []
  for (const name of confirmedBy) {
    const problem = nameProblem(name, { participants, script })
    if (problem !== undefined) throw notConfirmed(`--confirmed-by: ${problem}`)
    participants.push({ name, confirmedAt: isoSeconds(script.clock.now()) })
  }
  if (participants.length < people.length)
    throw notConfirmed('--confirmed-by must be given twice, with two names')
  if (scriptSha256?.toLowerCase() !== script.scriptSha256)
    throw notConfirmed(
      scriptSha256 === undefined
        ? '--confirmed-by requires --script-sha256'
        : '--script-sha256: the script has a different SHA-256',
    )
  return { confirmation: 'flags', participants }
}
