/** Tests of commands whose file arguments cannot be read or written. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { TestFolder } from '../../test/support/database.ts'
import { runCommand } from './run-command.ts'

/** Command lines in which BAD stands for the path of a folder or of a nonexistent file. */
const commandLines = [
  'inspect BAD',
  'issue --csr BAD',
  'issue --name a --pkcs12 DATA/a.p12 --pkcs12-password-file BAD',
  'ceremony check BAD --folder DATA/ceremony',
  'ceremony verify BAD --root BAD',
  'trust print --file BAD',
  'role create r --trust-policy BAD --data DATA',
  'policy put --user a --name b --policy BAD --data DATA',
  'oidc-provider create https://idp.example --jwks BAD --data DATA',
  'check-config --tls-cert BAD --tls-key BAD',
  'check-config --weak-key-list BAD',
  'check-config --rates-file BAD',
  'check-config --call-log BAD/none/log',
  'check-config --call-log syslog+tls://127.0.0.1:1 --call-log-ca BAD',
  'restore BAD --data DATA/restored',
  'restore DATA/file --identity BAD --data DATA/restored',
  'master-key combine BAD --out DATA/key',
  'unlock BAD --data DATA',
  'user list --data BAD/none',
]

async function problemOf(argv: readonly string[]): Promise<string> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const stdin = () => PassThrough.from([])
  const code = await runCommand(argv, { environment: {}, stdin, stdout, stderr })
  const problem = await text(stderr.end())
  assert.notEqual(code, 0, argv.join(' '))
  return problem
}

test('an unreadable file causes a plain error, not the name of a system call or of an error code', async () => {
  using folder = new TestFolder()
  writeFileSync(folder.file('file'), 'a file')
  for (const bad of [folder.path, folder.file('none'), folder.file('file/none')])
    for (const line of commandLines) {
      const words = line.replaceAll('BAD', bad).replaceAll('DATA', folder.path).split(' ')
      const problem = await problemOf(words)
      assert.match(problem, /^signet: /, line)
      assert.doesNotMatch(problem, /\bE(?:ISDIR|NOENT|NOTDIR|ACCES|EXIST|PERM)\b|spawn/, line)
    }
})
