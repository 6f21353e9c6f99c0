/** The administrator's access key according to the settings, and the rules of `--dev`. */
import { isLoopback } from './parse-values.ts'
import { variableOf, type Flags, type Read, type SettingName } from './read-setting.ts'
import { Secret } from './secret.ts'
import { settings } from './settings-table.ts'

export interface AccessKey {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** The publicly known access key of a test server. */
export const devKey: AccessKey = { accessKeyId: 'test', secretAccessKey: 'test' }

export function rootKey(read: Read, problems: string[]): Secret<AccessKey> | undefined {
  const accessKeyId = read('rootAccessKeyId')
  const secretAccessKey = read('rootSecretAccessKey')
  if ((accessKeyId === undefined) !== (secretAccessKey === undefined))
    problems.push('--root-access-key-id requires SIGNET_ROOT_SECRET_ACCESS_KEY, and vice versa')
  if (accessKeyId !== undefined && secretAccessKey !== undefined)
    return new Secret({ accessKeyId, secretAccessKey })
  return read('dev') === 'true' ? new Secret(devKey) : undefined
}

/** Settings that specify where data is stored. With --dev, all data is temporary. */
const storedDataSettings: readonly SettingName[] = [
  'data',
  'database',
  'masterKeyFile',
  'locked',
  'masterKeyKms',
  'masterKeyPkcs11',
  's3Endpoint',
]

/** Returns errors for settings that contradict `--dev`. */
export function devProblems(
  flags: Flags,
  environment: Readonly<Record<string, string | undefined>>,
  read: Read,
): string[] {
  const conflicting = storedDataSettings.filter(
    (name) => (flags[name] ?? environment[variableOf(settings[name].flag)]) !== undefined,
  )
  const addresses = [read('listen'), read('publicListen')]
  const isOpen = addresses.some((address) => address !== undefined && !isLoopback(address))
  return [
    ...conflicting.map(
      (name) =>
        `--dev cannot be combined with --${settings[name].flag}, because a test server has temporary data`,
    ),
    ...(isOpen && read('insecureHttp') !== 'true'
      ? [
          '--dev has a public access key, so the server listens only on loopback addresses; --insecure-http permits other addresses',
        ]
      : []),
  ]
}
