import type { Command } from 'commander'
import {
  describeMasterKey,
  exportMasterKey,
  rotateMasterKey,
} from '../../admin-commands/master-key.ts'
import type { Flags } from '../../settings/config.ts'
import { clearProgress, printNote, showProgress } from '../../terminal.ts'
import { combineShares, splitKey } from '../../admin-commands/key-shares.ts'
import { readPrivate, recipientText } from '../shared/backup-keys.ts'
import { severalOf, wholeNumber } from '../shared/config-flags.ts'
import { printResult, type OutputFlags } from '../shared/print.ts'
import type { CommandContext } from '../shared/context.ts'
import { SignetCommand, storageCommand, type Call } from '../shared/signet-command.ts'

type RotationFlags = Flags & {
  readonly out?: string
  readonly finish?: true
  readonly endSessions?: true
}

const logKept =
  'a long read, such as a backup, keeps copies of secrets under the previous key in the write-ahead log; ' +
  'after the read has ended, restart the server'

export function masterKeyCommand(context: CommandContext): Command {
  const group = new SignetCommand(context, 'master-key')
  group.description('Manage the master key, which encrypts all CA keys')
  addRotation(group)
  addShares(group)
  group
    .command('export')
    .settings(['data'])
    .output()
    .description('Write the master key of the running server to a new age file')
    .argument('<file>', 'output file, which must not exist yet')
    .requiredOption(
      '--recipient <recipient>',
      'age recipient (age1…), or a file with recipients or a public key in PEM (X25519, P-256, RSA)',
    )
    .examples('signet master-key export master-key.age --recipient recipient.txt')
    .run(async ({ config, flags }: Call<Flags & { readonly recipient: string }>, file) =>
      exportMasterKey(config, file ?? '', await recipientText(flags.recipient)),
    )
  storageCommand(group, 'show')
    .output()
    .description(
      'Show the ID of the master key that the database needs, and the ID of the key in the master key file',
    )
    .examples('signet master-key show --data /var/lib/signet')
    .run(({ config }) => describeMasterKey(config))
  return group
}

type SplitFlags = Flags & {
  readonly shares: number
  readonly threshold: number
  readonly out: string
  readonly recipient?: readonly string[]
  readonly remove?: true
}

function addShares(group: SignetCommand): void {
  storageCommand(group, 'split')
    .output()
    .description('Split the master key into shares; a threshold number of shares restores it')
    .requiredOption('--shares <number>', 'number of shares', wholeNumber)
    .requiredOption(
      '--threshold <number>',
      'number of shares that are required to restore the master key',
      wholeNumber,
    )
    .requiredOption('--out <folder>', 'folder for the share files')
    .option(
      '--recipient <recipient>',
      'age recipient (age1…), or a file with recipients or a public key in PEM, for one share; repeatable',
      severalOf,
    )
    .option('--remove', 'remove the master key file after the shares have been verified')
    .examples('signet master-key split --shares 5 --threshold 3 --out shares')
    .run(async ({ config, flags }: Call<SplitFlags>) => {
      const { shares, threshold, out, recipient = [], remove = false } = flags
      const recipients = await Promise.all(recipient.map((each) => recipientText(each)))
      return splitKey(config, { total: shares, threshold, out, recipients, remove })
    })
  group
    .command('combine')
    .output()
    .description('Restore the master key from share files')
    .argument('<file...>', 'share files')
    .requiredOption('--out <file>', 'new file for the master key, or - for standard output')
    .examples('signet master-key combine share-1.txt share-4.txt share-5.txt --out master.key')
    .action(async (files: readonly string[], flags: OutputFlags & { readonly out: string }) => {
      const texts = await Promise.all(files.map((file) => readPrivate(file, 'share')))
      const result = await combineShares(texts, flags.out)
      if ('text' in result) group.context.stdout.write(result.text)
      else printResult(group.context, flags, { value: result })
    })
}

function addRotation(group: SignetCommand): void {
  const { stderr } = group.context
  storageCommand(group, 'rotate')
    .output()
    .description(
      'Replace the master key, or continue an interrupted rotation. The server can keep running',
    )
    .option(
      '--out <file>',
      'new file for the new master key (default: replace the master key file)',
    )
    .option(
      '--finish',
      'finish a rotation after the new master key has been installed on every node',
    )
    .option('--end-sessions', 'end all temporary credentials that were issued before the rotation')
    .examples('signet master-key rotate', 'signet master-key rotate --finish')
    .run(async ({ config, flags }: Call<RotationFlags>) => {
      const result = await rotateMasterKey(config, {
        ...flags,
        progress: (step, count) => {
          if (step === 'sealed') showProgress(stderr, `${count} keys and secrets`)
          if (step === 'log kept') printNote(stderr, logKept)
        },
      })
      clearProgress(stderr)
      if (!result.Finished)
        printNote(
          stderr,
          `install ${result.File} as the master key of every node, and then run: signet master-key rotate --finish`,
        )
      return result
    })
}
