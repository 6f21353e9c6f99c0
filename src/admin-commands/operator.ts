/** Identifies the person who runs a command, for leaves in the record. */
import { hostname, userInfo } from 'node:os'
import { systemClock } from '../clock.ts'
import type { Config } from '../settings/config.ts'
import type { ChangeContext } from '../store/recorded-states.ts'

/** Returns the time, user, host and command. `command` is the command's name without its arguments, which may be secret. */
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
    // In a container, the operating-system user may have no name.
    return `uid ${process.geteuid?.() ?? 'unknown'}`
  }
}
