import type { Command } from 'commander'
import { enterShare, showUnlockProgress } from '../../admin-commands/key-shares.ts'
import { ConfigurationError } from '../../errors.ts'
import type { Flags } from '../../settings/config.ts'
import { askHidden } from '../shared/ask-hidden.ts'
import { readPrivate } from '../shared/backup-keys.ts'
import type { CommandContext } from '../shared/context.ts'
import { SignetCommand, type Call } from '../shared/signet-command.ts'

export function unlockCommand(context: CommandContext): Command {
  return new SignetCommand(context, 'unlock')
    .settings(['data'])
    .output()
    .description('Enter a share of the master key to unlock a server')
    .argument('[file]', 'file with the share (default: prompt)')
    .option('--progress', 'show how many shares have been entered, without entering a share')
    .examples('signet unlock --data /var/lib/signet', 'signet unlock share-1.txt')
    .run(async ({ config, flags }: Call<Flags & { readonly progress?: true }>, file) => {
      if (flags.progress === true) {
        if (file !== undefined)
          throw new ConfigurationError('--progress cannot be combined with a share')
        return showUnlockProgress(config)
      }
      const text =
        file === undefined
          ? await askHidden('Share of the master key: ', 'a file')
          : await readPrivate(file, 'share')
      return enterShare(config, text)
    })
}
