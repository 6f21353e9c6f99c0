/** Commands about buckets, and about what the server does in the background. */
import { Command } from 'commander'
import {
  addBucket,
  listAllBuckets,
  listJobs,
  listObjectsOf,
  readObject,
  removeBucket,
  removeObject,
} from '../admin-commands/storage.ts'
import { accountId, config, examples, storageSettings, withSettings } from './config-flags.ts'
import { printAnswer, withOutput, type OutputFlags, type Print } from './print.ts'
import type { Flags } from '../settings/config.ts'

/** `signet bucket …`: buckets of the embedded object store. */
export function bucketCommand(print: Print): Command {
  const group = new Command('bucket').description(
    'buckets in the data folder, for CRLs and reports',
  )
  withOutput(withSettings(group.command('create'), storageSettings))
    .description('create a bucket, which CAs of one account may write to')
    .argument('<name>', 'name by the rules of S3')
    .option('--account <id>', 'account that owns it (default: the oldest)', accountId)
    .addHelpText('after', examples('signet bucket create my-crls'))
    .action(async (name: string, flags: Flags & OutputFlags) =>
      printAnswer(print, flags, await addBucket(config(flags), name, flags.account)),
    )
  withOutput(withSettings(group.command('list'), storageSettings))
    .description('list buckets')
    .addHelpText('after', examples('signet bucket list'))
    .action(async (flags: Flags & OutputFlags) =>
      printAnswer(print, flags, await listAllBuckets(config(flags))),
    )
  withSettings(group.command('delete'), storageSettings)
    .description('delete an empty bucket')
    .argument('<name>')
    .addHelpText('after', examples('signet bucket delete my-crls'))
    .action((name: string, flags: Flags & OutputFlags) => removeBucket(config(flags), name))
  addObjectCommands(group, print)
  addObjectRemoval(group)
  return group.helpCommand(false)
}

function addObjectCommands(group: Command, print: Print): void {
  withOutput(withSettings(group.command('objects'), storageSettings))
    .description('list the objects in a bucket')
    .argument('<name>')
    .addHelpText('after', examples('signet bucket objects my-crls'))
    .action(async (name: string, flags: Flags & OutputFlags) =>
      printAnswer(print, flags, await listObjectsOf(config(flags), name)),
    )
  withSettings(group.command('get'), storageSettings)
    .description('write the content of an object to standard output, or to a file')
    .argument('<name>')
    .argument('<key>')
    .option('--out <file>', 'file to write, which must not be there')
    .addHelpText(
      'after',
      examples('signet bucket get my-crls crl/….crl | openssl crl -inform DER -text'),
    )
    .action((bucket: string, key: string, flags: Flags & { readonly out?: string }) =>
      readObject(config(flags), { bucket, key }, flags.out),
    )
}

function addObjectRemoval(group: Command): void {
  withSettings(group.command('delete-object'), storageSettings)
    .description('delete an object; a CRL that is in use comes again with its next publication')
    .argument('<name>')
    .argument('<key>')
    .addHelpText(
      'after',
      examples('signet bucket delete-object my-crls acm-pca-permission-test-key'),
    )
    .action((bucket: string, key: string, flags: Flags & OutputFlags) =>
      removeObject(config(flags), { bucket, key }),
    )
}

/** `signet jobs …`. */
export function jobsCommand(print: Print): Command {
  const group = new Command('jobs').description('what the server does in the background')
  withOutput(withSettings(group.command('list'), storageSettings))
    .description('list jobs: what waits, what fails, and what their last run came to')
    .addHelpText('after', examples('signet jobs list'))
    .action(async (flags: Flags & OutputFlags) =>
      printAnswer(print, flags, await listJobs(config(flags))),
    )
  return group.helpCommand(false)
}
