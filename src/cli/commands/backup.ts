/** `signet backup FILE`. */
import { Command } from 'commander'
import { backUp } from '../../admin-commands/backup.ts'
import type { CommandContext } from '../shared/context.ts'
import { lockOf, type LockFlags } from '../shared/backup-locks.ts'
import { printAnswer, withOutput, type OutputFlags } from '../shared/print.ts'
import { configOf, examples, storageSettings, withSettings } from '../shared/config-flags.ts'
import type { Flags } from '../../settings/config.ts'

type BackupFlags = Flags & OutputFlags & LockFlags & { readonly withoutMasterKey?: true }

export function backupCommand(context: CommandContext): Command {
  return withOutput(withSettings(new Command('backup'), storageSettings))
    .description('write all that is recorded, encrypted, into a new file; the server may run')
    .argument('<file>', 'file to write, which must not be there')
    .option('--passphrase-file <file>', 'passphrase, on the first line (default: asked for)')
    .option(
      '--recipient <file>',
      'public key in PEM, X25519, P-256 or RSA, instead of a passphrase',
    )
    .option('--without-master-key', 'leave the master key out')
    .addHelpText(
      'after',
      examples(
        'signet backup /backups/signet-2025-01-31',
        'signet backup /backups/signet-2025-01-31 --recipient backup-public.pem',
      ),
    )
    .action(async (file: string, flags: BackupFlags) => {
      const settings = configOf(context, flags)
      const options = {
        file,
        withMasterKey: flags.withoutMasterKey !== true,
        lock: lockOf(flags),
      }
      printAnswer(context, flags, await backUp(settings, options))
    })
}
