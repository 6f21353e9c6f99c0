/** The administrator's access key from two environment variables. */
import type { Credentials } from '../text/credentials-file.ts'
import { Secret } from './secret.ts'

type Read = (name: 'rootAccessKeyId' | 'rootSecretAccessKey') => string | undefined

/** Adds a problem if only one of the two variables is set. */
export function rootCredentialsOf(read: Read, problems: string[]): Secret<Credentials> | undefined {
  const before = problems.length
  const accessKeyId = read('rootAccessKeyId')
  const secretAccessKey = read('rootSecretAccessKey')
  if (accessKeyId !== undefined && secretAccessKey !== undefined)
    return new Secret({ accessKeyId, secretAccessKey })
  // An invalid value was reported already.
  if (accessKeyId !== secretAccessKey && problems.length === before)
    problems.push(
      'SIGNET_ROOT_ACCESS_KEY_ID and SIGNET_ROOT_SECRET_ACCESS_KEY must be set together, or not at all',
    )
  return undefined
}
