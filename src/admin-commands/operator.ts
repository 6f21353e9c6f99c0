/** Who runs a command, for the leaves of the record. */
import { hostname, userInfo } from 'node:os'
import { systemClock } from '../clock.ts'
import type { Config } from '../settings/config.ts'
import type { ChangeContext } from '../store/recorded-states.ts'

/** Returns the time, and the user, host and command. `command` is its name, without arguments, which may be secret. */
export function operatorContext(
  { sudoUser }: Pick<Config, 'sudoUser'>,
  command: string,
): ChangeContext {
  const actor = { osUser: userName(), sudoUser, host: hostname(), command: `signet ${command}` }
  return { time: systemClock.now(), actor }
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    // A container may run as a user without a name.
    return `uid ${process.geteuid?.() ?? 'unknown'}`
  }
}
