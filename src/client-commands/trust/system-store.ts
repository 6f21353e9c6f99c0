/** The trust store of the operating system. */
import { existsSync } from 'node:fs'
import { readFile, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { replaceFile } from '../../files/durable-file.ts'
import type { Root } from './roots.ts'
import {
  firstLine,
  shortFingerprintLength,
  withRootFile,
  type Machine,
  type TrustResult,
  type TrustStore,
} from './trust-store.ts'

/**
 * How a Linux distribution manages roots: it reads additional roots from a folder, and a program rebuilds the bundles after a
 * change.
 */
interface AnchorFolder {
  readonly folder: string
  readonly update: readonly [program: string, ...args: readonly string[]]
}

const anchorFolders: readonly AnchorFolder[] = [
  // Fedora and Red Hat
  { folder: 'etc/pki/ca-trust/source/anchors', update: ['update-ca-trust', 'extract'] },
  // SUSE
  { folder: 'etc/pki/trust/anchors', update: ['update-ca-certificates'] },
  // Arch
  {
    folder: 'etc/ca-certificates/trust-source/anchors',
    update: ['trust', 'extract-compat'],
  },
  // Debian and Ubuntu, Alpine
  { folder: 'usr/local/share/ca-certificates', update: ['update-ca-certificates'] },
]

/** Returns the command that an administrator must run instead of the current command. */
export type AdministratorCommand = (action: 'install' | 'remove') => string

/** Returns this machine's trust store; undefined if the operating system's trust store is not supported. */
export function systemStore(
  machine: Machine,
  administratorCommand: AdministratorCommand,
): TrustStore | undefined {
  if (machine.platform === 'darwin') return keychainStore(machine, administratorCommand)
  if (machine.platform !== 'linux') return undefined
  const anchors = anchorFolders.find(({ folder }) => existsSync(join(machine.rootFolder, folder)))
  return anchors && anchorStore(machine, anchors, administratorCommand)
}

function anchorStore(
  machine: Machine,
  { folder, update }: AnchorFolder,
  administratorCommand: AdministratorCommand,
): TrustStore {
  const fileOf = ({ fingerprint }: Root): string =>
    join(machine.rootFolder, folder, `signet-${fingerprint.slice(0, shortFingerprintLength)}.crt`)
  const resultOf = (root: Root, Result: TrustResult['Result'], Problem?: string): TrustResult => ({
    Store: 'system',
    Location: fileOf(root),
    Root: root.subject,
    Result,
    ...(Problem !== undefined && { Problem }),
  })
  const rebuild = async (): Promise<string | undefined> => {
    const [program, ...args] = update
    const result = await machine.run(program, args)
    if (result === undefined)
      return `${program} is not installed: install the ca-certificates package`
    return result.isSuccess ? undefined : `${program} failed: ${firstLine(result.text)}`
  }
  return {
    async install(root) {
      const path = fileOf(root)
      if (existsSync(path) && (await readFile(path, 'utf8')) === root.pem)
        return resultOf(root, 'already installed')
      if (!machine.isAdministrator)
        return resultOf(root, 'failed', needsRoot(administratorCommand('install')))
      await replaceFile({ path, content: root.pem, mode: 0o644 })
      const problem = await rebuild()
      if (problem === undefined) return resultOf(root, 'installed')
      // If the file were kept, the next rebuild of the bundles by another program would install the root.
      await unlink(path)
      return resultOf(root, 'failed', problem)
    },
    async remove(root) {
      const path = fileOf(root)
      if (!existsSync(path)) return resultOf(root, 'not installed')
      if (!machine.isAdministrator)
        return resultOf(root, 'failed', needsRoot(administratorCommand('remove')))
      const content = await readFile(path)
      await unlink(path)
      const problem = await rebuild()
      if (problem === undefined) return resultOf(root, 'removed')
      // The bundles still contain the root. If the file is kept, the next run of the command tries again.
      await replaceFile({ path, content, mode: 0o644 })
      return resultOf(root, 'failed', problem)
    },
  }
}

const systemKeychain = '/Library/Keychains/System.keychain'

/** Creates the trust store for the macOS system keychain, which is changed with the program `security`. */
function keychainStore(machine: Machine, administratorCommand: AdministratorCommand): TrustStore {
  const act = async (
    root: Root,
    action: 'install' | 'remove',
    commandsOf: (file: string) => readonly (readonly string[])[],
  ): Promise<TrustResult> => {
    const base = { Store: 'system', Location: systemKeychain, Root: root.subject } as const
    if (!machine.isAdministrator)
      return { ...base, Result: 'failed', Problem: needsRoot(administratorCommand(action)) }
    const problem = await withRootFile(root, (file) => runAll(machine, commandsOf(file)))
    if (problem !== undefined) return { ...base, Result: 'failed', Problem: problem }
    return { ...base, Result: action === 'install' ? 'installed' : 'removed' }
  }
  return {
    install: (root) =>
      act(root, 'install', (file) => [
        ['add-trusted-cert', '-d', '-r', 'trustRoot', '-k', systemKeychain, file],
      ]),
    remove: (root) =>
      act(root, 'remove', (file) => [
        ['remove-trusted-cert', '-d', file],
        ['delete-certificate', '-Z', root.fingerprint.toUpperCase(), systemKeychain],
      ]),
  }
}

/** Returns the reason why a `security` command failed. */
async function runAll(
  { run }: Machine,
  commands: readonly (readonly string[])[],
): Promise<string | undefined> {
  for (const args of commands) {
    const result = await run('security', args)
    if (result === undefined) return 'security is not installed'
    if (!result.isSuccess) return `security ${args[0]} failed: ${firstLine(result.text)}`
  }
  return undefined
}

function needsRoot(command: string): string {
  return `requires root permissions; run: ${command}`
}
