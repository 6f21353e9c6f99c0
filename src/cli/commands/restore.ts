import type { Command } from 'commander'
import { restore } from '../../admin-commands/restore.ts'
import type { Flags } from '../../settings/config.ts'
import { decryptionKey, type DecryptionFlags } from '../shared/backup-keys.ts'
import type { CommandContext } from '../shared/context.ts'
import { SignetCommand, type Call } from '../shared/signet-command.ts'

export function restoreCommand(context: CommandContext): Command {
  return new SignetCommand(context, 'restore')
    .settings()
    .output()
    .description('Restore a backup into a new data folder or an empty database')
    .argument('<file>', 'backup file')
    .option(
      '--passphrase-file <file>',
      'file with the passphrase on its first line (default: prompt)',
    )
    .option(
      '--identity <file>',
      'file with age identities or a PEM private key, for a backup encrypted to recipients',
    )
    .examples(
      'signet restore /backups/signet-2025-01-31.age --data /var/lib/signet',
      'signet restore /backups/signet-2025-01-31.age --database postgres://signet@db.example/signet',
    )
    .run(({ config, flags }: Call<Flags & DecryptionFlags>, file: string) =>
      restore(config, { file, key: decryptionKey(flags) }),
    )
}
