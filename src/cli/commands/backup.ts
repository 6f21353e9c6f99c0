import type { Command } from 'commander'
import { backUp } from '../../admin-commands/backup.ts'
import type { Flags } from '../../settings/config.ts'
import { encryptionKey, type EncryptionFlags } from '../shared/backup-keys.ts'
import type { CommandContext } from '../shared/context.ts'
import { printProblem } from '../../terminal.ts'
import { SignetCommand, type Call } from '../shared/signet-command.ts'

type BackupFlags = Flags & EncryptionFlags & { readonly withoutMasterKey?: true }

export function backupCommand(context: CommandContext): Command {
  return new SignetCommand(context, 'backup')
    .settings()
    .output()
    .description('Write an encrypted backup to a new age file. The server can keep running')
    .argument('<file>', 'output file, which must not exist yet')
    .option(
      '--passphrase-file <file>',
      'file with the passphrase on its first line (default: prompt)',
    )
    .option(
      '--recipient <recipient>',
      'age recipient (age1…), or a file with recipients or a public key in PEM (X25519, P-256, RSA)',
    )
    .option('--without-master-key', 'omit the master key from the backup')
    .examples(
      'signet backup /backups/signet-2025-01-31.age',
      'signet backup /backups/signet-2025-01-31.age --recipient backup-recipient.txt',
    )
    .run(
      ({ config, flags }: Call<BackupFlags>, file: string) => {
        const withMasterKey = flags.withoutMasterKey !== true
        const warn = (problem: string): void => printProblem(`warning: ${problem}`, context.stderr)
        return backUp(config, { file, withMasterKey, key: encryptionKey(flags), warn })
      },
      { summary: withoutRows, next: (file) => [`signet restore ${file} --data NEW_FOLDER`] },
    )
}

/** Omits the number of rows per table, because only JSON output includes it. */
function withoutRows(value: unknown): readonly object[] {
  const { Rows: _, ...summary } = value as { readonly Rows?: unknown }
  return [summary]
}
